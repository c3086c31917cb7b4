"""Dual coordinate ascent: stochastic gradient descent that remembers, and needs no learning rate.

Every row i holds its part of the dual, α_i, and θ_j = (1/(2λW)) Σ_i w_i x_ij (y_i - α_i) throughout. A visit gathers
the row's scores z = θx, moves α_i to its exact best value given all others, and scatters the difference into θ. At the
optimum α_i = p_i for every row: the gradient that descent would subtract is then exactly the one remembered.

The free intercept is the multiplier of Σ_i w_i (y_i - α_i) = 0, found by an augmented Lagrangian: it moves by ρ times
the imbalance, within a visit and once more between passes.

Sources: Shalev-Shwartz and Zhang 2013; Yu, Huang and Lin 2011.
"""

from __future__ import annotations

import math
from time import perf_counter

import numpy as np

from vikt.arrays import Floats
from vikt.base import LossRecord
from vikt.compiled import compiled
from vikt.errors import UsageError
from vikt.model.objective import Objective
from vikt.names import TOL, Reason, finite
from vikt.parts import PerPart
from vikt.solvers import kernels
from vikt.solvers.certificate import Certificate, certificate, dual_certificate, gradient_certificate
from vikt.solvers.dual_state import DualState
from vikt.solvers.solution import OnRecord, Solution
from vikt.solvers.solver import Solver

# Larger values stall the weights, smaller ones the intercept; measured between 0.1 and 1 there is little to choose.
_RHO = 0.3
# The sum of KL divergences during a pass is a few times the true gap.
_HINT = 3.0
# The distance expected after a pass is right to within a factor of two, and as a rule too low.
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


