"""Rows of features as they leave this package: compressed rows (CSR), plain arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from vikt.arrays import Ids, Ints, Reals, RowIndices

Scalar = TypeVar("Scalar", bound=np.generic)

# The new places of all entries at once would take twice the memory of the entries themselves.
_ROWS_AT_A_TIME = 256


class CompressedRows(NamedTuple):
    """Row i has values[indptr[i]:indptr[i + 1]] in the columns indices[indptr[i]:indptr[i + 1]]."""

    indptr: Ints
    indices: Ids
    values: Reals
    n_features: int


class RowPiece(NamedTuple):
    """Some rows: how many entries each has, and the columns and values of all entries."""

    lengths: Ints
    indices: Ids
    values: Reals


def side_by_side(blocks: Sequence[CompressedRows]) -> CompressedRows:
    """Put several blocks of features beside each other, row by row.

    Examples
    --------
    >>> one = CompressedRows(np.array([0, 1, 2]), np.array([0, 1], np.int32), np.array([1.0, 2.0]), 2)
    >>> side_by_side([one, one]).indices.tolist()
    [0, 2, 1, 3]
    """
    if len(blocks) == 1:
        return blocks[0]
    lengths = np.stack([np.diff(block.indptr) for block in blocks], axis=1)
    starts = np.zeros(lengths.size + 1, dtype=np.int64)
    np.cumsum(lengths.ravel(), out=starts[1:])
    indices = np.empty(starts[-1], dtype=np.int32)
    values = np.empty(starts[-1], dtype=blocks[0].values.dtype)
    shift = 0
    for b, block in enumerate(blocks):
        moved = starts[b : -1 : len(blocks)] - block.indptr[:-1]
        for first in range(0, len(moved), _ROWS_AT_A_TIME):
            rows = slice(first, first + _ROWS_AT_A_TIME)
            begin, end = block.indptr[[first, min(rows.stop, len(moved))]]
            target = np.repeat(moved[rows], lengths[rows, b])
            target += np.arange(begin, end)
            indices[target] = block.indices[begin:end] + shift
            values[target] = block.values[begin:end]
        shift += block.n_features
    return CompressedRows(starts[:: len(blocks)].copy(), indices, values, shift)


def joined(pieces: Iterable[RowPiece], n_features: int, dtype: DTypeLike, room: int) -> CompressedRows:
    """Rows from pieces of them, one after the other.

    Each piece is copied as it comes and can then be freed, so that all rows are never in memory twice. There is room
    for `room` entries at first; memory that is never touched costs nothing.
    """
    lengths, n = [np.zeros(1, dtype=np.int64)], 0
    indices, values = np.empty(room, dtype=np.int32), np.empty(room, dtype=dtype)
    for piece in pieces:
        lengths.append(piece.lengths)
        start, n = n, n + int(piece.lengths.sum())
        if n > len(indices):
            indices, values = longer(indices, 2 * n), longer(values, 2 * n)
        own = slice(start, start + len(piece.indices))
        indices[own], values[own] = piece.indices, piece.values
    return CompressedRows(np.concatenate(lengths).cumsum(), indices[:n], values[:n], n_features)


def moved_together(rows: CompressedRows, kept: RowIndices) -> CompressedRows:
    """Some rows, rising, moved over the others in the same memory; `rows` is used up.

    Examples
    --------
    >>> rows = CompressedRows(np.array([0, 1, 3, 4]), np.arange(4, dtype=np.int32), np.array([1.0, 2.0, 3.0, 4.0]), 4)
    >>> moved_together(rows, np.array([0, 2]))
    CompressedRows(indptr=array([0, 1, 2]), indices=array([0, 3], dtype=int32), values=array([1., 4.]), n_features=4)
    """
    begins, ends = rows.indptr[kept], rows.indptr[kept + 1]
    indptr = np.append(0, np.cumsum(ends - begins))
    # Neighbours are moved at once.
    opens, closes = np.ones((2, len(kept)), dtype=bool)
    opens[1:] = closes[:-1] = begins[1:] != ends[:-1]
    runs = zip(indptr[:-1][opens].tolist(), begins[opens].tolist(), ends[closes].tolist(), strict=True)
    for target, begin, end in runs:
        for entries in (rows.indices, rows.values):
            entries[target : target + end - begin] = entries[begin:end]
    n = indptr[-1]
    return CompressedRows(indptr, rows.indices[:n], rows.values[:n], rows.n_features)


def longer(array: NDArray[Scalar], size: int) -> NDArray[Scalar]:
    """The same array with room for `size` items."""
    if len(array) >= size:
        return array
    grown = np.zeros((size, *array.shape[1:]), dtype=array.dtype)
    grown[: len(array)] = array
    return grown
