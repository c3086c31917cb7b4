"""The thresholds of ordered levels at their own optimum: Newton's method on K-1 rising numbers, scores being known.

The loss is convex in the thresholds. Its Hessian has three diagonals, and the inverse no negative entry, since what
couples two neighbours is the gap between them alone. A gap's loss grows without bound as the gap closes, which keeps
the thresholds rising.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vikt.arrays import Floats
from vikt.errors import UsageError
from vikt.model.functions import logistic
from vikt.model.loss import EPSILON
from vikt.model.objective import Objective
from vikt.model.ordered import ProportionalOdds
from vikt.parts import Part, PerPart
from vikt.solvers.line_search import ENOUGH, backtracked
from vikt.solvers.linear_systems import solve_semidefinite
from vikt.solvers.rounding import ROUNDING

_MOST_NEWTON_STEPS = 100
# A longer step of Newton's comes from a curvature that is all but 0.
_LONGEST = 20.0
# The most of a gap that one step closes.
_MOST_CLOSED = 0.9
# Newton's method squares the error: after a step this short, what remains is below rounding.
_SHORT = 1e-8
_SOLVED = 1e-3


def best_thresholds(objective: Objective, scores: PerPart[Floats], loss: ProportionalOdds) -> ThresholdExpansion:
    """The least mean loss of rows whose scores are known, by thresholds sought from those of `loss`."""
    here = ThresholdExpansion.at(objective, scores, loss)
    for _ in range(_MOST_NEWTON_STEPS):
        if np.all(np.abs(here.gradient) <= here.rounding):
            break
        step = here.step
        if not np.max(np.abs(step)) < _LONGEST:
            step = ThresholdExpansion.at(objective, scores, here.loss, _reach).step
        closed = float(np.max(-np.diff(step) / np.diff(here.loss.thresholds), initial=0.0))
        better = _along(objective, scores, here, step * min(1.0, _MOST_CLOSED / max(closed, EPSILON)))
        if better is None:
            break
        here = better
        if max(closed, float(np.max(np.abs(step)))) <= _SHORT:
            break
    return here


def level_shares(objective: Objective) -> Floats:
    """The share of the weight that each level has: (K,).

    Raises
    ------
    UsageError
        A level has no row.
    """
    shares = objective.parts.sums(_level_totals, objective.loss, objective.shares)
    if not shares.all():
        empty = np.flatnonzero(shares == 0)[0]
        raise UsageError(
            f"level {empty} of {len(shares)}, counted from 0, has no row of weight above 0; merge it with a "
            "neighbouring level"
        )
    return shares


@dataclass(frozen=True)
class ThresholdExpansion:
    """The mean loss as a function of the thresholds, to second order at those of `loss`.

    Attributes
    ----------
    loss : ProportionalOdds
    value : float
        (1/W) Σ_i w_i·loss_i.
    gradient : (K-1,)
    rounding : (K-1,)
        By how much rounding can have shortened each number of the gradient.
    hessian : (K-1, K-1)
    """

    loss: ProportionalOdds
    value: float
    gradient: Floats
    rounding: Floats
    hessian: Floats

    @classmethod
    def at(
        cls,
        objective: Objective,
        scores: PerPart[Floats],
        loss: ProportionalOdds,
        curvature: Callable[[Floats], Floats] | None = None,
    ) -> ThresholdExpansion:
        """The sums over all rows; `curvature` is that of log(1 + e^x), unless another is given."""
        value, (above, below), (bent_above, bent_below), totals = objective.parts.sums(
            _sums_by_level, loss, scores, objective.shares, curvature or _curvature
        )
        closeness = np.exp(-loss.gaps) / -np.expm1(-loss.gaps)  # 1/(e^d - 1)
        gap_slopes, gap_bends = totals * closeness, totals * closeness * (1 + closeness)
        up, down = (above + gap_slopes)[:-1], (below + gap_slopes)[1:]
        hessian = np.diag((bent_above + gap_bends)[:-1] + (bent_below + gap_bends)[1:])
        first = np.arange(len(up) - 1)
        hessian[first, first + 1] = hessian[first + 1, first] = -gap_bends[1:-1]
        return cls(loss, value, down - up, ROUNDING * (down + up), hessian)

    @property
    def step(self) -> Floats:
        """Newton's step, -H⁻¹·gradient; infinite where H is too flat to be inverted."""
        return self._solve(-self.gradient)

    def _solve(self, right: Floats) -> Floats:
        found = solve_semidefinite(self.hessian, right)
        left = np.max(np.abs(self.hessian @ found - right))
        return found if left <= _SOLVED * np.max(np.abs(right)) else np.full(len(right), np.inf)

    @property
    def excess(self) -> float:
        """A bound on how far the value is above the least, rounding included; near the optimum, as sought above.

        It is twice that of the quadratic model. No entry of H⁻¹ is below 0, so bᵀH⁻¹b is largest with all signs alike.
        """
        largest = np.abs(self.gradient) + self.rounding
        return float(np.sum(largest * self._solve(largest)))


def _along(
    objective: Objective, scores: PerPart[Floats], here: ThresholdExpansion, step: Floats
) -> ThresholdExpansion | None:
    slope = float(here.gradient @ step)

    def point_at(length: float) -> ThresholdExpansion:
        return ThresholdExpansion.at(objective, scores, ProportionalOdds(here.loss.thresholds + length * step))

    def is_lower(length: float, further: ThresholdExpansion) -> bool:
        return further.value <= here.value + ENOUGH * length * slope + ROUNDING * here.value

    return backtracked(point_at, is_lower)


def _curvature(x: Floats) -> Floats:
    """σ'(x)."""
    p = logistic(x)
    return p * (1 - p)


def _reach(x: Floats) -> Floats:
    """tanh(x/2)/(2x): the curvature of a parabola that touches log(1 + e^x) from above (Jaakkola and Jordan 2000).

    Far from the optimum, where σ' is all but 0, steps by it are neither too long nor too short.
    """
    x = np.maximum(np.abs(x), EPSILON)
    return np.asarray(np.tanh(x / 2) / (2 * x))


# The work of one part.


def _level_totals(part: Part, loss: ProportionalOdds, shares: Floats) -> Floats:
    return loss.class_totals(part.y, shares)


def _sums_by_level(
    part: Part, loss: ProportionalOdds, scores: Floats, shares: Floats, curvature: Callable[[Floats], Floats]
) -> tuple[float, tuple[Floats, Floats], tuple[Floats, Floats], Floats]:
    """Σ s·loss; of each level Σ s·σ and Σ s·σ' on either side; and the level's share."""
    y, bounds = part.y, loss.bounds
    over, under = scores - bounds[y + 1], bounds[y] - scores
    value = float(np.sum(shares * loss.losses(scores, y)))

    def by_level(function: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
        return loss.class_totals(y, shares * function(over)), loss.class_totals(y, shares * function(under))

    return value, by_level(logistic), by_level(curvature), loss.class_totals(y, shares)
