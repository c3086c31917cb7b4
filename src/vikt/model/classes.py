"""Labels as class indices, and the weights of classes and rows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vikt.arrays import Classes, ClassWeight, Floats, RowValues
from vikt.errors import ClassesError, DataError, ParameterError, ShapeWarning, known_to_sklearn


def label_array(labels: ArrayLike) -> NDArray[Any]:
    """Labels as an array that keeps every character.

    NumPy's strings lose a NUL at their end, and two labels could become one: such labels are kept as objects.
    """
    array = np.asarray(labels)
    if array.dtype.kind == "U":
        objects = np.asarray(labels, dtype=object)
        if any(str(label).endswith("\0") for label in objects.ravel()):
            return objects
    return array


def encode_labels(labels: ArrayLike) -> tuple[NDArray[Any], Classes]:
    """The classes, sorted, and the class index of each row.

    Raises
    ------
    ClassesError
        All rows have one class.
    DataError
        Labels are missing, or are numbers with fractions.
    """
    labels = np.asarray(labels)
    if labels.ndim == 2 and labels.shape[1] == 1:
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected; pass y.ravel()",
            known_to_sklearn(ShapeWarning, "DataConversionWarning"),
            stacklevel=4,
        )
        labels = labels.ravel()
    if labels.ndim != 1:
        raise DataError(f"y should be a 1d array, got an array of shape {labels.shape} instead; give one label a row")
    if labels.dtype.kind == "f":
        if not np.isfinite(labels).all():
            raise DataError("Input y contains NaN or infinity; give every row a label")
        if np.any(labels != np.floor(labels)):
            raise DataError("Unknown label type: continuous numbers are not classes; round them or use a regression")
    if labels.dtype == object and any(label is None for label in labels):
        raise DataError("Input y contains a missing label (None); give every row a label")
    try:
        classes, y = np.unique(labels, return_inverse=True)
    except TypeError:
        raise DataError("labels of several types have no order; write all as strings, or all as numbers") from None
    if len(classes) < 2:
        only = f"one class, {classes.tolist()[0]!r:.60}" if len(classes) else "none"
        raise ClassesError(f"a classifier needs at least two classes, found {only}; check the label column")
    return classes, y.astype(np.int64)


def row_weights(sample_weight: RowValues, n_rows: int) -> Floats:
    """w, ones if not given.

    Raises
    ------
    DataError
        The weights have another length, or are not numbers, negative, not finite, or all zero.
    """
    if sample_weight is None:
        return np.ones(n_rows)
    try:
        weights = np.array(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"sample_weight: expected a number for each row: {error}") from None
    if weights.ndim == 0:
        weights = np.full(n_rows, float(weights))
    if weights.shape != (n_rows,):
        raise DataError(f"sample_weight: expected {n_rows} numbers, found shape {weights.shape}; give one weight a row")
    bad = np.flatnonzero(~((weights >= 0) & np.isfinite(weights)))
    if len(bad):
        raise DataError(
            f"sample_weight: expected finite numbers of 0 or more, found {weights[bad[0]]} for row {bad[0]} "
            f"({len(bad)} such rows); correct it or drop the row"
        )
    if not np.any(weights > 0):
        raise DataError(f"sample_weight: all {n_rows} weights are zero, which leaves no row; give some rows a weight")
    return weights


def class_factors(class_weight: ClassWeight, classes: NDArray[Any], y: Classes, weights: Floats) -> Floats:
    """The factor by which each row's weight is multiplied: (m,).

    "balanced" gives each class the same total; a dict gives factors by class, 1 where it names none.

    Raises
    ------
    UsageError
        A class is unknown, or a factor is not a positive number.
    """
    if class_weight is None:
        return np.ones(len(y))
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ParameterError(
                "class_weight", f"expected 'balanced' or a factor for each class, found {class_weight!r}"
            )
        totals = np.bincount(y, weights=weights, minlength=len(classes))
        # A class without rows has no total to balance and no row to weigh.
        present = np.count_nonzero(totals)
        return np.asarray((totals.sum() / (present * np.where(totals > 0, totals, 1.0)))[y])
    known = classes.tolist()
    strange = [label for label in class_weight if label not in known]
    if strange:
        classes_there = ", ".join(map(repr, known[:20]))
        raise ParameterError("class_weight", f"no class {strange[0]!r}; the classes are {classes_there}")
    factors = np.array([float(class_weight.get(label, 1.0)) for label in known])
    if not np.all(factors > 0) or not np.isfinite(factors).all():
        raise ParameterError("class_weight", f"factors must be above 0, found {class_weight}")
    return np.asarray(factors[y])
