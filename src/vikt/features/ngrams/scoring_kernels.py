"""From the keys of tokens to scores by records: all that a score needs of an n-gram lies in one cache line.

A record holds numbers of an n-gram, the last two its inverse document frequency and its weight θ, or its row of θ where
there are several classes. Record NOWHERE stands for n-grams that do not count; its numbers are zeros.

The records of a vocabulary also hold the keys: those of a unit; or the records of the first n - 1 units and of the last
one, and the length n. They are found by perfect hashing: the keys that share part of their hash share a number, the
pilot, which sends each of them to a record of its own. So a search reads one record, whether the n-gram is known or
not.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from vikt.compiled.array_types import (
    Bytes,
    Float64Matrix,
    Float64s,
    Int16s,
    Int32s,
    Int64Matrix,
    Int64s,
    RealMatrix,
)
from vikt.compiled.intrinsics import FORWARD, prefetch
from vikt.features.ngrams.hashing_kernels import hash_pair
from vikt.features.ngrams.table_kernels import SLOT_MASK, same_bytes
from vikt.features.ngrams.token_kernels import HASH_3, LONG, NONE, TokenArrays

NOWHERE = 0
AT_ONCE = 256  # tokens that are looked up together; a cache of 32 KB holds as many records of two lengths
PILOTS = 1 << 15  # of 16 bits with a sign
PILOT_SHIFT = 31  # the bits of a hash above these choose its pilot


class Lengths(NamedTuple):
    """The lengths of n-grams that count, first..last; those shorter than `shortest` only where they are whole."""

    first: int
    shortest: int
    last: int


class VocabularyRecords(NamedTuple):
    """The records of a vocabulary.

    Attributes
    ----------
    keys, numbers
        The same memory, as integers and as floats: rows of two keys and two numbers, one for NOWHERE before a power of
        two of others.
    pilots
        For each length of n-gram, a power of two of pilots.
    first_pilots
        Where those of each length start, and where the last ones end.
    units
        The unit in each record, where it is one.
    pool, pool_starts, pool_ends
        The bytes of a long unit u are pool[pool_starts[u]:pool_ends[u]].
    """

    keys: Int64Matrix
    numbers: Float64Matrix
    pilots: Int16s
    first_pilots: Int64s
    units: Int32s
    pool: Bytes
    pool_starts: Int64s
    pool_ends: Int64s


class BucketRecords(NamedTuple):
    """The records of hashed n-grams, two numbers each; for each bucket and for none the place of its record."""

    places: Int32s
    numbers: Float64Matrix


class SearchRoom(NamedTuple):
    """Arrays to work in: keys and hashes of a block; for each length, the record of the n-gram at each token."""

    low: Int64s
    high: Int64s
    hashes: Int64s
    places: Int64Matrix


class CountingRoom(NamedTuple):
    """Arrays to work in: a count for each record, zero before and after; records and weights of one document."""

    counts: Int32s
    places: Int64s
    weights: Float64s


class Scoring(NamedTuple):
    """What scores are made with beside records; see `row_kernels.Weighing`."""

    count_weights: Float64s
    normalised: bool
    room: CountingRoom
    theta: RealMatrix


class Chains(NamedTuple):
    """Keys by the pilot that they share: the first of each chain, the next after each key, and how long chains are."""

    firsts: Int32s
    nexts: Int32s
    sizes: Int32s


# Making records.


def place_of(value: int, pilot: int, mask: int) -> int:
    """The record of a hash by its pilot."""
    return 1 + (((value ^ pilot * HASH_3) & SLOT_MASK) * HASH_3 >> 24 & mask)


def chain_keys(low: Int64s, high: Int64s, hashes: Int64s, chains: Chains) -> None:
    """Hash keys, and chain those that share a pilot."""
    mask = len(chains.firsts) - 1
    for i in range(len(low)):
        hashes[i] = hash_pair(low[i], high[i])
        chain = hashes[i] >> PILOT_SHIFT & mask
        chains.nexts[i] = chains.firsts[chain]
        chains.firsts[chain] = i
        chains.sizes[chain] += 1


def place_keys(
    hashes: Int64s, chains: Chains, order: Int64s, first_pilot: int, pilots: Int16s, taken: Bytes, places: Int64s
) -> bool:
    """Choose a pilot for each chain, in this order; False where none sends all of its keys to records of their own."""
    for o in range(len(order)):
        first = chains.firsts[order[o]]
        pilot = 0
        while pilot < PILOTS and not place_chain(hashes, chains.nexts, first, pilot, taken, places):
            pilot += 1
        if pilot == PILOTS:
            return False
        pilots[first_pilot + order[o]] = pilot
    return True


def place_chain(hashes: Int64s, nexts: Int32s, first: int, pilot: int, taken: Bytes, places: Int64s) -> bool:
    """Take the records of a chain of keys by a pilot; none of them, unless all are free."""
    key = first
    while key != NONE:
        place = place_of(hashes[key], pilot, len(taken) - 2)
        if taken[place]:
            break
        taken[place] = 1
        places[key] = place
        key = nexts[key]
    if key == NONE:
        return True
    undone = first
    while undone != key:
        taken[places[undone]] = 0
        undone = nexts[undone]
    return False


# Searching.


def end_of_group(edges: Int64s, first: int) -> int:
    """The end of the documents from `first` on that are looked up together: one, and more while they are short."""
    last = first + 1
    while last < len(edges) - 1 and edges[last + 1] - edges[first] <= AT_ONCE:
        last += 1
    return last


def find_block(
    low: Int64s,
    high: Int64s,
    first: int,
    n: int,
    level: int,
    start: int,
    records: VocabularyRecords,
    counts: Int32s,
    room: SearchRoom,
) -> None:
    """The records of n keys from the `first` on, NOWHERE for unknown ones, as places from `start` on.

    Loops without branches prefetch all records before they need the first, and then all counts.
    """
    keys, hashes, places = records.keys, room.hashes, room.places
    mask = keys.shape[0] - 2
    first_pilot = records.first_pilots[level]
    pilot_mask = records.first_pilots[level + 1] - first_pilot - 1
    for i in range(n):
        hashes[i] = hash_pair(low[first + i & FORWARD], high[first + i & FORWARD])
    for i in range(n):
        value = hashes[i]
        place = place_of(value, records.pilots[first_pilot + (value >> PILOT_SHIFT & pilot_mask) & FORWARD], mask)
        prefetch(keys, place)
        places[level, start + i & FORWARD] = place
    for i in range(n):
        place = places[level, start + i & FORWARD] & FORWARD
        is_known = (keys[place, 0] == low[first + i & FORWARD]) & (keys[place, 1] == high[first + i & FORWARD])
        place = place if is_known else NOWHERE
        prefetch(counts, place)
        places[level, start + i & FORWARD] = place


def find_units(
    tokens: TokenArrays, first: int, n: int, records: VocabularyRecords, counts: Int32s, room: SearchRoom
) -> None:
    """The records of the n tokens from the `first` on."""
    places = room.places
    for start in range(0, n, AT_ONCE):
        n_here = min(AT_ONCE, n - start)
        find_block(tokens.low, tokens.high, first + start, n_here, 0, start, records, counts, room)
    for i in range(n):
        token = first + i
        if tokens.high[token] >> 56 == LONG and places[0, i] != NOWHERE:
            unit = records.units[places[0, i]]
            start, end = records.pool_starts[unit], records.pool_ends[unit]
            if not same_bytes(tokens.text, tokens.starts[token], tokens.ends[token], records.pool, start, end):
                places[0, i] = NOWHERE


def find_longer(n: int, level: int, records: VocabularyRecords, counts: Int32s, room: SearchRoom) -> None:
    """The records of the n-grams of level + 1 units at each of n tokens."""
    places = room.places
    for start in range(0, n, AT_ONCE):
        n_here = min(AT_ONCE, n - start)
        for i in range(n_here):
            token = start + i & FORWARD
            room.low[i] = places[level - 1, token] << 32 | places[0, token + level]
            room.high[i] = level
        find_block(room.low, room.high, 0, n_here, level, start, records, counts, room)


def drop_parts(n: int, level: int, places: Int64Matrix) -> None:
    """Keep only those of the n-grams of level + 1 units that are whole words or documents."""
    for i in range(n):
        starts = i == 0 or places[0, i - 1] == NOWHERE
        ends = places[0, i + level + 1] == NOWHERE
        places[level, i] = places[level, i] if starts and ends else NOWHERE


def find_buckets(
    tokens: TokenArrays,
    first: int,
    n: int,
    lengths: Lengths,
    buckets: BucketRecords,
    counts: Int32s,
    places: Int64Matrix,
) -> None:
    """The records of the hashed n-grams at the n tokens from the `first` on."""
    for i in range(n):
        low, high = tokens.low[first + i & FORWARD], tokens.high[first + i & FORWARD]
        places[0, i] = NONE if high == 0 else hash_pair(low, high)
    for level in range(lengths.last + 1):
        places[0, n + level] = NONE
    for level in range(1, lengths.last):
        for i in range(n):
            shorter, unit = places[level - 1, i], places[0, i + level & FORWARD]
            places[level, i] = NONE if (shorter == NONE) | (unit == NONE) else hash_pair(shorter, unit)
    n_buckets = len(buckets.places) - 1
    for level in range(lengths.first - 1, lengths.last):
        for i in range(n):
            value = places[level, i]
            bucket = n_buckets if value == NONE else value & n_buckets - 1
            prefetch(buckets.places, bucket)
            places[level, i] = bucket
        for i in range(n):
            place = buckets.places[places[level, i] & FORWARD]
            prefetch(buckets.numbers, place)
            prefetch(counts, place)
            places[level, i] = place


def score_ngrams(
    tokens: TokenArrays,
    lengths: Lengths,
    records: VocabularyRecords,
    search: SearchRoom,
    scoring: Scoring,
    scores: Float64Matrix,
) -> None:
    """What the n-grams of a vocabulary add to the scores of each document, group by group of documents."""
    edges, places, counts = tokens.edges, search.places, scoring.room.counts
    first = 0
    while first < len(edges) - 1:
        last = end_of_group(edges, first)
        n = edges[last] - edges[first]
        for level in range(lengths.last + 1):
            places[0, n + level] = NOWHERE
        find_units(tokens, edges[first], n, records, counts, search)
        for level in range(1, lengths.last):
            find_longer(n, level, records, counts, search)
        for level in range(lengths.first - 1, lengths.shortest - 1):
            drop_parts(n, level, places)
        score_group(edges, first, last, lengths, places, records.numbers, scoring, scores)
        first = last


def score_buckets(
    tokens: TokenArrays,
    lengths: Lengths,
    buckets: BucketRecords,
    places: Int64Matrix,
    scoring: Scoring,
    scores: Float64Matrix,
) -> None:
    """What hashed n-grams add to the scores of each document."""
    edges = tokens.edges
    first = 0
    while first < len(edges) - 1:
        last = end_of_group(edges, first)
        n = edges[last] - edges[first]
        find_buckets(tokens, edges[first], n, lengths, buckets, scoring.room.counts, places)
        score_group(edges, first, last, lengths, places, buckets.numbers, scoring, scores)
        first = last


# Counting and scoring.


def score_group(
    edges: Int64s,
    first: int,
    last: int,
    lengths: Lengths,
    places: Int64Matrix,
    numbers: Float64Matrix,
    scoring: Scoring,
    scores: Float64Matrix,
) -> None:
    """Write the scores of documents first..last, whose records were looked up together."""
    for d in range(first, last):
        start, end = edges[d] - edges[first], edges[d + 1] - edges[first]
        n = count_places(places, lengths, start, end, scoring.room)
        score_document(numbers, n, scoring, scores, d)


def count_places(places: Int64Matrix, lengths: Lengths, start: int, end: int, room: CountingRoom) -> int:
    """Count the records of a document, and keep one of each in the order in which they come. Returns how many."""
    counts, kept = room.counts, room.places
    n = 0
    for level in range(lengths.first - 1, lengths.last):
        for i in range(start, end):
            place = places[level, i & FORWARD] & FORWARD
            before = counts[place]
            kept[n & FORWARD] = place
            n += (before == 0) & (place != NOWHERE)
            counts[place] = before + 1
    counts[NOWHERE] = 0
    return n


def score_document(numbers: Float64Matrix, n: int, scoring: Scoring, scores: Float64Matrix, document: int) -> None:
    """Write the scores of a document by the n records that were counted; see `row_scoring_kernels.score_rows`."""
    counts, places, weights = scoring.room
    count_weights, theta = scoring.count_weights, scoring.theta
    idf = numbers.shape[1] - 2
    total = 0.0
    score = 0.0
    for j in range(n):
        place = places[j] & FORWARD
        weight = count_weights[counts[place] & FORWARD] * numbers[place, idf]
        total += weight * weight
        score += weight * numbers[place, idf + 1]
        weights[j] = weight
        counts[place] = 0
    scale = 1.0 / math.sqrt(total) if scoring.normalised and total > 0 else 1.0
    if scores.shape[1] == 1:
        scores[document, 0] = score * scale
        return
    for k in range(scores.shape[1]):
        scores[document, k] = 0.0
    for j in range(n):
        row = int(numbers[places[j] & FORWARD, idf + 1]) & FORWARD
        weight = weights[j] * scale
        for k in range(scores.shape[1]):
            scores[document, k] += weight * theta[row, k]
