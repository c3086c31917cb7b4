"""Dual coordinate ascent, as loops: one pass over the rows, each moved to its exact best.

A row's α is held as log-odds (two classes) or as log α (more), so that it never leaves its simplex. The data are
float32. Two classes are solved in float64; more in float32 too. The certificate makes up for the rounding (it
computes θ anew from α).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = Any
Number = Any

# Sums over classes may be added up several at a time: the result depends on the processor, but on nothing else.
FASTMATH = {"reassoc", "contract", "nsz"}

FORWARD = 0x7FFFFFFFFFFFFFFF  # a mask that changes no index, and shows the compiler that none counts from the end

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


def ascend_two_classes(
    indptr: Array,
    indices: Array,
    values: Array,
    row_of: Array,
    order: Array,
    truth: Array,
    weight: Array,
    visits_share: Array,
    curvature: Array,
    scale: float,
    rho: float,
    first_pass: bool,
    negligible: float,
    theta: Array,
    state: Array,
    log_odds: Array,
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
        z = intercept
        for entry in range(first, last):
            z += values[entry & FORWARD] * theta[indices[entry & FORWARD]]
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


def exponentials(u: Array, e: Array, bits: Array, factors: Array) -> None:
    """e[k] = exp(u[k]) for u ≤ 88, in float32 and in steps that the machine does eight at a time.

    `bits` and `factors` are one scratch array seen as int32 and as float32: 2^n is built from its exponent bits.
    """
    for k in range(u.shape[0]):
        x = max(u[k], LOWEST_EXPONENT)
        n = np.floor(x * LOG2_E + HALF)
        r = x - n * LN_2_HIGH - n * LN_2_LOW
        e[k] = ((((((P0 * r + P1) * r + P2) * r + P3) * r + P4) * r + P5) * (r * r)) + r + ONE
        bits[k] = (np.int32(n) + np.int32(127)) << np.int32(23)
    for k in range(u.shape[0]):
        e[k] *= factors[k]


def log_softmax_in_place(z: Array, e: Array, bits: Array, factors: Array) -> None:
    """z becomes z - log Σ exp z; e its exponentials."""
    largest = z[0]
    for k in range(z.shape[0]):
        largest = max(largest, z[k])
    for k in range(z.shape[0]):
        z[k] -= largest
    exponentials(z, e, bits, factors)
    total = ZERO
    for k in range(z.shape[0]):
        total += e[k]
    log_total = np.float32(math.log(total))
    for k in range(z.shape[0]):
        z[k] -= log_total
        e[k] /= total


def solve_many_classes(
    target: Array, q: Array, u: Array, alpha: Array, moved: Number, bits: Array, factors: Array
) -> None:
    """The u = log α with u_k + q_k·α_k + ν = target_k and Σ α = 1, by Newton's method from the u given; α = exp(u).

    `moved` is about how far α has to go; the steps end when they are small beside it.
    """
    enough = np.float32(0.1) * moved
    total = ZERO
    for k in range(u.shape[0]):
        total += alpha[k]
    for _ in range(MOST_NEWTON_STEPS):
        pull = ZERO
        room = ZERO
        for k in range(u.shape[0]):
            give = alpha[k] / (ONE + q[k] * alpha[k])
            pull += give * (u[k] + q[k] * alpha[k] - target[k])
            room += give
        nu = (total - ONE - pull) / room
        largest = ZERO
        for k in range(u.shape[0]):
            move = -(u[k] + q[k] * alpha[k] - target[k] + nu) / (ONE + q[k] * alpha[k])
            u[k] = min(u[k] + move, ZERO)
            largest = max(largest, alpha[k] * abs(move))
        exponentials(u, alpha, bits, factors)
        total = ZERO
        for k in range(u.shape[0]):
            total += alpha[k]
        # A class that must grow from almost nothing moves α by almost nothing at first, but the sum tells.
        if largest <= enough and abs(total - ONE) <= enough:
            break
    log_total = np.float32(math.log(total))
    for k in range(u.shape[0]):
        u[k] -= log_total


def gather(
    indices: Array, values: Array, first: int, last: int, scales: Array, theta: Array, intercepts: Array, z: Array
) -> None:
    """The scores of one row: z = b + Σ_j x_j·r_j·θ_j, with `scales` r, if there are any."""
    for k in range(z.shape[0]):
        z[k] = intercepts[k]
    if scales.shape[0]:
        for entry in range(first, last):
            x = values[entry & FORWARD]
            j = indices[entry & FORWARD]
            for k in range(z.shape[0]):
                z[k] += x * scales[j, k] * theta[j, k]
        return
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


def read_ahead(indices: Array, first: int, last: int, theta: Array) -> Number:
    """Σ_j θ_j0 over a row's features: their weights then are in the cache."""
    total = ZERO
    for entry in range(first, last):
        total += theta[indices[entry & FORWARD], 0]
    return total


