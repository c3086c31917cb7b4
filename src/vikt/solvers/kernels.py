"""Dual coordinate ascent, as loops: one pass over the rows, each moved to its exact best.

A row's α is held as log-odds (two classes) or as log α (more), so that it never leaves its simplex. The data are
float32. Two classes are solved in float64; more in float32 too. The certificate makes up for the rounding (it
computes θ anew from α).

Sums are added up in as many numbers as the machine adds at a time, LANES or four, so that their bits are the same on
every processor. Where there are more than two classes, arrays hold a multiple of LANES of them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from vikt.compiled.array_types import (
    Float32,
    Float32Matrix,
    Float32s,
    Float64Matrix,
    Float64s,
    Int64s,
    Reals,
    UInt32s,
)
from vikt.compiled.intrinsics import prefetch, two_to_the

FORWARD = 0x7FFFFFFFFFFFFFFF  # a mask that changes no index, and shows the compiler that none counts from the end

LANES = 8
MOST_NEWTON_STEPS = 30
CLASSES_OF_A_LINE = 16  # float32 numbers that come from memory at once

LOG2_E = np.float32(1.44269504)
LN_2_HIGH = np.float32(0.693359375)
LN_2_LOW = np.float32(-2.12194440e-4)
HALF = np.float32(0.5)
ONE = np.float32(1.0)
ZERO = np.float32(0.0)
TWO = np.float32(2.0)
LOWEST_EXPONENT = np.float32(-87.0)
# Coefficients of the polynomial for e^r on |r| ≤ ln(2)/2 (Cephes' expf).
P0 = np.float32(1.9875691500e-4)
P1 = np.float32(1.3981999507e-3)
P2 = np.float32(8.3334519073e-3)
P3 = np.float32(4.1665795894e-2)
P4 = np.float32(1.6666665459e-1)
P5 = np.float32(5.0000001201e-1)
# Of the series of artanh(t)/t.
L1 = np.float32(1 / 3)
L2 = np.float32(1 / 5)
L3 = np.float32(1 / 7)
L4 = np.float32(1 / 9)
L5 = np.float32(1 / 11)
# Steps of Newton's method in log-odds, squared and added up, after which the error is small beside the moves.
SHORT_STEPS = np.float32(0.01)


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


def score_of_two(indices: UInt32s, values: Float32s, first: int, last: int, theta: Reals) -> float:
    """Σ_j x_j·θ_j of one row, in four sums: one would wait for the addition before it."""
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    for entry in range(first, last - 3, 4):
        a, b, c, d = entry & FORWARD, entry + 1 & FORWARD, entry + 2 & FORWARD, entry + 3 & FORWARD
        s0 += values[a] * theta[indices[a]]
        s1 += values[b] * theta[indices[b]]
        s2 += values[c] * theta[indices[c]]
        s3 += values[d] * theta[indices[d]]
    for entry in range(last - (last - first) % 4, last):
        s0 += values[entry & FORWARD] * theta[indices[entry & FORWARD]]
    return (s0 + s1) + (s2 + s3)


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
    truth, weight, visits_share, curvature : (g,)
        Of each distinct row: the share of label 1, the joint weight, one over its visits, and its q.
    scale, rho : float
        1/(2λW), and the weight of the intercept's augmented Lagrangian.
    first_pass : bool
        Whether no row was visited before.
    negligible : float
        A row whose α is already where its score puts it, but for a divergence below this, is left as it is.
    theta, log_odds : (n,), (g,)
        θ and α, changed.
    state : (3,)
        The intercept, Σ w(y - α), and how much each α by itself gives way to the intercept,
        Σ w·α(1 - α) / (1 + q·α(1 - α)); changed.

    Returns
    -------
    tuple
        Σ w·KL(α ‖ p) and Σ w·loss, each row's at its visit: hints of when to compute a proof.
    """
    gap = 0.0
    loss = 0.0
    intercept = state[0]
    imbalance = state[1]
    give = 0.0
    for position in range(order.shape[0]):
        i = order[position]
        first = indptr[row_of[i]]
        last = indptr[row_of[i] + 1]
        z = intercept + score_of_two(indices, values, first, last, theta)
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
        intercept += rho * delta
        imbalance += delta
    state[0] = intercept
    state[1] = imbalance
    state[2] = give
    return gap, loss


