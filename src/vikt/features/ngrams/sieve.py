"""Which n-grams are in few documents, told without a vocabulary: in memory that does not grow with the texts."""

from __future__ import annotations

from threading import Lock

import numpy as np

from vikt.arrays import Bools, Bytes
from vikt.compiled import compiled
from vikt.features.ngrams import sieve_kernels
from vikt.features.ngrams.hashing import hashes_of
from vikt.features.ngrams.sieve_kernels import MOST_COUNTED
from vikt.features.ngrams.token_kernels import NONE
from vikt.features.ngrams.tokens import Tokens

_N_COUNTERS = 1 << 28
_N_SEEN = 1 << 15


class Sieve:
    """Holds back n-grams that are in fewer than `fewest` documents; some rare ones pass, and no other is held back.

    All documents are counted first. Every n-gram is counted, whether or not n-grams of its length are wanted, so that
    one that passes starts and ends with shorter ones that would pass alone.
    """

    def __init__(self, longest: int, fewest: int) -> None:
        self._longest, self._fewest = longest, min(fewest, MOST_COUNTED)
        self._counters: Bytes = np.zeros(_N_COUNTERS // 4, dtype=np.uint8)
        self._kernels = compiled(sieve_kernels.__name__)
        self._counting = Lock()

    def count(self, tokens: Tokens) -> None:
        """Count the documents of a portion, on any thread."""
        hashes, seen = hashes_of(tokens, self._longest), np.empty(_N_SEEN, dtype=np.int32)
        with self._counting:
            self._kernels.count_documents(hashes, tokens.edges, seen, self._counters)

    def held_back(self, tokens: Tokens) -> Bools:
        """For each length from 1 and each token whether the n-gram that starts there is held back, or is none."""
        hashes = hashes_of(tokens, self._longest)
        self._kernels.drop_rare(hashes, self._fewest, self._counters)
        return np.equal(hashes, NONE)
