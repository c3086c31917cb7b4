"""Coordinate descent over columns, as loops; a coordinate is one feature's weight in one class."""

from __future__ import annotations

from vikt.compiled.array_types import Float64Matrix, Float64s, Int32s, Int64s, Reals, UInt32s

# The least curvature, as a part of a column's size: where all probabilities are 0 or 1 the loss only looks flat.
LEAST_CURVATURE = 1e-12


def by_column(
    indptr: Int64s, indices: Int32s, values: Reals, means: Float64s, starts: Int64s, rows: UInt32s, columns: Float64s
) -> None:
    """Compressed columns of compressed rows. A column with a mean is held whole, less its mean.

    `starts` holds where each column begins and, on return, where it ends; `columns` must be zero on entry.
    """
    m = indptr.shape[0] - 1
    n = means.shape[0]
    for j in range(n):
        if means[j] != 0.0:
            for i in range(m):
                rows[starts[j] + i] = i
                columns[starts[j] + i] = -means[j]
    for i in range(m):
        for entry in range(indptr[i], indptr[i + 1]):
            j = indices[entry]
            if means[j] != 0.0:
                columns[starts[j] + i] += values[entry]
            else:
                rows[starts[j]] = i
                columns[starts[j]] = values[entry]
                starts[j] += 1
    for j in range(n):
        if means[j] != 0.0:
            starts[j] += m


def slopes_and_curvatures(
    indptr: Int64s,
    rows: UInt32s,
    values: Float64s,
    features: Int64s,
    classes: Int64s,
    residuals: Float64Matrix,
    share: Float64s,
    p: Float64Matrix,
    slopes: Float64s,
    curvatures: Float64s,
) -> None:
    """Of the mean loss, at each coordinate: Σ_i x_ij r_ik and Σ_i x_ij² (w_i/W) p_ik (1 - p_ik)."""
    for c in range(features.shape[0]):
        j, k = features[c], classes[c]
        slope, curvature, size = 0.0, 0.0, 0.0
        for entry in range(indptr[j], indptr[j + 1]):
            i, x = rows[entry], values[entry]
            slope += x * residuals[i, k]
            weighted = x * x * share[i]
            size += weighted
            curvature += weighted * p[i, k] * (1.0 - p[i, k])
        slopes[c] = slope
        curvatures[c] = curvature + LEAST_CURVATURE * size


def shrunk(weight: float, by: float) -> float:
    """Soft thresholding: nearer to 0 by `by`, and 0 where that would cross it."""
    if weight > by:
        return weight - by
    if weight < -by:
        return weight + by
    return 0.0


def minimise_model(
    indptr: Int64s,
    rows: UInt32s,
    values: Float64s,
    features: Int64s,
    classes: Int64s,
    slopes: Float64s,
    curvatures: Float64s,
    curved: Float64Matrix,
    p: Float64Matrix,
    l2: Float64s,
    l1: Float64s,
    weights: Float64s,
    step: Float64s,
    first: int,
    intercept_slopes: Float64s,
    intercept_step: Float64s,
    moved: Float64Matrix,
    mean: Float64s,
    enough: float,
    most_cycles: int,
) -> int:
    """Minimise the quadratic model of the loss, with the penalty as it is, a coordinate at a time.

    The model's Hessian is exact: Σ_i (w_i/W) (diag(p_i) - p_i p_iᵀ) ⊗ x_i x_iᵀ. Kept are `moved`, the step's scores,
    and `mean`, their mean by p; `curved` is (w_i/W) p_ik. Weights that are 0 are looked at again only once the others
    rest. The cycles end when one over all changes no slope by more than `enough`. `l2` and `l1` hold one number
    per coordinate.
    """
    m, n_classes = moved.shape
    everywhere = True
    for cycle in range(most_cycles):
        most = 0.0
        for k in range(n_classes * first):
            slope, curvature = intercept_slopes[k], 0.0
            for i in range(m):
                slope += curved[i, k] * (moved[i, k] - mean[i])
                curvature += curved[i, k] * (1.0 - p[i, k])
            if curvature > 0.0:
                delta = -slope / curvature
                intercept_step[k] += delta
                most = max(most, abs(slope))
                for i in range(m):
                    moved[i, k] += delta
                    mean[i] += p[i, k] * delta
        for c in range(features.shape[0]):
            weight, curvature = weights[c] + step[c], curvatures[c] + 2.0 * l2[c]
            if curvature <= 0.0 or (weight == 0.0 and not everywhere):
                continue
            begin, end, k = indptr[features[c]], indptr[features[c] + 1], classes[c]
            slope = slopes[c] + 2.0 * l2[c] * weight
            for entry in range(begin, end):
                i = rows[entry]
                slope += values[entry] * curved[i, k] * (moved[i, k] - mean[i])
            delta = shrunk(weight - slope / curvature, l1[c] / curvature) - weight
            if delta != 0.0:
                # So that the new weight is 0 exactly where it is to be.
                step[c] = -weights[c] if weight + delta == 0.0 else step[c] + delta
                most = max(most, curvature * abs(delta))
                for entry in range(begin, end):
                    i = rows[entry]
                    moved[i, k] += delta * values[entry]
                    mean[i] += p[i, k] * delta * values[entry]
        if most <= enough and everywhere:
            return cycle + 1
        everywhere = most <= enough
    return most_cycles