def total_of(a: Float32s) -> Float32:
    """Σ_k a_k, of LANES numbers at a time."""
    s0, s1, s2, s3, s4, s5, s6, s7 = ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO
    for k in range(0, a.shape[0], LANES):
        s0 += a[k]
        s1 += a[k + 1]
        s2 += a[k + 2]
        s3 += a[k + 3]
        s4 += a[k + 4]
        s5 += a[k + 5]
        s6 += a[k + 6]
        s7 += a[k + 7]
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))


def largest_of(a: Float32s) -> Float32:
    """The largest number, LANES at a time."""
    m0, m1, m2, m3, m4, m5, m6, m7 = a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]
    for k in range(LANES, a.shape[0], LANES):
        m0 = max(m0, a[k])
        m1 = max(m1, a[k + 1])
        m2 = max(m2, a[k + 2])
        m3 = max(m3, a[k + 3])
        m4 = max(m4, a[k + 4])
        m5 = max(m5, a[k + 5])
        m6 = max(m6, a[k + 6])
        m7 = max(m7, a[k + 7])
    return max(max(max(m0, m4), max(m2, m6)), max(max(m1, m5), max(m3, m7)))


def exponentials(u: Float32s, e: Float32s) -> None:
    """e[k] = exp(u[k]) for u ≤ 88, in float32 and in steps that the machine does LANES at a time."""
    for k in range(u.shape[0]):
        x = max(u[k], LOWEST_EXPONENT)
        n = np.floor(x * LOG2_E + HALF)
        r = x - n * LN_2_HIGH - n * LN_2_LOW
        power = ((((((P0 * r + P1) * r + P2) * r + P3) * r + P4) * r + P5) * (r * r)) + r + ONE
        e[k] = power * two_to_the(np.int32(n))


def log_softmax_in_place(z: Float32s, e: Float32s) -> None:
    """z becomes z - log Σ exp z; e its exponentials."""
    largest = largest_of(z)
    for k in range(z.shape[0]):
        z[k] -= largest
    exponentials(z, e)
    total = total_of(e)
    log_total = np.float32(math.log(1.0 * total))
    for k in range(z.shape[0]):
        z[k] -= log_total
    for k in range(z.shape[0]):
        e[k] /= total


def solve_many_classes(
    target: Float32s,
    q: Float32s,
    u: Float32s,
    alpha: Float32s,
    moved: Float32,
    gives: Float32s,
    pulls: Float32s,
) -> None:
    """The u = log α with u_k + q_k·α_k + ν = target_k and Σ α = 1, by Newton's method from the u given; α = exp(u).

    `moved` is about how far α has to go; the steps end when they are small beside it. `gives` and `pulls` are scratch.
    """
    enough = np.float32(0.1) * moved
    total = total_of(alpha)
    for _ in range(MOST_NEWTON_STEPS):
        for k in range(u.shape[0]):
            gives[k] = alpha[k] / (ONE + q[k] * alpha[k])
        for k in range(u.shape[0]):
            pulls[k] = gives[k] * (u[k] + q[k] * alpha[k] - target[k])
        nu = (total - ONE - total_of(pulls)) / total_of(gives)
        for k in range(u.shape[0]):
            pulls[k] = -(u[k] + q[k] * alpha[k] - target[k] + nu) / (ONE + q[k] * alpha[k])
        for k in range(u.shape[0]):
            u[k] = min(u[k] + pulls[k], ZERO)
        for k in range(u.shape[0]):
            pulls[k] = alpha[k] * abs(pulls[k])
        largest = largest_of(pulls)
        exponentials(u, alpha)
        total = total_of(alpha)
        # A class that must grow from almost nothing moves α by almost nothing at first, but the sum tells.
        if largest <= enough and abs(total - ONE) <= enough:
            break
    log_total = np.float32(math.log(1.0 * total))
    for k in range(u.shape[0]):
        u[k] -= log_total


