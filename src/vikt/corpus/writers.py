"""Tables out, in the formats that are read: one batch at a time, to any stream."""

from __future__ import annotations

import contextlib
import json
import math
import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from vikt.corpus.arrow import ArrowColumn, ArrowSchema, ArrowTable, ArrowType, ArrowWriter
from vikt.corpus.column_values import python_values
from vikt.corpus.read_json import Number, spell
from vikt.corpus.read_stream import suffix_of
from vikt.corpus.read_tables import Table
from vikt.errors import ColumnError, DataError, UsageError
from vikt.mappings import Json
from vikt.tables import Joined, JoinedNumbers, Lists

Columns = Mapping[str, Sequence[object]]
# A byte-order mark at the start of a line would be dropped as one that joined files leave.
_MARK = "\ufeff"
_QUOTED = re.compile(f'^{_MARK}|["\r\n]')


class Writer(Protocol):
    """Writes the rows of tables, with columns added, to a stream."""

    def __init__(self, stream: IO[bytes]) -> None: ...

    def write(self, table: Table, added: Columns) -> None:
        """Write the rows of a table with columns added."""
        ...

    def close(self) -> None:
        """Write what a file of the format ends with."""
        ...


class _Text:
    """A format in which every value is a string; the first table decides the columns."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self._names: list[str] = []

    def write(self, table: Table, added: Columns) -> None:
        header = [] if self._names else [self._line([*table.names, *added], table, 0)]
        self._names = self._names or table.names
        _refuse_surplus(table, self._names)
        columns = [
            table.spelled(name).to_pylist() if name in table.names else [None] * len(table) for name in self._names
        ]
        joined = [values.fields if isinstance(values, Joined) else values for values in added.values()]
        rows = enumerate(zip(*columns, *joined, strict=True))
        lines = [self._line(list(map(_field, row)), table, i) for i, row in rows]
        self.stream.write("".join([*header, *lines]).encode())
        self.stream.flush()

    def _line(self, fields: list[str], table: Table, i: int) -> str:
        raise NotImplementedError

    def close(self) -> None:
        pass


def _field(value: object) -> str:
    if isinstance(value, list):
        return spell(value)
    return "" if value is None else str(value)


class _Csv(_Text):
    def _line(self, fields: list[str], table: Table, i: int) -> str:
        return ",".join(map(quoted_field, fields)) + "\n"


def quoted_field(field: str, delimiter: str = ",") -> str:
    """A value as a field of CSV: in quotation marks where it must be.

    Examples
    --------
    >>> quoted_field("a;b"), quoted_field("a;b", ";"), quoted_field("a,b")
    ('a;b', '"a;b"', '"a,b"')
    """
    return '"' + field.replace('"', '""') + '"' if delimiter in field or _QUOTED.search(field) else field


class _Tsv(_Text):
    def _line(self, fields: list[str], table: Table, i: int) -> str:
        torn = next((field for field in fields if "\t" in field or "\n" in field), None)
        if torn is not None:
            raise DataError(
                f"{table.place(i)}: a value in TSV cannot hold a tab or a line end, found {torn!r:.60}; "
                "write CSV or JSONL"
            )
        if fields[0].startswith(_MARK):
            raise DataError(
                f"{table.place(i)}: a line of TSV cannot start with a byte-order mark, found {fields[0]!r:.60}; "
                "write CSV or JSONL"
            )
        return "\t".join(fields) + "\n"


class _Jsonl:
    """Objects as they were read, to the digit, or values as JSON."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream

    def write(self, table: Table, added: Columns) -> None:
        more = [dict(zip(added, row, strict=True)) for row in zip(*added.values(), strict=True)]
        lines = [spell({**row, **new}) + "\n" for row, new in zip(_objects(table), more, strict=True)]
        self.stream.write("".join(lines).encode("utf-8", "surrogatepass"))
        self.stream.flush()

    def close(self) -> None:
        pass


