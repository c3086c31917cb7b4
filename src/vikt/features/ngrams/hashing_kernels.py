"""Keys of tokens to hashed n-grams and their buckets, as loops."""

from __future__ import annotations

from vikt.compiled.array_types import Int32Matrix, Int64Matrix, Int64s
from vikt.features.ngrams.token_kernels import NONE, mix


def unit_hashes(low: Int64s, high: Int64s, n: int, hashes: Int64s) -> None:
    """A hash of each token; NONE where it is empty."""
    for token in range(n):
        hashes[token] = NONE if high[token] == 0 else hash_pair(low[token], high[token])


def ngram_hashes(parents: Int64s, units: Int64s, depth: int, n: int, hashes: Int64s) -> None:
    """The hash of the n-gram of `depth` units at each token; `parents` has those of n-grams shorter by one."""
    for token in range(n):
        unit = NONE
        if parents[token] != NONE:
            unit = units[token + depth - 1]
        hashes[token] = NONE if unit == NONE else hash_pair(parents[token], unit)


def hash_pair(one: int, other: int) -> int:
    """A number of 61 bits that depends on all bits of two, of at most 63 and 61."""
    return mix(mix(one) ^ other)


def buckets_of(hashes: Int64Matrix, mask: int, buckets: Int32Matrix) -> None:
    for row in range(hashes.shape[0]):
        for token in range(hashes.shape[1]):
            buckets[row, token] = NONE if hashes[row, token] == NONE else hashes[row, token] & mask