def scatter(indices: Array, values: Array, first: int, last: int, scales: Array, delta: Array, theta: Array) -> None:
    """θ_j += x_j·r_j·δ for the features of one row."""
    if scales.shape[0]:
        for entry in range(first, last):
            x = values[entry & FORWARD]
            j = indices[entry & FORWARD]
            for k in range(delta.shape[0]):
                theta[j, k] += x * scales[j, k] * delta[k]
        return
    for entry in range(first, last):
        x = values[entry & FORWARD]
        j = indices[entry & FORWARD]
        for k in range(delta.shape[0]):
            theta[j, k] += x * delta[k]


def ascend_many_classes(
    indptr: Array,
    indices: Array,
    values: Array,
    row_of: Array,
    order: Array,
    truth: Array,
    weight: Array,
    visits_share: Array,
    curvature: Array,
    scales: Array,
    scale: float,
    rho: float,
    first_pass: bool,
    negligible: float,
    theta: Array,
    state: Array,
    log_alpha: Array,
) -> tuple[float, float, Number]:
    """One pass; see `ascend_two_classes`. θ is features × classes; `state` is (3, K).

    Where the penalty has them, `scales` holds r, features × classes, and θ is θ/r; `curvature` is that of each class
    then, (g, K), else (g, 1). The weights of the row to come are asked of the memory beforehand; what that returns
    means nothing, but that nobody leaves it out.
    """
    n_classes = theta.shape[1]
    z = np.empty(n_classes, dtype=np.float32)
    p = np.empty(n_classes, dtype=np.float32)
    old = np.empty(n_classes, dtype=np.float32)
    target = np.empty(n_classes, dtype=np.float32)
    delta = np.empty(n_classes, dtype=np.float32)
    q = np.empty(n_classes, dtype=np.float32)
    bits = np.empty(n_classes, dtype=np.int32)
    factors = bits.view(np.float32)
    alpha = np.empty(n_classes, dtype=np.float32)
    ahead = ZERO
    gap = 0.0
    loss = 0.0
    for k in range(n_classes):
        state[2, k] = 0.0
    for position in range(order.shape[0]):
        i = order[position]
        u = log_alpha[i]
        largest_q = ZERO
        for k in range(n_classes):
            q[k] = curvature[i, k % curvature.shape[1]]
            largest_q = max(largest_q, q[k])
        share = weight[i] * visits_share[i]
        first = indptr[row_of[i]]
        last = indptr[row_of[i] + 1]
        if position + 1 < order.shape[0] and n_classes <= CLASSES_OF_A_LINE:
            following = row_of[order[position + 1]]
            ahead += read_ahead(indices, indptr[following], indptr[following + 1], theta)
        gather(indices, values, first, last, scales, theta, state[0], z)
        log_softmax_in_place(z, p, bits, factors)
        exponentials(u, old, bits, factors)
        divergence = ZERO
        surprise = ZERO
        for k in range(n_classes):
            alpha[k] = old[k]
        # Nothing is stored beside a sum: where arrays are neighbours, the compiler would add up in another order.
        for k in range(n_classes):
            divergence += old[k] * (u[k] - z[k])
            surprise -= truth[i, k] * z[k]
        gap += share * divergence
        loss += share * surprise
        if divergence < negligible:
            for k in range(n_classes):
                variance = old[k] * (ONE - old[k])
                state[2, k] += share * variance / (ONE + q[k] * variance)
            continue
        if first_pass:
            for k in range(n_classes):
                u[k] = z[k]
                alpha[k] = p[k]
        moved = ZERO
        for k in range(n_classes):
            target[k] = z[k] + q[k] * old[k]
            moved = max(moved, abs(p[k] - old[k]))
        solve_many_classes(target, q, u, alpha, moved / (ONE + HALF * largest_q), bits, factors)
        exponentials(u, alpha, bits, factors)
        for k in range(n_classes):
            delta[k] = np.float32(weight[i]) * (old[k] - alpha[k])
            state[0, k] += rho * delta[k]
            state[1, k] += delta[k]
            variance = alpha[k] * (ONE - alpha[k])
            state[2, k] += share * variance / (ONE + q[k] * variance)
            delta[k] *= np.float32(scale)
        scatter(indices, values, first, last, scales, delta, theta)
    return gap, loss, ahead


def logistics(z: Array, p: Array, e: Array, bits: Array, factors: Array) -> None:
    """p = σ(z) and e = exp(-|z|)."""
    for k in range(z.shape[0]):
        p[k] = -abs(z[k])
    exponentials(p, e, bits, factors)
    for k in range(z.shape[0]):
        own = e[k]
        p[k] = (ONE if z[k] >= ZERO else own) / (ONE + own)


def solve_labels(
    target: Array, q: Array, u: Array, alpha: Array, e: Array, side: Array, moves: Array, bits: Array, factors: Array
) -> None:
    """The u_k with u_k + q_k·σ(u_k) = target_k, each by itself as in `solve_two_classes`; alpha = σ(u).

    The steps end when those that count (`moves`) leave an error of their squares' size. `side` is scratch.
    """
    for k in range(u.shape[0]):
        side[k] = ONE if target[k] > HALF * q[k] else -ONE
    for k in range(u.shape[0]):
        u[k] = side[k] * HALF * (side[k] * u[k] + abs(u[k]))
    logistics(u, alpha, e, bits, factors)
    for _ in range(MOST_NEWTON_STEPS):
        squares = ZERO
        for k in range(u.shape[0]):
            more = ONE + e[k]
            e[k] = (u[k] + q[k] * alpha[k] - target[k]) / (ONE + q[k] * e[k] / (more * more))
        for k in range(u.shape[0]):
            squares += moves[k] * e[k] * e[k]
        for k in range(u.shape[0]):
            moved = side[k] * (u[k] - e[k])
            u[k] = side[k] * HALF * (moved + abs(moved))
        logistics(u, alpha, e, bits, factors)
        if squares <= SHORT_STEPS:
            break


