"""Ordered levels by proportional odds: Newton's method, the thresholds at their optimum for every θ.

What is minimised is f(θ) = min_t (1/W) Σ_i w_i·loss_i(θ, t) + λ Σ_j θ_j², which is convex, and 2λ-strongly so in θ. Its
gradient is that of the sum at the best thresholds t, and its Hessian that of θ less what the thresholds give way:

    H = Xᵀ (D - E·H_tt⁻¹·Eᵀ) X + 2λ

with D the curvature of each row's loss in its score, E that in its score and each threshold, and H_tt that in the
thresholds. A step H·Δ = -∇f is solved by conjugate gradients, a product costing two passes over the rows. The columns
are centred on the way, which the thresholds make up for, so that no mean of a column stands in the way.

With f* its least value, f - f* ≤ ‖∇f‖²/(4λ): bound (a) of `vikt.solvers.certificate`. It covers rounding as there, the
largest threshold standing in the place of the intercept, and what the thresholds lack of their optimum.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf, sqrt
from time import perf_counter
from typing import NamedTuple

import numpy as np

from vikt.arrays import Floats
from vikt.base import LossRecord
from vikt.errors import UsageError
from vikt.model.loss import EPSILON
from vikt.model.objective import Objective
from vikt.model.ordered import ProportionalOdds, Sides
from vikt.names import LOOSE_TOL, TOL, Reason, finite
from vikt.parts import Part, PerPart
from vikt.solvers.certificate import Certificate, certificate, no_certificate
from vikt.solvers.conjugate_gradients import WorthNoMore, dot
from vikt.solvers.level_thresholds import ThresholdExpansion, best_thresholds, level_shares
from vikt.solvers.line_search import ENOUGH, backtracked
from vikt.solvers.linear_systems import conjugate_gradients, solve_semidefinite
from vikt.solvers.rounding import ROUNDING, gradient_rounding, length_of, relative_to_means
from vikt.solvers.separable import checked_for_separability
from vikt.solvers.solution import OnRecord, Solution

_MOST_PRODUCTS = 500
# As of `vikt.solvers.newton`.
_FARTHER, _LITTLE = 0.25, 0.5
_REMEDY = "raise tol, or scale the features to about 1"


def ordered(
    objective: Objective,
    *,
    tol: float | None = None,
    epsilon: float = 1e-12,
    max_iter: int = 200,
    random_state: int = 0,
    theta: Floats | None = None,
    on_record: OnRecord | None = None,
) -> Solution:
    """Minimise the loss of proportional odds over θ and the thresholds; θ_0 of the solution is 0.

    Parameters and ends are those of `vikt.solvers.newton`. The thresholds are sought from those of the objective's
    loss, so a fit that starts at a `theta` best starts at its thresholds too.

    Raises
    ------
    UsageError
        A level has no row, λ₁ > 0, or the rows have no dummy feature, whose place the thresholds take.
    """
    loss = _checked(objective)
    level_shares(objective)
    inner = np.zeros(objective.n_features) if theta is None else theta[1:].astype(np.float64)
    solution = _minimised(_Fit(objective, _Point.at(objective, inner, loss)), tol, epsilon, max_iter, on_record)
    if objective.l2:
        return solution
    return checked_for_separability(objective.with_loss(solution.fitted_loss(loss)), solution)


def _minimised(fit: _Fit, tol: float | None, epsilon: float, max_iter: int, on_record: OnRecord | None) -> Solution:
    objective = fit.objective
    enough, tol = (LOOSE_TOL, TOL) if tol is None else (tol, tol)
    while True:
        point = fit.record(on_record)
        squares = dot(point.gradient, point.gradient)
        wanted = epsilon
        if objective.l2:
            wanted = 4 * objective.l2 * tol * point.value / objective.penalty.largest_scale**2
            if squares <= wanted:
                solution = fit.proven(tol)
                if solution is not None:
                    return solution
                wanted = squares
        step = _newton_step(objective, point, sqrt(_FARTHER * wanted))
        slope = dot(point.gradient, step)
        if not objective.l2 and max(squares, -slope) < epsilon:
            return fit.ended(True, "small_gradient", {"squares": max(squares, -slope), "epsilon": epsilon})
        if len(fit.curve) > max_iter:
            return fit.ended(False, "max_steps", {"max_iter": max_iter}, enough)
        if not fit.go(step, slope):
            return replace(fit.ended(False, "rounding", {}, enough), remedy=_REMEDY)


def ordered_certificate(
    objective: Objective, theta: Floats, loss: ProportionalOdds
) -> tuple[ProportionalOdds, Certificate]:
    """The thresholds moved to their optimum for θ, whose θ_0 is 0, and the distance of both from the optimum."""
    scores = objective.scores(theta)
    expansion = best_thresholds(objective, scores, loss)
    value = expansion.value + objective.penalty.value(theta)
    if objective.l2 == 0:
        return expansion.loss, no_certificate(value, Reason("no_penalty"))
    residuals = objective.parts.each(_residuals, objective.parts.each(_sides, expansion.loss, scores))
    gradient = relative_to_means(objective, objective.gradient_from_residuals(residuals, theta))
    largest = theta.copy()
    largest[0] = np.abs(expansion.loss.thresholds).max()
    length = length_of(objective.penalty.scaled(gradient)) + gradient_rounding(objective, largest, residuals)
    # H ≥ 0 bounds by how much the thresholds' distance from their optimum moves the gradient.
    length += sqrt(objective.mean_square_norm() * expansion.excess)
    return expansion.loss, certificate(value, length * length / (4 * objective.l2) + expansion.excess)


class _Point(NamedTuple):
    """The facts of one point: θ without θ_0, centred scores, the best thresholds, f and its gradient."""

    inner: Floats
    scores: PerPart[Floats]
    expansion: ThresholdExpansion
    sides: PerPart[Sides]
    value: float
    gradient: Floats

    @classmethod
    def at(cls, objective: Objective, inner: Floats, loss: ProportionalOdds) -> _Point:
        theta, parts = _centred(objective, inner), objective.parts
        scores = objective.scores(theta)
        expansion = best_thresholds(objective, scores, loss)
        sides = parts.each(_sides, expansion.loss, scores)
        gradient = objective.gradient_from_residuals(parts.each(_residuals, sides), theta)
        value = expansion.value + objective.penalty.value(theta)
        return cls(inner, scores, expansion, sides, value, relative_to_means(objective, gradient))


@dataclass
class _Fit:
    """The current point of a fit and its history."""

    objective: Objective
    point: _Point
    curve: list[LossRecord] = field(default_factory=list)
    last_slope: float = -inf
    begun: float = field(default_factory=perf_counter)

    def record(self, on_record: OnRecord | None) -> _Point:
        self.curve.append(LossRecord(len(self.curve), self.point.expansion.value, seconds=perf_counter() - self.begun))
        if on_record:
            on_record(self.curve[-1])
        return self.point

    def go(self, step: Floats, slope: float) -> bool:
        """Go along the step as far as f falls; False where it does not fall by more than rounding."""
        objective, here = self.objective, self.point
        rounding = ROUNDING * here.value
        if -slope <= rounding and slope < self.last_slope / 2:
            return False
        better = backtracked(
            lambda length: _Point.at(objective, here.inner + length * step, here.expansion.loss),
            lambda length, further: further.value <= here.value + ENOUGH * length * slope + rounding,
        )
        if better is None:
            return False
        self.point, self.last_slope = better, slope
        return True

    def proven(self, tol: float) -> Solution | None:
        """The solution, if it is provably within tol of the optimum."""
        theta, loss, proof = self._end()
        if not proof.proves(tol):
            return None
        return Solution(theta, proof, self.curve, True, proof.success(tol), thresholds=loss.thresholds)

    def ended(self, converged: bool, code: str, facts: dict[str, float | None], enough: float = 0.0) -> Solution:
        """The solution where the fit ends for another reason; it has converged if it is provably within `enough`."""
        theta, loss, proof = self._end()
        reason = Reason(code, facts | {"relative": finite(proof.relative)})
        if proof.proves(enough):
            converged, reason = True, proof.success(enough)
        return Solution(theta, proof, self.curve, converged, reason, thresholds=loss.thresholds)

    def _end(self) -> tuple[Floats, ProportionalOdds, Certificate]:
        """θ of the columns as they are, whose means move the thresholds, and its proof."""
        inner, moved = self.point.inner, float(np.sum(self.objective.column_means * self.point.inner))
        theta, loss = np.concatenate([[0.0], inner]), ProportionalOdds(self.point.expansion.loss.thresholds + moved)
        return theta, *ordered_certificate(self.objective, theta, loss)


def _checked(objective: Objective) -> ProportionalOdds:
    if not isinstance(objective.loss, ProportionalOdds):
        raise UsageError("this solver is for ordered labels; choose 'newton'")
    if objective.l1 > 0:
        raise UsageError("ordered labels cannot be fitted with L1 (l1_ratio above 0); choose l1_ratio=0")
    if not objective.has_dummy:
        raise UsageError("ordered labels need thresholds in place of an intercept; choose fit_intercept=True")
    return objective.loss


def _centred(objective: Objective, inner: Floats) -> Floats:
    """θ whose intercept takes away what the columns' means make of each score: (n+1,)."""
    return np.concatenate([[-float(np.sum(objective.column_means * inner))], inner])


