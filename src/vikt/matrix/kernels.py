"""The two products of a sparse matrix in rows (CSR), as loops, and figures of its rows and columns.

Sums are float64 whatever the matrix holds.
"""

from __future__ import annotations

from vikt.compiled.array_types import (
    Bits,
    BitsMatrix,
    Float64Matrix,
    Float64s,
    Int32s,
    Int64s,
    RealMatrix,
    Reals,
    WeightMatrix,
)
from vikt.compiled.intrinsics import FORWARD

HASH_FACTOR = 0x1E3779B97F4A7C15


def row_scores(
    indptr: Int64s, indices: Int32s, values: Reals, rows: Int64s, theta: WeightMatrix, first: int, scores: Float64Matrix
) -> None:
    """Scores of some rows: scores[r, k] = θ_0k + Σ_j x_rj·θ_jk, with θ features × classes.

    `first` is 1 where θ begins with the dummy feature's weights, else 0.
    """
    n_classes = theta.shape[1]
    for r in range(rows.shape[0]):
        begin, end = indptr[rows[r]], indptr[rows[r] + 1]
        if n_classes == 1:
            # A single sum need not leave the register.
            score = theta[0, 0] * first
            for entry in range(begin, end):
                score += 1.0 * values[entry & FORWARD] * theta[indices[entry & FORWARD] + first & FORWARD, 0]
            scores[r, 0] = score
            continue
        for k in range(n_classes):
            scores[r, k] = theta[0, k] * first
        # Four at a time, in the order of one at a time: a sum waits for the one before it to be stored. All is float64
        # from x on.
        for entry in range(begin, end - 3, 4):
            a, b, c, d = entry & FORWARD, entry + 1 & FORWARD, entry + 2 & FORWARD, entry + 3 & FORWARD
            x_a, x_b, x_c, x_d = 1.0 * values[a], 1.0 * values[b], 1.0 * values[c], 1.0 * values[d]
            j_a, j_b = indices[a] + first & FORWARD, indices[b] + first & FORWARD
            j_c, j_d = indices[c] + first & FORWARD, indices[d] + first & FORWARD
            for k in range(n_classes):
                score = scores[r, k] + x_a * theta[j_a, k] + x_b * theta[j_b, k]
                scores[r, k] = score + x_c * theta[j_c, k] + x_d * theta[j_d, k]
        for entry in range(end - (end - begin) % 4, end):
            j = indices[entry & FORWARD] + first & FORWARD
            x = 1.0 * values[entry & FORWARD]
            for k in range(n_classes):
                scores[r, k] += x * theta[j, k]


def row_weighted_sum(
    indptr: Int64s,
    indices: Int32s,
    values: Reals,
    rows: Int64s,
    residuals: Float64Matrix,
    first: int,
    total: Float64Matrix,
) -> None:
    """Weighted sum of some rows, added to `total` (features × classes): Σ_r residual_rk·x_r."""
    n_classes = total.shape[1]
    for r in range(rows.shape[0]):
        begin, end = indptr[rows[r]], indptr[rows[r] + 1]
        if first:
            for k in range(n_classes):
                total[0, k] += residuals[r, k]
        if n_classes == 1:
            residual = residuals[r, 0]
            for entry in range(begin, end):
                total[indices[entry & FORWARD] + first & FORWARD, 0] += values[entry & FORWARD] * residual
            continue
        for entry in range(begin, end):
            j = indices[entry & FORWARD] + first & FORWARD
            x = values[entry & FORWARD]
            for k in range(n_classes):
                total[j, k] += x * residuals[r, k]


def row_squared_norms(indptr: Int64s, values: Reals, norms: Float64s) -> None:
    """Write ‖x‖² of each row."""
    for r in range(norms.shape[0]):
        total = 0.0
        for entry in range(indptr[r], indptr[r + 1]):
            x = 1.0 * values[entry & FORWARD]
            total += x * x
        norms[r] = total


def count_columns(indices: Int32s, counts: Int64s) -> None:
    """Count the entries of each column."""
    for entry in range(indices.shape[0]):
        counts[indices[entry & FORWARD] & FORWARD] += 1


def row_hashes(indptr: Int64s, indices: Int32s, bits: Bits, hashes: Int64s) -> None:
    """A hash of each row's columns and values, the latter given as the integers that their bits spell.

    It is a sum, none of whose terms waits for another.
    """
    for row in range(hashes.shape[0]):
        total = 0
        for entry in range(indptr[row], indptr[row + 1]):
            total += hashed(indices[entry & FORWARD], bits[entry & FORWARD])
        hashes[row] = total


def dense_row_hashes(values: RealMatrix, bits: BitsMatrix, hashes: Int64s) -> None:
    """The same of rows that are not compressed: zeros are passed over."""
    for row in range(hashes.shape[0]):
        total = 0
        for column in range(values.shape[1]):
            if values[row, column] != 0:
                total += hashed(column, bits[row, column])
        hashes[row] = total


def hashed(column: int, bits: int) -> int:
    """Mix one column and the bits of its value into a hash."""
    value = column * HASH_FACTOR + bits
    value = (value ^ value >> 32) * HASH_FACTOR
    value = (value ^ value >> 29) * HASH_FACTOR
    return value ^ value >> 32
