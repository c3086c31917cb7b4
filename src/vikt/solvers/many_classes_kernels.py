"""Dual coordinate ascent for more than two classes, as loops: one pass over the rows, each moved to its exact best.

A row's α is held as log α, so that it never leaves its simplex. All is float32. The certificate makes up for the
rounding (it computes θ anew from α).

Sums are added up in as many numbers as the machine adds at a time, LANES, so that their bits are the same on every
processor; arrays hold a multiple of LANES of classes.
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
    UInt32s,
)
from vikt.compiled.intrinsics import FORWARD, prefetch, two_to_the

LANES = 8
MOST_NEWTON_STEPS = 30
CLASSES_OF_A_LINE = 16  # float32 numbers that come from memory at once

LOG2_E = np.float32(1.44269504)
LN_2_HIGH = np.float32(0.693359375)
LN_2_LOW = np.float32(-2.12194440e-4)
HALF = np.float32(0.5)
ONE = np.float32(1.0)
ZERO = np.float32(0.0)
LOWEST_EXPONENT = np.float32(-87.0)
# Coefficients of the polynomial for e^r on |r| ≤ ln(2)/2 (Cephes' expf).
P0 = np.float32(1.9875691500e-4)
P1 = np.float32(1.3981999507e-3)
P2 = np.float32(8.3334519073e-3)
P3 = np.float32(4.1665795894e-2)
P4 = np.float32(1.6666665459e-1)
P5 = np.float32(5.0000001201e-1)


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


def gather(indices: UInt32s, values: Float32s, first: int, last: int, theta: Float32Matrix, z: Float32s) -> None:
    """z += Σ_j x_j·θ_j, of one row."""
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
    z: Float32s,
) -> None:
    """z += Σ_j x_j·r_j·θ_j, of one row, where θ is over r."""
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
    """Prefetch the weights of a row's features."""
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
    x_mean: Float32s
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
    along: Float64Matrix,
    mean_square: Float64s,
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
    """One pass; see `two_classes_kernels.ascend_two_classes`. θ is features × classes; `state` is (4, K).

    Where the penalty has them, `scales` holds r, features × classes, and θ is θ/r; `curvature`, `along` and
    `mean_square` are those of each class then, (g, K) and (K,), else (g, 1) and (1,). The weights of the next row are
    prefetched.
    """
    n_classes, is_scaled = theta.shape[1], scales.shape[0] > 0
    z, p, old, alpha, target, delta, q, x_mean, gives, pulls = room
    b, imbalance, give, along_mean = state[0], state[1], state[2], state[3]
    gap = 0.0
    loss = 0.0
    for position in range(order.shape[0]):
        i = order[position]
        u = log_alpha[i]
        own = truth[i]
        if curvature.shape[1] == 1:
            for k in range(n_classes):
                q[k] = curvature[i, 0]
            for k in range(n_classes):
                x_mean[k] = scale * along[i, 0]
        else:
            for k in range(n_classes):
                q[k] = curvature[i, k]
            for k in range(n_classes):
                x_mean[k] = scale * along[i, k]
        share = weight[i] * visits_share[i]
        first = indptr[row_of[i]]
        last = indptr[row_of[i] + 1]
        if position + 1 < order.shape[0] and n_classes <= CLASSES_OF_A_LINE:
            following = row_of[order[position + 1]]
            read_ahead(indices, indptr[following], indptr[following + 1], theta)
        for k in range(n_classes):
            z[k] = b[k] - along_mean[k] - imbalance[k] * x_mean[k]
        if is_scaled:
            gather_scaled(indices, values, first, last, scales, theta, z)
        else:
            gather(indices, values, first, last, theta, z)
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
            b[k] += rho * delta[k]
        if mean_square.shape[0] == 1:
            for k in range(n_classes):
                along_mean[k] += (x_mean[k] - scale * mean_square[0]) * delta[k]
        else:
            for k in range(n_classes):
                along_mean[k] += (x_mean[k] - scale * mean_square[k]) * delta[k]
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
