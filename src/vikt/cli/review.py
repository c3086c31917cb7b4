"""The rows of an audit whose labels are suspected, as a table to review."""

from __future__ import annotations

from array import array
from collections.abc import Collection
from itertools import count
from pathlib import Path

import numpy as np

from vikt.arrays import RowIndices
from vikt.auditing.subject import LabelledTexts
from vikt.classifier import TextClassifier
from vikt.cli.options import InputOptions
from vikt.cli.outputs import is_standard, writing
from vikt.corpus.compression import compressing
from vikt.corpus.read_stream import suffix_of
from vikt.corpus.read_tables import Table
from vikt.corpus.readers import read_batches
from vikt.corpus.sources import find_sources
from vikt.corpus.writers import WRITERS, TableWriter
from vikt.errors import UsageError
from vikt.explanation.label_errors import LabelErrors
from vikt.explanation.suspicion import label_errors_of
from vikt.features.text import TextFeatures
from vikt.fitting.examples import Examples
from vikt.fitting.model import measured
from vikt.fitting.refitted import plan_of, settings_of
from vikt.fitting.saved import SavedModel
from vikt.names import MOST_FOLDS
from vikt.progress import Progress
from vikt.tables import counted


def check_review(path: Path | None) -> None:
    """Raise UsageError where a review cannot be written as a table by the name of its file."""
    if path is not None and (is_standard(path) or suffix_of(str(path)) not in WRITERS):
        raise UsageError(
            f"{path}: a review is a table, whose format its name must show; name a file with -o, such as review.csv "
            f"({', '.join(WRITERS)})"
        )


def label_errors_in(
    labelled: LabelledTexts, saved: SavedModel | None, analyzer: str, threads: int, progress: Progress
) -> LabelErrors:
    """The suspected labels, by the features and λ of a model, or else by those that training would choose."""
    settings = TextClassifier(analyzer=analyzer).settings()
    seed = settings.random_state if saved is None else saved.record.options["random_state"]
    features = TextFeatures(settings.features) if saved is None else saved.model.features
    documents = measured(labelled.documents, features)
    examples = Examples.of(documents, labelled.labels, None, seed, kind=labelled.kind)
    plan = None
    if saved is not None:
        settings, plan = settings_of(saved.record, examples), plan_of(saved.record)
    folds = max(2, min(MOST_FOLDS, len(np.unique(examples.groups))))
    return label_errors_of(examples, settings, plan, folds=folds, threads=threads, progress=progress)


def write_review(
    path: Path, given: InputOptions, table: Table, training: LabelledTexts, found: LabelErrors, separator: str | None
) -> None:
    """Write the suspected rows with all their columns, a suggestion, a score and the number of the row in the input.

    The most suspected come first. Several labels are lists, or in CSV and TSV joined by the separator of the input, or
    else by commas.
    """
    suggested, score, row = (_free(name, table.names) for name in ("suggested_label", "label_score", "input_row"))
    corrections = found.corrections(separator or ",")
    added = {
        suggested: corrections.labels,
        score: array("d", corrections.scores.tolist()),
        row: array("q", training.numbers(corrections.rows)),
    }
    with (
        writing(path) as file,
        compressing(file, str(path)) as stream,
        TableWriter(stream, str(path)) as writer,
    ):
        writer.write(_as_read(given, table, training.origin[corrections.rows]), added)


def review_line(path: Path | None, found: LabelErrors | None) -> str:
    """What the review holds; empty where there is none."""
    if path is None or found is None:
        return ""
    suspected = counted(len(found.corrections().rows), "suspected row")
    return (
        f"review     {path}, {suspected}, the most suspected first; their score is the probability of "
        f"{found.score_of}, by a model that has not seen the text"
    )


def _as_read(given: InputOptions, table: Table, rows: RowIndices) -> Table:
    """Some rows with their values as they were read. Those of JSON, which a whole table spells out, are read again."""
    if "-" in given.data or not all(part.json_columns for part in table.all_parts):
        return table.select(rows)
    is_wanted = np.zeros(table.n_rows, dtype=bool)
    is_wanted[rows] = True
    found, first = list[Table](), 0
    for source in find_sources(given.data):
        for batch in read_batches(source, format=given.format, dialect=given.dialect):
            found.append(batch.select(np.flatnonzero(is_wanted[first : first + len(batch)])))
            first += len(batch)
    # From their order in the files to that of the suspicion.
    return Table.concatenate(found, keep_objects=True).select(np.searchsorted(np.sort(rows), rows))


def _free(name: str, taken: Collection[str]) -> str:
    """A name that no column has, so that a review can be audited again.

    Examples
    --------
    >>> _free("score", ["score"]), _free("score", [])
    ('score_2', 'score')
    """
    names = (name if number == 1 else f"{name}_{number}" for number in count(1))
    return next(other for other in names if other not in taken)
