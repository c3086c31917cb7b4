"""Ids of n-grams to weighted rows, and to scores without rows."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from vikt.arrays import Floats, Ids
from vikt.features.ngrams import kernels
from vikt.features.ngrams.ids import FoundNgrams
from vikt.features.ngrams.kernels import Room, RowArrays, SortingRoom, Weighing
from vikt.features.ngrams.weighting import Weighting
from vikt.features.rows import Numbers, RowPiece


class Counts(threading.local):
    """A count for each column, for each thread its own: touching new memory costs more than the work."""

    def __init__(self, n_columns: int) -> None:
        self.of_columns = np.zeros(n_columns, dtype=np.int32)


class Weigher:
    """Makes rows and scores of ids; `columns` has for each space the column of each id."""

    def __init__(self, spaces: list[slice], columns: Sequence[Ids], weighting: Weighting, idf: Floats) -> None:
        self.weighting, self.n_columns = weighting, len(idf)
        rows = [space.stop - space.start for space in spaces]
        # Each space starts after a place for NONE, which is -1, so that no id has to be compared.
        none = np.full(1, kernels.NONE, dtype=np.int32)
        self._bases = np.repeat(np.cumsum([1, *(1 + len(own) for own in columns[:-1])]), rows)
        # Joined at once: of buckets the columns take a gigabyte.
        self._column_of = np.concatenate([block for own in columns for block in (none, own)])
        self._idf = idf if weighting.inverse_document_frequency else np.ones(1)

    def counts(self) -> Counts:
        """Room to count columns, for the threads of one call."""
        return Counts(self.n_columns)

    def rows(self, found: FoundNgrams, counts: Counts, dtype: DTypeLike) -> RowPiece:
        ids, edges = found.occurrences
        longest = found.longest * len(ids)
        sorting = SortingRoom(
            self.n_columns.bit_length(),
            np.empty(longest, dtype=np.int64),
            np.empty(longest, dtype=np.int64),
            np.empty(1 << kernels.WIDEST, dtype=np.int32),
        )
        rows = RowArrays(
            np.empty(len(edges) - 1, dtype=np.int64),
            np.empty(ids.size, dtype=np.int32),
            np.empty(ids.size, dtype=np.float32 if dtype == np.float32 else np.float64),
        )
        n = found.kernels.write_rows(found.occurrences, self._weighing(longest), _room(counts, longest), sorting, rows)
        return RowPiece(rows.lengths, rows.indices[:n], rows.values[:n])

    def write_scores(self, found: FoundNgrams, counts: Counts, theta: Numbers, scores: Floats) -> None:
        """Write the scores of a portion, (documents, K), by weights θ, (n, K)."""
        longest = found.longest * len(found.occurrences.ids)
        found.kernels.score_rows(found.occurrences, self._weighing(longest), _room(counts, longest), theta, scores)

    def _weighing(self, longest: int) -> Weighing:
        count_weights = self.weighting.count_weights(longest)
        return Weighing(self._bases, self._column_of, count_weights, self._idf, self.weighting.normalised)


def _room(counts: Counts, longest: int) -> Room:
    return Room(counts.of_columns, np.empty(longest + 1, dtype=np.int64), np.empty(longest + 1))
