"""Labels as an array: strings, booleans or numbers, one for each row, all of one kind."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np

from vikt.arrays import Bools, LabelArray, RowIndices
from vikt.corpus.frames import array_of
from vikt.corpus.missing import is_missing
from vikt.errors import DataError, ShapeWarning, known_to_sklearn, warn
from vikt.tables import counted

# How a label of each kind is kept: as Python's own value, which a file holds too.
_PLAIN: dict[str, Callable[[Any], Any]] = {
    "string": str.__str__,
    "boolean": bool,
    # Plus zero: -0 is 0.
    "number": lambda label: float(label) + 0.0 if isinstance(label, float | np.floating) else int(label),
}

# Below it, every integer is a float.
_WHOLE = 2**53


def label_array(labels: object, name: str = "labels", warns: bool = False) -> LabelArray:
    """Labels of any maker as an array (m,) that keeps every one of them apart; an array (m, 1) is flattened.

    Parameters
    ----------
    labels : (m,) or (m, 1)
        A sequence, an array, a generator, or a column: see `vikt.corpus.frames`.
    name : str
        Their name in messages.
    warns : bool
        Whether to warn that a column was flattened.

    Raises
    ------
    DataError
        The labels have another shape.
    """
    array = np.array(labels) if isinstance(labels, str | bytes) else array_of(labels)
    if array.ndim == 0:
        found = "None" if labels is None else f"one {type(labels).__name__}"
        raise DataError(
            f"{name}: expected a label for each row, found {found}; pass a list or a column, such as df['label']"
        )
    if array.ndim == 2 and array.shape[1] == 1:
        if warns:
            warn(
                "A column-vector y was passed when a 1d array was expected; pass y.ravel(), or one column of a frame",
                known_to_sklearn(ShapeWarning, "DataConversionWarning"),
            )
        array = array.ravel()
    if array.ndim != 1:
        raise DataError(
            f"{name}: y should be a 1d array, got an array of shape {array.shape} instead; give one label per row"
        )
    return array


def checked_labels(labels: LabelArray, name: str = "labels", rows: RowIndices | None = None) -> LabelArray:
    """Labels of an array (m,) that are all strings, all booleans or all finite numbers, objects as Python's own.

    Parameters
    ----------
    labels : (m,)
    name : str
        Their name in messages.
    rows : (m,), optional
        The numbers of their rows, for messages.

    Raises
    ------
    DataError
        A label is missing, of another type, or of another kind than others.

    Examples
    --------
    >>> checked_labels(np.array([np.str_("a"), "b"], dtype=object)).tolist()
    ['a', 'b']
    """
    kind = labels.dtype.kind
    if kind in "biuU":
        return labels
    rows = np.arange(len(labels)) if rows is None else rows
    if kind == "f":
        return _finite(labels.astype(np.float64) if labels.dtype.itemsize > 8 else labels, name, rows)
    if kind == "T":
        # A missing string has no place among strings that are not missing.
        _objects(labels.astype(object), name, rows)
        return labels
    if kind != "O":
        raise DataError(
            f"{name}: expected strings, booleans or numbers, found an array of {labels.dtype}; convert them to strings"
        )
    return _objects(labels, name, rows)


def refuse_fractions(labels: LabelArray) -> None:
    """Raise DataError where checked labels are numbers with fractions, which are not classes."""
    numbers = labels.tolist() if labels.dtype.kind in "fO" else []
    fractions = (number for number in numbers if isinstance(number, float) and not number.is_integer())
    found = next(fractions, None)
    if found is not None:
        # The first words are scikit-learn's, whose checks ask for them.
        raise DataError(
            f"Unknown label type: continuous numbers are not classes, found {found:g}; convert them to strings, or "
            "round them"
        )


def label_kind(labels: LabelArray) -> str | None:
    """The kind of labels that are checked: "string", "boolean" or "number"; None if there are none."""
    return _kind(type(labels.tolist()[0])) if len(labels) else None


def _kind(kind: type) -> str | None:
    if issubclass(kind, Enum | np.timedelta64):
        return None
    if issubclass(kind, str):
        return "string"
    if issubclass(kind, bool | np.bool_):
        return "boolean"
    return "number" if issubclass(kind, int | float | np.integer | np.floating) else None


def _finite(labels: LabelArray, name: str, rows: RowIndices) -> LabelArray:
    _refuse_missing(rows[np.isnan(labels)].tolist(), name)
    infinite = rows[np.isinf(labels)]
    if len(infinite):
        raise DataError(f"{name}: row {infinite[0]} has the label infinity; give it a finite number or a string")
    return np.where(labels == 0, labels.dtype.type(0), labels)  # -0 is 0


def _objects(labels: LabelArray, name: str, rows: RowIndices) -> LabelArray:
    values = labels.tolist()
    kind_of = {kind: _kind(kind) for kind in set(map(type, values))}
    if set(kind_of) <= {str}:
        return labels
    _refuse_missing([row for row, value in zip(rows.tolist(), values, strict=True) if is_missing(value)], name)
    kinds = [kind_of[type(value)] for value in values]
    for value, kind, row in zip(values, kinds, rows.tolist(), strict=True):
        if kind is None:
            raise DataError(
                f"{name}: row {row} has a {type(value).__name__}, {value!r:.60}, as its label; expected strings, "
                "booleans or numbers, so convert labels to strings"
            )
        if kind != kinds[0]:
            raise DataError(
                f"{name}: expected one kind of label, found the {kinds[0]} {_PLAIN[str(kinds[0])](values[0])!r:.60} in "
                f"row {rows[0]} and the {kind} {_PLAIN[kind](value)!r:.60} in row {row}; convert all to strings"
            )
    plain = [_PLAIN[str(kind)](value) for kind, value in zip(kinds, values, strict=True)]
    is_float = np.array([isinstance(value, float) for value in plain])
    _finite(np.array([value for value in plain if isinstance(value, float)]), name, rows[is_float])
    return np.fromiter(_of_one_type(plain, is_float), dtype=object, count=len(plain))


def _of_one_type(labels: list[Any], is_float: Bools) -> list[Any]:
    """Numbers of both types as floats, or as integers where a float would change one; 1 and 1.0 are one class."""
    if is_float.all() or not is_float.any():
        return labels
    floats = [float(label) if abs(label) < _WHOLE else label for label in labels]
    if floats == labels and all(isinstance(label, float) for label in floats):
        return floats
    return [int(label) if label == int(label) else label for label in labels]


def _refuse_missing(rows: list[int], name: str) -> None:
    if rows:
        of = f"({counted(len(rows), 'such row')})"
        raise DataError(f"{name}, counted from 0: row {rows[0]} has no label {of}; label it or drop the row")


def spelled_labels(classes: LabelArray) -> list[str]:
    """Labels as strings."""
    return [str(label) for label in classes.tolist()]
