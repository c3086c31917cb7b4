"""Which rows of a table are kept, and what of their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from vikt.arrays import Bools, Ints
from vikt.corpus.columns import Columns
from vikt.corpus.documents import Documents
from vikt.corpus.labelled import documents_of, text_column
from vikt.corpus.read_tables import Table
from vikt.errors import DataError, UsageError
from vikt.filtering.keep import KeepCondition
from vikt.filtering.parts import Parts
from vikt.filtering.predictions import Predictions
from vikt.filtering.tally import Tally, counts_by_label, counts_unanswered
from vikt.fitting.model import FittedModel

# The probability of a row, or those of its parts.
Score = float | list[float]


@dataclass(frozen=True)
class KeptRows:
    """The rows that are kept, what is added to them, and the texts that change, by row.

    Where documents are `in_parts`, scores are those of the parts that are kept; `column` is that of the texts.
    """

    rows: Ints
    scores: Mapping[str, Sequence[Score]]
    in_parts: bool = False
    column: str = ""
    texts: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RowFilter:
    """Filters the rows of tables by a model and a condition.

    Attributes
    ----------
    text, trained : str or None
        The column of the texts as the user names it, and as it was called in training.
    separator : bytes or None
        What stands between the parts of a document, each of which is classified by itself; None where documents are.
    scores : tuple of int
        The positions of labels whose probabilities are added.
    """

    model: FittedModel
    keep: KeepCondition
    text: str | None = None
    trained: str | None = None
    separator: bytes | None = None
    scores: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.model.features.is_running:
            raise UsageError(
                "the model reads running text, where neighbours count, but a filter classifies each document by "
                "itself; train a model without features of neighbours"
            )

    @property
    def score_columns(self) -> list[str]:
        """The names of the columns that are added."""
        return [f"P({self.model.labels[k]})" for k in self.scores]

    @property
    def nothing(self) -> KeptRows:
        """What is kept of no rows."""
        return KeptRows(np.empty(0, dtype=np.int64), dict.fromkeys(self.score_columns, ()), self.separator is not None)

    def columns(self, table: Table) -> Columns:
        """The columns that are read, found by the first rows of a file.

        Raises
        ------
        DataError
            There is no such column, or its texts cannot be replaced.
        """
        found = text_column(self._with_fields(table), self.model.features, self.text, self.trained)
        if self.separator is not None and found.text not in table.names:
            raise DataError(f"{table.path}: --split takes a column of texts, found {found.text!r}, a part of one")
        return found

    def kept(self, table: Table, columns: Columns) -> tuple[KeptRows, Tally]:
        """Which rows are kept, and the counts of them. Raises DataError where a column has the name of an added one."""
        twice = next((name for name in self.score_columns if name in table.names), None)
        if twice is not None:
            raise DataError(f"{table.path}: already has a column {twice!r}; rename it, or leave out --scores")
        documents = documents_of(self._with_fields(table), self.model.features, columns.text)
        parts = None if self.separator is None else Parts.of(documents.strings(), self.separator)
        predictions = Predictions(self.model, documents if parts is None else _of_parts(documents, parts))
        is_kept = self.keep.condition.holds(predictions)
        if parts is None:
            kept = KeptRows(np.flatnonzero(is_kept), self._scores(predictions, is_kept))
        else:
            kept = self._kept_parts(self._scores(predictions, is_kept), parts, is_kept, str(columns.text))
        return kept, self._tally(documents, len(kept.rows), predictions, is_kept)

    def _scores(self, predictions: Predictions, is_kept: Bools) -> dict[str, Sequence[float]]:
        """What is added to each text that is kept, by column."""
        named = zip(self.score_columns, self.scores, strict=True)
        return {name: predictions.probability(k)[is_kept].tolist() for name, k in named}

    def _kept_parts(self, of_parts: dict[str, Sequence[float]], parts: Parts, is_kept: Bools, column: str) -> KeptRows:
        n_kept = parts.kept(is_kept)
        rows = np.flatnonzero(n_kept)
        changed = rows[n_kept[rows] < np.diff(parts.edges)[rows]].tolist()
        joined = parts.joined(is_kept)
        edges = [0, *np.cumsum(n_kept[rows]).tolist()]
        scores = {name: [list(own[first:last]) for first, last in pairwise(edges)] for name, own in of_parts.items()}
        texts = {row: joined[row].decode("utf-8", "surrogatepass") for row in changed}
        return KeptRows(rows, scores, True, column, texts)

    def _tally(self, documents: Documents, kept: int, predictions: Predictions, is_kept: Bools) -> Tally:
        n_bytes = 0 if documents.texts is None else documents.texts.n_bytes
        by_label = counts_by_label(self.model.labels, predictions.answers, is_kept)
        unanswered = counts_unanswered(predictions.answers, is_kept)
        return Tally(len(documents), kept, len(is_kept), int(is_kept.sum()), n_bytes, by_label, unanswered)

    def _with_fields(self, table: Table) -> Table:
        return table.with_fields([self.text, self.trained, *self.model.features.columns])


def _of_parts(documents: Documents, parts: Parts) -> Documents:
    """The parts as documents, each with the columns of its own."""
    own = documents.take(parts.documents) if documents.columns else documents
    return Documents(parts.texts, own.columns, documents.origin, lambda i: documents.place(int(parts.documents[i])))
