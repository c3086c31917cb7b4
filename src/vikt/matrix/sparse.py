"""A design matrix held as compressed rows (CSR): text."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Columns, Floats, FloatType, Indices, Ints, Reals, RowIndices, Weights
from vikt.compiled import compiled, kernels_for
from vikt.matrix import curvature_kernels, kernels, order_kernels
from vikt.threads import divided, in_parts, running

_OF_ROWS = ("_squared_norms", "_row_hashes")
# Weights that caches hold; measured from an eighth of it to twice, there is little difference.
_NEAR = 1 << 19
# Entries from which on more threads repay their start.
_SHARED = 1 << 19
# With this many entries per column in each block, adding up the sums of the blocks costs little.
_ENTRIES_A_BLOCK, _MOST_BLOCKS = 8, 2


class SparseMatrix:
    """Rows held as (indptr, indices, values), without a zero, indices rising within a row.

    SciPy is not needed: a model that only predicts never imports it. No bit of a result depends on the threads.

    Examples
    --------
    >>> X = SparseMatrix(np.array([0, 1, 3]), np.array([0, 0, 1]), np.array([1.0, 1.0, 1.0]), 2)
    >>> X.scores(np.array([-1.0, 2.0, -3.0]))
    array([ 1., -2.])
    """

    by_library = False
    # Gathering from θ is what takes the time; sums are float64 all the same.
    quick_dtype: FloatType = np.dtype(np.float32)

    def __init__(
        self,
        indptr: NDArray[np.int64],
        indices: Indices,
        values: Reals,
        n_features: int,
        has_dummy: bool = True,
        threads: int = 1,
    ) -> None:
        self.indptr = np.ascontiguousarray(indptr, dtype=np.int64)
        self.indices = np.ascontiguousarray(indices, dtype=np.int32)
        self.values = np.ascontiguousarray(values)
        self.n_rows = len(indptr) - 1
        self.n_features = n_features
        self.has_dummy = has_dummy
        self.threads = threads

    def _with(self, indptr: NDArray[np.int64], indices: Indices, values: Reals) -> SparseMatrix:
        """Other entries in the same columns."""
        return SparseMatrix(indptr, indices, values, self.n_features, self.has_dummy, self.threads)

    def _in_parts(self, n: int, work: Callable[[slice], object]) -> None:
        """Do independent work on each part of n rows or entries."""
        in_parts(n, self.threads if len(self.values) >= _SHARED else 1, work)

    def _summed(self, n_rows: int, totals: Floats, add: Callable[[slice, Floats], object]) -> Floats:
        """Sums over rows, block by block or several at once; the data alone decide what the blocks are."""
        n_blocks = 1
        if len(self.values) >= _SHARED and n_rows == self.n_rows:
            entries_a_column = len(self.values) // self.n_features
            n_blocks = min(max(entries_a_column // _ENTRIES_A_BLOCK, 1), _MOST_BLOCKS)

        def sums(rows: slice) -> Floats:
            own = np.zeros_like(totals) if rows.start else totals
            add(rows, own)
            return own

        with running(min(self.threads, n_blocks)) as run:
            _, *others = run(sums, divided(n_rows, n_blocks))
        for own in others:
            totals += own
        return totals

    def _kernels(self) -> Any:
        return compiled(kernels.__name__)

    def _rows(self, rows: RowIndices | None) -> RowIndices:
        return np.arange(self.n_rows) if rows is None else np.ascontiguousarray(rows, dtype=np.int64)

    def scores(self, theta: Weights, rows: RowIndices | None = None) -> Floats:
        rows = self._rows(rows)
        by_class = np.ascontiguousarray(np.atleast_2d(theta).T)
        scores = np.empty((len(rows), by_class.shape[1]))
        run = kernels_for(kernels.__name__, len(self.values) * by_class.shape[1])
        data, first = (self.indptr, self.indices, self.values), int(self.has_dummy)
        self._in_parts(len(rows), lambda part: run.row_scores(*data, rows[part], by_class, first, scores[part]))
        # Each class's scores are contiguous, which is quicker for all that follows.
        return scores[:, 0] if theta.ndim == 1 else np.asfortranarray(scores)

    def weighted_sum(self, residuals: Reals, rows: RowIndices | None = None) -> Floats:
        rows = self._rows(rows)
        by_class = np.ascontiguousarray(residuals.reshape(len(rows), -1), dtype=np.float64)
        data, first, run = (self.indptr, self.indices, self.values), int(self.has_dummy), self._kernels()
        total = self._summed(
            len(rows),
            np.zeros((self.n_features + first, by_class.shape[1])),
            lambda part, sums: run.row_weighted_sum(*data, rows[part], by_class[part], first, sums),
        )
        return total[:, 0] if residuals.ndim == 1 else total.T

    def curvature_product(self, theta: Weights, p: Reals, weights: Floats) -> Floats:
        dtype, first, run = theta.dtype, int(self.has_dummy), compiled(curvature_kernels.__name__)
        by_class = np.ascontiguousarray(np.atleast_2d(theta).T)
        n_classes = by_class.shape[1]
        # Unsigned, so that the kernel need not ask whether an index counts from the end.
        entries = self.indices.view(np.uint32), self.values.astype(dtype, copy=False)
        p, weights = np.ascontiguousarray(p.reshape(self.n_rows, -1), dtype), weights.astype(dtype, copy=False)
        intercepts = by_class[0] if first else np.zeros(n_classes, dtype)

        def add(rows: slice, sums: Floats) -> None:
            run.row_curvature_product(
                self._begins(rows),
                *entries,
                p[rows],
                weights[rows],
                by_class[first:],
                intercepts,
                np.empty(n_classes, dtype),
                sums[first:],
                sums[0] if first else np.zeros(n_classes, dtype),
            )

        total = self._summed(self.n_rows, np.zeros(by_class.shape, dtype), add)
        return (total[:, 0] if theta.ndim == 1 else total.T).astype(np.float64)

    def weighted_squares(self, weights: Reals) -> Floats:
        return self._squared().weighted_sum(weights)

    def _squared(self) -> SparseMatrix:
        squares = np.square(self.values, dtype=np.float64)
        return SparseMatrix(self.indptr, self.indices, squares, self.n_features, False, self.threads)

    def score_sizes(self, theta: Floats) -> Floats:
        return self._with(self.indptr, self.indices, np.abs(self.values)).scores(np.abs(theta))

    def scatter(self, residuals: Floats, rows: RowIndices) -> tuple[Columns, Floats]:
        block = self.take(rows)
        columns: Indices
        columns, numbers = np.unique(block.indices, return_inverse=True)
        block.indices, block.n_features = numbers.astype(np.int32), len(columns)
        columns = columns.astype(np.int64) + self.has_dummy
        if self.has_dummy:
            columns = np.concatenate([[0], columns])
        return columns, block.weighted_sum(residuals)

    def squared_norms(self, scales: Reals | None = None) -> Floats:
        if scales is None:
            return self._squared_norms
        return self._squared().scores(np.square(scales, dtype=np.float64))

    @cached_property
    def _squared_norms(self) -> Floats:
        norms = np.empty(self.n_rows)
        run = self._kernels().row_squared_norms
        self._in_parts(self.n_rows, lambda part: run(self._begins(part), self.values, norms[part]))
        return norms

    def _begins(self, rows: slice) -> NDArray[np.int64]:
        return self.indptr[rows.start : rows.stop + 1]

    def compressed_rows(self) -> tuple[Ints, Indices, Reals]:
        return self.indptr, self.indices, self.values

    def row(self, i: int) -> tuple[Indices, Reals]:
        part = slice(self.indptr[i], self.indptr[i + 1])
        return self.indices[part], self.values[part]

    def row_hashes(self) -> NDArray[np.int64]:
        return self._row_hashes

    @cached_property
    def _row_hashes(self) -> NDArray[np.int64]:
        hashes = np.empty(self.n_rows, dtype=np.int64)
        bits = self.values.view(f"i{self.values.itemsize}")
        run = self._kernels().row_hashes
        self._in_parts(self.n_rows, lambda part: run(self._begins(part), self.indices, bits, hashes[part]))
        return hashes

    def with_values(self, values: Reals) -> SparseMatrix:
        return self._with(self.indptr, self.indices, values)

    def take(self, rows: RowIndices) -> SparseMatrix:
        rows = self._rows(rows)
        indptr = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(self.indptr[rows + 1] - self.indptr[rows], out=indptr[1:])
        indices = np.empty(indptr[-1], dtype=self.indices.dtype)
        values = np.empty(indptr[-1], dtype=self.values.dtype)
        data, run = (self.indptr, self.indices, self.values), compiled(order_kernels.__name__).take_rows
        self._in_parts(
            len(rows), lambda part: run(*data, rows[part], indptr[part.start : part.stop + 1], indices, values)
        )
        taken = self._with(indptr, indices, values)
        # Norms and hashes are known already.
        vars(taken).update({name: own[rows] for name, own in vars(self).items() if name in _OF_ROWS})
        return taken

    def by_falling_frequency(self, n_weights: int) -> tuple[SparseMatrix, Indices]:
        """Columns with the most entries first: the weights that are needed most often then lie close together.

        Where not all fit in the cache, a row's other columns come last, so that their waits for memory overlap.
        """
        frequency = np.zeros(self.n_features, dtype=np.int64)
        self._kernels().count_columns(self.indices, frequency)
        rank = np.arange(self.n_features, dtype=self.indices.dtype)
        if np.all(frequency[1:] <= frequency[:-1]):
            return self, rank
        run = compiled(order_kernels.__name__)
        run.falling_ranks(frequency, np.zeros(self.n_rows + 2, dtype=np.int64), rank)
        indices, values, near = np.empty_like(self.indices), self.values, _NEAR // n_weights
        if near < self.n_features:
            values = np.empty_like(values)
            old, new = (self.indices, self.values, rank), (indices, values)
            self._in_parts(self.n_rows, lambda part: run.near_first(self._begins(part), *old, near, *new))
        else:
            self._in_parts(len(indices), lambda part: run.renumber(self.indices[part], rank, indices[part]))
        ranked = self._with(self.indptr, indices, values)
        # The cached property need not be computed again.
        vars(ranked)["_squared_norms"] = self._squared_norms
        return ranked, rank