def gather(
    indices: UInt32s, values: Float32s, first: int, last: int, theta: Float32Matrix, intercepts: Float64s, z: Float32s
) -> None:
    """The scores of one row: z = b + Σ_j x_j·θ_j."""
    for k in range(z.shape[0]):
        z[k] = intercepts[k]
    # Four at a time: a sum waits for the one before it to be stored.
    for entry in range(first, last - 3, 4):
        a, b, c, d = entry & FORWARD, entry + 1 & FORWARD, entry + 2 & FORWARD, entry + 3 & FORWARD
        j_a, j_b, j_c, j_d = indices[a], indices[b], indices[c], indices[d]
        x_a, x_b, x_c, x_d = values[a], values[b], values[c], values[d]
        for k in range(z.shape[0]):
            z[k] += x_a * theta[j_a, k] + x_b * theta[j_b, k] + x_c * theta[j_c, k] + x_d * theta[j_d, k]
    for entry in range(last - (last - first) % 4, last):
        x = values[entry & FORWARD]
        j = indices[entry & FORWARD]
        for k in range(z.shape[0]):
            z[k] += x * theta[j, k]


def scatter(indices: UInt32s, values: Float32s, first: int, last: int, delta: Float32s, theta: Float32Matrix) -> None:
    """θ_j += x_j·δ for the features of one row."""
    for entry in range(first, last):
        x = values[entry & FORWARD]
        j = indices[entry & FORWARD]
        for k in range(delta.shape[0]):
            theta[j, k] += x * delta[k]


def gather_scaled(
    indices: UInt32s,
    values: Float32s,
    first: int,
    last: int,
    scales: Float32Matrix,
    theta: Float32Matrix,
    intercepts: Float64s,
    z: Float32s,
) -> None:
    """The scores of one row where θ is over r: z = b + Σ_j x_j·r_j·θ_j."""
    for k in range(z.shape[0]):
        z[k] = intercepts[k]
    for entry in range(first, last):
        x = values[entry & FORWARD]
        j = indices[entry & FORWARD]
        for k in range(z.shape[0]):
            z[k] += x * scales[j, k] * theta[j, k]


def scatter_scaled(
    indices: UInt32s,
    values: Float32s,
    first: int,
    last: int,
    scales: Float32Matrix,
    delta: Float32s,
    theta: Float32Matrix,
) -> None:
    """θ_j += x_j·r_j·δ for the features of one row."""
    for entry in range(first, last):
        x = values[entry & FORWARD]
        j = indices[entry & FORWARD]
        for k in range(delta.shape[0]):
            theta[j, k] += x * scales[j, k] * delta[k]


def read_ahead(indices: UInt32s, first: int, last: int, theta: Float32Matrix) -> None:
    """Ask the memory for the weights of a row's features."""
    for entry in range(first, last):
        prefetch(theta, indices[entry & FORWARD])


class ClassRoom(NamedTuple):
    """Arrays to work in, a number per class."""

    z: Float32s
    p: Float32s
    old: Float32s
    alpha: Float32s
    target: Float32s
    delta: Float32s
    q: Float32s
    gives: Float32s
    pulls: Float32s


