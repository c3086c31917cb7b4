"""Newton's method: for dense data, for columns of any scale, for small λ and for none.

One step solves H·Δ = -∇L̂, so that no scale of a column matters. The columns are centred first, which the free intercept
takes up again: a constant column then is nothing, and one that varies little about a large mean is no copy of the dummy
feature. A step is halved until the loss falls enough; near the optimum the full step squares the distance.

With few weights the Hessian is formed and the step exact; with many, the step is found by conjugate gradients.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats
from vikt.matrix import DesignMatrix
from vikt.model.objective import Objective
from vikt.solvers.certificate import Certificate, balanced_intercepts, gradient_certificate, value_rounding
from vikt.solvers.conjugate_gradients import ConjugateGradients, dot
from vikt.solvers.solution import LossRecord, Progress, Solution

_EPSILON = float(np.finfo(np.float64).eps)
_QUICK = 3e8
_QUICK_BY_LIBRARY = 2e7
_ENOUGH = 1e-4
_SHORTEST_STEP = 2.0**-40
# What rounding can do to a value, in units of its type's.
_ROUNDINGS = 8
_ROUNDING = _ROUNDINGS * _EPSILON
_STEPS_IN_VAIN = 10
# Solved a little farther than must be proven.
_FARTHER = 0.25
# A product with the Hessian that lowers the objective by less than this share of what those before it did, on average,
# ends a step.
_LITTLE = 0.5
_REMEDY = "raise tol, or scale the features to about 1"


def is_exact(objective: Objective) -> bool:
    """Whether the Hessian of N weights is formed: where its (m + N)·N² products are a matter of a second at most."""
    weights = int(np.prod(objective.shape))
    most = _QUICK_BY_LIBRARY if objective.X.by_library else _QUICK
    return bool((objective.X.n_rows + weights) * weights**2 <= most)


class Steps(Protocol):
    """What Newton's method asks of a way to solve for its step; gradients are those by the centred columns' weights.

    Attributes
    ----------
    dtype : dtype
        Of the quickest products, which will do far from the optimum.
    rounding : float
        How long a gradient such products may make of none.
    """

    dtype: np.dtype[Any]
    rounding: float

    def gradient(self, theta: Floats, residuals: NDArray[Any]) -> Floats:
        """∂L̂/∂θ: the shape of θ. It is as rough as the type of the residuals."""
        ...

    def step(self, gradient: Floats, p: Floats, goal: float, little: float) -> tuple[Floats, float]:
        """Δ, to a length of ∇L̂ + H·Δ below `goal` if not better, or until more work adds `little`; and -∇L̂ᵀΔ."""
        ...


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
        The most steps.
    random_state : int
        Not needed: nothing is drawn.
    theta : ndarray, optional
        Where to begin.
    progress : callable, optional
        Called with each step's record.
    """
    steps: Steps = ExactSteps(objective) if is_exact(objective) else ConjugateGradients(objective)
    dtype = steps.dtype
    theta = _beginning(objective) if theta is None else theta
    scores = objective.scores(theta.astype(dtype, copy=False))
    curve: list[LossRecord] = []
    begun, last = perf_counter(), np.inf
    values: list[float] = []
    # How the fit ended where the value could tell no better point, before the gradient alone led it on.
    ended: list[tuple[Floats, Certificate]] = []
    blurred = 0.0
    while True:
        if dtype == np.float64:
            theta, scores = balanced_intercepts(objective, theta, scores)
        value = objective.value_from_scores(scores, theta)
        values.append(value)
        training_loss = value - objective.penalty.value(theta)
        curve.append(LossRecord(len(curve), training_loss, seconds=perf_counter() - begun))
        if progress:
            progress(curve[-1])
        p = objective.loss.probabilities(scores)
        gradient = steps.gradient(theta, objective.loss.residuals_at(p, objective.y).astype(dtype, copy=False))
        squares = dot(gradient, gradient)
        wanted = 4 * objective.l2 * tol * value / objective.penalty.largest_scale**2 if objective.l2 else epsilon
        # Rough products have told what they can.
        if dtype != np.float64 and squares <= max(steps.rounding**2, 0.0 if objective.l2 else epsilon):
            dtype, scores = np.dtype(np.float64), objective.scores(theta)
            values.clear()
            continue
        if objective.l2 and squares <= wanted:
            theta, proof = gradient_certificate(objective, theta)
            if proof.relative <= tol:
                reason = f"the model is proven within {proof.relative:.1e} of the optimum (tol = {tol:g})"
                return Solution(theta, proof, curve, True, reason)
            wanted = min(wanted, squares)
        step, decrement = steps.step(gradient, p, np.sqrt(_FARTHER * wanted), 0.0 if ended else _LITTLE)
        if objective.X.has_dummy and step.ndim == 2:
            # All classes' scores may rise together, which changes nothing; so they do not.
            step[:, 0] -= np.mean(step[:, 0])
        # No scale of a column makes the decrement small.
        slope = max(squares, decrement)
        if not objective.l2 and slope < epsilon:
            reason = f"converged: the sum of squares of the gradient, {slope:.1e} at most, fell below ε = {epsilon:.1e}"
            return Solution(*gradient_certificate(objective, theta), curve, True, reason)
        if len(curve) > max_iter:
            reason = f"max_iter = {max_iter} of Newton's steps reached before convergence"
            return Solution(*gradient_certificate(objective, theta), curve, False, reason)
        # Where even the value cannot tell a better point, the decrement still can, until rounding is all there is.
        at_rounding = (decrement <= _ROUNDING * value + blurred and decrement > last / 2) or _stuck(values)
        better = None if at_rounding else _better(objective, theta, step, value + blurred, decrement, dtype)
        if better is None and dtype != np.float64:
            dtype, scores = np.dtype(np.float64), objective.scores(theta)
            # A rough value may be lower than any exact one.
            values.clear()
            continue
        if better is None:
            ended.append(gradient_certificate(objective, theta))
            if len(ended) == 1:
                # The scores' rounding can hide a fall, and a gradient in stiff directions hardly lowers the value.
                blurred, last = value_rounding(objective, theta), np.inf
                values.clear()
                continue
            theta, proof = min(reversed(ended), key=lambda fit: fit[1].relative)
            return Solution(theta, proof, curve, proof.relative <= tol, _no_better(proof), remedy=_REMEDY)
        (theta, scores), last = better, decrement


