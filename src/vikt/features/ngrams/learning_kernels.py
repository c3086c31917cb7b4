"""Learning n-grams, as loops: ids by first occurrence, document frequencies, and the entries of each document.

A table that learns has a record of each n-gram, by its id, and `slots` for open addressing. A slot holds an id in its
last bits, and above them the bits of the hash that its place does not tell, so that keys are rarely compared in vain;
NONE where it is empty. The state of a record is its document frequency, and in the lower 32 bits the place of its last
entry: one cache line says whether an n-gram has occurred in the document before.
"""

from __future__ import annotations

from typing import NamedTuple

from vikt.compiled.array_types import Bytes, Int32s, Int64Matrix, Int64s
from vikt.compiled.intrinsics import FORWARD, prefetch
from vikt.features.ngrams.entry_kernels import Entries, EntryRoom, weigh_entries
from vikt.features.ngrams.filling_kernels import copy_to
from vikt.features.ngrams.row_kernels import CountArrays, RowArrays, SortingRoom, Weighing, put_counts, put_row
from vikt.features.ngrams.table_kernels import BLOCK, hash_node, hash_unit, is_whole, node_key, same_bytes
from vikt.features.ngrams.token_kernels import LONG, LOW_MASK, NONE, TokenArrays

# What a record holds: its state first, then the key of a unit, of an n-gram, or the mark of a bucket.
STATE = 0
LOW, HIGH, LONG_NUMBER = 1, 2, 3
KEY = 1
MARK = 1

# Which n-grams of a length count.
NEVER, WHOLE, ALWAYS = 0, 1, 2


class Learning(NamedTuple):
    """A table that knows n ids, with room for all tokens of a portion, which may be new."""

    slots: Int32s
    records: Int64Matrix
    n: int


class LongUnits(NamedTuple):
    """The bytes of n long units, in the order of their ids: those of the k-th are pool[offsets[k]:offsets[k + 1]]."""

    pool: Bytes
    offsets: Int64s
    n: int


class Block(NamedTuple):
    """A block of tokens that are looked up together: for each its key, its hash, and the id that it seems to have."""

    keys: Int64s
    hashes: Int64s
    likely: Int64s


class Counting(NamedTuple):
    """How n-grams of one length, or in one space of ids, are counted.

    Attributes
    ----------
    documents : Int64s
        Where the tokens of each document start, and where the last one ends.
    ids, counts : Int32s
        The entries.
    edges : Int64s
        Where the entries of each document start, and where those of the last one end.
    first : int
        The first entry to write; those before it are of shorter n-grams.
    base : int
        The place of entry i is base + i, and higher than all places of earlier portions.
    which : int
        NEVER, WHOLE or ALWAYS.
    """

    documents: Int64s
    ids: Int32s
    counts: Int32s
    edges: Int64s
    first: int
    base: int
    which: int


def count_ngram(number: int, records: Int64Matrix, first: int, n: int, counting: Counting) -> int:
    """Count an n-gram in a document whose entries start at entry `first`; n entries are written so far.

    Returns how many entries are written now. A new one is written either way, and counts if the n-gram is new: a branch
    would be one that no processor can predict.
    """
    number &= FORWARD
    state = records[number, STATE]
    entry = (state & LOW_MASK) - counting.base
    is_new = entry < first
    entry = n if is_new else entry
    counting.ids[n & FORWARD] = number
    counting.counts[n & FORWARD] = 0
    counting.counts[entry & FORWARD] += 1
    n += is_new
    records[number, STATE] = (state >> 32) + is_new << 32 | counting.base + entry
    return n


def document_of(token: int, document: int, n: int, counting: Counting) -> int:
    """The document of a token, the one of the token before it being given; n is how many entries there are so far."""
    while document < len(counting.documents) - 1 and token >= counting.documents[document + 1]:
        document += 1
        counting.edges[document] = n
    return document


def likely_id(slot: int, value: int, size: int) -> int:
    """The id in a slot, NONE if that is empty or its key has another hash."""
    differing = slot ^ value
    return slot & size - 1 if (differing >= 0) & (differing < size) else NONE


def find_likely(n: int, table: Learning, block: Block) -> None:
    """Find the id in the first slot of each of n hashes, and prefetch its record."""
    slots = table.slots
    size = len(slots)
    for i in range(n):
        value = block.hashes[i]
        number = likely_id(slots[value & size - 1 & FORWARD], value, size)
        block.likely[i] = number
        prefetch(table.records, max(number, 0))


