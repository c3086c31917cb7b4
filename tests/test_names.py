"""The names that options offer are those of the tables behind them."""

from __future__ import annotations

from typing import get_args

from vikt import TextClassifier, names
from vikt.corpus.readers import READERS
from vikt.features.ngrams.weighting import WEIGHTINGS
from vikt.features.settings import RECIPES
from vikt.fitting.settings import PARAMETERS
from vikt.solvers import SOLVERS


def test_names_agree_with_the_tables():
    assert set(get_args(names.WeightingName)) == set(WEIGHTINGS)
    assert set(get_args(names.SolverName)) == {"auto", *SOLVERS}
    assert set(get_args(names.FormatName)) == set(READERS)
    # The recipes with Naive Bayes are parts of a choice, and no option.
    assert set(get_args(names.AnalyzerName)) == {name for name in RECIPES if "nb" not in name.split("+")}


def test_a_fit_knows_the_parameters_of_the_classifier():
    assert set(PARAMETERS) == set(TextClassifier().get_params())
