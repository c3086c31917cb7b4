"""How many rows are answered with each label, and rightly, at each threshold: by models that have not seen the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from vikt.arrays import Bools, Ints, Weights
from vikt.decisions.threshold_counts import ThresholdCounts
from vikt.fitting.examples import Examples
from vikt.fitting.parts import solver_of
from vikt.fitting.prepare import MergedRows, learnt_rows, objective_of
from vikt.fitting.settings import FitSettings
from vikt.model.functions import logistic
from vikt.model.objective import Objective
from vikt.model.penalties import split_strength
from vikt.parts import added
from vikt.progress import Progress, no_progress
from vikt.selection.choices import PenaltyChoice
from vikt.selection.penalty import default_penalty
from vikt.selection.plan import Plan
from vikt.solvers import Settings
from vikt.solvers.by_label import rough_by_label
from vikt.solvers.labels import constant_labels
from vikt.solvers.side_by_side import Limits

FOLDS = 3
# Closer fits choose the same thresholds.
_TOL = 1e-2
_MOST_PASSES = 50
_LABELS_AT_ONCE = 32


def threshold_counts(
    examples: Examples, settings: FitSettings, plan: Plan, *, threads: int = 1, progress: Progress = no_progress
) -> ThresholdCounts:
    """The counts of several labels by cross-validation in three folds, or in fewer where there are fewer texts.

    Equal texts stay in one fold. The vocabulary, which knows no label, is learnt once from all texts. A fold whose fit
    has a label on no row, or on every row, does not count for the label. The weights of one fold are held at a time,
    and the scores of some labels.
    """
    ((name, _),) = plan.recipe.shares
    _, rows = learnt_rows(examples, replace(settings.features, analyzer=name), threads, progress)
    (penalty,) = plan.penalties
    first, _ = examples.merged()
    copies = np.diff(np.append(first, len(examples)))

    def of_folds() -> Iterator[ThresholdCounts]:
        n_folds = min(FOLDS, examples.n_groups)
        folds = examples.folds(np.arange(len(examples)), n_folds) if n_folds > 1 else []
        for number, (_, inside) in enumerate(folds, start=1):
            progress("choosing thresholds", number, n_folds)
            held_out = np.isin(first, inside)
            outside = rows.take(np.flatnonzero(~held_out))
            objective = objective_of(outside)
            own = penalty or default_penalty(objective)
            penalised = objective.with_l2(*split_strength(own.l2, settings.l1_ratio))
            theta = _rough_weights(penalised, own, settings.random_state)
            varies = ~constant_labels(objective)
            yield _counted(rows.take(np.flatnonzero(held_out)), copies[held_out], theta, varies)

    return added([ThresholdCounts.none(examples.targets.n_labels), *of_folds()])


def _rough_weights(objective: Objective, penalty: PenaltyChoice, random_state: int) -> Weights:
    l2 = penalty.of_labels(objective.loss.n_classes)
    theta = rough_by_label(objective, Limits(_TOL, _MOST_PASSES, random_state=random_state), l2)
    if theta is not None:
        return theta
    quickly = Settings(tol=_TOL, max_iter=_MOST_PASSES, random_state=random_state)
    return solver_of(penalty)(objective, quickly).theta


def _counted(rows: MergedRows, copies: Ints, theta: Weights, varies: Bools) -> ThresholdCounts:
    """The counts of rows by the weights of a fit to others; those of a label that does not vary there are 0."""
    truth, blocks = rows.targets.truth, np.array_split(np.arange(len(theta)), -(-len(theta) // _LABELS_AT_ONCE))
    counts: list[ThresholdCounts] = []
    for block in blocks:
        probabilities = logistic(rows.X.scores(theta[block]))
        for k, own in zip(block.tolist(), probabilities.T, strict=True):
            counts.append(ThresholdCounts.of_label(own, truth[:, k], copies * varies[k]))
    return ThresholdCounts.stacked(counts)
