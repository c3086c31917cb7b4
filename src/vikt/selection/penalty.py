"""λ by validation, along a path from the strongest penalty to the weakest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import methodcaller

import numpy as np

from vikt.model.label_losses import OneLossPerLabel
from vikt.model.objective import Objective
from vikt.selection.choices import PathPoint, PenaltyChoice, least_loss
from vikt.selection.folds import Fold, validation_loss, weighted_mean
from vikt.selection.label_paths import LabelPaths, walk_labels
from vikt.selection.path import WORSE_IN_A_ROW, PathStep, is_past_the_best, path_of, walk_of
from vikt.threads import running

# Three quarters of a decade.
_STEPS_FURTHER = 3

_Progress = Callable[[int, int], None]
_Choose = Callable[[Sequence[Fold], bool, int, int, _Progress | None], PenaltyChoice]


def choose_l2(
    folds: Sequence[Fold],
    *,
    one_standard_error: bool = False,
    random_state: int = 0,
    threads: int = 1,
    progress: _Progress | None = None,
) -> PenaltyChoice:
    """Fit along `STRENGTHS`, each fit warm from the one before, and take the λ of the least validation log loss.

    All folds are fitted at the same λ's. The path ends after three worse values in a row; a tie goes to the larger λ.
    `one_standard_error` takes the largest λ whose loss is within one standard error of the least. `progress` is called
    with the number of steps done, or of labels done and of all.

    Several labels are validated as in `vikt.selection.label_paths`.
    """
    choose = _CHOICES.get(type(folds[0].training.loss), _chosen_by_one_path)
    return choose(folds, one_standard_error, random_state, threads, progress)


def _chosen_by_one_path(
    folds: Sequence[Fold], one_standard_error: bool, random_state: int, threads: int, progress: _Progress | None
) -> PenaltyChoice:
    return _chosen(_walked(folds, path_of(folds), random_state, threads, progress), len(folds), one_standard_error)


def _walked(
    folds: Sequence[Fold],
    steps: Sequence[PathStep],
    random_state: int,
    threads: int,
    progress: _Progress | None,
    worse_in_a_row: int = WORSE_IN_A_ROW,
) -> tuple[PathPoint, ...]:
    """The losses at these steps, up to where they are past the best."""
    curve: list[PathPoint] = []
    walks = [walk_of(fold.training, random_state) for fold in folds]
    with running(threads) as run:
        for step in steps:
            fits = list(run(methodcaller("to", step.l2), walks))
            curve.append(PathPoint(*step, *validation_loss(folds, fits)))
            if progress:
                progress(len(curve), 0)
            if is_past_the_best([point.log_loss for point in curve], worse_in_a_row):
                break
    return tuple(curve)


def choose_l2_near(
    fold: Fold, l2: float | None, *, random_state: int = 0, progress: _Progress | None = None
) -> PenaltyChoice:
    """The λ of the least validation log loss near one that a sample of the rows has chosen; None is no such λ.

    The walk begins a step of the path before the one nearest to it and ends after the first worse value. While a walk
    has its best value at its beginning, another one begins before it.
    """
    steps = path_of([fold])
    if l2 is None:
        return _chosen(_walked([fold], steps, random_state, 1, progress), 1, one_standard_error=False)
    nearest = int(np.argmin([abs(np.log(step.l2 / l2)) for step in steps]))
    first = max(nearest - 1, 0)
    while True:
        curve = _walked([fold], steps[first:], random_state, 1, progress, worse_in_a_row=1)
        if first == 0 or least_loss(curve) is not curve[0]:
            return _chosen(curve, 1, one_standard_error=False)
        first = max(first - _STEPS_FURTHER, 0)


def _chosen_by_paths_of_labels(
    folds: Sequence[Fold], one_standard_error: bool, random_state: int, threads: int, progress: _Progress | None
) -> PenaltyChoice:
    paths = walk_labels(folds, random_state=random_state, threads=threads, progress=progress)
    if not paths.steps:
        return default_penalty(folds[0].training)
    return chosen_for_labels(paths, len(folds), one_standard_error)


_CHOICES: dict[type, _Choose] = {OneLossPerLabel: _chosen_by_paths_of_labels}


def chosen_for_labels(paths: LabelPaths, n_folds: int, one_standard_error: bool = False) -> PenaltyChoice:
    """One λ for all labels by the mean of their losses, or one for each where some gain by their own."""
    curve = tuple(
        PathPoint(*step, *weighted_mean(losses, paths.weights))
        for step, losses in zip(paths.steps, paths.losses, strict=True)
    )
    choice = _chosen(curve, n_folds, one_standard_error)
    if one_standard_error:
        return choice
    common = next(i for i, point in enumerate(curve) if point.l2 == choice.l2)
    return replace(choice, by_label=paths.own_l2(common))


def _chosen(curve: tuple[PathPoint, ...], n_folds: int, one_standard_error: bool) -> PenaltyChoice:
    best = least_loss(curve)
    chosen = largest_within_one_standard_error(curve) if one_standard_error else best
    return PenaltyChoice(chosen.l2, "least_loss" if chosen is best else "one_standard_error", curve, n_folds)


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
