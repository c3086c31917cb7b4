"""The choice of features by validation: characters alone, or a blend of telling words with words and characters.

A blend w·z_NB + (1 - w)·z_WC is a sum of scores, so it is one linear model over the features of both parts side by
side. Its parts are fitted, and their distances from the optimum proven, each by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from vikt.arrays import Classes, Floats, Ints, RowIndices
from vikt.errors import EmptyVocabularyError
from vikt.features.settings import FeatureSettings
from vikt.model.label_losses import OneLossPerLabel
from vikt.model.ordered import ProportionalOdds
from vikt.names import TargetKind
from vikt.progress import Progress
from vikt.selection.choices import STRENGTHS, FeatureChoice, PenaltyChoice, RecipeLoss
from vikt.selection.folds import Fold, weighted_mean
from vikt.selection.label_paths import walk_labels
from vikt.selection.penalty import choose_l2, chosen_for_labels, default_penalty
from vikt.selection.recipes import CANDIDATES, PLAIN_CANDIDATES, USUAL_RECIPE, Recipe
from vikt.solvers import Settings, minimise
from vikt.threads import running

# Fewer rows do not distinguish recipes.
LEAST_VALIDATION_ROWS = 100
# Of texts to learn from, and to validate on. A row of several labels costs as much as some of one, and tells as much.
SAMPLE_BYTES, _SEVERAL_SAMPLE_BYTES = (8_000_000, 2_000_000), (1_000_000, 1_000_000)
# In steps of the path: half a decade.
_STEPS_BEFORE = 2
_QUICKLY = Settings(solver="dual", tol=1e-2, max_iter=50)


@dataclass(frozen=True)
class Trials:
    """The rows to choose with: their classes, the lengths of their texts, and how some of them become a fold.

    `fold_of` takes settings of features, training rows and validation rows. Of several labels per row, its class is the
    rarest. `kind` says what the rows are labelled with.
    """

    fold_of: Callable[[FeatureSettings, RowIndices, RowIndices], Fold]
    y: Classes
    n_bytes: Ints
    random_state: int
    threads: int
    progress: Progress
    kind: TargetKind = "classes"


def choose_features(
    trials: Trials, settings: FeatureSettings, training: RowIndices, validation: RowIndices
) -> tuple[FeatureChoice, tuple[PenaltyChoice, ...]] | None:
    """Fit each part of each recipe, its λ by validation; return the choice among them, and λ of each part chosen.

    Of more than some 8 MB of text, or 1 MB of several labels, the first rows in canonical order are a sample that
    decides which parts there are, and all rows decide their shares. A tie goes to the first recipe. Return None if the
    validation rows are too few, or of one class.

    Raises
    ------
    EmptyVocabularyError
        No part has a feature.
    """
    most_bytes = _SEVERAL_SAMPLE_BYTES if trials.kind == "several" else SAMPLE_BYTES
    fitted, held_out = (
        first_rows(trials.n_bytes, rows, most) for rows, most in zip((training, validation), most_bytes, strict=True)
    )
    of_fitted = held_out[np.isin(trials.y[held_out], trials.y[fitted])]
    if len(of_fitted) < LEAST_VALIDATION_ROWS or len(np.unique(trials.y[of_fitted])) < 2:
        return None
    candidates = CANDIDATES if trials.kind in ("classes", "soft") else PLAIN_CANDIDATES
    tried = _try(trials, settings, candidates, fitted, held_out)
    choice = tried.choice(len(fitted))
    if len(fitted) < len(training) or len(held_out) < len(validation):
        # More rows may want other shares, which cost nothing: the parts' λ's are to be chosen on all rows anyway.
        parts = {name for name, _ in choice.recipe.shares + choice.best.shares}
        recipes = [recipe for recipe in tried.losses if parts.issuperset(name for name, _ in recipe.shares)]
        tried = _try(trials, settings, recipes, training, validation, tried.penalties)
        choice = replace(tried.choice(len(training)), sample=choice)
    return choice, tuple(tried.penalties[name] for name, _ in choice.recipe.shares)


@dataclass(frozen=True)
class _Comparison:
    """The validation losses, row by row, of each recipe that has features; and λ of each part."""

    row_losses: dict[Recipe, Floats]
    weights: Floats
    penalties: dict[str, PenaltyChoice]

    @cached_property
    def losses(self) -> dict[Recipe, float]:
        return {recipe: weighted_mean(own, self.weights).mean for recipe, own in self.row_losses.items()}

    @property
    def least(self) -> Recipe:
        return min(self.losses, key=lambda recipe: self.losses[recipe])

    @cached_property
    def best(self) -> Recipe:
        if USUAL_RECIPE not in self.losses:
            return self.least
        gain = weighted_mean(self.row_losses[USUAL_RECIPE] - self.row_losses[self.least], self.weights)
        return USUAL_RECIPE if gain.mean <= 2 * gain.standard_error else self.least

    def choice(self, n_rows: int) -> FeatureChoice:
        return FeatureChoice(self.best, tuple(RecipeLoss(*tried) for tried in self.losses.items()), n_rows)


class _TriedPart(NamedTuple):
    """λ of one part, its scores of the validation rows, and the losses and weights of these rows.

    Where every recipe is of one part, the scores can be the losses themselves.
    """

    penalty: PenaltyChoice
    scores: Floats
    losses: Callable[[Any], Floats]
    weights: Floats


def _try(
    trials: Trials,
    settings: FeatureSettings,
    recipes: Iterable[Recipe],
    fitted: RowIndices,
    validation: RowIndices,
    sampled: Mapping[str, PenaltyChoice] = MappingProxyType({}),
) -> _Comparison:
    """Fit and validate each part; `sampled` are the λ's of parts that a sample of the rows has chosen."""
    names = list(dict.fromkeys(name for recipe in recipes for name, _ in recipe.shares))

    def fit(numbered: tuple[int, str]) -> _TriedPart | None:
        number, name = numbered
        trials.progress("choosing features", number, len(names))
        try:
            fold = trials.fold_of(replace(settings, analyzer=name), fitted, validation)
        except EmptyVocabularyError:
            # Words in one-letter texts, say: recipes without this part remain.
            return None
        return _TRIES.get(type(fold.training.loss), _tried_by_fit)(fold, trials.random_state, sampled.get(name))

    with running(trials.threads) as run:
        tried = zip(names, run(fit, enumerate(names, start=1)), strict=True)
        parts = {name: part for name, part in tried if part}
    if not parts:
        raise EmptyVocabularyError(
            f"no vocabulary is left: no word or characters in at least min_df={settings.min_df} of {len(fitted)} "
            "texts; lower min_df, or look at the texts"
        )
    any_part = next(iter(parts.values()))
    row_losses = {
        recipe: any_part.losses(sum(share * parts[name].scores for name, share in recipe.shares))
        for recipe in recipes
        if all(name in parts for name, _ in recipe.shares)
    }
    return _Comparison(row_losses, any_part.weights, {name: part.penalty for name, part in parts.items()})


