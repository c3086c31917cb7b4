"""`vikt predict` on a table: the same table with the answers added as columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vikt.answers import Answers
from vikt.corpus.dialect import Dialect
from vikt.corpus.labelled import blank_lines, documents_of, text_column
from vikt.corpus.readers import Table, read_batches
from vikt.corpus.writers import TableWriter


def predict_table(
    answers: Answers, sources: list[str], text: str | None, trained: str | None, format: str | None, dialect: Dialect,
    writer: TableWriter,
) -> Iterator[str]:  # fmt: skip
    """Write the rows of tables with their answers; yield notes for the user on columns and on lines passed over.

    Parameters
    ----------
    text, trained : str or None
        The column of the texts: its name given by the user, and its name in training.
    """
    features = answers.model.features
    for source in sources:
        batches: Iterable[Table] = read_batches(source, format=format, dialect=dialect)
        if features.is_running:
            # A neighbour can stand in the next batch.
            batches = [Table.concatenate(batches, keep_objects=True)]
        columns, n_blank, notes = None, 0, dict[str, None]()
        for table in batches:
            n_blank += table.n_blank
            notes |= dict.fromkeys(table.notes)
            if table.n_rows:
                known = table.with_fields([text, trained, *features.columns])
                if columns is None:
                    columns = text_column(known, features, text, trained)
                    yield from columns.guesses
                writer.write(table, answers.by_column(documents_of(known, features, columns.text)))
        yield from notes
        yield from blank_lines(source, n_blank)
