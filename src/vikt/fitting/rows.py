"""Rows of a matrix as a fit reads them: in canonical order, equal rows of one class merged."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from vikt.arrays import Classes, Floats, Ints, RowIndices
from vikt.corpus.order import canonical_order, content_ranks, merged_rows
from vikt.matrix import DesignMatrix, equal_rows


class OrderedRows(NamedTuple):
    """Row numbers in a matrix, in canonical order and merged; their joint weights; and numbers equal for equal rows."""

    rows: RowIndices
    weights: Floats
    contents: Ints


def ordered_rows(X: DesignMatrix, y: Classes, weights: Floats, seed: int, offset: Floats | None = None) -> OrderedRows:
    """The rows of a matrix in canonical order; equal rows (and offsets) of one class are one row of joint weight."""
    keys, content_of = row_contents(X, seed, offset)
    order = canonical_order(keys, content_of, y, weights)
    ranks = content_ranks(keys[order], lambda i: content_of(order[i]))
    first, joint = merged_rows(ranks, y[order], weights[order])
    return OrderedRows(order[first], joint, ranks[first])


def row_contents(X: DesignMatrix, seed: int, offset: Floats | None = None) -> tuple[Ints, Callable[[int], object]]:
    """A seeded hash of each row's non-zeros, the same for sparse and dense rows; and a function from row to content.

    Where equal hashes mean equal rows, the content is the hash.
    """
    keys = X.row_hashes() * np.int64(2 * seed + 1)
    order = np.argsort(keys, kind="stable")
    alike = np.flatnonzero(keys[order[1:]] == keys[order[:-1]])
    before, after = order[alike], order[alike + 1]
    if equal_rows(X, before, after) and (offset is None or np.array_equal(offset[before], offset[after])):
        return keys, keys.__getitem__

    def content_of(row: int) -> bytes:
        columns, values = X.row(row)
        known = b"" if offset is None else offset[row].tobytes()
        return bytes(columns.astype(np.int64).tobytes() + values.astype(np.float64).tobytes() + known)

    return keys, content_of
