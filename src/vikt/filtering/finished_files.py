"""What a run has finished: a small file beside the output for each, so that the next run resumes after it.

The folder `.vikt-filter` of the output holds `job.json`, which says what was asked, and for each output a record: its
place, the input's address and version, the output's size and the counts. A record is named by a digest of the place,
since names that are derived otherwise could be too long, or one of them the folder of another. It is written just
before the output is renamed into place: an output without a record is somebody else's, and a record without an output
is of a run that was killed between the two.
"""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256

from vikt.corpus.storage import LocalStorage, Storage
from vikt.errors import DataError, OutputFileError
from vikt.filtering.inputs import Input, folders_of
from vikt.filtering.tally import Tally
from vikt.mappings import Json, ReadJson
from vikt.tables import setting

try:
    import fcntl
except ImportError:  # Windows has no such locks.
    fcntl = None  # type: ignore[assignment]

FOLDER = ".vikt-filter"
# Rises when what is recorded changes.
_FORMAT = 2

# What is asked, in words.
Job = Mapping[str, object]


@dataclass(frozen=True)
class FinishedFiles:
    """The records of an output folder."""

    storage: Storage
    out: str

    @classmethod
    def opened(cls, storage: Storage, out: str, job: Job, force: bool) -> FinishedFiles:
        """The records of a folder, for a job.

        Raises
        ------
        OutputFileError
            The folder holds the results of another job, or of a version of vikt that kept other records, and `force`
            is false; with it, they are removed. A job that has finished nothing has none.
        """
        finished_files, asked = cls(storage, out), {"format": _FORMAT, **job}
        before = None if force else finished_files._read(finished_files._job_file)
        if before is not None and before != asked and finished_files._has_outputs:
            raise finished_files._other_job(before, asked)
        if before != asked:
            finished_files._remove_all()
            finished_files._write(finished_files._job_file, asked)
        return finished_files

    def tally_of(self, input_file: Input, force: bool) -> Tally | None:
        """The counts of an input that is finished; None where it is to be done.

        Raises
        ------
        OutputFileError
            There is an output that no run wrote, or it has been changed, or is that of another input.
        DataError
            The input has been changed since.
        """
        output = self.output(input_file.place)
        record = None if force else self._read(self._record(_name_of(input_file.place)))
        size = self.storage.size(output)
        if size is not None and (force or record is None) and self.storage.is_folder(output):
            raise OutputFileError(f"{output}: is a folder, but a file would be written there; choose another folder")
        if size is None or force:
            return None
        if record is None or record.get("size") != size:
            found = "exists, and no filter wrote it" if record is None else "has been changed since it was written"
            raise OutputFileError(f"{output}: {found}; choose another folder, or overwrite it", force=True)
        is_changed, source = record.get("version") != input_file.version, str(record.get("input"))
        # A file that was moved keeps its size and its time, and is no longer where it was.
        if source != input_file.resolved and (is_changed or input_file.storage.is_file(source)):
            raise OutputFileError(
                f"{output}: was written from {source}, not from {input_file.resolved}; choose another folder, or start "
                "anew",
                force=True,
            )
        if is_changed:
            raise DataError(
                f"{input_file.address}: its size or time differs from when it was filtered into {output}; remove that "
                "output to filter this file again, or start anew",
                force=True,
            )
        try:
            return Tally.from_json(record["tally"])
        except (ValueError, LookupError, TypeError, AttributeError):
            raise self._damaged(self._record(_name_of(input_file.place))) from None

    def check_folders(self, inputs: Iterable[Input]) -> None:
        """Refuse inputs whose outputs would be in a folder, where there is a file. Raises OutputFileError."""
        for place in sorted({folder for input_file in inputs for folder in folders_of(input_file.place)}):
            if self.storage.is_file(self.output(place)):
                raise OutputFileError(
                    f"{self.output(place)}: is a file, but a folder would be created there; choose another folder"
                )

    def others(self, inputs: Iterable[Input]) -> list[str]:
        """The places of the outputs that are of none of some inputs."""
        own = {_name_of(input_file.place) for input_file in inputs}
        return sorted(self._places(name for name in self._names if name not in own))

    def finish(self, input_file: Input, version: str, size: int, tally: Tally) -> None:
        """Record an output that is about to be put into place."""
        record = {"place": input_file.place, "input": input_file.resolved, "version": version}
        self._write(self._record(_name_of(input_file.place)), record | {"size": size, "tally": tally.to_json()})

    def output(self, place: str) -> str:
        """The address of an output."""
        return posixpath.join(self.out, place)

    @property
    def _job_file(self) -> str:
        return posixpath.join(self.out, FOLDER, "job.json")

    @property
    def _records(self) -> str:
        return posixpath.join(self.out, FOLDER, "files")

    @property
    def _names(self) -> list[str]:
        """The names of the records."""
        found = self.storage.within(self._records) if self.storage.is_folder(self._records) else []
        # Killed runs leave temporary files.
        return [record[len(self._records) + 1 :] for record in found if record.endswith(".json")]

    def _record(self, name: str) -> str:
        return posixpath.join(self._records, name)

    def _read(self, address: str) -> Json | None:
        content = self.storage.content(address)
        try:
            found = None if content is None else json.loads(content)
        except ValueError:
            raise self._damaged(address) from None
        if found is not None and not isinstance(found, dict):
            raise self._damaged(address)
        return found

    def _write(self, address: str, content: Mapping[str, object]) -> None:
        with self.storage.writing(address) as file:
            # Names of files may hold bytes that are no UTF-8: as escapes these can be written.
            file.write(json.dumps(content, indent=1).encode())

    def _places(self, names: Iterable[str]) -> Iterator[str]:
        """The places of the outputs that are there, of some records."""
        places = map(self._place, names)
        return (place for place in places if self.storage.size(self.output(place)) is not None)

    def _place(self, name: str) -> str:
        """The place of the output of a record; in format 1 it was the record's name. Raises OutputFileError."""
        place = (self._read(self._record(name)) or {}).get("place", name.removesuffix(".json"))
        if not isinstance(place, str) or place.startswith("/") or ".." in place.split("/"):
            raise self._damaged(self._record(name))
        return place

    @property
    def _has_outputs(self) -> bool:
        return next(self._places(self._names), None) is not None

    def _remove_all(self) -> None:
        """Remove the outputs that are recorded, and then their records."""
        names, outputs = self._names, list[str]()
        for name in names:
            with suppress(OutputFileError):  # A damaged record does not say whose it is.
                outputs.append(self.output(self._place(name)))
        for address in [*outputs, *map(self._record, names)]:
            self.storage.remove(address)

    def _other_job(self, before: ReadJson, asked: Job) -> OutputFileError:
        name = next((name for name in asked if before.get(name) != asked[name]), next(iter(asked)))
        held = (
            "the results of another version of vikt, which kept other records"
            if name == "format"
            else f"the results of another filter: its {name} was {setting(before.get(name))}, and is now "
            f"{setting(asked[name])}"
        )
        return OutputFileError(f"{self.out}: holds {held}; choose another folder, or start anew", force=True)

    def _damaged(self, address: str) -> OutputFileError:
        return OutputFileError(f"{address}: is not a record of a filter; start anew", force=True)


def _name_of(place: str) -> str:
    """The name of the record of an output."""
    return f"{sha256(place.encode('utf-8', 'surrogateescape')).hexdigest()}.json"


@contextmanager
def alone(storage: Storage, out: str) -> Iterator[None]:
    """Refuse two runs at a time on a folder of this machine. Raises OutputFileError."""
    if fcntl is None or not isinstance(storage, LocalStorage):
        yield
        return
    try:
        os.makedirs(out, exist_ok=True)
        folder = os.open(out, os.O_RDONLY)
    except OSError as error:
        raise OutputFileError(f"{out}: cannot be used as a folder ({error.strerror}); choose another with -o") from None
    try:
        _lock(folder, out)
        yield
    finally:
        os.close(folder)


def _lock(folder: int, out: str) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputFileError(f"{out}: another filter is writing there; wait until it ends") from None
    except OSError:
        pass  # Some file systems know no locks.
