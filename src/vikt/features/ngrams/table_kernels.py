"""Keys of tokens to units and n-grams, looked up in hash tables.

The vocabulary has a table for each length of n-gram. Its keys are exact, however long the n-gram is: the id of the
first n - 1 units, and the id of the last unit. Tables use open addressing; `slots` holds ids, NONE where empty, in
PARTS regions, each for a part of all hashes.
"""

from __future__ import annotations

from typing import NamedTuple

from vikt.compiled.array_types import Bytes, Int32s, Int64s
from vikt.compiled.intrinsics import FORWARD, prefetch
from vikt.features.ngrams.token_kernels import HASH_1, HASH_2, HASH_3, HASH_4, LONG, LOW_MASK, NONE

UNSURE = -2
HALF = 28
HALF_MASK = 0xFFFFFFF
SLOT_MASK = 0x7FFFFFFF

PARTS = 8
PART_BITS = 3

BLOCK = 256  # tokens that look up their places in memory together; a cache of 32 KB holds as many lines


def hash_unit(low: int, high: int) -> int:
    """31 bits, of which the first three are the part and the last ones the slot."""
    value = (low & HALF_MASK) * HASH_1 + (low >> HALF) * HASH_2 + (high & HALF_MASK) * HASH_3 + (high >> HALF) * HASH_4
    return last_bits(value)


def hash_node(key: int) -> int:
    return last_bits((key & LOW_MASK) * HASH_1 + (key >> 32) * HASH_2)


def last_bits(value: int) -> int:
    """31 bits that depend on every bit of a sum of products, as its upper bits alone do not."""
    return ((value ^ value >> 31) & SLOT_MASK) * HASH_3 >> 24 & SLOT_MASK


def part_of(value: int) -> int:
    return value >> 31 - PART_BITS


def first_slot(value: int, region: int) -> int:
    """The slot at which the search for a hash starts, in its part of `region` slots."""
    return part_of(value) * region + (value & region - 1)


def node_key(parent: int, unit: int) -> int:
    """The key of an n-gram; NONE where one of its parts is."""
    return parent << 32 | unit if (parent != NONE) & (unit != NONE) else NONE


def is_whole(units: Int32s, token: int, depth: int) -> bool:
    """Whether the n-gram of `depth` units at a token is a whole word or document."""
    before = NONE if token == 0 else units[token - 1]
    return bool(before == NONE and units[token + depth] == NONE)


class Search(NamedTuple):
    """A block of tokens that are looked up together: those not settled yet, and the slot at which each has arrived."""

    tokens: Int64s
    slots: Int64s


def find_units(
    low: Int64s,
    high: Int64s,
    n: int,
    slots: Int32s,
    unit_low: Int64s,
    unit_high: Int64s,
    search: Search,
    units: Int32s,
) -> None:
    """The unit of each token, NONE where there is none, and UNSURE where bytes must be compared too.

    A block of tokens goes from slot to slot by loops without branches, which prefetch all slots, and then all keys,
    before they need the first; after each slot, most tokens are settled.
    """
    if len(unit_low) == 0:
        for token in range(n):
            units[token] = NONE
        return
    region = len(slots) >> PART_BITS
    for first in range(0, n, BLOCK):
        left = min(BLOCK, n - first)
        for i in range(left):
            token = first + i & FORWARD
            value = hash_unit(low[token], high[token])
            search.tokens[i] = token
            search.slots[i] = first_slot(value, region)
        while left > 0:
            for i in range(left):
                prefetch(slots, search.slots[i])
            for i in range(left):
                unit = slots[search.slots[i] & FORWARD]
                units[search.tokens[i] & FORWARD] = unit
                prefetch(unit_low, max(unit, 0))
                prefetch(unit_high, max(unit, 0))
            n_left = 0
            for i in range(left):
                token = search.tokens[i] & FORWARD
                slot = search.slots[i]
                unit = units[token]
                place = max(unit, 0)
                same = (unit_low[place] == low[token]) & (unit_high[place] == high[token])
                found = UNSURE if high[token] >> 56 == LONG else unit
                units[token] = NONE if (unit == NONE) | (high[token] == 0) else found
                search.tokens[n_left & FORWARD] = token
                search.slots[n_left & FORWARD] = next_slot(slot, region)
                n_left += 1 - ((unit == NONE) | same | (high[token] == 0))
            left = n_left


