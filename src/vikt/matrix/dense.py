"""A design matrix held as a dense array: embeddings, measurements, the lecture's small examples."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Columns, Floats, FloatType, Indices, Ints, Reals, RowIndices, Weights
from vikt.compiled import compiled
from vikt.matrix import kernels

Everything = slice(None)
# Numbers converted to float64 at a time, so that a float32 matrix is never held twice; they fit in a core's cache.
_AT_ONCE, _UNCHANGED_AT_ONCE = 1 << 17, 1 << 19


class DenseMatrix:
    """Rows held as an (m, n) array, float32 or float64. Products are matrix products of the library behind NumPy.

    They are computed in float64, or in the array's own type where θ or the residuals have that type.

    Examples
    --------
    >>> X = DenseMatrix(np.array([[1.0, 0.0], [1.0, 1.0]]))
    >>> X.scores(np.array([-1.0, 2.0, -3.0]))
    array([ 1., -2.])
    """

    by_library = True
    threads = 1

    def __init__(self, values: Reals, has_dummy: bool = True) -> None:
        self.values = values
        self.quick_dtype: FloatType = values.dtype
        self.n_rows, self.n_features = values.shape
        self.has_dummy = has_dummy

    def scores(self, theta: Weights, rows: RowIndices | None = None) -> Floats:
        values = self.values if rows is None else self.values[rows]
        inner = theta[..., int(self.has_dummy) :].T
        # Each class's scores are contiguous, which is quicker for all that follows.
        scores = np.empty((len(values), *inner.shape[1:]), order="F")
        for first, block in _blocks(values, inner.dtype):
            scores[first : first + len(block)] = block @ inner
        if self.has_dummy:
            scores += theta[..., 0]
        return scores

    def weighted_sum(self, residuals: Reals, rows: RowIndices | None = None) -> Floats:
        values = self.values if rows is None else self.values[rows]
        sums = np.zeros((*residuals.shape[1:], self.n_features))
        for first, block in _blocks(values, residuals.dtype):
            sums += residuals[first : first + len(block)].T @ block
        if not self.has_dummy:
            return sums
        return np.concatenate([residuals.T.sum(axis=-1, keepdims=True, dtype=np.float64), sums], axis=-1)

    def curvature_product(self, theta: Weights, p: Reals, weights: Floats) -> Floats:
        by_class, first = np.atleast_2d(theta), int(self.has_dummy)
        p, weights = p.reshape(self.n_rows, -1).astype(theta.dtype, copy=False), weights.astype(theta.dtype, copy=False)
        total = np.zeros(by_class.shape)
        # Both products of a block while the cache holds it.
        for start, block in _blocks(self.values, theta.dtype):
            part = slice(start, start + len(block))
            own = np.ascontiguousarray(p[part])
            z = block @ by_class[:, first:].T
            if first:
                z += by_class[:, 0]
            z -= np.einsum("ik,ik->i", own, z)[:, None]
            z *= own
            z *= weights[part, None]
            total[:, first:] += z.T @ block
            if first:
                total[:, 0] += z.sum(axis=0, dtype=np.float64)
        return total.reshape(theta.shape)

    def weighted_squares(self, weights: Reals) -> Floats:
        sums = np.zeros((*weights.shape[1:], self.n_features))
        for first, block in _blocks(self.values, weights.dtype, _AT_ONCE):
            sums += weights[first : first + len(block)].T @ (block * block)
        return sums

    def score_sizes(self, theta: Floats) -> Floats:
        sizes = np.empty(self.n_rows)
        for first, block in _blocks(self.values, theta.dtype, _AT_ONCE):
            sizes[first : first + len(block)] = np.abs(block) @ np.abs(theta[int(self.has_dummy) :])
        return sizes + np.abs(theta[0]) if self.has_dummy else sizes

    def scatter(self, residuals: Floats, rows: RowIndices) -> tuple[Columns, Floats]:
        return Everything, self.weighted_sum(residuals, rows)

    def squared_norms(self, scales: Reals | None = None) -> Floats:
        if scales is None:
            return self._squared_norms
        squares = np.square(scales.T, dtype=np.float64)
        norms = np.empty((self.n_rows, *squares.shape[1:]))
        for first, block in _blocks(self.values, squares.dtype, _AT_ONCE):
            norms[first : first + len(block)] = (block * block) @ squares
        return norms

    @cached_property
    def _squared_norms(self) -> Floats:
        norms = np.empty(self.n_rows)
        for first, block in _blocks(self.values, np.dtype(np.float64), _AT_ONCE):
            norms[first : first + len(block)] = np.einsum("ij,ij->i", block, block)
        return norms

    def compressed_rows(self) -> tuple[Ints, Indices, Reals]:
        rows, columns = np.nonzero(self.values)
        indptr = np.zeros(self.n_rows + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=self.n_rows), out=indptr[1:])
        return indptr, columns.astype(np.int32), self.values[rows, columns]

    def row(self, i: int) -> tuple[Indices, Reals]:
        columns = np.flatnonzero(self.values[i])
        return columns, self.values[i, columns]

    def row_hashes(self) -> NDArray[np.int64]:
        """64 bits of each row's non-zeros, by which equal rows are found.

        Examples
        --------
        >>> hashes = DenseMatrix(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])).row_hashes()
        >>> bool(hashes[0] == hashes[2]), bool(hashes[0] == hashes[1])
        (True, False)
        """
        hashes = np.empty(self.n_rows, dtype=np.int64)
        bits = self.values.view(f"i{self.values.itemsize}")
        compiled(kernels.__name__).dense_row_hashes(self.values, bits, hashes)
        return hashes

    def by_falling_frequency(self, n_weights: int) -> tuple[DenseMatrix, Indices]:
        """The matrix itself: every number of a row is read anyway."""
        return self, np.arange(self.n_features)

    def with_values(self, values: Reals) -> DenseMatrix:
        return DenseMatrix(values, self.has_dummy)

    def take(self, rows: RowIndices) -> DenseMatrix:
        return DenseMatrix(self.values[rows], self.has_dummy)


def _blocks(values: Reals, dtype: FloatType, at_once: int | None = None) -> Iterator[tuple[int, Reals]]:
    """The rows in a type, in blocks of `at_once` numbers, each with the index of its first row.

    Without `at_once` the blocks have the quickest size: larger where nothing is converted (sums of float32 blocks are
    added up in float64), and all rows at once where they are float64 already.
    """
    if at_once is None:
        unchanged = values.size if dtype == np.float64 else _UNCHANGED_AT_ONCE
        at_once = unchanged if values.dtype == dtype else _AT_ONCE
    length = max(1, at_once // max(values.shape[1], 1))
    for first in range(0, len(values), length):
        yield first, values[first : first + length].astype(dtype, copy=False)
