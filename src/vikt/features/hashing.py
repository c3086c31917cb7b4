"""N-grams hashed into a fixed number of buckets: no vocabulary to keep, and collisions, which are counted.

Training still learns the exact vocabulary, and so can tell how many n-grams share a bucket; then it forgets it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.compiled import compiled
from vikt.corpus.texts import Texts
from vikt.errors import DamagedModelError, UsageError
from vikt.features import kernels
from vikt.features.ngrams import Ngrams, Progress, sort_indices
from vikt.features.rows import Rows
from vikt.features.vocabulary import Vocabulary
from vikt.features.weighting import Weighting

FEWEST_BITS, MOST_BITS = 1, 30


class HashedNgrams(Ngrams):
    """N-grams by the bucket that a 63-bit hash of their units falls into.

    Parameters
    ----------
    bits : int
        There are 2^bits buckets; those that no training text fills cost nothing.

    Attributes
    ----------
    buckets : NDArray[np.int64]
        The bucket of each column.
    n_ngrams, n_collided : int
        Different n-grams in the training texts, and how many of them share their bucket with another.

    Examples
    --------
    >>> from vikt.features.weighting import WEIGHTINGS
    >>> hashed = HashedNgrams("word", (1, 1), WEIGHTINGS["counts"], bits=1)
    >>> rows = hashed.fit_transform(Texts.from_strings(["a b c d e f", "a"]))
    >>> rows.n_features, hashed.n_ngrams, hashed.n_collided
    (2, 6, 6)
    """

    def __init__(
        self, analyzer: str, ngrams: tuple[int, int], weighting: Weighting, *, bits: int, **options: Any
    ) -> None:
        if not FEWEST_BITS <= bits <= MOST_BITS:
            raise UsageError(f"hashing: expected {FEWEST_BITS} to {MOST_BITS} bits, found {bits}")
        super().__init__(analyzer, ngrams, weighting, **options)
        self.bits = bits
        self.buckets: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.n_ngrams, self.n_collided = 0, 0

    @property
    def n_columns(self) -> int:
        return len(self.buckets)

    def fit_transform(self, texts: Texts, progress: Progress | None = None) -> Rows:
        met, nodes, counts, indptr, frequency = self._met(texts, progress)
        own = met[frequency > 0]
        used, shared = np.unique(own, return_counts=True)
        self.n_ngrams, self.n_collided = len(own), int(shared[shared > 1].sum())
        indptr, indices, counts = self._folded(np.searchsorted(used, met), len(used), nodes, counts, indptr)
        in_texts = np.bincount(indices, minlength=len(used))
        columns = self._columns(Vocabulary.empty(), in_texts, len(texts))
        self.buckets, self.idf = used[columns], self.weighting.idf(in_texts[columns], len(texts))
        column_of = np.full(len(used), len(columns))
        column_of[columns] = np.arange(len(columns))
        indptr, indices, counts = self._folded(column_of, len(columns), indices, counts, indptr)
        return self._weighed(indptr, indices, counts)

    def transform(self, texts: Texts, progress: Progress | None = None) -> Rows:
        met, nodes, counts, indptr, _ = self._met(texts, progress)
        order = np.argsort(self.buckets)
        place = np.minimum(np.searchsorted(self.buckets[order], met), len(order) - 1)
        columns = np.where(self.buckets[order[place]] == met, order[place], len(order))
        return self._weighed(*self._folded(columns, len(order), nodes, counts, indptr))

    def _met(self, texts: Texts, progress: Progress | None = None) -> Any:
        """The bucket of each n-gram of these texts, and how often each row has it."""
        learning = Vocabulary.empty()
        nodes, counts, indptr, frequency = self._count(texts, learning, True, progress)
        return self._buckets_of(learning), nodes, counts, indptr, frequency

    def _buckets_of(self, vocabulary: Vocabulary) -> NDArray[np.int64]:
        hashes = np.empty(vocabulary.n_nodes, dtype=np.int64)
        compiled(kernels.__name__).hash_nodes(vocabulary.keys, vocabulary.hashes, vocabulary.n_nodes, hashes)
        return hashes & ((1 << self.bits) - 1)

    def _folded(self, column_of: Any, n_columns: int, nodes: Any, counts: Any, indptr: Any) -> Any:
        """Entries by column, equal ones added up, columns rising; a column of `n_columns` is none."""
        columns = column_of[nodes].astype(np.int32)
        ends, kept = np.zeros_like(indptr), columns < n_columns
        ends[1:] = np.cumsum(kept)[indptr[1:] - 1] if len(kept) else 0
        ends[1:][indptr[1:] == 0] = 0
        columns, counts = columns[kept], counts[kept]
        sort_indices(ends, columns, counts, n_columns)
        new_indptr = np.zeros_like(ends)
        compiled(kernels.__name__).merge_equal(ends, columns, counts, new_indptr)
        return new_indptr, columns[: new_indptr[-1]], counts[: new_indptr[-1]]

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
        learning = Vocabulary.empty()
        frequency = self._count(text, learning, True, None)[3]
        own = np.flatnonzero(frequency > 0)
        names = learning.names(self.analyzer.joiner, own)
        return dict(zip(names, self._buckets_of(learning)[own].tolist(), strict=True))

    def said(self) -> str:
        return (
            f"{self.n_ngrams:,} n-grams hashed into {1 << self.bits:,} buckets: {self.n_collided:,} share theirs "
            "with another"
        )

    def to_arrays(self) -> dict[str, Any]:
        return {"buckets": self.buckets, "idf": self.idf, "counted": np.array([self.n_ngrams, self.n_collided])}

    def restore(self, arrays: dict[str, Any]) -> None:
        self._restore_idf(arrays["idf"])
        self.buckets = arrays["buckets"]
        if self.buckets.dtype != np.int64 or self.buckets.shape != self.idf.shape:
            raise DamagedModelError(f"{len(self.buckets)} buckets for {len(self.idf)} features")
        self.n_ngrams, self.n_collided = arrays["counted"].tolist()
