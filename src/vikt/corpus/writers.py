"""Tables out, in the formats that come in: a batch at a time, to any stream."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from vikt.corpus.read_json import spell
from vikt.corpus.read_stream import suffix_of
from vikt.corpus.read_tables import Place, Table, python_values, spelled
from vikt.errors import ColumnError, DataError, UsageError

Columns = Mapping[str, Sequence[Any]]


class Writer(Protocol):
    """Writes the rows of tables, with columns added, to a stream."""

    def __init__(self, stream: IO[bytes]) -> None: ...

    def write(self, table: Table, added: Columns) -> None: ...

    def close(self) -> None: ...


class _Text:
    """A format in which every value is a string."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self._first = stream, True

    def write(self, table: Table, added: Columns) -> None:
        columns = [table.spelled(name).to_pylist() for name in table.names] + list(added.values())
        rows = zip(*columns, strict=True)
        header = [[*table.names, *added]] if self._first else []
        self.stream.write(self._encoded([*header, *(["" if v is None else str(v) for v in row] for row in rows)]))
        self.stream.flush()
        self._first = False

    def _encoded(self, rows: Iterable[list[str]]) -> bytes:
        raise NotImplementedError

    def close(self) -> None:
        pass


class _Csv(_Text):
    def _encoded(self, rows: Iterable[list[str]]) -> bytes:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        return text.getvalue().encode()


class _Tsv(_Text):
    def _encoded(self, rows: Iterable[list[str]]) -> bytes:
        lines = list(rows)
        torn = next((field for line in lines for field in line if "\t" in field or "\n" in field), None)
        if torn is not None:
            raise DataError(f"TSV cannot hold a tab or line end inside a value, found {torn!r:.60}; write CSV or JSONL")
        return "".join("\t".join(line) + "\n" for line in lines).encode()


class _Jsonl:
    """Objects as they came in, to the digit, or values as JSON has them."""

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
    """Columns of the types that they came in."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self._writer: Any = None
        self._schema: Any = None

    def write(self, table: Table, added: Columns) -> None:
        arrow = _typed(table)
        for name, values in added.items():
            kind = pa.float64() if values and isinstance(values[0], float) else pa.string()
            arrow = arrow.append_column(name, pa.array(values, kind))
        if self._writer is None:
            self._schema = arrow.schema
            self._writer = self._opened(arrow.schema)
        try:
            self._writer.write_table(arrow.cast(self._schema))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
            raise DataError(
                f"{table.path}: the type of a column changes on the way ({error!s:.200}); write JSONL instead"
            ) from None

    def _opened(self, schema: Any) -> Any:
        return pa.ipc.new_file(self.stream, schema)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _Parquet(_Arrow):
    def _opened(self, schema: Any) -> Any:
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
PACKED = {".gz": "gzip", ".zst": "zstd"}


class TableWriter:
    """Writes tables to a stream in the format that a file's name tells, packed where it ends in .gz or .zst.

    Raises
    ------
    UsageError
        No writer knows the suffix.

    Examples
    --------
    >>> stream = io.BytesIO()
    >>> with TableWriter(stream, "out.csv") as writer:
    ...     writer.write(Table.from_columns(["text"], [["a, b"]], "here"), {"n": [1]})
    >>> stream.getvalue()
    b'text,n\\n"a, b",1\\n'
    """

    def __init__(self, stream: IO[bytes], name: str) -> None:
        suffix = suffix_of(name)
        if suffix not in WRITERS:
            raise UsageError(f"cannot write {suffix or 'a file without suffix'!r}; known are {', '.join(WRITERS)}")
        codec = next((codec for end, codec in PACKED.items() if name.lower().endswith(end)), None)
        self._packed = None if codec is None else pa.CompressedOutputStream(stream, codec)
        self._writer = WRITERS[suffix](self._packed or stream)

    def write(self, table: Table, added: Columns) -> None:
        """Write the rows of a table with columns added.

        Raises
        ------
        ColumnError
            The table has a column of such a name, which would be lost.
        DataError
            The format cannot hold a value.
        """
        twice = next((name for name in added if name in table.names), None)
        if twice is not None:
            raise ColumnError(f"{table.path}: has a column {twice!r}, which the answer would replace; rename it")
        self._writer.write(table, added)

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is None:
            self._writer.close()
            if self._packed is not None:
                self._packed.close()


def _objects(table: Table) -> Iterable[dict[str, Any]]:
    if table.objects is not None:
        return table.objects
    columns = [_json_values(table.native(name), name, table.place) for name in table.names]
    return (dict(zip(table.names, row, strict=True)) for row in zip(*columns, strict=True))


def _json_values(column: Any, name: str, place: Place) -> list[Any]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _json_values(column.cast(kind.value_type), name, place)
    as_they_are = (pa.types.is_integer, pa.types.is_boolean, pa.types.is_null, pa.types.is_nested)
    if any(test(kind) for test in as_they_are):
        return python_values(column, name, place)
    if pa.types.is_floating(kind):
        return [value if value is None or math.isfinite(value) else None for value in column.to_pylist()]
    return list(spelled(column, name, place).to_pylist())


def _typed(table: Table) -> Any:
    if table.objects is None:
        return table.arrow
    try:
        return pa.Table.from_pylist([json.loads(spell(row)) for row in table.objects])
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise DataError(
            f"{table.path}: a column has values of several types ({error!s:.200}); write JSONL instead"
        ) from None
