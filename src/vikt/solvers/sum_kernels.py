"""Sums of weights and of probabilities, and systems of them, as loops that give the same bits on every processor."""

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


def add_links(p: Float64Matrix, weight: Float64s, links: Float64s) -> None:
    """Σ_i w_i p_ik p_il of each class k and each l before it, added to `links` (K(K-1)/2,), class after class."""
    m, n_classes = p.shape
    whole = m - m % LANES
    for i in range(0, whole, LANES):
        at = 0
        for k in range(1, n_classes):
            a, b = weight[i] * p[i, k], weight[i + 1] * p[i + 1, k]
            c, d = weight[i + 2] * p[i + 2, k], weight[i + 3] * p[i + 3, k]
            e, f = weight[i + 4] * p[i + 4, k], weight[i + 5] * p[i + 5, k]
            g, h = weight[i + 6] * p[i + 6, k], weight[i + 7] * p[i + 7, k]
            for other in range(k):
                first = (a * p[i, other] + b * p[i + 1, other]) + (c * p[i + 2, other] + d * p[i + 3, other])
                last = (e * p[i + 4, other] + f * p[i + 5, other]) + (g * p[i + 6, other] + h * p[i + 7, other])
                links[at + other] += first + last
            at += k
    for i in range(whole, m):
        at = 0
        for k in range(1, n_classes):
            a = weight[i] * p[i, k]
            for other in range(k):
                links[at + other] += a * p[i, other]
            at += k


def solve_links(links: Float64s, x: Float64s) -> None:
    """The x with Σ_l a_kl (x_k - x_l) = b_k and x_0 = 0, in the place of b, (K,), by elimination.

    The links a ≥ 0 are as `add_links` makes them; they are overwritten. They are only ever added to, so that nothing
    cancels and x is exact but for rounding, whatever their sizes. It is not finite where no link reaches a class.

    Source: Grassmann, Taksar and Heyman 1985.
    """
    n_classes = x.shape[0]
    for k in range(n_classes - 1, 0, -1):
        own, at = k * (k - 1) // 2, 0
        degree = 0.0
        for other in range(k):
            degree += links[own + other]
        for other in range(k):
            share = links[own + other] / degree
            x[other] += share * x[k]
            for third in range(other):
                links[at + third] += share * links[own + third]
            at += other
    x[0] = 0.0
    for k in range(1, n_classes):
        own = k * (k - 1) // 2
        degree = 0.0
        total = x[k]
        for other in range(k):
            degree += links[own + other]
            total += links[own + other] * x[other]
        x[k] = total / degree
