"""Which features: recipes of n-grams by name, and what users set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from vikt.errors import ParameterError, known
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.ngrams.weighting import WEIGHTINGS
from vikt.mappings import Parameters

if TYPE_CHECKING:
    from vikt.features.handmade.declarations import Declared
    from vikt.features.handmade.features import Feature


class NgramRecipe(NamedTuple):
    """N-grams of one analyzer: the default lengths, and a weighting that replaces the user's."""

    analyzer: str
    ngrams: tuple[int, int]
    weighting: str | None = None


_WORDS, _CHARACTERS = NgramRecipe("word", (1, 2)), NgramRecipe("char_wb", (1, 5))
_TELLING_WORDS = NgramRecipe("word", (1, 3), "nb")
# "auto" is the recipe where features are not chosen; see `vikt.selection.features`.
RECIPES: dict[str, tuple[NgramRecipe, ...]] = {
    "auto": (_WORDS,),
    "none": (),
    "word": (_WORDS,),
    "char": (NgramRecipe("char", (1, 5)),),
    "char_wb": (_CHARACTERS,),
    "word+char": (_WORDS, _CHARACTERS),
    "nb": (_TELLING_WORDS,),
    "nb+word+char": (_TELLING_WORDS, _WORDS, _CHARACTERS),
}


@dataclass(frozen=True)
class FeatureSettings:
    """The choice of features, as `vikt.TextClassifier` documents it; `analyzer` is a name in `RECIPES`.

    `ngrams` replaces the lengths of the recipe's first part; `weighting` is for parts without one of their own.
    """

    analyzer: str = "auto"
    ngrams: tuple[int, int] | None = None
    weighting: str = "tfidf"
    min_df: float = 2
    lowercase: bool | None = None
    handmade: tuple[Feature, ...] = ()
    hashing: int | None = None

    @classmethod
    def of(cls, parameters: Parameters) -> FeatureSettings:
        """The settings by the parameters of a `TextClassifier`. Raises UsageError where one is invalid."""
        ngrams = parameters["ngrams"]
        settings = cls(
            parameters["analyzer"],
            None if ngrams is None else (ngrams[0], ngrams[1]),
            parameters["weighting"] or "tfidf",
            parameters["min_df"],
            parameters["lowercase"],
            handmade_features(parameters["features"]),
            parameters["hashing"],
        )
        settings.parts()  # raises where a setting is invalid
        return settings

    def parts(self) -> list[Ngrams]:
        """The n-grams of each part of the recipe, not yet fitted. Raises UsageError where a setting is invalid."""
        recipes = known("analyzer", self.analyzer, RECIPES)
        if not recipes and not self.handmade:
            raise ParameterError(
                "analyzer", "'none' needs hand-made features; declare them in a TOML file, or name columns to use"
            )
        spans = [(recipe.ngrams if i else self.ngrams or recipe.ngrams) for i, recipe in enumerate(recipes)]
        return [
            Ngrams(
                recipe.analyzer,
                span,
                known("weighting", recipe.weighting or self.weighting, WEIGHTINGS),
                min_df=self.min_df,
                lowercase=self.lowercase,
                hashing=self.hashing,
            )
            for recipe, span in zip(recipes, spans, strict=True)
        ]


def handmade_features(declared: Declared | None) -> tuple[Feature, ...]:
    """The hand-made features that are declared; most models have none, and need not import what they are."""
    if declared is None:
        return ()
    from vikt.features.handmade.declarations import features_declared

    return features_declared(declared)
