"""Slices of a test: which rows they hold, the figures of each, and how rarely chance is taken for a difference."""

from __future__ import annotations

import datetime
import json
import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, log_loss

import vikt
from vikt.corpus.documents import column_values
from vikt.errors import ColumnError, DataError, ParameterError
from vikt.evaluation.outcomes import NO_ANSWER, Outcomes
from vikt.evaluation.slices import slices_of
from vikt.model.functions import log_softmax

NAMES = ["ham", "spam", "work"]


def outcomes_of(seed, m, accuracy=0.8):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, m)
    answers = np.where(rng.random(m) < accuracy, y, (y + 1) % 3)
    scores = log_softmax(2 * np.eye(3)[answers] + 0.1 * rng.normal(size=(m, 3)))
    return Outcomes([NAMES[k] for k in y], NAMES, scores, answers)


def sliced(found, values, name="by"):
    return {part.name: part for part in slices_of(found, {name: values})[0].slices}


def test_the_figures_of_a_slice_are_those_of_its_rows():
    found = outcomes_of(0, 200)
    values = ["sv" if row % 4 else "fi" for row in range(200)]
    parts = sliced(found, values)
    assert {name: part.n_rows for name, part in parts.items()} == {"sv": 150, "fi": 50}
    labels, answers = np.array(found.labels), np.array(NAMES)[found.predicted]
    for name, part in parts.items():
        rows, rest = np.array(values) == name, np.array(values) != name
        expected = accuracy_score(labels[rows], answers[rows])
        assert part.accuracy.value == pytest.approx(expected)
        assert part.difference.value == pytest.approx(expected - accuracy_score(labels[rest], answers[rest]))
        assert part.macro_f1 == pytest.approx(f1_score(labels[rows], answers[rows], average="macro"))
        probabilities = np.exp(found.log_probabilities[rows])
        assert part.log_loss.value == pytest.approx(log_loss(labels[rows], probabilities, labels=NAMES))


def test_the_slices_of_lowest_accuracy_come_first():
    parts = slices_of(outcomes_of(1, 400), {"by": [str(row % 7) for row in range(400)]})[0].slices
    accuracies = [part.accuracy.value for part in parts]
    assert accuracies == sorted(accuracies)


def test_numbers_of_many_values_are_sliced_in_fifths():
    values = [str(value) for value in np.random.default_rng(3).permutation(100)]
    parts = sliced(outcomes_of(2, 100), values)
    assert {name: part.n_rows for name, part in parts.items()} == {
        "0 to 19": 20, "20 to 39": 20, "40 to 59": 20, "60 to 79": 20, "80 to 99": 20,
    }  # fmt: skip


def test_equal_numbers_are_in_one_slice():
    values = ["0"] * 70 + [str(value) for value in range(1, 31)]
    parts = sliced(outcomes_of(2, 100), values)
    assert parts["0"].n_rows == 70
    assert sum(part.n_rows for part in parts.values()) == 100


def test_infinite_numbers_are_numbers():
    parts = sliced(outcomes_of(2, 100), ["inf"] * 20 + [str(value) for value in range(80)])
    assert parts["inf"].n_rows == 20
    assert len(parts) == 5


def test_few_numbers_are_sliced_by_value():
    assert set(sliced(outcomes_of(2, 60), ["1", "2.5", "7"] * 20)) == {"1", "2.5", "7"}


def test_missing_values_are_a_slice_of_their_own():
    for values in (["sv", None] * 20, [None if row % 2 else str(row) for row in range(40)]):
        assert sliced(outcomes_of(2, 40), values)["(missing)"].n_rows == 20


def test_rare_values_are_joined():
    values = ["sv"] * 30 + ["fi"] * 9 + ["et"] * 3
    assert {name: part.n_rows for name, part in sliced(outcomes_of(2, 42), values).items()} == {
        "sv": 30, "(others: 2 values)": 12,
    }  # fmt: skip
    assert set(sliced(outcomes_of(2, 39), values[:39])) == {"sv", "fi"}


