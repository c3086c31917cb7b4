"""The folder of a spool: what is asked, the runs that are written, and the tally at the end.

`job.json` says what is asked of which input, and which columns hold it. A run is a file that is there whole or not at
all; the tally of everything up to its end is written just before it, so that a spool that is killed resumes after its
last run. `whole.json` is the tally of all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

from vikt.corpus.columns import Columns
from vikt.errors import OutputFileError
from vikt.files.replacement import Replacements
from vikt.mappings import Json
from vikt.spool.rows import SpooledRows, run_of
from vikt.spool.tally import Tally
from vikt.tables import counted, setting

_JOB, _WHOLE = "job.json", "whole.json"
_RUNS, _TALLIES = "run-*.arrow", "run-*.json"

# The name of each source, and what differs once it is changed.
Versions = Sequence[Sequence[str]]


@dataclass
class Journal:
    """The files of a spool's folder."""

    folder: Path
    seed: int
    _replacements: Replacements = field(default_factory=Replacements)

    def opened(self, asked: Json) -> Columns | None:
        """The columns of a spool to resume; None for a new one, whose folder is made if it is missing.

        Raises
        ------
        OutputFileError
            The folder holds something else, or rows of an input or of options that were others.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            others = [path for path in self.folder.iterdir() if not path.name.startswith(".")]
        except OSError as error:
            raise OutputFileError(
                f"{self.folder}: cannot be used as a folder ({error.strerror}); choose another"
            ) from None
        own = {self.folder / _JOB, self.folder / _WHOLE, *self.runs, *self.folder.glob(_TALLIES)}
        if foreign := sorted(set(others) - own):
            raise OutputFileError(f"{foreign[0]}: stands among spooled rows; move it away, or choose another folder")
        kept = self._read(_JOB)
        if kept is None:
            if others:
                raise self._damaged(_JOB, "it is missing")
            return None
        try:
            before, (text, label, guesses) = kept["asked"], kept["columns"]
        except (LookupError, ValueError):
            raise self._damaged(_JOB, "it lacks what is asked") from None
        if before != asked:
            raise self._other_job(before, asked)
        return Columns(text, label, tuple(guesses))

    def begin(self, asked: Json, columns: Columns) -> None:
        """Write down what is asked, and the columns that are found."""
        found = [columns.text, columns.label, columns.guesses]
        self._write(_JOB, json.dumps({"asked": asked, "columns": found}).encode())

    @property
    def runs(self) -> list[Path]:
        """The runs that are written."""
        return sorted(self.folder.glob(_RUNS))

    @property
    def tally(self) -> Tally:
        """The tally up to the end of the last run."""
        runs = self.runs
        return self._tally(runs[-1].with_suffix(".json").name) if runs else Tally()

    @property
    def whole(self) -> Tally | None:
        """The tally of all rows; None where they are not all spooled."""
        return self._tally(_WHOLE) if (self.folder / _WHOLE).exists() else None

    def write(self, rows: SpooledRows, tally: Tally) -> None:
        """Write a run, and the tally up to its end.

        Raises
        ------
        OutputFileError
            It cannot be written; the runs before it stay.
        """
        before, content = self.runs, run_of(rows, self.seed)
        path = self.folder / f"run-{len(before):06}.arrow"
        tally.add_run(content)
        try:
            self._write(path.with_suffix(".json").name, tally.to_json().encode())
            self._write(path.name, content)
        except OutputFileError as error:
            raise OutputFileError(
                f"{error.message}; the rows spooled before stay; run the same work again to resume"
            ) from None
        for run in before[-1:]:
            run.with_suffix(".json").unlink(missing_ok=True)

    def end(self, tally: Tally) -> None:
        """Write down that all rows are spooled."""
        self._write(_WHOLE, tally.to_json().encode())

    def _read(self, name: str) -> Json | None:
        path = self.folder / name
        try:
            return dict(json.loads(path.read_bytes())) if path.exists() else None
        except (OSError, ValueError, TypeError) as error:
            raise self._damaged(name, str(error)) from None

    def _tally(self, name: str) -> Tally:
        try:
            tally = Tally.from_json((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise self._damaged(name, str(error)) from None
        if len(tally.checksums) != len(self.runs):
            expected = counted(len(tally.checksums), "file")
            raise OutputFileError(
                f"{self.folder}: expected {expected} of spooled rows, found {len(self.runs)}; start anew", restart=True
            )
        for run, checksum in zip(self.runs, tally.checksums, strict=True):
            if crc32(run.read_bytes()) != checksum:
                raise self._damaged(run.name, "its checksum is wrong")
        return tally

    def _damaged(self, name: str, reason: str) -> OutputFileError:
        return OutputFileError(f"{self.folder / name}: cannot be read ({reason:.200}); start anew", restart=True)

    def _write(self, name: str, content: bytes | memoryview) -> None:
        with self._replacements.replacing(self.folder / name) as file:
            file.write(content)

    def _other_job(self, before: Json, asked: Json) -> OutputFileError:
        name = next((name for name in asked if before.get(name) != asked[name]), next(iter(asked)))
        if name != "input":
            what = f"rows that were spooled with another {name}: it was {setting(before.get(name))}, and is now "
            what += setting(asked[name])
        elif (changed := _changed(before[name], asked[name])) is not None:
            what = f"rows of {changed}, which has changed since"
        else:
            what = "rows of other files"
        return OutputFileError(f"{self.folder}: holds {what}; choose another folder, or start anew", restart=True)


def _changed(before: Versions, asked: Versions) -> str | None:
    """The first source that has been changed; None where the sources are others."""
    if [name for name, _ in before] != [name for name, _ in asked]:
        return None
    return next((new for (new, version), (_, old) in zip(asked, before, strict=True) if version != old), None)
