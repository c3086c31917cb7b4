"""Recipes: which features a model has, alone or as a blend of parts."""

from __future__ import annotations

from dataclasses import dataclass

# Names in `FEATURES`, each with its share of the score.
Shares = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Recipe:
    """Names in `FEATURES`: of all features, and of the parts fitted by themselves with their shares of the score."""

    analyzer: str
    shares: Shares

    @property
    def said(self) -> str:
        return " + ".join((f"{share:g}·" if share < 1 else "") + _SAID.get(name, name) for name, share in self.shares)


_SAID = {"nb": "telling words", "word+char": "words and characters", "char_wb": "characters", "auto": "words"}
RECIPES = (
    Recipe("char_wb", (("char_wb", 1.0),)),
    Recipe("word+char", (("word+char", 1.0),)),
    *(Recipe("nb+word+char", (("nb", share), ("word+char", 1 - share))) for share in (0.25, 0.5, 0.75)),
    Recipe("nb", (("nb", 1.0),)),
)
# Never far from the best, on any corpus, so that another must be shown to be better.
USUAL_RECIPE = RECIPES[1]


def single_recipe(analyzer: str) -> Recipe:
    """The recipe of one part."""
    return Recipe(analyzer, ((analyzer, 1.0),))
