"""Several labels per row, as pairs of a row and a label, or as a matrix of 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from vikt.arrays import Ints, LabelArray, SparseLike
from vikt.corpus.targets import Place, TargetRows
from vikt.errors import DataError
from vikt.tables import counted

# A number for each row and label, (m, K): an array, or a sparse matrix of SciPy's.
LabelMatrix = Any


def sets_of_pairs(rows: Ints, labels: LabelArray, n_rows: int, place: Place) -> TargetRows:
    """The set of labels of each row.

    Parameters
    ----------
    rows : (P,)
        The row of each pair.
    labels : (P,)
        Its label: all strings, all booleans, or all numbers.
    n_rows : int
        m; a row without a pair has no label.
    place : callable
        The place of a row, for messages.

    Raises
    ------
    DataError
        A label is empty, or a row has one twice.

    Examples
    --------
    >>> found = sets_of_pairs(np.array([0, 2, 2]), np.array(["joy", "love", "joy"]), 3, "row {}".format)
    >>> found.names, found.truth.astype(int).tolist()
    (['joy', 'love'], [[1, 0], [0, 0], [1, 1]])
    """
    different, k = np.unique(labels, return_inverse=True)
    blank = [i for i, label in enumerate(different.tolist()) if isinstance(label, str) and not label.strip()]
    empty = np.flatnonzero(np.isin(k, blank))
    if len(empty):
        raise DataError(
            f"{place(int(rows[empty[0]]))} has an empty label among others ({counted(len(empty), 'such label')}); "
            "remove it; a text without any label has an empty list or value"
        )
    _refuse_repeats(rows, k, different, place)
    return TargetRows.of_pairs(rows, k, n_rows, different)


def sets_of_matrix(values: LabelMatrix, labels: LabelArray, place: Place) -> TargetRows:
    """The set of labels of each row, from a dense or sparse matrix (m, K) of 0 and 1, one column per label.

    Raises
    ------
    DataError
        A value is missing, or is neither 0 nor 1.
    """
    refuse_other_than_0_and_1(values, labels, place, "write 1 where the row has the label and 0 where it does not")
    rows, k = values.nonzero()
    return TargetRows.of_pairs(rows.astype(np.int64), k.astype(np.int64), values.shape[0], labels)


def are_0_and_1(values: LabelArray) -> bool:
    """Whether all numbers are 0, 1 or missing."""
    return bool(np.all((values == 0) | (values == 1) | (values != values)))


def refuse_other_than_0_and_1(
    values: LabelMatrix, labels: LabelArray, place: Place, advice: str, **remedy: str
) -> None:
    """Raise DataError, with the row and the label, where a value of (m, K), dense or sparse, is neither 0 nor 1."""
    if isinstance(values, SparseLike):
        found = values.tocsr().tocoo()
        rows = np.unique(found.row[(found.data != 0) & (found.data != 1)])
    else:
        rows = np.flatnonzero(((values != 0) & (values != 1)).any(axis=1))
    if not len(rows):
        return
    first = values[rows[:1]]
    numbers = (first.toarray() if isinstance(values, SparseLike) else first)[0]
    k = int(np.argmax((numbers != 0) & (numbers != 1)))
    value = numbers[k].item()
    shown = "no value" if value != value else f"{value:g}" if isinstance(value, float) else f"{value!r:.60}"
    raise DataError(
        f"{place(int(rows[0]))}: expected 0 or 1 for the label {labels.tolist()[k]!r:.60}, found {shown} "
        f"({counted(len(rows), 'such row')}); {advice}",
        **remedy,
    )


def _refuse_repeats(rows: Ints, k: Ints, labels: LabelArray, place: Place) -> None:
    pairs = np.sort(rows * max(len(labels), 1) + k)
    twice = np.flatnonzero(pairs[1:] == pairs[:-1])
    if len(twice):
        row, label = divmod(int(pairs[twice[0]]), len(labels))
        raise DataError(
            f"{place(row)} has the label {labels.tolist()[label]!r:.60} twice "
            f"({counted(len(twice), 'such repeat')}); keep one"
        )
