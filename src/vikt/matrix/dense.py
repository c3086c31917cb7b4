"""A design matrix held as a dense array: embeddings, measurements, the lecture's small examples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.matrix.design import Floats, Rows

Everything = slice(None)


class DenseMatrix:
    """Rows held as an (m, n) array, float32 or float64.

    Examples
    --------
    >>> X = DenseMatrix(np.array([[1.0, 0.0], [1.0, 1.0]]))
    >>> X.scores(np.array([-1.0, 2.0, -3.0]))
    array([ 1., -2.])
    """

    def __init__(self, values: NDArray[np.floating[Any]], has_dummy: bool = True) -> None:
        self.values = values
        self.n_rows, self.n_features = values.shape
        self.has_dummy = has_dummy

    def scores(self, theta: NDArray[Any], rows: Rows | None = None) -> Floats:
        values = self.values if rows is None else self.values[rows]
        if not self.has_dummy:
            return np.asarray(values @ theta.T, dtype=np.float64)
        return np.asarray(values @ theta[..., 1:].T + theta[..., 0], dtype=np.float64)

    def weighted_sum(self, residuals: Floats, rows: Rows | None = None) -> Floats:
        values = self.values if rows is None else self.values[rows]
        sums = residuals.T @ values
        if not self.has_dummy:
            return np.asarray(sums, dtype=np.float64)
        return np.concatenate([residuals.T.sum(axis=-1, keepdims=True), sums], axis=-1)

    def scatter(self, residuals: Floats, rows: Rows) -> tuple[Any, Floats]:
        return Everything, self.weighted_sum(residuals, rows)

    def squared_norms(self) -> Floats:
        return np.asarray(np.einsum("ij,ij->i", self.values, self.values, dtype=np.float64))

    def compressed_rows(self) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[Any]]:
        rows, columns = np.nonzero(self.values)
        indptr = np.zeros(self.n_rows + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=self.n_rows), out=indptr[1:])
        return indptr, columns.astype(np.int32), self.values[rows, columns]

    def take(self, rows: Rows) -> DenseMatrix:
        return DenseMatrix(self.values[rows], self.has_dummy)
