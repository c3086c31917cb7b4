"""The forms that targets come in from Python: one label per row, lists of labels, shares by label, or a matrix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import RowIndices, SparseLike
from vikt.corpus.frames import Frame, array_of, arrow_column, frame_of, has_numpy_type, number_array
from vikt.corpus.label_arrays import label_array
from vikt.corpus.label_shares import ROUNDED
from vikt.corpus.targets import TargetRows
from vikt.errors import DataError, NotNumbersError
from vikt.names import TargetKind, TargetsName
from vikt.tables import counted, quoted

# What a row's labels come in.
LISTED: Any = list | tuple | set | frozenset | np.ndarray


class Form(Protocol):
    """Data that say of each row what it is labelled with."""

    @property
    def found(self) -> str:
        """What they are, for messages."""
        ...

    def __len__(self) -> int: ...

    def take(self, rows: RowIndices) -> Self:
        """Some rows."""
        ...

    def kind(self) -> TargetKind:
        """The kind of target that the form shows. Raises DataError where it shows none."""
        ...


@dataclass(frozen=True)
class Column:
    """One label per row: (m,)."""

    labels: NDArray[Any]
    found = "one label per row"

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: RowIndices) -> Self:
        return replace(self, labels=self.labels[rows])

    def kind(self) -> TargetKind:
        return "classes"


@dataclass(frozen=True)
class Lists:
    """A list, tuple, set or array of labels for each row."""

    values: list[Any]
    found = "lists of labels"

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: RowIndices) -> Self:
        return replace(self, values=[self.values[row] for row in rows.tolist()])

    def kind(self) -> TargetKind:
        return "several"


@dataclass(frozen=True)
class Mappings:
    """The shares of each row by label."""

    values: list[Any]
    found = "shares by label"

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: RowIndices) -> Self:
        return replace(self, values=[self.values[row] for row in rows.tolist()])

    def kind(self) -> TargetKind:
        return "soft"


@dataclass(frozen=True)
class Matrix:
    """A number for each row and label.

    Attributes
    ----------
    values : (m, K), dense or sparse
    labels : (K,)
    says_shares : bool
        Whether the names of the columns say that they hold shares.
    says_labels : bool
        Whether 0 and 1 can only be labels: the columns are those of a frame, or the matrix is sparse.
    """

    values: Any
    labels: NDArray[Any]
    says_shares: bool = False
    says_labels: bool = False
    found = "a matrix"

    def __len__(self) -> int:
        return int(self.values.shape[0])

    def take(self, rows: RowIndices) -> Self:
        return replace(self, values=self.values[rows])

    @property
    def is_sparse(self) -> bool:
        return isinstance(self.values, SparseLike)

    def dense(self) -> NDArray[Any]:
        """The values as an array."""
        return np.asarray(self.values.toarray() if self.is_sparse else self.values)

    def kind(self) -> TargetKind:
        if self.says_shares:
            return "soft"
        held = self.values.data if self.is_sparse else self.values
        if np.all((held == 0) | (held == 1) | (held != held)):
            if held.dtype.kind == "f" and not self.says_labels:
                raise DataError(
                    f"labels: floats that are all 0 or 1, as in these {self.values.shape} ones, could be several "
                    "labels per row or shares of classes; name which, 'several' or 'soft',",
                    targets=...,
                )
            return "several"
        if held.dtype.kind in "iu":
            largest = held.max() if held.min() >= 0 else held.min()
            raise DataError(
                f"labels: expected 0 and 1 in a matrix of integers, one column per label, found {largest}; if the "
                "integers are the votes of annotators for each class, say so",
                targets="soft",
            )
        totals = np.asarray(self.values.sum(axis=1), dtype=np.float64).ravel()
        wrong = np.flatnonzero(np.abs(totals - 1) > ROUNDED)
        if len(wrong):
            raise DataError(
                f"labels: expected shares that sum to 1 in each row, found a sum of {totals[wrong[0]]:.4g} in row "
                f"{wrong[0]}; correct it, or have rows divided by their sums",
                targets="soft",
            )
        return "soft"


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

    def kind(self) -> TargetKind:
        return self.rows.table.kind


def form_of(labels: Any, kind: TargetsName, columns: NDArray[Any] | None) -> Form:
    """The form of targets of any maker, for a kind of target or for any.

    Parameters are those of `GivenTargets.of`.

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
        return _matrix(labels.tocsr(), columns, says_labels=True)
    frame = frame_of(labels)
    if frame is not None and len(frame) != 1:
        return _matrix_of_frame(frame)
    labels = list(labels) if isinstance(labels, Iterator) else labels
    values = _nested(labels if frame is None else frame[next(iter(frame))])
    if values is None:
        return _column_or_matrix(labels, kind, columns)
    if any(isinstance(value, Mapping) for value in values):
        return Mappings(values)
    return _of_lists(labels, values, kind, columns)


