"""What each row is labelled with: a class, several labels, shares of classes, or a level of an order."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vikt.arrays import Bools, Floats, Ints, LabelArray, RowIndices, Targets
from vikt.names import TargetKind

_BLOCK = 4096
# The place of a row, for messages.
Place = Callable[[int], str]


class TargetTable(Protocol):
    """The different targets that rows have, numbered from 0.

    Attributes
    ----------
    kind : {"classes", "several", "soft", "ordered"}
    labels : (K,)
        The labels, sorted, with the dtype of the input; those of an order from the lowest level to the highest.
    rows : (D, K), optional
        Each target by its labels; None where target k is label k.
    """

    @property
    def kind(self) -> TargetKind: ...

    @property
    def labels(self) -> LabelArray: ...

    @property
    def rows(self) -> Targets | None: ...

    @property
    def n_labels(self) -> int:
        """K."""
        ...

    @property
    def names(self) -> list[str]:
        """The labels as strings."""
        ...

    @property
    def spelled(self) -> list[str]:
        """Each target as a string: a label, or JSON of a list of labels, or of shares by label."""
        ...

    def truth(self, y: Ints) -> Targets:
        """What a loss is to predict of rows: label indices, (m,); or memberships or shares, (m, K)."""
        ...

    def totals(self, y: Ints, weights: Floats) -> Floats:
        """The weight of each label in rows: (K,)."""
        ...

    def counts(self, y: Ints) -> Ints:
        """The rows that have each label; of soft labels, those where it is the most probable: (K,)."""
        ...

    def pairs(self, y: Ints) -> tuple[Ints, Ints]:
        """The rows and the labels that they have, a pair for each label of each row; of soft ones the most probable."""
        ...

    def present(self, y: Ints) -> Ints:
        """The labels that a fit to rows can learn."""
        ...

    def is_within(self, y: Ints, labels: Ints) -> Bools:
        """Whether a fit that learnt some labels can be judged by each row: (m,)."""
        ...

    def strata(self, y: Ints) -> Ints:
        """The stratum of each row in a split: one of its labels; K where it has none: (m,)."""
        ...

    def restricted(self, y: Ints, labels: Ints) -> tuple[TargetTable, Ints]:
        """The table restricted to some labels, and the targets of rows within it: (m,)."""
        ...

    def renamed(self, labels: LabelArray) -> TargetTable:
        """The same targets of labels that are spelled otherwise."""
        ...


@dataclass(frozen=True)
class _Table:
    """What tables of every kind have in common."""

    labels: LabelArray

    @property
    def n_labels(self) -> int:
        return len(self.labels)

    @property
    def names(self) -> list[str]:
        return [str(label) for label in self.labels.tolist()]

    def renamed(self, labels: LabelArray) -> Self:
        return replace(self, labels=labels)


@dataclass(frozen=True)
class OneLabel(_Table):
    """One label per row, a class or a level of an order: target k is label k."""

    kind: TargetKind = "classes"
    rows: ClassVar[None] = None

    @property
    def spelled(self) -> list[str]:
        return self.names

    def truth(self, y: Ints) -> Targets:
        return y

    def totals(self, y: Ints, weights: Floats) -> Floats:
        return np.asarray(np.bincount(y, weights=weights, minlength=self.n_labels), dtype=np.float64)

    def counts(self, y: Ints) -> Ints:
        return np.bincount(y, minlength=self.n_labels)

    def pairs(self, y: Ints) -> tuple[Ints, Ints]:
        return np.arange(len(y)), y

    def present(self, y: Ints) -> Ints:
        return np.flatnonzero(self.counts(y))

    def is_within(self, y: Ints, labels: Ints) -> Bools:
        return np.isin(y, labels)

    def strata(self, y: Ints) -> Ints:
        return y

    def restricted(self, y: Ints, labels: Ints) -> tuple[OneLabel, Ints]:
        return replace(self, labels=self.labels[labels]), np.searchsorted(labels, y)


@dataclass(frozen=True)
class _TableOfRows(_Table):
    """Targets that say something of every label."""

    rows: Targets

    def truth(self, y: Ints) -> Targets:
        return np.asarray(self.rows[y])

    def totals(self, y: Ints, weights: Floats) -> Floats:
        of_targets, totals = np.bincount(y, weights=weights, minlength=len(self.rows)), np.zeros(self.n_labels)
        # By blocks: booleans become floats, of eight times the size.
        for first in range(0, len(self.rows), _BLOCK):
            totals += of_targets[first : first + _BLOCK] @ self.rows[first : first + _BLOCK]
        return totals

    def restricted(self, y: Ints, labels: Ints) -> tuple[Self, Ints]:
        return replace(self, labels=self.labels[labels], rows=self.rows[:, labels]), y


@dataclass(frozen=True)
class LabelSets(_TableOfRows):
    """Several labels per row: whether each target has each label, (D, K) booleans. A row counts to its rarest label.

    Examples
    --------
    >>> table = LabelSets(np.array(["joy", "love"]), np.array([[True, False], [True, True]]))
    >>> table.truth(np.array([1, 0])).tolist(), table.spelled
    ([[True, True], [True, False]], ['["joy"]', '["joy", "love"]'])
    """

    kind: TargetKind = "several"

    @cached_property
    def spelled(self) -> list[str]:
        names = self.names
        return [json.dumps([names[k] for k in np.flatnonzero(row)], ensure_ascii=False) for row in self.rows]

    def counts(self, y: Ints) -> Ints:
        return np.asarray(self.totals(y, np.ones(len(y))), dtype=np.int64)

    def pairs(self, y: Ints) -> tuple[Ints, Ints]:
        rows, labels = np.nonzero(self.truth(y))
        return rows, labels

    def present(self, y: Ints) -> Ints:
        return np.arange(self.n_labels)  # each is learnt by itself, also where no row has it

    def is_within(self, y: Ints, labels: Ints) -> Bools:
        return np.ones(len(y), dtype=bool)

    def strata(self, y: Ints) -> Ints:
        rarest = np.where(self.rows, self.counts(y), np.inf).argmin(axis=1)
        return np.asarray(np.where(self.rows.any(axis=1), rarest, self.n_labels)[y])


@dataclass(frozen=True)
class LabelShares(_TableOfRows):
    """Soft labels: the share of each class in each target, (D, K). A row counts to its most probable class."""

    kind: TargetKind = "soft"

    @cached_property
    def spelled(self) -> list[str]:
        names = self.names
        shares = ({names[k]: float(row[k]) for k in np.flatnonzero(row)} for row in self.rows)
        return [json.dumps(by_label, ensure_ascii=False) for by_label in shares]

    def counts(self, y: Ints) -> Ints:
        return np.bincount(self.strata(y), minlength=self.n_labels)

    def pairs(self, y: Ints) -> tuple[Ints, Ints]:
        return np.arange(len(y)), self.strata(y)

    def present(self, y: Ints) -> Ints:
        return np.flatnonzero(self.totals(y, np.ones(len(y))))

    def is_within(self, y: Ints, labels: Ints) -> Bools:
        is_other = np.asarray(np.delete(self.rows, labels, axis=1).any(axis=1))
        return ~is_other[y]

    def strata(self, y: Ints) -> Ints:
        return np.asarray(self.rows.argmax(axis=1)[y])


@dataclass(frozen=True)
class TargetRows:
    """The target of each row, by its number in a table: (m,)."""

    table: TargetTable
    y: Ints

    @classmethod
    def of_sets(cls, members: Bools, labels: LabelArray) -> Self:
        """Rows of several labels: (m, K), whether each row has each label."""
        return cls._of_bits(np.packbits(np.ascontiguousarray(members), axis=1), labels)

    @classmethod
    def of_pairs(cls, rows: Ints, k: Ints, n_rows: int, labels: LabelArray) -> Self:
        """Rows of several labels from their different pairs of a row and a label index: (P,) each."""
        packed = np.zeros((n_rows, (len(labels) + 7) // 8), dtype=np.uint8)
        np.bitwise_or.at(packed, (rows, k >> 3), np.right_shift(128, k & 7).astype(np.uint8))
        return cls._of_bits(packed, labels)

    @classmethod
    def _of_bits(cls, packed: NDArray[np.uint8], labels: LabelArray) -> Self:
        different, y = _different(packed)
        sets = np.unpackbits(different, axis=1, count=len(labels)).astype(bool)
        return cls(LabelSets(labels, sets), y)

    @classmethod
    def of_shares(cls, shares: Floats, labels: LabelArray) -> Self:
        """Rows of soft labels: (m, K), the share of each class, which sum to 1."""
        different, y = _different(np.ascontiguousarray(shares, dtype=np.float64) + 0.0)
        return cls(LabelShares(labels, different), y)

    @classmethod
    def of_levels(cls, y: Ints, labels: LabelArray) -> Self:
        """Rows of ordered labels: the index of each row's level among the labels, from the lowest."""
        return cls(OneLabel(labels, "ordered"), y)

    @classmethod
    def joined(cls, parts: Sequence[Self], labels: LabelArray) -> Self:
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
            own: Targets = np.asarray(part.table.rows)
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
        """The targets of rows that have only some labels, their table restricted to these."""
        table, y = self.table.restricted(self.y, labels)
        return replace(self, table=table, y=y)

    @property
    def truth(self) -> Targets:
        """As of `TargetTable`."""
        return self.table.truth(self.y)

    @property
    def names(self) -> list[str]:
        """The labels as strings."""
        return self.table.names