def learn_units(
    tokens: TokenArrays, table: Learning, long: LongUnits, block: Block, counting: Counting, units: Int32s
) -> tuple[int, int, int]:
    """Learn and count the unit of each token, NONE where it is empty.

    Returns
    -------
    int
        How many units are known now.
    int
        How many long ones.
    int
        How many entries there are.
    """
    low, high, slots, records = tokens.low, tokens.high, table.slots, table.records
    size = len(slots)
    n, n_known, n_long = len(low), table.n, long.n
    document = 0
    first_entry = n_entries = counting.first
    counting.edges[0] = n_entries
    for first in range(0, n, BLOCK):
        n_here = min(BLOCK, n - first)
        for i in range(n_here):
            token = first + i & FORWARD
            value = hash_unit(low[token], high[token])
            block.hashes[i] = value
            prefetch(slots, value & size - 1)
        find_likely(n_here, table, block)
        for i in range(n_here):
            token = first + i & FORWARD
            if token >= counting.documents[document + 1]:
                document = document_of(token, document, n_entries, counting)
                first_entry = n_entries
            if high[token] == 0:
                units[token] = NONE
                continue
            unit = block.likely[i]
            if unit == NONE or not is_unit(unit, tokens, token, records, long):
                unit = learnt_unit(tokens, token, block.hashes[i], table, n_known, long, n_long)
                n_long += unit == n_known and high[token] >> 56 == LONG
                n_known += unit == n_known
            units[token] = unit
            if counting.which == ALWAYS:
                n_entries = count_ngram(unit, records, first_entry, n_entries, counting)
    document_of(n, document, n_entries, counting)
    return n_known, n_long, n_entries


def is_unit(unit: int, tokens: TokenArrays, token: int, records: Int64Matrix, long: LongUnits) -> bool:
    """Whether a token is this unit."""
    if records[unit, LOW] != tokens.low[token] or records[unit, HIGH] != tokens.high[token]:
        return False
    if tokens.high[token] >> 56 < LONG:
        return True
    k = records[unit, LONG_NUMBER]
    return same_bytes(
        tokens.text, tokens.starts[token], tokens.ends[token], long.pool, long.offsets[k], long.offsets[k + 1]
    )


def learnt_unit(
    tokens: TokenArrays, token: int, value: int, table: Learning, n_known: int, long: LongUnits, n_long: int
) -> int:
    """The unit of a token with a hash; n_known if it is new, and has just been put into the table."""
    slots, records = table.slots, table.records
    size = len(slots)
    place = value & size - 1
    while slots[place] != NONE:
        unit = likely_id(slots[place], value, size)
        if unit != NONE and is_unit(unit, tokens, token, records, long):
            return unit
        place = place + 1 & size - 1
    slots[place] = value & -size | n_known
    records[n_known, STATE] = 0
    records[n_known, LOW] = tokens.low[token]
    records[n_known, HIGH] = tokens.high[token]
    records[n_known, LONG_NUMBER] = n_long
    if tokens.high[token] >> 56 == LONG:
        start, n_bytes = tokens.starts[token], tokens.ends[token] - tokens.starts[token]
        copy_to(long.pool, long.offsets[n_long], tokens.text, start, n_bytes)
        long.offsets[n_long + 1] = long.offsets[n_long] + n_bytes
    return n_known


def learn_nodes(
    parents: Int32s, units: Int32s, depth: int, table: Learning, block: Block, counting: Counting, nodes: Int32s
) -> tuple[int, int]:
    """Learn and count the n-gram of `depth` units at each token, NONE where there is none.

    `parents` has the n-grams that are shorter by one.

    Returns
    -------
    int
        How many n-grams are known now.
    int
        How many entries there are.
    """
    slots, records = table.slots, table.records
    size = len(slots)
    n, n_known = len(units), table.n
    document = 0
    first_entry = n_entries = counting.first
    counting.edges[0] = n_entries
    n_whole = max(n - depth + 1, 0)
    for token in range(n_whole, n):
        nodes[token] = NONE
    for first in range(0, n_whole, BLOCK):
        n_here = min(BLOCK, n_whole - first)
        for i in range(n_here):
            token = first + i & FORWARD
            key = node_key(parents[token], units[token + depth - 1])
            value = hash_node(max(key, 0))
            block.keys[i] = key
            block.hashes[i] = value
            prefetch(slots, value & size - 1)
        find_likely(n_here, table, block)
        for i in range(n_here):
            token = first + i & FORWARD
            if token >= counting.documents[document + 1]:
                document = document_of(token, document, n_entries, counting)
                first_entry = n_entries
            key = block.keys[i]
            if key == NONE:
                nodes[token] = NONE
                continue
            node = block.likely[i]
            if node == NONE or records[node, KEY] != key:
                node = learnt_node(key, block.hashes[i], table, n_known)
                n_known += node == n_known
            nodes[token] = node
            if counting.which == ALWAYS or (counting.which == WHOLE and is_whole(units, token, depth)):
                n_entries = count_ngram(node, records, first_entry, n_entries, counting)
    document_of(n, document, n_entries, counting)
    return n_known, n_entries


