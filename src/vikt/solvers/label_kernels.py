"""Dual coordinate ascent for several labels side by side, as loops; see `two_classes_kernels`. All is float32."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vikt.compiled.array_types import Float32Matrix, Float32s, Float64Matrix, Float64s, Int64s, UInt32s
from vikt.solvers.many_classes_kernels import (
    HALF,
    MOST_NEWTON_STEPS,
    ONE,
    ZERO,
    exponentials,
    gather,
    scatter,
    total_of,
)

TWO = np.float32(2.0)
# Of the series of artanh(t)/t.
L1 = np.float32(1 / 3)
L2 = np.float32(1 / 5)
L3 = np.float32(1 / 7)
L4 = np.float32(1 / 9)
L5 = np.float32(1 / 11)
# Steps of Newton's method in log-odds, squared and added up, after which the error is small beside the moves.
SHORT_STEPS = np.float32(0.01)


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
    along: Float64s,
    mean_square: float,
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

    θ is features × labels, α groups × labels, both float32; `state` is (4, K). A label has a λ of its own: `scale` is
    1/(2λW), (K,), and q_k is size·scale_k + w·ρ, with `size` w·‖x - μ‖² of each group, (g,). `negligible`, (K,), and
    the sums added to `gap` and `loss` are those of each label. In place of KL(α ‖ p) the sums hold (α - p)(s - z)/2,
    the mean of that and KL(p ‖ α): near the optimum both are the same, and it takes no difference of nearly equal
    numbers.

    The loops are short, and each stores into one array: else the compiler would not do several labels at a time.
    """
    n_labels = theta.shape[1]
    z, p, e, old, u, alpha, target, delta, q, side, moves = room
    b, imbalance, give, along_mean = state[0], state[1], state[2], state[3]
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
        for k in range(n_labels):
            z[k] = b[k] - along_mean[k] - imbalance[k] * scale[k] * along[i]
        gather(indices, values, first, last, theta, z)
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
            b[k] += rho * delta[k]
        from_mean = along[i] - mean_square
        for k in range(n_labels):
            along_mean[k] += from_mean * scale[k] * delta[k]
        for k in range(n_labels):
            imbalance[k] += delta[k]
        for k in range(n_labels):
            delta[k] *= scale[k]
        scatter(indices, values, first, last, delta, theta)
