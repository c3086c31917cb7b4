"""The files to filter, and where the output of each goes: files, folders and patterns, as they are named."""

from __future__ import annotations

import glob
import os
import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vikt.corpus.formats import FORMATS
from vikt.corpus.read_stream import suffix_of
from vikt.corpus.storage import Storage, storage_of
from vikt.errors import InputFileError, UsageError
from vikt.filtering.formats import SOURCES
from vikt.tables import counted, listed

_SUFFIXES = [suffix for suffix, format in FORMATS.items() if format in SOURCES]
_READ = f"{', '.join(_SUFFIXES)} (also with .gz or .zst)"


@dataclass(frozen=True)
class Input:
    """A file to filter: its address, its place below the folder of the output, and its format."""

    storage: Storage
    address: str
    place: str
    format: str

    @property
    def resolved(self) -> str:
        """Its one address, however it is named."""
        return self.storage.resolved(self.address)

    @property
    def version(self) -> str:
        """What differs once it is changed."""
        return self.storage.version(self.address)


@dataclass(frozen=True)
class Inputs:
    """The files to filter, in order, and a note on files that are passed over."""

    files: tuple[Input, ...]
    notes: tuple[str, ...]


def find_inputs(names: Iterable[str], out: str) -> Inputs:
    """The files of what a user names, for an output folder.

    A file keeps its name, whatever it links to, and its place below the folder that is named, or below the folders of a
    pattern without `*`. In folders, files of other formats are passed over, and so are those whose name, or a folder's,
    starts with `.` or `_`.

    Raises
    ------
    InputFileError
        There is no such file, none in a folder, or it has a format that is not filtered.
    UsageError
        A file is named twice, two files would have one output, or one in a folder that is the output of another, or
        the output is a file's name or among the inputs.
    """
    found, notes, folders = list[Input](), list[str](), list[str]()
    for name in names:
        storage = storage_of(name)
        address = storage.located(name)
        if name in ("", "-"):
            raise UsageError("vikt filter does not read standard input; name a file, or use vikt predict")
        if storage.is_folder(address):
            folders.append(storage.resolved(address))
            taken, other = _of_folder(storage, address)
            found += taken
            notes += [f"{name}: passed over {counted(len(other), 'file')} of other formats: {listed(other, 3)}"] * bool(
                other
            )
        elif glob.has_magic(name) and not storage.is_file(address):
            found += _of_pattern(storage, name)
        elif not storage.is_file(address):
            raise InputFileError(f"{name}: there is no such file or folder; check the path")
        else:
            found.append(_input(storage, address, posixpath.basename(address.replace(os.sep, "/"))))
    _refuse_doubled(found)
    _refuse_overlap(found, folders, out)
    return Inputs(tuple(found), tuple(notes))


def _of_folder(storage: Storage, folder: str) -> tuple[list[Input], list[str]]:
    """The files of a folder that are read, and the places of those that are not."""
    places = {_below(address, folder): address for address in storage.within(folder)}
    seen = [place for place in places if not any(part[0] in "._" for part in place.split("/"))]
    taken = [place for place in seen if suffix_of(place) in _SUFFIXES]
    if not taken:
        raise InputFileError(f"{folder}: expected files that end in {_READ}, found none; check the folder")
    return [_input(storage, places[place], place) for place in taken], sorted(set(seen) - set(taken))


def _of_pattern(storage: Storage, pattern: str) -> list[Input]:
    matching = storage.matching(pattern)
    if not matching:
        raise InputFileError(f"{pattern}: no file matches; check the pattern")
    parts = pattern.replace(os.sep, "/").split("/")
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    if ".." in parts[fixed:]:
        raise UsageError(f"{pattern}: .. after a part with wildcards leads out of the folder; name the folder instead")
    base = storage.located("/".join(parts[:fixed]) or ("/" if fixed else ""))
    return [_input(storage, address, _below(address, base)) for address in map(storage.located, matching)]


def _input(storage: Storage, address: str, place: str) -> Input:
    format = FORMATS.get(suffix_of(place), "")
    if format not in SOURCES:
        raise InputFileError(f"{address}: expected a file that ends in {_READ}; convert or rename it")
    return Input(storage, address, place, format)


def _below(address: str, folder: str) -> str:
    """The place of a file below a folder."""
    address, folder = address.replace(os.sep, "/"), folder.replace(os.sep, "/").rstrip("/")
    return address[len(folder) + 1 :] if address.startswith(folder + "/") else posixpath.basename(address)


def _refuse_doubled(found: list[Input]) -> None:
    address, n = Counter(each.resolved for each in found).most_common(1)[0]
    if n > 1:
        raise UsageError(f"{address}: is named twice; name it once")
    of_place = dict[str, Input]()
    for each in found:
        other = of_place.setdefault(each.place, each)
        if other is not each:
            raise _colliding(each, other, f"would both be written to {each.place}")
    for each in found:
        above = next((of_place[folder] for folder in folders_of(each.place) if folder in of_place), None)
        if above is not None:
            raise _colliding(each, above, f"would be written to {each.place} and {above.place}, a folder and a file")


def folders_of(place: str) -> Iterator[str]:
    """The folders that a place is in, from the innermost."""
    while "/" in place:
        place = place.rpartition("/")[0]
        yield place


def _colliding(one: Input, other: Input, why: str) -> UsageError:
    return UsageError(
        f"{one.address} and {other.address} {why}; filter them into two folders, or name a folder that holds both"
    )


def _refuse_overlap(found: list[Input], folders: list[str], out: str) -> None:
    storage = storage_of(out)
    target = storage.resolved(out).rstrip("/")
    if storage.is_file(target):
        raise UsageError(f"{out}: is a file; name a folder with -o")
    if out == "-" or (suffix_of(out) in _SUFFIXES and not storage.is_folder(target)):
        raise UsageError(f"{out}: -o names a folder, in which each file keeps its name; name a folder")
    inner = next((folder for folder in folders if f"{target}/".startswith(folder.rstrip("/") + "/")), None)
    if inner is not None:
        raise UsageError(
            f"{out}: is in the folder {inner}, which is an input, and would be read as one; choose another with -o"
        )
    own = next((each for each in found if each.resolved.startswith(f"{target}/")), None)
    if own is not None:
        raise UsageError(f"{own.address}: is an input in the output folder {out}; choose another folder with -o")
