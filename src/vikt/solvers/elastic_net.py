"""The elastic net: proximal Newton steps by coordinate descent, on the few weights that are not, or need not be, zero.

λ₁|θ_j| has a kink at 0, so at the optimum a weight is exactly 0 where the mean loss is no steeper than λ₁. A round
looks at all columns once, takes up the steepest of those, and moves them and the weights that are not 0 until these are
near their own optimum; the proof is of all columns. A step minimises the quadratic model of the loss and the penalty as
it is, column after column, then by conjugate gradients in the weights that are not 0, and is halved until the loss
falls.

Sources: Friedman, Hastie and Tibshirani 2010 (glmnet); Yuan, Ho and Lin 2012; Massias, Gramfort and Salmon 2018.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats
from vikt.base import LossRecord
from vikt.compiled import compiled
from vikt.errors import UsageError
from vikt.model.loss import EPSILON
from vikt.model.losses import BinaryCrossEntropy, MultinomialCrossEntropy
from vikt.model.objective import Objective
from vikt.model.soft_losses import BinarySoftCrossEntropy, SoftCrossEntropy
from vikt.names import LOOSE_TOL, Reason, finite
from vikt.parts import PerPart
from vikt.solvers import elastic_net_kernels
from vikt.solvers.certificate import certificate, gradient_certificate
from vikt.solvers.elastic_net_gap import elastic_net_gap
from vikt.solvers.intercepts import balanced_intercepts
from vikt.solvers.line_search import ENOUGH, backtracked
from vikt.solvers.quadratic_model import Coordinates, QuadraticModel
from vikt.solvers.solution import OnRecord, Solution
from vikt.solvers.solver import Solver

_FEWEST_COORDINATES = 256
_GROWTH = 2
# The violation that one round leaves of the weights taken up, and one step of its model's, as a part of the first.
_NEAR = 0.3
_MOST_STEPS_A_ROUND = 20
_MOST_CYCLES = 10
_ROUNDING = 8 * EPSILON
_ROUNDS_WITHOUT_GAIN = 20
# Rounding makes the proof a little weaker than the gap that is measured on the way.
_SURE = 0.9


def elastic_net(
    objective: Objective,
    *,
    tol: float = LOOSE_TOL,
    max_iter: int = 1000,
    random_state: int = 0,
    theta: Floats | None = None,
    on_record: OnRecord | None = None,
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
        Where to start.
    on_record : callable, optional
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
        if on_record:
            on_record(curve[-1])
        since = 0 if gap < least else since + 1
        least = min(least, gap)
        sure = certificate(value, gap).relative <= _SURE * tol
        stuck, ended = since >= _ROUNDS_WITHOUT_GAIN, work.steps >= max_iter
        if sure or stuck or ended:
            theta, proof = gradient_certificate(objective, work.theta)
            if proof.proves(tol):
                return Solution(theta, proof, curve, True, proof.success(tol))
            if stuck or ended:
                facts = {"max_iter": max_iter, "relative": finite(proof.relative)}
                return Solution(theta, proof, curve, False, Reason("rounding" if stuck else "max_steps", facts))
            work.scores = objective.scores(work.theta)
        work.improve(slopes, max_iter)


class _Columns(NamedTuple):
    """The data matrix by columns (where each begins, rows, values) and the mean subtracted from each, mostly 0."""

    indptr: NDArray[np.int64]
    rows: NDArray[np.uint32]
    values: Floats
    means: Floats

    @classmethod
    def of(cls, objective: Objective) -> _Columns:
        """Columns without many zeros are centred, which the free intercept takes up: far from 0 they resemble it."""
        X = objective.rows.X
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
    """θ and its scores on the way to the optimum, of rows in memory."""

    def __init__(self, objective: Objective, theta: Floats) -> None:
        self.objective = objective
        self.share = objective.shares.only
        self.first = int(objective.has_dummy)
        self.theta = np.array(theta, dtype=np.float64)
        self.scores = objective.scores(self.theta)
        self.columns = _Columns.of(objective)
        self.l2, self.l1 = (
            np.broadcast_to(each, self.theta[..., self.first :].shape)
            for each in (objective.penalty.strengths, objective.penalty.kinks)
        )
        self.kernels = compiled(elastic_net_kernels.__name__)
        self.minimise_model = getattr(self.kernels, _KERNELS[type(objective.loss)].__name__)
        self.steps = 0

    def look_at_all(self) -> tuple[float, float, Floats]:
        """L̂, the gap (but for rounding) and the slopes of the mean loss, with the intercepts at their optimum."""
        objective = self.objective
        self.theta, self.scores = balanced_intercepts(objective, self.theta, self.scores)
        gradient = objective.weighted_sum(objective.residuals(self.scores))
        slopes = gradient[..., self.first :]
        if self.first:
            slopes = slopes - np.multiply.outer(gradient[..., 0], self.columns.means)
        value = objective.value_from_scores(self.scores, self.theta)
        return value, elastic_net_gap(objective, self.theta, self.scores, slopes), slopes

    def improve(self, slopes: Floats, max_iter: int) -> None:
        """Bring the weights that count near their own optimum."""
        weights = self.theta[..., self.first :]
        violations = _violations(slopes, weights, self.l2, self.l1)
        enough = _NEAR * float(violations.max(initial=0.0))
        features, classes = _chosen(np.atleast_2d(violations), np.atleast_2d(weights))
        for _ in range(_MOST_STEPS_A_ROUND):
            if self.steps >= max_iter or not self._step(Coordinates(*self.columns[:3], features, classes), enough):
                break

    def _step(self, held: Coordinates, enough: float) -> bool:
        """One proximal Newton step in some coordinates; False where they are near enough or nothing is gained."""
        objective, features, classes = self.objective, held.features, held.classes
        by_class = np.atleast_2d(self.theta)
        m, n_classes = objective.n_rows, len(by_class)
        p = np.ascontiguousarray(objective.probabilities(self.scores).only.reshape(m, n_classes))
        residuals = objective.residuals(self.scores).only.reshape(m, n_classes)
        residuals = np.ascontiguousarray(residuals * self.share[:, None])
        slopes, curvatures = np.empty(len(features)), np.empty(len(features))
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
        model = QuadraticModel(held, slopes, curvatures, intercept_slopes, p, self.share, weights, self.first, l2, l1)
        step, intercept_step, moved = model.polished(step, intercept_step, moved, near)
        fall = float(np.sum(slopes * step) + np.sum(intercept_slopes * intercept_step))
        whole: Floats = np.zeros_like(by_class)
        whole[classes, self.first + features] = step
        if self.first:
            taken_up = np.bincount(classes, weights=self.columns.means[features] * step, minlength=n_classes)
            whole[:, 0] = intercept_step - taken_up
        return self._go(whole.reshape(self.theta.shape), moved.reshape(self.scores.only.shape), fall)

    def _go(self, step: Floats, moved: Floats, slope: float) -> bool:
        """Go as far along a step as lowers the objective; False where no part of it does."""
        objective = self.objective
        value, penalty = objective.value_from_scores(self.scores, self.theta), objective.penalty.value(self.theta)

        def point_at(length: float) -> tuple[Floats, PerPart[Floats]]:
            return self.theta + length * step, PerPart((self.scores.only + length * moved,))

        def is_lower(length: float, further: tuple[Floats, PerPart[Floats]]) -> bool:
            theta, scores = further
            fall = length * slope + objective.penalty.value(theta) - penalty
            return objective.value_from_scores(scores, theta) <= value + ENOUGH * min(fall, 0.0) + _ROUNDING * value

        better = backtracked(point_at, is_lower)
        if better is not None:
            self.theta, self.scores = better
        return better is not None


def _violations(slopes: Floats, weights: Floats, l2: Floats, l1: Floats) -> Floats:
    """The least absolute subgradient at each weight, which is 0 at the optimum."""
    slopes = slopes + 2 * l2 * weights
    at_zero = np.maximum(np.abs(slopes) - l1, 0.0)
    return np.asarray(np.where(weights == 0, at_zero, np.abs(slopes + l1 * np.sign(weights))))


_KERNELS: dict[type, Callable[..., int]] = {
    BinaryCrossEntropy: elastic_net_kernels.minimise_model_of_two_classes,
    BinarySoftCrossEntropy: elastic_net_kernels.minimise_model_of_two_classes,
    MultinomialCrossEntropy: elastic_net_kernels.minimise_model,
    SoftCrossEntropy: elastic_net_kernels.minimise_model,
}


def _chosen(violations: Floats, weights: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Features and classes of the weights that are not 0, and of those with the largest violations."""
    there = weights != 0
    wanted = max(_FEWEST_COORDINATES, _GROWTH * int(np.count_nonzero(there)))
    candidates = np.where(there, np.inf, violations).ravel()
    found = np.flatnonzero(candidates > 0)
    if len(found) > wanted:
        least = np.partition(candidates[found], len(found) - wanted)[len(found) - wanted]
        found = found[candidates[found] >= least]
    classes, features = np.divmod(found, weights.shape[1])
    order = np.lexsort((classes, features))
    return features[order], classes[order]


ELASTIC_NET = Solver(elastic_net, takes_l1=True, takes_offset=True, takes_start=True)