def _newton_step(objective: Objective, point: _Point, goal: float) -> Floats:
    """-H⁻¹·∇f, to a residual shorter than `goal` if not better, or until more work brings little: (n,)."""
    parts, bends = objective.parts, objective.parts.each(_bends, point.sides, objective.shares)
    curvature = 2 * objective.penalty.strengths

    def product(v: Floats) -> Floats:
        moved = parts.each(_moved, _centred(objective, v))
        above, below = parts.sums(_sums_of_moved, point.expansion.loss, bends, moved)
        follow = solve_semidefinite(point.expansion.hessian, above[:-1] + below[1:])
        sums = parts.sums(_weighted, parts.each(_left_over, bends, moved, follow))
        return relative_to_means(objective, sums) + curvature * v

    squares, sums = parts.sums(_squares_and_sums, bends)
    means = objective.column_means
    spread = squares + means * (means * sums[0] - 2 * sums[1:])
    # What is left of a constant column is rounding.
    varies = spread > objective.n_rows * EPSILON * squares
    inverse = np.divide(1.0, spread + curvature, out=np.zeros_like(spread), where=varies)
    stops = WorthNoMore(goal, _LITTLE)
    return conjugate_gradients(product, -point.gradient, lambda rest: inverse * rest, stops, _MOST_PRODUCTS, dot).x


