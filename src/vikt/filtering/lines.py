"""JSONL, CSV and TSV: a row that is kept has the same bytes as before, unless its text changes or scores are added."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import IO, BinaryIO, Protocol

from vikt.corpus.columns import composed
from vikt.corpus.dialect import CSV, TSV, Dialect
from vikt.corpus.read_json import parse_object, spell
from vikt.corpus.read_stream import lines_of
from vikt.corpus.read_tables import Table
from vikt.corpus.readers import READERS
from vikt.corpus.writers import quoted_field
from vikt.errors import DataError
from vikt.filtering.row_filter import KeptRows, Score
from vikt.filtering.source import ROWS_PER_PIECE


@dataclass(frozen=True)
class LinesSource:
    """A file of rows on lines."""

    stream: BinaryIO
    origin: str
    format: str
    dialect: Dialect

    def pieces(self) -> Iterator[LinesPiece]:
        lines, is_first = _Remembered(self.stream), True
        for table in READERS[self.format](lines, self.origin, None, ROWS_PER_PIECE, self.dialect):
            before, rows = lines.taken(table)
            yield LinesPiece(table, before if is_first else b"", rows, _ROWS[self.format](table))
            is_first = False
        if is_first:
            empty = Table.from_columns([], [], self.origin)
            yield LinesPiece(empty, b"", [], _ROWS[self.format](empty))

    @contextmanager
    def writing(self, stream: IO[bytes]) -> Iterator[Callable[[bytes], object]]:
        yield stream.write


@dataclass(frozen=True)
class LinesPiece:
    """Rows as they stand in a file, and what stands before the first row of it: a header."""

    table: Table
    start: bytes
    rows: list[bytes]
    spelling: _Rows

    def kept(self, kept: KeptRows) -> bytes:
        start = self.spelling.start(self.start, list(kept.scores))
        if not kept.scores and not kept.texts:
            return b"".join([start, *(self.rows[i] for i in kept.rows.tolist())])
        return b"".join([start, *self._spelled(kept)])

    def _spelled(self, kept: KeptRows) -> Iterator[bytes]:
        names, columns = list(kept.scores), list(kept.scores.values())
        for place, i in enumerate(kept.rows.tolist()):
            row = self.rows[i].rstrip(b"\r\n")
            end = self.rows[i][len(row) :]
            if i in kept.texts:
                row = self.spelling.with_text(row, i, kept.column, kept.texts[i])
            yield self.spelling.with_scores(row, names, [column[place] for column in columns], i) + end


class _Remembered:
    """The lines of a stream, each of which is kept until the rows that it belongs to are taken."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._lines, self._first = stream, list[bytes](), 1

    def __iter__(self) -> Iterator[bytes]:
        for line in lines_of(self._stream):
            self._lines.append(line)
            yield line

    def taken(self, table: Table) -> tuple[bytes, list[bytes]]:
        """What stands before the first row of a table, and the rows; all these are forgotten."""
        spans = [] if table.spans is None else table.spans.tolist()
        lines, number = self._lines, self._first
        if any(start <= end for (_, end), (start, _) in pairwise(spans)):
            raise DataError(f"{table.path}: there are blank lines before the first row, but no header; remove them")
        last = spans[-1][1] if spans else number + len(lines) - 1
        before = b"".join(lines[: spans[0][0] - number if spans else len(lines)])
        # Files that were joined have a byte-order mark before some row.
        rows = [
            b"".join(lines[first - number : end + 1 - number]).removeprefix(codecs.BOM_UTF8) for first, end in spans
        ]
        self._lines, self._first = lines[last + 1 - number :], last + 1
        return before, rows


class _Rows(Protocol):
    """How the rows of a table are spelled anew."""

    def __init__(self, table: Table) -> None: ...

    def start(self, before: bytes, names: Sequence[str]) -> bytes:
        """What stands before the first row, with the names of columns added."""
        ...

    def with_text(self, row: bytes, i: int, column: str, text: str) -> bytes:
        """A row with another text, which is row i, without a line end."""
        ...

    def with_scores(self, row: bytes, names: Sequence[str], scores: Sequence[Score], i: int) -> bytes:
        """A row with values added, which is row i."""
        ...


class _JsonRows:
    def __init__(self, table: Table) -> None:
        self._table = table

    def start(self, before: bytes, names: Sequence[str]) -> bytes:
        return b""

    def with_text(self, row: bytes, i: int, column: str, text: str) -> bytes:
        # The table has the names composed; the row keeps them as they are typed.
        given = parse_object(row.decode(), self._table.place(i))
        changed = {name: text if composed(name) == column else value for name, value in given.items()}
        return spell(changed).encode("utf-8", "surrogatepass")

    def with_scores(self, row: bytes, names: Sequence[str], scores: Sequence[Score], i: int) -> bytes:
        added = "".join(f", {spell(name)}: {spell(value)}" for name, value in zip(names, scores, strict=True))
        return row.rstrip().removesuffix(b"}") + added.encode() + b"}"


class _DelimitedRows:
    """Fields between delimiters."""

    usual: Dialect

    def __init__(self, table: Table) -> None:
        self._table = table
        self._dialect = (table.dialect or Dialect()).of_format(self.usual)
        self._delimiter = str(self._dialect.delimiter)

    def start(self, before: bytes, names: Sequence[str]) -> bytes:
        if not names or not before or self._dialect.header is False:
            return before
        header = before.rstrip(b"\r\n")
        return header + self._added(names, "the header") + before[len(header) :]

    def with_text(self, row: bytes, i: int, column: str, text: str) -> bytes:
        table, place = self._table, self._table.place(i)
        values = [text if name == column else table.arrow.column(name)[i].as_py() for name in table.names]
        return self._delimiter.join(self._field(value, place) for value in values).encode()

    def with_scores(self, row: bytes, names: Sequence[str], scores: Sequence[Score], i: int) -> bytes:
        fields = [",".join(map(repr, value)) if isinstance(value, list) else repr(value) for value in scores]
        return row + self._added(fields, self._table.place(i))

    def _added(self, fields: Sequence[str], place: str) -> bytes:
        return "".join(self._delimiter + self._field(field, place) for field in fields).encode()

    def _field(self, value: str, place: str) -> str:
        if self._dialect.quoting:
            return quoted_field(value, self._delimiter)
        if self._delimiter in value or "\n" in value:
            raise DataError(
                f"{place}: a value without quotation marks cannot hold {self._delimiter!r} or a line end, found "
                f"{value!r:.60}; convert the file to JSONL"
            )
        return value


class _CsvRows(_DelimitedRows):
    usual = CSV


class _TsvRows(_DelimitedRows):
    usual = TSV


_ROWS: dict[str, type[_Rows]] = {"jsonl": _JsonRows, "csv": _CsvRows, "tsv": _TsvRows}
