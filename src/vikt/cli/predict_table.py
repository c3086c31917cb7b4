"""`vikt predict` on a table: the same table with the answers added as columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from vikt.answers.columns import Answers
from vikt.cli.options import InputOptions
from vikt.corpus.labelled import blank_lines, documents_of, text_column
from vikt.corpus.read_labelled import without_empty_labels
from vikt.corpus.read_stream import STANDARD_INPUT
from vikt.corpus.readers import Table, read_batches
from vikt.corpus.sources import find_sources
from vikt.corpus.writers import TableWriter


def predict_table(answers: Answers, given: InputOptions, trained: str | None, writer: TableWriter) -> Iterator[str]:
    """Write the rows of tables with their answers; yield notes for the user on columns and on lines skipped.

    Where no table has a row, the columns are written alone, so that what reads them next finds them.

    Parameters
    ----------
    trained : str or None
        The name of the column of the texts in training.
    """
    features = answers.model.features
    has_rows, without_rows = False, list[tuple[Table, Mapping[str, Sequence[Any]]]]()
    for source in find_sources(given.data):
        origin = STANDARD_INPUT if source == "-" else source
        batches: Iterable[Table] = read_batches(source, format=given.format, dialect=given.dialect)
        if features.is_running:
            # A neighbour can stand in the next batch.
            found = list(batches)
            batches = [Table.concatenate(found, keep_objects=True)] if found else []
        columns, n_rows, n_blank, notes, has_labels = None, 0, 0, dict[str, None](), False
        for table in batches:
            n_rows += table.n_rows
            n_blank += table.n_blank
            notes |= dict.fromkeys(table.notes)
            if table.names or table.n_rows:
                known = table.with_fields([given.text, trained, *features.columns])
                if columns is None:
                    columns = text_column(known, features, given.text, trained)
                    yield from columns.guesses
                table = table if has_labels else without_empty_labels(table)
                has_labels = "label" in table.names
                answered = table, answers.by_column(documents_of(known, features, columns.text))
                if table.n_rows:
                    writer.write(*answered)
                else:
                    without_rows.append(answered)
        has_rows = has_rows or n_rows > 0
        yield from notes
        yield from blank_lines(origin, n_blank)
        if not n_rows:
            yield f"{origin}: holds no rows, so there is nothing to label"
    if without_rows and not has_rows:
        writer.write(*without_rows[0])
