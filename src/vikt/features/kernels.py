"""Text to features, as loops over bytes: token edges, units, n-grams, counts, weights.

The vocabulary is two tables. *Units* (words, or characters) are interned byte strings. *Nodes* are n-grams, as a tree:
the node of an n-gram hangs from the node of its first n-1 units, so that its key, (parent node, last unit), is 64 bits
and exact however long the n-gram. Both tables hash by open addressing: `slots` holds ids, -1 where empty.

All integers are signed 64-bit: a product that wraps when compiled and does not in Python is masked before use, so that
both ways of running agree.
"""

from __future__ import annotations

from typing import Any

Array = Any

SEPARATES = 0  # ends a token and belongs to none
WORD = 1  # joins its neighbours of the same class
SYMBOL = 2  # is a token of its own
EXTENDS = 3  # goes with the token before it, or begins a word
SINGLE = 4  # is a token of its own: a letter of a script without spaces

NONE = -1
HASH_PRIME = 0x100000001B3
HASH_START = 0x4BF29CE484222325
HASH_MASK = 0x7FFFFFFFFFFFFFFF
GOLDEN = 0x1E3779B97F4A7C15

DOCUMENT, POSITION, FREQUENCY = 0, 1, 2


def decode(text: Array, i: int) -> tuple[int, int]:
    """The code point that begins at byte i, and the byte after it."""
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


# How a character stands in NFC, as flags; above them its combining class, by which the marks on a letter are ordered.
LEADS = 1  # may become one with a mark that comes after it
FOLLOWS = 2  # may become one with a letter that comes before it
CLASS_SHIFT = 2


def lower_in_place(text: Array, offsets: Array, lower_of: Array, joining_of: Array, undone: Array) -> None:
    """Lower-case what is not ASCII; undone[d] is 1 where text d asks for more than that, and is left half done.

    Such a text holds a character for which a table says NONE, or is perhaps not in NFC.
    """
    for document in range(offsets.shape[0] - 1):
        done = lower_text(text, offsets[document], offsets[document + 1], lower_of, joining_of)
        undone[document] = 0 if done else 1


def lower_text(text: Array, i: int, end: int, lower_of: Array, joining_of: Array) -> bool:
    """Lower-case the bytes i..end in place, or give up: False.

    What passes is in NFC: its marks are in order, and none follows a letter that might join it. The textbook's quick
    check gives up at any mark that joins some letter, hence at most texts in Hindi, Bengali or Tamil.
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


def overwrite(text: Array, i: int, after: int, point: int) -> None:
    """Write a code point in the place i..after of another, of as many bytes: two, three or four."""
    for j in range(after - 1, i, -1):
        text[j] = 0x80 | (point & 0x3F)
        point >>= 6
    text[i] = ((0xF00 >> (after - i)) & 0xFF) | point


def word_edges(
    text: Array,
    offsets: Array,
    first: int,
    last: int,
    class_of: Array,
    min_characters: int,
    starts: Array,
    ends: Array,
    edges: Array,
) -> int:
    """Where the words of documents first..last begin and end; edges[d] counts those before document first + d."""
    n = 0
    for document in range(first, last):
        edges[document - first] = n
        i = offsets[document]
        end = offsets[document + 1]
        while i < end:
            point, after = decode(text, i)
            kind = class_of[point]
            if kind == SEPARATES:
                i = after
                continue
            start = i
            characters = 1
            i = after
            joins = kind in (WORD, EXTENDS)
            while i < end:
                point, after = decode(text, i)
                kind = class_of[point]
                if not (kind == EXTENDS or (joins and kind == WORD)):
                    break
                characters += 1
                i = after
            if characters >= min_characters:
                starts[n] = start
                ends[n] = i
                n += 1
    edges[last - first] = n
    return n


def character_edges(
    text: Array,
    offsets: Array,
    first: int,
    last: int,
    class_of: Array,
    min_characters: int,
    starts: Array,
    ends: Array,
    edges: Array,
) -> int:
    """The characters of each document, as units; a run of white space of two or more counts as one space.

    The last byte of `text` is a space, for units that the text does not spell.
    """
    space = text.shape[0] - 1
    n = 0
    for document in range(first, last):
        edges[document - first] = n
        i = offsets[document]
        end = offsets[document + 1]
        while i < end:
            point, after = decode(text, i)
            starts[n] = i
            ends[n] = after
            i = after
            if class_of[point] == SEPARATES:
                run = 1
                while i < end:
                    point, after = decode(text, i)
                    if class_of[point] != SEPARATES:
                        break
                    run += 1
                    i = after
                if run > 1:
                    starts[n] = space
                    ends[n] = space + 1
            n += 1
    edges[last - first] = n
    return n


def bounded_character_edges(
    text: Array,
    offsets: Array,
    first: int,
    last: int,
    class_of: Array,
    min_characters: int,
    starts: Array,
    ends: Array,
    edges: Array,
) -> int:
    """The characters of each document word by word: a space, the word, a space, and an empty unit where n-grams end."""
    space = text.shape[0] - 1
    n = 0
    for document in range(first, last):
        edges[document - first] = n
        i = offsets[document]
        end = offsets[document + 1]
        inside = False
        while i < end:
            point, after = decode(text, i)
            if class_of[point] == SEPARATES:
                if inside:
                    n = end_of_word(space, starts, ends, n)
                    inside = False
            else:
                if not inside:
                    starts[n] = space
                    ends[n] = space + 1
                    n += 1
                    inside = True
                starts[n] = i
                ends[n] = after
                n += 1
            i = after
        if inside:
            n = end_of_word(space, starts, ends, n)
    edges[last - first] = n
    return n


def end_of_word(space: int, starts: Array, ends: Array, n: int) -> int:
    starts[n] = space
    ends[n] = space + 1
    starts[n + 1] = space
    ends[n + 1] = space
    return n + 2


def hash_bytes(text: Array, start: int, end: int) -> int:
    """Fowler, Noll and Vo's hash, in 63 bits."""
    value = HASH_START
    for i in range(start, end):
        value = ((value ^ text[i]) * HASH_PRIME) & HASH_MASK
    return value


