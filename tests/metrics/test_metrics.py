"""Metrics and the evaluation against the lecture's numbers and scikit-learn."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from vikt.errors import DataError, UsageError
from vikt.evaluation.evaluation import evaluate
from vikt.metrics.classification import (
    accuracy,
    confusion_matrix,
    f1,
    log_loss,
    log_losses,
    macro_f1,
    precision,
    recall,
)
from vikt.model.functions import log_softmax


@pytest.fixture
def sixteen_points():
    """The lecture's counts: 7 true positives, 2 false positives, 3 false negatives, 4 true negatives."""
    y_true = [1] * 7 + [0] * 2 + [1] * 3 + [0] * 4
    y_pred = [1] * 7 + [1] * 2 + [0] * 3 + [0] * 4
    return y_true, y_pred


def test_the_lectures_sixteen_points(sixteen_points):
    assert accuracy(*sixteen_points) == 11 / 16
    assert precision(*sixteen_points, positive=1) == 7 / 9
    assert recall(*sixteen_points, positive=1) == 7 / 10
    assert f1(*sixteen_points, positive=1) == pytest.approx(14 / 19, abs=1e-15)
    assert confusion_matrix(*sixteen_points).tolist() == [[4, 2], [3, 7]]


predictions = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=40)


@given(predictions)
def test_equal_to_scikit_learn(pairs):
    y_true, y_pred = (list(side) for side in zip(*pairs, strict=True))
    expected = oracle.confusion_matrix(y_true, y_pred, labels=list("abcd"))
    assert confusion_matrix(y_true, y_pred, labels=list("abcd")).tolist() == expected.tolist()
    assert accuracy(y_true, y_pred) == pytest.approx(oracle.accuracy_score(y_true, y_pred))
    present = sorted(set(y_true))
    expected = oracle.f1_score(y_true, y_pred, labels=present, average="macro", zero_division=0.0)
    assert macro_f1(y_true, y_pred) == pytest.approx(expected)
    for ours, theirs in [
        (precision, oracle.precision_score),
        (recall, oracle.recall_score),
        (f1, oracle.f1_score),
    ]:
        for undefined in (0.0, 1.0):
            expected = theirs(y_true, y_pred, labels=["a"], average=None, zero_division=undefined)[0]
            assert ours(y_true, y_pred, "a", undefined=undefined) == pytest.approx(expected)


def test_the_value_where_undefined_is_the_callers():
    assert math.isnan(precision(["a"], ["a"], positive="b"))
    assert recall(["a"], ["b"], positive="b", undefined=0.0) == 0.0
    assert f1(["a"], ["b"], positive="b") == 0.0


def test_confusion_matrix_keeps_the_order_of_the_labels():
    assert confusion_matrix(["b", "a", "a"], ["b", "b", "a"], labels=["b", "a", "c"]).tolist() == [
        [1, 0, 0],
        [1, 1, 0],
        [0, 0, 0],
    ]


def test_a_label_that_is_not_listed_is_refused():
    with pytest.raises(DataError, match="'c'"):
        confusion_matrix(["a", "c"], ["a", "a"], labels=["a", "b"])
    with pytest.raises(DataError, match="y_true holds 2 classes and y_pred 1; give a prediction for each"):
        confusion_matrix(["a", "c"], ["a"])
    with pytest.raises(DataError, match="none"):
        accuracy([], [])


def test_log_loss_is_scikit_learns_where_nothing_is_clipped():
    rng = np.random.default_rng(0)
    scores, y = rng.normal(size=(50, 4)), rng.integers(4, size=50)
    expected = oracle.log_loss(y, np.exp(log_softmax(scores)), labels=range(4))
    assert log_loss(y, log_softmax(scores)) == pytest.approx(expected, rel=1e-12)


def test_log_loss_is_exact_however_confident():
    assert log_losses([1, 0], log_softmax([[1208.3, 0.0], [1208.3, 0.0]])).tolist() == [1208.3, 0.0]


def test_log_loss_of_shapes_that_do_not_fit():
    with pytest.raises(UsageError, match=r"\(m, K\)"):
        log_loss([0, 1], [[0.0]])
    assert math.isnan(log_loss([], np.zeros((0, 2))))


@pytest.fixture
def with_unseen():
    labels = ["ham", "ham", "spam", "eel", "cod", "eel"]
    probabilities = [
        [0.9, 0.05, 0.05],
        [0.3, 0.6, 0.1],
        [0.2, 0.7, 0.1],
        [0.5, 0.4, 0.1],
        [0.4, 0.5, 0.1],
        [0.8, 0.1, 0.1],
    ]
    return evaluate(labels, ["ham", "spam", "tofu"], np.log(probabilities))


