"""Rows of features as they leave this package: compressed rows (CSR), plain arrays."""

from __future__ import annotations

from typing import NamedTuple

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
