"""Dual coordinate ascent for two classes, as loops: one pass over the rows, each moved to its exact best.

A row's α is held as log-odds, so that it never leaves (0, 1). The data are float32, all else is float64, or θ float32
too. The certificate makes up for the rounding (it computes θ anew from α).
"""

from __future__ import annotations

import math

from vikt.compiled.array_types import Float32s, Float64s, Int64s, Reals, UInt32s
from vikt.compiled.intrinsics import FORWARD, prefetch

MOST_NEWTON_STEPS = 30


def logistic(z: float) -> float:
    """σ(z), by an exponential that cannot overflow."""
    if z >= 0:
        return 1.0 / (1.0 + math.exp(-z))
    e = math.exp(z)
    return e / (1.0 + e)


def softplus_and_logistic(z: float) -> tuple[float, float]:
    """log(1 + e^z) and its derivative, of one exponential."""
    e = math.exp(-abs(z))
    p = 1.0 / (1.0 + e)
    return max(z, 0.0) + math.log1p(e), p if z >= 0 else e * p


def solve_two_classes(target: float, q: float, log_odds: float) -> float:
    """The s with s + q·σ(s) = target.

    The left side rises, is concave above 0 and convex below: Newton's steps from any point reach the root without
    turning once the root's side is known, which the sign at 0 tells, and no step crosses 0 (plain Newton cycles
    there for large q).
    """
    above = target > 0.5 * q
    s = log_odds if (log_odds > 0) == above else 0.0
    for _ in range(MOST_NEWTON_STEPS):
        p = logistic(s)
        step = (s + q * p - target) / (1.0 + q * p * (1.0 - p))
        s -= step
        if (s > 0) != above:
            s = 0.0
        # The next step would be of its square's size.
        if abs(step) <= 1e-5 * (1.0 + abs(s)):
            break
    return s


def score_of_two(indices: UInt32s, values: Float32s, first: int, last: int, following: int, theta: Reals) -> float:
    """Σ_j x_j·θ_j of one row, in four sums: one would wait for the addition before it.

    Meanwhile as many entries of the next row are prefetched, which starts at `following`.
    """
    ahead = following - first
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    for entry in range(first, last - 3, 4):
        a, b, c, d = entry & FORWARD, entry + 1 & FORWARD, entry + 2 & FORWARD, entry + 3 & FORWARD
        prefetch(indices, entry + ahead)
        prefetch(values, entry + ahead)
        s0 += values[a] * theta[indices[a]]
        s1 += values[b] * theta[indices[b]]
        s2 += values[c] * theta[indices[c]]
        s3 += values[d] * theta[indices[d]]
    for entry in range(last - (last - first) % 4, last):
        s0 += values[entry & FORWARD] * theta[indices[entry & FORWARD]]
    return (s0 + s1) + (s2 + s3)


def read_ahead(
    i: int,
    truth: Float64s,
    weight: Float64s,
    visits_share: Float64s,
    curvature: Float64s,
    along: Float64s,
    log_odds: Float64s,
) -> None:
    """Prefetch what a visit to a distinct row needs besides the data."""
    prefetch(truth, i)
    prefetch(weight, i)
    prefetch(visits_share, i)
    prefetch(curvature, i)
    prefetch(along, i)
    prefetch(log_odds, i)


def ascend_two_classes(
    indptr: Int64s,
    indices: UInt32s,
    values: Float32s,
    row_of: Int64s,
    order: Int64s,
    truth: Float64s,
    weight: Float64s,
    visits_share: Float64s,
    curvature: Float64s,
    along: Float64s,
    mean_square: float,
    scale: float,
    rho: float,
    first_pass: bool,
    negligible: float,
    theta: Reals,
    state: Float64s,
    log_odds: Float64s,
) -> tuple[float, float]:
    """One pass over distinct rows, each visited as often as it counts (`order`).

    Parameters
    ----------
    indptr, indices, values, row_of : arrays
        The data, and which of its rows each distinct row is.
    order : (m,)
        The visits.
    truth, weight, visits_share, curvature, along : (g,)
        Of each distinct row: the share of label 1, the joint weight, one over its visits, its q, and x·μ.
    mean_square, scale, rho : float
        μ·μ, 1/(2λW), and the weight of the augmented Lagrangian.
    first_pass : bool
        Whether no row was visited before.
    negligible : float
        A row whose α is already where its score puts it, but for a divergence below this, is left as it is.
    theta, log_odds : (n,), (g,)
        u, which is θ + μ·Σ w(y - α)/(2λW), and α; changed.
    state : (4,)
        The score b at μ; Σ w(y - α); how much each α by itself gives way to b, to which each visit adds its share of
        Σ w·α(1 - α) / (1 + q·α(1 - α)); and θ·μ; changed.

    Returns
    -------
    tuple
        Σ w·KL(α ‖ p) and Σ w·loss, each row's at its visit: hints of when to compute a proof.
    """
    gap = 0.0
    loss = 0.0
    b = state[0]
    imbalance = state[1]
    give = state[2]
    along_mean = state[3]
    for position in range(order.shape[0]):
        i = order[position]
        first = indptr[row_of[i]]
        last = indptr[row_of[i] + 1]
        # Rows are visited in random order: each would wait for the memory.
        next_i = order[min(position + 1, order.shape[0] - 1)]
        read_ahead(next_i, truth, weight, visits_share, curvature, along, log_odds)
        z = b - along_mean - scale * imbalance * along[i]
        z += score_of_two(indices, values, first, last, indptr[row_of[next_i]], theta)
        start = log_odds[i]
        softplus, _ = softplus_and_logistic(z)
        of_start, old = softplus_and_logistic(start)
        loss += weight[i] * visits_share[i] * (softplus - truth[i] * z)
        divergence = softplus - of_start - old * (z - start)
        gap += weight[i] * visits_share[i] * divergence
        if divergence < negligible:
            variance = old * (1.0 - old)
            give += weight[i] * visits_share[i] * variance / (1.0 + curvature[i] * variance)
            continue
        if first_pass:
            start = z
        s = solve_two_classes(z + curvature[i] * old, curvature[i], start)
        log_odds[i] = s
        new = logistic(s)
        variance = new * (1.0 - new)
        give += weight[i] * visits_share[i] * variance / (1.0 + curvature[i] * variance)
        delta = weight[i] * (old - new)
        step = scale * delta
        for entry in range(first, last):
            theta[indices[entry & FORWARD]] += step * values[entry & FORWARD]
        b += rho * delta
        imbalance += delta
        along_mean += step * (along[i] - mean_square)
    state[0] = b
    state[1] = imbalance
    state[2] = give
    state[3] = along_mean
    return gap, loss
