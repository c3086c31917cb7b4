"""Targets as they come from Python, read as the kind of target that is named, or that their form shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from vikt.arrays import AnyArray, LabelArray, SparseLike
from vikt.corpus.frames import Frame, Source, array_of, arrow_column, frame_of, has_numpy_type, number_array
from vikt.corpus.joined_labels import refuse_joined, refuse_printed
from vikt.corpus.label_arrays import label_array
from vikt.corpus.label_forms import LISTED, Column, Form, GivenTargets, Lists, Mappings, Matrix, Numbered
from vikt.corpus.label_order import order_of
from vikt.corpus.label_reading import share_columns, shared_labels
from vikt.corpus.label_sets import LabelMatrix
from vikt.corpus.targets import ReadTargets, TargetRows
from vikt.errors import DataError, NotNumbersError
from vikt.names import TargetsName
from vikt.tables import counted, quoted


def given_targets(
    labels: object,
    kind: TargetsName = "auto",
    order: Sequence[object] | None = None,
    columns: LabelArray | None = None,
) -> GivenTargets:
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
    form = _form_of(labels, kind, columns)
    if kind == "auto" and isinstance(form, Column):
        values = form.labels.tolist()
        if all(type(value) is str for value in values):
            refuse_printed(Counter(values), "labels: values", "give the lists or mappings themselves")
            refuse_joined(Counter(values), "labels: values", "split them into lists")
    order = order_of(labels) if kind == "ordered" and order is None else order
    return GivenTargets.of(form, kind, order)


def target_rows(
    labels: object,
    kind: TargetsName = "auto",
    order: Sequence[object] | None = None,
    columns: LabelArray | None = None,
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
    return given_targets(labels, kind, order, columns).read()


def _form_of(labels: object, kind: TargetsName, columns: LabelArray | None) -> Form:
    """The form of targets of any maker, for a kind of target or for any.

    Parameters are those of `given_targets`.

    Raises
    ------
    DataError
        The data have no such form.
    """
    if isinstance(labels, TargetRows):
        return Numbered(labels)
    if kind in ("classes", "ordered"):
        return Column(label_array(labels, warns=True))
    if isinstance(labels, SparseLike):
        return _sparse(labels.tocsr(), columns)
    frame = frame_of(labels)
    if frame is not None and len(frame) != 1:
        return _matrix_of_frame(frame)
    labels = list(labels) if isinstance(labels, Iterator) else labels
    values = _nested(labels if frame is None else frame[next(iter(frame))])
    if values is None:
        return _column_or_matrix(labels, kind, columns)
    if any(isinstance(value, Mapping) for value in values):
        return Mappings(values)
    return _of_lists(values, kind, columns)


def _nested(source: Source) -> list[Any] | None:
    """The values of a column of lists or mappings; None where it holds neither."""
    if isinstance(source, str | bytes) or not isinstance(source, Iterable) or getattr(source, "ndim", 1) != 1:
        return None
    values = _python_values(source)
    kinds = set(map(type, values))
    return values if any(issubclass(kind, Mapping | LISTED) for kind in kinds) else None


def _python_values(source: Source) -> list[Any]:
    """The values of a column; none where its type says that they are neither lists nor mappings."""
    if has_numpy_type(source):
        return list(np.asarray(source)) if source.dtype.kind == "O" else []
    column = arrow_column(source)
    if column is None:
        return source if isinstance(source, list) else list(source)
    import pyarrow as pa

    return list(column.to_pylist()) if pa.types.is_nested(column.type) else []


def _of_lists(values: list[Any], kind: TargetsName, columns: LabelArray | None) -> Form:
    """Lists of labels, or lists of numbers that are the rows of a matrix."""
    if any(isinstance(value, set | frozenset) or not isinstance(value, LISTED) for value in values):
        return Lists(values)
    widths = {len(value) for value in values}
    numbers = [value.item() if isinstance(value, np.generic) else value for value in chain.from_iterable(values)]
    kinds = set(map(type, numbers))
    if kind == "soft" and kinds <= {bool, int, float}:
        if len(widths) > 1:
            row = next(row for row, value in enumerate(values) if len(value) != len(values[0]))
            raise DataError(
                f"labels: row {row} has {counted(len(values[row]), 'number')} and row 0 has {len(values[0])}; give one "
                "for each class"
            )
        return _matrix(np.array([list(value) for value in values]), columns)
    if len(widths) == 1 and widths != {1}:
        if kinds in ({float}, {bool}):
            return _matrix(np.array([list(value) for value in values]), columns)
        if kinds == {int} and set(numbers) <= {0, 1}:
            raise DataError(
                "labels: lists of 0 and 1 could be lists of the labels 0 and 1, or the rows of a matrix with a column "
                "for each label; pass np.array(labels) for a matrix, or write labels as strings"
            )
    return Lists(values)


def _column_or_matrix(labels: object, kind: TargetsName, columns: LabelArray | None) -> Form:
    array = label_array(labels, warns=True) if isinstance(labels, str | bytes) else array_of(labels)
    is_matrix = array.ndim == 2 and array.dtype.kind in "biufO"
    if not is_matrix or (array.shape[1] == 1 and kind != "several"):
        return Column(label_array(array if array.ndim else labels, warns=True))
    if array.dtype.kind == "O":
        plain = np.array(array.tolist())  # booleans and integers that a frame of mixed columns holds as objects
        array = plain if plain.dtype.kind in "biu" else array
    return _matrix(number_array(array, "labels: expected 0 and 1, or shares, in a matrix"), columns)


def _sparse(values: LabelMatrix, columns: LabelArray | None) -> Matrix:
    if not values.has_canonical_format:
        values = values.copy()
        values.sum_duplicates()
    return _matrix(values, columns, are_named=True)


def _matrix(values: LabelMatrix, columns: LabelArray | None, are_named: bool = False) -> Matrix:
    n_columns = values.shape[1]
    if not n_columns:
        raise DataError(f"labels: expected a column for each label, found an array of shape {values.shape}; add them")
    if columns is not None and len(columns) != n_columns:
        raise DataError(
            f"labels: expected {len(columns)} columns, one for each label ({quoted(columns.tolist())}), found "
            f"{n_columns}; give them in this order"
        )
    return Matrix(values, np.arange(n_columns) if columns is None else columns, are_named=are_named)


def _matrix_of_frame(frame: Frame) -> Matrix:
    names = list(frame)
    if not names:
        raise DataError("labels: expected a column for each label, found a frame without columns; add them")
    classes, shares = shared_labels(names), share_columns(names)
    if classes is None and shares:
        others = [name for name in names if name not in shares]
        raise DataError(
            f"labels: expected columns of shares alone, such as {shares[0]!r:.60}, found also {quoted(others)}; drop "
            "the others"
        )
    values = [_numbers_of_column(frame, name) for name in names]
    frame.check_length(len(values[0]))
    are_plain = len({type(name) for name in frame.names}) == 1 and isinstance(frame.names[0], str | int)
    labels = classes or (frame.names if are_plain else names)
    return Matrix(np.column_stack(values), np.array(labels), are_shares=classes is not None, are_named=True)


def _numbers_of_column(frame: Frame, name: str) -> AnyArray:
    try:
        return number_array(frame[name], f"labels: expected one column, or columns of 0 and 1: column {name!r:.60}")
    except NotNumbersError as error:
        raise DataError(f"{error}; y should be a 1d array, so pass df[{name!r:.60}] if it holds the labels") from None
