"""The forms that labels come in, from files and from Python, and how each is read as a kind of target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Protocol, Self

import numpy as np

from vikt.arrays import Floats, Ints, LabelArray, RowIndices, SparseLike
from vikt.corpus.frames import array_of, number_array
from vikt.corpus.label_arrays import checked_labels, refuse_fractions
from vikt.corpus.label_order import levels_of
from vikt.corpus.label_sets import LabelMatrix, are_0_and_1, refuse_other_than_0_and_1, sets_of_matrix, sets_of_pairs
from vikt.corpus.label_shares import has_fractions, refuse_other_sums, shares_of_matrix
from vikt.corpus.missing import is_missing
from vikt.corpus.targets import Place, ReadTargets, TargetRows
from vikt.errors import DataError
from vikt.names import TargetKind, TargetsName

# What holds the labels of a row.
LISTED: Any = list | tuple | set | frozenset | np.ndarray


class Form(Protocol):
    """Data that say what each row is labelled with."""

    @property
    def found(self) -> str:
        """What they are, for messages."""
        ...

    def __len__(self) -> int: ...

    def take(self, rows: RowIndices) -> Self:
        """Some rows."""
        ...

    def kind(self, place: Place) -> TargetKind:
        """The kind of target that the form shows. Raises DataError where it shows none."""
        ...


@dataclass(frozen=True)
class Column:
    """One label per row: (m,)."""

    labels: LabelArray
    found = "one label per row"

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: RowIndices) -> Self:
        return replace(self, labels=self.labels[rows])

    def kind(self, place: Place) -> TargetKind:
        return "classes"


@dataclass(frozen=True)
class _ByRow:
    """A value for each row that holds its labels; their array has a dtype, the one that NumPy finds if not given."""

    values: Sequence[Any]
    dtype: type | None = None

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: RowIndices) -> Self:
        return replace(self, values=[self.values[row] for row in rows.tolist()])

    def pairs(self, rows: RowIndices) -> tuple[Ints, LabelArray]:
        """The row of each label, among those here, and the label: (P,) each; `rows` are their numbers for messages."""
        owner = np.repeat(np.arange(len(self)), [len(value) for value in self.values])
        labels = list(chain.from_iterable(self.values))
        array = array_of(labels) if self.dtype is None else np.fromiter(labels, self.dtype, len(labels))
        array = array if array.ndim == 1 else np.fromiter(labels, object, len(labels))
        return owner, checked_labels(array, "labels", rows[owner])

    def refuse_others(self, kind: Any, place: Place, expected: str) -> None:
        """Raise DataError where the value of a row is of another kind than those of others."""
        for row, value in enumerate(self.values):
            if not isinstance(value, kind) or (isinstance(value, np.ndarray) and not value.ndim):
                found = "no label" if is_missing(value) else f"{value!r:.60}"
                raise DataError(f"{place(row)} has {found}, where other rows have {expected}")


class Lists(_ByRow):
    """A list, tuple, set or array of labels for each row."""

    found = "lists of labels"

    def kind(self, place: Place) -> TargetKind:
        return "several"


class Mappings(_ByRow):
    """The shares of each row by label."""

    found = "shares by label"

    def kind(self, place: Place) -> TargetKind:
        return "soft"


@dataclass(frozen=True)
class Matrix:
    """A number for each row and label.

    Attributes
    ----------
    values : (m, K), dense, or sparse without duplicates
    labels : (K,)
    are_shares : bool
        Whether the names of the columns say that they hold shares.
    are_named : bool
        Whether floats of 0 and 1 can only be labels: the columns have names, or the matrix is sparse.
    """

    values: LabelMatrix
    labels: LabelArray
    are_shares: bool = False
    are_named: bool = False
    found = "a column for each label"

    def __len__(self) -> int:
        return int(self.values.shape[0])

    def take(self, rows: RowIndices) -> Self:
        return replace(self, values=self.values[rows])

    def kind(self, place: Place) -> TargetKind:
        held = self.values.tocsr().data if isinstance(self.values, SparseLike) else self.values
        if has_fractions(held):
            refuse_other_sums(self.values, self.labels, place)
            return "soft"
        if self.are_shares:
            return "soft"
        if not are_0_and_1(held):
            refuse_other_than_0_and_1(
                self.values, self.labels, place, "if they are votes or shares, read them", targets="soft"
            )
        if held.dtype.kind == "f" and not self.are_named:
            raise DataError(
                f"labels: an array of floats that are all 0 or 1, shape {self.values.shape}, could hold several labels "
                "per row or shares of classes; choose 'several' or 'soft'",
                targets=...,
            )
        return "several"


@dataclass(frozen=True)
class Numbered:
    """Targets that are read already."""

    rows: TargetRows

    @property
    def found(self) -> str:
        return f"targets of the kind {self.rows.table.kind!r}"

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: RowIndices) -> Self:
        return replace(self, rows=self.rows[rows])

    def kind(self, place: Place) -> TargetKind:
        return self.rows.table.kind


def _place(row: int) -> str:
    return f"labels, counted from 0: row {row}"


@dataclass(frozen=True)
class GivenTargets:
    """The targets of rows as they are given, and how they are read.

    Attributes
    ----------
    form : Form
    kind : {"classes", "several", "soft", "ordered"}
    order : sequence, optional
        The levels of an order from the lowest to the highest.
    place : callable
        The place of a row, for messages.
    origin : str
        The place of all rows.
    """

    form: Form
    kind: TargetKind
    order: Sequence[object] | None = None
    place: Place = _place
    origin: str = "labels"

    @classmethod
    def of(
        cls,
        form: Form,
        kind: TargetsName,
        order: Sequence[object] | None = None,
        place: Place = _place,
        origin: str = "labels",
    ) -> Self:
        """The targets of a form, read as a kind that is named, or as the one that the form shows.

        Raises
        ------
        DataError
            The form could be of two kinds.
        """
        return cls(form, form.kind(place) if kind == "auto" else kind, order, place, origin)

    def __len__(self) -> int:
        return len(self.form)

    def read(self, rows: RowIndices | None = None) -> ReadTargets:
        """All rows, or some by their numbers.

        Raises
        ------
        DataError
            A row has a label twice, an empty one, or none at all; a share is negative or not finite, or those of a row
            sum to 0; the form is of another kind.
        """
        rows = np.arange(len(self)) if rows is None else rows
        if isinstance(self.form, Numbered) and self.form.rows.table.kind == self.kind:
            return ReadTargets(self.form.rows[rows])
        reader = _READERS.get((type(self.form), self.kind))
        if reader is None:
            raise DataError(f"{self.origin}: targets={self.kind!r} takes {_TAKEN[self.kind]}, found {self.form.found}")
        return reader(self.form.take(rows), rows, lambda row: self.place(int(rows[row])), self.order)


def _read_column(form: Column, rows: RowIndices, place: Place, order: Sequence[object] | None) -> ReadTargets:
    return ReadTargets(form.labels)


def _read_levels(form: Column, rows: RowIndices, place: Place, order: Sequence[object] | None) -> ReadTargets:
    return ReadTargets(levels_of(checked_labels(form.labels, "labels", rows), order, place))


def _read_lists(form: Lists, rows: RowIndices, place: Place, order: Sequence[object] | None) -> ReadTargets:
    form.refuse_others(LISTED, place, "lists of labels; write a list of labels, empty for a text without any label")
    owner, labels = form.pairs(rows)
    refuse_fractions(labels)
    return ReadTargets(sets_of_pairs(owner, labels, len(form), place))


def _read_mappings(form: Mappings, rows: RowIndices, place: Place, order: Sequence[object] | None) -> ReadTargets:
    shares, labels = _by_label(form, rows, place)
    _refuse_booleans(form, place)
    return shares_of_matrix(shares, labels, place)


def _refuse_booleans(form: Mappings, place: Place) -> None:
    for i, row in enumerate(form.values):
        found = next((share for share in row.values() if isinstance(share, bool | np.bool_)), None)
        if found is not None:
            raise DataError(
                f"{place(i)}: expected the share of a class as a number, found {found}; if it says which labels the "
                "row has, read them",
                targets="several",
            )


def _by_label(form: Mappings, rows: RowIndices, place: Place) -> tuple[Floats, LabelArray]:
    """The number of each row and label, 0 where a row does not name it, (m, K); and the labels, (K,)."""
    form.refuse_others(Mapping, place, "shares by class; write the share of each class by its name")
    owner, labels = form.pairs(rows)
    different, k = np.unique(labels, return_inverse=True)
    numbers = np.zeros((len(form), len(different)))
    numbers[owner, k] = [_share(share, i, place) for i, row in enumerate(form.values) for share in row.values()]
    return numbers, different


def _read_members(form: Mappings, rows: RowIndices, place: Place, order: Sequence[object] | None) -> ReadTargets:
    members, labels = _by_label(form, rows, place)
    return ReadTargets(sets_of_matrix(members, labels, place))


def _read_sets(form: Matrix, rows: RowIndices, place: Place, order: Sequence[object] | None) -> ReadTargets:
    return ReadTargets(sets_of_matrix(form.values, form.labels, place))


def _read_shares(form: Matrix, rows: RowIndices, place: Place, order: Sequence[object] | None) -> ReadTargets:
    return shares_of_matrix(form.values, form.labels, place)


_Reader = Callable[[Any, RowIndices, Place, Sequence[object] | None], ReadTargets]
_READERS: dict[tuple[type[Any], TargetKind], _Reader] = {
    (Column, "classes"): _read_column,
    (Column, "ordered"): _read_levels,
    (Lists, "several"): _read_lists,
    (Mappings, "soft"): _read_mappings,
    (Mappings, "several"): _read_members,
    (Matrix, "several"): _read_sets,
    (Matrix, "soft"): _read_shares,
}
_TAKEN: dict[TargetKind, str] = {
    "classes": "one label per row",
    "several": "a list of labels per row, a matrix of 0 and 1 with a column for each label, or 0 and 1 by label",
    "soft": "a matrix of shares with a column for each class, or the shares of each row by class",
    "ordered": "one label per row",
}


def _share(share: object, row: int, place: Place) -> float:
    if share is None:  # Arrow names every field in every row.
        return 0.0
    if type(share) is float:
        return share
    one = np.array([share], dtype=object)
    return float(number_array(one, f"{place(row)}: expected the share of a class as a number")[0])
