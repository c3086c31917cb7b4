"""Labels as class indices, and the weights of classes and rows."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import NamedTuple

import numpy as np

from vikt.arrays import Classes, ClassWeight, Floats, LabelArray, RowIndices, RowValues
from vikt.corpus.columns import composed
from vikt.corpus.frames import number_array
from vikt.corpus.given_targets import given_targets
from vikt.corpus.label_arrays import checked_labels, label_array, refuse_fractions
from vikt.corpus.targets import OneLabel, TargetRows, TargetTable
from vikt.errors import ClassesError, DataError, ParameterError
from vikt.names import TargetsName
from vikt.parameters import FIT, checked_value, plain
from vikt.tables import counted, quoted


class LabelledRows(NamedTuple):
    """The targets; and for the rows whose weight is above 0 theirs by number, weights, and row numbers in the input.

    `n_input` counts the rows of the input.
    """

    targets: TargetTable
    y: Classes
    weights: Floats
    kept: RowIndices
    n_input: int

    @classmethod
    def of(
        cls,
        labels: object,
        sample_weight: RowValues,
        n_rows: int,
        kind: TargetsName = "classes",
        order: Sequence[object] | None = None,
    ) -> LabelledRows:
        """The labels and weights of rows; `kind` and `order` are as of `vikt.corpus.given_targets.target_rows`.

        Raises
        ------
        DataError
            Either is invalid, or of another length.
        """
        given = given_targets(labels, kind, order)
        check_one_label_per_row(given, n_rows)
        weights = row_weights(sample_weight, n_rows)
        kept = np.flatnonzero(weights > 0)
        targets, votes = given.read(kept)
        weights = weights[kept] if votes is None else weights[kept] * votes
        if isinstance(targets, TargetRows):
            check_learnable(targets)
            return cls(targets.table, targets.y, weights, kept, n_rows)
        classes, y = encode_labels(targets, kept)
        return cls(OneLabel(classes), y, weights, kept, n_rows)

    @property
    def classes(self) -> LabelArray:
        """The labels: (K,)."""
        return self.targets.labels


def check_one_label_per_row(labels: Sized, n_rows: int) -> None:
    """Raise DataError unless there are as many labels as rows."""
    if len(labels) != n_rows:
        found = f"{counted(n_rows, 'row')} and {counted(len(labels), 'label')}"
        raise DataError(f"expected one label per row, found {found}; give as many labels as rows")


def check_learnable(targets: TargetRows) -> None:
    """Raise ClassesError where a fit could tell nothing apart: one level or class, or labels that are two classes."""
    table = targets.table
    totals = table.totals(targets.y, np.ones(len(targets)))
    names = [label for label, total in zip(table.labels.tolist(), totals, strict=True) if total > 0]
    if table.kind != "several":
        if len(names) < 2:
            only = f"one, {names[0]!r:.60}" if names else "none"
            raise ClassesError(f"a classifier needs at least two classes, found {only}; check the labels")
        return
    varying = np.flatnonzero((totals > 0) & (totals < len(targets)))
    if not len(varying):
        where = f"is on every row ({quoted(names)})" if names else "is on any row"
        raise ClassesError(
            f"{'each label' if names else 'no label'} {where}, so there is nothing to learn; check the labels"
        )
    if table.n_labels == 1:
        raise ClassesError(
            f"the only label is {names[0]!r:.60}, so there are two classes, rows with it and rows without it; give "
            "each row one label, such as yes or no"
        )
    if table.n_labels == 2 and np.all(targets.truth.sum(axis=1) == 1):
        raise ClassesError(
            f"each row has one of the two labels {quoted(names)} and not the other, so these are two classes; "
            "give one label per row"
        )


def class_position(classes: Sequence[str], name: str) -> int | None:
    """The index of a class by its name, however its accents are typed; None where there is none.

    Examples
    --------
    >>> class_position(["café", "thé"], "cafe\u0301"), class_position(["café"], "bar")
    (0, None)
    """
    known = list(map(composed, classes))
    return known.index(composed(name)) if composed(name) in known else None


def encode_labels(labels: object, rows: RowIndices | None = None) -> tuple[LabelArray, Classes]:
    """The classes, sorted, and the class index of each row.

    Parameters
    ----------
    labels : (m,)
        From any maker, as for `label_array`.
    rows : (m,), optional
        The numbers of their rows, for messages.

    Raises
    ------
    ClassesError
        All rows have one class.
    DataError
        Labels are missing, of several kinds, or numbers with fractions.
    """
    labels = checked_labels(label_array(labels), "labels", rows)
    refuse_fractions(labels)
    classes, y = np.unique(labels, return_inverse=True)
    check_two_classes(classes)
    return classes, y.astype(np.int64)


def check_two_classes(classes: LabelArray) -> None:
    """Raise ClassesError where there are fewer than two classes."""
    if len(classes) < 2:
        only = f"one class, {classes.tolist()[0]!r:.60}" if len(classes) else "none"
        raise ClassesError(f"a classifier needs at least two classes, found {only}; check the label column")


def row_weights(sample_weight: RowValues, n_rows: int) -> Floats:
    """w, ones if not given.

    Raises
    ------
    DataError
        The weights have another length, or are not numbers, negative, not finite, or all zero.
    """
    if sample_weight is None:
        return np.ones(n_rows)
    weights = number_array(sample_weight, "sample_weight: expected a number for each row").astype(np.float64)
    if weights.ndim == 0:
        weights = np.full(n_rows, float(weights))
    if weights.shape != (n_rows,):
        raise DataError(
            f"sample_weight: expected {n_rows} numbers, found shape {weights.shape}; give one weight per row"
        )
    bad = np.flatnonzero(~((weights >= 0) & np.isfinite(weights)))
    if len(bad):
        raise DataError(
            f"sample_weight: expected finite numbers of 0 or more, found {weights[bad[0]]} for row {bad[0]} "
            f"({counted(len(bad), 'such row')}); correct it or drop the row"
        )
    if not np.any(weights > 0):
        raise all_weights_zero(n_rows)
    return weights


def all_weights_zero(n_rows: int) -> DataError:
    """The error for rows of which none has a weight above 0."""
    return DataError(f"sample_weight: all {n_rows} weights are zero; give at least one row a positive weight")


def class_factors(class_weight: ClassWeight, classes: LabelArray, y: Classes, weights: Floats) -> Floats:
    """The factor by which each row's weight is multiplied: (m,).

    "balanced" gives each class the same total; a dict gives factors by class, 1 where it names none.

    Raises
    ------
    UsageError
        A class is unknown, or a factor is not a positive number.
    """
    class_weight = checked_value("class_weight", FIT["class_weight"], class_weight)
    if class_weight is None:
        return np.ones(len(y))
    if isinstance(class_weight, str):
        totals = np.bincount(y, weights=weights, minlength=len(classes))
        # A class without rows has no total to balance and no row to weigh.
        present = np.count_nonzero(totals)
        return np.asarray((totals.sum() / (present * np.where(totals > 0, totals, 1.0)))[y])
    known = classes.tolist()
    strange = [label for label in class_weight if label not in known]
    if strange:
        raise ParameterError("class_weight", f"no class {plain(strange[0])!r}; the classes are {quoted(known)}")
    factors = np.array([float(class_weight.get(label, 1.0)) for label in known])
    return np.asarray(factors[y])