def ascend_labels(
    indptr: Array,
    indices: Array,
    values: Array,
    row_of: Array,
    order: Array,
    truth: Array,
    weight: Array,
    visits_share: Array,
    size: Array,
    scale: Array,
    rho: float,
    first_pass: bool,
    negligible: Array,
    theta: Array,
    state: Array,
    log_odds: Array,
) -> tuple[Array, Array]:
    """One pass for several labels side by side; see `ascend_two_classes`, of which it makes one per label.

    θ is features × labels, α groups × labels, both float32; `state` is (3, K). A label has a λ of its own: `scale` is
    1/(2λW), (K,), and q_k is size·scale_k + w·ρ, with `size` w·‖x‖² of each group, (g,). `negligible`, (K,), and the
    sums returned are those of each label. In place of KL(α ‖ p) the sums hold (α - p)(s - z)/2, the mean of that and
    KL(p ‖ α): near the optimum both are the same, and it takes no difference of nearly equal numbers.

    The loops are short, and each stores into one array: else the compiler would not do several labels at a time.
    """
    n_labels = theta.shape[1]
    z = np.empty(n_labels, dtype=np.float32)
    p = np.empty(n_labels, dtype=np.float32)
    e = np.empty(n_labels, dtype=np.float32)
    old = np.empty(n_labels, dtype=np.float32)
    u = np.empty(n_labels, dtype=np.float32)
    alpha = np.empty(n_labels, dtype=np.float32)
    target = np.empty(n_labels, dtype=np.float32)
    delta = np.empty(n_labels, dtype=np.float32)
    q = np.empty(n_labels, dtype=np.float32)
    side = np.empty(n_labels, dtype=np.float32)
    moves = np.empty(n_labels, dtype=np.float32)
    bits = np.empty(n_labels, dtype=np.int32)
    factors = bits.view(np.float32)
    no_scales = np.empty((0, n_labels), dtype=np.float32)
    gap = np.zeros(n_labels)
    loss = np.zeros(n_labels)
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
        gather(indices, values, first, last, no_scales, theta, intercepts, z)
        logistics(z, p, e, bits, factors)
        for k in range(n_labels):
            # log(1 + e) = 2 artanh(t) with t ≤ 1/3.
            t = e[k] / (TWO + e[k])
            square = t * t
            series = ONE + square * (L1 + square * (L2 + square * (L3 + square * (L4 + square * L5))))
            loss[k] += share * (HALF * (z[k] + abs(z[k])) + TWO * t * series - own[k] * z[k])
        logistics(s, old, e, bits, factors)
        for k in range(n_labels):
            moves[k] = HALF * (old[k] - p[k]) * (s[k] - z[k])
        for k in range(n_labels):
            gap[k] += share * moves[k]
        for k in range(n_labels):
            moves[k] = ONE if moves[k] > negligible[k] else ZERO
        moving = ZERO
        for k in range(n_labels):
            moving += moves[k]
        if moving == ZERO:
            for k in range(n_labels):
                variance = old[k] * (ONE - old[k])
                give[k] += share * variance / (ONE + q[k] * variance)
            continue
        for k in range(n_labels):
            target[k] = z[k] + q[k] * old[k]
        for k in range(n_labels):
            u[k] = z[k] if first_pass else s[k]
        solve_labels(target, q, u, alpha, e, side, moves, bits, factors)
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
        scatter(indices, values, first, last, no_scales, delta, theta)
    return gap, loss


def squared_length(theta: Array) -> float:
    """Σ_j θ_j² of all weights, summed in float64."""
    numbers = theta.ravel()
    total = 0.0
    for j in range(numbers.shape[0]):
        total += (1.0 * numbers[j]) * numbers[j]
    return total


def squared_lengths(theta: Array) -> Array:
    """Σ_j θ_jk² of each label, summed in float64: (K,)."""
    totals = np.zeros(theta.shape[1])
    for j in range(theta.shape[0]):
        for k in range(theta.shape[1]):
            totals[k] += (1.0 * theta[j, k]) * theta[j, k]
    return totals


def curvature_product(p: Array, weight: Array, v: Array, product: Array) -> None:
    """Σ_i w_i (diag(p_i) - p_i p_iᵀ) v, added to `product` (K,): how the mean of p moves when all scores move by v."""
    n_classes = p.shape[1]
    for i in range(p.shape[0]):
        mean = 0.0
        for k in range(n_classes):
            mean += p[i, k] * v[k]
        for k in range(n_classes):
            product[k] += weight[i] * p[i, k] * (v[k] - mean)
