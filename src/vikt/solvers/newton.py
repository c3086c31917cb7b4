"""Newton's method with a dense Hessian: for few weights, however badly the columns are scaled and however small λ.

One step solves H·Δ = -∇L̂, so that no scale of a column matters. The columns are centred first, which the free intercept
takes up again: a constant column then is nothing, and one that varies little about a large mean is no copy of the dummy
feature. A step is halved until the loss falls enough; near the optimum the full step squares the distance.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vikt.errors import UsageError
from vikt.matrix import DesignMatrix
from vikt.model.functions import Floats
from vikt.model.objective import Objective
from vikt.solvers.certificate import Certificate, gradient_certificate
from vikt.solvers.solution import LossRecord, Progress, Solution

_EPSILON = float(np.finfo(np.float64).eps)
_MOST_NUMBERS = 50_000_000
_QUICK = 3e8
_ENOUGH = 1e-4
_SHORTEST_STEP = 2.0**-40
_ROUNDING = 8 * _EPSILON
_REMEDY = "raise tol, or scale the features to about 1"


def is_quick(objective: Objective) -> bool:
    """Whether a step is a matter of a second at most."""
    weights = int(np.prod(objective.shape))
    return bool((objective.X.n_rows + weights) * weights**2 <= _QUICK)


def newton(
    objective: Objective,
    *,
    tol: float = 1e-4,
    epsilon: float = 1e-12,
    max_iter: int = 200,
    random_state: int = 0,
    theta: Floats | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Minimise by Newton's method.

    Parameters
    ----------
    objective : Objective
    tol, epsilon : float
        The relative distance to be proven; where λ = 0, the ε below which the sum of squares of the gradient must fall.
    max_iter : int
        The most steps, each of which is a pass over the rows.
    random_state : int
        Not needed: nothing is drawn.
    theta : ndarray, optional
        Where to begin.
    progress : callable, optional
        Called with each step's record.

    Raises
    ------
    UsageError
        The rows or the Hessian would not fit in memory.
    """
    _check_size(objective)
    rows = _CentredRows(objective)
    theta = np.zeros(objective.shape) if theta is None else theta
    curve: list[LossRecord] = []
    last = np.inf
    while True:
        theta, proof = gradient_certificate(objective, theta)
        scores = objective.scores(theta)
        residuals = objective.loss.residuals(scores, objective.y)
        squares = float(np.sum(objective.gradient_from_residuals(residuals, theta) ** 2))
        curve.append(LossRecord(len(curve), proof.value - objective.penalty.value(theta)))
        if progress:
            progress(curve[-1])
        step, decrement = rows.step(theta, scores, residuals)
        reason = _met(objective, proof, max(squares, decrement), tol, epsilon)
        if reason:
            return Solution(theta, proof, curve, True, reason)
        if len(curve) > max_iter:
            reason = f"max_iter reached before convergence, after {max_iter} of Newton's steps"
            return Solution(theta, proof, curve, False, reason)
        # Where even the value cannot tell a better point, the decrement still can, until rounding is all there is.
        at_rounding = decrement <= _ROUNDING * proof.value and decrement > last / 2
        length = 0.0 if at_rounding else _length(objective, theta, step, proof.value, decrement)
        if not length:
            return Solution(theta, proof, curve, False, _no_better(proof), remedy=_REMEDY)
        theta, last = theta + length * step, decrement


class _CentredRows:
    """Newton's step, in terms of the rows centred."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.share = objective.weights / objective.total_weight
        self.first = int(objective.X.has_dummy)
        self.values = centred_rows(objective.X, objective.weights)
        self.means = column_means(objective.X, objective.weights)

    def step(self, theta: Floats, scores: Floats, residuals: Floats) -> tuple[Floats, float]:
        """Newton's step from θ, and how steeply the objective falls along it: -∇L̂ᵀΔ."""
        penalised = np.atleast_2d(theta).copy()
        penalised[:, : self.first] = 0.0
        curvature = 2 * self.objective.l2
        by_class = residuals.reshape(len(residuals), -1)
        gradient = np.einsum("ik,ij->kj", by_class * self.share[:, None], self.values) + curvature * penalised
        hessian = self._hessian(self.objective.loss.probabilities(scores).reshape(by_class.shape))
        inner = np.arange(hessian.shape[0]).reshape(gradient.shape)[:, self.first :].ravel()
        hessian[inner, inner] += curvature
        step = -solve_semidefinite(hessian, gradient.ravel()).reshape(gradient.shape)
        decrement = -float(np.sum(gradient * step))
        if self.first:
            step[:, 0] -= np.einsum("kj,j->k", step[:, 1:], self.means)
        return step.reshape(theta.shape), decrement

    def _hessian(self, p: Floats) -> Floats:
        """Of the mean loss, classes × columns in rows and in columns: Σ_i (w_i/W) (diag(p) - ppᵀ) ⊗ xxᵀ."""
        n_classes, width = p.shape[1], self.values.shape[1]
        hessian = np.empty((n_classes, width, n_classes, width))
        for k in range(n_classes):
            for other in range(k + 1):
                covariance = p[:, k] * ((1 - p[:, k]) if k == other else -p[:, other])
                weighted = self.values * (self.share * covariance)[:, None]
                # Not a matrix product: the library behind it sums in an order that hangs on its threads.
                block = np.einsum("ij,ik->jk", weighted, self.values)
                hessian[k, :, other], hessian[other, :, k] = block, block
        return hessian.reshape(n_classes * width, -1)


