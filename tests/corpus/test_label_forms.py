"""Labels from files and from Python are read by the same rules, and refused in the same words."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vikt.corpus.given_targets import target_rows
from vikt.corpus.label_reading import LabelReading
from vikt.corpus.labelled import labelled, read_tables
from vikt.errors import DataError


class OfText:
    reads_text, columns = True, ()


def read_file(folder, columns, kind):
    """The targets of a Parquet file of these columns of labels."""
    n_rows = len(next(iter(columns.values())))
    pq.write_table(pa.table({"text": [f"text {i}" for i in range(n_rows)], **columns}), folder / "a.parquet")
    label = ",".join(columns)
    return labelled(read_tables([folder / "a.parquet"], None), OfText(), "text", label, reading=LabelReading(kind))


def of_python(columns):
    return next(iter(columns.values())) if len(columns) == 1 else pd.DataFrame(columns)


# A column of labels, or several; how they are read; and what is said of which row, counted from 0.
REFUSED = {
    "an empty label": ({"label": [["a"], ["b", " "]]}, "auto", 1, " has an empty label among others"),
    "a label twice": ({"label": [["a"], ["b", "c", "b"]]}, "auto", 1, " has the label 'b' twice"),
    "no list among lists": ({"label": [["a", "b"], None]}, "auto", 1, " has no label, where other rows have lists"),
    "a share below 0": ({"label": [{"a": 1.0, "b": 0.0}, {"a": -1.0, "b": 2.0}]}, "auto", 1, "the class 'a', found -1"),
    "an infinite share": ({"P(a)": [1.0, np.inf], "P(b)": [0.0, 0.0]}, "auto", 1, "the class 'a', found inf"),
    "no share": ({"P(a)": [1.0, 0.0], "P(b)": [0.0, 0.0]}, "auto", 1, ": the shares of the classes sum to 0"),
    "several probabilities": ({"P(a)": [0.5, 0.9], "P(b)": [0.5, 0.9]}, "auto", 1, "sum to 1, found a sum of 1.8"),
    "shares that sum to .8": ({"a": [0.5, 0.4], "b": [0.5, 0.4]}, "auto", 1, "sum to 1, found a sum of 0.8"),
    "integers above 1": ({"a": [0, 3], "b": [1, 0]}, "auto", 1, "0 or 1 for the label 'a', found 3 .*votes"),
    "integers as members": ({"a": [0, 3], "b": [1, 0]}, "several", 1, "found 3 .*write 1 where the row has the label"),
    "a level in words": ({"label": ["1", "high"]}, "ordered", 1, ": the label 'high' is not a number"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_fault_is_refused_in_the_same_words_in_a_file_and_in_python(tmp_path, name):
    columns, kind, row, message = REFUSED[name]
    with pytest.raises(DataError, match=message) as in_python:
        target_rows(of_python(columns), kind)
    with pytest.raises(DataError) as in_file:
        read_file(tmp_path, columns, kind)
    assert str(in_python.value).startswith(f"labels, counted from 0: row {row}")
    place = re.escape(f"{tmp_path / 'a.parquet'}, row {row + 1}")
    assert re.sub(place, f"labels, counted from 0: row {row}", str(in_file.value)) == str(in_python.value)


READ = {
    "lists": ({"label": [["b", "a"], [], ["a"]]}, "several", ["a", "b"], [[1, 1], [0, 0], [1, 0]]),
    "columns of 0 and 1": ({"a": [1, 0], "b": [1.0, 1.0]}, "several", ["a", "b"], [[1, 1], [0, 1]]),
    "objects": ({"label": [{"a": 1.0, "b": 3.0}, {"b": 1.0}]}, "soft", ["a", "b"], [[0.25, 0.75], [0, 1]]),
    "columns of shares": ({"P(a)": [0.25, 1], "P(b)": [0.75, 0]}, "soft", ["a", "b"], [[0.25, 0.75], [1, 0]]),
    "shares after a prefix": ({"x_P(a)": [0.25, 1], "x_P(b)": [0.75, 0]}, "soft", ["a", "b"], [[0.25, 0.75], [1, 0]]),
    "fractions that sum to 1": ({"a": [0.25, 1], "b": [0.75, 0]}, "soft", ["a", "b"], [[0.25, 0.75], [1, 0]]),
}


@pytest.mark.parametrize("name", READ)
def test_a_form_shows_the_same_kind_in_a_file_and_in_python(tmp_path, name):
    columns, kind, names, truth = READ[name]
    for found in (target_rows(of_python(columns)).targets, read_file(tmp_path, columns, "auto").labels):
        assert (found.table.kind, found.names) == (kind, names)
        assert found.truth.tolist() == truth


def test_a_form_of_another_kind_is_refused_with_the_file(tmp_path):
    with pytest.raises(DataError, match=r"a\.parquet: targets='soft' takes .*, found lists of labels"):
        read_file(tmp_path, {"label": [["a"], ["b"]]}, "soft")


def test_a_frame_of_answers_beside_other_columns_is_no_frame_of_labels():
    frame = pd.DataFrame({"x_predicted": ["a"], "x_P(a)": [0.5], "x_P(b)": [0.5]})
    with pytest.raises(DataError, match=r"such as 'x_P\(a\)', found also 'x_predicted'; drop the others"):
        target_rows(frame)