def _tried_by_fit(fold: Fold, random_state: int, sampled: PenaltyChoice | None, solver: str = "dual") -> _TriedPart:
    penalty = choose_l2([fold], random_state=random_state)
    quickly = replace(_QUICKLY, solver=solver, random_state=random_state)
    solution = minimise(fold.training.with_l2(penalty.l2), quickly)
    held, loss = fold.validation.rows, solution.fitted_loss(fold.validation.loss)
    return _TriedPart(penalty, held.scores(solution.theta), partial(loss.losses, y=held.y), held.weights)


def _tried_by_path(fold: Fold, random_state: int, sampled: PenaltyChoice | None) -> _TriedPart:
    """Of several labels: the mean of their losses is known from the path, and no blend asks for scores.

    On all rows λ is sought from a little before where the sample has found it, or along the whole path if that begins
    with the best.
    """
    first = 0
    if sampled is not None and sampled.is_validated:
        first = max(0, STRENGTHS.tolist().index(sampled.best.strength) - _STEPS_BEFORE)
    paths = walk_labels([fold], first=first, random_state=random_state)
    if first and np.argmin([weighted_mean(losses, paths.weights).mean for losses in paths.losses]) == 0:
        paths = walk_labels([fold], random_state=random_state)
    if not paths.steps:
        return _TriedPart(default_penalty(fold.training), np.zeros(len(paths.weights)), np.asarray, paths.weights)
    penalty = chosen_for_labels(paths, 1)
    losses = paths.losses[penalty.curve.index(penalty.chosen)]
    return _TriedPart(penalty, losses, np.asarray, paths.weights)


_TRIES: dict[type, Callable[[Fold, int, PenaltyChoice | None], _TriedPart]] = {
    OneLossPerLabel: _tried_by_path,
    ProportionalOdds: partial(_tried_by_fit, solver="auto"),
}


def first_rows(n_bytes: Ints, rows: RowIndices, most_bytes: int) -> RowIndices:
    """The first rows, at least one, whose texts have at most this many bytes together."""
    return rows[: max(1, int(np.searchsorted(np.cumsum(n_bytes[rows]), most_bytes, side="right")))]
