"""Ids of n-grams to weighted rows, and to scores without rows."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
from numpy.typing import DTypeLike

from vikt.arrays import Floats, Ids, Ints, Reals
from vikt.compiled import kernels_for
from vikt.features.ngrams import row_kernels, row_scoring_kernels
from vikt.features.ngrams.entry_kernels import EntryRoom
from vikt.features.ngrams.ids import FoundNgrams
from vikt.features.ngrams.learning import CountedPortion
from vikt.features.ngrams.row_kernels import WIDEST, CountArrays, Room, RowArrays, SortingRoom, Weighing
from vikt.features.ngrams.token_kernels import NONE
from vikt.features.ngrams.weighting import Weighting
from vikt.features.rows import RowPiece


class Counts(threading.local):
    """Zeros for each column to count in, kept for each thread: touching new memory costs more than the work."""

    def __init__(self, n_columns: int) -> None:
        self._n_columns = n_columns
        self._kept: Ids | None = None

    def __reduce__(self) -> tuple[type[Counts], tuple[int]]:
        return Counts, (self._n_columns,)

    def take(self) -> Ids:
        """The zeros; what raises while it counts leaves them behind as they are, and others are made."""
        taken, self._kept = self._kept, None
        return np.zeros(self._n_columns, dtype=np.int32) if taken is None else taken

    def keep(self, zeros: Ids) -> None:
        self._kept = zeros


class Weigher:
    """Makes rows and scores of ids; `columns` has for each space the column of each id."""

    def __init__(self, spaces: list[slice], columns: Sequence[Ids], weighting: Weighting, idf: Floats) -> None:
        self.weighting, self.n_columns = weighting, len(idf)
        rows = [space.stop - space.start for space in spaces]
        # Each space starts after a place for NONE, which is -1, so that no id has to be compared.
        none = np.full(1, NONE, dtype=np.int32)
        self._bases = np.repeat(np.cumsum([1, *(1 + len(own) for own in columns[:-1])]), rows)
        # Joined at once: of buckets the columns take a gigabyte.
        self._column_of = np.concatenate([block for own in columns for block in (none, own)])
        self._idf = idf if weighting.inverse_document_frequency else np.ones(1)
        self._counts = Counts(self.n_columns)

    def rows(self, found: FoundNgrams, dtype: DTypeLike) -> RowPiece:
        """The rows of a portion."""
        ids, edges = found.occurrences
        longest = found.longest * len(ids)
        rows, room = _row_arrays(len(edges) - 1, ids.size, dtype), self._room(longest)
        work = kernels_for(row_kernels.__name__)
        n = work.write_rows(found.occurrences, self._weighing(longest), room, self._sorting(longest), rows)
        self._counts.keep(room.counts)
        return RowPiece(rows.lengths, rows.indices[:n], rows.values[:n])

    def counts(self, found: FoundNgrams) -> CountArrays:
        """The counts of a portion."""
        ids, edges = found.occurrences
        longest, n = found.longest * len(ids), len(edges) - 1
        rows = _count_arrays(n, ids.size)
        room = self._room(longest)
        work = kernels_for(row_kernels.__name__)
        n_entries = work.write_counts(found.occurrences, self._weighing(longest), room, self._sorting(longest), rows)
        self._counts.keep(room.counts)
        return rows._replace(entries=rows.entries[:n_entries])

    def rows_of_entries(self, portion: CountedPortion, dtype: DTypeLike, loops: SimpleNamespace) -> RowPiece:
        """The rows of a portion whose n-grams are counted: the same, to the last bit."""
        rows = _row_arrays(portion.n_documents, len(portion.ids), dtype)
        n = loops.write_rows_of_entries(portion.entries, *self._for_entries(portion), rows)
        return RowPiece(rows.lengths, rows.indices[:n], rows.values[:n])

    def counts_of_entries(self, portion: CountedPortion, documents: Ints, loops: SimpleNamespace) -> CountArrays:
        """The counts of some documents of a portion whose n-grams are counted: the same, to the last bit."""
        rows = _count_arrays(len(documents), len(portion.ids))
        n_entries = loops.write_counts_of_entries(portion.entries, documents, *self._for_entries(portion), rows)
        return rows._replace(entries=rows.entries[:n_entries])

    def write_scores(self, found: FoundNgrams, theta: Reals, scores: Floats) -> None:
        """Write the scores of a portion, (documents, K), by weights θ, (n, K)."""
        longest = found.longest * len(found.occurrences.ids)
        room = self._room(longest)
        work = kernels_for(row_scoring_kernels.__name__)
        work.score_rows(found.occurrences, self._weighing(longest), room, theta, scores)
        self._counts.keep(room.counts)

    def _weighing(self, longest: int) -> Weighing:
        count_weights = self.weighting.count_weights(longest)
        return Weighing(self._bases, self._column_of, count_weights, self._idf, self.weighting.normalised)

    def _for_entries(self, portion: CountedPortion) -> tuple[Weighing, EntryRoom, SortingRoom]:
        """What the entries of a portion are made into rows by."""
        longest = portion.longest
        room = EntryRoom(
            np.empty(longest + 1, dtype=np.int64), np.empty(longest + 1, dtype=np.int32), np.empty(longest + 1)
        )
        return self._weighing(int(portion.counts.max(initial=0))), room, self._sorting(longest)

    def _sorting(self, longest: int) -> SortingRoom:
        keys, spare = np.empty((2, longest), dtype=np.int64)
        return SortingRoom(self.n_columns.bit_length(), keys, spare, np.empty(1 << WIDEST, dtype=np.int32))

    def _room(self, longest: int) -> Room:
        return Room(self._counts.take(), np.empty(longest + 1, dtype=np.int64), np.empty(longest + 1))


def _row_arrays(n: int, room: int, dtype: DTypeLike) -> RowArrays:
    """Arrays for n rows, with room for some entries."""
    values = np.empty(room, dtype=np.float32 if dtype == np.float32 else np.float64)
    return RowArrays(np.empty(n, dtype=np.int64), np.empty(room, dtype=np.int32), values)


def _count_arrays(n: int, room: int) -> CountArrays:
    """Arrays for the counts of n rows, with room for some entries."""
    return CountArrays(np.empty(n, dtype=np.int64), np.empty(room, dtype=np.int64), np.empty(n))
