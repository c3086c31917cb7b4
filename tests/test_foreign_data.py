"""What frames and columns of other makers hold beside texts: odd names, odd types, numbers that are none."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import vikt
from vikt.corpus.frames import array_of
from vikt.errors import ColumnError, DataError, ParameterError, UsageError
from vikt.features.handmade import Category, Number
from vikt.model.classes import encode_labels, row_weights

TEXTS = [f"{first} {second}" for first in ("win", "free", "lunch", "noon") for second in ("a", "b", "c")]
LABELS = ["spam"] * 6 + ["ham"] * 6
X = np.array([[float(i), float(i % 3)] for i in range(12)])
DAYS = pd.date_range("2024-01-01", periods=12)
PERIODS = pd.Series(pd.period_range("2024-01", periods=2, freq="M").repeat(6))


def classifier(**parameters):
    return vikt.TextClassifier(analyzer="word", min_df=1, l2=0.01, **parameters)


@pytest.mark.parametrize("name", ["dtype", "collect", "column_names", "columns", "keys", "shape", "schema", "iloc"])
def test_a_column_may_have_the_name_of_an_attribute(name):
    frame = pd.DataFrame({"text": TEXTS, name: range(12)})
    plain = classifier().fit(TEXTS, LABELS)
    assert np.array_equal(classifier().fit(frame, LABELS).theta_, plain.theta_)
    numbers = pd.DataFrame({"a": X[:, 0], name: X[:, 1]})
    assert vikt.LogisticRegression().fit(numbers, LABELS).feature_names_in_.tolist() == ["a", name]
    assert plain.predict(pl.DataFrame({"text": TEXTS, name: range(12)})).tolist() == LABELS


def test_groups_of_a_frame_are_no_texts():
    with pytest.raises(DataError, match=r"found groups of them \(DataFrameGroupBy\)") as raised:
        classifier().fit(pd.DataFrame({"text": TEXTS, "n": 1}).groupby("text"), LABELS)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("labels", [PERIODS, PERIODS.astype("category"), pa.array(PERIODS)])
def test_periods_are_no_numbers(labels):
    for refuse in (
        lambda: classifier().fit(TEXTS, labels),
        lambda: vikt.accuracy(labels, [648] * 6 + [649] * 6),
        lambda: row_weights(labels, 12),
        lambda: vikt.LogisticRegression().fit(X, LABELS, None, labels),
    ):
        with pytest.raises(DataError, match=r"expected strings, booleans or numbers, found .*period.* to strings"):
            refuse()


def test_far_timestamps_are_refused_as_labels():
    with pytest.raises(DataError, match=r"found timestamp\[s\]"):
        classifier().fit(TEXTS, pa.array([2**62] * 12, pa.timestamp("s")))


OTHERS = {
    "datetime64": np.asarray(DAYS),
    "timedelta64": np.arange(12).astype("m8[D]"),
    "strings": ["1"] * 12,
    "objects of strings": np.array(["1"] * 12, dtype=object),
    "pandas strings": pd.Series(["1"] * 12),
    "underscores": pd.Series(["1_0"] * 12),
    "bytes": np.array([b"1"] * 12),
    "complex": [1j] * 12,
    "dates": [datetime.date(2024, 1, 1)] * 12,
    "pandas": pd.Series(DAYS),
    "Polars": pl.Series(DAYS),
    "Arrow": pa.array(DAYS),
    "huge": [10**400] * 12,
    "too huge to be written": [10**5000] * 12,
}


@pytest.mark.parametrize("name", OTHERS)
def test_offsets_weights_and_features_of_other_types_are_refused(name):
    for fit in (
        lambda: vikt.LogisticRegression().fit(X, LABELS, None, OTHERS[name]),
        lambda: vikt.LogisticRegression().fit(X, LABELS, OTHERS[name]),
        lambda: classifier().fit(TEXTS, LABELS, OTHERS[name]),
        lambda: vikt.LogisticRegression().fit(np.column_stack([array_of(OTHERS[name])]), LABELS),
        lambda: vikt.LogisticRegression().fit(pd.DataFrame({"a": OTHERS[name]}), LABELS),
    ):
        with pytest.raises(DataError, match=r"number|Complex") as raised:
            fit()
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_frame_with_dates_is_no_matrix(frame):
    for columns in ({"day": DAYS}, {"day": DAYS, "size": X[:, 0]}, {"size": X[:, 0], "day": DAYS}):
        with pytest.raises(DataError, match="X must hold numbers") as raised:
            vikt.LogisticRegression().fit(frame(columns), LABELS)
        assert "\n" not in str(raised.value)
    with pytest.raises(DataError, match="period"):
        vikt.LogisticRegression().fit(pd.DataFrame({"month": PERIODS}), LABELS)


def test_ragged_rows_are_no_matrix():
    with pytest.raises(DataError, match=r"X must hold numbers .* in rows of one length"):
        vikt.LogisticRegression().fit([[1, 2], [3]], ["a", "b"])


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_frame_of_several_types_of_numbers_is_a_matrix(frame):
    columns = {"a": list(range(12)), "b": X[:, 1], "c": [True, False] * 6}
    expected = vikt.LogisticRegression().fit(np.column_stack(list(columns.values())), LABELS)
    assert np.array_equal(vikt.LogisticRegression().fit(frame(columns), LABELS).theta_, expected.theta_)


def test_integers_of_polars_that_numpy_does_not_have():
    wide = pl.Series([1, 2] * 6, dtype=pl.Int128)
    assert encode_labels(wide)[0].tolist() == [1, 2]
    assert row_weights(wide, 12).tolist() == [1.0, 2.0] * 6
    assert vikt.accuracy(wide, [1, 2] * 6) == 1.0
    expected = vikt.LogisticRegression().fit(np.array([[1.0], [2.0]] * 6), LABELS).theta_
    assert np.array_equal(vikt.LogisticRegression().fit(pl.DataFrame({"a": wide}), LABELS).theta_, expected)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.array([1, 1.0, 2, 2.0], dtype=object), [1.0, 2.0]),
        (np.array([2**53 + 1, 1.0, 1, 2.0], dtype=object), [1, 2, 2**53 + 1]),
        ([2**63, -1], [-1, 2**63]),
        ([-0.0, 0.0, 1.0], [0.0, 1.0]),
        (np.array([-0.0, 0, 1], dtype=object), [0.0, 1.0]),
    ],
)
def test_equal_numbers_are_one_class_in_any_order(labels, classes, tmp_path):
    for order in (labels, labels[::-1]):
        found, _ = encode_labels(order)
        assert list(map(repr, found.tolist())) == list(map(repr, classes))


def test_a_whole_number_is_one_category_be_it_a_float():
    features = [Category(name="c", column="c")]
    codes = [1, 2] * 6
    fitted = classifier(features=features).fit({"text": TEXTS, "c": codes}, LABELS)
    floats = {"text": TEXTS, "c": pd.Series([*codes, None])[:12]}
    assert floats["c"].dtype == np.float64
    assert np.array_equal(fitted.predict_proba(floats), fitted.predict_proba({"text": TEXTS, "c": codes}))
    again = classifier(features=features).fit(floats, LABELS)
    assert np.array_equal(again.theta_, fitted.theta_)
    assert [name for name in again.get_feature_names_out() if name.startswith("c=")] == ["c=1", "c=2"]


def test_held_out_columns_come_back_by_their_own_names_and_as_they_were():
    m = 60
    texts, labels = [f"word{i % 7} text{i}" for i in range(m)], ["x", "y"] * (m // 2)
    far = pa.array([2**62] * m, pa.timestamp("s"))
    frame = {"text": texts, 1: list(range(m)), "1": [str(i) for i in range(m)], "far": far, "n": pl.Series(range(m))}
    held, _ = classifier().fit_and_hold_out(frame, labels)
    rows = held[1]
    assert list(held) == list(frame)
    assert held["1"] == [str(row) for row in rows]
    assert held["text"] == [texts[row] for row in rows]
    assert held["n"].to_list() == rows
    assert held["far"].equals(far.take(rows))
    with pytest.raises(ColumnError, match="must differ, found '1' 2 times"):
        classifier(features=[Number(name="1")]).fit(frame, labels)
    generated = {"text": iter(texts), "n": (i for i in range(m))}
    held, _ = classifier(features=[Number(name="n")]).fit_and_hold_out(generated, labels)
    assert held["text"] == [texts[row] for row in held["n"]]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([1] * 500, "column 'meta': expected 12 values, as there are rows, found 500"),
        ([1], "expected 12 values, as there are rows, found 1"),
        (iter([1]), "expected 12 values, as there are rows, found 1"),
        (3, "column 'meta': expected a value for each row, found one int; pass a list"),
        (np.array(3), "found one ndarray"),
        ("a" * 12, "found one str"),
    ],
)
def test_a_column_of_another_length_is_refused_before_the_fit(column, message):
    with pytest.raises(DataError, match=message):
        classifier().fit_and_hold_out({"text": TEXTS, "meta": column}, LABELS)


def test_a_generator_is_a_hand_made_column():
    features = [Number(name="n")]
    fitted = classifier(features=features).fit({"text": TEXTS, "n": (i for i in range(12))}, LABELS)
    assert np.array_equal(
        fitted.theta_, classifier(features=features).fit({"text": TEXTS, "n": range(12)}, LABELS).theta_
    )
    with pytest.raises(DataError, match="column 'n': expected a value for each row, found one int"):
        fitted.predict({"text": TEXTS, "n": 3})


@pytest.mark.parametrize("features", [5, [1, 2], {"a": 1}, True, ["money"]])
def test_features_that_are_none_are_refused(features):
    with pytest.raises(ParameterError, match="features: expected a TOML file, or a list of features") as raised:
        classifier(features=features).fit(TEXTS, LABELS)
    assert repr(features) in str(raised.value)


@pytest.mark.parametrize("vocabulary", [np.array(1), np.array("a"), np.array([["a"]]), 5])
def test_a_vocabulary_without_terms_is_refused(vocabulary):
    with pytest.raises(UsageError, match="vocabulary: expected a mapping or a collection of terms"):
        vikt.TextVectorizer(vocabulary=vocabulary).fit(TEXTS)


def test_a_request_of_metadata_that_is_no_name_is_refused():
    sklearn = pytest.importorskip("sklearn")
    with sklearn.config_context(enable_metadata_routing=True):
        for request in (3, "not a name", 1.5):
            with pytest.raises(UsageError, match="sample_weight: expected True, False, None or a name"):
                vikt.LogisticRegression().set_fit_request(sample_weight=request)