# The work of one part.


def _sides(part: Part, loss: ProportionalOdds, scores: Floats) -> Sides:
    return loss.sides(scores, part.y)


def _residuals(part: Part, sides: Sides) -> Floats:
    return sides.residuals


def _bends(part: Part, sides: Sides, shares: Floats) -> Sides:
    """E by the thresholds beside each row's level, weighted; D is their sum."""
    above, below = sides.curvatures
    return Sides(shares * above, shares * below)


def _moved(part: Part, v: Floats) -> Floats:
    """By how much θ + v moves each score: offsets stay where they are."""
    return part.X.scores(v)


def _sums_of_moved(part: Part, loss: ProportionalOdds, bends: Sides, moved: Floats) -> tuple[Floats, Floats]:
    """Eᵀ·X·v: of each level, what its rows ask of the threshold above it and of that below it."""
    return loss.class_totals(part.y, bends.above * moved), loss.class_totals(part.y, bends.below * moved)


def _left_over(part: Part, bends: Sides, moved: Floats, follow: Floats) -> Floats:
    """(D - E·H_tt⁻¹·Eᵀ)·X·v, as the thresholds follow the scores."""
    bounds = np.concatenate([[0.0], follow, [0.0]])
    return np.asarray(bends.above * (moved - bounds[part.y + 1]) + bends.below * (moved - bounds[part.y]))


def _weighted(part: Part, residuals: Floats) -> Floats:
    return part.X.weighted_sum(residuals)


def _squares_and_sums(part: Part, bends: Sides) -> tuple[Floats, Floats]:
    weights = bends.above + bends.below
    return part.X.weighted_squares(weights), part.X.weighted_sum(weights)
