"""The protocol of a design matrix: the products that a solver may ask for, and no others."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Columns, Floats, FloatType, Indices, Ints, Reals, RowIndices, Weights


class DesignMatrix(Protocol):
    """Data matrix X: (m, n+1), a row a data point; column 0 is the dummy feature x_0 = 1, which is never stored.

    Weights θ are (n+1,) for two classes or (K, n+1) for more, column 0 the intercepts. Without a dummy feature
    (`has_dummy` false, `fit_intercept=False`) they are (n,) or (K, n).

    Attributes
    ----------
    n_rows : int
        m, the number of data points.
    n_features : int
        n, the number of features; the dummy is not counted.
    has_dummy : bool
        Whether the dummy feature stands in column 0.
    quick_dtype : dtype
        The type of θ and residuals for the quickest products, which may be rough.
    threads : int
        The number of threads for products and for what else is done with the rows.
    by_library : bool
        Whether products are left to the linear algebra library, which may sum in an order that depends on its threads.
    """

    n_rows: int
    n_features: int
    has_dummy: bool
    quick_dtype: FloatType
    threads: int
    by_library: bool

    def scores(self, theta: Weights, rows: RowIndices | None = None) -> Floats:
        """θᵀx of each row (all, or those named): (m,) for θ (n+1,), (m, K) for θ (K, n+1)."""
        ...

    def weighted_sum(self, residuals: Reals, rows: RowIndices | None = None) -> Floats:
        """Σ_i r_i·x_i over the rows (all, or those named): (n+1,) for residuals (m,), (K, n+1) for (m, K)."""
        ...

    def curvature_product(self, theta: Weights, p: Reals, weights: Floats) -> Floats:
        """Σ_i w_i x_i J_i x_iᵀθ, with J = diag(p) - ppᵀ of probabilities (m, K), or p(1 - p) of (m,): the shape of θ.

        It may be as rough as the type of θ.
        """
        ...

    def weighted_squares(self, weights: Reals) -> Floats:
        """Σ_i w_i·x_ij² of each column but the dummy: (n,) for weights (m,), (K, n) for (m, K)."""
        ...

    def score_sizes(self, theta: Floats) -> Floats:
        """Σ_j |x_ij θ_j| of each row, the dummy counted, for one class's θ: (m,)."""
        ...

    def scatter(self, residuals: Floats, rows: RowIndices) -> tuple[Columns, Floats]:
        """`weighted_sum` over a few rows, as (columns, values): it is zero in every other column.

        The columns, dummy included, index the last axis of θ; a dense matrix answers with all of them.
        """
        ...

    def squared_norms(self, scales: Reals | None = None) -> Floats:
        """Σ_j r_j² x_ij² of each row, the dummy not counted: (m,) for scales r (n,) or none, (m, K) for (K, n)."""
        ...

    def compressed_rows(self) -> tuple[Ints, Indices, Reals]:
        """The rows as (indptr, indices, values), for kernels that visit a row at a time."""
        ...

    def row(self, i: int) -> tuple[Indices, Reals]:
        """The columns of a row's non-zeros (without the dummy), and their values."""
        ...

    def row_hashes(self) -> NDArray[np.int64]:
        """64 bits of the columns and values of each row's non-zeros: (m,). Different rows may, very rarely, collide.

        They are the same whether rows are held sparse or dense.
        """
        ...

    def by_falling_frequency(self, n_weights: int) -> tuple[DesignMatrix, Indices]:
        """The same rows with their columns in the order that is quickest to read, and each column's new number.

        `n_weights` is the number of weights of one column.
        """
        ...

    def take(self, rows: RowIndices) -> DesignMatrix:
        """The rows named, in that order."""
        ...


def equal_rows(X: DesignMatrix, first: RowIndices, second: RowIndices) -> bool:
    """Whether each of the first rows has the same non-zeros as the second row in its place."""
    arrays = zip(X.take(first).compressed_rows(), X.take(second).compressed_rows(), strict=True)
    return all(np.array_equal(one, other) for one, other in arrays)
