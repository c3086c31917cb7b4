"""The path of λ's to try, from the strongest penalty to the weakest, and the fits along it, each warm from the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vikt.arrays import Floats
from vikt.model.objective import Objective
from vikt.selection.choices import STRENGTHS
from vikt.selection.folds import Fold
from vikt.solvers.dual import Ascent
from vikt.solvers.dual_state import DualState

PATH_TOL = 1e-2
_MOST_PASSES = 50
_WORSE_IN_A_ROW = 3


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


def is_past_the_best(losses: Sequence[float]) -> bool:
    """Whether the last three losses are worse than the best one.

    Examples
    --------
    >>> is_past_the_best([0.5, 0.4, 0.41, 0.4, 0.45]), is_past_the_best([0.5, 0.4, 0.41, 0.42])
    (True, False)
    """
    return len(losses) - 1 - int(np.argmin(losses)) >= _WORSE_IN_A_ROW


class Walk:
    """The fits of one objective along the path; `beside` is a state of other targets of the same rows, if any."""

    def __init__(self, training: Objective, random_state: int, beside: DualState | None = None) -> None:
        self.training, self.random_state, self.beside = training, random_state, beside
        self.state: DualState | None = None

    def to(self, l2: float) -> Floats:
        """θ at a weaker penalty than before."""
        objective = self.training.with_l2(l2)
        self.state = (
            self.state.weakened(l2) if self.state else DualState.at_zero(objective, PATH_TOL, beside=self.beside)
        )
        # Validation decides: a proof would cost as much as the passes, and change nothing.
        return Ascent(objective, self.state, PATH_TOL, self.random_state).approach(_MOST_PASSES)
