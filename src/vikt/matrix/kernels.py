"""The two products of a sparse matrix in rows (CSR), as loops. Sums are float64 whatever the matrix holds."""

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
    UInt32s,
    WeightMatrix,
)

FORWARD = 0x7FFFFFFFFFFFFFFF  # a mask that changes no index, and shows the compiler that none counts from the end
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


def row_curvature_product(
    indptr: Int64s,
    indices: UInt32s,
    values: Reals,
    p: RealMatrix,
    weights: Reals,
    theta: RealMatrix,
    intercepts: Reals,
    z: Reals,
    total: RealMatrix,
    intercept_total: Reals,
) -> None:
    """Σ_i w_i x_i J_i x_iᵀθ, added to `total` (features × classes), J = diag(p) - ppᵀ, or p(1 - p) of one column.

    `z` (classes,) is scratch. All sums are in the type of `theta` and `total`.
    """
    n_classes = theta.shape[1]
    for i in range(p.shape[0]):
        if n_classes == 1:
            # A single score need not leave the register.
            score = intercepts[0]
            for entry in range(indptr[i], indptr[i + 1]):
                score += values[entry & FORWARD] * theta[indices[entry & FORWARD], 0]
            residual = weights[i] * p[i, 0] * (score - p[i, 0] * score)
            intercept_total[0] += residual
            for entry in range(indptr[i], indptr[i + 1]):
                total[indices[entry & FORWARD], 0] += values[entry & FORWARD] * residual
            continue
        for k in range(n_classes):
            z[k] = intercepts[k]
        for entry in range(indptr[i], indptr[i + 1]):
            j = indices[entry & FORWARD]
            x = values[entry & FORWARD]
            for k in range(n_classes):
                z[k] += x * theta[j, k]
        mean = p[i, 0] * z[0]
        for k in range(1, n_classes):
            mean += p[i, k] * z[k]
        for k in range(n_classes):
            z[k] = weights[i] * p[i, k] * (z[k] - mean)
            intercept_total[k] += z[k]
        for entry in range(indptr[i], indptr[i + 1]):
            j = indices[entry & FORWARD]
            x = values[entry & FORWARD]
            for k in range(n_classes):
                total[j, k] += x * z[k]


def row_squared_norms(indptr: Int64s, values: Reals, norms: Float64s) -> None:
    """Write ‖x‖² of each row."""
    for r in range(norms.shape[0]):
        total = 0.0
        for entry in range(indptr[r], indptr[r + 1]):
            x = 1.0 * values[entry & FORWARD]
            total += x * x
        norms[r] = total


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


def count_columns(indices: Int32s, counts: Int64s) -> None:
    """Count the entries of each column."""
    for entry in range(indices.shape[0]):
        counts[indices[entry & FORWARD] & FORWARD] += 1


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
    indptr: Int64s, indices: Int32s, values: Reals, near: int, new_indices: Int32s, new_values: Reals
) -> None:
    """The same rows, within each the columns below `near` before the others."""
    for row in range(indptr.shape[0] - 1):
        first, last = indptr[row], indptr[row + 1] - 1
        for entry in range(indptr[row], indptr[row + 1]):
            j = indices[entry & FORWARD]
            is_near = j < near
            place = first if is_near else last
            new_indices[place & FORWARD] = j
            new_values[place & FORWARD] = values[entry & FORWARD]
            first += is_near
            last -= 1 - is_near


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