def solve_semidefinite(matrix: Floats, right: Floats) -> Floats:
    """The x with A·x = b for a symmetric A ≥ 0, by elimination, the largest pivot first.

    A direction in which A is flat, but for rounding, is left alone: its part of x is 0.

    Examples
    --------
    >>> solve_semidefinite(np.array([[4.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 1.0, 1.0]]), np.array([8.0, 3.0, 3.0]))
    array([2., 3., 0.])
    """
    size = len(right)
    scale = np.sqrt(np.diag(matrix))
    scale = np.divide(1.0, scale, out=np.zeros(size), where=scale > 0)
    system = np.column_stack([matrix * scale * scale[:, None], right * scale])
    left = np.diag(system).copy()
    solved = np.zeros(size, dtype=bool)
    while not solved.all():
        pivot = int(np.argmax(np.where(solved, -np.inf, left)))
        if left[pivot] <= size * _EPSILON:
            break
        solved[pivot] = True
        system[pivot] /= system[pivot, pivot]
        column = system[:, pivot].copy()
        column[pivot] = 0.0
        system -= np.multiply.outer(column, system[pivot])
        left = system[np.arange(size), np.arange(size)]
    return np.asarray(np.where(solved, system[:, -1] * scale, 0.0))


def _length(objective: Objective, theta: Floats, step: Floats, value: float, decrement: float) -> float:
    """How much of a step to take, from all of it down by halves; 0 where no part lowers the objective."""
    length = 1.0
    while length > _SHORTEST_STEP:
        if objective.value(theta + length * step) <= value - _ENOUGH * length * decrement + _ROUNDING * value:
            return length
        length /= 2
    return 0.0


def _met(objective: Objective, proof: Certificate, slope: float, tol: float, epsilon: float) -> str:
    """In words, that the rule for stopping is met; empty where it is not.

    `slope` is the larger of the sum of squares of the gradient and Newton's decrement, which no scale of a column makes
    small.
    """
    if proof.relative <= tol:
        return f"the model is proven within {proof.relative:.1e} of the optimum (tol = {tol:g})"
    if objective.l2 == 0 and slope < epsilon:
        return f"converged: the sum of squares of the gradient, {slope:.1e} at most, fell below ε = {epsilon:.1e}"
    return ""


def _no_better(proof: Certificate) -> str:
    return (
        f"rounding ended the fit before convergence, {proof.distance}: no step lowers the loss by what float64 can tell"
    )


def column_means(X: DesignMatrix, weights: Floats) -> Floats:
    """The weighted mean of each column where the intercept is free to take it up; else 0: (n,)."""
    if not X.has_dummy:
        return np.zeros(X.n_features)
    return X.weighted_sum(weights)[1:] / float(np.sum(weights))


def centred_rows(X: DesignMatrix, weights: Floats) -> Floats:
    """The rows as a dense array, each column less its mean, the dummy feature (if there is one) first: (m, n+1)."""
    values = _dense(X)
    if not X.has_dummy:
        return values
    largest = np.abs(values).max(axis=0)
    values -= column_means(X, weights)
    # What is left of a constant column is rounding.
    values[:, np.abs(values).max(axis=0) <= len(values) * _EPSILON * largest] = 0.0
    return np.column_stack([np.ones(len(values)), values])


def _dense(X: DesignMatrix) -> Floats:
    indptr, indices, values = X.compressed_rows()
    dense = np.zeros((X.n_rows, X.n_features))
    dense[np.repeat(np.arange(X.n_rows), np.diff(indptr)), indices] = values
    return dense


def _check_size(objective: Objective) -> None:
    weights = int(np.prod(objective.shape))
    numbers: Any = max(weights**2, objective.X.n_rows * objective.X.n_features)
    if numbers > _MOST_NUMBERS:
        raise UsageError(
            f"solver 'newton' is for few weights: {objective.X.n_rows} rows and {weights} weights make an array of "
            f"{numbers:,} numbers, more than {_MOST_NUMBERS:,}; choose 'dual', or 'batch' where λ = 0"
        )
