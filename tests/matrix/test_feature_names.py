"""A matrix as a frame: its numbers, and the names of its columns."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression as Theirs
from sklearn.utils.estimator_checks import check_dataframe_column_names_consistency

from vikt.errors import DataError
from vikt.estimators import LogisticRegression, NaiveBayes

VALUES = np.random.default_rng(0).random((60, 3)) * [1.0, 2.0, 3.0]
LABELS = np.where(VALUES[:, 0] > 0.5, "high", "low")
NAMES = ["a", "b", "c"]


def table(make):
    return make(dict(zip(NAMES, VALUES.T, strict=True)))


FRAMES = {
    "pandas": lambda: table(pd.DataFrame),
    "pandas nullable": lambda: table(pd.DataFrame).convert_dtypes(),
    "pandas Arrow": lambda: table(pd.DataFrame).convert_dtypes(dtype_backend="pyarrow"),
    "Polars": lambda: table(pl.DataFrame),
    "Arrow table": lambda: table(pa.table),
    "Arrow batch": lambda: table(pa.record_batch),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_is_its_numbers_and_its_names_are_kept(name):
    fitted, plain = LogisticRegression().fit(FRAMES[name](), LABELS), LogisticRegression().fit(VALUES, LABELS)
    assert np.array_equal(fitted.theta_, plain.theta_)
    assert fitted.feature_names_in_.tolist() == NAMES
    assert fitted.feature_names_in_.dtype == object
    for other in FRAMES.values():
        assert np.array_equal(fitted.predict_proba(other()), plain.predict_proba(VALUES))
    assert not hasattr(plain, "feature_names_in_")
    assert not hasattr(fitted.fit(VALUES, LABELS), "feature_names_in_")


@pytest.mark.parametrize("estimator", [LogisticRegression(), NaiveBayes()])
@pytest.mark.filterwarnings("ignore::vikt.errors.ConvergenceWarning")
def test_names_are_compared_as_scikit_learns_own_check_asks(estimator):
    check_dataframe_column_names_consistency(type(estimator).__name__, estimator)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba", "decision_function"])
def test_columns_in_another_order_are_refused(make, method):
    frame = table(make)
    fitted = LogisticRegression().fit(frame, LABELS)
    swapped = frame.select(NAMES[::-1]) if hasattr(frame, "select") else frame[NAMES[::-1]]
    with pytest.raises(DataError, match="Feature names must be in the same order as they were in fit"):
        getattr(fitted, method)(swapped)
    with pytest.raises(DataError, match="same order"):
        fitted.score(swapped, LABELS)


@pytest.mark.parametrize(
    ("names", "expected"),
    [(["a", "b", "d"], "unseen at fit time:\n- d\nFeature names seen at fit time, yet now missing:\n- c\n")],
)
def test_renamed_columns_are_named(names, expected):
    fitted = LogisticRegression().fit(pd.DataFrame(VALUES, columns=NAMES), LABELS)
    with pytest.raises(DataError) as raised:
        fitted.predict(pd.DataFrame(VALUES, columns=names))
    assert expected in str(raised.value)


@pytest.mark.parametrize(
    ("fitted_on", "predicted"),
    [(pd.DataFrame(VALUES, columns=NAMES), VALUES), (VALUES, pd.DataFrame(VALUES, columns=NAMES))],
)
def test_names_on_one_side_alone_give_scikit_learns_warning_at_the_users_line(fitted_on, predicted):
    with pytest.warns(UserWarning, match="feature names") as theirs:
        Theirs().fit(fitted_on, LABELS).predict(predicted)
    with pytest.warns(UserWarning, match="feature names") as ours:
        LogisticRegression().fit(fitted_on, LABELS).predict(predicted)
    assert str(ours[0].message) == str(theirs[0].message)
    assert ours[0].filename == __file__


def test_numbers_for_names_are_no_names():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = LogisticRegression().fit(pd.DataFrame(VALUES), LABELS)
        fitted.predict(VALUES)
    assert not hasattr(fitted, "feature_names_in_")
    with pytest.raises(DataError, match="all input features have string names; found 1 of type int"):
        LogisticRegression().fit(pd.DataFrame(VALUES, columns=["a", 1, "c"]), LABELS)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": pd.array([1.0, None], "Float64")}),
        pd.DataFrame({"a": [1.0, None]}),
        pl.DataFrame({"a": [1, None]}),
        pa.table({"a": [1, None]}),
    ],
)
def test_missing_numbers_are_refused(frame):
    with pytest.raises(DataError, match="Input X contains NaN"):
        LogisticRegression().fit(frame, ["x", "y"])


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_columns_of_text_are_refused(make):
    with pytest.raises(DataError, match="X must hold numbers"):
        LogisticRegression().fit(make({"a": ["x", "y"]}), ["x", "y"])


def test_float32_frames_stay_float32():
    narrow = VALUES.astype(np.float32)
    frame = pl.DataFrame(dict(zip(NAMES, narrow.T, strict=True)))
    assert np.array_equal(
        LogisticRegression().fit(frame, LABELS).theta_, LogisticRegression().fit(narrow, LABELS).theta_
    )


def test_offsets_come_from_any_column():
    offset = np.linspace(-1, 1, len(VALUES))
    expected = LogisticRegression().fit(VALUES, LABELS, offset=offset).theta_
    for column in (pd.Series(offset), pl.Series(offset), pa.array(offset)):
        assert np.array_equal(LogisticRegression().fit(VALUES, LABELS, offset=column).theta_, expected)
