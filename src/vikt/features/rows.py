"""Rows of features as they leave this package: compressed rows (CSR), plain arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Rows(NamedTuple):
    """Row i has values[indptr[i]:indptr[i + 1]] in the columns indices[indptr[i]:indptr[i + 1]]."""

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    values: NDArray[np.float32 | np.float64]
    n_features: int


def side_by_side(parts: list[Rows]) -> Rows:
    """Put the features of several parts beside each other, row by row.

    Examples
    --------
    >>> one = Rows(np.array([0, 1, 2]), np.array([0, 1], np.int32), np.array([1.0, 2.0]), 2)
    >>> side_by_side([one, one]).indices.tolist()
    [0, 2, 1, 3]
    """
    if len(parts) == 1:
        return parts[0]
    lengths = np.stack([np.diff(part.indptr) for part in parts], axis=1)
    begins = np.zeros(lengths.size + 1, dtype=np.int64)
    np.cumsum(lengths.ravel(), out=begins[1:])
    indices = np.empty(begins[-1], dtype=np.int32)
    values = np.empty(begins[-1], dtype=parts[0].values.dtype)
    shift = 0
    for p, part in enumerate(parts):
        target = np.repeat(begins[p : -1 : len(parts)] - part.indptr[:-1], lengths[:, p])
        target += np.arange(part.indptr[-1])
        indices[target] = part.indices + shift
        values[target] = part.values
        shift += part.n_features
    return Rows(begins[:: len(parts)].copy(), indices, values, shift)


def joined(pieces: Iterable[tuple[Any, Any, Any]], n_features: int, dtype: Any, room: int) -> Rows:
    """Rows from pieces of them, (entries of each row, indices, values), one after the other.

    Each piece is copied as it comes and can be given up: at no time do all stand there twice. `room` is for how many
    entries there is room at first; what of it is not used is never touched, and so takes no memory.
    """
    held, n = [np.zeros(1, dtype=np.int64)], 0
    indices, values = np.empty(room, dtype=np.int32), np.empty(room, dtype=dtype)
    for lengths, own_indices, own_values in pieces:
        held.append(lengths)
        begin, n = n, n + int(lengths.sum())
        if n > len(indices):
            indices, values = longer(indices, 2 * n), longer(values, 2 * n)
        own = slice(begin, begin + len(own_indices))
        indices[own], values[own] = own_indices, own_values
    return Rows(np.concatenate(held).cumsum(), indices[:n], values[:n], n_features)


def longer(array: NDArray[Any], size: int) -> NDArray[Any]:
    """The same array with room for `size`."""
    if len(array) >= size:
        return array
    grown = np.zeros((size, *array.shape[1:]), dtype=array.dtype)
    grown[: len(array)] = array
    return grown
