"""Aims: the rule that is chosen is the best there is, by brute force and by scikit-learn's figures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_recall_fscore_support

from vikt.decisions.aims import parsed_aim
from vikt.decisions.decision import NO_ANSWER
from vikt.decisions.held_out import HeldOut
from vikt.decisions.rules import ClassThreshold
from vikt.decisions.thresholds import between
from vikt.errors import AimMissedError, ParameterError

CLASSES = ("a", "b", "c")


def held_out(n, seed, n_classes=3, unknown=0.1):
    """Rows whose probabilities say something of their class, coarse enough for ties."""
    random = np.random.default_rng(seed)
    y = random.integers(n_classes, size=n)
    scores = random.normal(size=(n, n_classes)).round(1)
    scores[np.arange(n), y] += 1
    # Equal scores are then equal probabilities, to the last bit.
    scores -= scores[:, :1]
    scores = scores.round(1)
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return HeldOut(CLASSES[:n_classes], np.log(probabilities), y, random.random(n) >= unknown)


def answers(rows, k, threshold):
    """The class that each row is answered, by the definition."""
    found = []
    for row, known in zip(np.exp(rows.log_probabilities), rows.is_known, strict=True):
        others = [j for j in range(len(row)) if j != k]
        best = max(others, key=lambda j: row[j])
        found.append((k if row[k] >= threshold else best) if known else NO_ANSWER)
    return np.array(found)


def figures(rows, k, predicted):
    found = precision_recall_fscore_support(rows.y, predicted, labels=[k], zero_division=0.0)
    return dict(zip(("precision", "recall", "f1"), np.ravel(found[:3]), strict=True))


ROUNDING = 1e-12


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("name", "other", "least"), [("precision", "recall", 0.7), ("recall", "precision", 0.55), ("f1", "f1", 0.0)]
)
def test_no_threshold_meets_the_aim_at_a_lower_cost(name, other, least, n_classes, seed):
    rows = held_out(60, seed, n_classes)
    text = f"{name}(b)" + (f" >= {least}" if least else "")
    rule = parsed_aim([text]).rule(rows)
    tried = [
        figures(rows, 1, answers(rows, 1, threshold)) for threshold in np.unique(np.exp(rows.log_probabilities[:, 1]))
    ]
    best = max(found[other] for found in tried if found[name] >= least - ROUNDING)
    own = figures(rows, 1, answers(rows, 1, rule.threshold))
    assert own[name] >= least - ROUNDING
    assert own[other] == pytest.approx(best)
    estimates = parsed_aim([text]).estimates(rows, rule)
    plain = figures(rows, 1, np.where(rows.is_known, rows.log_probabilities.argmax(axis=1), NO_ANSWER))
    for figure, value in own.items():
        assert estimates[f"{figure}(b)"].value == pytest.approx(value)
        assert estimates[f"{figure}(b)"].plain == pytest.approx(plain[figure])
        assert estimates[f"{figure}(b)"].low <= value <= estimates[f"{figure}(b)"].high


@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_an_aim_is_missed_where_no_threshold_reaches_it(name):
    rows = held_out(60, 0)
    tried = [
        figures(rows, 1, answers(rows, 1, threshold))[name]
        for threshold in np.unique(np.exp(rows.log_probabilities[:, 1]))
    ]
    if max(tried) == 1:
        parsed_aim([f"{name}(b) >= 1"]).rule(rows)
        return
    parsed_aim([f"{name}(b) >= {max(tried) - ROUNDING}"]).rule(rows)
    with pytest.raises(AimMissedError, match=f"the highest is {max(tried):.4f}"):
        parsed_aim([f"{name}(b) >= {max(tried) + 1e-6}"]).rule(rows)


def test_an_aim_on_a_class_without_rows_cannot_be_judged():
    rows = held_out(60, 0)
    rows = HeldOut(CLASSES, rows.log_probabilities, np.zeros(60, dtype=np.int64), rows.is_known)
    with pytest.raises(AimMissedError, match="none of 60 held-out rows is of the class"):
        parsed_aim(["recall(b) >= 0.5"]).rule(rows)


def macro_f1(rows, predicted):
    present = np.unique(rows.y)
    return f1_score(rows.y, predicted, labels=present, average="macro", zero_division=0.0)


@pytest.mark.parametrize("seed", range(3))
def test_macro_f1_of_two_classes_is_the_highest_of_any_threshold(seed):
    rows = held_out(60, seed, n_classes=2)
    rule = parsed_aim(["f1"]).rule(rows)
    candidates = [0.0, *np.exp(rows.log_probabilities[:, 1])]
    best = max(macro_f1(rows, answers(rows, 1, threshold)) for threshold in candidates)
    found = parsed_aim(["f1"]).estimates(rows, rule)["macro_f1"]
    assert found.value == pytest.approx(best)
    assert macro_f1(rows, rows.predicted(rule)) == pytest.approx(best)
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize("seed", range(2))
def test_macro_f1_of_more_classes_is_at_a_best_weight_of_each(seed):
    rows = held_out(80, seed)
    rule = parsed_aim(["macro_f1"]).rule(rows)
    value = macro_f1(rows, rows.predicted(rule))
    plain = np.where(rows.is_known, rows.log_probabilities.argmax(axis=1), NO_ANSWER)
    assert value >= macro_f1(rows, plain)
    for k in range(3):
        for factor in np.geomspace(0.05, 20, 60):
            weights = np.array(rule.by_class)
            weights[k] *= factor
            other = np.argmax(rows.log_probabilities + np.log(weights), axis=1)
            assert macro_f1(rows, np.where(rows.is_known, other, NO_ANSWER)) <= value + 1e-9


@pytest.mark.parametrize("seed", range(2))
def test_a_cost_answers_what_costs_least_by_the_probabilities(seed):
    rows = held_out(50, seed)
    aim = parsed_aim(["cost(a->b) = 10", "cost(c->a) = 3"])
    matrix = np.array([[0, 10, 1], [1, 0, 1], [3, 1, 0]])
    predicted = rows.predicted(aim.rule(rows))
    expected = np.exp(rows.log_probabilities) @ matrix
    known = rows.is_known
    assert np.allclose(expected[known, predicted[known]], expected[known].min(axis=1))
    found = aim.estimates(rows, aim.rule(rows))["mean_cost"]
    assert found.value == pytest.approx(matrix[rows.y[known], predicted[known]].mean())
    plain = rows.log_probabilities.argmax(axis=1)[known]
    assert found.plain == pytest.approx(matrix[rows.y[known], plain].mean())


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_number_between_two_parts_them(a, b):
    low, high = sorted([a, b])
    found = between(low, high)
    assert low < found <= high or low == high == found


def test_the_threshold_is_a_number_that_can_be_read():
    probabilities = np.array([0.912345, 0.871234, 0.312345])
    log_probabilities = np.log(np.column_stack([1 - probabilities, probabilities]))
    rows = HeldOut(("ham", "spam"), log_probabilities, np.array([1, 1, 0]), np.ones(3, dtype=bool))
    assert parsed_aim(["precision(spam) >= 0.9"]).rule(rows) == ClassThreshold(1, 0.6)


REFUSED = {
    ("acuracy >= 0.9",): "'acuracy' is not an aim",
    ("precison(spam) >= 0.9",): "(did you mean 'precision'?)",
    ("accuracy >= 0.9",): "'accuracy' is not an aim.*choose from precision, recall, f1, macro_f1, cost",
    ("precision(spam)",): r"a form such as precision\(spam\) >= 0.99",
    ("precision >= 0.9",): "a form such as",
    ("precision(spam) <= 0.9",): "a form such as",
    ("precision(a->b) >= 0.9",): "a form such as .* write a class that contains blanks, .* in quotes",
    ("macro_f1(spam)",): "a form such as macro_f1",
    ("cost(spam) = 10",): "a form such as cost",
    ("cost(a->b) >= 10",): "a form such as cost",
    ("cost(a->b) = 0",): "a cost above 0, found 0",
    ("cost(a->a) = 2",): "a right answer costs 0",
    ("cost(a->b) = 2", "cost(a->b) = 3"): "given twice",
    ("f1", "f1"): "expected one aim",
    ("cost(a->b) = 2", "f1"): "expected one aim, or several costs",
    ("precision(spam) >= 95",): "a rate from 0 to 1, found 95.*write 0.95 or 95%",
    ("precision(spam >= 0.9",): "character 16",
}


@pytest.mark.parametrize("texts", REFUSED)
def test_what_is_no_aim_is_refused(texts):
    with pytest.raises(ParameterError, match=REFUSED[texts]):
        parsed_aim(texts)
