"""Columns and frames of any maker, read by Arrow's C data interface where they have it.

A column is one sequence of values: a list, a NumPy array, a Series of pandas or Polars, an Arrow array. A frame is
columns by name: a mapping, a DataFrame, an Arrow table, a data set. Of a frame, only the columns that are asked for are
read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sized
from decimal import Decimal
from enum import Enum
from inspect import getattr_static
from numbers import Real
from typing import Any, Protocol

import numpy as np

from vikt.arrays import AnyArray, RowIndices
from vikt.corpus.arrow import ArrowColumn, plain
from vikt.corpus.columns import doubled_column
from vikt.corpus.missing import is_missing
from vikt.corpus.texts import Texts, missing_text
from vikt.errors import DataError, NotNumbersError
from vikt.tables import index_place, quoted

# What users give: a frame, a column or an array of any maker, which is asked for what it can do.
Source = Any


class ArrowStream(Protocol):
    """A column or a frame that exports Arrow's C data interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """A stream of its batches."""
        ...


class Frame(Mapping[str, object]):
    """The columns of a frame by name, each taken from it when it is asked for; `names` are as the frame has them."""

    def __init__(self, source: Source, names: Iterable[object]) -> None:
        self._source, self.names = source, list(names)
        self._key_of = {str(key): key for key in self.names}
        self._count_of = Counter(map(str, self.names))
        # What can be read once only, such as a generator.
        self._listed: dict[Any, list[object]] = {}

    def __getitem__(self, name: str) -> Source:
        key = self._key_of[name]
        if self._count_of[name] > 1:
            raise doubled_column(name, self._count_of[name], "the data")
        return self._column(name, key)

    def _column(self, name: str, key: Any) -> Source:
        if key in self._listed:
            return self._listed[key]
        column = self._source[key]
        if isinstance(column, Iterator):
            return self._listed.setdefault(key, list(column))
        if isinstance(column, str | bytes) or not isinstance(column, Sized) or getattr(column, "shape", None) == ():
            raise DataError(
                f"column {name!r:.60}: expected a value for each row, found one {type(column).__name__}; pass a list"
            )
        return column

    def __iter__(self) -> Iterator[str]:
        return iter(self._key_of)

    def __len__(self) -> int:
        return len(self._key_of)

    @property
    def is_pandas(self) -> bool:
        return has_attribute(self._source, "iloc")

    def check_length(self, n_rows: int) -> None:
        """Raise DataError unless every column, read or not, has this many values."""
        if self.is_pandas:
            return
        for key in self.names:
            length = len(self._column(str(key), key))
            if length != n_rows:
                raise DataError(
                    f"column {key!r:.60}: expected {n_rows} values, as there are rows, found {length}; complete it"
                )

    def rows(self, rows: RowIndices) -> Source:
        """Some rows: of pandas as a DataFrame, else as columns by the names that the frame has for them."""
        if self.is_pandas:
            return self._source.iloc[rows]
        return {key: _taken(self._column(str(key), key), rows) for key in self.names}


def frame_of(source: Source) -> Frame | None:
    """The columns of a frame; None where the source is not a frame.

    Raises
    ------
    DataError
        The source is a lazy frame, groups of rows, or a set, which has no order.

    Examples
    --------
    >>> list(frame_of({"text": ["Click!"], "sender": ["kth.se"]})), frame_of(["Click!"])
    (['text', 'sender'], None)
    """
    if isinstance(source, Frame):
        return source
    if _is_plain(source):
        return None
    if isinstance(source, set | frozenset):
        raise DataError("expected a value for each row, found a set, which has no order and drops repeats; pass a list")
    if has_attribute(source, "get_group"):
        raise DataError(
            f"expected rows, found groups of them ({type(source).__name__}); pass the frame without groupby"
        )
    if has_attribute(source, "collect"):
        raise DataError(f"expected columns in memory, found a {type(source).__name__}; call its collect() first")
    if has_attribute(source, "dtype"):
        return None
    if hasattr(source, "__getitem__"):
        # The `columns` of Arrow's tables are the columns themselves.
        for attribute in ("column_names", "columns"):
            if has_attribute(source, attribute) and not callable(getattr(source, attribute)):
                return Frame(source, getattr(source, attribute))
        if has_attribute(source, "keys") and callable(source.keys):
            return Frame(source, source.keys())
    return _exported_frame(source)


def _is_plain(source: Source) -> bool:
    """Whether a source is what most are: to look for each attribute of frames takes longer than to answer a text."""
    return type(source) is list or isinstance(source, Texts)


