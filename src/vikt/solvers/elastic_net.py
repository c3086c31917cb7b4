"""The elastic net: proximal Newton steps by coordinate descent, on the few weights that are not, or need not be, zero.

λ₁|θ_j| has a kink at 0, so at the optimum a weight is exactly 0 where the mean loss is no steeper than λ₁. A round
looks at all columns once, takes up the steepest of those, and goes on with them and the weights that are not 0 until
these are near their own optimum; the proof is of all columns. A step minimises the quadratic model of the loss and the
penalty as it is, column after column, goes on by conjugate gradients in what is not 0, and is halved until the loss
falls.

Sources: Friedman, Hastie and Tibshirani 2010 (glmnet); Yuan, Ho and Lin 2012; Massias, Gramfort and Salmon 2018.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats
from vikt.compiled import compiled
from vikt.errors import UsageError
from vikt.model.objective import Objective
from vikt.solvers import elastic_net_kernels
from vikt.solvers.certificate import balanced_intercepts, certificate, elastic_net_gap, gradient_certificate
from vikt.solvers.solution import LossRecord, Progress, Solution

_EPSILON = float(np.finfo(np.float64).eps)
_FEWEST_COORDINATES = 256
_GROWTH = 2
# How near to their own optimum the weights taken up are brought in one round, and the model's in one step.
_NEAR = 0.3
_MOST_STEPS_A_ROUND = 20
_MOST_CYCLES = 10
_MOST_PRODUCTS = 50
_ENOUGH = 1e-4
_SHORTEST_STEP = 2.0**-40
_ROUNDING = 8 * _EPSILON
_ROUNDS_WITHOUT_GAIN = 20
# Rounding makes the proof a little weaker than what is seen on the way.
_SURE = 0.9


def elastic_net(
    objective: Objective,
    *,
    tol: float = 1e-4,
    max_iter: int = 1000,
    random_state: int = 0,
    theta: Floats | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Minimise by proximal Newton steps, with exact zeros.

    Parameters
    ----------
    objective : Objective
        With λ > 0 or λ₁ > 0.
    tol : float
        The relative distance to be proven.
    max_iter : int
        The most steps, each of which is a few passes over the columns that count.
    random_state : int
        Not needed: nothing is drawn.
    theta : ndarray, optional
        Where to begin.
    progress : callable, optional
        Called with each round's record.

    Raises
    ------
    UsageError
        λ = λ₁ = 0: there would be no proof.
    """
    if objective.l1 == 0 and objective.l2 == 0:
        raise UsageError("solver 'elastic_net' needs a penalty, found λ = λ₁ = 0; choose 'newton' or 'batch'")
    work = _Work(objective, np.zeros(objective.shape) if theta is None else theta)
    curve: list[LossRecord] = []
    least, since, begun = np.inf, 0, perf_counter()
    while True:
        value, gap, slopes = work.look_at_all()
        training_loss = value - objective.penalty.value(work.theta)
        curve.append(LossRecord(work.steps, training_loss, seconds=perf_counter() - begun))
        if progress:
            progress(curve[-1])
        since = 0 if gap < least else since + 1
        least = min(least, gap)
        sure = certificate(value, gap).relative <= _SURE * tol
        stuck, ended = since >= _ROUNDS_WITHOUT_GAIN, work.steps >= max_iter
        if sure or stuck or ended:
            theta, proof = gradient_certificate(objective, work.theta)
            if proof.relative <= tol:
                reason = f"the model is proven within {proof.relative:.1e} of the optimum (tol = {tol:g})"
                return Solution(theta, proof, curve, True, reason)
            if stuck or ended:
                why = "rounding ended the fit" if stuck else f"max_iter = {max_iter} steps reached"
                return Solution(theta, proof, curve, False, f"{why} before convergence, {proof.distance}")
            work.scores = objective.scores(work.theta)
        work.improve(slopes, max_iter)


