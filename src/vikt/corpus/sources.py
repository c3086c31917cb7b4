"""The files and folders that a user names as data."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from pathlib import Path

from vikt.errors import InputFileError, UsageError


def find_sources(names: Iterable[str | Path]) -> list[str]:
    """Paths unchanged, and for patterns such as `data/*.jsonl.gz` the files that match, sorted; "-" is standard input.

    Raises
    ------
    InputFileError
        No file matches a pattern.
    UsageError
        A name is empty, or a file is named twice: its rows would count twice.

    Examples
    --------
    >>> find_sources(["a.tsv", "-"])
    ['a.tsv', '-']
    """
    sources = [source for name in names for source in _matching(str(name))]
    places = [os.path.realpath(source) for source in sources]
    doubled = next((source for source, place in zip(sources, places, strict=True) if places.count(place) > 1), None)
    if doubled:
        raise UsageError(f"{doubled}: is named twice, and its rows would count twice; name it once")
    return sources


def is_pipe(name: str) -> bool:
    """Whether a source can be read only once: standard input, or what is neither a file nor a folder."""
    return name == "-" or (os.path.exists(name) and not os.path.isfile(name) and not os.path.isdir(name))


def check_read_once(names: Iterable[str | Path]) -> None:
    """Refuse to read standard input for several things. Raises UsageError."""
    if [str(name) for name in names].count("-") > 1:
        raise UsageError("standard input can be read once only, but - is given for several inputs; name a file instead")


def _matching(name: str) -> list[str]:
    if not name:
        raise UsageError("expected the name of a file or folder, found an empty one; name it, or - for standard input")
    if name == "-" or not glob.has_magic(name) or Path(name).exists():
        return [name]
    found = sorted(glob.glob(name, recursive=True))
    if not found:
        raise InputFileError(f"{name}: no file matches; check the pattern")
    return found
