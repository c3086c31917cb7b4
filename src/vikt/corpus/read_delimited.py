"""CSV and TSV, one batch at a time in constant memory."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pyarrow.compute as pc

from vikt.corpus.arrow import as_numpy
from vikt.corpus.columns import composed, wanted_columns
from vikt.corpus.dialect import CSV, DEFAULT_DIALECT, TSV, Dialect, other_delimiter
from vikt.corpus.read_stream import Lines, conversion, without_end
from vikt.corpus.read_tables import Table, refuse_doubled
from vikt.corpus.read_text import in_batches
from vikt.errors import DataError
from vikt.tables import counted

# The csv module limits fields to 131,072 characters by default, for the whole process, and a document may be longer.
# It holds four bytes for each character of a field, which a quotation mark that is never closed makes of a whole file.
_LONGEST_FIELD = 1 << 28

_CSV_FAULTS = {
    "unexpected end of data": "a quotation mark is opened and never closed; close it, and write a quotation "
    'mark inside a quoted value as ""',
    "expected after": 'text follows a closing quotation mark; write a quotation mark inside a quoted value as ""',
    "new-line character": "a carriage return without a line feed stands outside quotes; quote the value, "
    "or convert the line ends",
}
# The first line of a spreadsheet's CSV, which names the delimiter.
_SEPARATOR = re.compile(r"sep=(.)", re.IGNORECASE)
_CONVERT_ENDS = "tr '\\r' '\\n'"
_QUOTE_AFTER_BLANKS = r'^[ \t]+"'

Record = list[str]


def read_csv(
    lines: Lines, wanted: Sequence[str] | None, rows_per_batch: int, dialect: Dialect = DEFAULT_DIALECT
) -> Iterator[Table]:
    """RFC 4180: a quoted value may contain commas, line ends and doubled quotation marks."""
    return _read_delimited(lines, wanted, rows_per_batch, dialect, CSV)


def read_tsv(
    lines: Lines, wanted: Sequence[str] | None, rows_per_batch: int, dialect: Dialect = DEFAULT_DIALECT
) -> Iterator[Table]:
    """No quoting: a quotation mark is text, a row is a line."""
    return _read_delimited(lines, wanted, rows_per_batch, dialect, TSV)


def _read_delimited(
    lines: Lines, wanted: Sequence[str] | None, rows_per_batch: int, given: Dialect, usual: Dialect
) -> Iterator[Table]:
    source, content = _opened(lines, given, usual)
    header, records = source.header(source.records(content))
    refuse_doubled(header, lines.origin)
    names = wanted_columns(wanted, header, lines.origin)
    place_of = {name: place for place, name in enumerate(header)}
    picked = [place_of[name] for name in names]
    for first_row, batch, counts in in_batches(source.rows(records, header), lines, rows_per_batch):
        columns = list(zip(*batch, strict=True)) or [()] * len(header)
        table = Table.from_columns(
            names, [columns[i] for i in picked], lines.origin, first_row, dialect=source.given, **counts
        )
        if source.dialect.quoting:
            _remark_quotes(table, lines)
        yield table


def _opened(lines: Lines, given: Dialect, usual: Dialect) -> tuple[_Source, Iterator[str]]:
    """The source, and its lines from the header on."""
    content = iter(lines)
    first = next(content, "")
    separator = _SEPARATOR.fullmatch(without_end(first))
    if separator:
        if separator[1] == '"' and given.delimiter is None:
            raise DataError(
                f"{lines.origin}, line 1: expected a delimiter after sep=, found a quotation mark; correct the line "
                "or remove it"
            )
        lines.remarks.add("separator", 1, separator[1])
        given = replace(given, delimiter=given.delimiter or separator[1])
        first = next(content, "")
    dialect = given.of_format(usual)
    is_divided = given.delimiter is not None or str(dialect.delimiter) in first
    source = _Source(lines, given, dialect, None if is_divided else other_delimiter(first))
    return source, chain([first] * bool(first), content)


@dataclass(frozen=True)
class _Source:
    """Lines, how they are divided, what the user said of it, and another delimiter that may be theirs."""

    lines: Lines
    given: Dialect
    dialect: Dialect
    other: str | None

    def records(self, content: Iterator[str]) -> Iterator[Record]:
        """The fields of each row."""
        delimiter = str(self.dialect.delimiter)
        if self.dialect.quoting:
            return self._quoted_records(content, delimiter)
        return (without_end(line).split(delimiter) for line in content)

    def _quoted_records(self, content: Iterator[str], delimiter: str) -> Iterator[Record]:
        lines = self.lines
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))
        lines.row_start = lines.number
        try:
            for record in csv.reader(content, delimiter=delimiter, strict=True):
                if lines.number > lines.row_start:
                    lines.remarks.add("span", lines.row_start)
                yield record
                lines.row_start = lines.number + 1
        except csv.Error as error:
            faults = (fault for phrase, fault in _CSV_FAULTS.items() if phrase in str(error))
            fault = next(faults, f"{error}; correct the row")
            fault = f"{lines.origin}, in the row that starts on line {lines.row_start}: {fault}"
            raise (DataError(fault) if self.other is None else self._undivided(f"{fault}; ")) from None

    def header(self, records: Iterator[Record]) -> tuple[Record, Iterator[Record]]:
        """The names of the columns, and the records of data."""
        lines = self.lines
        if self.dialect.header is False:
            return _numbered(records, lines.origin)
        for record in records:
            if not any(record):
                lines.blank += 1
                continue
            if any("\r" in name for name in record):
                raise DataError(
                    f"{lines.origin}, line {lines.number}: expected column names, found a carriage return among them; "
                    f"{conversion(_CONVERT_ENDS, lines.origin)}"
                )
            if self.given.quoting is None and not self.dialect.quoting and all(map(_is_enclosed, record)):
                raise DataError(
                    f"{lines.origin}, line {lines.number}: every name is in quotation marks ({record[0]:.60}), which "
                    "are text in TSV; if they enclose values, read the file",
                    quoting=True,
                )
            return list(map(composed, record)), records
        raise DataError(f"{lines.origin}: expected a header and rows, found nothing; the file is empty")

    def rows(self, records: Iterator[Record], header: Record) -> Iterator[Record]:
        """The records that are rows of data, each as wide as the header."""
        # A blank line is an empty text in a table of one column, and not a row in others.
        blank = [""] if len(header) == 1 else None
        # One column may hold its own name; a row of several that repeats all of them is the header of a joined file.
        may_repeat = self.dialect.header is not False and blank is None
        row = 0
        for record in records:
            if len(record) != len(header):
                if not _is_blank(record):
                    raise self._wrong_width(record, header, row + 1)
                if blank is None:
                    self.lines.blank += 1
                    continue
                record = blank
            elif may_repeat and composed(record[0]) == header[0] and list(map(composed, record)) == header:
                self.lines.remarks.add("header", self.lines.number)
                continue
            row += 1
            yield record

    def _wrong_width(self, record: Record, header: Record, row: int) -> DataError:
        names = ", ".join(map(repr, header))
        fault = (
            f"{self.lines.origin}, row {row} (line {self.lines.number}): expected {counted(len(header), 'field')} "
            f"({names:.200}), found {len(record)}, starting with {record[0]!r:.60}; "
        )
        if self.other is not None:
            return self._undivided(fault)
        if any(field.startswith('"') for field in record):
            return DataError(f"{fault}correct the row; if quotation marks enclose values, read the file", quoting=True)
        return DataError(
            f"{fault}correct the row (in .csv quote a value that holds a comma or a line end, "
            "in .tsv replace a tab inside a value)"
        )

    def _undivided(self, fault: str) -> DataError:
        return DataError(
            f"{fault}the first line holds {self.other!r}: if it is the delimiter, name it", delimiter=self.other
        )


def _numbered(records: Iterator[Record], origin: str) -> tuple[Record, Iterator[Record]]:
    """The numbers of the columns, as many as the first row has that is not a blank line, and all records."""
    start = list[Record]()
    for record in records:
        start.append(record)
        if not _is_blank(record):
            break
    width = max(map(len, start), default=0)
    return [str(number) for number in range(1, max(width, 1) + 1)], _with_line_ends(start, records, origin)


def _with_line_ends(start: list[Record], records: Iterator[Record], origin: str) -> Iterator[Record]:
    """All records, each read no earlier than the one before it is handed out; an error where their ends were missed."""
    yield from start
    second = next(records, None)
    if second is None and any("\r" in field for record in start for field in record):
        raise DataError(
            f"{origin}: expected rows, found one with carriage returns inside; {conversion(_CONVERT_ENDS, origin)}"
        )
    yield from chain([] if second is None else [second], records)


def _is_blank(record: Record) -> bool:
    return len(record) <= 1 and not any(record)


def _is_enclosed(name: str) -> bool:
    return len(name) > 1 and name[0] == name[-1] == '"'


def _remark_quotes(table: Table, lines: Lines) -> None:
    """Remark on values such as ` "spam"`, which are not quoted since blanks stand first."""
    for name in table.names:
        column = table.arrow.column(name)
        # Few values start with a blank, and the pattern takes longer.
        is_blank = pc.or_(pc.starts_with(column, " "), pc.starts_with(column, "\t"))
        rows = np.flatnonzero(as_numpy(is_blank))
        if not len(rows):
            continue
        found = rows[as_numpy(pc.match_substring_regex(column.take(rows), _QUOTE_AFTER_BLANKS))]
        if len(found):
            value = column[int(found[0])].as_py()
            lines.remarks.add("quote", table.first_row + int(found[0]), value, times=len(found))
