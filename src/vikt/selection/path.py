"""λ by validation, along a path from the strongest penalty to the weakest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vikt.model.objective import Objective
from vikt.model.penalties import DEFAULT_STRENGTH, default_strength_l2, mean_square_norm
from vikt.solvers.dual import DualState, dual

# C·mean‖x‖², four a decade: there the best value is found whatever the scale of the features.
STRENGTHS = 10.0 ** (np.arange(-4, 17) / 4)
_PATH_TOL = 1e-2
_MOST_PASSES = 50
_WORSE_IN_A_ROW = 3


class PathPoint(NamedTuple):
    """One λ tried: C·mean‖x‖², C, λ, and the validation log loss."""

    strength: float
    C: float
    l2: float
    log_loss: float


@dataclass
class Choice:
    """The λ chosen, the curve it was chosen from, and what is to be said about it."""

    l2: float
    curve: list[PathPoint]
    said: str


def choose_l2(
    training: Objective,
    validation: Objective,
    *,
    random_state: int = 0,
    progress: Callable[[list[PathPoint]], None] | None = None,
) -> Choice:
    """Fit along `STRENGTHS`, each fit warm from the one before, and take the λ of the least validation log loss.

    The path ends after three worse values in a row; a tie goes to the larger λ.

    Parameters
    ----------
    training : Objective
        Its λ is not used.
    validation : Objective
        Rows kept apart, of at least two classes, with λ = 0: its value is their log loss.
    """
    curve: list[PathPoint] = []
    state: DualState | None = None
    norm = mean_square_norm(training.X, training.weights)
    for strength in STRENGTHS.tolist():
        C = strength / norm
        l2 = 1 / (2 * C * training.total_weight)
        state = state.weakened(l2) if state else None
        solution = dual(
            training.with_l2(l2), tol=_PATH_TOL, max_iter=_MOST_PASSES, random_state=random_state, state=state
        )
        state = solution.state
        curve.append(PathPoint(strength, C, l2, validation.value(solution.theta)))
        if progress:
            progress(curve)
        losses = [point.log_loss for point in curve]
        if len(losses) - 1 - int(np.argmin(losses)) >= _WORSE_IN_A_ROW:
            break
    best = min(curve, key=lambda point: point.log_loss)
    return Choice(best.l2, curve, _said(best, curve))


def default_l2(objective: Objective, why: str) -> Choice:
    """λ at C·mean‖x‖² = 100, for want of rows to validate on."""
    l2 = default_strength_l2(objective.X, objective.weights)
    return Choice(l2, [], f"λ = {l2:.3g} by default (C·mean‖x‖² = {DEFAULT_STRENGTH:g}): {why}")


def _said(best: PathPoint, curve: list[PathPoint]) -> str:
    said = f"λ = {best.l2:.3g} (C = {best.C:.3g}), validation log loss {best.log_loss:.4f}, best of {len(curve)}"
    if best is curve[0]:
        return said + "; it is the strongest penalty tried, so the features may say little about the labels"
    if len(curve) == len(STRENGTHS) and best is curve[-1]:
        return said + "; it is the weakest penalty tried, so the classes may be separable"
    return said
