"""`vikt predict` of a table: the same table, with the answers as columns added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vikt.cli.data import blank_lines, documents_of, text_column
from vikt.cli.predict import Answers
from vikt.corpus.readers import Table, read_batches
from vikt.corpus.writers import TableWriter


def predict_table(
    answers: Answers, sources: list[str], text: str | None, format: str | None, writer: TableWriter
) -> Iterator[str]:
    """Write the rows of tables with their answers; yields what the user should be told of columns and other rows."""
    features = answers.classifier.features_
    trained = answers.classifier.about_.get("columns", {})
    for source in sources:
        batches: Iterable[Table] = read_batches(source, format=format)
        if features.is_running:
            # Neighbours may stand in the next batch.
            batches = [Table.concatenate(batches, keep_objects=True)]
        columns, n_blank, notes = None, 0, dict[str, None]()
        for table in batches:
            n_blank += table.n_blank
            notes |= dict.fromkeys(table.notes)
            if table.n_rows:
                if columns is None:
                    columns = text_column(table, features, text, trained.get("text"))
                    yield from columns.guesses
                writer.write(table, answers.of(documents_of(table, features, columns.text)))
        yield from notes
        yield from blank_lines(source, n_blank)
