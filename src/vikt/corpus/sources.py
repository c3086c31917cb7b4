"""The files and folders that a user names as data."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from pathlib import Path

from vikt.corpus.storage import is_address, plain_name, storage_of
from vikt.errors import InputFileError, UsageError


def find_sources(names: Iterable[str | Path], *, reads_addresses: bool = False) -> list[str]:
    """Paths unchanged, and for patterns such as `data/*.jsonl.gz` the files that match, sorted; "-" is standard input.

    Addresses such as `s3://bucket/*.csv` are found likewise where `reads_addresses` says that these can be read.

    Raises
    ------
    InputFileError
        No file matches a pattern, or there is none at an address.
    UsageError
        A name is empty, or an address that is not read; or a file is named twice: its rows would count twice.
    MissingPackageError
        fsspec, or the package that it needs for an address, is not installed.

    Examples
    --------
    >>> find_sources(["a.tsv", "-"])
    ['a.tsv', '-']
    """
    plain = [plain_name(str(name)) for name in names]
    unread = next((name for name in plain if is_address(name) and not reads_addresses), None)
    if unread:
        raise UsageError(
            f"{unread}: an address is read only by vikt train --memory or --cluster, by fit_files, and by vikt filter; "
            "download the file"
        )
    sources = [source for name in plain for source in (_at_address if is_address(name) else _matching)(name)]
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
    return _some(sorted(glob.glob(name, recursive=True)), name)


def _at_address(name: str) -> list[str]:
    storage = storage_of(name)
    # An address can hold a question mark that is part of no pattern.
    if storage.is_file(name):
        return [name]
    if glob.has_magic(name):
        return _some(storage.matching(name), name)
    if storage.is_folder(name):
        raise InputFileError(f"{name}: is a folder; name its files by a pattern, such as {name.rstrip('/')}/*.csv")
    raise InputFileError(f"{name}: there is no such file; check the address")


def _some(found: list[str], pattern: str) -> list[str]:
    if not found:
        raise InputFileError(f"{pattern}: no file matches; check the pattern")
    return found
