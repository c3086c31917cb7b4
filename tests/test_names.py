"""The names that options offer are those of the tables behind them."""

from __future__ import annotations

from typing import get_args

from vikt import names
from vikt.corpus.readers import READERS
from vikt.features.text import FEATURES
from vikt.features.weighting import WEIGHTINGS
from vikt.solvers import SOLVERS


def test_names_agree_with_the_tables():
    assert set(get_args(names.WeightingName)) == set(WEIGHTINGS)
    assert set(get_args(names.SolverName)) == {"auto", *SOLVERS}
    assert set(get_args(names.FormatName)) == set(READERS)
    # The recipes with Naive Bayes are parts of a choice, and no option.
    assert set(get_args(names.AnalyzerName)) == {name for name in FEATURES if "nb" not in name.split("+")}
