"""What is printed and held of several labels per text."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from vikt import TextClassifier
from vikt.decisions.decision import Decision
from vikt.decisions.label_thresholds import LabelThresholds
from vikt.decisions.record import CalibrationRecord
from vikt.evaluation.of_kinds import answers_of, figures_of
from vikt.report.decision import decision_facts
from vikt.report.evaluation import model_figures
from vikt.report.html import tested
from vikt.report.html.pages import model_page

TEXTS = ["win money now", "lunch today home", "free money lunch", "nothing at all", "win win prize", "home call"] * 10
LABELS = [["spam"], ["ham"], ["spam", "ham"], [], ["spam"], ["ham", "eel"]] * 10


@pytest.fixture(scope="module")
def fitted():
    known = [[label for label in labels if label != "eel"] for labels in LABELS]
    classifier = TextClassifier("word", targets="several", min_df=1, l2=0.01).fit(TEXTS, known)
    return replace(classifier._model, decision=Decision(LabelThresholds.given(0.5, 2))), classifier.record_


def test_the_figures_print_as_those_of_classes_do(fitted):
    model, record = fitted
    found = model_figures(figures_of(answers_of(model, TEXTS, LABELS)), record)
    lines = repr(found).split("\n")
    assert [line.split("  ")[0] for line in lines[:3]] == ["micro F1", "macro F1", "log loss"]
    assert "labels     1.17 per row, 1.00 answered; of 60 rows, 10 have none and 10 get no answer" in lines
    assert "unseen     label 'eel', in 10 test rows, was never seen in training: counted as wrong" in lines
    assert "  label  precision  recall      F1  rows  predicted  threshold" in lines
    assert "confusion" not in repr(found)
    assert "Hamming loss" in found._repr_html_()
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert document["per_class"]["spam"]["threshold"] == 0.5
    assert document["per_class"]["eel"]["threshold"] is None
    assert document["metrics"]["subset_accuracy"]["value"] == pytest.approx(5 / 6)


def test_an_aim_is_told_by_what_several_labels_are_answered(fitted):
    model, record = fitted
    facts = dict(decision_facts(model, replace(record, calibration=CalibrationRecord(60, "recall(ham) >= 0.5"))))
    assert facts["decision"] == "the labels that reach their thresholds"
    assert facts["aim"].startswith("recall(ham) >= 0.5; the rule was chosen on 60 rows answered out of fold, so ")


def test_a_matrix_has_the_columns_of_the_model(fitted):
    model, _ = fitted
    lists = [[label for label in labels if label != "eel"] for labels in LABELS]
    matrix = np.array([["ham" in labels, "spam" in labels] for labels in lists])
    found, again = (figures_of(answers_of(model, TEXTS, labels)) for labels in (lists, matrix))
    assert found.to_json() == again.to_json()


def test_a_page_says_which_label_is_weakest(fitted):
    model, record = fitted
    found = tested.Tested.of(model, record, TEXTS, LABELS, by={"half": ["a", "b"] * 30})
    page = str(model_page(found, "vikt evaluate"))
    assert "A classifier of ham and spam" in page
    assert "weakest label" in page
