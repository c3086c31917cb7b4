"""The intercepts at their own optimum: Newton's method on K numbers, over scores that are known already.

Each step asks the parts for one sum, which on a cluster is a round trip, however many the classes.
"""

from __future__ import annotations

import numpy as np

from vikt.arrays import Floats
from vikt.compiled import compiled
from vikt.model.loss import EPSILON, TINY, Loss
from vikt.model.objective import Objective
from vikt.parts import Part, PerPart
from vikt.solvers import sum_kernels
from vikt.solvers.rounding import ROUNDING

_MOST_STEPS = 100
_NEWTON_IS_SAFE = 1.0
# Sums of the weights of classes, one after the other, are never off by so much.
_NO_ROUNDING = 1e-10
# Where scores have moved by no more than this since the curvature was measured, it has changed by as small a share.
_STRAIGHT = 1e-3


def balanced_intercepts(objective: Objective, theta: Floats, scores: PerPart[Floats]) -> tuple[Floats, PerPart[Floats]]:
    """θ and its scores with the intercepts at their own optimum, the other weights as they are."""
    shift = balance(objective, scores)
    theta = theta.astype(np.float64)
    if objective.has_dummy:
        theta[..., 0] += shift
    return theta, shifted(objective, scores, shift)


def balance(objective: Objective, scores: PerPart[Floats]) -> Floats:
    """The shift s of all scores at which Σ w (p - y) = 0: Newton's method on a convex function of K numbers."""
    loss, shift = objective.loss, np.zeros(objective.loss.columns)
    if not objective.has_dummy:
        return shift
    curvature, moved = np.empty(0), np.inf
    for _ in range(_MOST_STEPS):
        bends = moved > _STRAIGHT
        arguments = loss, scores, objective.shares, shift, bends
        total, true_total, *measured = objective.parts.sums(_totals_and_curvature, *arguments)
        if bends:
            (curvature,), moved = measured, 0.0
        gradient = total - true_total
        step, off = _newton_step(loss, gradient, curvature), np.max(np.abs(gradient))
        is_rounding = off <= ROUNDING
        if is_rounding or not np.max(np.abs(step)) < _NEWTON_IS_SAFE:
            # Iterative scaling is closer at every step however far off (Darroch and Ratcliff 1972). Nor does it magnify
            # rounding, as Newton's method does where H is all but flat. But it creeps where most rows are sure of their
            # classes, whatever the shift.
            scaled = loss.excess(total, true_total)
            step = _longer(scaled, _damped(loss, step)) if off > _NO_ROUNDING else scaled
        size = np.max(np.abs(step))
        shift, moved = shift - step, moved + size
        # A step leaves that share of the error by which the curvature has changed since it was measured.
        if is_rounding or size * moved <= EPSILON:
            break
    return shift


def class_shares(objective: Objective) -> Floats:
    """Each class's share of the weight: (K,)."""
    return objective.parts.sums(_class_totals, objective.loss, objective.shares)


def shifted(objective: Objective, scores: PerPart[Floats], shift: Floats) -> PerPart[Floats]:
    """All scores moved by the same."""
    return objective.parts.each(_shifted, scores, shift)


# Where H is all but flat, what is to be infinite overflows on its way there.
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _newton_step(loss: Loss, gradient: Floats, curvature: Floats) -> Floats:
    """H⁻¹g; not finite where H is too flat to be inverted."""
    if loss.scores_are_apart:
        return np.asarray(gradient / np.maximum(curvature, TINY))
    step = gradient.copy()
    compiled(sum_kernels.__name__).solve_links(curvature.copy(), step)
    return loss.centred(step)


@np.errstate(over="ignore", invalid="ignore")
def _damped(loss: Loss, step: Floats) -> Floats:
    """A Newton step so short that it leads closer however far off: H changes by at most exp(its length) on the way.

    Source: Sun and Tran-Dinh 2019, for functions that are self-concordant in general.
    """
    length = np.abs(step) if loss.scores_are_apart else np.ptp(step)
    return np.asarray(step * (np.log1p(length) / np.maximum(length, TINY)))


def _longer(first: Floats, second: Floats) -> Floats:
    """The step that leads further, the first one where the second is not finite."""
    return second if np.isfinite(second).all() and np.max(np.abs(second)) > np.max(np.abs(first)) else first


# The work of one part.


def _class_totals(part: Part, loss: Loss, shares: Floats) -> Floats:
    return loss.class_totals(part.y, shares)


def _totals_and_curvature(
    part: Part, loss: Loss, scores: Floats, shares: Floats, shift: Floats, bends: bool
) -> tuple[Floats, ...]:
    """Σ s·p of scores once shifted, and Σ s·truth; and, if it bends, H = Σ s (diag(p) - ppᵀ).

    Of H this is what tells the rest: its diagonal where scores are apart, else the links of classes, Σ s·p_k·p_l, since
    each row of it sums to 0.
    """
    p = loss.probabilities(scores + shift)
    # Class after class, whose numbers NumPy then sums in pairs, so that rounding does not grow with the rows.
    total = np.asarray(np.sum(np.multiply(shares, p.T, order="C"), axis=-1))
    true_total = loss.truth(loss.class_totals(part.y, shares))
    if not bends:
        return total, true_total
    if loss.scores_are_apart:
        return total, true_total, np.asarray(np.sum(shares * p.T * (1 - p.T), axis=-1))
    links = np.zeros(loss.n_classes * (loss.n_classes - 1) // 2)
    compiled(sum_kernels.__name__).add_links(np.ascontiguousarray(p), shares, links)
    return total, true_total, links


def _shifted(part: Part, scores: Floats, shift: Floats) -> Floats:
    return scores + shift