class ExactSteps:
    """Newton's steps of an objective by its Hessian, in terms of the rows centred, which are held as a dense array.

    Parameters
    ----------
    objective : Objective
    """

    def __init__(self, objective: Objective) -> None:
        self.objective, self.dtype, self.rounding = objective, np.dtype(np.float64), 0.0
        self.share = objective.weights / objective.total_weight
        self.first = int(objective.X.has_dummy)
        self.means = objective.column_means
        self.values = centred_rows(objective.X, self.means)

    def gradient(self, theta: Floats, residuals: NDArray[Any]) -> Floats:
        sums = np.einsum("i...,ij->...j", (residuals.T * self.share).T, self.values)
        return np.asarray(sums + self.objective.penalty.gradient(theta))

    def step(self, gradient: Floats, p: Floats, goal: float, little: float) -> tuple[Floats, float]:
        hessian = self._hessian(p.reshape(len(p), -1))
        inner = np.arange(hessian.shape[0]).reshape(-1, gradient.shape[-1])[:, self.first :].ravel()
        hessian[inner, inner] += 2 * np.ravel(self.objective.penalty.strengths)
        step = -solve_semidefinite(hessian, gradient.ravel()).reshape(gradient.shape)
        decrement = -float(np.sum(gradient * step))
        if self.first:
            step[..., 0] -= np.einsum("...j,j->...", step[..., 1:], self.means)
        return step, decrement

    def _hessian(self, p: Floats) -> Floats:
        """Of the mean loss, classes × columns in rows and in columns: Σ_i (w_i/W) (diag(p) - ppᵀ) ⊗ xxᵀ."""
        n_classes, width = p.shape[1], self.values.shape[1]
        hessian = np.empty((n_classes, width, n_classes, width))
        for k in range(n_classes):
            for other in range(k + 1):
                covariance = p[:, k] * ((1 - p[:, k]) if k == other else -p[:, other])
                weighted = self.values * (self.share * covariance)[:, None]
                block = self._inner_products(weighted)
                hessian[k, :, other], hessian[other, :, k] = block, block
        return hessian.reshape(n_classes * width, -1)

    def _inner_products(self, weighted: Floats) -> Floats:
        if self.objective.X.by_library:
            return np.asarray(weighted.T @ self.values)
        # Not a matrix product: the library behind it sums in an order that hangs on its threads.
        return np.asarray(np.einsum("ij,ik->jk", weighted, self.values))


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


def _beginning(objective: Objective) -> Floats:
    """No weights, and the intercepts by which every row has each class's share for its probability."""
    theta = np.zeros(objective.shape)
    if objective.X.has_dummy:
        by_class = np.bincount(objective.y, weights=objective.weights, minlength=objective.n_classes)
        logs = np.log(by_class / objective.total_weight + _EPSILON)
        theta[..., 0] = logs[1] - logs[0] if theta.ndim == 1 else logs - np.mean(logs)
    return theta


def _better(
    objective: Objective, theta: Floats, step: Floats, value: float, decrement: float, dtype: np.dtype[Any]
) -> tuple[Floats, Floats] | None:
    """θ and its scores some way along the step, from all of it down by halves; None where no part lowers L̂."""
    length, rounding = 1.0, _ROUNDINGS * float(np.finfo(dtype).eps)
    while length > _SHORTEST_STEP:
        further = theta + length * step
        scores = objective.scores(further.astype(dtype, copy=False))
        allowed = value - _ENOUGH * length * decrement + rounding * value
        if objective.value_from_scores(scores, further) <= allowed:
            return further, scores
        length /= 2
    return None


def _stuck(values: list[float]) -> bool:
    """Whether the last steps have not lowered the objective by more than rounding."""
    before = values[:-_STEPS_IN_VAIN]
    return bool(before) and min(values) >= min(before) * (1 - _ROUNDING)


def _no_better(proof: Certificate) -> str:
    return (
        f"rounding ended the fit before convergence, {proof.distance}: no step lowers the loss by what float64 can tell"
    )


def centred_rows(X: DesignMatrix, means: Floats) -> Floats:
    """The rows as a dense array, each column less its mean, the dummy feature (if there is one) first: (m, n+1)."""
    values = _dense(X)
    if not X.has_dummy:
        return values
    largest = np.abs(values).max(axis=0)
    values -= means
    # What is left of a constant column is rounding.
    values[:, np.abs(values).max(axis=0) <= len(values) * _EPSILON * largest] = 0.0
    return np.column_stack([np.ones(len(values)), values])


def _dense(X: DesignMatrix) -> Floats:
    indptr, indices, values = X.compressed_rows()
    dense = np.zeros((X.n_rows, X.n_features))
    dense[np.repeat(np.arange(X.n_rows), np.diff(indptr)), indices] = values
    return dense
