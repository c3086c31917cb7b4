"""Labels and weights as users hold them: every type works and is saved, or is refused before any work."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import vikt
from vikt.errors import DataError
from vikt.estimators import LogisticRegression, NaiveBayes
from vikt.model.classes import encode_labels, row_weights

TEXTS = ["ja ja", "nej tack", "kanske så"] * 4
X = np.eye(3)[[0, 1, 2] * 4]
THREE = ["b", "a", "c"] * 4
needs_string_dtype = pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="it came with NumPy 2")

COLUMNS = {
    "tuple": tuple,
    "generator": iter,
    "array": np.array,
    "objects": lambda labels: np.array(labels, dtype=object),
    "NumPy scalars": lambda labels: np.array([np.str_(label) for label in labels], dtype=object),
    "strings of any width": lambda labels: np.array(labels, dtype=np.dtypes.StringDType()),
    "masked array without a mask": np.ma.array,
    "pandas": lambda labels: pd.Series(labels, index=labels),
    "pandas objects": lambda labels: pd.Series(labels, dtype=object),
    "pandas category": lambda labels: pd.Series(pd.Categorical(labels, categories=["unused", "c", "b", "a"])),
    "pandas Categorical": pd.Categorical,
    "pandas Index": pd.Index,
    "Polars": pl.Series,
    "Polars categorical": lambda labels: pl.Series(labels, dtype=pl.Categorical),
    "Polars Enum": lambda labels: pl.Series(labels, dtype=pl.Enum(["unused", "c", "b", "a"])),
    "Arrow": pa.array,
    "Arrow chunks": lambda labels: pa.chunked_array([labels[:5], labels[5:]]),
    "Arrow dictionary": lambda labels: pa.array(labels).dictionary_encode(),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs_string_dtype if "any width" in name else ()) for name in COLUMNS]
)
def test_labels_are_the_same_whoever_made_them(name):
    classes, y = encode_labels(COLUMNS[name](THREE))
    assert classes.tolist() == ["a", "b", "c"]
    assert y.tolist() == [1, 0, 2] * 4
    assert {type(label) for label in classes.tolist()} == {str}
    expected = vikt.TextClassifier(l2=0.01, min_df=1).fit(TEXTS, THREE)
    fitted = vikt.TextClassifier(l2=0.01, min_df=1).fit(TEXTS, COLUMNS[name](THREE))
    assert np.array_equal(fitted.theta_, expected.theta_)
    assert fitted.score(TEXTS, COLUMNS[name](THREE)) == 1.0
    for estimator in (LogisticRegression(), NaiveBayes()):
        estimator.fit(X, COLUMNS[name](THREE))
        assert estimator.classes_.tolist() == ["a", "b", "c"]
        assert estimator.score(X, COLUMNS[name](THREE)) == 1.0


KINDS = {
    "str": (["b", "a"], "U"),
    "str with NUL": (["a\0", "a"], "O"),
    "bool": ([True, False], "b"),
    "int": ([2, -1], "i"),
    "integral float": ([2.0, 1.0], "f"),
    "int beside integral float": ([2, 1.0], "f"),
    "int of 64 bits without a sign": ([2**63 + 1, 2**63 + 2], "u"),
    "int of more than 64 bits": ([2**63 + 1, 2**63 + 2, -1], "O"),
    "int8": (np.array([3, -1], dtype=np.int8), "i"),
    "float32": (np.array([3, -1], dtype=np.float32), "f"),
    "float16": (np.array([3, -1], dtype=np.float16), "f"),
    "longdouble": (np.array([3, -1], dtype=np.longdouble), "f"),
    "objects": (np.array(["b", "a"], dtype=object), "O"),
    "NumPy's integers as objects": (np.array([np.int64(2), np.int32(1)], dtype=object), "O"),
    "NumPy's booleans as objects": (np.array([np.True_, np.False_], dtype=object), "O"),
    "NumPy's strings in a list": ([np.str_("b"), np.str_("a")], "U"),
    "pandas integers": (pd.Series([2, 1], dtype="Int64"), "i"),
    "pandas booleans": (pd.Series([True, False], dtype="boolean"), "b"),
    "pandas integral categories": (pd.Series([2, 1], dtype="category"), "i"),
    "Polars integers": (pl.Series([2, 1], dtype=pl.UInt8), "u"),
    "Polars booleans": (pl.Series([True, False]), "b"),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_fits_can_be_saved_and_comes_back_with_its_type(name, tmp_path):
    labels, kind = KINDS[name]
    expected = list(labels) * 4
    fitted = vikt.TextClassifier(l2=0.01, min_df=1).fit(
        TEXTS[: len(expected)] if len(labels) == 3 else TEXTS[:2] * 4,
        labels * 4 if isinstance(labels, list) else np.concatenate([np.asarray(labels)] * 4),
    )
    fitted.save(tmp_path / "m")
    loaded = vikt.load(tmp_path / "m")
    assert fitted.classes_.dtype == loaded.classes_.dtype
    assert fitted.classes_.dtype.kind == kind
    assert fitted.classes_.tolist() == loaded.classes_.tolist() == sorted(labels)
    assert list(map(type, fitted.classes_.tolist())) == list(map(type, loaded.classes_.tolist()))
    assert all("np." not in label for label in fitted.class_names)


@needs_string_dtype
def test_strings_of_any_width_come_back_as_such(tmp_path):
    labels = np.array(["a\0", "a", "ö"] * 4, dtype=np.dtypes.StringDType())
    vikt.TextClassifier(l2=0.01, min_df=1).fit(TEXTS, labels).save(tmp_path / "m")
    loaded = vikt.load(tmp_path / "m")
    assert loaded.classes_.dtype == labels.dtype
    assert loaded.predict(TEXTS).tolist() == labels.tolist()


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


DAYS = [datetime.date(2024, 1, day) for day in (1, 2)]
REFUSED = {
    "bytes": [b"a", b"b"],
    "array of bytes": np.array([b"a", b"b"]),
    "dates": DAYS,
    "datetime64": np.array(DAYS, dtype="datetime64[D]"),
    "timedelta64": np.array([1, 2], dtype="timedelta64[D]"),
    "pandas timestamps": pd.Series(pd.to_datetime(DAYS)),
    "Polars dates": pl.Series(DAYS),
    "Arrow dates": pa.array(DAYS),
    "Decimal": [decimal.Decimal("1.5"), decimal.Decimal(2)],
    "Polars decimals": pl.Series([decimal.Decimal("1.5"), decimal.Decimal(2)]),
    "UUID": [uuid.UUID(int=1), uuid.UUID(int=2)],
    "Enum": [Colour.RED, Colour.BLUE],
    "IntEnum": [Level.LOW, Level.HIGH],
    "complex": [1j, 2j],
    "intervals": pd.cut(pd.Series([1, 2]), 2),
    "binary": pa.array([b"a", b"b"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_labels_of_other_types_are_refused_before_any_work(name):
    for fit in (lambda y: LogisticRegression().fit(np.eye(2), y), lambda y: vikt.TextClassifier().fit(["a", "b"], y)):
        with pytest.raises(DataError, match=r"expected strings, booleans or numbers.* convert.* to strings") as raised:
            fit(REFUSED[name])
        assert "\n" not in str(raised.value)


MISSING = {
    "None": ["a", "b", None, "c", None],
    "NaN among strings": ["a", "b", np.nan, "c", None],
    "NaN among numbers": [1.0, 2.0, np.nan, 1.0, np.nan],
    "array of numbers": np.array([1.0, 2.0, np.nan, 1.0, np.nan]),
    "masked array": np.ma.array([1, 2, 3, 1, 5], mask=[0, 0, 1, 0, 1]),
    "NaT": np.array(["a", "b", np.datetime64("NaT"), "c", pd.NaT], dtype=object),
    "pandas": pd.Series(["a", "b", None, "c", None]),
    "pandas category": pd.Series(["a", "b", None, "c", None], dtype="category"),
    "pandas NA": pd.Series(["a", "b", pd.NA, "c", pd.NA], dtype=object),
    "pandas integers": pd.Series([1, 2, None, 1, None], dtype="Int64"),
    "pandas booleans": pd.Series([True, False, None, True, None], dtype="boolean"),
    "Polars": pl.Series(["a", "b", None, "c", None]),
    "Polars integers": pl.Series([1, 2, None, 1, None]),
    "Arrow": pa.chunked_array([["a", "b", None], ["c", None]]),
    "Arrow dictionary": pa.array(["a", "b", None, "c", None]).dictionary_encode(),
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_labels_are_refused_with_their_row(name):
    for fit in (
        lambda y: LogisticRegression().fit(np.eye(5), y),
        lambda y: NaiveBayes().fit(np.eye(5), y),
        lambda y: vikt.TextClassifier().fit(list("abcde"), y),
    ):
        with pytest.raises(DataError, match=r"labels, counted from 0: row 2 has no label \(2 such rows\); label it"):
            fit(MISSING[name])


@needs_string_dtype
def test_a_missing_string_of_any_width():
    labels = np.array(["a", None, "b"], dtype=np.dtypes.StringDType(na_object=None))
    with pytest.raises(DataError, match=r"row 1 has no label \(1 such row\)"):
        encode_labels(labels)


def test_rows_of_weight_0_need_no_label_and_rows_keep_their_numbers():
    texts, labels = ["a", "a b", "b", "b c", "c"], ["x", None, "x", "y", "y"]
    weighted = vikt.TextClassifier(l2=0.01, min_df=1).fit(texts, labels, [1, 0, 1, 1, 1])
    without = vikt.TextClassifier(l2=0.01, min_df=1).fit([*texts[:1], *texts[2:]], ["x", "x", "y", "y"])
    assert weighted.classes_.tolist() == ["x", "y"]
    assert np.array_equal(weighted.theta_, without.theta_)
    labels[3] = np.nan
    with pytest.raises(DataError, match="row 3 has no label"):
        vikt.TextClassifier().fit(texts, labels, [1, 0, 1, 1, 1])


@pytest.mark.parametrize(
    ("labels", "first", "other"),
    [
        ([1, "1", 1], "number 1 in row 0", "string '1' in row 1"),
        (["ham", "ham", 1], "string 'ham' in row 0", "number 1 in row 2"),
        ([True, 1, True], "boolean True in row 0", "number 1 in row 1"),
        ([1.0, False, 1], "number 1.0 in row 0", "boolean False in row 1"),
        ([np.str_("a"), np.int64(1), "a"], "string 'a' in row 0", "number 1 in row 1"),
        (pd.Series(["a", 2, "b"], dtype=object), "string 'a' in row 0", "number 2 in row 1"),
    ],
)
def test_labels_of_several_kinds_are_refused_by_two_that_differ(labels, first, other):
    with pytest.raises(DataError, match=f"found the {first} and the {other}; convert all to strings"):
        encode_labels(labels)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("abc", "labels: expected a label for each row, found one str"),
        (None, "labels: expected a label for each row, found None; pass a list or a column"),
        (3, "labels: expected a label for each row, found one int"),
        ([["a", "b"], ["c", "d"]], r"got an array of shape \(2, 2\)"),
        (pd.DataFrame({"a": [1, 2], "b": [3, 4]}), r"got an array of shape \(2, 2\)"),
        ([1.5, 2], "Unknown label type: continuous .* convert them to strings"),
        (np.array([1.5, 2], dtype=object), "Unknown label type: continuous"),
        ([1, np.inf], "row 1 has the label infinity"),
    ],
)
def test_what_is_no_column_of_classes_is_refused(labels, message):
    with pytest.raises(DataError, match=message):
        encode_labels(labels)


@pytest.mark.parametrize("labels", [np.array(THREE)[:, None], pd.DataFrame({"y": THREE})])
def test_a_column_of_labels_is_flattened_with_scikit_learns_warning_at_the_users_line(labels):
    from sklearn.exceptions import DataConversionWarning

    for fit in (lambda: LogisticRegression().fit(X, labels), lambda: vikt.TextClassifier(l2=0.1).fit(TEXTS, labels)):
        with pytest.warns(DataConversionWarning, match="column-vector y") as caught:
            assert fit().classes_.tolist() == ["a", "b", "c"]
        assert caught[0].filename == __file__


WEIGHTS = [1.0, 2.0, 0.5, 1.0]
BAD = [1.0, -1.0, 0.5, -2.0]


@pytest.mark.parametrize(
    "column",
    [
        list,
        iter,
        np.array,
        pd.Series,
        pl.Series,
        pa.array,
        lambda w: pd.Series(w, dtype="Float64"),
    ],
)
def test_weights_come_from_any_column(column):
    assert row_weights(column(WEIGHTS), 4).tolist() == WEIGHTS
    texts, labels = ["a", "b", "a b", "b c"], ["x", "y", "x", "y"]
    expected = vikt.TextClassifier(l2=0.1, min_df=1).fit(texts, labels, WEIGHTS).theta_
    assert np.array_equal(vikt.TextClassifier(l2=0.1, min_df=1).fit(texts, labels, column(WEIGHTS)).theta_, expected)
    offset = [0.1, 0.2, 0.3, 0.4]
    expected = LogisticRegression().fit(np.eye(4), labels, WEIGHTS, offset).theta_
    assert np.array_equal(LogisticRegression().fit(np.eye(4), labels, column(WEIGHTS), offset).theta_, expected)
    with pytest.raises(DataError, match=r"sample_weight: .* 0 or more, found -1.0 for row 1 \(2 such rows\)"):
        row_weights(column(BAD), 4)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, None, 1], r"found nan for row 1 \(1 such row\)"),
        (pd.Series([1, pd.NA, 1], dtype="Int64"), r"found nan for row 1 \(1 such row\)"),
        (pl.Series([1, None, 1]), r"found nan for row 1 \(1 such row\)"),
        ([1, np.inf, 1], "found inf for row 1"),
        ([1, 1], r"expected 3 numbers, found shape \(2,\)"),
        (pd.DataFrame({"w": [1, 1, 1]}), r"expected 3 numbers, found shape \(3, 1\)"),
        (["1", "x", "2"], "expected a number for each row"),
        ([1j, 2, 3], "expected a number for each row"),
        (pl.Series(["a", "b", "c"]), "expected a number for each row"),
        ([0, 0, 0], "all 3 weights are zero"),
    ],
)
def test_weights_that_are_none_are_refused_in_one_line(weights, message):
    with warnings.catch_warnings(), pytest.raises(DataError, match=message) as raised:
        row_weights(weights, 3)
    assert "\n" not in str(raised.value)


def test_lengths_that_differ_name_both():
    with pytest.raises(DataError, match="3 rows and 2 labels"):
        vikt.TextClassifier().fit(["a", "b", "c"], pl.Series(["x", "y"]))
    with pytest.raises(DataError, match="3 rows and 2 labels"):
        LogisticRegression().fit(np.eye(3), pl.Series(["x", "y"]))
