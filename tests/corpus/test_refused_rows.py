"""Rows that are refused: their number in all of a file, though it is read some rows at a time."""

from __future__ import annotations

import copy
import pickle

import pytest

from vikt.corpus.read_tables import Table
from vikt.corpus.refused_rows import RefusedRowsError, counted_in_all


def tables(*several):
    """A table for each of some lists of labels, one after the other."""
    first_row = 1
    for labels in several:
        yield Table.from_columns(["label"], [list(labels)], "a.csv", first_row, n_lines=len(labels))
        first_row += len(labels)


def labels_of(table):
    labels = table.strings("label")
    bad = [i for i, label in enumerate(labels) if label == "-"]
    if bad:
        raise RefusedRowsError(f"{table.place(bad[0])} is bad", "label", len(bad), "drop it")
    if "?" in labels:
        raise RefusedRowsError("another column", "weight", 100, "drop it")
    return labels


def test_tables_without_such_rows_are_read_one_by_one():
    read = counted_in_all(tables("ab", "c", "d-"), labels_of)
    assert [next(read), next(read)] == [["a", "b"], ["c"]]


def test_such_rows_of_all_further_tables_are_counted():
    with pytest.raises(RefusedRowsError) as refused:
        list(counted_in_all(tables("ab", "c-", "d", "--", "?"), labels_of))
    assert str(refused.value) == "a.csv, row 4 is bad (3 such rows); drop it"


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_a_copy_says_the_same(again):
    error = RefusedRowsError("row 4 is bad", "label", 1, "drop it").among(2000)
    assert str(again(error)) == str(error) == "row 4 is bad (1 such row in the first 2,000); drop it"
