"""Which n-grams are in few documents, told without a vocabulary: in memory that does not grow with the texts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vikt.arrays import Bytes, Ids, Ints
from vikt.compiled import compiled
from vikt.features.ngrams import sieve_kernels
from vikt.features.ngrams.hashing import hashes_of
from vikt.features.ngrams.sieve_kernels import MOST_COUNTED
from vikt.features.ngrams.token_kernels import NONE, TokenArrays
from vikt.features.ngrams.tokens import Tokens

# The most memory that counters take, unless told otherwise.
MOST_BYTES = 1 << 27
_FEWEST_BYTES = 1 << 10
_COUNTERS_PER_BYTE = 4
_N_SEEN = 1 << 15


class Sieve:
    """Holds back n-grams that are in fewer than `fewest` documents; some rare ones pass, and no other is held back.

    All documents are counted first. Every n-gram is counted, whether or not n-grams of its length are wanted, so that
    one that passes starts and ends with shorter ones that would pass alone.

    Parameters
    ----------
    longest : int
        The most units of an n-gram.
    fewest : int
    n_bytes : int
        The memory of the counters, a power of two: the more, the fewer rare n-grams pass.
    """

    def __init__(self, longest: int, fewest: int, n_bytes: int) -> None:
        self._longest, self._fewest = longest, min(fewest, MOST_COUNTED)
        self._counters: Bytes = np.zeros(n_bytes, dtype=np.uint8)
        self._kernels = compiled(sieve_kernels.__name__)

    @classmethod
    def of(cls, longest: int, fewest: int, n_ngrams: float, most_bytes: int) -> Sieve:
        """A sieve for texts of `n_ngrams`, each counted as often as it occurs, in at most `most_bytes` of memory.

        It has a counter or two for each of them if memory allows. In 65 MB of reviews, 6 % of the rare n-grams of
        one and two words then pass, and 19 % of those of up to three, which are more. Each that passes takes as much
        memory on the way as some 280 counters.
        """
        wanted = max(int(n_ngrams) // _COUNTERS_PER_BYTE, _FEWEST_BYTES)
        return cls(longest, fewest, 1 << min((wanted - 1).bit_length(), most_bytes.bit_length() - 1))

    def __reduce__(self) -> tuple[type[Sieve], tuple[int, int, int], Bytes | None]:
        # One that has counted nothing yet is small.
        counters = self._counters if self._counters.any() else None
        return Sieve, (self._longest, self._fewest, len(self._counters)), counters

    def __setstate__(self, counters: Bytes) -> None:
        self._counters = counters

    def hashes(self, tokens: Tokens) -> Ints:
        """The hash of each n-gram of a portion, by which it is counted: a row for each length from 1."""
        return hashes_of(tokens, self._longest)

    def count(self, hashes: Ints, edges: Ints) -> None:
        """Count the n-grams of documents, whose tokens have these edges."""
        self._kernels.count_documents(hashes, edges, np.empty(_N_SEEN, dtype=np.int32), self._counters)

    def add(self, others: Sieve) -> None:
        """Count what another one of the same size has counted."""
        self._kernels.add_counters(self._counters, others._counters)

    def over(self, tokens: Tokens) -> Sift:
        """The sieve over a portion, after all are counted."""
        return Sift(self, tokens, self.hashes(tokens))

    def passed(self, hashes: Ints, ids: Ids) -> Ids:
        """The ids of n-grams with these hashes, NONE where one is held back."""
        passed = ids.copy()
        self._kernels.hold_back(hashes, self._fewest, self._counters, passed)
        return passed


class Sift(NamedTuple):
    """A sieve over the n-grams of a portion; `hashes` has a row for each length from 1."""

    sieve: Sieve
    tokens: Tokens
    hashes: Ints

    def units(self) -> TokenArrays:
        """The tokens, those that are held back being empty."""
        arrays, zeros = self.tokens.arrays, np.zeros(self.tokens.n, dtype=np.int32)
        is_held_back = self.sieve.passed(self.hashes[0], zeros) == NONE
        return arrays._replace(high=np.where(is_held_back, 0, arrays.high))

    def parents(self, parents: Ids, depth: int) -> Ids:
        """The n-gram at each token that is shorter by one, NONE where that of `depth` units is held back."""
        return self.sieve.passed(self.hashes[depth - 1], parents)
