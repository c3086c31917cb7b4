"""Real and predicted classes: of any maker, of one length, of kinds that can be equal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.metrics import accuracy_score

import vikt
from vikt.errors import DataError
from vikt.estimators import LogisticRegression
from vikt.evaluation.evaluation import evaluate
from vikt.metrics.classification import macro_f1

REAL, PREDICTED = ["a", "b", "a", "a"], ["a", "a", "a", "b"]
FIGURES = {
    "accuracy": (vikt.accuracy, 0.5),
    "precision": (lambda real, predicted: vikt.precision(real, predicted, "a"), 2 / 3),
    "recall": (lambda real, predicted: vikt.recall(real, predicted, "a"), 2 / 3),
    "f1": (lambda real, predicted: vikt.f1(real, predicted, "a"), 2 / 3),
    "macro F1": (macro_f1, 1 / 3),
    "confusions": (lambda real, predicted: vikt.confusion_matrix(real, predicted).tolist(), [[2, 1], [1, 0]]),
}
COLUMNS = {
    "generator": iter,
    "array": np.array,
    "objects": lambda labels: np.array(labels, dtype=object),
    "one column": lambda labels: np.array(labels)[:, None],
    "pandas": lambda labels: pd.Series(labels, index=[3, 3, 1, 0]),
    "pandas category": lambda labels: pd.Series(labels, dtype="category"),
    "Polars": pl.Series,
    "Arrow": pa.array,
}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("figure", FIGURES)
def test_figures_are_those_of_lists(figure, column):
    of, expected = FIGURES[figure]
    assert np.asarray(of(COLUMNS[column](REAL), PREDICTED)) == pytest.approx(np.asarray(expected))
    assert np.asarray(of(REAL, COLUMNS[column](PREDICTED))) == pytest.approx(np.asarray(expected))
    assert np.asarray(of(COLUMNS[column](REAL), COLUMNS[column](PREDICTED))) == pytest.approx(np.asarray(expected))


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="it came with NumPy 2")
@pytest.mark.parametrize("figure", FIGURES)
def test_strings_of_any_width(figure):
    of, expected = FIGURES[figure]
    found = of(np.array(REAL, dtype=np.dtypes.StringDType()), np.array(PREDICTED, dtype=object))
    assert np.asarray(found) == pytest.approx(np.asarray(expected))


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize(
    ("real", "predicted", "message"),
    [
        (REAL, PREDICTED[:3], "y_true holds 4 classes and y_pred 3"),
        (REAL, "a", "y_pred: expected a label for each row, found one str"),
        (REAL, [1, 0, 1, 0], "y_true holds strings such as 'a' and y_pred numbers such as 1, which are never equal"),
        (REAL, [True] * 4, "y_true holds strings such as 'a' and y_pred booleans such as True"),
        (["a", None, "b", "a"], PREDICTED, r"y_true, counted from 0: row 1 has no label \(1 such row\)"),
        (REAL, [["a", "b"]] * 4, r"y_pred: .* shape \(4, 2\)"),
        (["1", 1, 1, 1], PREDICTED, "y_true: expected one kind of label"),
    ],
)
def test_what_cannot_be_compared_is_refused(figure, real, predicted, message):
    with pytest.raises(DataError, match=message):
        FIGURES[figure][0](real, predicted)


@pytest.mark.parametrize("figure", [vikt.precision, vikt.recall, vikt.f1])
def test_a_positive_class_of_another_kind_is_refused(figure):
    with pytest.raises(DataError, match="positive numbers such as 1, which are never equal"):
        figure(REAL, PREDICTED, 1)


def test_booleans_and_numbers_are_equal_as_in_python():
    assert vikt.accuracy([True, False, True], [1, 0, 0]) == pytest.approx(2 / 3)


def test_weighted_accuracy_is_scikit_learns():
    random = np.random.default_rng(0)
    real, predicted, weights = random.integers(3, size=50), random.integers(3, size=50), random.random(50)
    expected = accuracy_score(real, predicted, sample_weight=weights)
    assert vikt.accuracy(real, predicted, pl.Series(weights)) == pytest.approx(expected)
    with pytest.raises(DataError, match="sample_weight: expected 50 numbers"):
        vikt.accuracy(real, predicted, [1.0])


@pytest.mark.parametrize("column", COLUMNS)
def test_an_evaluation_takes_labels_of_any_maker(column):
    found = evaluate(COLUMNS[column](REAL), ["a", "b"], np.log([[0.9, 0.1], [0.8, 0.2], [0.9, 0.1], [0.2, 0.8]]))
    assert found.accuracy.value == 0.5
    assert found.unseen == {}


@pytest.mark.parametrize(
    ("labels", "message"),
    [([1, 0], "labels holds numbers such as 1 and classes strings such as 'a'"), (["a", None], "row 1 has no label")],
)
def test_an_evaluation_refuses_what_cannot_be_compared(labels, message):
    with pytest.raises(DataError, match=message):
        evaluate(labels, ["a", "b"], np.log(np.full((2, 2), 0.5)))


TEXTS = ["god film", "dålig film", "god", "dålig"]


@pytest.fixture(scope="module", params=["texts", "rows"])
def model(request):
    """Something fitted to two classes, and the rows that it answers "x", "y", "x", "y"."""
    labels = ["x", "y", "x", "y"]
    if request.param == "rows":
        rows = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
        return LogisticRegression().fit(rows, labels), rows
    return vikt.TextClassifier(l2=0.01, min_df=1).fit(TEXTS, labels), TEXTS


@pytest.mark.parametrize("column", COLUMNS)
def test_a_score_takes_labels_of_any_maker(model, column):
    fitted, rows = model
    assert fitted.score(rows, COLUMNS[column](["x", "y", "y", "y"])) == 0.75


def test_a_score_takes_weights(model):
    fitted, rows = model
    assert fitted.score(rows, ["x", "y", "y", "y"], [1, 1, 2, 0]) == 0.5
    assert fitted.score(rows, ["x", "y", "y", "y"], sample_weight=pd.Series([1, 1, 2, 0])) == 0.5


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["x", "y"], "y_true holds 2 classes and y_pred 4|4 rows and 2 labels"),
        (["x"], "y_true holds 1 classes and y_pred 4|4 rows and 1 label;"),
        ([0, 1, 0, 1], "holds numbers such as 0 and (y_pred|classes) strings such as 'x'"),
        (["x", None, "x", "y"], "row 1 has no label"),
    ],
)
def test_a_score_refuses_what_cannot_be_compared(model, labels, message):
    fitted, rows = model
    with pytest.raises(DataError, match=message):
        fitted.score(rows, labels)
