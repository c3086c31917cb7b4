"""Ordered labels: the levels from the lowest to the highest, and the level of each row."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import LabelArray
from vikt.corpus.arrow import levels
from vikt.corpus.frames import exported_column, has_numpy_type
from vikt.corpus.numbers import exact_number_of
from vikt.corpus.targets import Place, TargetRows
from vikt.errors import DataError, ParameterError
from vikt.names import TargetsName, nearest
from vikt.tables import quoted

# Each level adds a threshold, and a column of more values is seldom one of levels.
_MOST_LEVELS = 200


def order_of(labels: object) -> list[object] | None:
    """The order that a column brings, as pandas' ordered categories, Polars' Enum and Arrow's ordered dictionaries do.

    Examples
    --------
    >>> import pandas as pd
    >>> order_of(pd.Categorical(["high"], ["low", "high"], ordered=True)), order_of(["high"])
    (['low', 'high'], None)
    """
    dtype = getattr(labels, "dtype", None)
    if getattr(dtype, "ordered", False) or type(dtype).__name__ == "Enum":
        return list(getattr(dtype, "categories", []))
    column = None if has_numpy_type(labels) else exported_column(labels)
    return None if column is None else levels(column)


def check_takes_order(kind: TargetsName) -> None:
    """Raise ParameterError where labels that have an order are to be read as another kind of target."""
    if kind not in ("auto", "ordered"):
        raise ParameterError("order", f"is for ordered labels, but targets={kind!r} is given; drop one of them")


def levels_of(labels: LabelArray, order: Sequence[object] | None, place: Place) -> TargetRows:
    """The level of each row: (m,).

    Parameters
    ----------
    labels : (m,)
        One label per row.
    order : sequence, optional
        The levels from the lowest to the highest; if not given, labels that are all numbers have the order of numbers.
    place : callable
        The place of a row, for messages.

    Raises
    ------
    DataError
        There are more than 200 levels, labels are not numbers and no order is given, two labels are the same number, or
        a label is not in the order.
    ParameterError
        A level stands in the order twice.

    Examples
    --------
    >>> levels_of(np.array(["10", "9", "10"]), None, "row {}".format).names
    ['9', '10']
    """
    found, first, y = np.unique(labels, return_index=True, return_inverse=True)
    if len(found) > _MOST_LEVELS:
        raise DataError(
            f"expected at most {_MOST_LEVELS} ordered levels, found {len(found):,} in {len(labels):,} rows; check the "
            "column, or round its numbers"
        )
    if order is None:
        ordered = _by_number(found, first, place)
    else:
        ordered = list(order)
        twice = next((level for level in ordered if ordered.count(level) > 1), None)
        if twice is not None:
            raise ParameterError("order", f"the level {twice!r:.60} appears twice; name each level once")
    place_of = {level: k for k, level in enumerate(ordered)}
    for label, row in sorted(zip(found.tolist(), first.tolist(), strict=True), key=lambda pair: pair[1]):
        if label not in place_of:
            remedy = _remedy(label, ordered)
            raise DataError(f"{place(row)}: the label {label!r:.60} is not in the order ({quoted(ordered)}); {remedy}")
    of_found = np.array([place_of[label] for label in found.tolist()], dtype=np.int64)
    return TargetRows.of_levels(of_found[y], _levels_like(ordered, found))


def _remedy(label: object, levels: list[object]) -> str:
    """What to do about a label that is not among the levels of the order."""
    same = next((level for level in levels if str(level) == str(label)), None)
    if same is not None:
        own, other = (type(value).__name__ for value in (label, same))
        return f"the label is of the type {own}, and this level of the type {other}; give both the same type"
    near = nearest(label, [level for level in levels if isinstance(level, str)]) if isinstance(label, str) else None
    return "add it to the order, or correct the label" if near is None else f"did you mean {near!r:.60}?"


def _by_number(found: LabelArray, first: NDArray[np.int64], place: Place) -> list[object]:
    row_of: dict[Decimal, int] = {}
    numbers = []
    for label, row in zip(found.tolist(), first.tolist(), strict=True):
        number = exact_number_of(str(int(label) if isinstance(label, bool) else label))
        if number is None:
            raise DataError(
                f"{place(row)}: the label {label!r:.60} is not a number; correct it, or give all levels from lowest to "
                "highest",
                order=...,
            )
        before = row_of.setdefault(number, row)
        if before != row:
            raise DataError(
                f"{place(row)}: the label {label!r:.60} is the same number as the label of {place(before)}; write it "
                "the same way everywhere"
            )
        numbers.append(number)
    return [label for _, label in sorted(zip(numbers, found.tolist(), strict=True), key=lambda pair: pair[0])]


def _levels_like(levels: list[object], found: LabelArray) -> LabelArray:
    """Levels as an array of the labels' dtype, wide enough for those without a row."""
    if found.dtype.kind in "OT":
        return np.array(levels, dtype=found.dtype)
    return np.array(levels) if found.dtype.kind == "U" else np.array(levels).astype(found.dtype)
