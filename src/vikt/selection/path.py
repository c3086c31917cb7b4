"""The path of λ's to try, from the strongest penalty to the weakest, and the fits along it, each warm from the last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from vikt.model.objective import Objective
from vikt.model.ordered import ProportionalOdds
from vikt.selection.choices import STRENGTHS
from vikt.selection.folds import Fold, RoughFit
from vikt.solvers.dual import Ascent
from vikt.solvers.dual_state import DualState
from vikt.solvers.ordered import ordered

PATH_TOL = 1e-2
_MOST_PASSES = 50
WORSE_IN_A_ROW = 3


class PathStep(NamedTuple):
    """One λ to try: C·mean‖x‖², C and λ."""

    strength: float
    C: float
    l2: float


def path_of(folds: Sequence[Fold]) -> list[PathStep]:
    """The steps of `STRENGTHS` for all folds: W and mean‖x‖² are those of their training rows, averaged over them."""
    norm = float(np.mean([fold.training.mean_square_norm() for fold in folds]))
    total_weight = float(np.mean([fold.training.total_weight for fold in folds]))
    values = [(strength, strength / norm) for strength in STRENGTHS.tolist()]
    return [PathStep(strength, C, 1 / (2 * C * total_weight)) for strength, C in values]


def is_past_the_best(losses: Sequence[float], worse_in_a_row: int = WORSE_IN_A_ROW) -> bool:
    """Whether the last losses, three unless another number is given, are worse than the best one.

    Examples
    --------
    >>> is_past_the_best([0.5, 0.4, 0.41, 0.4, 0.45]), is_past_the_best([0.5, 0.4, 0.41, 0.42])
    (True, False)
    """
    return len(losses) - 1 - int(np.argmin(losses)) >= worse_in_a_row


class Walk(Protocol):
    """The fits of one objective along the path."""

    def to(self, l2: float) -> RoughFit:
        """The fit at a weaker penalty than before."""
        ...


class Ascents:
    """The fits by dual ascent; `beside` is a state of other targets of the same rows, if any."""

    def __init__(self, training: Objective, random_state: int, beside: DualState | None = None) -> None:
        self.training, self.random_state, self.beside = training, random_state, beside
        self.state: DualState | None = None

    def to(self, l2: float) -> RoughFit:
        objective = self.training.with_l2(l2)
        self.state = (
            self.state.weakened(l2) if self.state else DualState.at_zero(objective, PATH_TOL, beside=self.beside)
        )
        # Validation decides: a proof would cost as much as the passes, and change nothing.
        theta = Ascent(objective, self.state, PATH_TOL, self.random_state).approach(_MOST_PASSES)
        return RoughFit(theta, objective.loss)


class OrderedFits:
    """The fits of ordered levels, each with thresholds of its own."""

    def __init__(self, training: Objective, random_state: int) -> None:
        self.training = training
        self.last: RoughFit | None = None

    def to(self, l2: float) -> RoughFit:
        loss, start = (self.training.loss, None) if self.last is None else (self.last.loss, self.last.theta)
        solution = ordered(self.training.with_l2(l2).with_loss(loss), tol=PATH_TOL, theta=start)
        self.last = RoughFit(solution.theta, solution.fitted_loss(loss))
        return self.last


def walk_of(training: Objective, random_state: int) -> Walk:
    """The fits of an objective, by the type of its loss."""
    return _WALKS.get(type(training.loss), Ascents)(training, random_state)


_WALKS: dict[type, Callable[[Objective, int], Walk]] = {ProportionalOdds: OrderedFits}
