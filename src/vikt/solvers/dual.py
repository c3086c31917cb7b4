"""Dual coordinate ascent: stochastic gradient descent that remembers, and needs no learning rate.

Every row i holds its part of the dual, α_i, and θ_j = (1/(2λW)) Σ_i w_i x_ij (y_i - α_i) throughout. A visit gathers
the row's scores z = θx, moves α_i to its exact best value given all others, and scatters the difference into θ. At the
optimum α_i = p_i for every row: the gradient that descent would take away again is then exactly the one remembered.

The free intercept is the multiplier of Σ_i w_i (y_i - α_i) = 0, found by an augmented Lagrangian: it moves by ρ times
the imbalance, within a visit and once more between passes.

Sources: Shalev-Shwartz and Zhang 2013; Yu, Huang and Lin 2011.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, Scales
from vikt.compiled import compiled
from vikt.errors import UsageError
from vikt.matrix import DesignMatrix
from vikt.model.objective import Objective
from vikt.solvers import kernels
from vikt.solvers.certificate import Certificate, certificate, dual_certificate, gradient_certificate
from vikt.solvers.solution import LossRecord, Progress, Solution

# Larger values stall the weights, smaller ones the intercept; measured between 0.1 and 1 there is little to choose.
_RHO = 0.3
# The sum of KL divergences met on the way is a few times the true gap.
_HINT = 3.0
# What a pass is expected to leave is told to within a factor of two, as a rule too low.
_EXPECTED = 0.7
_AGAIN, _SOONEST = 0.9, 0.1
# Rows whose share of the gap is below this part of what may remain need no visit.
_NEGLIGIBLE = 0.05
_LEAST_GIVE = 1e-12
_LONGEST_STEP = 1.0
# The pace is that of the last few passes, once the first ones are over.
_SETTLED = 10
_PACE_OVER = 5
_NEAR_ROUNDING = 1e-10
_WITHIN_FLOAT32 = 1e-6
# Classes are rounded up to what the machine does at once; a score this low keeps the rest out of every softmax.
_CLASSES_AT_ONCE = 8
_NEVER = -1e4
# For the logarithm of a share that is 0: too small to be seen beside 1 in float32.
_ALMOST_NEVER = 1e-30


@dataclass
class DualState:
    """Where an ascent stands, to be gone on from with a weaker penalty.

    Equal rows are one row, of their joint weight and with their labels' shares for a truth: apart, rows that say the
    same and are labelled differently would pull each other to and fro for ever.

    Attributes
    ----------
    groups : Groups
        Which rows are equal.
    rows : Rows
        The data as the kernels read it.
    truth : (g,) or (g, K')
        The share of each label in each group; K' is K rounded up to what the machine does at once.
    alpha_scores : (g,) or (g, K')
        Scores whose logistic or softmax is α.
    theta : (n,) or (n, K')
        The weights that belong to α, over the penalty's r where it has one.
    intercepts : (3,) or (3, K')
        The intercepts, the imbalance Σ w (y - α), and how much the α's give way to the intercepts.
    l2 : float
        λ.
    fresh : bool
        Whether no row was visited yet.
    """

    groups: Groups
    rows: Rows
    truth: NDArray[Any]
    alpha_scores: NDArray[Any]
    theta: NDArray[Any]
    intercepts: Floats
    l2: float
    fresh: bool = True

    @classmethod
    def at_zero(cls, objective: Objective, tol: float) -> DualState:
        """θ = 0, which is α = y, in types that will do for the tol that is wanted."""
        n, classes = objective.X.n_features, objective.n_classes
        groups = Groups.of(objective)
        if classes == 2:
            truth = groups.shares(objective)[:, 1]
            odds = np.log(np.maximum(truth, _ALMOST_NEVER)) - np.log(np.maximum(1 - truth, _ALMOST_NEVER))
            rows = Rows.of(objective, groups, 1)
            theta = np.zeros(n, np.float32 if tol >= _WITHIN_FLOAT32 else np.float64)
            return cls(groups, rows, truth, odds, theta, np.zeros(3), objective.l2)
        padded = -(-classes // _CLASSES_AT_ONCE) * _CLASSES_AT_ONCE
        truth = np.zeros((len(groups.row_of), padded), dtype=np.float32)
        truth[:, :classes] = groups.shares(objective)
        intercepts = np.zeros((3, padded))
        intercepts[0, classes:] = _NEVER
        log_alpha = np.log(np.maximum(truth, np.float32(_ALMOST_NEVER)))
        theta = np.zeros((n, padded), np.float32)
        rows = Rows.of(objective, groups, padded)
        return cls(groups, rows, truth, log_alpha, theta, intercepts, objective.l2)

    def weakened(self, l2: float) -> DualState:
        """The same θ as a dual point of a weaker penalty: α becomes y - (l2/λ)(y - α), which stays a distribution."""
        ratio = l2 / self.l2
        towards = [np.log(np.maximum((1 - ratio) * self.truth, _ALMOST_NEVER))]
        if self.truth.ndim == 1:
            towards.append(np.log(np.maximum((1 - ratio) * (1 - self.truth), _ALMOST_NEVER)))
            logs = np.log(ratio) - np.logaddexp(0, [-self.alpha_scores, self.alpha_scores])
            scores = np.logaddexp(logs[0], towards[0]) - np.logaddexp(logs[1], towards[1])
        else:
            scores = np.logaddexp(self.alpha_scores + np.float32(np.log(ratio)), towards[0])
        intercepts = self.intercepts.copy()
        intercepts[1] *= ratio
        return replace(self, alpha_scores=scores, theta=self.theta.copy(), intercepts=intercepts, l2=l2)


@dataclass
class Groups:
    """Equal rows of a data set: `group_of` each row; each group's first row, joint weight, and visits in a pass."""

    group_of: NDArray[np.int64]
    row_of: NDArray[np.int64]
    weights: Floats
    visits: NDArray[np.int64]

    @classmethod
    def of(cls, objective: Objective) -> Groups:
        """Found by a 64-bit hash: should two rows ever collide, the certificate, which knows no groups, will tell."""
        hashes = objective.X.row_hashes()
        _, row_of, group_of = np.unique(hashes, return_index=True, return_inverse=True)
        weights = np.bincount(group_of, weights=objective.weights).astype(np.float64)
        # As often as it counts: a heavy group takes more steps than a light one.
        visits = np.maximum(1, np.rint(weights / np.mean(weights))).astype(np.int64)
        return cls(group_of, row_of, weights, visits)

    def shares(self, objective: Objective) -> Floats:
        """The share of each label in each group's weight: (g, K)."""
        cells = self.group_of * objective.n_classes + objective.y
        n_cells = len(self.row_of) * objective.n_classes
        totals = np.bincount(cells, weights=objective.weights, minlength=n_cells)
        return totals.reshape(len(self.row_of), -1) / self.weights[:, None]


@dataclass
class Rows:
    """A data set as the kernels read it, whatever λ: compressed rows, each group's first row and its ‖r·x‖².

    Attributes
    ----------
    X : DesignMatrix
        The same, as a proof reads it.
    rank : (n,)
        The number that each column has here. α, and so the model, cannot tell.
    scales : (n,) or (K, n), optional
        r of the penalty, in that order.
    by_class : (n, K') or (0, K')
        r as the kernels read it where it differs by class. Of two classes the values are multiplied by it.
    """

    X: DesignMatrix
    rank: NDArray[Any]
    arrays: tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[np.int64]]
    squared_norms: Floats
    scales: Scales | None
    by_class: Scales

    @classmethod
    def of(cls, objective: Objective, groups: Groups, padded: int) -> Rows:
        X, rank = objective.X.by_falling_frequency(padded)
        indptr, indices, values = X.compressed_rows()
        scales, by_class = objective.scales, np.empty((0, padded), np.float32)
        if scales is not None:
            scales = scales[..., np.argsort(rank)]
        # Unsigned, so that the kernels need not ask whether an index counts from the end.
        indices = indices.view(f"u{indices.itemsize}")
        # Half the memory to go through; the proof, which reads the values as they are, makes good what is rounded.
        values = values.astype(np.float32, copy=False)
        if scales is not None and scales.ndim == 1:
            values = values * scales[indices]
        elif scales is not None:
            by_class = np.ones((len(rank), padded), np.float32)
            by_class[:, : len(scales)] = scales.T
        arrays = indptr, indices, values, groups.row_of
        return cls(X, rank, arrays, objective.squared_norms()[groups.row_of], scales, by_class)


def dual(
    objective: Objective,
    *,
    tol: float = 1e-4,
    max_iter: int = 1000,
    random_state: int = 0,
    state: DualState | None = None,
    most_ahead: float = math.inf,
    progress: Progress | None = None,
) -> Solution:
    """Minimise by dual coordinate ascent.

    Parameters
    ----------
    objective : Objective
        With λ > 0.
    tol : float
        The relative distance c that must be proven.
    max_iter : int
        The most passes over the rows.
    random_state : int
        Of the order of visits, drawn anew for every pass.
    state : DualState, optional
        Where to go on from.
    most_ahead : float
        Give up after ten passes or later where, at the pace of the last five, more than so many are still to come.
    progress : callable, optional
        Called with each pass's record.

    Raises
    ------
    UsageError
        λ = 0: there is no dual to ascend.
    """
    if objective.l2 <= 0:
        raise UsageError(
            f"solver 'dual' needs a penalty λ > 0, found λ = {objective.l2}; choose another solver, such as 'batch'"
        )
    begun = perf_counter()
    ascent = Ascent(objective, state or DualState.at_zero(objective, tol), tol, random_state)
    curve: list[LossRecord] = []
    hints: list[float] = []
    ask_below = _EXPECTED * tol
    while True:
        record, hint = ascent.one_pass(len(curve) + 1)
        record = record._replace(seconds=perf_counter() - begun)
        curve.append(record)
        hints.append(hint)
        if progress:
            progress(record)
        # Divergences are met before a row's visit: after the pass they have fallen once more, at the pace seen.
        left = hint * min(hint / hints[-2], 1.0) if len(hints) > 1 else hint
        ended = len(curve) >= max_iter or _passes_ahead(hints, ask_below) > most_ahead
        if left <= ask_below or ended:
            theta, proof = ascent.prove()
            if ended and proof.relative > tol:
                theta, proof = _no_worse_than_zero(objective, theta, proof)
            if proof.relative <= tol or ended:
                return _solution(theta, proof, curve, tol, ascent.state)
            # The proof tells what the hint is worth here; the worse it is, the more that may change.
            ask_below = left * max(tol / proof.relative, _SOONEST) * _AGAIN
            ascent.aim = min(ascent.aim, ask_below)


def _passes_ahead(hints: list[float], goal: float) -> float:
    """How many more passes the hint needs to fall to the goal at its recent pace; 0 while there is no pace yet."""
    if len(hints) < _SETTLED or goal <= 0 or hints[-1] <= goal:
        return 0.0
    pace = math.log(max(hints[-1 - _PACE_OVER], goal) / hints[-1]) / _PACE_OVER
    return math.log(hints[-1] / goal) / pace if pace > 0 else math.inf


class Ascent:
    """The passes over one objective, and the proof of where they have come.

    Parameters
    ----------
    objective : Objective
        With λ > 0.
    state : DualState
        Where to go on from; it moves.
    tol : float
        The relative distance that is wanted.
    random_state : int
        Of the order of visits.
    """

    def __init__(self, objective: Objective, state: DualState, tol: float, random_state: int) -> None:
        self.objective, self.state = objective, state
        self.random = np.random.default_rng(random_state)
        m, groups = objective.X.n_rows, state.groups
        self.visits = np.repeat(np.arange(len(groups.row_of)), groups.visits)
        # Weights that sum to the number of rows keep ρ on the scale of one row.
        self.weights = groups.weights * (m / objective.total_weight)
        self.scale = 1 / (2 * objective.l2 * m)
        self.rho = _RHO if objective.X.has_dummy else 0.0
        curvature = (self.weights * (self.scale * state.rows.squared_norms.T + self.rho)).T
        many = state.alpha_scores.ndim == 2
        # Not what pads the classes.
        self.own: Any = np.s_[..., : objective.n_classes] if many else np.s_[...]
        self.curvature = (curvature.reshape(len(curvature), -1), state.rows.by_class) if many else (curvature,)
        self.negligible, self.tol = 0.0, tol
        # Rows spared must leave the hint a way down to where a proof is asked for.
        self.aim = tol
        self.kernels = compiled(kernels.__name__)
        self.ascend = getattr(self.kernels, _KERNELS[state.alpha_scores.ndim].__name__)

    def one_pass(self, number: int) -> tuple[LossRecord, float]:
        """Visit every row once. Returns the record and a hint of the relative distance."""
        state, m = self.state, len(self.visits)
        gap, loss, *_ = self.ascend(
            *state.rows.arrays,
            self.random.permutation(self.visits),
            state.truth,
            self.weights,
            1 / state.groups.visits,
            *self.curvature,
            self.scale,
            self.rho,
            state.fresh,
            self.negligible,
            state.theta,
            state.intercepts,
            state.alpha_scores,
        )
        state.fresh = False
        self._move_intercepts(state.intercepts)
        value = loss / m + self.objective.l2 * self.kernels.squared_length(state.theta.ravel())
        self.negligible = _NEGLIGIBLE * self.aim * value
        return LossRecord(number, loss / m), gap / m / value

    def approach(self, most: int) -> Floats:
        """Visit until a hint tells that the distance is near `tol`, `most` times at most: the weights, not proven."""
        for number in range(1, most + 1):
            if self.one_pass(number)[1] <= _HINT * self.tol:
                break
        return self.theta()

    def theta(self) -> Floats:
        """θ as it stands, the intercepts first: (n+1,) or (K, n+1), or without them where there are none."""
        weights, scales = self.state.theta[self.own], self.state.rows.scales
        weights = weights if scales is None else weights * scales.T
        intercepts = self.state.intercepts[self.own][: int(self.objective.X.has_dummy)]
        return self._in_order(np.concatenate([intercepts, weights]).T)

    def _in_order(self, theta: Floats) -> Floats:
        """Weights of the columns as they are in `Rows`, as those of the objective's."""
        first = int(self.objective.X.has_dummy)
        # A column's weights lie together, whatever the classes.
        return np.asarray(theta.T[np.concatenate([np.arange(first), self.state.rows.rank + first])].T)

    def _move_intercepts(self, intercepts: Floats) -> None:
        """By ρ times the imbalance; further where the α's hardly give way, near 0 and 1, as Newton's method would."""
        if self.rho:
            _, imbalance, give = intercepts
            step = np.maximum(self.rho, 1 / np.maximum(give, _LEAST_GIVE))
            intercepts[0] += np.clip(step * imbalance, -_LONGEST_STEP, _LONGEST_STEP)

    def prove(self) -> tuple[Floats, Certificate]:
        scores = self.state.alpha_scores[self.state.groups.group_of][self.own].astype(np.float64, order="F")
        objective = self.objective.with_columns(self.state.rows.X, self.state.rows.scales)
        intercepts = self.state.intercepts[self.own][0]
        theta, proof = dual_certificate(objective, scores, intercepts, self.state.theta.dtype)
        # Near rounding the gradient, whose square enters, can be proven smaller than a sum of divergences.
        if self.tol < proof.relative < _NEAR_ROUNDING:
            by_gradient = gradient_certificate(objective, theta)
            if by_gradient[1].bound < proof.bound:
                theta, proof = by_gradient
        return self._in_order(theta), proof


_KERNELS = {1: kernels.ascend_two_classes, 2: kernels.ascend_many_classes}


def _no_worse_than_zero(objective: Objective, theta: Floats, proof: Certificate) -> tuple[Floats, Certificate]:
    """Far from the end, at a very weak penalty, θ(α) can be worse than no weights at all: then there are none."""
    zero, at_zero = gradient_certificate(objective, np.zeros(objective.shape))
    if at_zero.value >= proof.value:
        return theta, proof
    return zero, certificate(at_zero.value, min(at_zero.bound, proof.bound - (proof.value - at_zero.value)))


def _solution(theta: Floats, proof: Certificate, curve: list[LossRecord], tol: float, state: DualState) -> Solution:
    if proof.relative <= tol:
        reason = f"the model is proven within {proof.relative:.1e} of the optimum (tol = {tol:g})"
    else:
        reason = f"max_iter = {len(curve)} passes reached, {proof.distance}"
    return Solution(theta, proof, curve, proof.relative <= tol, reason, state)
