"""The intercepts at their own optimum: Newton's method on K numbers, over scores that are known already."""

from __future__ import annotations

import numpy as np

from vikt.arrays import Floats
from vikt.compiled import compiled
from vikt.model.loss import TINY, Loss
from vikt.model.objective import Objective
from vikt.parts import Part, PerPart
from vikt.solvers import sum_kernels
from vikt.solvers.linear_systems import conjugate_gradients

_MOST_NEWTON_STEPS = 100
_NEWTON_IS_SAFE = 1.0
# A Newton step leaves a ten-thousandth of the error at most: after one this short, what remains is below rounding.
_SHORT = 1e-10
_MOST_PRODUCTS = 1000
_SOLVED = 1e-8


def balanced_intercepts(objective: Objective, theta: Floats, scores: PerPart[Floats]) -> tuple[Floats, PerPart[Floats]]:
    """θ and its scores with the intercepts at their own optimum, the other weights as they are."""
    shift = balance(objective, scores)
    theta = theta.astype(np.float64)
    if objective.has_dummy:
        theta[..., 0] += shift
    return theta, shifted(objective, scores, shift)


def balance(objective: Objective, scores: PerPart[Floats]) -> Floats:
    """The shift s of all scores at which Σ w (p - y) = 0: Newton's method on a convex function of K numbers."""
    loss, parts = objective.loss, objective.parts
    shift = np.zeros(loss.columns)
    if not objective.has_dummy:
        return shift
    true_total = loss.truth(class_shares(objective))
    p = objective.probabilities(scores)
    for _ in range(_MOST_NEWTON_STEPS):
        total = parts.sums(_total, p, objective.shares)
        step = _newton_step(objective, p, total - true_total)
        if not np.max(np.abs(step)) < _NEWTON_IS_SAFE:
            # Iterative scaling: slow, but closer at every step however far off (Darroch and Ratcliff 1972).
            step = loss.excess(total, true_total)
        shift = shift - step
        if np.max(np.abs(step)) <= _SHORT:
            break
        p = parts.each(_probabilities_shifted, loss, scores, shift)
    return shift


def class_shares(objective: Objective) -> Floats:
    """Each class's share of the weight: (K,)."""
    return objective.parts.sums(_class_totals, objective.loss, objective.shares)


def shifted(objective: Objective, scores: PerPart[Floats], shift: Floats) -> PerPart[Floats]:
    """All scores moved by the same."""
    return objective.parts.each(_shifted, scores, shift)


# Where H is all but flat, what is to be infinite overflows on its way there.
@np.errstate(over="ignore", invalid="ignore")
def _newton_step(objective: Objective, p: PerPart[Floats], gradient: Floats) -> Floats:
    """H⁻¹g, H = Σ (w/W) (diag(p) - ppᵀ): a product costs what one look at p costs, however many the classes.

    It is infinite where H is too flat to be inverted.
    """
    parts, loss, shares = objective.parts, objective.loss, objective.shares
    if loss.scores_are_apart:
        return np.asarray(gradient / np.maximum(parts.sums(_variance, p, shares), TINY))
    p = parts.each(_by_row, p)
    diagonal = np.maximum(parts.sums(_variances, p, shares), TINY)
    start: list[float] = []

    def solved(rest: Floats, size: float, fell: float) -> bool:
        start.append(size)
        return size <= _SOLVED * start[0]

    solution = conjugate_gradients(
        lambda v: parts.sums(_curvature_product, p, shares, v),
        gradient.copy(),
        lambda rest: rest / diagonal,
        solved,
        _MOST_PRODUCTS,
    )
    return np.full(len(gradient), np.inf) if solution.flat else loss.centred(solution.x)


# The work of one part.


def _class_totals(part: Part, loss: Loss, shares: Floats) -> Floats:
    return loss.class_totals(part.y, shares)


def _total(part: Part, p: Floats, shares: Floats) -> Floats:
    return np.asarray(np.sum((shares * p.T).T, axis=0))


def _probabilities_shifted(part: Part, loss: Loss, scores: Floats, shift: Floats) -> Floats:
    return loss.probabilities(scores + shift)


def _shifted(part: Part, scores: Floats, shift: Floats) -> Floats:
    return scores + shift


def _by_row(part: Part, p: Floats) -> Floats:
    return np.ascontiguousarray(p)


def _variance(part: Part, p: Floats, shares: Floats) -> Floats:
    return np.asarray(np.sum(shares * p.T * (1 - p.T), axis=-1))


def _variances(part: Part, p: Floats, shares: Floats) -> Floats:
    return np.asarray(np.einsum("i,ik,ik->k", shares, p, 1 - p))


def _curvature_product(part: Part, p: Floats, shares: Floats, v: Floats) -> Floats:
    product = np.zeros(len(v))
    compiled(sum_kernels.__name__).curvature_product(p, shares, v, product)
    return product
