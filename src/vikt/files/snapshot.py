"""A file that unfinished work resumes from."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple
from zipfile import BadZipFile, ZipFile

from numpy.lib import format as npy
from numpy.typing import NDArray

from vikt.errors import InputFileError
from vikt.files.replacement import replacing
from vikt.mappings import ReadJson

_FACTS = "facts.json"
# To repeat so little work takes no longer than to write a file.
_SECONDS_APART = 1.0


class Snapshot(NamedTuple):
    """Facts as JSON holds them, and arrays, of which no more than one need be in memory."""

    facts: ReadJson
    arrays: Iterable[NDArray[Any]]


class SnapshotFile:
    """A file that holds the last snapshot, or one of a second before it.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._path, self._kept_at = path, perf_counter()

    def keep(self, snapshot: Snapshot) -> None:
        """Replace the file whole, or not at all, unless it is less than a second old.

        Raises
        ------
        OutputFileError
            The file cannot be written; the disk may be full.
        """
        if perf_counter() - self._kept_at < _SECONDS_APART:
            return
        with replacing(self._path) as file, ZipFile(file, "w") as archive:
            archive.writestr(_FACTS, json.dumps(snapshot.facts))
            for number, array in enumerate(snapshot.arrays):
                with archive.open(_name(number), "w", force_zip64=True) as member:
                    npy.write_array(member, array, allow_pickle=False)
        self._kept_at = perf_counter()

    def kept(self) -> Snapshot | None:
        """The snapshot in the file, if there is one. Its arrays are read as they are asked for.

        Raises
        ------
        InputFileError
            The file is damaged or cannot be read, now or where an array is asked for.
        """
        if not self._path.exists():
            return None
        with self._opened() as archive:
            facts = json.loads(archive.read(_FACTS))
        return Snapshot(facts, self._arrays())

    def _arrays(self) -> Iterator[NDArray[Any]]:
        with self._opened() as archive:
            for number in range(len(archive.namelist()) - 1):
                with archive.open(_name(number)) as member:
                    array = npy.read_array(member, allow_pickle=False)
                yield array

    @contextmanager
    def _opened(self) -> Iterator[ZipFile]:
        try:
            with ZipFile(self._path) as archive:
                yield archive
        except (BadZipFile, EOFError, KeyError, NotImplementedError, OSError, RuntimeError, ValueError, zlib.error):
            raise InputFileError(
                f"{self._path}: was truncated or altered, or cannot be read; remove it, and the passes start anew"
            ) from None


def _name(number: int) -> str:
    return f"{number}.npy"
