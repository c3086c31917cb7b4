"""Tables beside the main one, and the columns that a model knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vikt.cli.options import InputOptions
from vikt.corpus.formats import FORMATS
from vikt.corpus.label_reading import column_parts
from vikt.corpus.labelled import read_tables
from vikt.corpus.read_stream import suffix_of
from vikt.corpus.read_tables import Table
from vikt.corpus.readers import open_table, read_table
from vikt.corpus.sources import find_sources
from vikt.fitting.model import FittedModel
from vikt.fitting.saved import SavedModel


def read_others(names: Sequence[str], given: InputOptions) -> Table:
    """The rows of further files; a format that is named is that of files whose suffix says nothing."""
    return read_tables(names, format_of_others(names, given), given.dialect)


def open_others(names: Sequence[str], given: InputOptions) -> tuple[Table, Callable[[], Table]]:
    """The first rows of further files, and what reads all of them, once."""
    format = format_of_others(names, given)
    source, *others = find_sources(names)
    first, whole = open_table(source, format=format, dialect=given.dialect)
    return first, lambda: Table.of_files([whole(), *(read_table(name, None, format, given.dialect) for name in others)])


def format_of_others(names: Sequence[str], given: InputOptions) -> str | None:
    """The format of further files: the one that is named, where the suffix of one says nothing."""
    says_nothing = any(suffix_of(name) not in FORMATS for name in names)
    return given.format if says_nothing else None


def known_columns(saved: SavedModel, table: Table) -> dict[str, str]:
    """The columns of the training data by role, those that the table has too; or else those named as the labels are."""
    there = set(table.names)
    return _columns_of_labels(saved.model, there) | {
        role: name
        for role, name in saved.record.columns.items()
        if name and (name in there or there.issuperset(column_parts(name)))
    }


def _columns_of_labels(model: FittedModel, names: set[str]) -> dict[str, str]:
    """The columns named as the labels of a model, where a text has a number for each of them."""
    are_there = model.kind in ("several", "soft") and names.issuperset(model.labels)
    return {"label": ",".join(model.labels)} if are_there and not any("," in label for label in model.labels) else {}
