"""A folder a class: each file in it one document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from vikt.corpus.columns import wanted_columns
from vikt.corpus.read_stream import read_whole
from vikt.corpus.read_tables import Table
from vikt.errors import InputFileError


def read_folder(path: Path, wanted: Sequence[str] | None, rows_per_batch: int) -> Iterator[Table]:
    """The files of a folder in the columns file, label and text; a file's label is the folder of `path` it lies in.

    A folder without folders in it is documents without labels. Files whose names begin with a dot are passed over.

    Raises
    ------
    InputFileError
        A file must not be read.
    EncodingError
        A file is not UTF-8; the message tells which, and where.
    """
    classes = sorted(entry.name for entry in _entries(path) if entry.is_dir() and not _hidden(entry))
    files = [path / file for folder in classes or [""] for file in _files(path, folder)]
    columns = ["file", "label", "text"] if classes else ["file", "text"]
    names = wanted_columns(wanted, columns, str(path))
    loose = sum(entry.is_file() for entry in _entries(path)) if classes else 0
    notes = (f"{path}: {loose:,} files beside the folders passed over",) if loose else ()
    # Nobody means the paths of the files to be their classes.
    problems = (
        {}
        if classes
        else {
            "file": f"{path}: expected a folder for each class, found files only; make folders, or name the "
            f"files: {path}/*"
        }
    )
    for first in range(0, len(files), rows_per_batch):
        some = files[first : first + rows_per_batch]
        rows = {
            "file": [str(file) for file in some],
            "label": [file.relative_to(path).parts[0] for file in some],
            "text": [read_whole(file) for file in some],
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
    there = sorted(file for file in (path / folder).rglob("*") if file.is_file())
    return [file.relative_to(path) for file in there if not any(map(_hidden, (file, *file.parents[:-1])))]


def _hidden(path: Path) -> bool:
    return path.name.startswith(".")
