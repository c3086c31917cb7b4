"""What is counted of the rows as they are read, and how far the input is read: what a run keeps as its journal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from zlib import crc32

import numpy as np

from vikt.arrays import Classes, LabelArray, RowIndices
from vikt.corpus.read_tables import Table
from vikt.corpus.table_labels import numbers_of
from vikt.errors import DataError

# A column of more is none of labels, and to count them would take memory that grows with the rows.
_MOST_LABELS = 100_000


@dataclass
class LabelTally:
    """The rows of a label, and those of them whose weight is above 0.

    `place` is that of its first row, `is_number` says whether a file holds it as a number, and `is_quoted` whether JSON
    holds what reads like a number or a truth value as a string; None where JSON holds nothing like it.
    """

    place: str
    rows: int = 0
    kept: int = 0
    is_number: bool = False
    is_quoted: bool | None = None


@dataclass
class Tally:
    """How far the input is read, and what is known of its rows so far.

    Attributes
    ----------
    source, batches : int
        How many sources are read whole, and how many batches of the next one.
    checksums : list of int
        The CRC-32 of each run that holds these rows.
    rows, rows_of_weight_0, blank_lines : int
        Counts of the input.
    n_bytes : int
        The length of the texts of weight above 0.
    labels : dict
        By label, in order of appearance.
    notes : list of str
        Sentences for the user, each once.
    """

    source: int = 0
    batches: int = 0
    checksums: list[int] = field(default_factory=list)
    rows: int = 0
    rows_of_weight_0: int = 0
    blank_lines: int = 0
    n_bytes: int = 0
    labels: dict[str, LabelTally] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def from_json(cls, kept: str) -> Tally:
        values = json.loads(kept)
        labels = {label: LabelTally(**facts) for label, facts in values.pop("labels").items()}
        return cls(**values, labels=labels)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    def add_run(self, content: memoryview) -> None:
        """Count a run with this content."""
        self.checksums.append(crc32(content))

    def end_batch(self) -> None:
        """Note that a batch is read."""
        self.batches += 1

    def end_source(self) -> None:
        """Note that a source is read whole."""
        self.source, self.batches = self.source + 1, 0

    def note(self, notes: Iterable[str], blank_lines: int) -> None:
        """Add sentences that are not there yet, and count blank lines."""
        self.blank_lines += blank_lines
        self.notes += [note for note in dict.fromkeys(notes) if note not in self.notes]

    def numbered(self, table: Table, column: str, labels: LabelArray) -> Classes:
        """The number of the label of each row of a table.

        Raises
        ------
        DataError
            A label of JSON prints like one of another type in another file, or there are more labels than anybody has.
        """
        numbers, json_column = numbers_of(table, column), table.json_columns.get(column)
        different, first, y = np.unique(labels, return_index=True, return_inverse=True)
        for i in np.argsort(first).tolist():
            label, place = str(different[i]), table.place(int(first[i]))
            own = self.labels.setdefault(label, LabelTally(place))
            own.is_number |= label in numbers
            is_quoted = None if json_column is None else json_column.is_quoted(label)
            if own.is_quoted is not None and is_quoted is not None and own.is_quoted != is_quoted:
                raise DataError(
                    f"{place}, column {column!r}: two different values print alike, {label} and the string "
                    f'"{label}" ({own.place}); write all as strings, or none'
                )
            own.is_quoted = own.is_quoted if is_quoted is None else is_quoted
        if len(self.labels) > _MOST_LABELS:
            raise DataError(
                f"{table.path}: expected at most {_MOST_LABELS:,} different labels, found more in column {column!r}; "
                "name the column of the labels",
                label=...,
            )
        number_of = {label: number for number, label in enumerate(self.labels)}
        return np.array([number_of[label] for label in different.tolist()], dtype=np.int64)[y]

    def count(self, y: Classes, kept: RowIndices, n_bytes: int) -> None:
        """Count rows by the numbers of their labels; those kept have weights above 0, and texts of `n_bytes`."""
        counts = (np.bincount(rows, minlength=len(self.labels)).tolist() for rows in (y, y[kept]))
        for label, n, n_kept in zip(self.labels.values(), *counts, strict=True):
            label.rows += n
            label.kept += n_kept
        self.n_bytes += n_bytes
        self.rows += len(y)
        self.rows_of_weight_0 += len(y) - len(kept)
