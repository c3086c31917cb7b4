"""Ids of n-grams to rows: counts, weights, and columns in order."""

from __future__ import annotations

import math
from typing import NamedTuple

from vikt.compiled.array_types import Float64s, Int32Matrix, Int32s, Int64s, Reals
from vikt.compiled.intrinsics import FORWARD, prefetch
from vikt.features.ngrams.token_kernels import LOW_MASK, NONE

FEW = 16  # up to this many numbers, insertion sort is faster
WIDEST = 10  # bits of a digit when sorting


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


class CountArrays(NamedTuple):
    """Where counts go.

    Attributes
    ----------
    lengths : Int64s
        How many entries each row has.
    entries : Int64s
        Each the column, and in the lower 32 bits the count.
    scales : Float64s
        What the weights of each row are multiplied by.
    """

    lengths: Int64s
    entries: Int64s
    scales: Float64s


def columns_of(found: Occurrences, first: int, last: int, weighing: Weighing, room: Room) -> int:
    """The columns of the n-grams of tokens first..last, as often as they occur, in `room`. Returns how many there are.

    Their counts are prefetched.
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
    n = count(room.columns, columns_of(found, first, last, weighing, room), room.counts)
    return n, weigh(n, weighing, room)


def weigh(n: int, weighing: Weighing, room: Room) -> float:
    """Weigh n columns by their counts, which are zero afterwards. Returns what to multiply the weights by."""
    counts, columns, weights = room.counts, room.columns, room.weights
    count_weights, idf = weighing.count_weights, weighing.idf
    last_idf = len(idf) - 1
    for j in range(n):
        prefetch(idf, min(columns[j], last_idf))
    total = 0.0
    for j in range(n):
        column = columns[j] & FORWARD
        weight = count_weights[counts[column] & FORWARD] * idf[min(column, last_idf) & FORWARD]
        weights[j] = weight
        total += weight * weight
        counts[column] = 0
    return 1.0 / math.sqrt(total) if weighing.normalised and total > 0 else 1.0


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


def sort_keys(n: int, sorting: SortingRoom) -> bool:
    """Sort the first n keys by the numbers above their 32nd bits. Returns whether `spare` holds the sorted ones."""
    if n <= FEW:
        sort_few(sorting.keys, n)
        return False
    return sort_many(sorting.keys, n, sorting.n_bits, sorting.spare, sorting.places)


def write_rows(found: Occurrences, weighing: Weighing, room: Room, sorting: SortingRoom, rows: RowArrays) -> int:
    """The rows of documents, one after the other, columns rising. Returns how many entries they have."""
    edges, lengths = found.edges, rows.lengths
    out = 0
    for d in range(len(lengths)):
        n, scale = weighted_row(found, edges[d], edges[d + 1], weighing, room)
        put_row(n, scale, room.columns, room.weights, sorting, rows, out)
        lengths[d] = n
        out += n
    return out


def write_counts(found: Occurrences, weighing: Weighing, room: Room, sorting: SortingRoom, rows: CountArrays) -> int:
    """The counts of documents, one after the other, columns rising. Returns how many entries they have."""
    edges, keys = found.edges, sorting.keys
    out = 0
    for d in range(len(rows.lengths)):
        n = count(room.columns, columns_of(found, edges[d], edges[d + 1], weighing, room), room.counts)
        for j in range(n):
            column = room.columns[j]
            keys[j] = column << 32 | room.counts[column & FORWARD]
        rows.scales[d] = weigh(n, weighing, room)
        put_counts(n, sorting, rows, out)
        rows.lengths[d] = n
        out += n
    return out


def put_counts(n: int, sorting: SortingRoom, rows: CountArrays, out: int) -> None:
    """Put n columns and counts, which are the keys of `sorting`, into `rows` from entry `out` on, columns rising."""
    entries = rows.entries
    in_order = sorting.spare if sort_keys(n, sorting) else sorting.keys
    for j in range(n):
        entries[out + j & FORWARD] = in_order[j]


def put_row(
    n: int, scale: float, columns: Int64s, weights: Float64s, sorting: SortingRoom, rows: RowArrays, out: int
) -> None:
    """Put n columns and weights into `rows` from entry `out` on, columns rising."""
    keys, indices, values = sorting.keys, rows.indices, rows.values
    for j in range(n):
        keys[j] = columns[j] << 32 | j
    in_order = sorting.spare if sort_keys(n, sorting) else keys
    for j in range(n):
        key = in_order[j]
        indices[out + j & FORWARD] = key >> 32
        values[out + j & FORWARD] = scale * weights[key & LOW_MASK]