def learnt_node(key: int, value: int, table: Learning, n_known: int) -> int:
    """The n-gram with a key and its hash; n_known if it is new, and has just been put into the table."""
    slots, records = table.slots, table.records
    size = len(slots)
    place = value & size - 1
    while slots[place] != NONE:
        node = likely_id(slots[place], value, size)
        if node != NONE and records[node, KEY] == key:
            return node
        place = place + 1 & size - 1
    slots[place] = value & -size | n_known
    records[n_known, STATE] = 0
    records[n_known, KEY] = key
    return n_known


def place_units(records: Int64Matrix, n: int, block: Block, slots: Int32s) -> None:
    """Put the first n units into empty slots."""
    for first in range(0, n, BLOCK):
        n_here = min(BLOCK, n - first)
        for i in range(n_here):
            unit = first + i & FORWARD
            block.hashes[i] = hash_unit(records[unit, LOW], records[unit, HIGH])
        place_ids(first, n_here, block, slots)


def place_nodes(records: Int64Matrix, n: int, block: Block, slots: Int32s) -> None:
    """Put the first n n-grams into empty slots."""
    for first in range(0, n, BLOCK):
        n_here = min(BLOCK, n - first)
        for i in range(n_here):
            block.hashes[i] = hash_node(records[first + i & FORWARD, KEY])
        place_ids(first, n_here, block, slots)


def place_ids(first: int, n: int, block: Block, slots: Int32s) -> None:
    size = len(slots)
    for i in range(n):
        prefetch(slots, block.hashes[i] & size - 1)
    for i in range(n):
        value = block.hashes[i]
        place = value & size - 1
        while slots[place & FORWARD] != NONE:
            place = place + 1 & size - 1
        slots[place & FORWARD] = value & -size | first + i


def learn_buckets(hashes: Int64Matrix, mask: int, records: Int64Matrix, counting: Counting) -> int:
    """Mark and count the bucket of each n-gram; `hashes` has a row for each length. Returns how many entries there are.

    A mark is 0 where a bucket is empty, else tells its first n-gram, and is odd once it has a second one.
    """
    n = counting.first
    counting.edges[0] = n
    for document in range(len(counting.documents) - 1):
        first_entry = n
        first, end = counting.documents[document], counting.documents[document + 1]
        for row in range(hashes.shape[0]):
            for token in range(first, end):
                prefetch(records, hashes[row, token & FORWARD] & mask)
            for token in range(first, end):
                value = hashes[row, token & FORWARD]
                if value == NONE:
                    continue
                bucket = value & mask & FORWARD
                before = records[bucket, MARK]
                mark = value << 1 | 2
                records[bucket, MARK] = mark if before == 0 else before | (before | 1 != mark | 1)
                n = count_ngram(bucket, records, first_entry, n, counting)
        counting.edges[document + 1] = n
    return n


def write_rows_of_entries(
    entries: Entries, weighing: Weighing, room: EntryRoom, sorting: SortingRoom, rows: RowArrays
) -> int:
    """The rows of documents, one after the other, columns rising. Returns how many entries they have.

    They are to the last bit those that `row_kernels.write_rows` makes of all n-grams.
    """
    out = 0
    for d in range(len(rows.lengths)):
        n, scale = weigh_entries(entries, d, weighing, room)
        put_row(n, scale, room.columns, room.weights, sorting, rows, out)
        rows.lengths[d] = n
        out += n
    return out


def write_counts_of_entries(
    entries: Entries, documents: Int64s, weighing: Weighing, room: EntryRoom, sorting: SortingRoom, rows: CountArrays
) -> int:
    """The counts of some documents, one after the other, columns rising. Returns how many entries they have.

    They are to the last bit those that `row_kernels.write_counts` makes of all n-grams.
    """
    columns, counts, keys = room.columns, room.counts, sorting.keys
    out = 0
    for d in range(len(documents)):
        n, rows.scales[d] = weigh_entries(entries, documents[d], weighing, room)
        for j in range(n):
            keys[j] = columns[j] << 32 | counts[j]
        put_counts(n, sorting, rows, out)
        rows.lengths[d] = n
        out += n
    return out