class ReadTargets(NamedTuple):
    """One label per row, not yet checked, or the targets of rows; and the votes of each row where shares are counts."""

    targets: LabelArray | TargetRows
    votes: Floats | None = None


# A label of each row, or what it is labelled with otherwise.
Labels = ArrayLike | TargetRows


def kind_of(labels: LabelArray | TargetRows) -> TargetKind:
    """The kind of targets that rows have."""
    return labels.table.kind if isinstance(labels, TargetRows) else "classes"


def names_of(labels: LabelArray | TargetRows) -> list[str]:
    """The labels that rows have, as strings, whether each has one or several."""
    return labels.names if isinstance(labels, TargetRows) else [str(label) for label in labels.tolist()]


def spelled_targets(labels: LabelArray | TargetRows) -> tuple[list[str], Ints]:
    """The different targets of rows as strings, and which of them each row has."""
    if isinstance(labels, TargetRows):
        return labels.table.spelled, labels.y
    number_of: dict[str, int] = {}
    y = [number_of.setdefault(name, len(number_of)) for name in names_of(labels)]
    return list(number_of), np.array(y, dtype=np.int64)


def _different(rows: Targets) -> tuple[Targets, Ints]:
    """The distinct rows of an array, in a fixed order, and which of them each row is."""
    width = rows.dtype.itemsize * rows.shape[1]
    if not width:
        return rows[:1], np.zeros(len(rows), dtype=np.int64)
    _, first, number = np.unique(rows.view(f"V{width}").ravel(), return_index=True, return_inverse=True)
    return rows[first], number.astype(np.int64)
