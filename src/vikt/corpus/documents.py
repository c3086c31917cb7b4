"""Documents: texts, and columns beside them by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from typing import Any, NamedTuple

import numpy as np

from vikt.arrays import Floats, Ints, RowIndices
from vikt.corpus.arrow import ArrowColumn, plain
from vikt.corpus.columns import missing_column, wanted_columns
from vikt.corpus.frames import Frame, Source, arrow_column, frame_of, has_numpy_type, refuse_row, texts_of
from vikt.corpus.numbers import number_of
from vikt.corpus.texts import Texts
from vikt.errors import DataError, ParameterError
from vikt.tables import index_place

# Features are float32, which ends at 3e38, and their squares are summed.
LARGEST = 1e30

# The column of a frame that holds the texts, unless another is named.
TEXT_COLUMN = "text"


class Pairs(NamedTuple):
    """Numbered features: row i has values[offsets[i]:offsets[i + 1]] at indices[offsets[i]:offsets[i + 1]].

    `zero` is the place of the first row read that has the index 0: indices that count from 0 do so in every row.
    """

    offsets: Ints
    indices: Ints
    values: Floats
    zero: str | None = None


class Documents:
    """Texts and columns of one length.

    Parameters
    ----------
    texts : Texts, optional
        None where rows have columns alone.
    columns : mapping of str to array_like or Arrow array
        Strings, numbers, or rows of numbers.
    origin : str
        Their source, for messages.
    place : callable, optional
        The place of row i, for messages.

    Examples
    --------
    >>> documents = Documents.of({"text": ["Click!"], "sender": ["kth.se"], "misspelt": [0.25]})
    >>> documents.numbers("misspelt").tolist(), documents.strings("sender")[0]
    ([0.25], b'kth.se')
    """

    def __init__(
        self,
        texts: Texts | None,
        columns: Mapping[str, Source],
        origin: str = "the data",
        place: Callable[[int], str] = index_place,
    ) -> None:
        self.texts, self.columns, self.origin, self.place = texts, columns, origin, place
        lengths = {name: len(column) for name, column in columns.items()}
        lengths |= {} if texts is None else {"the texts": len(texts)}
        if len(set(lengths.values())) != 1:
            found = ", ".join(f"{name} of {length}" for name, length in lengths.items()) or "none"
            raise DataError(f"{origin}: expected columns of equal length, found {found}; complete them")
        self.n_rows = next(iter(lengths.values()))

    @classmethod
    def of(cls, source: object, text: str | None = TEXT_COLUMN, columns: Sequence[str] | None = None) -> Documents:
        """Documents of a column of texts, or of a frame: its column of texts, and others.

        Parameters
        ----------
        source : column, frame or Documents
            See `vikt.corpus.frames`.
        text : str, optional
            The frame's column of texts; None where texts are not read.
        columns : sequence of str, optional
            The other columns to take; by default all, and then the texts may be missing.

        Raises
        ------
        DataError
            The source is neither, or a text is missing or not a string.
        ColumnError
            The frame lacks a column.
        """
        if isinstance(source, Documents):
            return source
        frame = frame_of(source)
        if frame is None:
            refuse_row(source, filter(None, [text, *(columns or ())]))
            return cls(texts_of(source), {})
        if text is not None and text not in frame and columns is not None:
            raise missing_column(text, list(frame), "the data", "pass one of these alone, or name it by text_column")
        texts = texts_of(frame[text]) if text is not None and text in frame else None
        wanted = wanted_columns(columns, [name for name in frame if columns is not None or name != text], "the data")
        return cls(texts, {name: frame[name] for name in wanted})

    def __len__(self) -> int:
        return self.n_rows

    def take(self, rows: RowIndices) -> Documents:
        """Some rows, which keep their places."""
        import pyarrow as pa

        texts = None if self.texts is None else self.texts.take(rows)
        columns = {name: self._column(name).take(pa.array(rows)) for name in self.columns}
        return Documents(texts, columns, self.origin, lambda i: self.place(int(rows[i])))

    def strings(self, name: str | None = None) -> Texts:
        """A column as texts; the text itself if `name` is None.

        Raises
        ------
        ColumnError
            The column is missing.
        DataError
            A value is missing.
        """
        if name is None and self.texts is not None:
            return self.texts
        name = name or TEXT_COLUMN
        return Texts.from_arrow(self._spelled(self._complete(self._column(name), name, "a string"), name))

    def values(self, name: str) -> list[str | None]:
        """A column as strings; None where a value is missing, or blank as it is in a file.

        Raises
        ------
        ColumnError
            The column is missing.

        Examples
        --------
        >>> Documents(None, {"user": [7, None, 8]}).values("user")
        ['7', None, '8']
        """
        import pyarrow as pa

        column = self._column(name)
        missing = {"nan"} if pa.types.is_floating(column.type) else set()
        strings = self._spelled(column, name).to_pylist()
        return [None if value is None or not value.strip() or value in missing else value for value in strings]

    def numbers(self, name: str) -> Floats:
        """A column as finite numbers; true and false are 1 and 0. Raises as `strings` does."""
        import pyarrow as pa
        import pyarrow.compute as pc

        from vikt.corpus.column_values import spelled

        column = self._complete(self._column(name), name, "a number")
        if not pa.types.is_integer(column.type) and not pa.types.is_floating(column.type):
            column = spelled(column, name, self.place)
            column = pc.if_else(pc.equal(column, "true"), "1", pc.if_else(pc.equal(column, "false"), "0", column))
        try:
            numbers = np.asarray(column.cast(pa.float64()))
        except pa.ArrowInvalid:
            numbers = np.array([number_of(value) for value in column.to_pylist()])
        return self._finite(numbers, name, column)

    def vectors(self, name: str) -> Floats:
        """A column of rows of numbers, all of one length: (m, d). Raises as `numbers` does."""
        import pyarrow as pa
        import pyarrow.compute as pc

        from vikt.corpus.column_values import python_values

        lists = column = self._complete(self._column(name), name, "a list of numbers")
        if not pa.types.is_nested(column.type):
            parsed = [_numbers(value) for value in python_values(column, name, self.place)]
            column = pa.array(parsed, pa.list_(pa.float64()))
        try:
            lengths = np.asarray(pc.list_value_length(column))
            flat = np.asarray(pc.list_flatten(column).cast(pa.float64()), dtype=np.float64)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise DataError(
                f"{self.origin}, column {name!r}: expected lists of numbers, found {column.type}; convert it"
            ) from None
        width = int(lengths[0]) if len(lengths) else 0
        wrong = np.flatnonzero((lengths != width) | (lengths == 0))
        if len(wrong):
            raise self._unexpected(int(wrong[0]), name, f"{width or 'some'} numbers", lists[int(wrong[0])].as_py())
        return self._finite(flat.reshape(-1, width or 1), name, lists)

    def pairs(self, name: str) -> Pairs:
        """A column of pairs of index and value, as in svmlight files. Raises as `strings` does."""
        from vikt.corpus.read_labelled import PAIRS

        column = self._complete(self._column(name), name, "pairs of index and value")
        if column.type != PAIRS:
            raise DataError(
                f"{self.origin}, column {name!r}: expected pairs of index and value, found {column.type}; "
                "write them in svmlight's format"
            )
        whole = column.combine_chunks() if hasattr(column, "combine_chunks") else column
        offsets = np.asarray(whole.offsets).astype(np.int64)
        # The values of a slice start with its first row.
        indices, numbers = whole.flatten().flatten()
        offsets, values = offsets - offsets[0], np.asarray(numbers)
        wrong = np.flatnonzero(np.asarray(indices.is_null()) | ~(np.abs(values) <= LARGEST))
        if len(wrong):
            row = int(np.searchsorted(offsets, wrong[0], side="right")) - 1
            raise self._unexpected(row, name, f"indices and numbers of at most {LARGEST:g}", values[wrong[0]].item())
        zeros = np.flatnonzero(np.asarray(indices) == 0)[:1]
        places = [self.place(int(row)) for row in np.searchsorted(offsets, zeros, side="right") - 1]
        return Pairs(offsets, np.asarray(indices), values, next(iter(places), None))

    def _column(self, name: str) -> ArrowColumn:
        import pyarrow as pa

        from vikt.corpus.column_values import string_array

        if name not in self.columns:
            raise missing_column(name, list(self.columns), self.origin)
        column = self.columns[name]
        if isinstance(column, (pa.Array, pa.ChunkedArray)):
            return plain(column)
        exported = None if has_numpy_type(column) else arrow_column(column)
        if exported is not None:
            return exported
        try:
            # Arrow takes arrays of one dimension only.
            return plain(pa.array(list(column) if getattr(column, "ndim", 1) > 1 else column))
        except UnicodeEncodeError:
            return string_array(column, f"{self.origin}, column {name!r}", 0)
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
            raise DataError(
                f"{self.origin}, column {name!r}: expected values of one type ({error}); convert them to strings"
            ) from None

    def _spelled(self, column: ArrowColumn, name: str) -> ArrowColumn:
        import pyarrow as pa
        import pyarrow.compute as pc

        from vikt.corpus.column_values import spelled

        strings = spelled(column, name, self.place)
        # pandas has floats for whole numbers once one of them is missing.
        return pc.replace_substring_regex(strings, r"\.0$", "") if pa.types.is_floating(column.type) else strings

    def _complete(self, column: ArrowColumn, name: str, expected: str) -> ArrowColumn:
        if column.null_count:
            raise self._unexpected(int(np.argmax(column.is_null())), name, expected, None)
        return column

    def _finite(self, numbers: Floats, name: str, column: ArrowColumn) -> Floats:
        fits = np.abs(numbers) <= LARGEST  # false for NaN
        wrong = np.flatnonzero(~(fits.all(axis=1) if fits.ndim > 1 else fits))
        if len(wrong):
            raise self._unexpected(
                int(wrong[0]), name, f"a finite number of at most {LARGEST:g}", column[int(wrong[0])].as_py()
            )
        return numbers

    def _unexpected(self, row: int, name: str, expected: str, found: object) -> DataError:
        return DataError(
            f"{self.place(row)}: expected {expected} in column {name!r}, found {found!r:.60}; correct or drop it"
        )


def column_values(given: object, frame: Frame | None, parameter: str) -> list[str | None]:
    """The values of a column, or of the column of a frame that is named: strings, None where one is missing.

    Raises
    ------
    ParameterError, ColumnError
        There is no such column.
    DataError
        The values cannot be used.

    Examples
    --------
    >>> column_values("user", frame_of({"user": ["bo", None]}), "groups"), column_values([1, 2], None, "groups")
    (['bo', None], ['1', '2'])
    """
    if isinstance(given, str):
        if frame is None:
            raise ParameterError(
                parameter, f"expected a value for each text, found {given!r:.60}; the texts come without columns"
            )
        if given not in frame:
            raise missing_column(given, list(frame), "the data")
        given = frame[given]
    is_several = frame_of(given) is not None or getattr(given, "ndim", 1) > 1
    if is_several or not isinstance(given, Iterable):
        raise DataError(
            f"{parameter}: expected a value for each row, found {'several columns' if is_several else repr(given)}; "
            "pass one column"
        )
    column = given if isinstance(given, Sized) else list(given)
    return Documents(None, {parameter: column}).values(parameter)


def _numbers(spelled: Any) -> list[float]:
    """The numbers of a list in JSON; NaN where it is not one."""
    try:
        found = json.loads(spelled)
    except (TypeError, ValueError, RecursionError):
        found = None
    return [number_of(value) for value in found] if isinstance(found, list) else [np.nan]
