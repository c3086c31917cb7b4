"""Dual coordinate ascent: stochastic gradient descent that remembers, and needs no learning rate.

Every row i holds its part of the dual, α_i, and θ_j = (1/(2λW)) Σ_i w_i x_ij (y_i - α_i) throughout. A visit gathers
the row's scores z = θx, moves α_i to its exact best value given all others, and scatters the difference into θ. At the
optimum α_i = p_i for every row: the gradient that descent would subtract is then exactly the one remembered.

The free intercept is the multiplier of Σ_i w_i (y_i - α_i) = 0. Within one part in memory it is found by an augmented
Lagrangian: it moves by ρ times the imbalance, within a visit and once more between passes. Over several parts it would
follow the balance of the part at hand. There, rows are taken relative to their mean μ instead: where α balances, x - μ
gives the same θ as x, and what a visit does to the balance no longer moves the other rows' scores as one. The score b
at μ stays within a pass, and moves after it by Newton's method. No array is centred: θ is kept as
u = Σ_i w_i x_i (y_i - α_i)/(2λW), and u - θ is μ times the imbalance.

Parts that lie apart take several turns at the same time, whose changes are added up (CoCoA+).

Sources: Shalev-Shwartz and Zhang 2013; Yu, Huang and Lin 2011; Smith et al. 2018.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from vikt.arrays import Floats, Indices, Ints, Reals
from vikt.base import LossRecord
from vikt.errors import UsageError
from vikt.model.objective import Objective
from vikt.names import TOL, Reason, finite
from vikt.parts import Part
from vikt.solvers.certificate import Certificate, certificate, dual_certificate, gradient_certificate
from vikt.solvers.dual_checkpoint import Checkpoint, Reached, fit_of
from vikt.solvers.dual_layouts import Layout, PerLabel, Point
from vikt.solvers.dual_rows import EqualRows
from vikt.solvers.dual_state import DualState
from vikt.solvers.pace import Pace
from vikt.solvers.solution import OnRecord, Solution
from vikt.solvers.solver import Solver

# Larger values stall the weights, smaller ones the intercept; measured between 0.1 and 1 there is little to choose.
_RHO = 0.3
# The sum of KL divergences during a pass is a few times the true gap.
_HINT = 3.0
# Rows whose share of the gap is below this part of what may remain need no visit.
_NEGLIGIBLE = 0.05
_LEAST_GIVE = 1e-12
_LONGEST_STEP = 1.0
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
    checkpoint: Checkpoint | None = None,
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
    checkpoint : Checkpoint, optional
        Where to keep what each pass reaches, and to look for the last pass of the same fit, if it was interrupted, to
        resume from. The solution is the same.

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
    pace = Pace(tol)
    fit = {} if checkpoint is None else fit_of(objective, tol, random_state)
    if checkpoint is not None and (kept := checkpoint.kept()) and kept.facts["fit"] == fit:
        ascent.resume(Reached.of(kept, random_state))
        curve, pace = [LossRecord(*record) for record in kept.facts["curve"]], Pace(tol, **kept.facts["pace"])
        begun -= curve[-1].seconds
    while True:
        done = ascent.one_pass()
        curve.append(LossRecord(len(curve) + 1, done.loss, seconds=perf_counter() - begun))
        pace.take(done.gap / done.value)
        if on_record:
            on_record(curve[-1])
        ended = len(curve) >= max_iter or pace.passes_ahead() > most_ahead
        if pace.is_near or ended:
            theta, proof = ascent.prove()
            if ended and proof.relative > tol:
                theta, proof = no_worse_than_zero(objective, theta, proof)
            if proof.relative <= tol or ended:
                return _solution(theta, proof, curve, tol, ascent.state)
            pace.missed(proof)
            ascent.lower_aim(pace.goal)
        if checkpoint is not None:
            facts = {"fit": fit, "curve": curve, "pace": {"hints": pace.hints, "goal": pace.goal}}
            checkpoint.keep(ascent.reached().snapshot(facts))


class Pass(NamedTuple):
    """What a pass tells, each row's share at its visit: the mean loss, the mean KL(α ‖ p), and L̂.

    Where labels lie side by side, each is told by label.
    """

    loss: PerLabel
    gap: PerLabel
    value: PerLabel


@dataclass
class Turn:
    """What the parts of a pass hand on: the point, the seeded order of visits, and the sums of the pass so far."""

    point: Point
    random: np.random.Generator
    gap: PerLabel = 0.0
    loss: PerLabel = 0.0


class Ascent:
    """The passes over one objective with λ > 0, which change the state, and the proof of its point."""

    def __init__(self, objective: Objective, state: DualState, tol: float, random_state: int) -> None:
        self.objective, self.state = objective, state
        self.random = np.random.default_rng(random_state)
        parts, groups = state.rows.parts, state.rows.groups
        self.visits = parts.derived(_visits, groups)
        self.n_visits = parts.sums(_number, self.visits)
        # Weights that sum to the number of rows keep ρ on the scale of one row.
        self.weights = parts.each(_weights, groups, objective.n_rows / objective.total_weight)
        self.rho = _RHO if objective.has_dummy and parts.only is not None else 0.0
        self.negligible, self.tol = 0.0 * state.layout.squared(state.theta), tol
        # Rows that are skipped must not keep the hint from falling to where a proof is due.
        self.aim = np.full(np.shape(self.negligible), tol)
        self._take_steps()

    def _take_steps(self) -> None:
        state, rows = self.state, self.state.rows
        self.scale = 1 / (2 * state.l2 * self.objective.n_rows)
        # Turns that are taken at the same time add up: each steps as if the others did the same.
        scale = self.scale * rows.parts.n_turns
        self.steps = rows.parts.each(_steps, self.weights, rows.places, state.layout, scale, self.rho)
        self.constants = state.layout.constants(rows, scale, self.rho)

    def one_pass(self) -> Pass:
        """Visit every row once, part after part."""
        state, m, parts = self.state, self.n_visits, self.state.rows.parts
        state.intercepts[2] = 0.0
        point = Point(state.theta, state.intercepts)
        own_parts = np.array_split(np.arange(parts.n_parts), parts.n_turns)
        turns, state.alpha_scores = parts.turns(
            _ascend,
            [Turn(*start) for start in zip(point.apart(parts.n_turns), self._randoms(), strict=True)],
            [self.random.permutation(own).tolist() for own in own_parts],
            state.rows.entries,
            state.rows.groups,
            self.visits,
            state.truth,
            self.weights,
            self.steps,
            state.alpha_scores,
            state.layout,
            self.constants,
            state.fresh,
            self.negligible,
        )
        state.theta, state.intercepts = point.joined([turn.point for turn in turns])
        if parts.n_turns == 1:
            self.random = turns[0].random
        gap, loss, state.fresh = sum(turn.gap for turn in turns), sum(turn.loss for turn in turns), False
        value = loss / m + state.l2 * self._squared()
        self._move_intercepts(state.intercepts)
        self.negligible = _NEGLIGIBLE * self.aim * value
        # Where many rows are equal there are fewer visits than rows; the sum over the visits is that over the rows.
        return Pass(loss / self.objective.n_rows, gap / m, value)

    def reached(self) -> Reached:
        """What the passes so far have reached."""
        state = self.state
        alpha_scores = state.rows.parts.own(state.alpha_scores)
        return Reached(Point(state.theta, state.intercepts), alpha_scores, self.negligible, self.aim, self.random)

    def resume(self, reached: Reached) -> None:
        """Resume from what the passes of the same fit have reached."""
        point, alpha_scores, self.negligible, self.aim, self.random = reached
        kept = self.state.rows.parts.given(alpha_scores)
        self.state = replace(self.state, alpha_scores=kept, **point._asdict(), fresh=False)

    def _randoms(self) -> list[np.random.Generator]:
        """A generator for each turn."""
        n_turns = self.state.rows.parts.n_turns
        return [self.random] if n_turns == 1 else self.random.spawn(n_turns)

    def lower_aim(self, goal: float, column: int | tuple[()] = ()) -> None:
        """Visit rows of a smaller share of the gap than before, of all or of one of the labels side by side."""
        self.aim[column] = min(self.aim[column], goal)

    def leave(self, column: int) -> None:
        """Leave one of the labels side by side as it is: every row of it is negligible from now on."""
        self.aim[column] = np.inf

    def keep(self, columns: Ints) -> None:
        """Go on with some of the labels that lie side by side."""
        state, parts = self.state, self.state.rows.parts
        self.state = replace(
            state,
            truth=parts.each(_columns, state.truth, columns),
            alpha_scores=parts.each(_columns, state.alpha_scores, columns),
            theta=np.take(state.theta, columns, axis=1),
            intercepts=np.take(state.intercepts, columns, axis=1),
            l2=np.asarray(state.l2)[columns],
        )
        self.aim, self.negligible = self.aim[columns], self.negligible[columns]
        self._take_steps()

    def approach(self, most: int) -> Floats:
        """The weights, without a proof, once the hint is near `tol`, or after `most` passes."""
        for _ in range(most):
            done = self.one_pass()
            if np.max(done.gap / done.value) <= _HINT * self.tol:
                break
        return self.theta()

    def theta(self) -> Floats:
        """The current θ, with the intercepts, if any, first: (n+1,) or (K, n+1)."""
        state, rows, own = self.state, self.state.rows, self.state.layout.own
        off = np.asarray(self.scale * state.intercepts[1])[own][..., None] * rows.centre.mean
        weights = state.theta[own].T - off.astype(state.theta.dtype)
        weights = weights if rows.scales is None else weights * rows.scales
        intercepts = state.theta_0[own][..., None][..., : int(self.objective.has_dummy)]
        return self._in_order(np.concatenate([intercepts, weights], axis=-1))

    def _in_order(self, theta: Floats) -> Floats:
        """Weights from the column order of `AscentRows` to that of the objective."""
        first = int(self.objective.has_dummy)
        # A column's weights lie together, whatever the classes.
        return np.asarray(theta.T[np.concatenate([np.arange(first), self.state.rows.rank + first])].T)

    def _squared(self) -> PerLabel:
        """‖θ‖², over r where the penalty has it."""
        state, square = self.state, self.constants[0]
        _, imbalance, _, along_mean = state.intercepts
        off = self.scale * imbalance
        return state.layout.squared(state.theta) - state.layout.summed(off * (2 * along_mean + off * square))

    def _move_intercepts(self, intercepts: Floats) -> None:
        """Move by ρ times the imbalance; further where the α's hardly yield, near 0 and 1, as Newton's method would."""
        if self.objective.has_dummy:
            _, imbalance, give, _ = intercepts
            step = np.maximum(self.rho, 1 / np.maximum(give, _LEAST_GIVE))
            intercepts[0] += np.clip(step * imbalance, -_LONGEST_STEP, _LONGEST_STEP)

    def prove(self) -> tuple[Floats, Certificate]:
        own = self.state.layout.own
        return self._prove(self.objective, own, self.state.theta_0[own])

    def prove_label(self, objective: Objective, at: int) -> tuple[Floats, Certificate]:
        """The proof of one of the labels that lie side by side, by its own objective."""
        return self._prove(objective, (..., at), self.state.theta_0[at])

    def _prove(self, objective: Objective, own: Any, intercepts: Floats) -> tuple[Floats, Certificate]:
        state = self.state
        scores = state.rows.parts.each(_scores_of_rows, state.alpha_scores, state.rows.groups, own)
        objective = state.rows.objective(objective)
        theta, proof = dual_certificate(objective, scores, intercepts, state.theta.dtype)
        # Near rounding, the square of the gradient gives a better bound than a sum of divergences.
        if self.tol < proof.relative < _NEAR_ROUNDING:
            by_gradient = gradient_certificate(objective, theta)
            if by_gradient[1].bound < proof.bound:
                theta, proof = by_gradient
        return self._in_order(theta), proof


def no_worse_than_zero(objective: Objective, theta: Floats, proof: Certificate) -> tuple[Floats, Certificate]:
    """θ(α), or weights of 0 where these are better, as they can be far from the optimum at a very weak penalty."""
    zero, at_zero = gradient_certificate(objective, np.zeros(objective.shape))
    if at_zero.value >= proof.value:
        return theta, proof
    return zero, certificate(at_zero.value, min(at_zero.bound, proof.bound - (proof.value - at_zero.value)))


def _solution(theta: Floats, proof: Certificate, curve: list[LossRecord], tol: float, state: DualState) -> Solution:
    reason = proof.success(tol) if proof.proves(tol) else max_passes_unproven(len(curve), proof)
    return Solution(theta, proof, curve, proof.proves(tol), reason, state)


def max_passes_unproven(passes: int, proof: Certificate) -> Reason:
    """The reason to stop where no pass is left."""
    return Reason("max_passes_unproven", {"max_iter": passes, "relative": finite(proof.relative)})


# The work of one part.


def _visits(part: Part, groups: EqualRows) -> Ints:
    return np.repeat(np.arange(len(groups.row_of)), groups.visits)


def _number(part: Part, visits: Ints) -> int:
    return len(visits)


def _weights(part: Part, groups: EqualRows, factor: float) -> Floats:
    return groups.weights * factor


def _steps(
    part: Part, weights: Floats, places: tuple[Floats, Floats], layout: Layout, scale: Floats | float, rho: float
) -> tuple[Floats, Floats]:
    return layout.step_sizes(weights, *places, scale, rho)


def _ascend(
    part: Part, turn: Turn, entries: tuple[Ints, Indices, Reals], groups: EqualRows, visits: Ints, truth: Reals,
    weights: Floats, steps: tuple[Floats, Floats], alpha_scores: Reals, layout: Layout, constants: tuple[object, ...],
    fresh: bool, negligible: PerLabel,
) -> tuple[Turn, Reals]:  # fmt: skip
    order, shares = turn.random.permutation(visits), 1 / groups.visits
    gap, loss = layout.ascend(
        *entries, groups.row_of, order, truth, weights, shares, *steps, *constants, fresh, negligible, *turn.point,
        alpha_scores,
    )  # fmt: skip
    return replace(turn, gap=turn.gap + gap, loss=turn.loss + loss), alpha_scores


def _columns(part: Part, values: Reals, columns: Ints) -> Reals:
    return np.take(values, columns, axis=1)


def _scores_of_rows(part: Part, alpha_scores: Reals, groups: EqualRows, own: Any) -> Floats:
    return np.asarray(alpha_scores[groups.group_of][own].astype(np.float64, order="F"))


DUAL = Solver(dual, takes_start=True, takes_parts=True, takes_checkpoint=True)
