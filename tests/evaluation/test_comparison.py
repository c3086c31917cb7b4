"""Two models compared: the counts by hand, the intervals by brute force, what is said where nothing is shown."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss, matthews_corrcoef

import vikt
from vikt.corpus.texts import Texts
from vikt.errors import DataError
from vikt.evaluation.comparison import compare
from vikt.evaluation.outcomes import NO_ANSWER, Outcomes
from vikt.features.handmade import Number
from vikt.model.functions import log_softmax

NAMES = ["ham", "spam", "work"]


def outcomes_of(labels, scores, classes=NAMES):
    log_probabilities = log_softmax(np.asarray(scores, np.float64))
    return Outcomes(list(labels), list(classes), log_probabilities, log_probabilities.argmax(axis=1))


def sample(seed, m, strength_a=2.0, strength_b=2.0):
    """Labels, and the scores of two models that err together more often than chance."""
    rng = np.random.default_rng(seed)
    y = rng.choice(3, m, p=[0.6, 0.3, 0.1])
    common = rng.normal(size=(m, 3))
    scores = [strength * np.eye(3)[y] + common + rng.normal(size=(m, 3)) for strength in (strength_a, strength_b)]
    return np.array(NAMES)[y], scores[0], scores[1]


def compared(labels, a, b):
    texts = Texts.from_strings([f"text {row}" for row in range(len(labels))])
    return compare(outcomes_of(labels, a), outcomes_of(labels, b), texts)


def test_the_rows_are_counted():
    labels = ["ham", "ham", "spam", "spam", "work", "work"]
    a = np.eye(3)[[0, 0, 1, 0, 0, 1]]
    b = np.eye(3)[[0, 1, 1, 1, 0, 0]]
    found = compared(labels, a, b)
    assert (found.both_right, found.only_a_right, found.only_b_right, found.neither_right) == (2, 1, 1, 2)
    assert found.n_rows == 6
    assert found.n_disagreements == 3
    assert found.p_value == 1.0
    assert sorted(found.confusions) == [
        ("ham", "ham", "spam", 1),
        ("spam", "ham", "spam", 1),
        ("work", "spam", "ham", 1),
    ]
    assert [(row.row, row.a, row.b) for row in found.examples] == [
        (1, "ham", "spam"),
        (3, "ham", "spam"),
        (5, "spam", "ham"),
    ]
    assert [row.text for row in found.examples] == ["text 1", "text 3", "text 5"]


def test_the_figures_of_each_model_are_those_of_its_evaluation():
    labels, a, b = sample(0, 400)
    found = compared(labels, a, b)
    for side, scores in (("a", a), ("b", b)):
        answers = np.array(NAMES)[np.argmax(scores, axis=1)]
        y, probabilities = np.searchsorted(NAMES, labels), np.exp(log_softmax(scores))
        expected = {
            "accuracy": np.mean(answers == labels),
            "balanced_accuracy": balanced_accuracy_score(labels, answers),
            "macro_f1": f1_score(labels, answers, average="macro"),
            "matthews": matthews_corrcoef(labels, answers),
            "log_loss": log_loss(labels, probabilities),
            "brier": np.mean(np.sum((probabilities - np.eye(3)[y]) ** 2, axis=1)),
        }
        assert {name: getattr(found.differences[name], side) for name in found.differences} == pytest.approx(expected)


def test_the_intervals_are_those_of_brute_force():
    labels, a, b = sample(1, 300, 1.0, 1.6)
    found = compared(labels, a, b).differences
    rng = np.random.default_rng(5)
    y = np.searchsorted(NAMES, labels)
    losses = [-log_softmax(scores)[np.arange(300), y] for scores in (a, b)]
    briers = [np.sum((np.exp(log_softmax(scores)) - np.eye(3)[y]) ** 2, axis=1) for scores in (a, b)]
    answers = [scores.argmax(axis=1) for scores in (a, b)]
    drawn = []
    for _ in range(300):
        rows = rng.integers(300, size=300)
        right = [np.mean(answer[rows] == y[rows]) for answer in answers]
        macro = [f1_score(y[rows], answer[rows], average="macro") for answer in answers]
        means = [np.mean(figures[1][rows] - figures[0][rows]) for figures in (losses, briers)]
        drawn.append([right[1] - right[0], macro[1] - macro[0], *means])
    expected = np.quantile(drawn, [0.025, 0.975], axis=0).T
    for name, ends in zip(("accuracy", "macro_f1", "log_loss", "brier"), expected, strict=True):
        assert (found[name].low, found[name].high) == pytest.approx(ends, abs=0.025)
    assert {name: found[name].better for name in found} == dict.fromkeys(found, "B")


@given(seed=st.integers(0, 2**32 - 1), m=st.integers(1, 80))
@settings(max_examples=25)
def test_any_order_of_the_rows_gives_the_same_comparison(seed, m):
    labels, a, b = sample(seed, m)
    texts = Texts.from_strings([f"text {row}" for row in range(m)])
    order = np.random.default_rng(seed).permutation(m)
    first = compare(outcomes_of(labels, a), outcomes_of(labels, b), texts).to_json()
    again = compare(outcomes_of(labels[order], a[order]), outcomes_of(labels[order], b[order]), texts.take(order))
    again = again.to_json()
    assert [order[row.pop("row")] for row in again["examples"]] == [row.pop("row") for row in first["examples"]]
    assert json.dumps(again) == json.dumps(first)


def test_a_model_differs_from_itself_in_nothing():
    labels, a, _ = sample(2, 50)
    found = compared(labels, a, a)
    for difference in found.differences.values():
        assert (difference.value, difference.low, difference.high, difference.better) == (0.0, 0.0, 0.0, "")
    assert (found.p_value, found.n_disagreements, found.examples) == (1.0, 0, [])


def test_a_model_that_gives_no_answer_is_not_right():
    labels, a, _ = sample(3, 40)
    silent = outcomes_of(labels, a)
    silent = Outcomes(silent.labels, silent.classes, silent.log_probabilities, np.full(40, NO_ANSWER))
    found = compare(outcomes_of(labels, a), silent, Texts.from_strings([""] * 40))
    assert found.differences["accuracy"].b == 0.0
    assert found.only_b_right == 0
    assert {b for _, _, b, _ in found.confusions} == {None}
    assert found.to_json()["unanswered"] == {"a": 0, "b": 40}


def test_few_rows_that_differ_show_nothing():
    labels = ["ham"] * 100
    a, b = np.eye(3)[[0] * 100], np.eye(3)[[0] * 95 + [1] * 5]
    found = compared(labels, a, b)
    assert found.p_value == 0.0625
    assert {difference.better for difference in found.differences.values()} == {""}
    assert "p = 0.38, corrected" in found.differences["accuracy"].reason
    assert math.isnan(found.differences["macro_f1"].low)
    assert "5 rows" in found.differences["macro_f1"].reason


def test_a_figure_without_a_value_has_no_difference_either():
    _, a, _ = sample(2, 50)
    found = compared(["eel"] * 50, a, a).differences["log_loss"]
    assert math.isnan(found.low)
    assert found.to_json()["low"] is None
    certain = np.log(np.maximum(np.eye(3)[[0] * 50], 1e-320))
    one = compared(["ham"] * 50, certain, certain).differences["matthews"]
    assert math.isnan(one.a)
    assert (one.to_json()["low"], one.to_json()["value"], one.reason) == (None, None, "it is undefined")


def check_false_findings(simulations, m):
    """Two models equally good are rarely called different in any figure."""
    found = [
        any(difference.better for difference in compared(*sample(seed, m, 1.8, 1.8)).differences.values())
        for seed in range(simulations)
    ]
    assert np.mean(found) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / simulations)


def test_of_two_equal_models_none_is_better():
    check_false_findings(60, 200)


@pytest.mark.slow
@pytest.mark.parametrize("m", [200, 1000])
def test_of_two_equal_models_none_is_better_in_many_tests(m):
    check_false_findings(1000, m)


def test_models_of_two_and_of_three_classes_have_comparable_brier_scores():
    labels = ["ham", "spam"] * 20
    a = outcomes_of(labels, np.tile([[2.0, 0.0], [0.0, 2.0]], (20, 1)), ["ham", "spam"])
    b = outcomes_of(labels, np.tile([[2.0, 0.0, -99.0], [0.0, 2.0, -99.0]], (20, 1)))
    brier = compare(a, b, Texts.from_strings([""] * 40)).differences["brier"]
    assert brier.a == pytest.approx(brier.b)


def test_accuracy_is_better_only_where_mcnemar_agrees():
    labels = ["ham"] * 200
    right_a = np.r_[np.zeros(189), np.ones(9), np.zeros(2)].astype(int)
    right_b = np.r_[np.zeros(189), np.zeros(9), np.ones(2)].astype(int)
    found = compared(labels, np.eye(3)[right_a], np.eye(3)[right_b])
    assert (found.only_a_right, found.only_b_right) == (2, 9)
    difference = found.differences["accuracy"]
    assert found.p_value > 0.05
    assert difference.better == ""
    if difference.low > 0:
        assert "corrected" in difference.reason


def test_labels_that_one_model_never_saw_count_as_its_errors():
    labels = ["ham", "spam", "work"] * 20
    a = outcomes_of(labels, 3 * np.eye(3)[[0, 1, 2] * 20])
    b = outcomes_of(labels, 3 * np.eye(2)[[0, 1, 0] * 20], ["ham", "spam"])
    found = compare(a, b, Texts.from_strings([""] * 60))
    assert (found.unseen_a, found.unseen_b) == ({}, {"work": 20})
    assert found.only_a_right == 20
    assert found.differences["accuracy"].better == "A"
    assert "20 rows" in found.differences["log_loss"].reason


def test_rows_without_any_known_label_have_no_log_loss():
    a = outcomes_of(["eel"] * 12, np.eye(3)[[0] * 12])
    found = compare(a, a, Texts.from_strings([""] * 12))
    assert math.isnan(found.differences["log_loss"].a)
    assert found.to_json()["differences"]["log_loss"]["value"] is None


def test_nothing_to_compare_is_refused():
    with pytest.raises(DataError, match="at least one"):
        compared([], np.empty((0, 3)), np.empty((0, 3)))


TEXTS = ["win free money", "win a prize now", "lunch at noon", "see you at the office"] * 10
LABELS = ["spam", "spam", "ham", "ham"] * 10


@pytest.fixture(scope="module")
def models():
    words = vikt.TextClassifier("word", l2=0.01).fit(TEXTS, LABELS)
    letters = vikt.TextClassifier("char", ngrams=(1, 2), l2=0.5).fit(TEXTS, LABELS)
    return words, letters


@pytest.mark.parametrize("kind", [list, iter, np.array, pd.Series, pl.Series], ids=lambda kind: kind.__name__)
def test_columns_of_any_maker_are_compared(models, kind):
    found = vikt.compare(*models, kind(TEXTS), kind(LABELS))
    assert found.n_rows == 40
    assert found.differences["log_loss"].better == "A"
    assert "A is better by" in repr(found)
    assert "no difference shown" in repr(found)


def test_each_model_reads_its_own_columns_of_a_frame(models):
    frame = pd.DataFrame({"text": TEXTS, "body": TEXTS, "misspelt": [3, 2, 0, 0] * 10})
    features = [Number(name="misspelt")]
    other = vikt.TextClassifier("word", features=features, text_column="body", l2=0.01).fit(frame, LABELS)
    numbers = vikt.TextClassifier("none", features=features, l2=0.01).fit(frame, LABELS)
    assert vikt.compare(models[0], other, frame, LABELS).both_right == 40
    assert vikt.compare(numbers, models[0], frame, LABELS).both_right == 40


def test_models_of_labels_of_two_types_are_compared():
    y = [0, 0, 1, 1] * 10
    numbers = vikt.TextClassifier("word", l2=0.01).fit(TEXTS, y)
    strings = vikt.TextClassifier("word", l2=0.01).fit(TEXTS, list(map(str, y)))
    for labels in (y, list(map(str, y))):
        found = vikt.compare(numbers, strings, TEXTS, labels)
        assert (found.both_right, found.n_disagreements) == (40, 0)


def test_a_model_that_is_not_fitted_is_refused(models):
    with pytest.raises(vikt.errors.NotFittedError):
        vikt.compare(models[0], vikt.TextClassifier(), TEXTS, LABELS)
    with pytest.raises(vikt.errors.ParameterError, match="found str; load a file"):
        vikt.compare(models[0], "b.vikt", TEXTS, LABELS)


@pytest.mark.slow
def test_the_paired_intervals_cover_the_true_differences():
    truth = {name: found.value for name, found in compared(*sample(99, 400_000, 1.8, 2.0)).differences.items()}
    covered = dict.fromkeys(truth, 0)
    for seed in range(1000):
        for name, found in compared(*sample(seed, 1000, 1.8, 2.0)).differences.items():
            covered[name] += found.low <= truth[name] <= found.high
    assert all(930 <= count <= 970 for count in covered.values()), covered
