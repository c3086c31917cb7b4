"""From texts to scores by n-grams, without rows."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

import numpy as np

from vikt.arrays import Floats, Reals
from vikt.corpus.texts import Texts
from vikt.features.ngrams.ngrams import FittedNgrams
from vikt.features.ngrams.records import RecordTable
from vikt.features.ngrams.scoring_kernels import CountingRoom, Scoring
from vikt.features.ngrams.tokens import Tokens
from vikt.features.ngrams.weighing import Counts
from vikt.threads import running

# Bytes of text from which on records save more time than it takes to make them: per column, and in all.
_BYTES_PER_COLUMN, _FEWEST_BYTES = 32, 1 << 22

# Writes the scores of a portion, (documents, K).
Write = Callable[[Tokens, Floats], None]


class NgramScorer:
    """Scores of texts by fitted n-grams and their weights θ, (n, K). Threads may share it.

    Once that saves time, n-grams are looked up in records made of what was fitted and of θ. The scores are the same, to
    the last bit.
    """

    def __init__(self, ngrams: FittedNgrams, theta: Reals) -> None:
        self._ngrams, self._theta = ngrams, np.ascontiguousarray(theta)
        # Never released, since records are made once; nobody waits for it, so that no child of a fork does for ever.
        self._n_bytes, self._making = 0, threading.Lock()
        self._write: Write = self._by_ids

    def scores(self, texts: Texts, *, threads: int = 1) -> Floats:
        """What the n-grams of each text add to its scores, (m, K), without making a matrix.

        Documents go from bytes to scores one portion at a time, so that nothing leaves the cache.
        """
        options = self._ngrams.options
        portions, scores = options.portions(texts), np.empty((len(texts), self._theta.shape[1]))
        write = self._writer(texts.n_bytes)

        def score(documents: tuple[int, int]) -> None:
            write(options.tokens(portions, documents), scores[slice(*documents)])

        with running(threads) as run:
            list(run(score, portions.ranges()))
        return scores

    def _writer(self, n_bytes: int) -> Write:
        """What writes scores, now that n_bytes more of text are to be scored."""
        # A thread may miss what another adds at the same moment; the records then come a little later.
        self._n_bytes += n_bytes
        worth_it = max(_BYTES_PER_COLUMN * self._ngrams.n_columns, _FEWEST_BYTES)
        if self._n_bytes >= worth_it and self._making.acquire(blocking=False):
            # Where there is no room for records, ids will do.
            with contextlib.suppress(MemoryError):
                table = self._ngrams.record_table(self._theta)
                self._write = self._by_ids if table is None else self._by_records(table)
        return self._write

    def _by_ids(self, tokens: Tokens, scores: Floats) -> None:
        self._ngrams.weigher.write_scores(self._ngrams.found(tokens), self._theta, scores)

    def _by_records(self, table: RecordTable) -> Write:
        weighting, counts = self._ngrams.weighting, Counts(table.n_records)

        def write(tokens: Tokens, scores: Floats) -> None:
            longest = tokens.longest * len(self._ngrams.source.lengths)
            room = CountingRoom(counts.take(), np.empty(longest + 1, dtype=np.int64), np.empty(longest))
            scoring = Scoring(weighting.count_weights(longest), weighting.normalised, room, self._theta)
            table.write_scores(tokens.arrays, tokens.longest, scoring, scores)
            counts.keep(room.counts)

        return write
