"""Arrays in a file, read by name into memory that is used again: what a fit keeps on disk while it runs."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Arrays, Bytes
from vikt.errors import InputFileError
from vikt.files.replacement import replacing
from vikt.mappings import Json, ReadJson

# The magic, the length of the head and its checksum. What checksums are to find is damage, not forgery.
_MAGIC, _PREFIX = b"viktarry", struct.Struct("<8sQL")
# Where arrays begin, in the file and in memory.
_ALIGNMENT = 64


class _Place(NamedTuple):
    """Where an array lies in a file, counted from the end of the head, and the checksum of its bytes."""

    dtype: str
    shape: tuple[int, ...]
    offset: int
    n_bytes: int
    checksum: int


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], facts: Json) -> None:
    """Write arrays, and what is known of them, to a file that appears whole or not at all.

    Raises
    ------
    OutputFileError
        The file cannot be written; the disk may be full.
    """
    places, offset, parts = {}, 0, []
    for name, array in arrays.items():
        content = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        parts.append((offset, content))
        places[name] = _Place(array.dtype.str, array.shape, offset, len(content), crc32(content.data))
        offset = _aligned(offset + len(content))
    head = json.dumps({"arrays": places, "facts": facts}).encode()
    with replacing(path) as file:
        start = _aligned(file.write(_PREFIX.pack(_MAGIC, len(head), crc32(head)) + head))
        for offset, content in parts:
            file.seek(start + offset)
            file.write(content.data)
        # An empty array at the end may begin beyond the others.
        file.truncate()


class ArrayFile:
    """A file that `write_arrays` wrote; each array's checksum is checked when it is first read.

    Attributes
    ----------
    facts : dict
        What is known of the arrays.

    Raises
    ------
    InputFileError
        The file is damaged or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._opened() as file:
            prefix = file.read(_PREFIX.size)
            if len(prefix) < _PREFIX.size or not prefix.startswith(_MAGIC):
                raise self._damaged()
            _, length, checksum = _PREFIX.unpack(prefix)
            head = file.read(min(length, os.fstat(file.fileno()).st_size))
        if crc32(head) != checksum:
            raise self._damaged()
        described: ReadJson = json.loads(head)
        self.facts = described["facts"]
        self._start = _aligned(len(prefix) + length)
        self._places = {name: _Place(*place) for name, place in described["arrays"].items()}
        self._checked = set[str]()

    @property
    def names(self) -> list[str]:
        return list(self._places)

    def room_for(self, names: Sequence[str]) -> int:
        """How many bytes `read` needs for some arrays."""
        first, last = self._places[names[0]], self._places[names[-1]]
        return last.offset + last.n_bytes - first.offset

    def read(self, names: Sequence[str], room: Bytes | None = None) -> Arrays:
        """Some arrays that lie one after the other in the file, into `room` if it is given.

        Raises
        ------
        InputFileError
            The file is damaged or cannot be read.
        """
        n_bytes, first = self.room_for(names), self._places[names[0]].offset
        content = np.empty(n_bytes, np.uint8) if room is None else room[:n_bytes]
        with self._opened() as file:
            file.seek(self._start + first)
            self._fill(file, content)
        return {name: self._array(name, content[self._places[name].offset - first :]) for name in names}

    def _fill(self, file: IO[bytes], content: Bytes) -> None:
        at = 0
        while at < len(content):
            n_read = file.readinto(content.data[at:])  # type: ignore[attr-defined]
            if not n_read:
                raise self._damaged()
            at += n_read

    def _array(self, name: str, content: Bytes) -> NDArray[Any]:
        place = self._places[name]
        content = content[: place.n_bytes]
        if name not in self._checked:
            if crc32(content.data) != place.checksum:
                raise self._damaged()
            self._checked.add(name)
        return content.view(place.dtype).reshape(place.shape)

    def _opened(self) -> IO[bytes]:
        # Arrays are read straight into their place.
        try:
            return self.path.open("rb", buffering=0)
        except OSError as error:
            raise InputFileError(f"{self.path}: cannot be read: {error.strerror}; start again") from None

    def _damaged(self) -> InputFileError:
        return InputFileError(f"{self.path}: was truncated or altered; remove it, and start again to make it anew")


def _aligned(offset: int) -> int:
    return -(-offset // _ALIGNMENT) * _ALIGNMENT
