"""Text to features, as loops over bytes: tokens, their keys, n-grams, counts, weights, scores.

Every token has a key of two numbers. The bytes of a token of up to 14 ARE its key; a longer one is hashed, and compared
byte by byte. The vocabulary has a hash table for each length of n-gram. Its keys are exact, however long the n-gram is:
the id of the first n - 1 units, and the id of the last unit. Tables use open addressing; `slots` holds ids, NONE where
empty, in PARTS regions, each for a part of all hashes.

The last token of each document is empty and has the id NONE, so that no n-gram crosses documents.

All integers are signed 64-bit, and hashing multiplies numbers of at most 32 and 30 bits, so that no product overflows
and both ways of running agree.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from vikt.compiled.array_types import (
    Bytes,
    Float64Matrix,
    Float64s,
    Int16s,
    Int32Matrix,
    Int32s,
    Int64Matrix,
    Int64s,
    RealMatrix,
    Reals,
)
from vikt.compiled.intrinsics import prefetch, word_at

SEPARATES = 0  # ends a token and is in none
WORD = 1  # joins its neighbours of the same class
SYMBOL = 2  # starts a token of its own
EXTENDS = 3  # belongs to the token before it, or starts a word
SINGLE = 4  # starts a token of its own: a letter of a script without spaces
PICTOGRAPH = 5  # a symbol that a joiner after another pictograph joins to that
MODIFIER = 6  # a skin tone: belongs to the symbol before it, or is one
JOINER = 7  # extends, and joins pictographs
REGIONAL = 8  # half a flag: two are a symbol
TAG = 9  # belongs to the symbol before it, or separates
KEYCAP = 10  # belongs to the token before it, even a word, which it ends

# What a class of characters does: one byte per state, which holds
OPENS = 0  # a bit: whether a token starts here; it counts once it ends
CLOSES = 1  # a bit: whether one ended before this character
NEXT = 0x38  # the next state, as the place of its own byte: 0, 8 or up to 56

NONE = -1
UNSURE = -2
LONG = 15  # tokens of this many bytes or more are hashed
PADDING = 16  # spaces after all texts
FORWARD = 0x7FFFFFFFFFFFFFFF  # a mask that changes no index, and shows the compiler that none is negative
SEVEN_BYTES = 0xFFFFFFFFFFFFFF
HALF = 28
HALF_MASK = 0xFFFFFFF
LOW_MASK = 0xFFFFFFFF
SLOT_MASK = 0x7FFFFFFF
HASH_1, HASH_2, HASH_3, HASH_4 = 0x278DDE6D, 0x2545F491, 0x1B873593, 0x3C6EF36F  # of 30 bits, and odd

PARTS = 8
PART_BITS = 3

BLOCK = 256  # tokens that look up their places in memory together; a cache of 32 KB holds as many lines
FEW = 16  # up to this many numbers, insertion sort is faster
WIDEST = 10  # bits of a digit when sorting


def decode(text: Bytes, i: int) -> tuple[int, int]:
    """The code point at byte i, and the place of the next one."""
    lead = text[i]
    if lead < 0x80:
        return int(lead), i + 1
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | (text[i + 1] & 0x3F), i + 2
    if lead < 0xF0:
        return (lead & 0x0F) << 12 | (text[i + 1] & 0x3F) << 6 | (text[i + 2] & 0x3F), i + 3
    return (
        (lead & 0x07) << 18 | (text[i + 1] & 0x3F) << 12 | (text[i + 2] & 0x3F) << 6 | (text[i + 3] & 0x3F),
        i + 4,
    )


# Normalising: flags of a character in NFC, and above them its combining class, by which marks are ordered.
LEADS = 1  # may combine with a mark after it
FOLLOWS = 2  # may combine with a letter before it
CLASS_SHIFT = 2


def lower_ascii(text: Bytes) -> None:
    for i in range(len(text)):
        byte = text[i & FORWARD]
        text[i & FORWARD] = byte + 32 if 65 <= byte <= 90 else byte


def lower_in_place(text: Bytes, offsets: Int64s, lower_of: Int32s, joining_of: Int16s, undone: Bytes) -> None:
    """Lower-case what is not ASCII; undone[d] is 1 where text d needs more than that, and is left half done.

    Such a text has a character whose entry in a table is NONE, or may not be in NFC.
    """
    for document in range(offsets.shape[0] - 1):
        i, end = offsets[document], offsets[document + 1]
        done = is_ascii(text, i, end) or lower_text(text, i, end, lower_of, joining_of)
        undone[document] = 0 if done else 1


def is_ascii(text: Bytes, i: int, end: int) -> bool:
    bits = 0
    for j in range(i, end):
        bits |= text[j & FORWARD]
    return bits < 0x80


def lower_text(text: Bytes, i: int, end: int, lower_of: Int32s, joining_of: Int16s) -> bool:
    """Lower-case the bytes i..end in place, or give up and return False.

    A text that passes is in NFC: its marks are in order, and none follows a letter that it may combine with. The quick
    check of the standard gives up at any mark that combines with some letter, so at most texts in Hindi or Tamil.
    """
    letter = 0
    mark_class = 0
    while i < end:
        if text[i] < 0x80:
            while i < end and text[i] < 0x80:
                i += 1
            letter = joining_of[text[i - 1]]
            mark_class = 0
            continue
        point, after = decode(text, i)
        lower = lower_of[point]
        joining = joining_of[point]
        if lower == NONE or joining == NONE or (joining & FOLLOWS and letter & LEADS):
            return False
        class_before = mark_class
        mark_class = joining >> CLASS_SHIFT
        if 0 < mark_class < class_before:
            return False
        if mark_class == 0:
            letter = joining
        if lower != point:
            overwrite(text, i, after, lower)
        i = after
    return True


def overwrite(text: Bytes, i: int, after: int, point: int) -> None:
    """Write a code point over another at i..after, of the same number of bytes: two, three or four."""
    for j in range(after - 1, i, -1):
        text[j] = 0x80 | (point & 0x3F)
        point >>= 6
    text[i] = ((0xF00 >> (after - i)) & 0xFF) | point


# Tokens.


def word_edges(
    text: Bytes,
    offsets: Int64s,
    class_of: Bytes,
    actions: Int64s,
    byte_actions: Int64s,
    starts: Int64s,
    ends: Int64s,
    edges: Int64s,
) -> int:
    """The start and end of each word of each document; edges[d] counts the tokens before document d.

    `actions` is a finite automaton: what each class of characters does in each state. The place of a token is written
    at every character and kept where a token ends, since a branch that the processor cannot predict would cost more.
    Runs of ASCII have their own loop, since a loop that may decode is slower.
    """
    n = 0
    for document in range(len(offsets) - 1):
        edges[document] = n
        i = offsets[document]
        end = offsets[document + 1]
        start = i
        state = 0
        while i < end:
            if text[i] < 0x80:
                i &= FORWARD
                n &= FORWARD
                while i < end and text[i] < 0x80:
                    action = byte_actions[text[i]] >> state
                    starts[n] = start
                    ends[n] = i
                    n += action >> CLOSES & 1
                    start = i if action >> OPENS & 1 else start
                    state = action & NEXT
                    i += 1
            else:
                point, after = decode(text, i)
                action = actions[class_of[point]] >> state
                starts[n] = start
                ends[n] = i
                n += action >> CLOSES & 1
                start = i if action >> OPENS & 1 else start
                state = action & NEXT
                i = after
        starts[n] = start
        ends[n] = end
        n += actions[SEPARATES] >> state >> CLOSES & 1
        n = end_document(end, starts, ends, n)
    edges[len(offsets) - 1] = n
    return n


def end_document(end: int, starts: Int64s, ends: Int64s, n: int) -> int:
    starts[n] = end
    ends[n] = end
    return n + 1


def character_edges(
    text: Bytes,
    offsets: Int64s,
    class_of: Bytes,
    actions: Int64s,
    byte_actions: Int64s,
    starts: Int64s,
    ends: Int64s,
    edges: Int64s,
) -> int:
    """The characters of each document, as tokens; a run of white space of two or more counts as one space.

    PADDING spaces follow the text: for tokens that it does not spell, and for reads beyond its end.
    """
    space = len(text) - PADDING
    n = 0
    for document in range(len(offsets) - 1):
        edges[document] = n
        i = offsets[document]
        end = offsets[document + 1]
        separated = False
        while i < end:
            i &= FORWARD
            point, after = decode(text, i)
            separates = class_of[point] == SEPARATES
            if separates and separated:
                starts[n - 1] = space
                ends[n - 1] = space + 1
            else:
                starts[n] = i
                ends[n] = after
                n += 1
            separated = separates
            i = after
        n = end_document(end, starts, ends, n)
    edges[len(offsets) - 1] = n
    return n


def bounded_character_edges(
    text: Bytes,
    offsets: Int64s,
    class_of: Bytes,
    actions: Int64s,
    byte_actions: Int64s,
    starts: Int64s,
    ends: Int64s,
    edges: Int64s,
) -> int:
    """The characters of each document word by word: a space, the word, a space, and an empty token to end n-grams.

    The tokens between two words are written at every character, too, and kept where a word ends.
    """
    space = len(text) - PADDING
    n = 0
    for document in range(len(offsets) - 1):
        edges[document] = n
        i = offsets[document]
        end = offsets[document + 1]
        starts[n] = space
        ends[n] = space + 1
        n += 1
        inside = 0
        while i < end:
            i &= FORWARD
            n &= FORWARD
            point, after = decode(text, i)
            separates = class_of[point] == SEPARATES
            starts[n] = space if separates else i
            ends[n] = space + 1 if separates else after
            starts[n + 1] = space
            ends[n + 1] = space
            starts[n + 2] = space
            ends[n + 2] = space + 1
            n += 3 * inside if separates else 1
            inside = 0 if separates else 1
            i = after
        n = end_word(space, starts, ends, n) if inside else n - 1
        n = end_document(space, starts, ends, n)
    edges[len(offsets) - 1] = n
    return n


def end_word(space: int, starts: Int64s, ends: Int64s, n: int) -> int:
    starts[n] = space
    ends[n] = space + 1
    return end_document(space, starts, ends, n + 1)


def token_keys(text: Bytes, starts: Int64s, ends: Int64s, n: int, low: Int64s, high: Int64s) -> None:
    """The key of each token: its first seven bytes, and its next seven with its length; or their hash."""
    for token in range(n):
        start = starts[token] & FORWARD
        length = ends[token] - start
        if length < 8:
            low[token] = word_at(text, start) & (1 << 8 * length) - 1
            high[token] = length << 56
        elif length < LONG:
            low[token] = word_at(text, start) & SEVEN_BYTES
            high[token] = word_at(text, start + 7) & (1 << 8 * (length - 7)) - 1 | length << 56
        else:
            low[token] = word_at(text, start) & SEVEN_BYTES
            high[token] = hash_bytes(text, start, ends[token]) | LONG << 56


def hash_bytes(text: Bytes, start: int, end: int) -> int:
    value = 0
    for i in range(start, end):
        value = mix(value ^ text[i])
    return value & SEVEN_BYTES


def mix(value: int) -> int:
    """A number of 61 bits that depends on all bits of a number of at most 62."""
    value = (value & LOW_MASK) * HASH_1 + (value >> 32) * HASH_2
    return value ^ value >> 31


def hash_pair(one: int, other: int) -> int:
    """A number of 61 bits that depends on all bits of two, of at most 63 and 61."""
    return mix(mix(one) ^ other)


def same_bytes(text: Bytes, start: int, end: int, pool: Bytes, pool_start: int, pool_end: int) -> bool:
    if end - start != pool_end - pool_start:
        return False
    for i in range(end - start):
        if text[start + i] != pool[pool_start + i]:
            return False
    return True


def copy_to(target: Bytes, place: int, source: Bytes, start: int, n: int) -> None:
    for i in range(n):
        target[place + i] = source[start + i]


def copy_bytes(text: Bytes, starts: Int64s, ends: Int64s, pool: Bytes) -> None:
    """The bytes of all tokens, one after the other."""
    place = 0
    for token in range(len(starts)):
        copy_to(pool, place, text, starts[token], ends[token] - starts[token])
        place += ends[token] - starts[token]


# Tables of units and of n-grams.


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
    unknown: int,
    search: Search,
    units: Int32s,
) -> None:
    """The unit of each token, `unknown` where there is none, and UNSURE where bytes must be compared too.

    A block of tokens goes from slot to slot by loops without branches, asking the memory for all slots, and then for
    all keys, before it needs the first; after each slot, most tokens are settled.
    """
    if len(unit_low) == 0:
        be_unsure(n, units)
        return
    region = len(slots) >> PART_BITS
    for first in range(0, n, BLOCK):
        left = min(BLOCK, n - first)
        for i in range(left):
            token = first + i & FORWARD
            value = hash_unit(low[token], high[token])
            search.tokens[i] = token
            search.slots[i] = part_of(value) * region + (value & region - 1)
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
                units[token] = NONE if high[token] == 0 else unknown if unit == NONE else found
                search.tokens[n_left & FORWARD] = token
                search.slots[n_left & FORWARD] = next_slot(slot, region)
                n_left += 1 - ((unit == NONE) | same | (high[token] == 0))
            left = n_left


def next_slot(slot: int, region: int) -> int:
    """The slot after another in its part."""
    return slot & -region | slot + 1 & region - 1


def be_unsure(n: int, ids: Int32s) -> None:
    for token in range(n):
        ids[token] = UNSURE


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
    base = part_of(value) * region
    slot = base + (value & region - 1)
    while True:
        unit = slots[slot]
        if unit == NONE or (
            unit_low[unit] == a
            and unit_high[unit] == b
            and (b >> 56 < LONG or same_bytes(text, start, end, pool, pool_starts[unit], pool_ends[unit]))
        ):
            return slot
        slot = base + (slot + 1 & region - 1)


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


def find_nodes(
    parents: Int32s,
    units: Int32s,
    depth: int,
    n: int,
    slots: Int32s,
    keys: Int64s,
    unknown: int,
    search: Search,
    wanted: Int64s,
    nodes: Int32s,
) -> None:
    """The n-gram of `depth` units at each token, as in find_units; `parents` has the n-grams that are shorter by one.

    Their keys are written to `wanted`, NONE where there is no n-gram.
    """
    region = len(slots) >> PART_BITS
    n_whole = max(n - depth + 1, 0)
    for token in range(n_whole, n):
        wanted[token] = NONE
        nodes[token] = NONE
    for first in range(0, n_whole, BLOCK):
        left = min(BLOCK, n_whole - first)
        for i in range(left):
            token = first + i & FORWARD
            parent = parents[token]
            unit = units[token + depth - 1]
            key = parent << 32 | unit
            wanted[token] = key if (parent != NONE) & (unit != NONE) else NONE
            value = hash_node(max(key, 0))
            search.tokens[i] = token
            search.slots[i] = part_of(value) * region + (value & region - 1)
        if len(keys) == 0:
            for i in range(left):
                token = first + i & FORWARD
                nodes[token] = NONE if wanted[token] == NONE else unknown
            left = 0
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
                nodes[token] = NONE if key == NONE else unknown if node == NONE else node
                search.tokens[n_left & FORWARD] = token
                search.slots[n_left & FORWARD] = next_slot(slot, region)
                n_left += 1 - ((node == NONE) | (key == NONE) | (keys[max(node, 0)] == key))
            left = n_left


def slot_of_node(key: int, slots: Int32s, keys: Int64s) -> int:
    """The slot of the n-gram with a key; the empty slot for it, if it is unknown."""
    region = len(slots) >> PART_BITS
    value = hash_node(key)
    base = part_of(value) * region
    slot = base + (value & region - 1)
    while slots[slot] != NONE and keys[slots[slot]] != key:
        slot = base + (slot + 1 & region - 1)
    return slot


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
    base = part_of(value) * region
    slot = value & region - 1
    for _ in range(region):
        if slots[base + slot] == NONE:
            slots[base + slot] = number
            return True
        slot = slot + 1 & region - 1
    return False


def only_whole(units: Int32s, nodes: Int32s, depth: int, n: int, whole: Int32s) -> None:
    """The n-grams that are whole words or documents; NONE for others."""
    for token in range(n):
        starts = token == 0 or units[token - 1] == NONE
        ends = nodes[token] != NONE and units[token + depth] == NONE
        whole[token] = nodes[token] if starts and ends else NONE


# Hashing.


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


def buckets_of(hashes: Int64Matrix, mask: int, buckets: Int32Matrix) -> None:
    for row in range(hashes.shape[0]):
        for token in range(hashes.shape[1]):
            buckets[row, token] = NONE if hashes[row, token] == NONE else hashes[row, token] & mask


# Rows.


class Occurrences(NamedTuple):
    """The n-grams of documents: for each length and each token the id of the n-gram that starts there, NONE if none.

    Document d has the tokens edges[d]..edges[d + 1].
    """

    ids: Int32Matrix
    edges: Int64s


class Weighing(NamedTuple):
    """From ids to columns and weights.

    Attributes
    ----------
    bases : Int64s
        For each row of ids, where its ids start in `column_of`.
    column_of : Int32s
        The column of each id, NONE where it has none.
    count_weights : Float64s
        The weight of each count.
    idf : Float64s
        By column; a single number where it is the same for all.
    normalised : bool
        Whether each row is divided by its length.
    """

    bases: Int64s
    column_of: Int32s
    count_weights: Float64s
    idf: Float64s
    normalised: bool


class Room(NamedTuple):
    """Arrays to work in: a count for each column, zero before and after; columns and weights of one row."""

    counts: Int32s
    columns: Int64s
    weights: Float64s


class SortingRoom(NamedTuple):
    """Arrays in which to sort the columns of one row, each of n_bits."""

    n_bits: int
    keys: Int64s
    spare: Int64s
    places: Int32s


class RowArrays(NamedTuple):
    """Where rows go: how many entries each has; all their columns and values."""

    lengths: Int64s
    indices: Int32s
    values: Reals


def columns_of(found: Occurrences, first: int, last: int, weighing: Weighing, room: Room) -> int:
    """The columns of the n-grams of tokens first..last, as often as they occur, in `room`. Returns how many there are.

    Their counts are asked of the memory.
    """
    ids, column_of, columns = found.ids, weighing.column_of, room.columns
    n = 0
    for level in range(len(weighing.bases)):
        base = weighing.bases[level]
        for token in range(first, last):
            prefetch(column_of, base + ids[level, token & FORWARD])
        for token in range(first, last):
            column = column_of[base + ids[level, token & FORWARD] & FORWARD]
            prefetch(room.counts, max(column, 0))
            columns[n & FORWARD] = column
            n += column != NONE
    return n


def count(columns: Int64s, n_found: int, counts: Int32s) -> int:
    """Count columns, and keep one of each in the order in which they came. Returns how many are kept."""
    n = 0
    for i in range(n_found):
        column = columns[i] & FORWARD
        before = counts[column]
        columns[n & FORWARD] = column
        n += before == 0
        counts[column] = before + 1
    return n


def weighted_row(found: Occurrences, first: int, last: int, weighing: Weighing, room: Room) -> tuple[int, float]:
    """The columns of tokens first..last in the order in which they come, and their weights, both in `room`.

    A weight is count_weights[count]·idf[column].

    Returns
    -------
    int
        How many there are.
    float
        What to multiply weights by: 1, or where `normalised` what gives the row length 1.
    """
    counts, columns, weights = room.counts, room.columns, room.weights
    count_weights, idf = weighing.count_weights, weighing.idf
    last_idf = len(idf) - 1
    n = count(columns, columns_of(found, first, last, weighing, room), counts)
    for j in range(n):
        prefetch(idf, min(columns[j], last_idf))
    total = 0.0
    for j in range(n):
        column = columns[j] & FORWARD
        weight = count_weights[counts[column] & FORWARD] * idf[min(column, last_idf) & FORWARD]
        weights[j] = weight
        total += weight * weight
        counts[column] = 0
    return n, 1.0 / math.sqrt(total) if weighing.normalised and total > 0 else 1.0


def sort_few(values: Int64s, n: int) -> None:
    for i in range(1, n):
        value = values[i]
        j = i
        while j > 0 and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value


def sort_many(values: Int64s, n: int, n_bits: int, spare: Int64s, places: Int32s) -> bool:
    """Sort numbers by n_bits above the 32nd, digit by digit from the last, back and forth between two arrays.

    A digit has about as many values as there are numbers to sort, so that time is linear.

    Returns
    -------
    bool
        Whether `spare` holds the sorted numbers.
    """
    width = 5
    while width < WIDEST and 1 << width < 2 * n:
        width += 1
    n_digits = (n_bits + width - 1) // width
    width = (n_bits + n_digits - 1) // n_digits
    last = (1 << width) - 1 & FORWARD
    for shift in range(32, 32 + n_bits, width):
        for place in range(1 << width):
            places[place] = 0
        for i in range(n):
            places[values[i] >> shift & last] += 1
        before = 0
        for place in range(1 << width):
            n_here = places[place]
            places[place] = before
            before += n_here
        for i in range(n):
            place = values[i] >> shift & last
            spare[places[place] & FORWARD] = values[i]
            places[place] += 1
        values, spare = spare, values
    return n_digits & 1 == 1


def write_rows(found: Occurrences, weighing: Weighing, room: Room, sorting: SortingRoom, rows: RowArrays) -> int:
    """The rows of documents, one after the other, columns rising. Returns how many entries they have."""
    edges, lengths = found.edges, rows.lengths
    out = 0
    for d in range(len(lengths)):
        n, scale = weighted_row(found, edges[d], edges[d + 1], weighing, room)
        put_row(n, scale, room, sorting, rows, out)
        lengths[d] = n
        out += n
    return out


def put_row(n: int, scale: float, room: Room, sorting: SortingRoom, rows: RowArrays, out: int) -> None:
    """Put the n columns and weights in `room` into `rows` from entry `out` on, by rising columns."""
    columns, weights, keys, indices, values = room.columns, room.weights, sorting.keys, rows.indices, rows.values
    for j in range(n):
        keys[j] = columns[j] << 32 | j
    in_order = keys
    if n <= FEW:
        sort_few(keys, n)
    elif sort_many(keys, n, sorting.n_bits, sorting.spare, sorting.places):
        in_order = sorting.spare
    for j in range(n):
        key = in_order[j]
        indices[out + j & FORWARD] = key >> 32
        values[out + j & FORWARD] = scale * weights[key & LOW_MASK]


def score_rows(found: Occurrences, weighing: Weighing, room: Room, theta: RealMatrix, scores: Float64Matrix) -> None:
    """The part of each document's row in its scores, by weights θ, (columns, K), without keeping or sorting the row."""
    edges, columns, weights = found.edges, room.columns, room.weights
    n_classes = theta.shape[1]
    for d in range(scores.shape[0]):
        n, scale = weighted_row(found, edges[d], edges[d + 1], weighing, room)
        for j in range(n):
            prefetch(theta, columns[j])
        if n_classes == 1:
            # A single sum need not leave the register.
            score = 0.0
            for j in range(n):
                score += weights[j] * theta[columns[j] & FORWARD, 0]
            scores[d, 0] = score * scale
            continue
        for k in range(n_classes):
            scores[d, k] = 0.0
        for j in range(n):
            column = columns[j] & FORWARD
            weight = weights[j] * scale
            for k in range(n_classes):
                scores[d, k] += weight * theta[column, k]
