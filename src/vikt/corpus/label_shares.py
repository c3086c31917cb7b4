"""Soft labels: the share of each class in a row, or the votes that annotators gave it."""

from __future__ import annotations

import numpy as np

from vikt.arrays import Floats, LabelArray, SparseLike
from vikt.corpus.label_sets import LabelMatrix, are_0_and_1
from vikt.corpus.targets import Place, ReadTargets, TargetRows
from vikt.errors import DataError
from vikt.tables import counted, quoted

# How far from 1 shares may sum that were rounded before they were written.
_ROUNDED = 1e-2


def shares_of_matrix(values: LabelMatrix, labels: LabelArray, place: Place) -> ReadTargets:
    """Shares of classes, each row divided by its sum, from a dense or sparse matrix: (m, K).

    Where all values are whole numbers they are counts of votes, and a row counts as often as it has votes: it is then
    equal to each of its classes written as a row with that weight. One vote in every row is a class for each.

    Raises
    ------
    DataError
        A value is negative or not finite, a row sums to 0 or beyond the range of floats, or a class has no name.

    Examples
    --------
    >>> found = shares_of_matrix(np.array([[3, 1], [0, 2]]), np.array(["joy", "love"]), "row {}".format)
    >>> found.targets.truth.tolist(), found.votes.tolist()
    ([[0.75, 0.25], [0.0, 1.0]], [4.0, 2.0])
    """
    if any(isinstance(label, str) and not label.strip() for label in labels.tolist()):
        raise DataError(f"{place(0)}: expected a name for each class with a share, found an empty one; name the class")
    numbers, totals = _checked_shares(values, labels, place)
    are_counts = len(totals) > 0 and bool((numbers == np.floor(numbers)).all())
    are_votes = are_counts and bool((totals != 1).any())
    return ReadTargets(TargetRows.of_shares(numbers / totals[:, None], labels), totals if are_votes else None)


def _checked_shares(values: LabelMatrix, labels: LabelArray, place: Place) -> tuple[Floats, Floats]:
    """Shares as floats (m, K), and their sums (m,). Raises DataError where one is invalid, or a sum."""
    dense = values.tocsr().toarray() if isinstance(values, SparseLike) else values
    numbers = np.ascontiguousarray(dense, dtype=np.float64)
    wrong = ~(np.isfinite(numbers) & (numbers >= 0))
    rows = np.flatnonzero(wrong.any(axis=1))
    if len(rows):
        k = int(wrong[rows[0]].argmax())
        raise DataError(
            f"{place(int(rows[0]))}: expected a finite share of 0 or more for the class {labels.tolist()[k]!r:.60}, "
            f"found {numbers[rows[0], k]:g} ({counted(len(rows), 'such row')}); correct it or drop the row"
        )
    with np.errstate(over="ignore"):
        totals = numbers.sum(axis=1)
    odd = np.flatnonzero((totals == 0) | np.isinf(totals))
    if len(odd):
        if are_0_and_1(numbers):
            raise DataError(
                f"{place(int(odd[0]))}: the shares of the classes sum to 0 ({counted(len(odd), 'such row')}); if 0 and "
                "1 say which labels a row has, read them",
                targets="several",
            )
        raise DataError(
            f"{place(int(odd[0]))}: the shares of the classes sum to {totals[odd[0]]:g} "
            f"({counted(len(odd), 'such row')}); correct them, or drop the row"
        )
    return numbers, totals


def has_fractions(values: LabelArray) -> bool:
    """Whether one of some numbers is not whole; one that is missing does not count."""
    return values.dtype.kind == "f" and bool(np.any((values != np.floor(values)) & (values == values)))


def refuse_other_sums(values: LabelMatrix, labels: LabelArray, place: Place) -> None:
    """Raise DataError where a row of a matrix, dense or sparse, does not sum to 1: its labels may be several."""
    totals = np.asarray(values.sum(axis=1), dtype=np.float64).ravel()
    wrong = np.flatnonzero(np.abs(totals - 1) > _ROUNDED)
    if len(wrong):
        # Dividing by the sum, which is advised below, helps none of these.
        _checked_shares(values[wrong], labels, lambda row: place(int(wrong[row])))
        raise DataError(
            f"{place(int(wrong[0]))}: expected shares of the classes {quoted(labels.tolist())} that sum to 1, found a "
            f"sum of {totals[wrong[0]]:.4g} ({counted(len(wrong), 'such row')}); if a row can have several labels, "
            "set targets='several'; to divide the values of each row by their sum, read them",
            targets="soft",
        )
