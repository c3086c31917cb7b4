"""Rows of text files in batches of bounded memory, and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self, TypedDict, TypeVar

import numpy as np
from numpy.typing import NDArray

from vikt.corpus.columns import check_width, composed, wanted_columns
from vikt.corpus.read_json import JsonColumn, parse_array, parse_object
from vikt.corpus.read_stream import Lines
from vikt.corpus.read_tables import Table, refuse_doubled
from vikt.errors import DataError

# A batch ends at this many bytes, so that memory stays bounded where rows are long.
BYTES_PER_BATCH = 1 << 24

# Objects of a table share their names. A few that have many names of their own would make a table of nothing but gaps.
_MANY_CELLS = 20_000_000
_LEAST_FILLED_OF_BATCH, _LEAST_FILLED = 0.01, 0.001

_BLANK = " \t\r\n"

Row = TypeVar("Row")


class LineCounts(TypedDict):
    """How many lines some rows took, how many were blank, what was remarked of all rows, and each one's lines."""

    n_lines: int
    n_blank: int
    notes: tuple[str, ...]
    spans: NDArray[np.int64]


def read_jsonl(lines: Lines, wanted: Sequence[str] | None, rows_per_batch: int) -> Iterator[Table]:
    """One object per line; its names are the columns."""
    return _read_objects(_objects(lines, lines), lines, wanted, rows_per_batch)


def read_json(lines: Lines, wanted: Sequence[str] | None, rows_per_batch: int) -> Iterator[Table]:
    """An array of objects, or one object per line."""
    pieces = lines.pieces()
    first = next((piece for piece in pieces if piece.strip(_BLANK)), "")
    if first.lstrip(_BLANK)[:1] == "[":
        objects = parse_array(chain([first], pieces), lines.origin)
    else:
        objects = _unwrapped(_objects(chain([lines.whole(first, pieces)], lines), lines), lines.origin)
    return _read_objects(objects, lines, wanted, rows_per_batch)


def _read_objects(
    objects: Iterable[dict[str, object]], lines: Lines, wanted: Sequence[str] | None, rows_per_batch: int
) -> Iterator[Table]:
    columns: dict[str, JsonColumn] = {}
    n_entries = 0
    for first_row, rows, counts in in_batches(objects, lines, rows_per_batch):
        present, batch = _composed(rows, lines.origin)
        # A later batch may lack a column that the first one had.
        known = present if batch and not columns else [*present, *(wanted or ())]
        names = present if wanted is None else wanted_columns(wanted, known, lines.origin)
        for name in names:
            columns.setdefault(name, JsonColumn(name, lines.origin))
        check_width(len(columns), lines.origin)
        if wanted is None:
            n_own = sum(map(len, batch))
            n_entries += n_own
            _check_filled(len(names), len(batch), n_own, _LEAST_FILLED_OF_BATCH, lines.origin)
            _check_filled(len(columns), first_row - 1 + len(batch), n_entries, _LEAST_FILLED, lines.origin)
        values = [columns[name].strings([row.get(name) for row in batch], first_row) for name in names]
        problems = {name: column.problem for name, column in columns.items() if column.problem}
        yield Table.from_columns(
            names, values, lines.origin, first_row,
            problems=problems, json_columns=dict(columns), objects=batch, **counts,
        )  # fmt: skip


def _check_filled(n_names: int, n_rows: int, n_entries: int, least: float, origin: str) -> None:
    """Refuse a large table that has fewer values than this share of its cells. Raises DataError."""
    if n_names * n_rows > _MANY_CELLS and n_entries < least * n_names * n_rows:
        raise DataError(
            f"{origin}: expected objects of the same names, found {n_names:,} different names in {n_rows:,} rows, "
            f"{n_entries / n_rows:.1f} in a row; store the differing names as values"
        )


def _composed(batch: list[dict[str, object]], origin: str) -> tuple[list[str], list[dict[str, object]]]:
    """The names of a batch, composed, and its rows by these names."""
    names = list(dict.fromkeys(name for row in batch for name in row))
    composed_of = {name: composed(name) for name in names}
    if list(composed_of.values()) == names:
        return names, batch
    rows = [{composed_of[name]: value for name, value in row.items()} for row in batch]
    merged = next((row for row, before in zip(rows, batch, strict=True) if len(row) < len(before)), None)
    if merged is not None:
        refuse_doubled([composed_of[name] for name in names], origin)
    return list(dict.fromkeys(composed_of.values())), rows


def _unwrapped(objects: Iterator[dict[str, object]], origin: str) -> Iterator[dict[str, object]]:
    """The same objects; an error where the first only holds a list of the rows."""
    for number, row in enumerate(objects):
        name, rows = next(iter(row.items()), ("", None))
        if number == 0 and len(row) == 1 and isinstance(rows, list) and rows and isinstance(rows[0], dict):
            raise DataError(f"{origin}: expected rows, found them in a list named {name!r:.60}; write the list alone")
        yield row


def _objects(content: Iterable[str], lines: Lines) -> Iterator[dict[str, object]]:
    for line in content:
        if line.strip(_BLANK):
            yield parse_object(line, f"{lines.origin}, line {lines.number}")
        else:
            lines.blank += 1


def in_batches(rows: Iterable[Row], lines: Lines, rows_per_batch: int) -> Iterator[tuple[int, list[Row], LineCounts]]:
    """The first row's number, the rows, and how many lines they took.

    The last batch may have lines without rows, or only what was remarked of the rows before it.
    """
    first_row, batch, spans, start = 1, list[Row](), list[tuple[int, int]](), _Reached()
    for row in rows:
        batch.append(row)
        spans.append((lines.row_start or lines.number, lines.number))
        if len(batch) >= rows_per_batch or lines.offset - start.offset >= BYTES_PER_BATCH:
            yield first_row, batch, _lines_since(start, lines, spans)
            first_row, batch, spans = first_row + len(batch), [], []
            start = _Reached.by(lines)
    if batch or lines.number > start.number:
        yield first_row, batch, _lines_since(start, lines, spans)
        first_row += len(batch)
    notes = lines.remarks.sentences(lines.origin, first_row - 1, lines.number)
    if notes:
        yield first_row, [], {"n_lines": 0, "n_blank": 0, "notes": notes, "spans": _as_array([])}


@dataclass(frozen=True)
class _Reached:
    """How many lines, blank lines and bytes had been handed out at a moment."""

    number: int = 0
    blank: int = 0
    offset: int = 0

    @classmethod
    def by(cls, lines: Lines) -> Self:
        return cls(lines.number, lines.blank, lines.offset)


def _lines_since(start: _Reached, lines: Lines, spans: list[tuple[int, int]]) -> LineCounts:
    n_lines, n_blank = lines.number - start.number, lines.blank - start.blank
    return {"n_lines": n_lines, "n_blank": n_blank, "notes": (), "spans": _as_array(spans)}


def _as_array(spans: list[tuple[int, int]]) -> NDArray[np.int64]:
    return np.array(spans, dtype=np.int64).reshape(-1, 2)
