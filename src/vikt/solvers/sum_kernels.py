"""Sums of weights and of probabilities, as loops that give the same bits on every processor."""

from __future__ import annotations

from vikt.compiled.array_types import Float32Matrix, Float64Matrix, Float64s, Reals

LANES = 8


def squared_length(theta: Reals) -> float:
    """Σ_j θ_j² of all weights, summed in float64."""
    s0, s1, s2, s3, s4, s5, s6, s7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    n = theta.shape[0]
    for j in range(0, n - LANES + 1, LANES):
        s0 += (1.0 * theta[j]) * theta[j]
        s1 += (1.0 * theta[j + 1]) * theta[j + 1]
        s2 += (1.0 * theta[j + 2]) * theta[j + 2]
        s3 += (1.0 * theta[j + 3]) * theta[j + 3]
        s4 += (1.0 * theta[j + 4]) * theta[j + 4]
        s5 += (1.0 * theta[j + 5]) * theta[j + 5]
        s6 += (1.0 * theta[j + 6]) * theta[j + 6]
        s7 += (1.0 * theta[j + 7]) * theta[j + 7]
    for j in range(n - n % LANES, n):
        s0 += (1.0 * theta[j]) * theta[j]
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))


def squared_lengths(theta: Float32Matrix, totals: Float64s) -> None:
    """Σ_j θ_jk² of each label, summed in float64, added to `totals`, (K,)."""
    for j in range(theta.shape[0]):
        for k in range(theta.shape[1]):
            totals[k] += (1.0 * theta[j, k]) * theta[j, k]


def curvature_product(p: Float64Matrix, weight: Float64s, v: Float64s, product: Float64s) -> None:
    """Σ_i w_i (diag(p_i) - p_i p_iᵀ) v, added to `product` (K,): how the mean of p moves when all scores move by v."""
    n_classes = p.shape[1]
    for i in range(p.shape[0]):
        mean = 0.0
        for k in range(n_classes):
            mean += p[i, k] * v[k]
        for k in range(n_classes):
            product[k] += weight[i] * p[i, k] * (v[k] - mean)
