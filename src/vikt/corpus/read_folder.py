"""One folder per class, one document per file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from vikt.corpus.columns import wanted_columns
from vikt.corpus.formats import FORMATS
from vikt.corpus.read_stream import read_whole, suffix_of
from vikt.corpus.read_tables import Table
from vikt.errors import DataError, InputFileError
from vikt.tables import counted

# Formats of tables that are not text.
_TABLES = ("parquet", "arrow")


def read_folder(path: Path, wanted: Sequence[str] | None, rows_per_batch: int) -> Iterator[Table]:
    """The files of a folder, in the columns file, label and text; the label is the folder within `path`.

    The files of a folder without folders are documents without labels. Files whose names start with a dot are skipped.

    Raises
    ------
    DataError
        There are no files.
    InputFileError
        Reading a file is not permitted, or one is a table of Parquet or Arrow.
    EncodingError
        A file is not UTF-8; the message names the file and the place.
    """
    classes = sorted(entry.name for entry in _entries(path) if entry.is_dir() and not entry.name.startswith("."))
    files = [path / file for folder in classes or [""] for file in _files(path, folder)]
    if not files:
        raise DataError(f"{path}: expected text files in the folder, found none; name another folder")
    columns = ["file", "label", "text"] if classes else ["file", "text"]
    names = wanted_columns(wanted, columns, str(path))
    table = next((file for file in files if FORMATS.get(suffix_of(file)) in _TABLES), None)
    if table is not None:
        pattern = path.joinpath(*["*"] * (len(table.relative_to(path).parts) - 1), f"*{table.suffix}")
        raise InputFileError(f"{table}: expected a text, found a table; name the tables by a pattern: '{pattern}'")
    loose = sum(entry.is_file() for entry in _entries(path)) if classes else 0
    notes = (f"{path}: skipped {counted(loose, 'file')} outside the class folders",) if loose else ()
    # The paths of the files are never meant to be their classes.
    problems = (
        {}
        if classes
        else {
            "file": f"{path}: expected a folder for each class, found files only; make folders, or name the "
            f"files: {path}/*"
        }
    )
    for first in range(0, len(files), rows_per_batch):
        batch = files[first : first + rows_per_batch]
        rows = {
            "file": [str(file) for file in batch],
            "label": [file.relative_to(path).parts[0] for file in batch],
            "text": [read_whole(file) for file in batch],
        }
        yield Table.from_columns(
            names, [rows[name] for name in names], str(path), first + 1, notes=notes, problems=problems
        )


def _entries(path: Path) -> list[Path]:
    try:
        return list(path.iterdir())
    except OSError as error:
        raise InputFileError(f"{path}: the folder cannot be read ({error.strerror}); check its permissions") from None


def _files(path: Path, folder: str) -> list[Path]:
    found = sorted(file.relative_to(path) for file in (path / folder).rglob("*") if file.is_file())
    return [file for file in found if not any(part.startswith(".") for part in file.parts)]
