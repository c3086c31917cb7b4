"""Newton's step where the weights are few: the Hessian is formed, and the step exact."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, FloatType, Reals
from vikt.matrix import DesignMatrix
from vikt.model.loss import EPSILON
from vikt.model.objective import Objective
from vikt.parts import Largest, Part, PerPart
from vikt.solvers.linear_systems import solve_semidefinite

_QUICK = 3e8
_QUICK_BY_LIBRARY = 2e7


def is_exact(objective: Objective) -> bool:
    """Whether the Hessian of N weights is formed: where its (m + N)·N² products are a matter of a second at most."""
    weights = int(np.prod(objective.shape))
    most = _QUICK_BY_LIBRARY if objective.parts.by_library else _QUICK
    return bool((objective.n_rows + weights) * weights**2 <= most)


class ExactSteps:
    """Newton's steps of an objective by its Hessian, in terms of the rows centred, which are held as dense arrays.

    Parameters
    ----------
    objective : Objective
    """

    def __init__(self, objective: Objective) -> None:
        self.objective, self.rounding = objective, 0.0
        self.dtype: FloatType = np.dtype(np.float64)
        self.first = int(objective.has_dummy)
        self.rows = centred_rows(objective)

    def gradient(self, theta: Floats, residuals: PerPart[Reals]) -> Floats:
        sums = self.objective.parts.sums(_weighted_rows, residuals, self.objective.shares, self.rows)
        return np.asarray(sums + self.objective.penalty.gradient(theta))

    def step(self, gradient: Floats, p: PerPart[Floats], goal: float, little: float) -> tuple[Floats, float]:
        hessian = self.objective.parts.sums(_hessian, p, self.objective.shares, self.rows)
        inner = np.arange(hessian.shape[0]).reshape(-1, gradient.shape[-1])[:, self.first :].ravel()
        hessian[inner, inner] += 2 * np.ravel(self.objective.penalty.strengths)
        step = -solve_semidefinite(hessian, gradient.ravel()).reshape(gradient.shape)
        decrement = -float(np.sum(gradient * step))
        if self.first:
            step[..., 0] -= np.einsum("...j,j->...", step[..., 1:], self.objective.column_means)
        return step, decrement


def centred_rows(objective: Objective) -> PerPart[Floats]:
    """The rows as dense arrays, each column less its mean, the dummy feature (if there is one) first: (m, n+1)."""
    parts = objective.parts
    rows = parts.each(_dense)
    if not objective.has_dummy:
        return rows
    centred = parts.each(_less, rows, objective.column_means)
    before, after = (parts.sums(_largest_by_column, each).value for each in (rows, centred))
    # What is left of a constant column is rounding.
    return parts.each(_with_dummy, centred, after <= objective.n_rows * EPSILON * before)


# The work of one part.


def _dense(part: Part) -> Floats:
    return dense_rows(part.X)


def dense_rows(X: DesignMatrix) -> Floats:
    """The rows of a design matrix, without the dummy feature, as a dense array: (m, n)."""
    indptr, indices, values = X.compressed_rows()
    dense = np.zeros((X.n_rows, X.n_features))
    dense[np.repeat(np.arange(X.n_rows), np.diff(indptr)), indices] = values
    return dense


def _less(part: Part, rows: Floats, means: Floats) -> Floats:
    return rows - means


def _largest_by_column(part: Part, rows: Floats) -> Largest:
    return Largest(np.abs(rows).max(axis=0))


def _with_dummy(part: Part, rows: Floats, constant: NDArray[np.bool_]) -> Floats:
    values = np.column_stack([np.ones(len(rows)), rows])
    values[:, 1:][:, constant] = 0.0
    return values


def _weighted_rows(part: Part, residuals: Reals, shares: Floats, rows: Floats) -> Floats:
    return np.asarray(np.einsum("i...,ij->...j", (residuals.T * shares).T, rows))


def _hessian(part: Part, p: Floats, shares: Floats, rows: Floats) -> Floats:
    """Of the mean loss, classes × columns in rows and in columns: Σ_i (w_i/W) (diag(p) - ppᵀ) ⊗ xxᵀ."""
    p = p.reshape(len(p), -1)
    n_classes, width = p.shape[1], rows.shape[1]
    hessian = np.empty((n_classes, width, n_classes, width))
    for k in range(n_classes):
        for other in range(k + 1):
            covariance = p[:, k] * ((1 - p[:, k]) if k == other else -p[:, other])
            weighted = rows * (shares * covariance)[:, None]
            block = _inner_products(weighted, rows, part.X.by_library)
            hessian[k, :, other], hessian[other, :, k] = block, block
    return hessian.reshape(n_classes * width, -1)


def _inner_products(weighted: Floats, rows: Floats, by_library: bool) -> Floats:
    if by_library:
        return np.asarray(weighted.T @ rows)
    # Not a matrix product: the library behind it sums in an order that depends on its threads.
    return np.asarray(np.einsum("ij,ik->jk", weighted, rows))