def ascend_many_classes(
    indptr: Int64s,
    indices: UInt32s,
    values: Float32s,
    row_of: Int64s,
    order: Int64s,
    truth: Float32Matrix,
    weight: Float64s,
    visits_share: Float64s,
    curvature: Float64Matrix,
    scales: Float32Matrix,
    scale: float,
    rho: float,
    first_pass: bool,
    negligible: float,
    theta: Float32Matrix,
    state: Float64Matrix,
    log_alpha: Float32Matrix,
    room: ClassRoom,
) -> tuple[float, float]:
    """One pass; see `ascend_two_classes`. θ is features × classes; `state` is (3, K).

    Where the penalty has them, `scales` holds r, features × classes, and θ is θ/r; `curvature` is that of each class
    then, (g, K), else (g, 1). The weights of the row to come are asked of the memory beforehand.
    """
    n_classes, is_scaled = theta.shape[1], scales.shape[0] > 0
    z, p, old, alpha, target, delta, q, gives, pulls = room
    intercepts, imbalance, give = state[0], state[1], state[2]
    gap = 0.0
    loss = 0.0
    for k in range(n_classes):
        give[k] = 0.0
    for position in range(order.shape[0]):
        i = order[position]
        u = log_alpha[i]
        own = truth[i]
        if curvature.shape[1] == 1:
            for k in range(n_classes):
                q[k] = curvature[i, 0]
        else:
            for k in range(n_classes):
                q[k] = curvature[i, k]
        share = weight[i] * visits_share[i]
        first = indptr[row_of[i]]
        last = indptr[row_of[i] + 1]
        if position + 1 < order.shape[0] and n_classes <= CLASSES_OF_A_LINE:
            following = row_of[order[position + 1]]
            read_ahead(indices, indptr[following], indptr[following + 1], theta)
        if is_scaled:
            gather_scaled(indices, values, first, last, scales, theta, intercepts, z)
        else:
            gather(indices, values, first, last, theta, intercepts, z)
        log_softmax_in_place(z, p)
        exponentials(u, old)
        for k in range(n_classes):
            gives[k] = old[k] * (u[k] - z[k])
        for k in range(n_classes):
            pulls[k] = own[k] * z[k]
        divergence = total_of(gives)
        gap += share * divergence
        loss -= share * total_of(pulls)
        if divergence < negligible:
            for k in range(n_classes):
                variance = old[k] * (ONE - old[k])
                give[k] += share * variance / (ONE + q[k] * variance)
            continue
        for k in range(n_classes):
            target[k] = z[k] + q[k] * old[k]
        for k in range(n_classes):
            gives[k] = abs(p[k] - old[k])
        moved = largest_of(gives) / (ONE + HALF * largest_of(q))
        if first_pass:
            for k in range(n_classes):
                u[k] = z[k]
            for k in range(n_classes):
                alpha[k] = p[k]
        else:
            for k in range(n_classes):
                alpha[k] = old[k]
        solve_many_classes(target, q, u, alpha, moved, gives, pulls)
        exponentials(u, alpha)
        for k in range(n_classes):
            delta[k] = np.float32(weight[i]) * (old[k] - alpha[k])
        for k in range(n_classes):
            intercepts[k] += rho * delta[k]
        for k in range(n_classes):
            imbalance[k] += delta[k]
        for k in range(n_classes):
            variance = alpha[k] * (ONE - alpha[k])
            give[k] += share * variance / (ONE + q[k] * variance)
        for k in range(n_classes):
            delta[k] *= np.float32(scale)
        if is_scaled:
            scatter_scaled(indices, values, first, last, scales, delta, theta)
        else:
            scatter(indices, values, first, last, delta, theta)
    return gap, loss


def logistics(z: Float32s, p: Float32s, e: Float32s) -> None:
    """p = σ(z) and e = exp(-|z|)."""
    for k in range(z.shape[0]):
        p[k] = -abs(z[k])
    exponentials(p, e)
    for k in range(z.shape[0]):
        own = e[k]
        p[k] = (ONE if z[k] >= ZERO else own) / (ONE + own)


def solve_labels(
    target: Float32s, q: Float32s, u: Float32s, alpha: Float32s, e: Float32s, side: Float32s, moves: Float32s
) -> None:
    """The u_k with u_k + q_k·σ(u_k) = target_k, each by itself as in `solve_two_classes`; alpha = σ(u).

    The steps end when those that count (`moves`) leave an error of their squares' size. `side` is scratch.
    """
    for k in range(u.shape[0]):
        side[k] = ONE if target[k] > HALF * q[k] else -ONE
    for k in range(u.shape[0]):
        u[k] = side[k] * HALF * (side[k] * u[k] + abs(u[k]))
    logistics(u, alpha, e)
    for _ in range(MOST_NEWTON_STEPS):
        for k in range(u.shape[0]):
            more = ONE + e[k]
            e[k] = (u[k] + q[k] * alpha[k] - target[k]) / (ONE + q[k] * e[k] / (more * more))
        for k in range(u.shape[0]):
            moved = side[k] * (u[k] - e[k])
            u[k] = side[k] * HALF * (moved + abs(moved))
        for k in range(u.shape[0]):
            e[k] *= moves[k] * e[k]
        squares = total_of(e)
        logistics(u, alpha, e)
        if squares <= SHORT_STEPS:
            break


