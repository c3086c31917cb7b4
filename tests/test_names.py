"""The names that options offer are those of the tables behind them."""

from __future__ import annotations

from vikt import names
from vikt.corpus.readers import READERS
from vikt.features.ngrams.weighting import WEIGHTINGS
from vikt.features.settings import RECIPES
from vikt.solvers import SOLVERS


def test_names_agree_with_the_tables():
    assert set(names.WEIGHTINGS) == set(WEIGHTINGS)
    assert set(names.SOLVERS) == {"auto", *SOLVERS}
    assert set(names.FORMATS) == set(READERS)
    # The recipes with Naive Bayes are parts of a choice, and no option.
    assert set(names.ANALYZERS) == {name for name in RECIPES if "nb" not in name.split("+")}
