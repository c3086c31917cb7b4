"""λ of several labels by validation: every label is fitted along the same path.

The validation loss of a λ is the mean of the labels' log losses. A label has a λ of its own where it gains more than
chance explains. Labels that every training row of a fold has, or none, are left out: they have no optimum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vikt.arrays import Floats, Ints
from vikt.model.losses import BinaryCrossEntropy
from vikt.selection.folds import Fold, unit_weights, weighted_mean
from vikt.selection.path import PATH_TOL, Ascents, PathStep, is_past_the_best, path_of
from vikt.solvers.dual_state import DualState
from vikt.solvers.labels import LabelObjectives, blocks_of, constant_labels
from vikt.threads import running

# A gain of fewer standard errors can be chance, and on fewer rows of the label no standard error says so.
_STANDARD_ERRORS = 2.0
_LEAST_ROWS = 10


class LabelPath(NamedTuple):
    """The validation losses of one label.

    Attributes
    ----------
    losses : ndarray, (P',)
        The mean at each step of `STRENGTHS`; beyond the step where its walk ended, that of the last.
    covariances : ndarray, (P', P')
        Those of the means at any two steps, by which the standard error of every gain is known.
    n_rows : int
        How many validation rows have the label.
    """

    losses: Floats
    covariances: Floats
    n_rows: int

    @classmethod
    def of(cls, losses: Floats, weights: Floats, n_rows: int) -> LabelPath:
        """By the losses of validation rows, or of folds, at each step, (P', u), and the weights of these, (u,)."""
        shares, n = weights / np.sum(weights), len(weights)
        means = np.sum(losses * shares, axis=1)
        deviations = shares * (losses - means[:, None])
        return cls(means, n / max(n - 1, 1) * (deviations @ deviations.T), n_rows)

    def own_step(self, common: int) -> int:
        """The step of least loss if it beats the common step by more than chance explains, else the common step."""
        best = int(np.argmin(self.losses))
        (of_best, of_both), (_, of_common) = self.covariances[np.ix_([best, common], [best, common])]
        gain, variance = self.losses[common] - self.losses[best], of_best + of_common - 2 * of_both
        is_sure = self.n_rows >= _LEAST_ROWS and gain > _STANDARD_ERRORS * np.sqrt(max(variance, 0.0))
        return best if is_sure else common


@dataclass(frozen=True)
class LabelPaths:
    """The validation losses of all labels at the steps of a path.

    Attributes
    ----------
    steps : tuple of PathStep
        P of them, up to where the last walk ended.
    labels : tuple of (LabelPath or None), (K,)
        None for labels that are left out.
    losses : ndarray, (P, u)
        The mean of the labels' losses for each validation row of one fold, or for each of several folds.
    weights : ndarray, (u,)
    """

    steps: tuple[PathStep, ...]
    labels: tuple[LabelPath | None, ...]
    losses: Floats
    weights: Floats

    def own_l2(self, common: int) -> tuple[float, ...]:
        """λ of each label where some have one of their own, else nothing; `common` is the step of all others."""
        own = [common if path is None else path.own_step(common) for path in self.labels]
        return tuple(self.steps[step].l2 for step in own) if any(step != common for step in own) else ()


def judged_labels(folds: Sequence[Fold]) -> Ints:
    """The labels that some training rows of every fold have and others do not."""
    return np.flatnonzero(~np.any([constant_labels(fold.training) for fold in folds], axis=0))


def walk_labels(
    folds: Sequence[Fold],
    *,
    first: int = 0,
    random_state: int = 0,
    threads: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> LabelPaths:
    """Fit every label along the path from its step `first`, some side by side, each fit warm from the one before.

    A walk ends after three worse values in a row of the mean of its labels; beyond it, the loss of a label counts as
    its last. For each thread, the fits of these labels are held, however many labels there are. `progress` is called
    with the number of labels done and of all.
    """
    steps, weights, judged = path_of(folds)[first:], unit_weights(folds), judged_labels(folds)
    n_labels = folds[0].training.loss.n_classes
    if not len(judged):
        return LabelPaths((), (None,) * n_labels, np.empty((0, len(weights))), weights)
    blocks = blocks_of(judged)
    # What depends on the rows alone is made once.
    shared = [DualState.at_zero(_some(fold, blocks[0]).training.with_l2(steps[0].l2), PATH_TOL) for fold in folds]

    def walk(block: list[int]) -> Floats:
        own = [_some(fold, block) for fold in folds]
        walks = [Ascents(fold.training, random_state, state) for fold, state in zip(own, shared, strict=True)]
        losses: list[Floats] = []
        for step in steps:
            losses.append(_unit_losses(own, [each.to(step.l2).theta for each in walks]))
            if is_past_the_best([weighted_mean(of_step.mean(axis=0), weights).mean for of_step in losses]):
                break
        return np.array(losses)

    labels: list[LabelPath | None] = [None] * n_labels
    total, longest, done = np.zeros((len(steps), len(weights))), 0, 0
    with running(threads) as run:
        for block, losses in zip(blocks, run(walk, blocks), strict=True):
            longest, done = max(longest, len(losses)), done + len(block)
            whole = np.concatenate([losses, np.repeat(losses[-1:], len(steps) - len(losses), axis=0)])
            for at, k in enumerate(block):
                n_rows = sum(int(np.count_nonzero(fold.validation.rows.y[:, k])) for fold in folds)
                labels[k] = LabelPath.of(whole[:, at], weights, n_rows)
            total += whole.sum(axis=1) / len(judged)
            if progress:
                progress(done, len(judged))
    return LabelPaths(tuple(steps[:longest]), tuple(labels), total[:longest], weights)


def _some(fold: Fold, labels: list[int]) -> Fold:
    """Some labels alone, over the same rows."""
    return Fold(*(LabelObjectives(rows, np.zeros(rows.loss.n_classes)).some(labels) for rows in fold))


def _unit_losses(folds: Sequence[Fold], thetas: Sequence[Floats]) -> Floats:
    """As `unit_losses`, for each label: (k, u)."""
    losses, binary = [], BinaryCrossEntropy()
    for fold, theta in zip(folds, thetas, strict=True):
        rows = fold.validation.rows
        losses.append(binary.losses(rows.scores(theta), rows.y).T)
    if len(folds) == 1:
        return losses[0]
    weights = [fold.validation.rows.weights for fold in folds]
    means = [
        [weighted_mean(label, own).mean for label in of_fold] for of_fold, own in zip(losses, weights, strict=True)
    ]
    return np.array(means).T
