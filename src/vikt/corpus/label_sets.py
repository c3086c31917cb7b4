"""Several labels per row, as pairs of a row and a label, or as a matrix of 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Ints
from vikt.corpus.targets import Place, TargetRows
from vikt.errors import DataError
from vikt.tables import counted


def sets_of_pairs(rows: Ints, labels: NDArray[Any], n_rows: int, place: Place) -> TargetRows:
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
            "remove it, or write an empty list for a text without any label"
        )
    _refuse_repeats(rows, k, different, place)
    return TargetRows.of_pairs(rows, k, n_rows, different)


def sets_of_matrix(values: NDArray[Any], labels: NDArray[Any], place: Place) -> TargetRows:
    """The set of labels of each row, from a matrix (m, K) of 0 and 1, one column per label.

    Raises
    ------
    DataError
        A value is missing, or is neither 0 nor 1.
    """
    refuse_other_than_0_and_1(values, labels, place)
    return TargetRows.of_sets(values.astype(bool), labels)


def refuse_other_than_0_and_1(values: NDArray[Any], labels: NDArray[Any], place: Place) -> None:
    """Raise DataError, with the row and the label, where a value of (m, K) is neither 0 nor 1."""
    row, k = _first(~((values == 0) | (values == 1)))
    if row >= 0:
        value = values[row, k].item()
        found = "no value" if value != value else f"{value:g}" if isinstance(value, float) else f"{value!r:.60}"
        raise DataError(
            f"{place(row)}: expected 0 or 1 for the label {labels[k].item() if labels.dtype != object else labels[k]!r}"
            f", found {found}; write 1 where the row has the label and 0 where it does not"
        )


def _refuse_repeats(rows: Ints, k: Ints, labels: NDArray[Any], place: Place) -> None:
    pairs = np.sort(rows * max(len(labels), 1) + k)
    twice = np.flatnonzero(pairs[1:] == pairs[:-1])
    if len(twice):
        row, label = divmod(int(pairs[twice[0]]), len(labels))
        raise DataError(
            f"{place(row)} has the label {labels.tolist()[label]!r:.60} twice "
            f"({counted(len(twice), 'such repeat')}); keep one"
        )


def _first(wrong: NDArray[np.bool_]) -> tuple[int, int]:
    """The first true entry of a matrix, by rows; -1 and -1 where there is none."""
    row = int(wrong.any(axis=1).argmax()) if wrong.size else 0
    return (row, int(wrong[row].argmax())) if wrong.size and wrong[row].any() else (-1, -1)
