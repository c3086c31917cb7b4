"""A design matrix held as compressed rows (CSR): text."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.compiled import compiled, kernels_for
from vikt.matrix import kernels
from vikt.matrix.design import Floats, Rows

_OF_ROWS = ("_squared_norms", "_row_hashes")
# Weights that caches hold; measured, there is little to choose between a quarter of it and twice.
_NEAR = 1 << 19


class SparseMatrix:
    """Rows held as (indptr, indices, values), without a zero, indices rising within a row.

    SciPy is not needed: a model that only predicts never imports it.

    Examples
    --------
    >>> X = SparseMatrix(np.array([0, 1, 3]), np.array([0, 0, 1]), np.array([1.0, 1.0, 1.0]), 2)
    >>> X.scores(np.array([-1.0, 2.0, -3.0]))
    array([ 1., -2.])
    """

    by_library = False
    # What is gathered from θ is what takes the time; sums are float64 all the same.
    quick_dtype: np.dtype[Any] = np.dtype(np.float32)

    def __init__(
        self,
        indptr: NDArray[np.int64],
        indices: NDArray[Any],
        values: NDArray[Any],
        n_features: int,
        has_dummy: bool = True,
    ) -> None:
        self.indptr = np.asarray(indptr, dtype=np.int64)
        self.indices = indices
        self.values = values
        self.n_rows = len(indptr) - 1
        self.n_features = n_features
        self.has_dummy = has_dummy

    def _kernels(self) -> Any:
        return compiled(kernels.__name__)

    def _rows(self, rows: Rows | None) -> Rows:
        return np.arange(self.n_rows) if rows is None else np.asarray(rows, dtype=np.int64)

    def scores(self, theta: NDArray[Any], rows: Rows | None = None) -> Floats:
        rows = self._rows(rows)
        by_class = np.ascontiguousarray(np.atleast_2d(theta).T)
        scores = np.empty((len(rows), by_class.shape[1]))
        run = kernels_for(kernels.__name__, len(self.values) * by_class.shape[1])
        run.row_scores(self.indptr, self.indices, self.values, rows, by_class, int(self.has_dummy), scores)
        # A class's scores side by side, over which all that follows is quicker.
        return scores[:, 0] if theta.ndim == 1 else np.asfortranarray(scores)

    def weighted_sum(self, residuals: NDArray[Any], rows: Rows | None = None) -> Floats:
        rows = self._rows(rows)
        by_class = np.ascontiguousarray(residuals.reshape(len(rows), -1), dtype=np.float64)
        total = np.zeros((self.n_features + self.has_dummy, by_class.shape[1]))
        self._kernels().row_weighted_sum(
            self.indptr, self.indices, self.values, rows, by_class, int(self.has_dummy), total
        )
        return total[:, 0] if residuals.ndim == 1 else total.T

    def curvature_product(self, theta: NDArray[Any], p: NDArray[Any], weights: Floats) -> Floats:
        dtype, first = theta.dtype, int(self.has_dummy)
        by_class = np.ascontiguousarray(np.atleast_2d(theta).T)
        total = np.zeros(by_class.shape, dtype)
        no_intercepts, no_sums = np.zeros((2, by_class.shape[1]), dtype)
        self._kernels().row_curvature_product(
            self.indptr,
            # Unsigned, so that the kernel need not ask whether an index counts from the end.
            self.indices.view(f"u{self.indices.itemsize}"),
            self.values.astype(dtype, copy=False),
            p.reshape(self.n_rows, -1).astype(dtype, copy=False),
            weights.astype(dtype, copy=False),
            by_class[first:],
            by_class[0] if first else no_intercepts,
            np.empty(by_class.shape[1], dtype),
            total[first:],
            total[0] if first else no_sums,
        )
        return (total[:, 0] if theta.ndim == 1 else total.T).astype(np.float64)

    def weighted_squares(self, weights: NDArray[Any]) -> Floats:
        return self._squared().weighted_sum(weights)

    def _squared(self) -> SparseMatrix:
        squares = np.square(self.values, dtype=np.float64)
        return SparseMatrix(self.indptr, self.indices, squares, self.n_features, False)

    def score_sizes(self, theta: Floats) -> Floats:
        sizes = SparseMatrix(self.indptr, self.indices, np.abs(self.values), self.n_features, self.has_dummy)
        return sizes.scores(np.abs(theta))

    def scatter(self, residuals: Floats, rows: Rows) -> tuple[Any, Floats]:
        block = self.take(rows)
        columns, block.indices = np.unique(block.indices, return_inverse=True)
        block.n_features = len(columns)
        columns = columns.astype(np.int64) + self.has_dummy
        if self.has_dummy:
            columns = np.concatenate([[0], columns])
        return columns, block.weighted_sum(residuals)

    def squared_norms(self, scales: NDArray[Any] | None = None) -> Floats:
        if scales is None:
            return self._squared_norms
        return self._squared().scores(np.square(scales, dtype=np.float64))

    @cached_property
    def _squared_norms(self) -> Floats:
        norms = np.empty(self.n_rows)
        self._kernels().row_squared_norms(self.indptr, self.values, norms)
        return norms

    def compressed_rows(self) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[Any]]:
        return self.indptr, self.indices, self.values

    def row(self, i: int) -> tuple[NDArray[Any], NDArray[Any]]:
        part = slice(self.indptr[i], self.indptr[i + 1])
        return self.indices[part], self.values[part]

    def row_hashes(self) -> NDArray[np.int64]:
        return self._row_hashes

    @cached_property
    def _row_hashes(self) -> NDArray[np.int64]:
        hashes = np.empty(self.n_rows, dtype=np.int64)
        bits = self.values.view(f"i{self.values.itemsize}")
        self._kernels().row_hashes(self.indptr, self.indices, bits, hashes)
        return hashes

    def take(self, rows: Rows) -> SparseMatrix:
        rows = self._rows(rows)
        indptr = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(self.indptr[rows + 1] - self.indptr[rows], out=indptr[1:])
        indices = np.empty(indptr[-1], dtype=self.indices.dtype)
        values = np.empty(indptr[-1], dtype=self.values.dtype)
        self._kernels().take_rows(self.indptr, self.indices, self.values, rows, indptr, indices, values)
        taken = SparseMatrix(indptr, indices, values, self.n_features, self.has_dummy)
        # What is known of the rows goes with them.
        vars(taken).update({name: own[rows] for name, own in vars(self).items() if name in _OF_ROWS})
        return taken

    def by_falling_frequency(self, n_weights: int) -> tuple[SparseMatrix, NDArray[Any]]:
        """Columns of most entries first: the weights that are needed most often then lie close together.

        Where not all fit in the cache, the others come last within a row, so that many a wait for memory is one.
        """
        frequency = np.zeros(self.n_features, dtype=np.int64)
        self._kernels().count_columns(self.indices, frequency)
        rank = np.arange(self.n_features, dtype=self.indices.dtype)
        if np.all(frequency[1:] <= frequency[:-1]):
            return self, rank
        self._kernels().falling_ranks(frequency, np.zeros(self.n_rows + 2, dtype=np.int64), rank)
        indices, values, near = np.empty_like(self.indices), self.values, _NEAR // n_weights
        self._kernels().renumber(self.indices, rank, indices)
        if near < self.n_features:
            renumbered, indices, values = indices, np.empty_like(indices), np.empty_like(values)
            self._kernels().near_first(self.indptr, renumbered, self.values, near, indices, values)
        ranked = SparseMatrix(self.indptr, indices, values, self.n_features, self.has_dummy)
        # A cached property that is there already.
        vars(ranked)["_squared_norms"] = self._squared_norms
        return ranked, rank
