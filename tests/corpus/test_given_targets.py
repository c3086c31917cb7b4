"""Targets of several labels, shares and levels as users of Python hold them: each is read alike, or refused by row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import MultiLabelBinarizer

from vikt.corpus.given_targets import given_targets, target_rows
from vikt.corpus.targets import TargetRows
from vikt.errors import ClassesError, DataError, ParameterError
from vikt.model.classes import check_learnable

SETS = [["joy"], [], ["love", "joy"], ["fear"]]
MEMBERS = np.array([[0, 1, 0], [0, 0, 0], [0, 1, 1], [1, 0, 0]])
NAMES = ["fear", "joy", "love"]
FRAME = pd.DataFrame(MEMBERS, columns=NAMES)

NAMED = {
    "lists": SETS,
    "tuples": [tuple(row) for row in SETS],
    "sets": [set(row) for row in SETS],
    "arrays": [np.array(row, dtype=object) for row in SETS],
    "generator": SETS,
    "object array": np.fromiter(SETS, dtype=object, count=4),
    "pandas": pd.Series(SETS, index=[7, 7, 1, 0]),
    "pandas Arrow": pd.Series(pa.array(SETS), dtype=pd.ArrowDtype(pa.list_(pa.string()))),
    "Polars": pl.Series(SETS),
    "Polars objects": pl.Series([set(row) for row in SETS], dtype=pl.Object),
    "Arrow": pa.array(SETS),
    "Arrow chunks": pa.chunked_array([SETS[:1], SETS[1:]]),
    "Arrow dictionary": pa.array(SETS, pa.list_(pa.dictionary(pa.int32(), pa.string()))),
    "frame of one column": pd.DataFrame({"labels": SETS}),
    "pandas frame": FRAME,
    "pandas booleans": FRAME.astype(bool),
    "pandas floats": FRAME.astype(float),
    "pandas nullable": FRAME.astype("boolean"),
    "pandas categories": FRAME.astype("category"),
    "pandas objects": FRAME.astype(object),
    "pandas sparse": FRAME.astype(pd.SparseDtype(int)),
    "Polars frame": pl.DataFrame(FRAME.to_dict("list")),
    "Arrow table": pa.table(FRAME.to_dict("list")),
    "columns": FRAME.to_dict("list"),
}
UNNAMED = {
    "integers": MEMBERS,
    "booleans": MEMBERS.astype(bool),
    "objects": MEMBERS.astype(bool).astype(object),
    "unsigned": MEMBERS.astype(np.uint8),
    "lists of booleans": MEMBERS.astype(bool).tolist(),
    "CSR": sp.csr_matrix(MEMBERS),
    "CSC of floats": sp.csc_matrix(MEMBERS.astype(float)),
    "COO array": sp.coo_array(MEMBERS),
    "sparse booleans": sp.csr_array(MEMBERS.astype(bool)),
}


@pytest.mark.parametrize("kind", ["auto", "several"])
@pytest.mark.parametrize("name", NAMED)
def test_several_labels_are_the_same_whoever_made_them(name, kind):
    held = iter(SETS) if name == "generator" else NAMED[name]
    found, votes = target_rows(held, kind)
    assert found.table.kind == "several"
    assert votes is None
    assert found.table.labels.tolist() == NAMES
    assert np.array_equal(found.truth, MEMBERS)


def test_several_labels_of_a_data_set():
    dataset = pytest.importorskip("datasets").Dataset
    held = dataset.from_dict({"labels": SETS})["labels"], dataset.from_dict(FRAME.to_dict("list"))
    for found, _ in map(target_rows, held):
        assert found.table.labels.tolist() == NAMES
        assert np.array_equal(found.truth, MEMBERS)


@pytest.mark.parametrize("name", UNNAMED)
def test_the_columns_of_a_matrix_without_names_are_numbered_or_those_of_a_model(name):
    found = target_rows(UNNAMED[name]).targets
    assert found.table.labels.tolist() == [0, 1, 2]
    assert np.array_equal(found.truth, MEMBERS)
    assert target_rows(UNNAMED[name], "several", columns=np.array(NAMES)).targets.names == NAMES


def test_a_sparse_matrix_is_left_as_it_is_and_its_zeros_are_no_labels():
    matrix = sp.csr_matrix((np.array([1, 0, 1]), np.array([0, 1, 1]), np.array([0, 2, 3])))
    data = matrix.data.copy()
    assert target_rows(matrix).targets.truth.tolist() == [[True, False], [False, True]]
    assert np.array_equal(matrix.data, data)


def test_the_totals_of_many_different_sets_are_the_sums_of_columns():
    matrix = np.random.default_rng(0).random((9000, 30)) < 0.3
    found, weights = target_rows(matrix).targets, np.arange(9000.0)
    assert len(found.table.rows) > 8000
    assert np.array_equal(found.table.totals(found.y, weights), weights @ matrix)


@given(st.lists(st.sets(st.sampled_from("abcdefghijk")), min_size=1).filter(any))
def test_sets_are_scikit_learns_indicators(rows):
    binarizer = MultiLabelBinarizer()
    expected = binarizer.fit_transform(rows)
    found = target_rows([sorted(row) for row in rows], "several").targets
    assert found.table.labels.tolist() == binarizer.classes_.tolist()
    assert np.array_equal(found.truth, expected)
    again = target_rows(sp.csr_matrix(expected), "several", columns=binarizer.classes_).targets
    assert np.array_equal(again.truth, expected)


def test_labels_that_are_numbers_or_booleans_keep_their_type():
    assert target_rows([[3, 1], [2]]).targets.table.labels.tolist() == [1, 2, 3]
    assert target_rows([{True}, {True, False}]).targets.table.labels.dtype == bool


SHARES = np.array([[0.25, 0.75], [1.0, 0.0], [0.5, 0.5]])
SOFT = {
    "mappings": [{"ham": 0.25, "spam": 0.75}, {"ham": 1.0}, {"spam": 0.5, "ham": 0.5}],
    "Arrow": pa.array([{"ham": 0.25, "spam": 0.75}, {"ham": 1.0}, {"spam": 0.5, "ham": 0.5}]),
    "Polars": pl.Series([{"ham": 0.25, "spam": 0.75}, {"ham": 1.0}, {"spam": 0.5, "ham": 0.5}]),
    "pandas": pd.Series([{"ham": 0.25, "spam": 0.75}, {"ham": 1.0}, {"spam": 0.5, "ham": 0.5}]),
    "frame": pd.DataFrame(SHARES, columns=["P(ham)", "P(spam)"]),
    "Polars frame": pl.DataFrame({"P(ham)": SHARES[:, 0], "P(spam)": SHARES[:, 1]}),
    "frame of classes": pd.DataFrame(SHARES, columns=["ham", "spam"]),
}


@pytest.mark.parametrize("kind", ["auto", "soft"])
@pytest.mark.parametrize("name", SOFT)
def test_shares_are_the_same_whoever_made_them(name, kind):
    found, votes = target_rows(SOFT[name], kind)
    assert found.table.kind == "soft"
    assert votes is None
    assert found.table.labels.tolist() == ["ham", "spam"]
    assert np.array_equal(found.truth, SHARES)


@pytest.mark.parametrize("matrix", [SHARES, SHARES.astype(np.float32), SHARES.tolist(), sp.csr_matrix(SHARES)])
def test_a_matrix_of_floats_whose_rows_sum_to_1_holds_shares(matrix):
    found = target_rows(matrix).targets
    assert (found.table.kind, found.table.labels.tolist()) == ("soft", [0, 1])
    assert np.allclose(found.truth, SHARES)


def test_columns_of_shares_need_no_fraction_and_rounded_ones_are_divided_by_their_sum():
    found = target_rows(pd.DataFrame({"P(a)": [1.0, 0.0, 0.333], "P(b)": [0.0, 1.0, 0.666]})).targets
    assert found.table.kind == "soft"
    assert np.allclose(found.truth.sum(axis=1), 1, rtol=0, atol=1e-15)


@pytest.mark.parametrize("counts", [np.array([[3, 1], [0, 2], [1, 0]]), [[3, 1], [0, 2], [1, 0]]])
def test_the_votes_of_annotators_are_shares_and_weights(counts):
    found, votes = target_rows(counts, "soft")
    assert found.truth.tolist() == [[0.75, 0.25], [0, 1], [1, 0]]
    assert votes.tolist() == [4, 2, 1]
    with pytest.raises(DataError, match=r"found 3 .*; if they are votes or shares.*targets='soft'"):
        target_rows(np.array(counts))


def test_levels_are_in_the_order_of_numbers_or_the_one_that_is_given():
    levels = target_rows(["10", "9", "9.5", "10"], "ordered").targets
    assert (levels.names, levels.truth.tolist()) == (["9", "9.5", "10"], [2, 0, 1, 2])
    levels = target_rows(np.array([5, -1, 5]), "ordered").targets
    assert (levels.table.labels.tolist(), levels.truth.tolist()) == ([-1, 5], [1, 0, 1])
    levels = target_rows(pd.Series(["high", "low"]), "ordered", order=["low", "a level in between", "high"]).targets
    assert (levels.names, levels.truth.tolist()) == (["low", "a level in between", "high"], [2, 0])


@pytest.mark.parametrize("labels", [["b", "a"], np.array([2, 1]), pd.Series([True, False])])
@pytest.mark.parametrize("kind", ["auto", "classes"])
def test_one_label_a_row_stays_a_column(labels, kind):
    found, votes = target_rows(labels, kind)
    assert isinstance(found, np.ndarray)
    assert found.tolist() == list(labels)
    assert votes is None


@pytest.mark.parametrize("kind", ["auto", "several"])
def test_lists_of_one_label_are_lists_of_labels_and_an_array_of_one_column_holds_classes(kind):
    assert target_rows([["a"], ["b"]], kind).targets.truth.tolist() == [[True, False], [False, True]]
    with pytest.warns(UserWarning, match="column-vector"):
        assert target_rows(np.array([["a"], ["b"]])).targets.tolist() == ["a", "b"]


def test_rows_that_no_fit_uses_need_no_label_and_the_others_keep_their_numbers():
    kept = np.array([1, 2])
    assert given_targets([None, ["a"], []]).read(kept).targets.truth.tolist() == [[True], [False]]
    with pytest.raises(DataError, match="row 2 has no label"):
        given_targets([None, ["a"], np.nan]).read(kept)
    with pytest.raises(DataError, match="row 2: expected 0 or 1 for the label 'b', found no value"):
        given_targets(pd.DataFrame({"a": [None, 1, 0], "b": [0, 1, None]})).read(kept)


def test_targets_that_are_numbered_pass():
    rows = TargetRows.of_sets(MEMBERS.astype(bool), np.array(NAMES))
    assert target_rows(rows).targets.truth.tolist() == rows.truth.tolist()
    with pytest.raises(
        DataError, match=r"targets='soft' takes a matrix of shares.*found targets of the kind 'several'"
    ):
        target_rows(rows, "soft")


NAN = float("nan")
REFUSED = {
    "an empty label": ([["a"], ["a", " "]], "auto", "row 1 has an empty label among others"),
    "a label twice": ([["a"], ["b", "c", "b"]], "auto", "row 1 has the label 'b' twice"),
    "one label among lists": ([["a"], "b", ["c"]], "auto", "row 1 has 'b', where other rows have lists"),
    "a list among labels": (["a", ["b"]], "auto", "row 0 has 'a', where other rows have lists"),
    "no label among lists": ([["a"], None], "auto", "row 1 has no label.*empty for a text without any label"),
    "None in a list": ([["a", "b"], ["a", None]], "auto", "row 1 has no label"),
    "two kinds in lists": ([["a"], [1, 2]], "auto", "the string 'a' in row 0 and the number 1 in row 1"),
    "lists in lists": ([[["a"], ["b"]], [["c"]]], "several", "row 0 has a list, .*as its label"),
    "fractions in lists": ([[0.5], [1.5, 2.5]], "auto", "continuous numbers are not classes"),
    "lists of 0 and 1": ([[0, 1], [1, 0]], "auto", r"lists of the labels 0 and 1.*pass np.array\(labels\)"),
    "floats of 0 and 1": (np.eye(3), "auto", "several labels per row or shares of classes.*targets="),
    "integers below 0": (np.array([[0, 1], [-1, 1]]), "auto", "found -1"),
    "integers above 1": (MEMBERS * 2, "several", "row 0: expected 0 or 1 for the label 1, found 2"),
    "sparse above 1": (sp.csr_matrix(MEMBERS * 2), "several", "row 0: expected 0 or 1 for the label 1, found 2"),
    "sums of .9": (SHARES * 0.9, "auto", "row 0: expected shares .*, found a sum of 0.9 .*targets='soft'"),
    "a missing share": ([[0.5, 0.5], [NAN, 1.0]], "auto", "row 1: expected a finite share .* class 0, found nan"),
    "a share below 0": ([{"a": -1, "b": 2}], "auto", "row 0: expected a finite share .* class 'a', found -1"),
    "an infinite share": (pd.DataFrame({"P(a)": [np.inf], "P(b)": [0]}), "auto", "class 'a', found inf"),
    "no share": ([{"a": 1}, {"a": 0.0}], "auto", "row 1: the shares of the classes sum to 0"),
    "a sum beyond floats": ([{"a": 1}, {"a": 1e308, "b": 1e308}], "auto", "row 1: the shares .* sum to inf"),
    "a class without a name": ([{"a": 1}, {"": 1.0}], "auto", "expected a name for each class with a share"),
    "an empty mapping": ([{"a": 1}, {}], "auto", "row 1: the shares of the classes sum to 0"),
    "a share in words": ([{"a": "much"}], "auto", "row 0: expected the share of a class as a number, found 'much'"),
    "a label among mappings": ([{"a": 1}, "b"], "auto", "row 1 has 'b', where other rows have shares"),
    "ragged shares": ([[0.5, 0.5], [1.0]], "soft", "row 1 has 1 number and row 0 has 2"),
    "no columns": (np.zeros((3, 0)), "several", "expected a column for each label"),
    "a frame without columns": (pd.DataFrame(index=[0, 1]), "auto", "frame without columns"),
    "other columns": (pd.DataFrame({"P(a)": [1.0], "text": ["x"]}), "auto", r"such as 'P\(a\)', found also 'text'"),
    "a frame of strings": (pd.DataFrame({"a": ["x"], "b": ["y"]}), "auto", "column 'a', found 'x'"),
    "columns of two lengths": ({"a": [0, 1], "b": [0]}, "auto", "column 'b': expected 2 values"),
    "columns of one name": (pd.DataFrame([[0, 1]], columns=["a", "a"]), "auto", "found 'a' 2 times"),
    "strings as sets": (
        ["a", "b"],
        "several",
        "targets='several' takes a list of labels per row.*found one label per row",
    ),
    "lists as shares": ([["a"], ["a", "b"]], "soft", "found lists of labels"),
    "a column as shares": ([0.3, 0.6], "soft", "found one label per row"),
    "words in order": (["low", "high", "low"], "ordered", "row 1: the label 'high' is not a number.*order="),
    "one number twice": (["1", "2", "1.0"], "ordered", "row 2: the label '1.0' is the same number as the label of"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_targets_are_refused_in_one_line(name):
    labels, kind, message = REFUSED[name]
    with pytest.raises(DataError, match=message) as refused:
        target_rows(labels, kind)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("labels", "order"), [(["3", "1"], [1, 2, 3]), ([3, 1], ["1", "2", "3"])])
def test_an_order_of_another_type_than_the_labels_is_refused_with_both_types(labels, order):
    with pytest.raises(DataError, match=r"the label .?3.? is not in the order .* type \w+, and .* type \w+;"):
        target_rows(labels, "ordered", order=order)


def test_strings_of_printed_lists_are_refused():
    with pytest.raises(DataError, match=r"printed lists .* such as \"\['a'\]\"; give the lists or mappings themselves"):
        target_rows(["['a']", "['a', 'b']"])


def test_an_order_of_numbers_refuses_a_word():
    with pytest.raises(DataError, match=r"row 1: the label 'low' is not in the order \('1', 2\); add it"):
        target_rows(["1", "low"], "ordered", order=["1", 2])


def test_an_order_holds_each_label_once():
    with pytest.raises(DataError, match="row 1: the label 'mid' is not in the order"):
        target_rows(["low", "mid"], "ordered", order=["low", "high"])
    with pytest.raises(ParameterError, match="'low' appears twice"):
        target_rows(["low"], "ordered", order=["low", "high", "low"])


def test_a_matrix_has_a_column_for_each_label_of_the_model():
    with pytest.raises(DataError, match=r"expected 2 columns, one for each label \('a', 'b'\), found 3"):
        target_rows(MEMBERS, "several", columns=np.array(["a", "b"]))


LEARN_NOTHING = {
    "two classes": ([["ham"], ["spam"], ["ham"]], "several", "one of the two labels 'ham', 'spam' and not the other"),
    "complements": (np.array([[0, 1], [1, 0]]), "several", "these are two classes"),
    "one label": ([["spam"], []], "several", "the only label is 'spam', so there are two classes"),
    "on all rows": ([{"a", "b"}, {"a", "b"}], "several", r"each label is on every row \('a', 'b'\)"),
    "on no row": ([[], []], "several", "no label is on any row"),
    "one class": ([{"a": 1.0}, {"a": 0.5}], "soft", "at least two classes, found one, 'a'"),
    "one level": (["1", "1"], "ordered", "at least two classes, found one, '1'"),
}


@pytest.mark.parametrize("name", LEARN_NOTHING)
def test_targets_that_tell_nothing_apart_are_refused_before_a_fit(name):
    labels, kind, message = LEARN_NOTHING[name]
    with pytest.raises(ClassesError, match=message):
        check_learnable(target_rows(labels, kind).targets)


@pytest.mark.parametrize("labels", [[["a", "b"], ["a"], []], [["a"], ["b"], ["c"]], [["a"], ["b"], []]])
def test_targets_that_tell_something_apart_pass(labels):
    check_learnable(target_rows(labels, "several").targets)


LEVELS, WORDS = ["low", "medium", "high"], ["high", "low", "high"]
CATEGORIES = pd.CategoricalDtype(LEVELS, ordered=True)


DICTIONARY = pa.DictionaryArray.from_arrays(pa.array([2, 0, 2], pa.int8()), LEVELS, ordered=True)
ORDERED = {
    "pandas": pd.Series(WORDS, dtype=CATEGORIES),
    "pandas Categorical": pd.Categorical(WORDS, dtype=CATEGORIES),
    "pandas Arrow": pd.Series(DICTIONARY, dtype=pd.ArrowDtype(DICTIONARY.type)),
    "Polars": pl.Series(WORDS, dtype=pl.Enum(LEVELS)),
    "Arrow": DICTIONARY,
    "Arrow chunks": pa.chunked_array([DICTIONARY[:1], DICTIONARY[1:]]),
}


@pytest.mark.parametrize("name", ORDERED)
def test_ordered_categories_are_the_order(name):
    found = target_rows(ORDERED[name], "ordered").targets
    assert (found.names, found.truth.tolist()) == (LEVELS, [2, 0, 2])


def test_dictionaries_without_one_order_bring_none():
    reversed_levels = pa.DictionaryArray.from_arrays(pa.array([0], pa.int8()), LEVELS[::-1], ordered=True)
    unordered = pa.array(WORDS).dictionary_encode()
    for column in (unordered, pa.chunked_array([DICTIONARY, reversed_levels])):
        with pytest.raises(DataError, match="is not a number"):
            target_rows(column, "ordered")


def test_strings_that_look_like_several_labels_are_refused_unless_named_classes():
    joined = ["joy,fear", "joy", "fear", "fear,joy"] * 5
    for column in (joined, np.array(joined), pd.Series(joined), pl.Series(joined)):
        with pytest.raises(DataError, match=r"such as '.*,.*'; split them into lists, or .* targets='classes'"):
            target_rows(column)
        assert len(target_rows(column, "classes").targets) == 20
    assert len(target_rows(["Paris, France", "Rome, Italy"] * 10).targets) == 20


def test_a_column_of_too_many_numbers_for_levels_is_refused():
    with pytest.raises(DataError, match="at most 200 ordered levels, found 1,200 in 1,200 rows"):
        target_rows(np.arange(1200), "ordered")
