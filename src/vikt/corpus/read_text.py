"""Tables written as text: CSV, TSV and JSONL, one batch at a time in constant memory."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypedDict, TypeVar

from vikt.corpus.columns import wanted_columns
from vikt.corpus.read_json import JsonColumn, parse_object
from vikt.corpus.read_stream import Lines, without_end
from vikt.corpus.read_tables import Table, refuse_doubled
from vikt.errors import DataError

# A batch ends at this many bytes, so that memory stays bounded where rows are long.
BYTES_PER_BATCH = 1 << 24

# The csv module limits fields to 131,072 characters by default, for the whole process, and a document may be longer.
# This is the largest number that a C long holds on every platform.
_LONGEST_FIELD = 2**31 - 1

_CSV_FAULTS = {
    "unexpected end of data": "a quotation mark is opened and never closed; close it, and write a quotation "
    'mark inside a quoted value as ""',
    "expected after": 'text follows a closing quotation mark; write a quotation mark inside a quoted value as ""',
    "new-line character": "a carriage return without a line feed stands outside quotes; quote the value, "
    "or convert the line ends",
}

Record = list[str]
Row = TypeVar("Row")


class LineCounts(TypedDict):
    """How many lines some rows took, and how many of them were blank."""

    n_lines: int
    n_blank: int


def read_csv(lines: Lines, wanted: Sequence[str] | None, rows_per_batch: int) -> Iterator[Table]:
    """RFC 4180: a quoted value may contain commas, line ends and doubled quotation marks."""
    return _read_delimited(_csv_records, lines, wanted, rows_per_batch)


def read_tsv(lines: Lines, wanted: Sequence[str] | None, rows_per_batch: int) -> Iterator[Table]:
    """No quoting: a quotation mark is text, a row is a line."""
    return _read_delimited(_tsv_records, lines, wanted, rows_per_batch)


def read_jsonl(lines: Lines, wanted: Sequence[str] | None, rows_per_batch: int) -> Iterator[Table]:
    """One object per line; its names are the columns."""
    columns: dict[str, JsonColumn] = {}
    for first_row, batch, counts in in_batches(_objects(lines), lines, rows_per_batch):
        present = list(dict.fromkeys(name for row in batch for name in row))
        # A later batch may lack a column that the first one had.
        known = present if batch and not columns else [*present, *(wanted or ())]
        names = present if wanted is None else wanted_columns(wanted, known, lines.origin)
        for name in names:
            columns.setdefault(name, JsonColumn(name, lines.origin))
        values = [columns[name].strings([row.get(name) for row in batch], first_row) for name in names]
        problems = {name: column.problem for name, column in columns.items() if column.problem}
        yield Table.from_columns(names, values, lines.origin, first_row, problems=problems, objects=batch, **counts)


def _read_delimited(
    records_of: Callable[[Lines], Iterator[Record]],
    lines: Lines,
    wanted: Sequence[str] | None,
    rows_per_batch: int,
) -> Iterator[Table]:
    records = records_of(lines)
    header = _header(records, lines)
    refuse_doubled(header, lines.origin)
    names = wanted_columns(wanted, header, lines.origin)
    picked = [header.index(name) for name in names]
    for first_row, batch, counts in in_batches(_rows(records, header, lines), lines, rows_per_batch):
        columns = list(zip(*batch, strict=True)) or [()] * len(header)
        yield Table.from_columns(names, [columns[i] for i in picked], lines.origin, first_row, **counts)


def _header(records: Iterator[Record], lines: Lines) -> Record:
    for record in records:
        if any("\r" in name for name in record):
            raise DataError(
                f"{lines.origin}, line {lines.number}: expected column names, found a carriage return among them; "
                "convert the line ends: tr '\\r' '\\n' < FILE > NEW"
            )
        if any(record):
            return record
        lines.blank += 1
    raise DataError(f"{lines.origin}: expected a header and rows, found nothing; the file is empty")


def _rows(records: Iterator[Record], header: Record, lines: Lines) -> Iterator[Record]:
    # A blank line is an empty text in a table of one column, and not a row in others.
    blank = [""] if len(header) == 1 else None
    row = 0
    for record in records:
        if len(record) != len(header):
            if any(record) or len(record) > 1:
                raise _wrong_width(record, header, row + 1, lines)
            if blank is None:
                lines.blank += 1
                continue
            record = blank
        row += 1
        yield record


def _wrong_width(record: Record, header: Record, row: int, lines: Lines) -> DataError:
    return DataError(
        f"{lines.origin}, row {row} (line {lines.number}): expected {_fields(header)}, found {len(record)}, "
        f"starting with {record[0]!r:.60}; correct the row (in .csv quote a value that holds a comma or a line end, "
        "in .tsv replace a tab inside a value)"
    )


def _fields(header: Record) -> str:
    names = ", ".join(map(repr, header))
    return f"{len(header)} field{'s' * (len(header) > 1)} ({names:.200})"


def _tsv_records(lines: Lines) -> Iterator[Record]:
    return (without_end(line).split("\t") for line in lines)


def _csv_records(lines: Lines) -> Iterator[Record]:
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))
    first_line = 1
    try:
        for record in csv.reader(lines, strict=True):
            yield record
            first_line = lines.number + 1
    except csv.Error as error:
        faults = (fault for phrase, fault in _CSV_FAULTS.items() if phrase in str(error))
        fault = next(faults, f"{error}; correct the row")
        raise DataError(f"{lines.origin}, in the row that starts on line {first_line}: {fault}") from None


def _objects(lines: Lines) -> Iterator[dict[str, object]]:
    for line in lines:
        if line.strip(" \t\r\n"):
            yield parse_object(line, f"{lines.origin}, line {lines.number}")
        else:
            lines.blank += 1


def in_batches(rows: Iterable[Row], lines: Lines, rows_per_batch: int) -> Iterator[tuple[int, list[Row], LineCounts]]:
    """The first row's number, the rows, and how many lines they took; the last batch may have lines without rows."""
    first_row, batch, start = 1, list[Row](), (0, 0, 0)
    for row in rows:
        batch.append(row)
        if len(batch) >= rows_per_batch or lines.offset - start[2] >= BYTES_PER_BATCH:
            yield first_row, batch, _lines_since(start, lines)
            first_row, batch, start = first_row + len(batch), [], (lines.number, lines.blank, lines.offset)
    if lines.number > start[0]:
        yield first_row, batch, _lines_since(start, lines)


def _lines_since(start: tuple[int, int, int], lines: Lines) -> LineCounts:
    return {"n_lines": lines.number - start[0], "n_blank": lines.blank - start[1]}