class _Columns(NamedTuple):
    """The data matrix by columns: where each begins, rows and values; and the mean taken from each, mostly 0."""

    indptr: NDArray[np.int64]
    rows: NDArray[np.uint32]
    values: Floats
    means: Floats

    @classmethod
    def of(cls, objective: Objective) -> _Columns:
        """Columns without many zeros are centred, which the free intercept takes up: far from 0 they resemble it."""
        X = objective.X
        indptr, indices, values = X.compressed_rows()
        counts = np.bincount(indices, minlength=X.n_features)
        means = np.where(2 * counts <= X.n_rows, 0.0, objective.column_means)
        counts = np.where(means != 0, X.n_rows, counts)
        ends = np.concatenate([[0], np.cumsum(counts)])
        starts = ends[:-1].copy()
        rows, columns = np.empty(ends[-1], dtype=np.uint32), np.zeros(ends[-1])
        compiled(elastic_net_kernels.__name__).by_column(indptr, indices, values, means, starts, rows, columns)
        return cls(ends, rows, columns, means)


class _Work:
    """θ and its scores on the way to the optimum."""

    def __init__(self, objective: Objective, theta: Floats) -> None:
        self.objective = objective
        self.share = objective.weights / objective.total_weight
        self.first = int(objective.X.has_dummy)
        self.theta = np.array(theta, dtype=np.float64)
        self.scores = objective.scores(self.theta)
        self.columns = _Columns.of(objective)
        self.l2, self.l1 = (
            np.broadcast_to(each, self.theta[..., self.first :].shape)
            for each in (objective.penalty.strengths, objective.penalty.kinks)
        )
        self.kernels = compiled(elastic_net_kernels.__name__)
        self.minimise_model = getattr(self.kernels, _MODELS[self.theta.ndim].__name__)
        self.steps = 0

    def look_at_all(self) -> tuple[float, float, Floats]:
        """With the intercepts at their optimum: L̂, the gap but for rounding, and the slopes of the mean loss."""
        objective = self.objective
        self.theta, self.scores = balanced_intercepts(objective, self.theta, self.scores)
        residuals = objective.loss.residuals(self.scores, objective.y)
        gradient = objective.X.weighted_sum((residuals.T * self.share).T)
        slopes = gradient[..., self.first :]
        if self.first:
            slopes = slopes - np.multiply.outer(gradient[..., 0], self.columns.means)
        losses = objective.loss.losses(self.scores, objective.y)
        value = objective.value_from_scores(self.scores, self.theta)
        return value, elastic_net_gap(objective, self.theta, losses, slopes), slopes

    def improve(self, slopes: Floats, max_iter: int) -> None:
        """Bring the weights that count near their own optimum."""
        weights = self.theta[..., self.first :]
        violations = _violations(slopes, weights, self.l2, self.l1)
        enough = _NEAR * float(violations.max(initial=0.0))
        coordinates = _chosen(np.atleast_2d(violations), np.atleast_2d(weights))
        for _ in range(_MOST_STEPS_A_ROUND):
            if self.steps >= max_iter or not self._step(*coordinates, enough):
                break

    def _step(self, features: NDArray[np.int64], classes: NDArray[np.int64], enough: float) -> bool:
        """One proximal Newton step in some coordinates; False where they are near enough or nothing is gained."""
        objective, (indptr, rows, values, means) = self.objective, self.columns
        by_class = np.atleast_2d(self.theta)
        m, n_classes = objective.X.n_rows, len(by_class)
        p = np.ascontiguousarray(objective.loss.probabilities(self.scores).reshape(m, n_classes))
        residuals = objective.loss.residuals(self.scores, objective.y).reshape(m, n_classes)
        residuals = np.ascontiguousarray(residuals * self.share[:, None])
        slopes, curvatures = np.empty(len(features)), np.empty(len(features))
        held = indptr, rows, values, features, classes
        self.kernels.slopes_and_curvatures(*held, residuals, self.share, p, slopes, curvatures)
        weights = by_class[classes, self.first + features]
        l2, l1 = (np.atleast_2d(each)[classes, features] for each in (self.l2, self.l1))
        violation = float(_violations(slopes, weights, l2, l1).max(initial=0.0))
        if violation <= enough:
            return False
        step, moved, mean = np.zeros(len(features)), np.zeros((m, n_classes)), np.zeros(m)
        intercept_slopes, intercept_step = residuals.sum(axis=0), np.zeros(n_classes)
        near = _NEAR * max(violation, enough)
        self.minimise_model(
            *(*held, slopes, curvatures, p * self.share[:, None], p),
            *(l2, l1, weights, step, self.first, intercept_slopes, intercept_step, moved, mean),
            *(near, _MOST_CYCLES),
        )
        self.steps += 1
        model = _Model(held, slopes, curvatures, intercept_slopes, p, self.share, weights, self.first, l2, l1)
        step, intercept_step, moved = model.polished(step, intercept_step, moved, near)
        fall = float(np.sum(slopes * step) + np.sum(intercept_slopes * intercept_step))
        whole: Floats = np.zeros_like(by_class)
        whole[classes, self.first + features] = step
        if self.first:
            taken_up = np.bincount(classes, weights=means[features] * step, minlength=n_classes)
            whole[:, 0] = intercept_step - taken_up
        return self._go(whole.reshape(self.theta.shape), moved.reshape(self.scores.shape), fall)

    def _go(self, step: Floats, moved: Floats, slope: float) -> bool:
        """Go as much of a step as lowers the objective, from all of it down by halves."""
        objective = self.objective
        value, penalty = objective.value_from_scores(self.scores, self.theta), objective.penalty.value(self.theta)
        length = 1.0
        while length > _SHORTEST_STEP:
            theta, scores = self.theta + length * step, self.scores + length * moved
            fall = length * slope + objective.penalty.value(theta) - penalty
            if objective.value_from_scores(scores, theta) <= value + _ENOUGH * min(fall, 0.0) + _ROUNDING * value:
                self.theta, self.scores = theta, scores
                return True
            length /= 2
        return False