def slot_of(value: int, mask: int) -> int:
    """Multiplicative hashing: the upper bits of a product are the best mixed."""
    return ((value * GOLDEN) >> 32) & mask


def same_bytes(text: Array, start: int, end: int, pool: Array, pool_start: int, pool_end: int) -> bool:
    if end - start != pool_end - pool_start:
        return False
    for i in range(end - start):
        if text[start + i] != pool[pool_start + i]:
            return False
    return True


def intern_units(
    text: Array,
    starts: Array,
    ends: Array,
    n_tokens: int,
    learn: bool,
    slots: Array,
    hashes: Array,
    pool: Array,
    pool_offsets: Array,
    n_units: int,
    units: Array,
) -> int:
    """The unit of each token; new ones are added when learning, else unknown tokens are NONE. Empty tokens are NONE."""
    mask = slots.shape[0] - 1
    for token in range(n_tokens):
        start = starts[token]
        end = ends[token]
        if start == end:
            units[token] = NONE
            continue
        value = hash_bytes(text, start, end)
        slot = slot_of(value, mask)
        unit = slots[slot]
        while unit != NONE and not (
            hashes[unit] == value and same_bytes(text, start, end, pool, pool_offsets[unit], pool_offsets[unit + 1])
        ):
            slot = (slot + 1) & mask
            unit = slots[slot]
        if unit == NONE and learn:
            unit = n_units
            n_units += 1
            slots[slot] = unit
            hashes[unit] = value
            base = pool_offsets[unit]
            for i in range(end - start):
                pool[base + i] = text[start + i]
            pool_offsets[unit + 1] = base + end - start
        units[token] = unit
    return n_units


def fill_slots(values: Array, n: int, slots: Array) -> None:
    """Put ids 0..n-1, whose hash values are given, into empty slots."""
    mask = slots.shape[0] - 1
    for i in range(n):
        slot = slot_of(values[i], mask)
        while slots[slot] != NONE:
            slot = (slot + 1) & mask
        slots[slot] = i


def hash_units(pool: Array, pool_offsets: Array, n: int, hashes: Array) -> None:
    for unit in range(n):
        hashes[unit] = hash_bytes(pool, pool_offsets[unit], pool_offsets[unit + 1])


def hash_nodes(keys: Array, unit_hashes: Array, n: int, hashes: Array) -> None:
    """A hash of each n-gram's units, first to last; a node stands behind the one that it hangs from."""
    for node in range(n):
        parent = (keys[node] >> 32) - 1
        before = hashes[parent] if parent >= 0 else HASH_START
        mixed = (before ^ unit_hashes[keys[node] & 0xFFFFFFFF]) * GOLDEN & HASH_MASK
        hashes[node] = mixed ^ mixed >> 29


def merge_equal(indptr: Array, indices: Array, counts: Array, new_indptr: Array) -> None:
    """Add up the counts of equal indices, which stand side by side, in place."""
    out = 0
    for row in range(indptr.shape[0] - 1):
        begin = out
        for entry in range(indptr[row], indptr[row + 1]):
            if out > begin and indices[out - 1] == indices[entry]:
                counts[out - 1] += counts[entry]
            else:
                indices[out] = indices[entry]
                counts[out] = counts[entry]
                out += 1
        new_indptr[row + 1] = out


