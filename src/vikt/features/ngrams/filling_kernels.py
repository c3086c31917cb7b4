"""Filling the hash tables in which `table_kernels` looks n-grams up."""

from __future__ import annotations

from vikt.compiled.array_types import Bytes, Int32s, Int64s
from vikt.features.ngrams.table_kernels import PART_BITS, first_slot, hash_node, hash_unit, next_slot
from vikt.features.ngrams.token_kernels import NONE


def fill_with_units(low: Int64s, high: Int64s, slots: Int32s) -> bool:
    """Put units into empty slots; False if a part has no room."""
    for unit in range(len(low)):
        if not put(hash_unit(low[unit], high[unit]), unit, slots):
            return False
    return True


def fill_with_nodes(keys: Int64s, slots: Int32s) -> bool:
    """Put n-grams into empty slots; False if a part has no room."""
    for node in range(len(keys)):
        if not put(hash_node(keys[node]), node, slots):
            return False
    return True


def put(value: int, number: int, slots: Int32s) -> bool:
    region = len(slots) >> PART_BITS
    slot = first_slot(value, region)
    for _ in range(region):
        if slots[slot] == NONE:
            slots[slot] = number
            return True
        slot = next_slot(slot, region)
    return False


def copy_bytes(text: Bytes, starts: Int64s, ends: Int64s, pool: Bytes) -> None:
    """The bytes of all tokens, one after the other."""
    place = 0
    for token in range(len(starts)):
        copy_to(pool, place, text, starts[token], ends[token] - starts[token])
        place += ends[token] - starts[token]


def copy_to(target: Bytes, place: int, source: Bytes, start: int, n: int) -> None:
    for i in range(n):
        target[place + i] = source[start + i]