def next_slot(slot: int, region: int) -> int:
    """The slot after another in its part."""
    return slot & -region | slot + 1 & region - 1


def compare_units(
    low: Int64s,
    high: Int64s,
    text: Bytes,
    starts: Int64s,
    ends: Int64s,
    n: int,
    slots: Int32s,
    unit_low: Int64s,
    unit_high: Int64s,
    pool: Bytes,
    pool_starts: Int64s,
    pool_ends: Int64s,
    units: Int32s,
) -> None:
    """Find the units that find_units left UNSURE, NONE for those that are unknown. Nothing of the table is written."""
    for token in range(n):
        token &= FORWARD
        if units[token] != UNSURE:
            continue
        slot = slot_of_unit(
            low[token], high[token], text, starts[token], ends[token], slots, unit_low, unit_high, pool, pool_starts,
            pool_ends,
        )  # fmt: skip
        units[token] = slots[slot]


def slot_of_unit(
    a: int,
    b: int,
    text: Bytes,
    start: int,
    end: int,
    slots: Int32s,
    unit_low: Int64s,
    unit_high: Int64s,
    pool: Bytes,
    pool_starts: Int64s,
    pool_ends: Int64s,
) -> int:
    """The slot of the unit with the key (a, b), spelled text[start:end]; the empty slot for it, if it is unknown."""
    region = len(slots) >> PART_BITS
    value = hash_unit(a, b)
    slot = first_slot(value, region)
    while True:
        unit = slots[slot]
        if unit == NONE or (
            unit_low[unit] == a
            and unit_high[unit] == b
            and (b >> 56 < LONG or same_bytes(text, start, end, pool, pool_starts[unit], pool_ends[unit]))
        ):
            return slot
        slot = next_slot(slot, region)


def same_bytes(text: Bytes, start: int, end: int, pool: Bytes, pool_start: int, pool_end: int) -> bool:
    if end - start != pool_end - pool_start:
        return False
    for i in range(end - start):
        if text[start + i] != pool[pool_start + i]:
            return False
    return True


def find_nodes(
    parents: Int32s,
    units: Int32s,
    depth: int,
    n: int,
    slots: Int32s,
    keys: Int64s,
    search: Search,
    wanted: Int64s,
    nodes: Int32s,
) -> None:
    """The n-gram of `depth` units at each token, as in find_units; `parents` has the n-grams that are shorter by one.

    `wanted` is room for their keys, NONE where there is no n-gram.
    """
    region = len(slots) >> PART_BITS
    n_whole = max(n - depth + 1, 0) if len(keys) > 0 else 0
    for token in range(n_whole, n):
        nodes[token] = NONE
    for first in range(0, n_whole, BLOCK):
        left = min(BLOCK, n_whole - first)
        for i in range(left):
            token = first + i & FORWARD
            key = node_key(parents[token], units[token + depth - 1])
            wanted[token] = key
            value = hash_node(max(key, 0))
            search.tokens[i] = token
            search.slots[i] = first_slot(value, region)
        while left > 0:
            for i in range(left):
                prefetch(slots, search.slots[i])
            for i in range(left):
                node = slots[search.slots[i] & FORWARD]
                nodes[search.tokens[i] & FORWARD] = node
                prefetch(keys, max(node, 0))
            n_left = 0
            for i in range(left):
                token = search.tokens[i] & FORWARD
                slot = search.slots[i]
                node = nodes[token]
                key = wanted[token]
                nodes[token] = NONE if key == NONE else node
                search.tokens[n_left & FORWARD] = token
                search.slots[n_left & FORWARD] = next_slot(slot, region)
                n_left += 1 - ((node == NONE) | (key == NONE) | (keys[max(node, 0)] == key))
            left = n_left


def only_whole(units: Int32s, nodes: Int32s, depth: int, n: int, whole: Int32s) -> None:
    """The n-grams that are whole words or documents; NONE for others."""
    for token in range(n):
        whole[token] = nodes[token] if nodes[token] != NONE and is_whole(units, token, depth) else NONE
