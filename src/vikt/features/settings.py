"""Which features: recipes of n-grams by name, and what users set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from vikt.errors import UsageError, known
from vikt.features.handmade.features import Feature
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.ngrams.weighting import WEIGHTINGS


class NgramRecipe(NamedTuple):
    """N-grams of one analyzer: the shortest and the longest by default, and a weighting if it is not the user's."""

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
    """Which features.

    Attributes
    ----------
    analyzer : str
        A name in `RECIPES`.
    ngrams : tuple of int, optional
        The shortest and longest n-gram of the recipe's first part, instead of its own.
    weighting : str
        A name in `WEIGHTINGS`, for parts that have none of their own.
    min_df : int
        Features in fewer texts are dropped.
    lowercase : bool, optional
        Whether case is lowered; if None, that of words is and that of characters is not.
    handmade : tuple of Feature
        Features beside the n-grams.
    hashing : int, optional
        Bits: n-grams fall into 2^hashing buckets, and no vocabulary is kept.
    """

    analyzer: str = "auto"
    ngrams: tuple[int, int] | None = None
    weighting: str = "tfidf"
    min_df: int = 2
    lowercase: bool | None = None
    handmade: tuple[Feature, ...] = ()
    hashing: int | None = None

    def parts(self) -> list[Ngrams]:
        """The n-grams of each part of the recipe, with nothing learnt.

        Raises
        ------
        UsageError
            A setting is invalid.
        """
        recipes = known("analyzer", self.analyzer, RECIPES)
        if self.min_df < 1:
            raise UsageError(f"min_df: expected 1 or more texts, found {self.min_df}")
        if not recipes and not self.handmade:
            raise UsageError("analyzer: 'none' leaves no features; declare some")
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
