"""A sparse matrix in rows (CSR) with its rows or columns in another order, as loops."""

from __future__ import annotations

from vikt.compiled.array_types import Int32s, Int64s, Reals
from vikt.compiled.intrinsics import FORWARD


def take_rows(
    indptr: Int64s,
    indices: Int32s,
    values: Reals,
    rows: Int64s,
    new_indptr: Int64s,
    new_indices: Int32s,
    new_values: Reals,
) -> None:
    """Copy some rows, in the order given; `new_indptr` is filled already."""
    for r in range(rows.shape[0]):
        source = indptr[rows[r]]
        target = new_indptr[r]
        for entry in range(new_indptr[r + 1] - target):
            new_indices[target + entry & FORWARD] = indices[source + entry & FORWARD]
            new_values[target + entry & FORWARD] = values[source + entry & FORWARD]


def falling_ranks(counts: Int64s, begins: Int64s, ranks: Int32s) -> None:
    """The place of each column among all, the largest count first and equal ones as they stand.

    `begins` is zero to begin with, and two longer than the largest count.
    """
    top = begins.shape[0] - 2
    for j in range(counts.shape[0]):
        begins[top - counts[j] + 1] += 1
    for place in range(1, begins.shape[0]):
        begins[place] += begins[place - 1]
    for j in range(counts.shape[0]):
        place = top - counts[j]
        ranks[j] = begins[place]
        begins[place] += 1


def renumber(indices: Int32s, ranks: Int32s, renumbered: Int32s) -> None:
    """Write the new number of each entry's column."""
    for entry in range(indices.shape[0]):
        renumbered[entry & FORWARD] = ranks[indices[entry & FORWARD] & FORWARD]


def near_first(
    indptr: Int64s,
    indices: Int32s,
    values: Reals,
    ranks: Int32s,
    near: int,
    new_indices: Int32s,
    new_values: Reals,
) -> None:
    """Write the rows with the new numbers of their columns, within each row those below `near` before the others."""
    for row in range(indptr.shape[0] - 1):
        first, last = indptr[row], indptr[row + 1] - 1
        for entry in range(indptr[row], indptr[row + 1]):
            j = ranks[indices[entry & FORWARD] & FORWARD]
            is_near = j < near
            place = first if is_near else last
            new_indices[place & FORWARD] = j
            new_values[place & FORWARD] = values[entry & FORWARD]
            first += is_near
            last -= 1 - is_near