def _nested(source: Any) -> list[Any] | None:
    """The values of a column of lists or mappings; None where it holds neither."""
    if isinstance(source, str | bytes) or not isinstance(source, Iterable) or getattr(source, "ndim", 1) != 1:
        return None
    values = _python_values(source)
    kinds = set(map(type, values))
    return values if any(issubclass(kind, Mapping | LISTED) for kind in kinds) else None


def _python_values(source: Any) -> list[Any]:
    """The values of a column; none where its type says that they are neither lists nor mappings."""
    if has_numpy_type(source):
        return list(np.asarray(source)) if source.dtype.kind == "O" else []
    column = arrow_column(source)
    if column is None:
        return source if isinstance(source, list) else list(source)
    import pyarrow as pa

    return list(column.to_pylist()) if pa.types.is_nested(column.type) else []


def _of_lists(labels: Any, values: list[Any], kind: TargetsName, columns: NDArray[Any] | None) -> Form:
    """Lists of labels, or lists of numbers that are the rows of a matrix."""
    are_lists = all(type(value) is list and len(value) == 1 for value in values)
    if kind == "auto" and are_lists and not hasattr(labels, "dtype"):
        return Column(label_array(labels, warns=True))
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


def _column_or_matrix(labels: Any, kind: TargetsName, columns: NDArray[Any] | None) -> Form:
    array = label_array(labels, warns=True) if isinstance(labels, str | bytes) else array_of(labels)
    is_matrix = array.ndim == 2 and array.dtype.kind in "biufO"
    if not is_matrix or (array.shape[1] == 1 and kind == "auto"):
        return Column(label_array(array if array.ndim else labels, warns=True))
    if array.dtype.kind == "O":
        plain = np.array(array.tolist())  # booleans and integers that a frame of mixed columns holds as objects
        array = plain if plain.dtype.kind in "biu" else array
    return _matrix(number_array(array, "labels: expected 0 and 1, or shares, in a matrix"), columns)


def _matrix(values: Any, columns: NDArray[Any] | None, says_labels: bool = False) -> Matrix:
    n_columns = values.shape[1]
    if not n_columns:
        raise DataError(f"labels: expected a column for each label, found an array of shape {values.shape}; add them")
    if columns is not None and len(columns) != n_columns:
        raise DataError(
            f"labels: expected {len(columns)} columns, one for each label ({quoted(columns.tolist())}), found "
            f"{n_columns}; give them in this order"
        )
    return Matrix(values, np.arange(n_columns) if columns is None else columns, says_labels=says_labels)


def _matrix_of_frame(frame: Frame) -> Matrix:
    if not len(frame):
        raise DataError("labels: expected a column for each label, found a frame without columns; add them")
    shares = [name for name in frame if _is_share(name)]
    others = [name for name in frame if not _is_share(name)]
    if shares and others:
        raise DataError(
            f"labels: expected columns of shares alone, such as {shares[0]!r:.60}, found also {quoted(others)}; drop "
            "the others"
        )
    values = [_numbers_of_column(frame, name) for name in frame]
    frame.check_length(len(values[0]))
    if shares:
        return Matrix(np.column_stack(values), np.array([name[2:-1] for name in shares]), says_shares=True)
    are_plain = len({type(name) for name in frame.names}) == 1 and isinstance(frame.names[0], str | int)
    return Matrix(np.column_stack(values), np.array(frame.names if are_plain else list(frame)), says_labels=True)


def _is_share(name: str) -> bool:
    return name.startswith("P(") and name.endswith(")")


def _numbers_of_column(frame: Frame, name: str) -> NDArray[Any]:
    try:
        return number_array(frame[name], f"labels: expected one column, or columns of 0 and 1: column {name!r:.60}")
    except NotNumbersError as error:
        raise DataError(f"{error}; y should be a 1d array, so pass df[{name!r:.60}] if it holds the labels") from None
