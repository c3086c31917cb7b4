"""N-grams hashed into a fixed number of buckets: no vocabulary to keep, and collisions, which are counted."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Ids, Ints
from vikt.corpus.texts import Texts
from vikt.errors import DamagedModelError, UsageError
from vikt.features.ngrams import kernels
from vikt.features.ngrams.ngrams import Met, Ngrams
from vikt.features.ngrams.tokens import Tokens
from vikt.features.ngrams.vocabulary import Vocabulary, parts_of_threads
from vikt.features.ngrams.weighting import Weighting
from vikt.threads import Run

FEWEST_BITS, MOST_BITS = 1, 28


class Buckets:
    """Where the ids of hashed n-grams come from: an id is a bucket, whatever the length of the n-gram.

    Attributes
    ----------
    met : NDArray[np.int32]
        By bucket, while learning: 0 where no n-gram fell into it; else a mark of the first, odd where another came.
    """

    def __init__(self, lengths: range, bits: int) -> None:
        self.lengths, self.mask = lengths, (1 << bits) - 1
        self.met: NDArray[np.int32] = np.zeros(0, dtype=np.int32)

    @property
    def rooms(self) -> list[int]:
        return [self.mask + 1]

    @property
    def groups(self) -> list[slice]:
        return [slice(0, len(self.lengths))]

    def ids(self, tokens: Tokens) -> Ids:
        """For each length that counts, and each token, the bucket of the n-gram that begins there."""
        return self._buckets(tokens, self._hashes(tokens))

    def learn(self, batch: list[Tokens], run: Run, threads: int) -> list[Ids]:
        """The same of several portions, remembering what was met; each thread looks after parts of the buckets."""
        if not len(self.met):
            self.met = np.zeros(self.mask + 1, dtype=np.int32)
        hashes = list(run(self._hashes, batch))

        def meet(parts: tuple[int, int]) -> None:
            for tokens, own in zip(batch, hashes, strict=True):
                tokens.kernels.meet(own, self.mask, *parts, self.met)

        list(run(meet, parts_of_threads(threads)))
        return [self._buckets(tokens, own) for tokens, own in zip(batch, hashes, strict=True)]

    def _hashes(self, tokens: Tokens) -> Ints:
        hashes = np.empty((self.lengths.stop - 1, tokens.n), dtype=np.int64)
        tokens.kernels.unit_hashes(tokens.low, tokens.high, tokens.n, hashes[0])
        for depth in range(2, self.lengths.stop):
            tokens.kernels.ngram_hashes(hashes[depth - 2], hashes[0], depth, tokens.n, hashes[depth - 1])
        return hashes[self.lengths.start - 1 :]

    def _buckets(self, tokens: Tokens, hashes: Ints) -> Ids:
        buckets = np.empty(hashes.shape, dtype=np.int32)
        tokens.kernels.buckets_of(hashes, self.mask, buckets)
        return buckets

    def alphabetical(self, ids: list[Ints]) -> Ints:
        """Buckets have no names to go by but their numbers."""
        return np.argsort(ids[0])

    def kept(self, ids: list[Ints]) -> tuple[Buckets, list[slice]]:
        """Itself: buckets keep their numbers."""
        return self, [slice(None)]


class HashedNgrams(Ngrams):
    """N-grams by the bucket that a hash of their units falls into.

    Parameters
    ----------
    bits : int
        There are 2^bits buckets; those that no training text fills cost nothing.

    Attributes
    ----------
    n_shared : int
        How many buckets several different n-grams of the training texts fell into.

    Examples
    --------
    >>> from vikt.features.ngrams.weighting import WEIGHTINGS
    >>> hashed = HashedNgrams("word", (1, 1), WEIGHTINGS["counts"], bits=1)
    >>> rows = hashed.fit_transform(Texts.from_strings(["a b c d e f", "a"]))
    >>> rows.n_features, hashed.n_shared
    (2, 2)
    """

    def __init__(
        self, analyzer: str, ngrams: tuple[int, int], weighting: Weighting, *, bits: int, **options: Any
    ) -> None:
        if not FEWEST_BITS <= bits <= MOST_BITS:
            raise UsageError(f"hashing: expected {FEWEST_BITS} to {MOST_BITS} bits, found {bits}")
        self.bits, self.n_shared = bits, 0
        super().__init__(analyzer, ngrams, weighting, **options)

    def _new_source(self) -> Buckets:
        return Buckets(self._lengths, self.bits)

    @property
    def buckets(self) -> Ints:
        """The bucket of each column."""
        used = np.flatnonzero(self.columns[0] != kernels.NONE)
        buckets = np.empty(len(used), dtype=np.int64)
        buckets[self.columns[0][used]] = used
        return buckets

    def fit_transform(self, texts: Texts, progress: Any = None) -> Any:
        rows = super().fit_transform(texts, progress)
        self.n_shared = int(np.count_nonzero(self.source.met & 1))
        self.source.met = self.source.met[:0]
        return rows

    def _is_met(self, met: list[Met], source: Any) -> list[Ints]:
        return [(source.met != 0).astype(np.int64)]

    def names(self, columns: Any = None) -> list[str]:
        wanted = self.buckets if columns is None else self.buckets[np.asarray(columns, dtype=np.int64)]
        return [f"#{bucket}" for bucket in wanted.tolist()]

    def occurrences(self, text: Texts) -> list[tuple[str, list[tuple[int, int]]]]:
        bucket_of = self._bucket_of_each(text)
        return [(f"#{bucket_of[name]}", spans) for name, spans in super().occurrences(text) if name in bucket_of]

    def spellings(self, text: Texts) -> dict[str, str]:
        """The n-grams of a text behind the names of its buckets."""
        found = defaultdict(list)
        for name, bucket in self._bucket_of_each(text).items():
            found[f"#{bucket}"].append(name)
        return {bucket: " | ".join(names) for bucket, names in found.items()}

    def _bucket_of_each(self, text: Texts) -> dict[str, int]:
        """The n-grams of the first text and their buckets, by learning it beside."""
        tokens = self._tokens(self.tokeniser.portions(text), (0, 1))
        beside = Vocabulary(self._lengths, self.ngrams[0])
        [ids] = beside.learn([tokens], map, 1)
        bucket_of: dict[str, int] = {}
        for length, own, buckets in zip(self._lengths, ids, self.source.ids(tokens), strict=True):
            known, places = np.unique(own, return_index=True)
            known, places = known[known != kernels.NONE], places[known != kernels.NONE]
            names = beside.names(length, known.astype(np.int64), self.analyzer.joiner)
            bucket_of |= dict(zip(names, buckets[places].tolist(), strict=True))
        return bucket_of

    def said(self) -> str:
        return (
            f"n-grams hashed into {self.n_columns:,} of {1 << self.bits:,} buckets; several different ones share "
            f"{self.n_shared:,} of them"
        )

    def to_arrays(self) -> dict[str, Any]:
        return {"buckets": self.buckets, "idf": self.idf, "shared": np.array([self.n_shared])}

    def restore(self, arrays: dict[str, Any]) -> None:
        self._restore_idf(arrays["idf"])
        buckets = arrays["buckets"]
        if buckets.dtype != np.int64 or buckets.shape != self.idf.shape:
            raise DamagedModelError(f"{len(buckets)} buckets for {len(self.idf)} features")
        if len(np.unique(buckets)) != len(buckets) or np.any(buckets < 0) or np.any(buckets >> self.bits):
            raise DamagedModelError(f"buckets that are not different ones of {1 << self.bits}")
        shared = arrays["shared"]
        if shared.dtype != np.int64 or shared.shape != (1,) or not 0 <= shared[0] <= 1 << self.bits:
            raise DamagedModelError(f"{shared} is no number of buckets")
        self.n_shared = int(shared[0])
        columns = np.full(1 << self.bits, kernels.NONE, dtype=np.int32)
        columns[buckets] = np.arange(len(buckets))
        self._look_up([columns])
