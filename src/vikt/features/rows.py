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


def joined(pieces: Iterable[tuple[Any, Any, Any]], n_features: int, dtype: Any) -> Rows:
    """Rows from pieces of them, (entries of each row, indices, values), one after the other.

    Each piece is given up as soon as it is copied: at no time do all stand there twice.
    """
    held = list(pieces)
    indptr = np.concatenate([np.zeros(1, dtype=np.int64), *(lengths for lengths, _, _ in held)]).cumsum()
    indices, values = np.empty(indptr[-1], dtype=np.int32), np.empty(indptr[-1], dtype=dtype)
    end = len(indices)
    while held:
        _, own_indices, own_values = held.pop()
        begin = end - len(own_indices)
        indices[begin:end], values[begin:end] = own_indices, own_values
        end = begin
    return Rows(indptr, indices, values, n_features)
