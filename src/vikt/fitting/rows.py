"""Rows of a matrix as a fit reads them: in canonical order, equal rows of one class merged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from vikt.arrays import Classes, Floats, Ints, RowIndices
from vikt.corpus.order import canonical_order, content_ranks, merged_rows
from vikt.matrix import DesignMatrix, equal_rows


class OrderedRows(NamedTuple):
    """Rows of a matrix, ordered by what they say and merged.

    Attributes
    ----------
    rows : (m,)
        The number of each in the matrix.
    weights : (m,)
        Its joint weight.
    contents : (m,)
        A number for each, equal where rows say the same.
    """

    rows: RowIndices
    weights: Floats
    contents: Ints


def ordered_rows(X: DesignMatrix, y: Classes, weights: Floats, seed: int, offset: Floats | None = None) -> OrderedRows:
    """The rows of a matrix in canonical order; equal rows of one class are one row of their joint weight.

    Parameters
    ----------
    X : DesignMatrix
    y, weights : (m,)
    seed : int
        Of the order.
    offset : (m,) or (m, K), optional
        Part of what a row says.
    """
    keys, content_of = row_contents(X, seed, offset)
    order = canonical_order(keys, content_of, y, weights)
    ranks = content_ranks(keys[order], lambda i: content_of(order[i]))
    first, joint = merged_rows(ranks, y[order], weights[order])
    return OrderedRows(order[first], joint, ranks[first])


def row_contents(X: DesignMatrix, seed: int, offset: Floats | None = None) -> tuple[Ints, Callable[[int], Any]]:
    """A seeded hash of each row's non-zeros, the same whether rows are held sparse or dense, and what each row says.

    Where no two rows of one hash differ, the hash is all there is to say.
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
