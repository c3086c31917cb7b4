"""What a run has finished: a small file beside the output for each, so that the next run goes on after it.

The folder `.vikt-filter` of the output holds `job.json`, which says what was asked, and for each output a file of its
place with the input's version, the output's size and the counts. The record of an output is written just before the
output is renamed into place: an output without a record is somebody else's, and a record without an output is of a
run that was killed between the two.
"""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vikt.errors import DataError, OutputFileError
from vikt.filtering.inputs import Input
from vikt.filtering.storage import LocalStorage, Storage
from vikt.filtering.tally import Tally

try:
    import fcntl
except ImportError:  # Windows has no such locks.
    fcntl = None  # type: ignore[assignment]

FOLDER = ".vikt-filter"

# What is asked, in words.
Job = Mapping[str, Any]


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
            The folder holds the results of another job, and `force` is false; with it, they are removed. A job that
            has finished nothing has none.
        """
        finished_files = cls(storage, out)
        before = finished_files._read(finished_files._job_file)
        if before is not None and before != job and not force and finished_files._has_outputs:
            name = next((name for name in job if before.get(name) != job[name]), next(iter(job)))
            raise OutputFileError(
                f"{out}: holds the results of another filter, whose {name} was {_told(before.get(name))}, now "
                f"{_told(job[name])}; choose another folder, or start anew",
                force=True,
            )
        if force or before != job:
            finished_files._remove_all()
            finished_files._write(finished_files._job_file, job)
        return finished_files

    def tally_of(self, input_file: Input, force: bool) -> Tally | None:
        """The counts of an input that is finished; None where it is to be done.

        Raises
        ------
        OutputFileError
            There is an output that no run wrote, or it has been changed.
        DataError
            The input has been changed since.
        """
        output = self.output(input_file.place)
        record, size = self._read(self._record_file(input_file.place)), self.storage.size(output)
        if size is None or force:
            return None
        if record is None or record.get("size") != size:
            found = "exists, and no filter wrote it" if record is None else "has been changed since it was written"
            raise OutputFileError(f"{output}: {found}; choose another folder, or overwrite it", force=True)
        if record.get("input") != input_file.storage.version(input_file.address):
            raise DataError(
                f"{input_file.address}: has been changed since it was filtered into {output}; start anew", force=True
            )
        try:
            return Tally.from_json(record["tally"])
        except (ValueError, LookupError, TypeError, AttributeError):
            raise self._damaged(input_file.place) from None

    def finish(self, input_file: Input, version: str, size: int, tally: Tally) -> None:
        """Record an output that is about to be put into place."""
        self._write(self._record_file(input_file.place), {"input": version, "size": size, "tally": tally.to_json()})

    def output(self, place: str) -> str:
        """The address of an output."""
        return posixpath.join(self.out, place)

    @property
    def _job_file(self) -> str:
        return posixpath.join(self.out, FOLDER, "job.json")

    @property
    def _records(self) -> str:
        return posixpath.join(self.out, FOLDER, "files")

    def _record_file(self, place: str) -> str:
        return posixpath.join(self._records, f"{place}.json")

    def _read(self, address: str) -> dict[str, Any] | None:
        content = self.storage.content(address)
        try:
            found = None if content is None else json.loads(content)
        except ValueError:
            raise self._damaged(address) from None
        if found is not None and not isinstance(found, dict):
            raise self._damaged(address)
        return found

    def _write(self, address: str, content: Mapping[str, Any]) -> None:
        with self.storage.writing(address) as file:
            file.write(json.dumps(content, ensure_ascii=False, indent=1).encode())

    def _recorded(self) -> dict[str, str]:
        """The address of each record, and that of its output."""
        found = self.storage.within(self._records) if self.storage.is_folder(self._records) else []
        return {record: self.output(record[len(self._records) + 1 :].removesuffix(".json")) for record in found}

    @property
    def _has_outputs(self) -> bool:
        return any(self.storage.size(output) is not None for output in self._recorded().values())

    def _remove_all(self) -> None:
        """Remove the outputs that are recorded, and then their records."""
        for record, output in self._recorded().items():
            self.storage.remove(output)
            self.storage.remove(record)

    def _damaged(self, address: str) -> OutputFileError:
        return OutputFileError(f"{address}: is not a record of a filter; start anew", force=True)


def _told(value: object) -> str:
    """An option as a message tells it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "not given" if value is None else f"{value!r:.80}"


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
