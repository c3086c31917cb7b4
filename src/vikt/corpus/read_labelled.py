"""Formats of other programs: fastText's lines and svmlight's pairs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vikt.corpus.columns import wanted_columns
from vikt.corpus.fasttext import LABEL_MARK, parted
from vikt.corpus.numbers import number_of
from vikt.corpus.read_stream import Lines, without_end
from vikt.corpus.read_tables import Table
from vikt.corpus.read_text import in_batches
from vikt.errors import DataError

# What svmlight's pairs are in a table. Any index that a file can spell is exact.
PAIRS = pa.large_list(pa.struct([("index", pa.int64()), ("value", pa.float64())]))
_LARGEST_INDEX = 2**63 - 1
# What joins several labels in the files of other programs; fastText itself takes one label.
_JOINED = re.compile("[,;:]")
# What stands between several labels of a line; no label holds it.
_BETWEEN = " "
# What divides the names of columns.
_DIVIDED = re.compile("[,;\t]")


def read_documents(lines: Lines, wanted: Sequence[str] | None, rows_per_batch: int) -> Iterator[Table]:
    """One text per line, after its labels, such as `__label__ham`, if it has any: the columns label and text."""
    names = wanted_columns(wanted, ("label", "text"), lines.origin)
    problems: dict[str, str] = {}
    for first_row, batch, counts in in_batches(map(without_end, lines), lines, rows_per_batch):
        labels: list[str | None] = []
        texts: list[str | None] = []
        for number, line in enumerate(batch, first_row):
            found, text = parted(line)
            texts.append(text)
            labels.append(_BETWEEN.join(found) if found else None)
            problem = _label_problem(found, line)
            if problem and number == 1 and _DIVIDED.search(line):
                problem += ", or, if the file is a table, name it .csv or .tsv"
            if problem:
                problems.setdefault("label", f"{lines.origin}, line {number}: {problem}")
            elif found and _JOINED.search(found[0]):
                lines.remarks.add("joined", number, found[0])
        columns = {"label": labels, "text": texts}
        numbers = range(first_row, first_row + len(batch))
        yield Table.from_columns(
            names, [columns[name] for name in names], lines.origin, first_row,
            lines=numbers, problems=dict(problems), separators={"label": _BETWEEN}, **counts,
        )  # fmt: skip


def drop_blank_lines(table: Table) -> Table:
    """A table without the lines that have neither label nor text, from which nothing can be learnt."""
    are_lines = table.lines is not None and {"label", "text"} <= set(table.names)
    if not are_lines or not table.arrow.column("label").null_count:
        return table
    empty = pc.equal(pc.utf8_trim_whitespace(table.spelled("text")), "")
    blank = pc.and_(pc.is_null(table.arrow.column("label")), pc.fill_null(empty, False)).to_numpy()
    n_blank = int(blank.sum())
    return replace(table.select(np.flatnonzero(~blank)), n_blank=table.n_blank + n_blank) if n_blank else table


def without_empty_labels(table: Table) -> Table:
    """A table without the column label, if it is one of lines that have no labels."""
    if table.lines is None or "label" not in table.names or table.arrow.column("label").null_count < table.n_rows:
        return table
    return replace(table, arrow=table.arrow.drop_columns("label"))


def _label_problem(found: list[str], line: str) -> str:
    if not found:
        return (
            line.strip()
            and f"expected a label such as {LABEL_MARK}ham, found none in {line!r:.60}; write one before it"
        )
    if len(found) > 1:
        return f"expected one label, found {len(found)} ({', '.join(map(repr, found[:5]))}); keep one"
    return set_problem(found)


def set_problem(labels: list[str]) -> str:
    """What is wrong with one of the labels of a line; nothing if they may stand."""
    for label in labels:
        if not label:
            return f"expected a label, found {LABEL_MARK} alone; write its name after it"
        if label.endswith(","):
            return f"the label {label!r} ends in a comma, which would be part of its name; remove the comma"
    return ""


class _Row(NamedTuple):
    line: int
    label: str
    indices: list[int]
    values: list[float]


def read_svmlight(lines: Lines, wanted: Sequence[str] | None, rows_per_batch: int) -> Iterator[Table]:
    """Lines such as `label index:value index:value # comment`: the columns label and features."""
    names = wanted_columns(wanted, ("label", "features"), lines.origin)
    for first_row, batch, counts in in_batches(_svmlight_rows(lines), lines, rows_per_batch):
        offsets = [0]
        for row in batch:
            offsets.append(offsets[-1] + len(row.indices))
        pairs = pa.StructArray.from_arrays(
            [
                pa.array([index for row in batch for index in row.indices], pa.int64()),
                pa.array([value for row in batch for value in row.values], pa.float64()),
            ],
            names=["index", "value"],
        )
        columns = {
            "label": pa.array([row.label for row in batch], pa.large_string()),
            "features": pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pairs),
        }
        arrow = pa.table({name: columns[name] for name in names})
        yield Table(arrow, lines.origin, first_row, lines=[row.line for row in batch], **counts)


def _svmlight_rows(lines: Lines) -> Iterator[_Row]:
    for line in lines:
        parts = line.partition("#")[0].split()
        if not parts:
            lines.blank += 1
            continue
        try:
            _check_label(parts[0])
            indices, values = _pairs(parts[1:])
        except ValueError as error:
            raise DataError(f"{lines.origin}, line {lines.number}: {error}") from None
        yield _Row(lines.number, parts[0], indices, values)


def _pairs(parts: list[str]) -> tuple[list[int], list[float]]:
    indices, values = [], []
    for part in parts:
        index, colon, value = part.partition(":")
        if not (colon and index.isdecimal() and index.isascii()):
            raise ValueError(f"expected index:value, found {part!r:.60}; write the index as a whole number")
        # Python refuses to read numbers of thousands of digits; the first twenty show that it is too large.
        indices.append(int(index.lstrip("0")[:20] or "0"))
        values.append(_finite(value, part))
    if indices and max(indices) > _LARGEST_INDEX:
        raise ValueError(f"the index {max(indices)} is above {_LARGEST_INDEX}; renumber the features")
    wrong = next(((a, b) for a, b in pairwise(indices) if a >= b), None)
    if wrong:
        fault = "is there twice" if wrong[0] == wrong[1] else f"comes after {wrong[0]}"
        raise ValueError(f"indices must rise, found that {wrong[1]} {fault}; sort them and add up duplicates")
    return indices, values


def _finite(value: str, part: str) -> float:
    found = number_of(value)
    if not math.isfinite(found):
        raise ValueError(f"expected a finite number, found {part!r:.60}; correct the line")
    return found


def _check_label(label: str) -> None:
    """Refuse what is not one label."""
    if ":" in label:
        raise ValueError(f"expected a label, found {label!r:.60}; write the label first")
    if "," in label:
        raise ValueError(f"expected one label, found {label!r:.60}; keep one")