def broken_node(keys: Array, n_units: int, longest: int) -> int:
    """The first node whose unit does not exist, or that does not hang from the root by at most `longest` steps."""
    n = keys.shape[0]
    for first in range(n):
        node = first
        steps = 0
        while node != NONE and steps < longest:
            unit, node = keys[node] & 0xFFFFFFFF, (keys[node] >> 32) - 1
            if unit >= n_units or node < NONE or node >= n:
                return first
            steps += 1
        if node != NONE:
            return first
    return NONE


def count_ngrams(
    units: Array,
    edges: Array,
    first: int,
    last: int,
    n_min: int,
    n_max: int,
    keep_short: bool,
    learn: bool,
    slots: Array,
    keys: Array,
    records: Array,
    n_nodes: int,
    nodes: Array,
    counts: Array,
    ends: Array,
) -> tuple[int, int]:
    """Count the n-grams of documents first..last, each distinct one once, in order of first use.

    Node ids go to `nodes`, their counts to `counts`, the end of each document's run to `ends`. A record remembers the
    last document of a node and its position there, so that a count costs no search. With `keep_short`, a run of
    units shorter than n_min counts as a whole.

    Returns
    -------
    tuple
        How many entries were written, and the number of nodes.
    """
    mask = slots.shape[0] - 1
    out = 0
    for document in range(first, last):
        begin = edges[document - first]
        end = edges[document - first + 1]
        for i in range(begin, end):
            node = NONE
            depth = 0
            while depth < n_max and i + depth < end and units[i + depth] != NONE:
                key = (node + 1) << 32 | units[i + depth]
                slot = slot_of(key, mask)
                node = slots[slot]
                while node != NONE and keys[node] != key:
                    slot = (slot + 1) & mask
                    node = slots[slot]
                if node == NONE:
                    if not learn:
                        break
                    node = n_nodes
                    n_nodes += 1
                    slots[slot] = node
                    keys[node] = key
                    records[node, DOCUMENT] = NONE
                    records[node, FREQUENCY] = 0
                depth += 1
                whole = keep_short and depth < n_min and is_whole(units, begin, end, i, depth)
                if depth < n_min and not whole:
                    continue
                if records[node, DOCUMENT] == document:
                    counts[records[node, POSITION]] += 1
                else:
                    records[node, DOCUMENT] = document
                    records[node, POSITION] = out
                    records[node, FREQUENCY] += 1
                    nodes[out] = node
                    counts[out] = 1
                    out += 1
        ends[document - first] = out
    return out, n_nodes


def is_whole(units: Array, begin: int, end: int, i: int, depth: int) -> bool:
    """Whether the units i..i+depth stand between two ends: of the document, or of a word."""
    after = i + depth
    return (i == begin or units[i - 1] == NONE) and (after == end or units[after] == NONE)


def select_columns(
    nodes: Array, counts: Array, indptr: Array, n_columns: int, new_indptr: Array, columns: Array, kept: Array
) -> None:
    """Drop the entries whose node is no column (id n_columns or more); `new_indptr` is written too."""
    out = 0
    for row in range(indptr.shape[0] - 1):
        for entry in range(indptr[row], indptr[row + 1]):
            if nodes[entry] < n_columns:
                columns[out] = nodes[entry]
                kept[out] = counts[entry]
                out += 1
        new_indptr[row + 1] = out


def transpose(
    indptr: Array, indices: Array, values: Array, starts: Array, new_indices: Array, new_values: Array
) -> None:
    """Rows to columns: `starts` says where each column begins, and is left at where it ends.

    Done twice, it sorts the indices of every row in linear time.
    """
    for row in range(indptr.shape[0] - 1):
        for entry in range(indptr[row], indptr[row + 1]):
            target = starts[indices[entry]]
            starts[indices[entry]] += 1
            new_indices[target] = row
            new_values[target] = values[entry]


def weigh(
    indptr: Array,
    indices: Array,
    counts: Array,
    count_weight: Array,
    idf: Array,
    normalised: bool,
    values: Array,
) -> None:
    """Counts to weights: count_weight[count]·idf[column], each row then divided by its length where `normalised`.

    `count_weight` is a table over counts, as long as the largest of them asks.
    """
    for row in range(indptr.shape[0] - 1):
        total = 0.0
        for entry in range(indptr[row], indptr[row + 1]):
            weight = count_weight[counts[entry]] * idf[indices[entry]]
            total += weight * weight
        scale = 1.0
        if normalised and total > 0:
            scale = 1.0 / total**0.5
        for entry in range(indptr[row], indptr[row + 1]):
            values[entry] = count_weight[counts[entry]] * idf[indices[entry]] * scale