def test_labels_never_seen_are_counted_and_wrong(with_unseen):
    assert with_unseen.unseen == {"cod": 1, "eel": 2}
    assert sum(with_unseen.unseen.values()) == 3
    assert with_unseen.labels == ["ham", "spam", "tofu", "cod", "eel"]
    assert with_unseen.accuracy.value == 2 / 6
    assert with_unseen.absent == ["tofu"]
    # Macro F1 by hand: ham 2·1/(2+3), spam 2·1/(1+3), cod 0, eel 0.
    assert with_unseen.macro_f1.value == pytest.approx((2 / 5 + 2 / 4) / 4)
    assert with_unseen.log_loss.value == pytest.approx(-math.log(0.9 * 0.3 * 0.7) / 3)


def test_rows_of_the_confusion_matrix_are_real_labels(with_unseen):
    assert with_unseen.matrix.tolist() == [
        [1, 1, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [2, 0, 0, 0, 0],
    ]
    assert with_unseen.support.tolist() == [2, 1, 0, 1, 2]
    assert with_unseen.predicted.tolist() == [3, 3, 0, 0, 0]


def test_json_has_a_reason_for_each_null(with_unseen):
    found = json.loads(json.dumps(with_unseen.to_json(), allow_nan=False))
    assert found["metrics"]["accuracy"]["rows"] == 6
    assert (found["metrics"]["log_loss"]["rows"], found["metrics"]["log_loss"]["left_out"]) == (3, 3)
    assert (found["metrics"]["macro_f1"]["classes"], found["metrics"]["macro_f1"]["left_out"]) == (4, 1)
    ham = found["per_class"]["ham"]
    assert list(ham)[:7] == ["precision", "recall", "f1", "support", "predicted", "mean_probability", "rate"]
    assert (ham["precision"], ham["recall"], ham["f1"]) == pytest.approx((1 / 3, 1 / 2, 2 / 5))
    assert (ham["support"], ham["predicted"], ham["rate"]) == (2, 3, pytest.approx(2 / 6))
    assert ham["mean_probability"] == pytest.approx((0.9 + 0.3 + 0.2 + 0.5 + 0.4 + 0.8) / 6)
    assert found["per_class"]["eel"]["precision"] is None
    assert found["per_class"]["eel"]["reason"] == "never predicted"
    assert found["per_class"]["tofu"]["reason"] == "never predicted, no such row"
    assert found["unseen_labels"] == {"cod": 1, "eel": 2}


@pytest.mark.parametrize(
    ("labels", "probabilities", "reason"),
    [
        (
            ["eel", "eel"],
            [[0.5, 0.5], [0.5, 0.5]],
            "every row has a label unseen in training; leaves out 2 rows with labels unseen in training",
        ),
        (["ham", "ham"], [[0.0, 1.0], [0.5, 0.5]], "the label of 1 row has probability 0"),
        (["ham"], [[0.5, 0.5]], "one row gives no interval"),
    ],
)
def test_json_is_never_nan_or_infinite(labels, probabilities, reason):
    with np.errstate(divide="ignore"):
        found = evaluate(labels, ["ham", "spam"], np.log(probabilities))
    metrics = found.to_json()["metrics"]
    json.dumps(metrics, allow_nan=False)
    assert metrics["log_loss"]["reason"] == reason
    assert metrics["log_loss"]["low"] is None


def test_a_tie_goes_to_the_first_class():
    assert evaluate(["b"], ["b", "a"], np.log([[0.5, 0.5]])).accuracy.value == 1.0


def test_figures_lie_in_their_intervals():
    rng = np.random.default_rng(1)
    classes = np.array([f"class {k}" for k in range(30)])
    found = evaluate(classes[rng.integers(30, size=60)], classes, log_softmax(rng.normal(size=(60, 30))))
    for estimate in (found.accuracy, found.log_loss, found.macro_f1):
        assert estimate.low <= estimate.value <= estimate.high


def test_bad_evaluations_are_refused():
    with pytest.raises(DataError, match="none"):
        evaluate([], ["a", "b"], np.zeros((0, 2)))
    with pytest.raises(DataError, match="shape"):
        evaluate(["a"], ["a", "b"], np.zeros((1, 3)))
    with pytest.raises(DataError, match="row 1"):
        evaluate(["a", "b"], ["a", "b"], [[0.0, -1.0], [math.nan, 0.0]])
