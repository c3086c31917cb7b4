"""Rows of features as they leave this package: compressed rows (CSR), plain arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from vikt.arrays import Ids, Ints

# Values and weights, in either precision.
Numbers = NDArray[np.float32 | np.float64]
Scalar = TypeVar("Scalar", bound=np.generic)


class CompressedRows(NamedTuple):
    """Row i has values[indptr[i]:indptr[i + 1]] in the columns indices[indptr[i]:indptr[i + 1]]."""

    indptr: Ints
    indices: Ids
    values: Numbers
    n_features: int


class RowPiece(NamedTuple):
    """Some rows: how many entries each has, and the columns and values of all entries."""

    lengths: Ints
    indices: Ids
    values: Numbers


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
        target = np.repeat(starts[b : -1 : len(blocks)] - block.indptr[:-1], lengths[:, b])
        target += np.arange(block.indptr[-1])
        indices[target] = block.indices + shift
        values[target] = block.values
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


def longer(array: NDArray[Scalar], size: int) -> NDArray[Scalar]:
    """The same array with room for `size` items."""
    if len(array) >= size:
        return array
    grown = np.zeros((size, *array.shape[1:]), dtype=array.dtype)
    grown[: len(array)] = array
    return grown
