"""Documents of n-grams counted in two bits each, as loops.

A byte has four counters, and the hash of an n-gram tells which one is its own, or that of several n-grams. So a counter
may be too high, and never is too low.
"""

from __future__ import annotations

from vikt.compiled.array_types import Bytes, Int32s, Int64Matrix, Int64s
from vikt.compiled.intrinsics import FORWARD, prefetch
from vikt.features.ngrams.table_kernels import BLOCK
from vikt.features.ngrams.token_kernels import NONE

# What a counter holds at most.
MOST_COUNTED = 3


def count_documents(hashes: Int64Matrix, edges: Int64s, seen: Int32s, counters: Bytes) -> None:
    """Count a document for each n-gram in it, `hashes` having a row for each length.

    `seen` is room for the tokens at which n-grams occurred. Where two contend for a place there, one that occurs again
    may be counted again.
    """
    for row in range(hashes.shape[0]):
        for document in range(len(edges) - 1):
            first, end = edges[document], edges[document + 1]
            for token in range(first, end):
                prefetch(counters, byte_of(hashes[row, token & FORWARD], counters))
            for token in range(first, end):
                value = hashes[row, token & FORWARD]
                if value == NONE:
                    continue
                slot = value & len(seen) - 1 & FORWARD
                before = seen[slot]
                seen[slot] = token
                is_earlier = (before >= first) & (before < token)
                earlier = before if is_earlier else first
                is_again = is_earlier & (hashes[row, earlier & FORWARD] == value)
                byte, shift = byte_of(value, counters), shift_of(value)
                count = counters[byte] >> shift & MOST_COUNTED
                is_counted = (count < MOST_COUNTED) & (1 - is_again)
                counters[byte] = counters[byte] + (is_counted << shift)


def add_counters(counters: Bytes, others: Bytes) -> None:
    """Add the counts of others."""
    for byte in range(len(counters)):
        both = 0
        for shift in range(0, 8, 2):
            count = (counters[byte] >> shift & MOST_COUNTED) + (others[byte] >> shift & MOST_COUNTED)
            both |= min(count, MOST_COUNTED) << shift
        counters[byte] = both


def hold_back(hashes: Int64s, fewest: int, counters: Bytes, ids: Int32s) -> None:
    """Put NONE in the place of ids of n-grams that are in fewer documents than `fewest`, MOST_COUNTED at most."""
    for first in range(0, len(hashes), BLOCK):
        end = min(first + BLOCK, len(hashes))
        for token in range(first, end):
            prefetch(counters, byte_of(hashes[token & FORWARD], counters))
        for token in range(first, end):
            value = hashes[token & FORWARD]
            count = counters[byte_of(value, counters)] >> shift_of(value) & MOST_COUNTED
            ids[token & FORWARD] = ids[token & FORWARD] if count >= fewest else NONE


def byte_of(value: int, counters: Bytes) -> int:
    """The byte that has the counter of a hash."""
    return value >> 2 & len(counters) - 1 & FORWARD


def shift_of(value: int) -> int:
    """The place of the counter in its byte."""
    return 2 * (value & 3)
