"""The product of the Hessian of the loss and a vector, as a loop."""

from __future__ import annotations

from vikt.compiled.array_types import Int64s, RealMatrix, Reals, UInt32s
from vikt.compiled.intrinsics import FORWARD


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
