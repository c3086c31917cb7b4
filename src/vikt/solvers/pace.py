"""How fast an ascent nears its optimum, by hints that each pass gives, and when a proof is due."""

from __future__ import annotations

import math
from collections.abc import Iterable

from vikt.solvers.certificate import Certificate

# The distance expected after a pass is right to within a factor of two, and as a rule too low.
_FASTEST = 0.2
_EXPECTED = 0.7
_AGAIN, _SOONEST = 0.9, 0.1
# The pace is that of the last few passes, once the first ones are over.
_SETTLED = 10
_PACE_OVER = 5


class Pace:
    """The hints of an ascent, pass after pass, and when a proof is due by them.

    Attributes
    ----------
    hints : list of float
    goal : float
        A proof is due where less than this is left.
    left : float
        What is left after the last pass.
    """

    def __init__(self, tol: float, hints: Iterable[float] = (), goal: float | None = None) -> None:
        self.tol, self.goal, self.left = tol, _EXPECTED * tol if goal is None else goal, math.inf
        self.hints = [*hints]

    def take(self, hint: float) -> None:
        self.hints.append(hint)
        # A row's divergence is measured before its visit: after the pass it has fallen once more, at the same pace.
        self.left = hint * min(max(hint / self.hints[-2], _FASTEST), 1.0) if len(self.hints) > 1 else hint

    @property
    def is_near(self) -> bool:
        return self.left <= self.goal

    def missed(self, proof: Certificate) -> None:
        """Lower the goal: the proof shows how good the hint is here; the worse it is, the more that may change."""
        self.goal = self.left * max(self.tol / proof.relative, _SOONEST) * _AGAIN

    def passes_ahead(self) -> float:
        """How many more passes the hint needs to fall to the goal at its recent pace; 0 while there is no pace yet."""
        hints, goal = self.hints, self.goal
        if len(hints) < _SETTLED:
            return 0.0
        # Rounding hides what is left, and with it the pace.
        if min(hints[-1], goal) <= 0:
            return math.inf
        if hints[-1] <= goal:
            return 0.0
        pace = math.log(max(hints[-1 - _PACE_OVER], goal) / hints[-1]) / _PACE_OVER
        return math.log(hints[-1] / goal) / pace if pace > 0 else math.inf