class _Model(NamedTuple):
    """The quadratic model of the mean loss about θ, in some coordinates and the intercepts."""

    held: tuple[Any, ...]
    slopes: Floats
    curvatures: Floats
    intercept_slopes: Floats
    p: Floats
    share: Floats
    weights: Floats
    first: int
    l2: Floats
    l1: Floats

    def polished(
        self, step: Floats, intercept_step: Floats, moved: Floats, enough: float
    ) -> tuple[Floats, Floats, Floats]:
        """The step, gone on with by conjugate gradients in the weights that are not 0, as if each kept its sign.

        Coordinate descent finds out which weights are 0, but is slow with columns that resemble each other. A weight
        that would change its sign becomes 0. What does not lower the model is not taken.
        """
        weights = self.weights + step
        free = weights != 0
        if not free.any():
            return step, intercept_step, moved
        restricted = self._replace(held=(*self.held[:3], self.held[3][free], self.held[4][free]))
        l2 = self.l2[free]
        kinks = self.l1[free] * np.sign(weights[free]) + 2 * l2 * weights[free] + self.slopes[free]
        gradient = restricted.bent(moved) + np.concatenate([kinks, self.intercept_slopes * self.first])
        by_weight = self.curvatures[free] + 2 * l2
        by_intercept = np.sum(self.share[:, None] * self.p * (1 - self.p), axis=0)
        diagonal = np.maximum(np.concatenate([by_weight, by_intercept]), np.finfo(np.float64).tiny)

        def product(direction: Floats) -> Floats:
            bent = restricted.bent(restricted.scores(direction))
            bent[: len(by_weight)] += 2 * l2 * direction[: len(by_weight)]
            return bent

        further = _conjugate_gradients(product, -gradient, diagonal, enough)
        target = weights[free] + further[: len(by_weight)]
        target[np.sign(target) != np.sign(weights[free])] = 0.0
        polished, all_moved = step.copy(), moved.copy()
        polished[free] = np.where(target == 0, -self.weights[free], target - self.weights[free])
        further[: len(by_weight)] = target - weights[free]
        all_moved += restricted.scores(further)
        intercepts = intercept_step + further[len(by_weight) :] * self.first
        before = self.value(step, intercept_step, moved)
        if self.value(polished, intercepts, all_moved) < before:
            return polished, intercepts, all_moved
        return step, intercept_step, moved

    def value(self, step: Floats, intercept_step: Floats, moved: Floats) -> float:
        weights = self.weights + step
        linear = np.sum(self.slopes * step) + np.sum(self.intercept_slopes * intercept_step)
        quadratic = np.sum(self._curved(moved) * moved) / 2
        penalty = np.sum(self.l1 * np.abs(weights)) + np.sum(self.l2 * weights * weights)
        return float(linear + quadratic + penalty)

    def scores(self, direction: Floats) -> Floats:
        """Of a step in the coordinates, and last the intercepts."""
        moved: Floats = np.zeros_like(self.p) + direction[-self.p.shape[1] :] * self.first
        compiled(elastic_net_kernels.__name__).add_scores(*self.held, direction, moved)
        return moved

    def bent(self, moved: Floats) -> Floats:
        """By how much the slopes change as scores move."""
        curved = self._curved(moved)
        sums = np.empty(len(self.held[3]))
        compiled(elastic_net_kernels.__name__).column_sums(*self.held, curved, sums)
        return np.concatenate([sums, curved.sum(axis=0) * self.first])

    def _curved(self, moved: Floats) -> Floats:
        mean = np.sum(self.p * moved, axis=1, keepdims=True)
        return np.asarray(self.share[:, None] * self.p * (moved - mean))


