"""The n-grams of documents that were counted while they were learnt, and their weights."""

from __future__ import annotations

import math
from typing import NamedTuple

from vikt.compiled.array_types import Float64s, Int32s, Int64Matrix, Int64s
from vikt.compiled.intrinsics import FORWARD, prefetch
from vikt.features.ngrams.row_kernels import Weighing
from vikt.features.ngrams.token_kernels import NONE


class Entries(NamedTuple):
    """The different n-grams of documents, and how often each occurs in its document.

    Attributes
    ----------
    ids, counts : Int32s
    edges : Int64Matrix
        In space s document d has the entries edges[s, d]..edges[s, d + 1].
    """

    ids: Int32s
    counts: Int32s
    edges: Int64Matrix


class EntryRoom(NamedTuple):
    """Arrays to work in: the column, the count and the weight of each entry of one row."""

    columns: Int64s
    counts: Int32s
    weights: Float64s


def weigh_entries(entries: Entries, document: int, weighing: Weighing, room: EntryRoom) -> tuple[int, float]:
    """The columns, counts and weights of a document in `room`, in the order in which its n-grams are counted.

    Weights and their sums are to the last bit those that `row_kernels.weigh` computes from all n-grams.

    Returns
    -------
    int
        How many there are.
    float
        What to multiply weights by: 1, or where `normalised` what gives the row length 1.
    """
    ids, edges = entries.ids, entries.edges
    column_of, count_weights, idf = weighing.column_of, weighing.count_weights, weighing.idf
    columns, counts, weights = room.columns, room.counts, room.weights
    last_idf = len(idf) - 1
    n = 0
    for space in range(edges.shape[0]):
        base, first, end = weighing.bases[space], edges[space, document], edges[space, document + 1]
        for i in range(first, end):
            prefetch(column_of, base + ids[i & FORWARD])
        for i in range(first, end):
            column = column_of[base + ids[i & FORWARD] & FORWARD]
            prefetch(idf, min(max(column, 0), last_idf))
            columns[n & FORWARD] = column
            counts[n & FORWARD] = entries.counts[i & FORWARD]
            n += column != NONE
    total = 0.0
    for j in range(n):
        weight = count_weights[counts[j] & FORWARD] * idf[min(columns[j], last_idf) & FORWARD]
        weights[j] = weight
        total += weight * weight
    return n, 1.0 / math.sqrt(total) if weighing.normalised and total > 0 else 1.0