class _Arrow:
    """Columns in the types in which they were read; the first table decides."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self._writer: ArrowWriter = None
        self._schema: ArrowSchema = None

    def write(self, table: Table, added: Columns) -> None:
        arrow = _typed(table)
        for name, values in added.items():
            arrow = arrow.append_column(name, pa.array(values, _arrow_type(values)))
        self._schema = self._schema or arrow.schema
        _refuse_surplus(table, self._schema.names)
        for name in set(self._schema.names) - set(arrow.column_names):
            arrow = arrow.append_column(name, pa.nulls(len(table)))
        try:
            self._writer = self._writer or self._opened(self._schema)
            self._writer.write_table(arrow.select(self._schema.names).cast(self._schema))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
            raise DataError(
                f"{table.place(0)} and after: a column changes its type, or has one that the "
                f"format lacks ({error!s:.200}); write JSONL instead"
            ) from None

    def _opened(self, schema: ArrowSchema) -> ArrowWriter:
        return pa.ipc.new_file(self.stream, schema)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _arrow_type(values: Sequence[object]) -> ArrowType:
    kinds = {array: pa.float64(), JoinedNumbers: pa.list_(pa.float64()), Joined | Lists: pa.list_(pa.string())}
    return next((kind for held, kind in kinds.items() if isinstance(values, held)), pa.string())


class _Parquet(_Arrow):
    def _opened(self, schema: ArrowSchema) -> ArrowWriter:
        return pq.ParquetWriter(self.stream, schema)


WRITERS: dict[str, type[Writer]] = {
    ".csv": _Csv,
    ".tsv": _Tsv,
    ".jsonl": _Jsonl,
    ".ndjson": _Jsonl,
    ".parquet": _Parquet,
    ".arrow": _Arrow,
    ".feather": _Arrow,
}


class TableWriter:
    """Writes tables to a stream, in the format of a file's name.

    Raises
    ------
    UsageError
        The suffix is unknown.

    Examples
    --------
    >>> import io
    >>> stream = io.BytesIO()
    >>> with TableWriter(stream, "out.csv") as writer:
    ...     writer.write(Table.from_columns(["text"], [["a, b"]], "here"), {"n": [1]})
    >>> stream.getvalue()
    b'text,n\\n"a, b",1\\n'
    """

    def __init__(self, stream: IO[bytes], name: str) -> None:
        suffix = suffix_of(name)
        if suffix not in WRITERS:
            found = repr(suffix) if suffix else "a file without a suffix"
            raise UsageError(
                f"cannot write {found}; choose from {', '.join(WRITERS)}, or name the format",
                to=...,
            )
        self._writer = WRITERS[suffix](stream)

    def write(self, table: Table, added: Columns) -> None:
        """Write the rows of a table with columns added: strings, numbers in an `array`, `Lists`, or `Joined` lists.

        Raises
        ------
        ColumnError
            The table has a column with the name of an added one, and would lose it.
        DataError
            The format does not allow a value.
        """
        twice = next((name for name in added if name in table.names), None)
        if twice is not None:
            raise ColumnError(
                f"{table.path}: already has a column {twice!r}; rename it, or set another prefix",
                prefix=...,
            )
        self._writer.write(table, added)

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # After an error too, or else Parquet closes it later, when the stream is gone.
        with contextlib.nullcontext() if kind is None else contextlib.suppress(pa.ArrowException, OSError, ValueError):
            self._writer.close()


def _refuse_surplus(table: Table, names: Sequence[str]) -> None:
    surplus = next((name for name in table.names if name not in names), None)
    if surplus is not None:
        raise DataError(
            f"{table.place(0)} and after: found a column {surplus!r}, which the rows before do not have; "
            "write JSONL instead, or give each file its own output"
        )


def _objects(table: Table) -> Iterable[Json]:
    if table.objects is not None:
        return table.objects
    columns = [_json_values(table, name) for name in table.names]
    return (dict(zip(table.names, row, strict=True)) for row in zip(*columns, strict=True))


def _json_values(table: Table, name: str) -> list[object]:
    column = table.native(name)
    kind = column.type
    as_they_are = (pa.types.is_integer, pa.types.is_boolean, pa.types.is_null, pa.types.is_nested)
    if any(test(kind) for test in as_they_are):
        return python_values(column, name, table.place)
    values = list(table.spelled(name).to_pylist())
    if pa.types.is_floating(kind):
        return [None if value is None or not math.isfinite(float(value)) else Number(value) for value in values]
    return values


def _typed(table: Table) -> ArrowTable:
    if table.objects is None:
        return table.arrow
    rows = [json.loads(spell(row), parse_float=_float) for row in table.objects]
    return pa.table({name: _inferred(table, name, [row.get(name) for row in rows]) for name in table.names})


def _inferred(table: Table, name: str, values: list[object]) -> ArrowColumn:
    try:
        try:
            return pa.array(values)
        except OverflowError:
            # Arrow does not choose its largest type of integers by itself.
            return pa.array(values, pa.uint64())
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise DataError(
            f"{table.path}, column {name!r}: the values are of several types, or of a type that Arrow lacks "
            f"({error!s:.200}); write JSONL instead"
        ) from None


def _float(spelling: str) -> float | str:
    """A number beyond float64 stays a string, which a column of numbers refuses."""
    number = float(spelling)
    return number if math.isfinite(number) else spelling
