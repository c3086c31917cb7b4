"""Tables as labelled documents: their columns, and notes for the user on how they were read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import LabelArray
from vikt.corpus.columns import Columns, find_columns, find_label
from vikt.corpus.dialect import DEFAULT_DIALECT, Dialect
from vikt.corpus.documents import Documents
from vikt.corpus.header import refuse_doubtful_header
from vikt.corpus.label_reading import (
    ONE_LABEL,
    LabelReading,
    column_parts,
    label_columns,
    share_columns,
    without_answers,
)
from vikt.corpus.numbers import number_of
from vikt.corpus.read_tables import Table
from vikt.corpus.readers import read_table
from vikt.corpus.refused_rows import RefusedRowsError
from vikt.corpus.sources import find_sources
from vikt.corpus.table_labels import own_order, table_labels
from vikt.corpus.targets import TargetRows
from vikt.corpus.texts import Texts
from vikt.tables import counted, listed

_MOST_COLUMNS = 3


class DocumentReader(Protocol):
    """What reads documents: whether it needs a text, and which columns."""

    @property
    def reads_text(self) -> bool: ...

    @property
    def columns(self) -> list[str]: ...


@dataclass(frozen=True)
class Labelled:
    """Labelled documents, the columns that hold them, and notes for the user on how they were read.

    `labels` are an array of one label per row, or the `TargetRows` of another kind. `weights` hold the votes of rows
    where their labels are counts. `others` are the values of further columns by name, None where one is missing.
    `order` holds the levels of ordered labels from the lowest, where they are named or the column has an order itself.
    """

    documents: Documents
    labels: LabelArray | TargetRows
    weights: NDArray[np.float64] | None
    columns: Columns
    notes: tuple[str, ...]
    n_blank: int
    others: dict[str, list[str | None]] = field(default_factory=dict)
    order: tuple[str, ...] = ()


def read_tables(data: Iterable[str | Path], format: str | None, dialect: Dialect = DEFAULT_DIALECT) -> Table:
    """All rows of all files as one table."""
    return Table.of_files([read_table(source, format=format, dialect=dialect) for source in find_sources(data)])


def labelled(
    table: Table,
    reader: DocumentReader,
    text: str | None,
    label: str | None,
    weight: str | None = None,
    others: Sequence[str] = (),
    keeps_unlabelled: bool = False,
    reading: LabelReading = ONE_LABEL,
) -> Labelled:
    """The columns of a table that a classifier is trained or tested on, and others by name.

    A row without a label is refused, or else kept with the label "". `label` may name several columns, separated by
    commas, one for each label; if it is not given, and columns named P(class) are there, they may hold the labels.
    """
    table = table.with_fields([text, label, *column_parts(label or ""), weight, *others, *reader.columns])
    if not any((text, label, weight, *others, *reader.columns)):
        refuse_doubtful_header(table, need_label=True)
    columns, holding_labels = labelled_columns(table, reader, text, label, reading)
    if reading.kind == "ordered" and not reading.order:
        reading = replace(reading, order=own_order(table, holding_labels[0]))
    labels, votes = table_labels(table, holding_labels, reading, keeps_unlabelled)
    weights = _weights(table, weight) if weight else None
    return Labelled(
        documents_of(table, reader, columns.text),
        labels,
        votes if weights is None else weights if votes is None else weights * votes,
        columns,
        columns.guesses + table.notes + blank_lines(table.path, table.n_blank),
        table.n_blank,
        {name: _values(table, name) for name in others},
        reading.order,
    )


def labelled_columns(
    table: Table, reader: DocumentReader, text: str | None, label: str | None, reading: LabelReading
) -> tuple[Columns, list[str]]:
    """The columns of the text and the labels, and the one or more that hold the labels."""
    names, labels = table.names, [] if label is None else label_columns(table.names, label, table.path)
    if label is None and reading.kind in ("auto", "soft"):
        labels = share_columns(names)
        if labels and (reading.kind == "auto" or reading.or_one_class) and find_label(names, text) is not None:
            labels = []
    if len(labels) < 2:
        found = find_columns(
            names,
            text=text,
            label=label,
            origin=table.path,
            need_text=reader.reads_text,
            mean_length=table.mean_length,
        )
        return found, [str(found.label)]
    others = [name for name in without_answers(names) if name not in labels or name == text]
    found = find_columns(others, text=text, origin=table.path, need_text=reader.reads_text, need_label=False)
    shown = listed([f'"{name}"' for name in labels], _MOST_COLUMNS)
    guesses = () if label else (f"label columns: {shown} (guessed by their names)",)
    return replace(found, label=",".join(labels), guesses=found.guesses + guesses), labels


def blank_lines(path: str, n: int) -> tuple[str, ...]:
    """A note on lines that were skipped, if there are any."""
    return (f"{path}: skipped {counted(n, 'blank line')}",) if n else ()


def documents_of(table: Table, reader: DocumentReader, text: str | None) -> Documents:
    """The texts and columns of a table that a reader needs."""
    texts = Texts.from_arrow(table.column(text)) if reader.reads_text and text is not None else None
    columns = {name: table.native(name) for name in reader.columns}
    if texts is None and not columns:
        return Documents(Texts.from_strings([""] * table.n_rows), {}, table.path, table.place)
    return Documents(texts, columns, table.path, table.place)


def text_column(table: Table, reader: DocumentReader, text: str | None, trained: str | None) -> Columns:
    """The column of the texts where there are no labels: as named, else as in training, else guessed."""
    known = trained if trained in table.names else None
    need = reader.reads_text
    if not any((text, known, *reader.columns)):
        refuse_doubtful_header(table, need_label=False)
    return find_columns(table.names, text=text or known, origin=table.path, need_text=need, need_label=False)


def _values(table: Table, name: str) -> list[str | None]:
    return Documents(None, {name: table.native(name)}, table.path, table.place).values(name)


def _weights(table: Table, name: str) -> NDArray[np.float64]:
    spelled = table.column(name).to_pylist()
    weights = np.array([number_of(value) for value in spelled])
    bad = np.flatnonzero(~((weights >= 0) & np.isfinite(weights)))
    if len(bad):
        first = f"{table.place(int(bad[0]))} has the weight {spelled[bad[0]]!r} in column {name!r}"
        raise RefusedRowsError(first, name, len(bad), "expected a number of 0 or more; correct it or drop the row")
    return weights
