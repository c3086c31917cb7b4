"""A plan: which features are fitted, as one model or as a blend of parts, and λ of each part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vikt.arrays import RowIndices
from vikt.features.settings import FeatureSettings
from vikt.mappings import Json, ReadJson
from vikt.selection.choices import FeatureChoice, PenaltyChoice
from vikt.selection.features import Trials, choose_features
from vikt.selection.penalty import choose_l2
from vikt.selection.recipes import Recipe, single_recipe

# Training rows and validation rows.
Split = tuple[RowIndices, RowIndices]


@dataclass(frozen=True)
class Plan:
    """A recipe, with the choice that led to it, and λ of each part: None for the default, without validation."""

    recipe: Recipe
    penalties: tuple[PenaltyChoice | None, ...]
    features: FeatureChoice | None = None

    @property
    def is_validated(self) -> bool:
        """Whether validation chose a λ."""
        return any(penalty is not None and penalty.is_validated for penalty in self.penalties)

    def to_json(self) -> Json:
        return {
            "recipe": self.recipe.to_json(),
            "penalties": [penalty and penalty.to_json() for penalty in self.penalties],
            "features": self.features and self.features.to_json(),
        }

    @classmethod
    def from_json(cls, kept: ReadJson) -> Plan:
        """The inverse of `to_json`. Raises ValueError, KeyError or TypeError where it is none."""
        features = kept["features"]
        return cls(
            Recipe.from_json(kept["recipe"]),
            tuple(penalty and PenaltyChoice.from_json(penalty) for penalty in kept["penalties"]),
            features and FeatureChoice.from_json(features),
        )


def choose_plan(
    trials: Trials,
    settings: FeatureSettings,
    splits: Sequence[Split],
    *,
    l2: float | None = None,
    one_standard_error: bool = False,
    chooses_features: bool = False,
) -> Plan:
    """The features and λ, as set or chosen by validation on the splits; the recipe is chosen on the first."""
    if chooses_features and (chosen := choose_features(trials, settings, *splits[0])):
        choice, penalties = chosen
        return Plan(choice.recipe, penalties, choice)
    recipe = single_recipe(settings.analyzer)
    if l2 is not None:
        return Plan(recipe, (PenaltyChoice(l2, "given"),))
    if min(len(np.unique(trials.y[rows])) for split in splits for rows in split) < 2:
        return Plan(recipe, (None,))
    chosen_l2 = choose_l2(
        [trials.fold_of(settings, *split) for split in splits],
        one_standard_error=one_standard_error,
        random_state=trials.random_state,
        threads=trials.threads,
        progress=lambda done, total: trials.progress("choosing λ", done, total),
    )
    return Plan(recipe, (chosen_l2,))
