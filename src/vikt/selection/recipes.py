"""Recipes: which features a model has, alone or as a blend of parts."""

from __future__ import annotations

from dataclasses import dataclass

from vikt.mappings import ReadJson
from vikt.names import number

# Names in `vikt.features.settings.RECIPES`, each with its share of the score.
Shares = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Recipe:
    """Names in `RECIPES`: of all features; and of the separately fitted parts, with their shares of the score."""

    analyzer: str
    shares: Shares

    def to_json(self) -> dict[str, object]:
        return {"analyzer": self.analyzer, "shares": [list(share) for share in self.shares]}

    @classmethod
    def from_json(cls, kept: ReadJson) -> Recipe:
        """The inverse of `to_json`. Raises ValueError, KeyError or TypeError where it is none."""
        return cls(kept["analyzer"], tuple((str(name), number(share)) for name, share in kept["shares"]))


# What `analyzer="auto"` chooses from.
CANDIDATES = (
    Recipe("char_wb", (("char_wb", 1.0),)),
    Recipe("word+char", (("word+char", 1.0),)),
    *(Recipe("nb+word+char", (("nb", share), ("word+char", 1 - share))) for share in (0.25, 0.5, 0.75)),
    Recipe("nb", (("nb", 1.0),)),
)
# What it chooses from where no weighting by Naive Bayes serves: one that differs by label, or an order of levels.
PLAIN_CANDIDATES = tuple(Recipe(name, ((name, 1.0),)) for name in ("word", "char_wb", "word+char"))
# Never far from the best, on any corpus, so another must prove to be better.
USUAL_RECIPE = CANDIDATES[1]


def single_recipe(analyzer: str) -> Recipe:
    """The recipe of one part."""
    return Recipe(analyzer, ((analyzer, 1.0),))
