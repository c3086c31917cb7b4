"""N-grams hashed into a fixed number of buckets: no vocabulary to keep, and collisions, which are counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vikt.arrays import Floats, Ids, Ints, distinct
from vikt.compiled import kernels_for
from vikt.errors import DamagedModelError
from vikt.features.ngrams import hashing_kernels
from vikt.features.ngrams.records import HashedTable
from vikt.features.ngrams.token_kernels import NONE
from vikt.features.ngrams.tokens import Tokens
from vikt.features.ngrams.vocabulary_spec import BucketSpec


class Buckets:
    """The ids of hashed n-grams: an id is a bucket, whatever the length of the n-gram.

    `n_shared` counts the buckets of several n-grams of the training texts.
    """

    def __init__(self, lengths: range, bits: int, n_shared: int = 0) -> None:
        self.lengths, self.bits, self.n_shared = lengths, bits, n_shared

    @property
    def n_buckets(self) -> int:
        return 1 << self.bits

    @property
    def spaces(self) -> list[slice]:
        """One space for all lengths."""
        return [slice(0, len(self.lengths))]

    def ids(self, tokens: Tokens) -> Ids:
        """For each length and each token the bucket of the n-gram that starts there, NONE if there is none."""
        hashes = self.hashes(tokens)
        buckets = np.empty(hashes.shape, dtype=np.int32)
        kernels_for(hashing_kernels.__name__).buckets_of(hashes, self.n_buckets - 1, buckets)
        return buckets

    def hashes(self, tokens: Tokens) -> Ints:
        """For each length and each token the hash of the n-gram that starts there, NONE if there is none."""
        return hashes_of(tokens, self.lengths.stop - 1)[self.lengths.start - 1 :]

    def alphabetical(self, ids: list[Ints]) -> Ints:
        """The order of their numbers, since buckets have no other names."""
        return np.argsort(ids[0])

    def kept(self, ids: list[Ints]) -> tuple[Buckets, list[Ints | slice]]:
        """The same buckets, which keep their numbers."""
        # Which are shared is not known, so those that are left out may be any.
        return Buckets(self.lengths, self.bits, min(self.n_shared, len(ids[0]))), [slice(None)]

    def ids_in(self, other: Buckets) -> list[Ints]:
        """The same buckets."""
        return [np.arange(self.n_buckets)]

    def names(self, space: int, ids: Ints, joiner: str) -> list[str]:
        return [f"#{bucket}" for bucket in ids.tolist()]

    def record_table(self, columns: Sequence[Ids], numbers: Floats) -> HashedTable:
        """Records of two numbers of each column: (n, 2)."""
        return HashedTable(self.lengths, columns[0], numbers)

    def spec(self, columns: Sequence[Ids]) -> BucketSpec:
        used = np.flatnonzero(columns[0] != NONE)
        buckets = np.empty(len(used), dtype=np.int64)
        buckets[columns[0][used]] = used
        return BucketSpec(self.bits, buckets, self.n_shared)

    @classmethod
    def of_spec(cls, spec: BucketSpec, lengths: range, n_columns: int) -> tuple[Buckets, Ids]:
        """Buckets, and the column of each. Raises DamagedModelError unless there are n_columns different buckets."""
        buckets = spec.buckets
        if buckets.dtype != np.int64 or buckets.shape != (n_columns,):
            raise DamagedModelError(f"{len(buckets)} buckets for {n_columns} features")
        if len(distinct(buckets)) != len(buckets) or np.any(buckets < 0) or np.any(buckets >> spec.bits):
            raise DamagedModelError(f"buckets that are not different ones of {1 << spec.bits}")
        columns = np.full(1 << spec.bits, NONE, dtype=np.int32)
        columns[buckets] = np.arange(len(buckets))
        return cls(lengths, spec.bits, spec.n_shared), columns


def hashes_of(tokens: Tokens, longest: int) -> Ints:
    """For each length from 1 and each token the hash of the n-gram that starts there, NONE if there is none."""
    hashes = np.empty((longest, tokens.n), dtype=np.int64)
    work = kernels_for(hashing_kernels.__name__)
    work.unit_hashes(tokens.low, tokens.high, tokens.n, hashes[0])
    for depth in range(2, longest + 1):
        work.ngram_hashes(hashes[depth - 2], hashes[0], depth, tokens.n, hashes[depth - 1])
    return hashes
