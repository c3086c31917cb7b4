"""λ of several labels by validation: every label is fitted along the same path, by itself.

The validation loss of a λ is the mean of the labels' log losses. A label has a λ of its own where it gains more than
chance explains. Labels that every training row of a fold has, or none, are left out: they have no optimum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from vikt.arrays import Floats, Ints
from vikt.model.losses import BinaryCrossEntropy
from vikt.model.objective import Objective
from vikt.parts import InMemory
from vikt.selection.folds import Fold, unit_losses, unit_weights, weighted_mean
from vikt.selection.path import PATH_TOL, Ascents, PathStep, is_past_the_best, path_of
from vikt.solvers.dual_state import DualState
from vikt.threads import running

# A gain of fewer standard errors can be chance, and on fewer rows of the label no standard error says so.
_STANDARD_ERRORS = 2.0
_LEAST_ROWS = 10


class LabelPath(NamedTuple):
    """The validation losses of one label.

    Attributes
    ----------
    losses : ndarray, (P',)
        The mean at each step of `STRENGTHS`; beyond the step where the label's walk ended, that of its last.
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
        """The step of the least loss where it gains on the common one more than chance explains, else the common."""
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
    truths = [fold.training.rows.y for fold in folds]
    return np.flatnonzero(np.all([truth.any(axis=0) & ~truth.all(axis=0) for truth in truths], axis=0))


def walk_labels(
    folds: Sequence[Fold],
    *,
    random_state: int = 0,
    threads: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> LabelPaths:
    """Fit every label along the path, each fit warm from the one before, until three in a row are worse.

    For each thread, the fits of one label are held at a time, however many labels there are. `progress` is called with
    the number of labels done and of all.
    """
    steps, weights, judged = path_of(folds), unit_weights(folds), judged_labels(folds).tolist()
    # What depends on the rows alone is made once.
    shared = [DualState.at_zero(_of_label(fold.training, 0).with_l2(steps[0].l2), PATH_TOL) for fold in folds]

    def walk(k: int) -> Floats:
        own = [Fold(_of_label(fold.training, k), _of_label(fold.validation, k)) for fold in folds]
        walks = [Ascents(fold.training, random_state, state) for fold, state in zip(own, shared, strict=True)]
        losses: list[Floats] = []
        for step in steps:
            losses.append(unit_losses(own, [each.to(step.l2) for each in walks]))
            if is_past_the_best([weighted_mean(of_step, weights).mean for of_step in losses]):
                break
        return np.array(losses)

    n_labels, longest = folds[0].training.loss.n_classes, 0
    labels: list[LabelPath | None] = [None] * n_labels
    total = np.zeros((len(steps), len(weights)))
    with running(threads) as run:
        for done, (k, losses) in enumerate(zip(judged, run(walk, judged), strict=True), start=1):
            longest = max(longest, len(losses))
            losses = np.concatenate([losses, np.repeat(losses[-1:], len(steps) - len(losses), axis=0)])
            n_rows = sum(int(np.count_nonzero(fold.validation.rows.y[:, k])) for fold in folds)
            labels[k] = LabelPath.of(losses, weights, n_rows)
            total += losses / len(judged)
            if progress:
                progress(done, len(judged))
    return LabelPaths(tuple(steps[:longest]), tuple(labels), total[:longest], weights)


def _of_label(objective: Objective, k: int) -> Objective:
    """The objective of one label alone, over the same rows."""
    rows = objective.rows
    return Objective(InMemory(replace(rows, y=rows.y[:, k].astype(np.int64))), BinaryCrossEntropy(), objective.penalty)
