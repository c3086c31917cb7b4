"""Packed rows of counts to weighted rows."""

from __future__ import annotations

from typing import NamedTuple

from vikt.compiled.array_types import Float64s, Int32s, Int64s, NarrowInts, Reals
from vikt.compiled.intrinsics import FORWARD

MOST_COLUMNS = 1 << 24


class PackedCounts(NamedTuple):
    """Rows of one part of the n-grams, as counts.

    Row i has the entries words[edges[i]:edges[i + 1]], each the 24 bits of its column and the 8 bits of its count; a
    count of 0 stands for one that they cannot hold. `scales` is what the weights of each row are multiplied by.
    """

    edges: Int64s
    words: Int32s
    scales: Float64s


class PartWeights(NamedTuple):
    """The weight of each count up to 255, the distinct idfs, which of them each column has, and the first column.

    Columns are many and distinct idfs few: small numbers leave more of them in the cache than idfs would.
    """

    count_weights: Float64s
    idfs: Float64s
    idf_of: NarrowInts
    first: int


def unpack_rows(packed: PackedCounts, weights: PartWeights, begins: Int64s, indices: Int32s, values: Reals) -> None:
    """Write the columns and values of each row from entry begins[row] on.

    They are to the last bit those of `ngrams.row_kernels.write_rows`, but for counts that 8 bits cannot hold.
    """
    edges, words, scales = packed
    count_weights, idfs, idf_of, first = weights
    for row in range(len(scales)):
        scale = scales[row]
        shift = begins[row] - edges[row]
        for entry in range(edges[row], edges[row + 1]):
            word = words[entry & FORWARD]
            column = word >> 8 & MOST_COLUMNS - 1
            weight = count_weights[word & 255] * idfs[idf_of[column & FORWARD] & FORWARD]
            indices[entry + shift & FORWARD] = column + first
            values[entry + shift & FORWARD] = scale * weight
