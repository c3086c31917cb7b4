"""The figures of an evaluation: equal to scikit-learn's, undefined where they are, intervals that cover."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle
from sklearn.preprocessing import label_binarize

from vikt.errors import DataError
from vikt.evaluation.evaluation import evaluate, evaluation_of
from vikt.evaluation.outcomes import NO_ANSWER, Outcomes
from vikt.model.functions import log_softmax

OF_COUNTS = ["accuracy", "macro_f1", "balanced_accuracy", "macro_precision", "weighted_precision", "weighted_f1"]


def drawn(seed, m, n_classes, strength=1.5):
    """Rows of a model that knows something: real classes (m,), log-probabilities (m, K)."""
    rng = np.random.default_rng(seed)
    y = rng.integers(n_classes, size=m)
    scores = rng.normal(size=(m, n_classes))
    scores[np.arange(m), y] += strength
    return y, log_softmax(scores)


def evaluated(y, scores):
    names = np.array([f"class {k}" for k in range(scores.shape[1])])
    return evaluate(names[y], names, scores)


@given(st.integers(0, 2**32 - 1), st.integers(20, 80))
def test_the_areas_of_two_classes_are_scikit_learns(seed, m):
    y, scores = drawn(seed, m, 2)
    y[:2] = 0, 1
    figures, p = evaluated(y, scores).figures, np.exp(scores)
    for name, expected in {
        "roc_auc": oracle.roc_auc_score(y, p[:, 1]),
        "average_precision": oracle.average_precision_score(y, p[:, 1]),
        "brier": oracle.brier_score_loss(y, p[:, 1]),
        "log_loss": oracle.log_loss(y, p, labels=[0, 1]),
    }.items():
        assert figures[name].value == pytest.approx(expected, abs=1e-12), name
    assert figures["roc_auc"].facts["class"] == "class 1"
    assert "top_k_accuracy" not in figures


@given(st.integers(0, 2**32 - 1), st.integers(20, 80), st.integers(3, 6))
def test_the_figures_of_many_classes_are_scikit_learns(seed, m, n_classes):
    y, scores = drawn(seed, m, n_classes)
    y[:n_classes] = range(n_classes)
    figures, p = evaluated(y, scores).figures, np.exp(scores)
    classes, answer = list(range(n_classes)), scores.argmax(axis=1)
    k = min(3, n_classes - 1)
    for name, expected in {
        "balanced_accuracy": oracle.balanced_accuracy_score(y, answer),
        "macro_precision": oracle.precision_score(y, answer, average="macro", zero_division=np.nan),
        "weighted_precision": oracle.precision_score(y, answer, average="weighted", zero_division=np.nan),
        "weighted_f1": oracle.f1_score(y, answer, average="weighted"),
        "matthews": oracle.matthews_corrcoef(y, answer),
        "roc_auc": oracle.roc_auc_score(y, p, multi_class="ovr", labels=classes),
        "average_precision": oracle.average_precision_score(label_binarize(y, classes=classes), p),
        "brier": oracle.brier_score_loss(y, p, labels=classes),
        "top_k_accuracy": oracle.top_k_accuracy_score(y, p, k=k, labels=classes),
    }.items():
        assert figures[name].value == pytest.approx(expected, abs=1e-12), name
    assert figures["top_k_accuracy"].facts["k"] == k


def test_the_areas_of_each_class_are_those_of_scikit_learn():
    y, scores = drawn(2, 90, 3)
    found = evaluated(y, scores)
    truth = label_binarize(y, classes=[0, 1, 2])
    assert found.roc_auc == pytest.approx(oracle.roc_auc_score(truth, np.exp(scores), average=None), abs=1e-12)
    expected = oracle.average_precision_score(truth, np.exp(scores), average=None)
    assert found.average_precision == pytest.approx(expected, abs=1e-12)
    assert found.roc.thresholds is None
    assert np.trapezoid(found.roc.true_positive_rate, found.roc.false_positive_rate) == pytest.approx(
        found.figures["roc_auc"].value, abs=0.02
    )


def test_classes_without_rows_are_left_out_and_named():
    y, scores = drawn(3, 60, 3)
    y[y == 2] = 0
    # Class 1 is never answered.
    scores = log_softmax(scores - 50 * np.eye(3)[1])
    found = evaluated(y, scores)
    area, precision = found.figures["roc_auc"], found.figures["macro_precision"]
    assert area.value == pytest.approx(np.nanmean(found.roc_auc), abs=1e-12)
    assert area.reason == "leaves out 1 class: class 2, which no row has"
    assert precision.reason == "leaves out 1 class: class 1, never predicted"
    assert (precision.facts["classes"], precision.facts["left_out"]) == (1, 2)
    assert math.isnan(found.roc_auc[2])
    assert found.to_json()["per_class"]["class 2"]["roc_auc"] is None


def test_undefined_is_said_and_never_zero():
    found = evaluate(["a", "a"], ["a", "b"], np.log([[0.6, 0.4], [0.7, 0.3]]))
    for name in ("matthews", "roc_auc", "average_precision"):
        assert math.isnan(found.figures[name].value)
        assert "all rows are of one class" in found.figures[name].reason
    assert found.roc is None
    nothing_known = evaluate(["eel", "cod"], ["a", "b"], np.log([[0.6, 0.4], [0.7, 0.3]]))
    assert nothing_known.reliability is None
    for name in ("log_loss", "brier", "roc_auc", "calibration_error"):
        reason = "every row has a label unseen in training; leaves out 2 rows with labels unseen in training"
        assert nothing_known.figures[name].reason == reason
    for evaluation in (found, nothing_known):
        for name, entry in json.loads(json.dumps(evaluation.to_json()["metrics"], allow_nan=False)).items():
            assert (entry["value"] is not None and entry["low"] is not None) or entry["reason"], name


def test_labels_unseen_in_training_are_wrong_answers_and_no_probabilities():
    known = np.log([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7], [0.4, 0.3, 0.3]])
    found = evaluate(["a", "b", "c", "eel"], ["a", "b", "c"], known).figures
    alone = evaluate(["a", "b", "c"], ["a", "b", "c"], known[:3]).figures
    assert (found["balanced_accuracy"].value, alone["balanced_accuracy"].value) == (0.75, 1.0)
    assert (found["top_k_accuracy"].value, alone["top_k_accuracy"].value) == (0.75, 1.0)
    for name in ("brier", "roc_auc", "average_precision", "calibration_error"):
        assert found[name].value == alone[name].value
        assert found[name].facts["left_out"] == 1


def test_a_bootstrap_without_spread_gives_no_interval():
    found = evaluate(["a", "b"] * 5, ["a", "b"], np.log([[0.9, 0.1], [0.1, 0.9]] * 5))
    for name in ("macro_f1", "balanced_accuracy", "log_loss", "brier"):
        assert math.isnan(found.figures[name].low)
        assert "the same in every bootstrap draw" in found.figures[name].reason
    assert found.figures["roc_auc"].value == 1.0
    assert "standard error is 0" in found.figures["roc_auc"].reason
    assert found.accuracy.low < 0.8


def test_what_equals_the_accuracy_is_not_repeated_but_named():
    y, scores = drawn(5, 30, 3)
    found = evaluated(y, scores)
    equal = ["micro_recall", "weighted_recall", "micro_precision", "micro_f1"]
    assert found.to_json()["metrics"]["accuracy"]["equal_to"] == equal
    assert not set(equal) & set(found.figures)
    names, answers = [f"class {k}" for k in range(3)], scores.argmax(axis=1)
    answers[:10] = NO_ANSWER
    partly = evaluation_of(Outcomes([names[k] for k in y], names, scores, answers)).figures
    answered = answers != NO_ANSWER
    assert partly["accuracy_answered"].value == oracle.accuracy_score(y[answered], answers[answered])
    expected = oracle.f1_score(y, answers, labels=[0, 1, 2], average="micro")
    assert partly["micro_f1"].value == pytest.approx(expected, abs=1e-12)
    assert partly["matthews"].value == pytest.approx(oracle.matthews_corrcoef(y, answers), abs=1e-12)
    assert partly["log_loss"] == found.log_loss


def test_intervals_of_each_class():
    found = evaluate(list("aaaab"), ["a", "b"], np.log([[0.9, 0.1]] * 3 + [[0.2, 0.8]] * 2))
    a = found.per_class["a"]
    # Recall 3 of 4, precision 3 of 3, and F1 = 2J/(1 + J) of J = 3 of 4, by Wilson's formula.
    assert (a["recall_low"], a["recall_high"]) == pytest.approx((0.3006, 0.9544), abs=1e-4)
    assert (a["precision_low"], a["precision_high"]) == pytest.approx((0.4385, 1.0), abs=1e-4)
    assert a["f1_low"] == pytest.approx(2 * a["recall_low"] / (1 + a["recall_low"]))
    assert a["f1_low"] < a["f1"] < a["f1_high"]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_one_row_has_figures_without_intervals_that_it_cannot_have(n_classes):
    found = evaluated(*drawn(0, 1, n_classes)).figures
    assert 0 < found["accuracy"].high - found["accuracy"].low < 1
    for name in ("log_loss", "brier"):
        assert (found[name].reason, math.isnan(found[name].value)) == ("one row gives no interval", False)
    for name in ("matthews", "roc_auc", "average_precision"):
        assert math.isnan(found[name].value)


SIMULATIONS, ROWS = 1000, 1000


@pytest.mark.slow
@pytest.mark.parametrize(("n_classes", "shares"), [(2, [0.7, 0.3]), (4, [0.4, 0.3, 0.2, 0.1])])
def test_intervals_hold_the_true_figure_in_93_to_97_of_100_tests(n_classes, shares):
    """Tests of 1,000 rows are drawn from a population of 400,000, whose figures are the truth."""
    rng = np.random.default_rng(11)
    size = 400_000
    y = rng.choice(n_classes, size, p=shares)
    scores = rng.normal(size=(size, n_classes))
    scores[np.arange(size), y] += 1.5
    scores = log_softmax(scores)
    names = ["balanced_accuracy", "macro_f1", "weighted_f1", "matthews", "brier", "log_loss"]
    names += ["accuracy", "roc_auc", "average_precision"]
    truth = {name: evaluated(y, scores).figures[name].value for name in names}
    held = dict.fromkeys(names, 0)
    for _ in range(SIMULATIONS):
        rows = rng.integers(size, size=ROWS)
        figures = evaluated(y[rows], scores[rows]).figures
        for name in names:
            held[name] += figures[name].low <= truth[name] <= figures[name].high
    coverage = {name: count / SIMULATIONS for name, count in held.items()}
    assert all(0.93 <= share <= 0.97 for share in coverage.values()), coverage


def test_a_perfect_model_has_a_matthews_of_one_without_an_interval():
    y = np.repeat([0, 1, 2], [7, 11, 30])
    found = evaluated(y, log_softmax(9.0 * np.eye(3)[y])).figures["matthews"]
    assert found.value == 1
    assert math.isnan(found.low)
    assert "the same in every bootstrap draw" in found.reason


def test_areas_of_equal_probabilities_have_no_interval_that_rounding_made():
    found = evaluated(np.arange(900) % 300, np.full((900, 300), -np.log(300))).figures
    for name in ("roc_auc", "average_precision"):
        assert math.isnan(found[name].low), name
        assert "standard error is 0" in found[name].reason


@pytest.mark.parametrize("row", [[0.6, 0.4], [-math.inf, -math.inf], [900.0, -900.0], [-3.0, -3.0]])
def test_what_are_no_logarithms_of_probabilities_is_refused(row):
    with pytest.raises(DataError, match=r"add up to 1, found a sum of .* in row 1; give np\.log"):
        evaluate(["a", "b"], ["a", "b"], [np.log([0.6, 0.4]), row])


def test_a_class_named_twice_is_refused():
    with pytest.raises(DataError, match="found 'a' again"):
        evaluate(["a"], ["a", "a"], np.log([[0.5, 0.5]]))