def test_a_column_of_rare_values_has_a_note_and_the_others_are_sliced():
    users, halves = [f"user {row}" for row in range(39)] + [None], ["a", "b"] * 20
    user, half = slices_of(outcomes_of(2, 40), {"user": users, "half": halves})
    assert user.slices == ()
    assert user.note.startswith("none of its 39 values has 10 rows, so there are no slices; ")
    assert user.to_json()["note"] == user.note
    assert {part.name for part in half.slices} == {"a", "b"}
    assert "note" not in half.to_json()


def test_evaluations_with_no_column_to_slice_by_still_have_their_figures(model):
    found = model.evaluate(TEXTS, LABELS, by={"user": [f"user {row}" for row in range(len(TEXTS))]})
    assert 0 < found.accuracy.value <= 1
    assert "by user\n  none of its 40 values has 10 rows" in repr(found)
    assert "look worse by chance" not in repr(found)


@pytest.mark.parametrize(
    "values",
    [
        np.arange(10**18, 10**18 + 100),
        pd.date_range("2024-01-01", periods=100, freq="h"),
        pd.Series(pd.date_range("2024-01-01", periods=100, tz="Europe/Stockholm")),
        np.datetime64("2024-01-01") + np.arange(100),
        [datetime.date(2024, 1, 1) + datetime.timedelta(days=day) for day in range(100)],
        pl.Series([datetime.datetime(2024, 1, 1) + datetime.timedelta(seconds=k) for k in range(100)]),
    ],
    ids=["large", "pandas", "zone", "numpy", "dates", "polars"],
)
def test_large_numbers_and_times_are_sliced_in_fifths(values):
    parts = sliced(outcomes_of(2, 100), column_values(values, None, "by"))
    assert [part.n_rows for part in parts.values()] == [20] * 5


def test_equal_numbers_are_one_value_however_spelled():
    parts = sliced(outcomes_of(2, 60), ["0.0", "-0.0", "1", "1.0"] * 15)
    assert {name: part.n_rows for name, part in parts.items()} == {"0.0": 30, "1": 30}


def test_an_only_value_of_few_rows_is_noted_in_words_that_fit():
    note = slices_of(outcomes_of(2, 5), {"by": ["sv"] * 5})[0].note
    assert note.startswith("its only value has fewer than 10 rows, so")


def test_one_slice_has_no_rest():
    part = sliced(outcomes_of(2, 40), ["sv"] * 40)["sv"]
    assert math.isnan(part.difference.value)
    assert (part.finding, part.difference.reason) == ("", "there are no other rows")


def test_rows_without_an_answer_are_wrong():
    found = outcomes_of(2, 40, accuracy=1.0)
    found = Outcomes(found.labels, found.classes, found.log_probabilities, np.full(40, NO_ANSWER))
    part = sliced(found, ["sv", "fi"] * 20)["fi"]
    assert part.accuracy.value == 0.0
    assert part.macro_f1 == 0.0


def test_a_slice_that_is_worse_is_called_so():
    found = outcomes_of(4, 1000, accuracy=0.95)
    wrong = np.arange(1000) < 60
    found = Outcomes(found.labels, NAMES, found.log_probabilities, np.where(wrong, NO_ANSWER, found.predicted))
    parts = sliced(found, ["fi" if row < 100 else "sv" if row < 500 else "en" for row in range(1000)])
    assert {name: part.finding for name, part in parts.items()} == {"fi": "worse", "sv": "better", "en": "better"}
    assert parts["fi"].difference.high < 0


@pytest.mark.parametrize(("accuracy", "m"), [(0.5, 300), (0.9, 1000)])
def test_chance_is_rarely_taken_for_a_difference(accuracy, m):
    values = [str(row % 10) for row in range(m)]
    wrong = sum(
        any(part.finding for part in sliced(outcomes_of(seed, m, accuracy), values).values()) for seed in range(80)
    )
    # 5% of 80 are 4; more than 10 have a probability of 0.2%.
    assert wrong <= 10