def dual(
    objective: Objective,
    *,
    tol: float = TOL,
    max_iter: int = 1000,
    random_state: int = 0,
    state: DualState | None = None,
    theta: Floats | None = None,
    most_ahead: float = math.inf,
    on_record: OnRecord | None = None,
) -> Solution:
    """Minimise by dual coordinate ascent, to a proven relative distance of `tol`.

    Parameters
    ----------
    objective : Objective
    tol : float
    max_iter : int
        The most passes over the rows.
    random_state : int
        The seed of the order of visits, which is drawn anew for every pass.
    state : DualState, optional
        The state to resume from.
    theta : (n+1,) or (K, n+1), optional
        Without a state, the weights to start near: α starts at their probabilities.
    most_ahead : float
        Stop, after ten passes or later, where the pace of the last five predicts more passes to come than this.
    on_record : callable, optional

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
    if state is None:
        state = DualState.at_zero(objective, tol) if theta is None else DualState.near(objective, theta, tol)
    ascent = Ascent(objective, state, tol, random_state)
    curve: list[LossRecord] = []
    hints: list[float] = []
    ask_below = _EXPECTED * tol
    while True:
        record, hint = ascent.one_pass(len(curve) + 1)
        record = record._replace(seconds=perf_counter() - begun)
        curve.append(record)
        hints.append(hint)
        if on_record:
            on_record(record)
        # A row's divergence is measured before its visit: after the pass it has fallen once more, at the same pace.
        left = hint * min(hint / hints[-2], 1.0) if len(hints) > 1 else hint
        ended = len(curve) >= max_iter or _passes_ahead(hints, ask_below) > most_ahead
        if left <= ask_below or ended:
            theta, proof = ascent.prove()
            if ended and proof.relative > tol:
                theta, proof = _no_worse_than_zero(objective, theta, proof)
            if proof.relative <= tol or ended:
                return _solution(theta, proof, curve, tol, ascent.state)
            # The proof shows how good the hint is here; the worse it is, the more that may change.
            ask_below = left * max(tol / proof.relative, _SOONEST) * _AGAIN
            ascent.aim = min(ascent.aim, ask_below)


def _passes_ahead(hints: list[float], goal: float) -> float:
    """How many more passes the hint needs to fall to the goal at its recent pace; 0 while there is no pace yet."""
    if len(hints) < _SETTLED or goal <= 0 or hints[-1] <= goal:
        return 0.0
    pace = math.log(max(hints[-1 - _PACE_OVER], goal) / hints[-1]) / _PACE_OVER
    return math.log(hints[-1] / goal) / pace if pace > 0 else math.inf


class Ascent:
    """The passes over one objective with λ > 0, which change the state, and the proof of its point."""

    def __init__(self, objective: Objective, state: DualState, tol: float, random_state: int) -> None:
        self.objective, self.state = objective, state
        self.random = np.random.default_rng(random_state)
        m, groups = objective.n_rows, state.groups
        self.visits = np.repeat(np.arange(len(groups.row_of)), groups.visits)
        # Weights that sum to the number of rows keep ρ on the scale of one row.
        self.weights = groups.weights * (m / objective.total_weight)
        self.scale = 1 / (2 * objective.l2 * m)
        self.rho = _RHO if objective.has_dummy else 0.0
        curvature = (self.weights * (self.scale * state.rows.squared_norms.T + self.rho)).T
        self.curvature = state.layout.curvature_arguments(curvature, state.rows.by_class)
        self.negligible, self.tol = 0.0, tol
        # Rows that are skipped must not keep the hint from falling to where a proof is due.
        self.aim = tol
        self.kernels = compiled(kernels.__name__)
        self.ascend = getattr(self.kernels, state.layout.kernel.__name__)

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
        """The weights, without a proof, once the hint is near `tol`, or after `most` passes."""
        for number in range(1, most + 1):
            if self.one_pass(number)[1] <= _HINT * self.tol:
                break
        return self.theta()

    def theta(self) -> Floats:
        """The current θ, with the intercepts, if any, first: (n+1,) or (K, n+1)."""
        weights, scales = self.state.theta[self.state.layout.own], self.state.rows.scales
        weights = weights if scales is None else weights * scales.T
        intercepts = self.state.intercepts[self.state.layout.own][: int(self.objective.has_dummy)]
        return self._in_order(np.concatenate([intercepts, weights]).T)

    def _in_order(self, theta: Floats) -> Floats:
        """Weights from the column order of `AscentRows` to that of the objective."""
        first = int(self.objective.has_dummy)
        # A column's weights lie together, whatever the classes.
        return np.asarray(theta.T[np.concatenate([np.arange(first), self.state.rows.rank + first])].T)

    def _move_intercepts(self, intercepts: Floats) -> None:
        """Move by ρ times the imbalance; further where the α's hardly yield, near 0 and 1, as Newton's method would."""
        if self.rho:
            _, imbalance, give = intercepts
            step = np.maximum(self.rho, 1 / np.maximum(give, _LEAST_GIVE))
            intercepts[0] += np.clip(step * imbalance, -_LONGEST_STEP, _LONGEST_STEP)

    def prove(self) -> tuple[Floats, Certificate]:
        state = self.state
        scores = PerPart((state.alpha_scores[state.groups.group_of][state.layout.own].astype(np.float64, order="F"),))
        objective = state.rows.objective(self.objective)
        theta, proof = dual_certificate(objective, scores, state.intercepts[state.layout.own][0], state.theta.dtype)
        # Near rounding, the square of the gradient gives a better bound than a sum of divergences.
        if self.tol < proof.relative < _NEAR_ROUNDING:
            by_gradient = gradient_certificate(objective, theta)
            if by_gradient[1].bound < proof.bound:
                theta, proof = by_gradient
        return self._in_order(theta), proof


def _no_worse_than_zero(objective: Objective, theta: Floats, proof: Certificate) -> tuple[Floats, Certificate]:
    """θ(α), or weights of 0 where these are better, as they can be far from the optimum at a very weak penalty."""
    zero, at_zero = gradient_certificate(objective, np.zeros(objective.shape))
    if at_zero.value >= proof.value:
        return theta, proof
    return zero, certificate(at_zero.value, min(at_zero.bound, proof.bound - (proof.value - at_zero.value)))


def _solution(theta: Floats, proof: Certificate, curve: list[LossRecord], tol: float, state: DualState) -> Solution:
    too_late = Reason("max_passes_unproven", {"max_iter": len(curve), "relative": finite(proof.relative)})
    reason = proof.success(tol) if proof.proves(tol) else too_late
    return Solution(theta, proof, curve, proof.proves(tol), reason, state)


DUAL = Solver(dual, takes_start=True)
