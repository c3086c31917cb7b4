"""The names that options offer are those of the tables behind them."""

from __future__ import annotations

import json
import math
import re
from typing import get_args

import pytest

from vikt import TextClassifier, names
from vikt.corpus.readers import READERS
from vikt.corpus.writers import WRITERS
from vikt.export.formats import FORMATS
from vikt.features.ngrams.weighting import WEIGHTINGS
from vikt.features.settings import RECIPES
from vikt.solvers import SOLVERS


def test_names_agree_with_the_tables():
    assert set(get_args(names.WeightingName)) == set(WEIGHTINGS)
    assert set(get_args(names.SolverName)) == {"auto", *SOLVERS}
    assert set(get_args(names.FormatName)) == set(READERS)
    assert {f".{name}" for name in get_args(names.OutputFormatName)} <= set(WRITERS)
    assert set(get_args(names.ExportFormatName)) == set(FORMATS)
    # The recipes with Naive Bayes are parts of a choice, and no option.
    assert set(get_args(names.AnalyzerName)) == {name for name in RECIPES if "nb" not in name.split("+")}


def test_every_reason_has_a_sentence_and_comes_back_from_json():
    for code, sentence in names.REASONS.items():
        facts = dict.fromkeys(re.findall(r"{(\w+)", sentence), 0.5)
        facts.pop("distance", None)
        reason = names.Reason(code, facts | {"relative": 0.25})
        assert names.Reason.from_json(json.loads(json.dumps(reason.to_json()))) == reason
        assert "{" not in str(reason)
    unproven = names.Reason("rounding", {"relative": names.finite(math.inf)})
    assert unproven.to_json() == {"code": "rounding", "relative": None}
    assert "at no proven distance" in str(names.Reason.from_json(unproven.to_json()))
    with pytest.raises(KeyError):
        names.Reason.from_json({"code": "luck"})


def test_a_fit_knows_the_parameters_of_the_classifier():
    assert {*names.PARAMETERS, "text_column", "threads"} == set(TextClassifier().get_params())
