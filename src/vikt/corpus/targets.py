"""What each row is labelled with: a class, several labels, shares of classes, or a level of an order."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vikt.arrays import Bools, Floats, Ints, RowIndices
from vikt.names import TargetKind

_BLOCK = 4096
# The place of a row, for messages.
Place = Callable[[int], str]


@dataclass(frozen=True)
class TargetTable:
    """The different targets that rows have, numbered from 0.

    Attributes
    ----------
    kind : {"classes", "several", "soft", "ordered"}
    labels : (K,)
        The labels, sorted, with the dtype of the input; those of an order from the lowest level to the highest.
    rows : (D, K), optional
        Each target: of several labels, whether it has each label (booleans); of soft ones, the share of each class.
        None where target k is label k.

    Examples
    --------
    >>> table = TargetTable("several", np.array(["joy", "love"]), np.array([[True, False], [True, True]]))
    >>> table.truth(np.array([1, 0])).tolist(), table.spelled
    ([[True, True], [True, False]], ['["joy"]', '["joy", "love"]'])
    """

    kind: TargetKind
    labels: NDArray[Any]
    rows: NDArray[Any] | None = None

    @property
    def n_labels(self) -> int:
        """K."""
        return len(self.labels)

    def truth(self, y: Ints) -> NDArray[Any]:
        """What a loss is to predict of rows: label indices, (m,); or memberships or shares, (m, K)."""
        return y if self.rows is None else self.rows[y]

    def shares(self, y: Ints) -> Floats:
        """The share of each label in each row, 0 or 1 unless labels are soft: (m, K)."""
        own = np.eye(self.n_labels) if self.rows is None else self.rows
        return np.asarray(own[y], dtype=np.float64)

    def totals(self, y: Ints, weights: Floats) -> Floats:
        """The weight of each label in rows: (K,)."""
        if self.rows is None:
            return np.asarray(np.bincount(y, weights=weights, minlength=self.n_labels), dtype=np.float64)
        of_targets, totals = np.bincount(y, weights=weights, minlength=len(self.rows)), np.zeros(self.n_labels)
        # By blocks: booleans become floats, of eight times the size.
        for first in range(0, len(self.rows), _BLOCK):
            totals += of_targets[first : first + _BLOCK] @ self.rows[first : first + _BLOCK]
        return totals

    def counts(self, y: Ints) -> Ints:
        """The rows that have each label; of soft labels, those where it is the most probable: (K,)."""
        if self.kind == "several":
            return np.asarray(self.totals(y, np.ones(len(y))), dtype=np.int64)
        return np.bincount(self.strata(y), minlength=self.n_labels)

    def present(self, y: Ints) -> Ints:
        """The labels that a fit to rows can learn: those that one has, or all of several, each learnt by itself."""
        if self.kind == "several":
            return np.arange(self.n_labels)
        return np.flatnonzero(self.totals(y, np.ones(len(y))))

    def is_within(self, y: Ints, labels: Ints) -> Bools:
        """Whether each row has none but some labels; of several, any may have been learnt without a row: (m,)."""
        if self.rows is None:
            return np.isin(y, labels)
        if self.kind == "several":
            return np.ones(len(y), dtype=bool)
        is_other = np.asarray(np.delete(self.rows, labels, axis=1).any(axis=1))
        return ~is_other[y]

    def strata(self, y: Ints) -> Ints:
        """The label that a split counts each row to: its rarest, or its most probable; K where it has none: (m,)."""
        if self.rows is None:
            return y
        if self.kind == "soft":
            return np.asarray(self.rows.argmax(axis=1)[y])
        n_rows = self.totals(y, np.ones(len(y)))
        rarest = np.where(self.rows, n_rows, np.inf).argmin(axis=1)
        return np.asarray(np.where(self.rows.any(axis=1), rarest, self.n_labels)[y])

    @cached_property
    def spelled(self) -> list[str]:
        """Each target as a string: a label, or JSON of a list of labels, or of shares by label."""
        names = [str(label) for label in self.labels.tolist()]
        if self.rows is None:
            return names
        if self.kind == "several":
            return [json.dumps([names[k] for k in np.flatnonzero(row)], ensure_ascii=False) for row in self.rows]
        return [
            json.dumps({names[k]: float(row[k]) for k in np.flatnonzero(row)}, ensure_ascii=False) for row in self.rows
        ]


@dataclass(frozen=True)
class TargetRows:
    """The target of each row, by its number in a table: (m,)."""

    table: TargetTable
    y: Ints

    @classmethod
    def of_sets(cls, members: Bools, labels: NDArray[Any]) -> Self:
        """Rows of several labels: (m, K), whether each row has each label."""
        return cls._of_bits(np.packbits(np.ascontiguousarray(members), axis=1), labels)

    @classmethod
    def of_pairs(cls, rows: Ints, k: Ints, n_rows: int, labels: NDArray[Any]) -> Self:
        """Rows of several labels from their different pairs of a row and a label index: (P,) each."""
        packed = np.zeros((n_rows, (len(labels) + 7) // 8), dtype=np.uint8)
        np.bitwise_or.at(packed, (rows, k >> 3), np.right_shift(128, k & 7).astype(np.uint8))
        return cls._of_bits(packed, labels)

    @classmethod
    def _of_bits(cls, packed: NDArray[np.uint8], labels: NDArray[Any]) -> Self:
        different, y = _different(packed)
        sets = np.unpackbits(different, axis=1, count=len(labels)).astype(bool)
        return cls(TargetTable("several", labels, sets), y)

    @classmethod
    def of_shares(cls, shares: Floats, labels: NDArray[Any]) -> Self:
        """Rows of soft labels: (m, K), the share of each class, which sum to 1."""
        different, y = _different(np.ascontiguousarray(shares, dtype=np.float64) + 0.0)
        return cls(TargetTable("soft", labels, different), y)

    @classmethod
    def of_levels(cls, y: Ints, labels: NDArray[Any]) -> Self:
        """Rows of ordered labels: the index of each row's level among the labels, from the lowest."""
        return cls(TargetTable("ordered", labels), y)

    @classmethod
    def joined(cls, parts: Sequence[Self], labels: NDArray[Any]) -> Self:
        """Rows of several or soft labels, one part after the other, by labels among which all of theirs are.

        Examples
        --------
        >>> rows = TargetRows.of_sets(np.array([[True], [False]]), np.array(["joy"]))
        >>> TargetRows.joined([rows, rows], np.array(["awe", "joy"])).truth.astype(int).tolist()
        [[0, 1], [0, 0], [0, 1], [0, 0]]
        """
        place_of = {label: k for k, label in enumerate(labels.tolist())}
        rows, numbers, n_before = [], [], 0
        for part in parts:
            own: NDArray[Any] = np.asarray(part.table.rows)
            among = np.zeros((len(own), len(labels)), dtype=own.dtype)
            among[:, [place_of[label] for label in part.table.labels.tolist()]] = own
            rows.append(among)
            numbers.append(part.y + n_before)
            n_before += len(own)
        of_targets = (cls.of_sets if parts[0].table.kind == "several" else cls.of_shares)(np.concatenate(rows), labels)
        return replace(of_targets, y=of_targets.y[np.concatenate(numbers)])

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, rows: RowIndices) -> Self:
        return replace(self, y=self.y[rows])

    def restricted(self, labels: Ints) -> Self:
        """The targets of rows that have none but some labels, these being all that there are."""
        table, own = self.table, self.table.rows
        if own is None:
            return replace(self, table=replace(table, labels=table.labels[labels]), y=np.searchsorted(labels, self.y))
        return replace(self, table=replace(table, labels=table.labels[labels], rows=own[:, labels]))

    @property
    def truth(self) -> NDArray[Any]:
        """As of `TargetTable`."""
        return self.table.truth(self.y)

    @property
    def names(self) -> list[str]:
        """The labels as strings."""
        return [str(label) for label in self.table.labels.tolist()]


# A label of each row, or what it is labelled with otherwise.
Labels = ArrayLike | TargetRows


def names_of(labels: NDArray[Any] | TargetRows) -> list[str]:
    """The labels that rows have, as strings, whether each has one or several."""
    return labels.names if isinstance(labels, TargetRows) else [str(label) for label in labels.tolist()]


def _different(rows: NDArray[Any]) -> tuple[NDArray[Any], Ints]:
    """The different rows of an array, in an order of their own, and the number of each row's."""
    width = rows.dtype.itemsize * rows.shape[1]
    if not width:
        return rows[:1], np.zeros(len(rows), dtype=np.int64)
    _, first, number = np.unique(rows.view(f"V{width}").ravel(), return_index=True, return_inverse=True)
    return rows[first], number.astype(np.int64)