class LabelRoom(NamedTuple):
    """Arrays to work in, a number per label."""

    z: Float32s
    p: Float32s
    e: Float32s
    old: Float32s
    u: Float32s
    alpha: Float32s
    target: Float32s
    delta: Float32s
    q: Float32s
    side: Float32s
    moves: Float32s


def ascend_labels(
    indptr: Int64s,
    indices: UInt32s,
    values: Float32s,
    row_of: Int64s,
    order: Int64s,
    truth: Float32Matrix,
    weight: Float64s,
    visits_share: Float64s,
    size: Float64s,
    scale: Float32s,
    rho: float,
    first_pass: bool,
    negligible: Float64s,
    theta: Float32Matrix,
    state: Float64Matrix,
    log_odds: Float32Matrix,
    gap: Float64s,
    loss: Float64s,
    room: LabelRoom,
) -> None:
    """One pass for several labels side by side; see `ascend_two_classes`, of which it makes one per label.

    θ is features × labels, α groups × labels, both float32; `state` is (3, K). A label has a λ of its own: `scale` is
    1/(2λW), (K,), and q_k is size·scale_k + w·ρ, with `size` w·‖x‖² of each group, (g,). `negligible`, (K,), and the
    sums added to `gap` and `loss` are those of each label. In place of KL(α ‖ p) the sums hold (α - p)(s - z)/2, the
    mean of that and KL(p ‖ α): near the optimum both are the same, and it takes no difference of nearly equal numbers.

    The loops are short, and each stores into one array: else the compiler would not do several labels at a time.
    """
    n_labels = theta.shape[1]
    z, p, e, old, u, alpha, target, delta, q, side, moves = room
    intercepts = state[0]
    imbalance = state[1]
    give = state[2]
    for k in range(n_labels):
        give[k] = 0.0
    for position in range(order.shape[0]):
        i = order[position]
        s = log_odds[i]
        own = truth[i]
        w = np.float32(weight[i])
        own_size = np.float32(size[i])
        pull = w * np.float32(rho)
        share = np.float32(weight[i] * visits_share[i])
        first = indptr[row_of[i]]
        last = indptr[row_of[i] + 1]
        for k in range(n_labels):
            q[k] = own_size * scale[k] + pull
        gather(indices, values, first, last, theta, intercepts, z)
        logistics(z, p, e)
        for k in range(n_labels):
            # log(1 + e) = 2 artanh(t) with t ≤ 1/3.
            t = e[k] / (TWO + e[k])
            square = t * t
            series = ONE + square * (L1 + square * (L2 + square * (L3 + square * (L4 + square * L5))))
            loss[k] += share * (HALF * (z[k] + abs(z[k])) + TWO * t * series - own[k] * z[k])
        logistics(s, old, e)
        for k in range(n_labels):
            moves[k] = HALF * (old[k] - p[k]) * (s[k] - z[k])
        for k in range(n_labels):
            gap[k] += share * moves[k]
        for k in range(n_labels):
            moves[k] = ONE if moves[k] > negligible[k] else ZERO
        if total_of(moves) == ZERO:
            for k in range(n_labels):
                variance = old[k] * (ONE - old[k])
                give[k] += share * variance / (ONE + q[k] * variance)
            continue
        for k in range(n_labels):
            target[k] = z[k] + q[k] * old[k]
        for k in range(n_labels):
            u[k] = z[k] if first_pass else s[k]
        solve_labels(target, q, u, alpha, e, side, moves)
        for k in range(n_labels):
            alpha[k] = old[k] + moves[k] * (alpha[k] - old[k])
        for k in range(n_labels):
            s[k] += moves[k] * (u[k] - s[k])
        for k in range(n_labels):
            variance = alpha[k] * (ONE - alpha[k])
            give[k] += share * variance / (ONE + q[k] * variance)
        for k in range(n_labels):
            delta[k] = w * (old[k] - alpha[k])
        for k in range(n_labels):
            intercepts[k] += rho * delta[k]
        for k in range(n_labels):
            imbalance[k] += delta[k]
        for k in range(n_labels):
            delta[k] *= scale[k]
        scatter(indices, values, first, last, delta, theta)


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
