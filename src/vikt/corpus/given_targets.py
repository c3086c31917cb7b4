"""Targets as they come from Python, read as the kind of target that is named, or that their form shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import RowIndices
from vikt.corpus.frames import array_of, number_array
from vikt.corpus.label_arrays import checked_labels, refuse_fractions
from vikt.corpus.label_forms import LISTED, Column, Form, Lists, Mappings, Matrix, Numbered, form_of
from vikt.corpus.label_order import levels_of, order_of
from vikt.corpus.label_sets import refuse_other_than_0_and_1, sets_of_matrix, sets_of_pairs
from vikt.corpus.label_shares import shares_by_label, shares_of_matrix
from vikt.corpus.missing import is_missing
from vikt.corpus.targets import Place, ReadTargets, TargetRows
from vikt.errors import DataError
from vikt.names import TargetKind, TargetsName


@dataclass(frozen=True)
class GivenTargets:
    """The targets of rows as they are given, and how they are read.

    Attributes
    ----------
    form : Form
    kind : {"classes", "several", "soft", "ordered"}
    order : sequence, optional
        The levels of an order from the lowest to the highest.
    """

    form: Form
    kind: TargetKind
    order: Sequence[Any] | None = None

    @classmethod
    def of(
        cls,
        labels: Any,
        kind: TargetsName = "auto",
        order: Sequence[Any] | None = None,
        columns: NDArray[Any] | None = None,
    ) -> Self:
        """Targets of any maker, not yet checked: so rows that no fit uses may lack a label.

        Parameters
        ----------
        labels : (m,) or (m, K)
            See `target_rows`.
        columns : (K,), optional
            The labels of the columns of a matrix without names; 0 to K - 1 if not given.

        Raises
        ------
        DataError
            The data have none of the forms, none that the kind takes, or one that could be of two kinds.
        """
        form = form_of(labels, kind, columns)
        if kind == "auto" and isinstance(form, Column):
            _refuse_joined(form.labels)
        order = order_of(labels) if kind == "ordered" and order is None else order
        return cls(form, form.kind() if kind == "auto" else kind, order)

    def __len__(self) -> int:
        return len(self.form)

    def read(self, rows: RowIndices) -> ReadTargets:
        """Some rows, by their numbers, which messages name.

        Raises
        ------
        DataError
            A row is refused: see `target_rows`.
        """
        if isinstance(self.form, Numbered):
            if self.form.rows.table.kind != self.kind:
                raise self._unfit()
            return ReadTargets(self.form.take(rows).rows)
        reader = _READERS.get((type(self.form), self.kind))
        if reader is None:
            raise self._unfit()
        return reader(self, self.form.take(rows), rows)

    def _unfit(self) -> DataError:
        return DataError(f"labels: targets={self.kind!r} takes {_TAKEN[self.kind]}, found {self.form.found}")


def target_rows(
    labels: Any,
    kind: TargetsName = "auto",
    order: Sequence[Any] | None = None,
    columns: NDArray[Any] | None = None,
) -> ReadTargets:
    """Targets of any maker.

    Parameters
    ----------
    labels : (m,) or (m, K)
        One label per row; a list, tuple or set of labels per row; a mapping of labels to shares per row; a dense or
        sparse matrix, or a frame, with a column for each label; or `TargetRows`.
    kind : {"auto", "classes", "several", "soft", "ordered"}
        How they are read. "auto" takes lists, and booleans, integers or a frame of 0 and 1, for several labels; and
        mappings, floats whose rows sum to 1, and a frame of columns named P(class), for shares.
    order : sequence, optional
        The levels of ordered labels from the lowest to the highest; numbers, and ordered categories, have their own.
    columns : (K,), optional
        The labels of the columns of a matrix without names; 0 to K - 1 if not given.

    Returns
    -------
    ReadTargets
        One label per row stays an array (m,), as `label_array` makes it.

    Raises
    ------
    DataError
        The data could be of two kinds, or are none of the kind that is named; a row has a label twice, an empty one, or
        none at all; a share is negative or not finite, or those of a row sum to 0.

    Examples
    --------
    >>> target_rows([["joy"], [], ["love", "joy"]]).targets.truth.astype(int).tolist()
    [[1, 0], [0, 0], [1, 1]]
    >>> target_rows([{"ham": 0.75, "spam": 0.25}, {"spam": 1.0}]).targets.truth.tolist()
    [[0.75, 0.25], [0.0, 1.0]]
    >>> target_rows(["low", "high"], "ordered", order=["low", "medium", "high"]).targets.truth.tolist()
    [0, 2]
    """
    given = GivenTargets.of(labels, kind, order, columns)
    return given.read(np.arange(len(given)))


def _refuse_joined(labels: NDArray[Any]) -> None:
    """Refuse strings that look like several labels, as those of a file are refused."""
    values = labels.tolist()
    if not values or not all(type(value) is str for value in values):
        return
    # Only now, since it takes long to import and most labels hold no comma.
    if any("," in value for value in values):
        import pyarrow as pa

        from vikt.corpus.table_labels import joined_value

        joined = joined_value(pa.chunked_array([values]))
        if joined is not None:
            raise DataError(
                f"labels: values look like several labels, such as {joined!r:.60}; split them into lists, or keep each "
                "value as one class",
                targets="classes",
            )


def _place(rows: RowIndices) -> Place:
    return lambda row: f"labels: row {rows[row]}"


def _read_column(given: GivenTargets, form: Any, rows: RowIndices) -> ReadTargets:
    return ReadTargets(form.labels)


def _read_levels(given: GivenTargets, form: Any, rows: RowIndices) -> ReadTargets:
    return ReadTargets(levels_of(checked_labels(form.labels, "labels", rows), given.order, _place(rows)))


def _read_lists(given: GivenTargets, form: Any, rows: RowIndices) -> ReadTargets:
    place = _place(rows)
    _refuse_others(form.values, LISTED, place, "a list of labels, empty for a text without any label")
    flat = list(chain.from_iterable(form.values))
    owner = np.repeat(np.arange(len(rows)), [len(value) for value in form.values])
    labels = checked_labels(_flat_array(flat), "labels", rows[owner])
    refuse_fractions(labels)
    return ReadTargets(sets_of_pairs(owner, labels, len(rows), place))


def _read_mappings(given: GivenTargets, form: Any, rows: RowIndices) -> ReadTargets:
    place = _place(rows)
    _refuse_others(form.values, Mapping, place, "the share of each class by its name")
    flat = [label for row in form.values for label in row]
    owner = np.repeat(np.arange(len(rows)), [len(row) for row in form.values])
    labels = checked_labels(_flat_array(flat), "labels", rows[owner])
    plain = iter(labels.tolist())
    named = [{next(plain): _share(share, i, place) for share in row.values()} for i, row in enumerate(form.values)]
    different = np.unique(labels)
    return ReadTargets(*shares_of_matrix(shares_by_label(named, different), different, place))


def _read_sets(given: GivenTargets, form: Any, rows: RowIndices) -> ReadTargets:
    place = _place(rows)
    if not form.is_sparse:
        return ReadTargets(sets_of_matrix(form.values, form.labels, place))
    form.values.sum_duplicates()  # of a copy, which taking rows has made
    pairs = form.values.tocoo()
    wrong = pairs.row[(pairs.data != 0) & (pairs.data != 1)]
    if len(wrong):
        row = int(wrong.min())
        refuse_other_than_0_and_1(form.dense()[[row]], form.labels, lambda _: place(row))
    held = pairs.data != 0
    owner, k = pairs.row[held].astype(np.int64), pairs.col[held].astype(np.int64)
    return ReadTargets(TargetRows.of_pairs(owner, k, len(rows), form.labels))


def _read_shares(given: GivenTargets, form: Any, rows: RowIndices) -> ReadTargets:
    return ReadTargets(*shares_of_matrix(form.dense(), form.labels, _place(rows)))


_READERS: dict[tuple[type[Any], TargetKind], Callable[[GivenTargets, Any, RowIndices], ReadTargets]] = {
    (Column, "classes"): _read_column,
    (Column, "ordered"): _read_levels,
    (Lists, "several"): _read_lists,
    (Mappings, "soft"): _read_mappings,
    (Matrix, "several"): _read_sets,
    (Matrix, "soft"): _read_shares,
}
_TAKEN = {
    "classes": "one label per row",
    "several": "a list of labels per row, or a matrix of 0 and 1 with a column for each label",
    "soft": "a matrix of shares with a column for each class, or the shares of each row by class",
    "ordered": "one label per row",
}


def _refuse_others(values: list[Any], wanted: Any, place: Place, expected: str) -> None:
    for row, value in enumerate(values):
        if not isinstance(value, wanted) or (isinstance(value, np.ndarray) and not value.ndim):
            found = "no label" if is_missing(value) else f"the {type(value).__name__} {value!r:.60}"
            raise DataError(f"{place(row)} has {found}, where other rows have {_name_of(wanted)}; write {expected}")


def _name_of(wanted: Any) -> str:
    return "shares by class" if wanted is Mapping else "lists of labels"


def _share(share: Any, row: int, place: Place) -> float:
    if share is None:  # Arrow names every field in every row.
        return 0.0
    if type(share) is float:
        return share
    one = np.array([share], dtype=object)
    return float(number_array(one, f"{place(row)}: expected the share of a class as a number")[0])


def _flat_array(flat: list[Any]) -> NDArray[Any]:
    array = array_of(flat)
    return array if array.ndim == 1 else np.fromiter(flat, dtype=object, count=len(flat))