def refuse_row(source: Source, names: Iterable[str]) -> None:
    """Raise DataError where a source is one row of a frame, which has one of these names, rather than a column."""
    if _is_plain(source):
        return
    held = source.index if has_attribute(source, "iloc") else getattr(source, "_fields", ())
    name = next((name for name in names if name in held), None)
    if name is not None:
        raise DataError(
            f"expected a column or a frame, found a row of a frame, with one {name!r:.60}; pass df.iloc[[0]]"
        )


def has_attribute(source: Source, name: str) -> bool:
    """Whether a frame or column has an attribute of its own, which a column by that name is not.

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({"dtype": [1]})
    >>> hasattr(frame, "dtype"), has_attribute(frame, "dtype"), has_attribute(frame["dtype"], "dtype")
    (True, False, True)
    """
    return getattr_static(source, name, None) is not None


def text_items(source: Source) -> Iterable[Any]:
    """The items of a column of texts: `Texts` where Arrow holds them, else the items as they are.

    Raises
    ------
    DataError
        The source is not a column, or a text of Arrow's is missing.
    """
    if _is_plain(source):
        return source  # type: ignore[no-any-return]
    if isinstance(source, str | bytes):
        raise DataError(
            f"texts: expected a sequence of strings, found one {type(source).__name__}; write [text] for a single text"
        )
    frame = frame_of(source)
    if frame is not None:
        name = next(iter(frame), "text")
        raise DataError(
            f"texts: expected one column, found a frame with the columns {quoted(frame)}; "
            f"pass one of them, such as df[{name!r:.60}]"
        )
    shape = source.shape if has_attribute(source, "shape") else (0,)
    if len(shape) != 1:
        raise DataError(f"texts: expected one dimension, found an array of shape {shape}; pass one of its columns")
    column = None if has_numpy_type(source) else arrow_column(source)
    if column is not None:
        texts = _texts_of_arrow(column)
        return column.to_pylist() if texts is None else texts
    if not isinstance(source, Iterable) and not hasattr(source, "__getitem__"):
        raise DataError(f"texts: expected a sequence of strings, found {source!r:.60}; pass a list of texts")
    return source  # type: ignore[no-any-return]


def texts_of(source: Source) -> Texts:
    """A column as texts.

    Raises
    ------
    DataError
        The source is not a column, or a text is missing or no string; the message has its number.

    Examples
    --------
    >>> import pyarrow as pa
    >>> list(texts_of(pa.chunked_array([["ett"], ["två"]]))) == list(texts_of(np.array(["ett", "två"])))
    True
    """
    return Texts.from_strings(text_items(source))


def array_of(source: Source) -> AnyArray:
    """A column as an array, in which a missing value is None or NaN, and no value becomes another.

    Values in Python keep the dtype that NumPy finds for them where they all come back from it, and are objects where
    they do not. A frame is an array of two dimensions.

    Examples
    --------
    >>> array_of([1, 2]).dtype.kind, array_of([1, "1"]).tolist(), array_of(x > 1 for x in (1, 2)).tolist()
    ('i', [1, '1'], [False, True])
    """
    frame = frame_of(source)
    if frame is not None:
        return np.column_stack([array_of(frame[name]) for name in frame] or [np.empty(0)])
    if isinstance(source, np.ndarray):
        # NumPy imports masked arrays where they are first named.
        is_plain = type(source) is np.ndarray or not isinstance(source, np.ma.MaskedArray)
        return source if is_plain else _array_of_masked(source)
    if has_numpy_type(source):
        return np.asarray(source)
    column = arrow_column(source)
    if column is not None:
        return _array_of_arrow(column)
    try:
        if hasattr(source, "__array__"):
            return np.asarray(source)
    except Exception:  # A maker's own errors: its types may have no counterpart in NumPy.
        return _array_of_values(list(source))
    return _array_of_values(list(source)) if isinstance(source, Iterable) else np.asarray(source)


def number_array(source: Source, expected: str) -> AnyArray:
    """Numbers of any maker as an array of its own dtype, float64 for objects; NaN where one is missing.

    Dates and strings are not numbers, also where NumPy would convert them.

    Parameters
    ----------
    source : column, array or frame
    expected : str
        What is expected of it, for messages.

    Raises
    ------
    NotNumbersError
        A value is not a number.

    Examples
    --------
    >>> number_array([1, None], "weights: expected numbers").tolist()
    [1.0, nan]
    """
    values = array_of(source)
    if values.dtype.kind == "O":
        numbers = [_number(value, expected) for value in values.ravel().tolist()]
        return np.array(numbers, dtype=np.float64).reshape(values.shape)
    if values.dtype.kind not in "biuf":
        raise NotNumbersError(f"{expected}, found {values.dtype}; convert it to numbers")
    return values