@given(seed=st.integers(0, 2**32 - 1), m=st.integers(20, 90))
@settings(max_examples=25, deadline=None)
def test_any_order_of_the_rows_gives_the_same_slices(seed, m):
    found, rng = outcomes_of(seed, m), np.random.default_rng(seed)
    columns = {
        "language": [None if value == 4 else ["sv", "fi", "en", "et"][value] for value in rng.integers(0, 5, m)],
        "size": [str(value) for value in rng.integers(0, 200, m)],
    }
    order = rng.permutation(m)
    labels = [found.labels[row] for row in order]
    other = Outcomes(labels, NAMES, found.log_probabilities[order], found.predicted[order])
    moved = {name: [values[row] for row in order] for name, values in columns.items()}
    try:
        expected = [slicing.to_json() for slicing in slices_of(found, columns)]
    except DataError:
        return
    assert json.dumps([slicing.to_json() for slicing in slices_of(other, moved)]) == json.dumps(expected)


TEXTS = ["win free money", "win a prize now", "lunch at noon", "see you at the office"] * 10
LABELS = ["spam", "spam", "ham", "ham"] * 10
LANGUAGES = ["sv", "en", None, "en"] * 10


@pytest.fixture(scope="module")
def model():
    return vikt.TextClassifier("word", l2=0.01).fit(TEXTS, LABELS)


def names_of(evaluation):
    return [(slicing.column, sorted(part.name for part in slicing.slices)) for slicing in evaluation.slices]


@pytest.mark.parametrize("frame", [dict, pd.DataFrame, pl.DataFrame, pa.table], ids=lambda kind: kind.__name__)
def test_columns_of_a_frame_are_named(model, frame):
    data = frame({"text": TEXTS, "language": LANGUAGES})
    expected = ("language", ["(missing)", "en", "sv"])
    assert names_of(model.evaluate(data, LABELS, by="language")) == [expected]
    lengths = ("length", ["13", "14", "15", "21"])
    assert names_of(model.evaluate(data, LABELS, by=["language", "length"])) == [expected, lengths]


@pytest.mark.parametrize(
    "kind", [list, pd.Series, pl.Series, pa.array, lambda values: pd.Series(values, dtype="category")]
)
def test_values_may_come_beside_the_texts(model, kind):
    evaluation = model.evaluate(TEXTS, LABELS, by=kind(LANGUAGES))
    assert names_of(evaluation) == [("by", ["(missing)", "en", "sv"])]
    frame = pd.DataFrame({"language": LANGUAGES, "year": [2025.0, 2026.0, np.nan, 2026.0] * 10})
    assert names_of(model.evaluate(TEXTS, LABELS, by=frame)) == [
        ("language", ["(missing)", "en", "sv"]),
        ("year", ["(missing)", "2025", "2026"]),
    ]
    days = pd.Series([datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)] * 20, name="day")
    assert names_of(model.evaluate(TEXTS, LABELS, by=days)) == [("day", ["2026-01-01", "2026-02-01"])]


def test_a_column_named_length_comes_before_the_length_of_the_text(model):
    frame = pd.DataFrame({"text": TEXTS, "length": ["short", "long"] * 20})
    assert names_of(model.evaluate(frame, LABELS, by="length")) == [("length", ["long", "short"])]


def test_slices_are_printed_and_in_json(model):
    evaluation = model.evaluate(TEXTS, LABELS, by="length")
    assert "by length" in repr(evaluation)
    assert "by chance" in repr(evaluation)
    assert "by length" in evaluation._repr_html_()
    told = evaluation.to_json()["slices"][0]
    assert (told["column"], len(told["slices"])) == ("length", 4)
    assert told["confidence"] == 1 - 0.05 / 4
    plain = model.evaluate(TEXTS, LABELS)
    assert "slices" not in plain.to_json()
    assert "by chance" not in repr(plain)


def test_what_cannot_be_sliced_by_is_refused(model):
    with pytest.raises(ColumnError, match="language"):
        model.evaluate({"text": TEXTS, "language": LANGUAGES}, LABELS, by="langage")
    with pytest.raises(ParameterError, match="without columns"):
        model.evaluate(TEXTS, LABELS, by="language")
    with pytest.raises(DataError, match="each of 40 rows, found 3"):
        model.evaluate(TEXTS, LABELS, by=["a", "b", "c"])