def _conjugate_gradients(product: Callable[[Floats], Floats], right: Floats, diagonal: Floats, enough: float) -> Floats:
    """The x with H·x = b, until no number of H·x is off by more than `enough`, or for as long as H is not flat."""
    found, rest = np.zeros_like(right), right.copy()
    direction = rest / diagonal
    size = float(np.sum(rest * direction))
    for _ in range(_MOST_PRODUCTS):
        if np.abs(rest).max() <= enough:
            break
        bent = product(direction)
        curvature = float(np.sum(direction * bent))
        if not curvature > 0:
            break
        found += size / curvature * direction
        rest -= size / curvature * bent
        last, size = size, float(np.sum(rest * rest / diagonal))
        direction = rest / diagonal + size / last * direction
    return found


def _violations(slopes: Floats, weights: Floats, l2: Floats, l1: Floats) -> Floats:
    """How far the slope at each weight is from what the optimum asks: the least of the subgradients."""
    slopes = slopes + 2 * l2 * weights
    at_zero = np.maximum(np.abs(slopes) - l1, 0.0)
    return np.asarray(np.where(weights == 0, at_zero, np.abs(slopes + l1 * np.sign(weights))))


_MODELS = {1: elastic_net_kernels.minimise_model_of_two_classes, 2: elastic_net_kernels.minimise_model}


def _chosen(violations: Floats, weights: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Features and classes of the weights that are not 0, and of those furthest from what the optimum asks."""
    there = weights != 0
    wanted = max(_FEWEST_COORDINATES, _GROWTH * int(np.count_nonzero(there)))
    candidates = np.where(there, np.inf, violations).ravel()
    found = np.flatnonzero(candidates > 0)
    if len(found) > wanted:
        least: Any = np.partition(candidates[found], len(found) - wanted)[len(found) - wanted]
        found = found[candidates[found] >= least]
    classes, features = np.divmod(found, weights.shape[1])
    order = np.lexsort((classes, features))
    return features[order], classes[order]
