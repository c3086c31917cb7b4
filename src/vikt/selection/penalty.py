"""λ by validation, along a path from the strongest penalty to the weakest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import methodcaller

import numpy as np

from vikt.arrays import Floats
from vikt.model.objective import Objective
from vikt.selection.choices import STRENGTHS, PathPoint, PenaltyChoice, least_loss
from vikt.selection.folds import Fold, validation_loss
from vikt.solvers.dual import Ascent
from vikt.solvers.dual_state import DualState
from vikt.threads import running

_PATH_TOL = 1e-2
_MOST_PASSES = 50
_WORSE_IN_A_ROW = 3


def choose_l2(
    folds: Sequence[Fold],
    *,
    one_standard_error: bool = False,
    random_state: int = 0,
    threads: int = 1,
    progress: Callable[[list[PathPoint]], None] | None = None,
) -> PenaltyChoice:
    """Fit along `STRENGTHS`, each fit warm from the one before, and take the λ of the least validation log loss.

    All folds are fitted at the same λ's: W and mean‖x‖² are those of the folds' training rows, averaged over the folds.
    The path ends after three worse values in a row; a tie goes to the larger λ. `one_standard_error` takes the largest
    λ whose loss is within one standard error of the least. `progress` is called with the curve as it grows.
    """
    curve: list[PathPoint] = []
    norm = float(np.mean([fold.training.mean_square_norm() for fold in folds]))
    total_weight = float(np.mean([fold.training.total_weight for fold in folds]))
    walks = [_Walk(fold.training, random_state) for fold in folds]
    with running(threads) as run:
        for strength in STRENGTHS.tolist():
            C = strength / norm
            l2 = 1 / (2 * C * total_weight)
            thetas = list(run(methodcaller("to", l2), walks))
            curve.append(PathPoint(strength, C, l2, *validation_loss(folds, thetas)))
            if progress:
                progress(curve)
            losses = [point.log_loss for point in curve]
            if len(losses) - 1 - int(np.argmin(losses)) >= _WORSE_IN_A_ROW:
                break
    path, n_folds = tuple(curve), len(folds)
    best = least_loss(path)
    chosen = largest_within_one_standard_error(path) if one_standard_error else best
    return PenaltyChoice(chosen.l2, "least_loss" if chosen is best else "one_standard_error", path, n_folds)


def largest_within_one_standard_error(curve: Sequence[PathPoint]) -> PathPoint:
    """The point of the largest λ whose loss is no more than the least loss and its standard error.

    Source: Breiman, Friedman, Olshen and Stone 1984.

    Examples
    --------
    >>> curve = [PathPoint(1, 1, 0.1, 0.53, 0.02), PathPoint(2, 2, 0.05, 0.51, 0.02), PathPoint(4, 4, 0.025, 0.5, 0.02)]
    >>> largest_within_one_standard_error(curve).l2
    0.05
    """
    best = least_loss(curve)
    near = [point for point in curve if point.log_loss <= best.log_loss + best.standard_error]
    return max(near, key=lambda point: point.l2)


def default_penalty(objective: Objective) -> PenaltyChoice:
    """λ at C·mean‖x‖² = 100, where there are no rows to validate on."""
    return PenaltyChoice(objective.default_l2(), "default")


class _Walk:
    """The fits of one fold, from the strongest penalty on."""

    def __init__(self, training: Objective, random_state: int) -> None:
        self.training, self.random_state = training, random_state
        self.state: DualState | None = None

    def to(self, l2: float) -> Floats:
        objective = self.training.with_l2(l2)
        self.state = self.state.weakened(l2) if self.state else DualState.at_zero(objective, _PATH_TOL)
        # Validation decides: a proof would cost as much as the passes, and change nothing.
        return Ascent(objective, self.state, _PATH_TOL, self.random_state).approach(_MOST_PASSES)