def minimise_model_of_two_classes(
    indptr: Int64s,
    rows: UInt32s,
    values: Float64s,
    features: Int64s,
    classes: Int64s,
    slopes: Float64s,
    curvatures: Float64s,
    curved: Float64Matrix,
    p: Float64Matrix,
    l2: Float64s,
    l1: Float64s,
    weights: Float64s,
    step: Float64s,
    first: int,
    intercept_slopes: Float64s,
    intercept_step: Float64s,
    moved: Float64Matrix,
    mean: Float64s,
    enough: float,
    most_cycles: int,
) -> int:
    """`minimise_model` where one score is all: `mean` then holds by how much each row's residual has moved.

    A column is then a sum over one array, most of the work, instead of three.
    """
    m = moved.shape[0]
    everywhere = True
    for i in range(m):
        curved[i, 0] *= 1.0 - p[i, 0]
    for cycle in range(most_cycles):
        most = 0.0
        if first:
            slope, curvature = intercept_slopes[0], 0.0
            for i in range(m):
                slope += mean[i]
                curvature += curved[i, 0]
            if curvature > 0.0:
                delta = -slope / curvature
                intercept_step[0] += delta
                most = max(most, abs(slope))
                for i in range(m):
                    moved[i, 0] += delta
                    mean[i] += curved[i, 0] * delta
        for c in range(features.shape[0]):
            weight, curvature = weights[c] + step[c], curvatures[c] + 2.0 * l2[c]
            if curvature <= 0.0 or (weight == 0.0 and not everywhere):
                continue
            begin, end = indptr[features[c]], indptr[features[c] + 1]
            slope = slopes[c] + 2.0 * l2[c] * weight
            for entry in range(begin, end):
                slope += values[entry] * mean[rows[entry]]
            delta = shrunk(weight - slope / curvature, l1[c] / curvature) - weight
            if delta != 0.0:
                step[c] = -weights[c] if weight + delta == 0.0 else step[c] + delta
                most = max(most, curvature * abs(delta))
                for entry in range(begin, end):
                    i = rows[entry]
                    moved[i, 0] += delta * values[entry]
                    mean[i] += curved[i, 0] * delta * values[entry]
        if most <= enough and everywhere:
            return cycle + 1
        everywhere = most <= enough
    return most_cycles


def add_scores(
    indptr: Int64s,
    rows: UInt32s,
    values: Float64s,
    features: Int64s,
    classes: Int64s,
    step: Float64s,
    scores: Float64Matrix,
) -> None:
    """The scores of a step in some coordinates, added: scores[i, k] += Σ_j x_ij step_jk."""
    for c in range(features.shape[0]):
        j, k = features[c], classes[c]
        for entry in range(indptr[j], indptr[j + 1]):
            scores[rows[entry], k] += values[entry] * step[c]


def column_sums(
    indptr: Int64s,
    rows: UInt32s,
    values: Float64s,
    features: Int64s,
    classes: Int64s,
    residuals: Float64Matrix,
    sums: Float64s,
) -> None:
    """The weighted sum of rows, at some coordinates: Σ_i x_ij r_ik."""
    for c in range(features.shape[0]):
        j, k = features[c], classes[c]
        total = 0.0
        for entry in range(indptr[j], indptr[j + 1]):
            total += values[entry] * residuals[rows[entry], k]
        sums[c] = total