def _number(value: object, expected: str) -> float:
    if is_missing(value):
        return np.nan
    try:
        if isinstance(value, Real | Decimal | np.bool_):
            return float(value)
    except OverflowError:  # Python does not even write integers of many digits.
        raise NotNumbersError(f"{expected}, found one beyond the range of floats; scale it") from None
    except ValueError:  # a signalling NaN
        pass
    raise NotNumbersError(f"{expected}, found {value!r:.60} ({type(value).__name__}); convert it to a number")


def has_numpy_type(source: Source) -> bool:
    """Whether values are NumPy's, as those of its arrays and of many of pandas' columns are."""
    return isinstance(getattr(source, "dtype", None), np.dtype)


def arrow_column(source: Source) -> ArrowColumn | None:
    """A column as an Arrow chunked array without dictionaries or views; None where its maker does not export it."""
    column = exported_column(source)
    return None if column is None else plain(column)


def exported_column(source: Source) -> ArrowColumn | None:
    """A column as an Arrow chunked array, as its maker encodes it; None where its maker does not export it."""
    is_stream = hasattr(source, "__arrow_c_stream__")
    # Polars exports Python's objects as the addresses that they have, or ends the process.
    if not (is_stream or hasattr(source, "__arrow_c_array__")) or str(getattr(source, "dtype", "")) == "Object":
        return None
    import pyarrow as pa

    try:
        return pa.chunked_array(source if is_stream else [pa.array(source)])
    except (pa.ArrowException, ValueError, TypeError, OverflowError, NotImplementedError, OSError):
        return None


def _exported_frame(source: Source) -> Frame | None:
    """What exports several columns, but gives none by name, such as a reader of batches."""
    if not hasattr(source, "__arrow_c_stream__") or not has_attribute(source, "schema"):
        return None
    import pyarrow as pa

    table = pa.table(source)
    return Frame(table, table.column_names)


def _texts_of_arrow(column: ArrowColumn) -> Texts | None:
    """The texts of a column of strings; None where it holds something else."""
    import pyarrow as pa

    from vikt.corpus.column_values import spelled

    types = pa.types
    if not (types.is_string(column.type) or types.is_large_string(column.type) or types.is_null(column.type)):
        return None
    if column.null_count:
        nulls = np.asarray(column.is_null())
        raise missing_text(int(nulls.argmax()), int(nulls.sum()))
    return Texts.from_arrow(spelled(column, "texts", index_place))


def _array_of_arrow(column: ArrowColumn) -> AnyArray:
    import pyarrow as pa

    types = pa.types
    is_number = types.is_integer(column.type) or types.is_floating(column.type) or types.is_boolean(column.type)
    if is_number and not column.null_count:
        return np.asarray(column.to_numpy())
    if isinstance(column.type, pa.ExtensionType):
        # Arrow has numbers for them, such as the months of pandas' periods.
        raise DataError(f"expected strings, booleans or numbers, found {column.type}; convert them to strings")
    try:
        return _objects(column.to_pylist())
    except (OverflowError, ValueError) as error:
        raise DataError(f"expected values that Python can hold, found {column.type} ({error}); correct them") from None


def _array_of_masked(source: Source) -> AnyArray:
    values, mask = np.ma.getdata(source), np.ma.getmaskarray(source)
    if not mask.any():
        return values
    objects = values.astype(object)
    objects[mask] = None
    return objects


def _array_of_values(values: list[object]) -> AnyArray:
    try:
        array = np.asarray(values)
        # A NUL at the end of a string, digits of large integers, and other types are lost in some dtypes.
        comes_back = array.tolist() == values
    except (ValueError, TypeError, OverflowError):
        return _objects(values)
    # Members of an Enum, and True and False beside numbers, equal numbers, but are none.
    kinds = set(map(type, values))
    is_mixed = array.dtype.kind in "iuf" and bool(kinds & {bool, np.bool_})
    # NumPy has floats for integers that need 64 bits and a sign.
    is_mixed |= array.dtype.kind == "f" and kinds == {int}
    is_plain = comes_back and not is_mixed and not any(issubclass(kind, Enum) for kind in kinds)
    return array if is_plain else _objects(values)


def _taken(column: Source, rows: RowIndices) -> Source:
    """Some rows of a column, as its maker holds them; of other sequences a list."""
    if has_attribute(column, "iloc"):
        return column.iloc[rows]
    if has_attribute(column, "dtype"):
        return column[rows]
    return column.take(rows) if has_attribute(column, "take") else [column[row] for row in rows.tolist()]


def _objects(values: list[object]) -> AnyArray:
    return np.fromiter(values, dtype=object, count=len(values))
