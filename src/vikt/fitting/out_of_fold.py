"""Out-of-fold probabilities: what each row is answered by a model that has seen no row of its text."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from vikt.arrays import Bools, Classes, Floats, Ints, RowIndices
from vikt.corpus.targets import TargetTable
from vikt.features.text import TextFeatures
from vikt.fitting.division import Division
from vikt.fitting.examples import Examples
from vikt.fitting.fit import chosen_plan
from vikt.fitting.parts import solver_of
from vikt.fitting.prepare import MergedRows, learnt_rows, learnt_scales, objective_of, with_scales
from vikt.fitting.settings import FitSettings
from vikt.model.classes import class_factors
from vikt.model.objective import Objective
from vikt.model.penalties import split_strength
from vikt.model.targets import loss_of
from vikt.progress import Progress, no_progress
from vikt.selection.choices import PenaltyChoice
from vikt.selection.penalty import default_penalty
from vikt.selection.plan import Plan
from vikt.solvers import Settings
from vikt.threads import running

# Measured from 1e-1 to 1e-3: from here on a closer fit tells no more wrong labels.
_TOL = 3e-2
_MOST_PASSES = 50


class OutOfFold(NamedTuple):
    """log P(label | text) of each row, (m, K), and whether the model that answered it has learnt its class, (m,).

    Each of several labels is answered by itself; one that is on every row or on none of a fold is constant there.
    """

    log_probabilities: Floats
    is_reached: Bools


def out_of_fold(
    examples: Examples,
    settings: FitSettings,
    plan: Plan | None = None,
    *,
    folds: int,
    threads: int = 1,
    progress: Progress = no_progress,
) -> OutOfFold:
    """The probabilities of all rows by cross-validation: each fold is answered by a fit of the others.

    Equal texts stay in one fold. λ and the recipe are chosen once, unless there is a plan; the vocabulary and its
    weights, which know no label, are learnt once from all texts. What does know labels, such as the counts by class of
    a weighting by Naive Bayes, is learnt in each fold. The fits are loose: they only tell classes apart.

    Raises
    ------
    ParameterError
        There are fewer different texts than folds.
    DataError
        The examples cannot be fitted.
    """
    rows = np.arange(len(examples))
    fold_rows = examples.folds(rows, folds)
    if plan is None:
        training, validation = examples.split(1)
        division = Division(training, validation, rows[:0], rows, rows[:0])
        plan = chosen_plan(examples, division, settings, threads, progress)
    merged, _ = examples.merged()
    held_out = [_Fold.of(examples.targets, examples.y[merged], np.isin(merged, inside)) for _, inside in fold_rows]
    scores: list[Floats] = [np.zeros(())] * folds
    for (name, share), penalty in zip(plan.recipe.shares, plan.penalties, strict=True):
        part = _Part(
            examples,
            settings,
            *learnt_rows(examples, replace(settings.features, analyzer=name), threads, progress),
            penalty,
        )
        with running(threads) as run:
            of_part = run(part.scores, held_out)
            scores = [before + share * own for before, own in zip(scores, of_part, strict=True)]
    probabilities = np.full((len(merged), len(examples.classes)), -np.inf)
    for fold, own in zip(held_out, scores, strict=True):
        loss = loss_of(examples.targets.kind, len(fold.present))
        probabilities[np.ix_(fold.inside, fold.present)] = loss.log_probabilities(own)
    # From the merged rows back to each of those that they stand for.
    run_of = np.searchsorted(merged, rows, side="right") - 1
    found = probabilities[run_of]
    if examples.targets.rows is not None:
        return OutOfFold(found, np.ones(len(rows), dtype=bool))
    return OutOfFold(found, found[rows, examples.y] > -np.inf)


class _Fold(NamedTuple):
    """The merged rows outside a fold and in it, and the classes of the former."""

    outside: RowIndices
    inside: RowIndices
    present: Ints

    @classmethod
    def of(cls, targets: TargetTable, y: Classes, is_inside: Bools) -> _Fold:
        return cls(np.flatnonzero(~is_inside), np.flatnonzero(is_inside), targets.present(y[~is_inside]))


class _Part(NamedTuple):
    """One part of a recipe: its features and rows of all examples, and its λ, None for the default."""

    examples: Examples
    settings: FitSettings
    features: TextFeatures
    rows: MergedRows
    penalty: PenaltyChoice | None

    def scores(self, fold: _Fold) -> Floats:
        """The scores of the rows in a fold by a fit of those outside it: (m,), or (m, K)."""
        if len(fold.present) < 2 and self.examples.targets.rows is None:
            return np.zeros((len(fold.inside), len(fold.present)))
        objective = self._objective(fold)
        penalty = self.penalty or default_penalty(objective)
        penalised = objective.with_l2(*split_strength(penalty.l2, self.settings.l1_ratio))
        quickly = Settings(tol=_TOL, max_iter=_MOST_PASSES, random_state=self.settings.random_state)
        return self.rows.X.scores(solver_of(penalty)(penalised, quickly).theta, fold.inside)

    def _objective(self, fold: _Fold) -> Objective:
        y, weights = self.rows.y[fold.outside], self.rows.weights[fold.outside]
        factors = class_factors(self.settings.class_weight, self.examples.classes, y, weights)
        targets = self.rows.targets[fold.outside].restricted(fold.present)
        own = MergedRows(self.rows.X.take(fold.outside), targets, weights * factors)
        objective = objective_of(own)
        return with_scales(objective, learnt_scales(self.features, objective))
