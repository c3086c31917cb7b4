"""Rows of text files in batches of bounded memory, and JSONL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypedDict, TypeVar

from vikt.corpus.columns import wanted_columns
from vikt.corpus.read_json import JsonColumn, parse_object
from vikt.corpus.read_stream import Lines
from vikt.corpus.read_tables import Table

# A batch ends at this many bytes, so that memory stays bounded where rows are long.
BYTES_PER_BATCH = 1 << 24

Row = TypeVar("Row")


class LineCounts(TypedDict):
    """How many lines some rows took, how many of them were blank, and what was remarked of all rows."""

    n_lines: int
    n_blank: int
    notes: tuple[str, ...]


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


def _objects(lines: Lines) -> Iterator[dict[str, object]]:
    for line in lines:
        if line.strip(" \t\r\n"):
            yield parse_object(line, f"{lines.origin}, line {lines.number}")
        else:
            lines.blank += 1


def in_batches(rows: Iterable[Row], lines: Lines, rows_per_batch: int) -> Iterator[tuple[int, list[Row], LineCounts]]:
    """The first row's number, the rows, and how many lines they took.

    The last batch may have lines without rows, or only what was remarked of the rows before it.
    """
    first_row, batch, start = 1, list[Row](), (0, 0, 0)
    for row in rows:
        batch.append(row)
        if len(batch) >= rows_per_batch or lines.offset - start[2] >= BYTES_PER_BATCH:
            yield first_row, batch, _lines_since(start, lines)
            first_row, batch, start = first_row + len(batch), [], (lines.number, lines.blank, lines.offset)
    if lines.number > start[0]:
        yield first_row, batch, _lines_since(start, lines)
        first_row += len(batch)
    notes = lines.remarks.sentences(lines.origin, first_row - 1, lines.number)
    if notes:
        yield first_row, [], {"n_lines": 0, "n_blank": 0, "notes": notes}


def _lines_since(start: tuple[int, int, int], lines: Lines) -> LineCounts:
    return {"n_lines": lines.number - start[0], "n_blank": lines.blank - start[1], "notes": ()}
