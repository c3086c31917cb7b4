"""Rows on disk: a part is a file, of which one is in memory, and the next on its way there; some parts may stay."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import accumulate, pairwise, starmap
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from vikt.arrays import Arrays, Bytes, Floats, FloatType, Ids, Ints, Reals, Targets
from vikt.files.array_file import ArrayFile, write_arrays
from vikt.matrix import SparseMatrix
from vikt.parts.part import Part, PerPart, added, given_to
from vikt.parts.scratch import Derived, Later, Scratch, Stored, given_value, own_arguments
from vikt.parts.stored_rows import Entries, StoredRows

C = TypeVar("C")
S = TypeVar("S")
T = TypeVar("T")

_OF_ROWS = ("y", "weights", "squared_norms", "row_hashes")
# A column and a value; and where a row begins.
_BYTES_PER_ENTRY, _BYTES_PER_ROW = 8, 8


class Decoder(Protocol):
    """Makes the entries of rows from the arrays that are kept of them."""

    @property
    def n_features(self) -> int: ...

    def write_rows(self, arrays: Arrays, indices: Ids, values: Reals) -> Ints:
        """Write the columns and values of all entries; return where each row begins, and the last one ends: (m+1,).

        What is returned shares no memory with the arrays, which others replace.
        """
        ...


def write_part(path: Path, decoder: Decoder, rows: Arrays, n_entries: int, y: Targets, weights: Floats) -> None:
    """Write a part to a file, which appears whole or not at all.

    Parameters
    ----------
    path : Path
    decoder : Decoder
        What will read the rows.
    rows : dict of arrays
        What it makes them from.
    n_entries : int
        How many entries these have.
    y, weights : (m,)
        As of `Part`.

    Raises
    ------
    OutputFileError
        The file cannot be written; the disk may be full.
    """
    X = _matrix(decoder, rows, n_entries)
    facts = {"n_rows": len(y), "n_entries": n_entries, "total_weight": float(np.sum(weights))}
    of_rows = dict(zip(_OF_ROWS, (y, weights, X.squared_norms(), X.row_hashes()), strict=True))
    write_arrays(path, of_rows | rows, facts)


def part_in(path: Path, decoder: Decoder, has_dummy: bool = True) -> Part:
    """The part in a file that `write_part` wrote, all of it in memory.

    Raises
    ------
    InputFileError
        The file is damaged or cannot be read.
    """
    file = ArrayFile(path)
    arrays, n_entries = file.read(file.names), file.facts["n_entries"]
    y, weights, _, _ = (arrays.pop(name) for name in _OF_ROWS)
    return Part(_matrix(decoder, arrays, n_entries, has_dummy), y, weights)


def most_rows(paths: Iterable[Path]) -> int:
    """How many rows the largest of the parts in some files has. Raises InputFileError as `part_in` does."""
    return max((ArrayFile(path).facts["n_rows"] for path in paths), default=0)


def _matrix(decoder: Decoder, rows: Arrays, n_entries: int, has_dummy: bool = True) -> SparseMatrix:
    """The rows that are kept in these arrays."""
    indices, values = _room_for(n_entries)
    return SparseMatrix(decoder.write_rows(rows, indices, values), indices, values, decoder.n_features, has_dummy)


class OnDisk:
    """Parts that `write_part` wrote, read one at a time; what belongs to their rows is kept on disk too.

    A part is in memory only while work is done on it, unless there is room for it: what the work returns must be its
    own. Entries are in float32.

    Parameters
    ----------
    paths : sequence of Path
        The files, in the order of the parts.
    decoder : Decoder
    scratch : Path
        A folder for what belongs to the rows, made if it is missing. All of it is removed with the parts.
    has_dummy : bool
    threads : int
        The number of threads for products.
    room : int
        The most bytes of rows in memory: as many of the first parts as fit stay there as long as these parts do. The
        part at hand is there even where there is no room. No result depends on it.

    Raises
    ------
    InputFileError
        A file is damaged or cannot be read, now or later.
    """

    only = None
    n_turns = 1
    by_library = False
    has_offset = False
    quick_dtype: FloatType = SparseMatrix.quick_dtype

    def __init__(
        self,
        paths: Sequence[Path],
        decoder: Decoder,
        scratch: Path,
        *,
        has_dummy: bool = True,
        threads: int = 1,
        room: int = 0,
    ) -> None:
        self.n_parts, self.n_features, self.has_dummy = len(paths), decoder.n_features, has_dummy
        self._decoder, self._threads = decoder, threads
        self._files = list(map(ArrayFile, paths))
        facts = [file.facts for file in self._files]
        self.n_rows = sum(each["n_rows"] for each in facts)
        self.total_weight: float = added(each["total_weight"] for each in facts)
        self._scratch = Scratch(scratch)
        self._reader = ThreadPoolExecutor(1)
        self._resident = self._read_resident(room)

    def sums(self, work: Callable[..., S], *arguments: object) -> S:
        return added(
            work(part, *own_arguments(part, number, arguments)) for number, part in self._read(range(self.n_parts))
        )

    def each(self, work: Callable[..., T], *arguments: object) -> PerPart[T]:
        own = (tuple(given_to(number, arguments)) for number in range(self.n_parts))
        made: Any = tuple(Later(self._scratch, work, each) for each in own)
        return PerPart(made)

    def derived(self, work: Callable[..., T], *arguments: object) -> PerPart[T]:
        made: Any = tuple(Derived(work, tuple(given_to(number, arguments))) for number in range(self.n_parts))
        return PerPart(made)

    def turns(
        self,
        work: Callable[..., tuple[C, T]],
        carried: Sequence[C],
        orders: Sequence[Sequence[int]],
        *arguments: object,
    ) -> tuple[list[C], PerPart[T]]:
        after: list[C] = []
        kept: dict[int, Any] = {}
        for state, order in zip(carried, orders, strict=True):
            for number, part in self._read(order):
                state, own = work(part, state, *own_arguments(part, number, arguments))
                kept[number] = self._scratch.kept(own)
            after.append(state)
        return after, PerPart(tuple(kept[number] for number in range(self.n_parts)))

    def own(self, kept: PerPart[T]) -> Iterator[T]:
        elements: Any = kept.elements
        if all(isinstance(element, Stored) for element in elements):
            return (element.value for element in elements)
        return (given_value(part, kept.elements[number]) for number, part in self._read(range(self.n_parts)))

    def given(self, values: Iterable[T]) -> PerPart[T]:
        kept: Any = tuple(map(self._scratch.kept, values))
        return PerPart(kept)

    def _read_resident(self, room: int) -> list[Part]:
        """The first parts, as many as there is room for."""
        files = self._files[: _n_resident(self._files, room)]
        begins = np.cumsum([0, *(file.facts["n_entries"] for file in files)]).tolist()
        # One block each, which goes back to the system as a whole.
        indices, values = _room_for(begins[-1])
        names, packed = _packed(self._files), _room_for_packed(files)
        parts = []
        for number, own in enumerate(starmap(slice, pairwise(begins))):
            entries = indices[own], values[own]
            rows = self._decoder.write_rows(files[number].read(names, packed), *entries), *entries
            parts.append(self._part(number, partial(_as_they_are, rows)))
        return parts

    def _read(self, order: Sequence[int]) -> Iterator[tuple[int, Part]]:
        """The parts, one at a time."""
        n_resident = len(self._resident)
        entries = _Entries(self._files, n_resident, self._decoder, self._reader)
        from_disk = [number for number in order if number >= n_resident]
        following = dict(pairwise(from_disk))
        for number in order:
            if number < n_resident:
                yield number, self._resident[number]
            else:
                yield number, self._part(number, partial(entries.of, number, following.get(number)))

    def _part(self, number: int, read: Callable[[], Entries]) -> Part:
        y, weights, norms, hashes = self._files[number].read(_OF_ROWS).values()
        X = StoredRows(len(y), self.n_features, self.has_dummy, self._threads, norms, hashes, read)
        return Part(X, y, weights)


class _Entries:
    """The entries of one part after the other, in memory that they share: those of a part replace the last one's.

    What is kept of the next part's is read meanwhile, if this one's were asked for.
    """

    def __init__(self, files: Sequence[ArrayFile], first: int, decoder: Decoder, reader: ThreadPoolExecutor) -> None:
        self._files, self._decoder, self._reader = files, decoder, reader
        self._names, own = _packed(files), files[first:]
        self._room, (self._indices, self._values) = _room_for_packed(own), _room_for(_most_entries(own))
        self._ahead: tuple[int, Future[Arrays]] | None = None

    def of(self, number: int, following: int | None) -> Entries:
        arrays = self._arrays(number)
        n_entries = self._files[number].facts["n_entries"]
        indices, values = self._indices[:n_entries], self._values[:n_entries]
        begins = self._decoder.write_rows(arrays, indices, values)
        if following is not None:
            self._ahead = following, self._reader.submit(self._files[following].read, self._names, self._room)
        return begins, indices, values

    def _arrays(self, number: int) -> Arrays:
        if self._ahead:
            # No other may be read into the same memory before that is done.
            ahead, arrays = self._ahead[0], self._ahead[1].result()
            if ahead == number:
                return arrays
        return self._files[number].read(self._names, self._room)


def _as_they_are(entries: Entries) -> Entries:
    return entries


def _n_resident(files: Sequence[ArrayFile], room: int) -> int:
    """How many of the first parts fit, beside the memory for one at a time if they are not all."""
    ends, left = list(accumulate(map(_n_bytes, files))), room - _room_for_packed(files).nbytes
    return len(files) if ends[-1] <= left else bisect(ends, left - _BYTES_PER_ENTRY * _most_entries(files))


def _n_bytes(file: ArrayFile) -> int:
    """The bytes of a part in memory."""
    facts: dict[str, int] = file.facts
    return _BYTES_PER_ENTRY * facts["n_entries"] + _BYTES_PER_ROW * (facts["n_rows"] + 1) + file.room_for(_OF_ROWS)


def _packed(files: Sequence[ArrayFile]) -> list[str]:
    """The names of the arrays that entries are made from."""
    return [name for name in files[0].names if name not in _OF_ROWS]


def _room_for_packed(files: Sequence[ArrayFile]) -> Bytes:
    """Memory for these arrays of any one file; it costs nothing until it is touched."""
    return np.empty(max((file.room_for(_packed(files)) for file in files), default=0), dtype=np.uint8)


def _room_for(n_entries: int) -> tuple[Ids, Reals]:
    """Memory for the columns and values of entries."""
    return np.empty(n_entries, np.int32), np.empty(n_entries, np.float32)


def _most_entries(files: Sequence[ArrayFile]) -> int:
    return max((file.facts["n_entries"] for file in files), default=0)
