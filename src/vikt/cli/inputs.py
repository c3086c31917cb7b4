"""Tables beside the main one, and the columns that a model knows."""

from __future__ import annotations

from collections.abc import Sequence

from vikt.cli.options import InputOptions
from vikt.corpus.formats import FORMATS
from vikt.corpus.label_reading import column_parts
from vikt.corpus.labelled import read_tables
from vikt.corpus.read_stream import suffix_of
from vikt.corpus.read_tables import Table
from vikt.fitting.record import FitRecord


def read_others(names: Sequence[str], given: InputOptions) -> Table:
    """The rows of further files; a format that is named is that of files whose suffix says nothing."""
    says_nothing = any(suffix_of(name) not in FORMATS for name in names)
    return read_tables(names, given.format if says_nothing else None, given.dialect)


def known_columns(record: FitRecord, table: Table) -> dict[str, str]:
    """The columns of the training data by role, those that the table has too."""
    there = set(table.names)
    return {
        role: name
        for role, name in record.columns.items()
        if name and (name in there or there.issuperset(column_parts(name)))
    }
