"""The values of columns: as strings, as Python has them, or from strings."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vikt.corpus.arrow import ArrowColumn, ArrowType
from vikt.corpus.read_json import spell
from vikt.corpus.targets import Place
from vikt.corpus.texts import Texts
from vikt.errors import DataError, EncodingError

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# What Arrow raises for values that it cannot spell: invalid UTF-8, a date out of range, an unknown time zone or type.
_UNREADABLE = (pa.ArrowException, ValueError, OverflowError, KeyError)
Read = TypeVar("Read")


def spelled(column: ArrowColumn, name: str, place: Place) -> ArrowColumn:
    """An Arrow column as large_string: numbers as in JSON, nested values as JSON, nulls unchanged.

    Raises
    ------
    EncodingError
        A value is not UTF-8.
    DataError
        A value cannot be read; the message has its `place`.
    """
    return _read(_spelled, column, name, place)


def python_values(column: ArrowColumn, name: str, place: Place) -> list[object]:
    """An Arrow column as Python's own values. Raises as `spelled` does."""
    return list(_read(lambda column: column.to_pylist(), column, name, place))


def _read(read: Callable[[ArrowColumn], Read], column: ArrowColumn, name: str, place: Place) -> Read:
    try:
        return read(column)
    except _UNREADABLE:
        for i in range(len(column)):
            try:
                read(column.slice(i, 1))
            except _UNREADABLE as error:
                raise _unreadable(column.slice(i, 1), f"{place(i)}, column {name!r}", error) from None
        raise


def _unreadable(value: ArrowColumn, where: str, error: Exception) -> DataError:
    if _holds_bytes(value.type):
        content = value.cast(pa.large_binary()).to_pylist()[0]
        try:
            content.decode()
        except UnicodeDecodeError as fault:
            return EncodingError(
                f"{where}: expected UTF-8, found byte 0x{content[fault.start]:02x} at offset {fault.start} of the "
                "value; decode the column before writing it"
            )
    reason = " ".join(str(error).split())
    return DataError(f"{where}: the value, of type {value.type}, cannot be read ({reason:.200}); write it as a string")


def _spelled(column: ArrowColumn) -> ArrowColumn:
    kind = column.type
    if pa.types.is_nested(kind):
        values = column.to_pylist()
        return pa.chunked_array([[None if v is None else spell(v) for v in values]], pa.large_string())
    strings = column.cast(pa.large_string())
    # Arrow does not check a file that claims to be UTF-8.
    strings.validate(full=True)
    # Arrow writes 1.0 as 1; other formats spell it 1.0.
    return pc.replace_substring_regex(strings, r"^(-?\d+)$", r"\1.0") if pa.types.is_floating(kind) else strings


def _holds_bytes(kind: ArrowType) -> bool:
    types = pa.types
    tests = (
        types.is_string,
        types.is_large_string,
        types.is_binary,
        types.is_large_binary,
        types.is_fixed_size_binary,
    )
    return any(test(kind) for test in tests)


def string_array(column: Sequence[str | None], where: str, first_row: int) -> ArrowColumn:
    """Strings as an Arrow array. Raises EncodingError where one contains half a surrogate pair."""
    try:
        texts = Texts.from_bytes([b"" if value is None else value.encode() for value in column])
    except UnicodeEncodeError:
        row = next(row for row, value in enumerate(column, first_row) if _LONE_SURROGATE.search(value or ""))
        raise EncodingError(
            f"{where}, row {row}: found half a surrogate pair (an escape such as \\ud800), "
            "which is not a character; write the whole pair, or remove it"
        ) from None
    is_valid = None
    if None in column:
        is_valid = pa.py_buffer(np.packbits([value is not None for value in column], bitorder="little"))
    # From their bytes: to read Python's strings, PyArrow imports pandas.
    return pa.LargeStringArray.from_buffers(
        len(texts), pa.py_buffer(texts.offsets), pa.py_buffer(texts.content), is_valid
    )
