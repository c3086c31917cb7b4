"""Tables as labelled documents: their columns, and notes for the user on how they were read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vikt.corpus.columns import Columns, composed, find_columns
from vikt.corpus.dialect import DEFAULT_DIALECT, Dialect
from vikt.corpus.documents import Documents
from vikt.corpus.header import refuse_doubtful_header
from vikt.corpus.numbers import exact_number_of, number_of
from vikt.corpus.read_labelled import PAIRS
from vikt.corpus.read_tables import Table
from vikt.corpus.readers import read_table
from vikt.corpus.sources import find_sources
from vikt.corpus.texts import Texts
from vikt.errors import DataError
from vikt.tables import counted


class DocumentReader(Protocol):
    """What reads documents: whether it needs a text, and which columns."""

    @property
    def reads_text(self) -> bool: ...

    @property
    def columns(self) -> list[str]: ...


@dataclass(frozen=True)
class Labelled:
    """Labelled documents, the columns that hold them, and notes for the user on how they were read.

    `others` are the values of further columns by name, None where one is missing.
    """

    documents: Documents
    labels: NDArray[Any]
    weights: NDArray[np.float64] | None
    columns: Columns
    notes: tuple[str, ...]
    n_blank: int
    others: dict[str, list[str | None]] = field(default_factory=dict)


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
) -> Labelled:
    """The columns of a table that a classifier is trained or tested on, and others by name.

    A row without a label is refused, or else kept with the label "".
    """
    table = table.with_fields([text, label, weight, *others, *reader.columns])
    if not any((text, label, weight, *others, *reader.columns)):
        refuse_doubtful_header(table, need_label=True)
    columns = find_columns(
        table.names,
        text=text,
        label=label,
        origin=table.path,
        need_text=reader.reads_text,
        mean_length=table.mean_length,
    )
    return Labelled(
        documents_of(table, reader, columns.text),
        _labels(table, str(columns.label), keeps_unlabelled),
        _weights(table, weight) if weight else None,
        columns,
        columns.guesses + table.notes + blank_lines(table.path, table.n_blank),
        table.n_blank,
        {name: _values(table, name) for name in others},
    )


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


def paired_columns(table: Table) -> list[str]:
    """The columns that hold svmlight's pairs."""
    return [name for name in table.names if table.arrow.column(name).type == PAIRS]


def _labels(table: Table, name: str, keeps_unlabelled: bool) -> NDArray[Any]:
    if keeps_unlabelled and name not in table.problems and not pa.types.is_nested(table.native(name).type):
        spelled = table.spelled(name).fill_null("").to_pylist()
    else:
        spelled = table.column(name).to_pylist()
    composed_of = {label: composed(label) for label in set(spelled)}
    labels = np.array([composed_of[label] for label in spelled], dtype=object)
    blank = np.flatnonzero(np.isin(labels, [label for label in composed_of.values() if not label.strip()]))
    if len(blank) and not keeps_unlabelled:
        raise DataError(
            f"{table.place(int(blank[0]))} has an empty label in column {name!r} "
            f"({counted(len(blank), 'such row')}); label the row or drop it"
        )
    _refuse_respelled_numbers(table, labels, _numbers(table, name))
    return labels


def _numbers(table: Table, name: str) -> set[str]:
    """The values of a column that a file holds as numbers rather than as strings."""
    found = set[str]()
    for part in table.parts or (table,):
        kind = part.native(name).type
        tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
        if any(test(kind) for test in tests) or paired_columns(part):
            found |= set(pc.unique(part.spelled(name)).to_pylist())
        elif name in part.json_columns:
            spellings = part.json_columns[name].spellings.items()
            found |= {spelling for spelling, (is_string, _) in spellings if not is_string}
    return found


def _refuse_respelled_numbers(table: Table, labels: NDArray[Any], numbers: set[str]) -> None:
    """Refuse 1 and 1.0, or +1 and 1, where both mean one class: a file holds one of them as a number."""
    spellings: dict[Decimal, str] = {}
    # What is a number by its file comes before strings that only read like it.
    for label in sorted(set(labels) if numbers else (), key=lambda label: (label not in numbers, label)):
        value = exact_number_of(label)
        before = label if value is None else spellings.setdefault(value, label)
        if before != label and before in numbers:
            first, second = (table.place(int(np.argmax(labels == spelling))) for spelling in (before, label))
            raise DataError(
                f"{second}: the labels {before!r} ({first}) and {label!r} are the same number; "
                "write it the same way everywhere"
            )


def _values(table: Table, name: str) -> list[str | None]:
    return Documents(None, {name: table.native(name)}, table.path, table.place).values(name)


def _weights(table: Table, name: str) -> NDArray[np.float64]:
    spelled = table.column(name).to_pylist()
    weights = np.array([number_of(value) for value in spelled])
    bad = np.flatnonzero(~((weights >= 0) & np.isfinite(weights)))
    if len(bad):
        raise DataError(
            f"{table.place(int(bad[0]))} has the weight {spelled[bad[0]]!r} in column {name!r} "
            f"({counted(len(bad), 'such row')}), expected a number of 0 or more; correct it or drop the row"
        )
    return weights
