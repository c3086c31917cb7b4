"""The proven distance of a fit from the optimum.

For λ > 0 the objective L̂ is strongly convex in every weight but the intercepts. With the intercepts at their own
optimum two bounds B on L̂(θ) - L̂* hold:

(a) from the gradient: B = ‖∇L̂‖² / (4λ), the intercepts left out;
(b) from any α whose rows are distributions and that balances, Σ_i w_i (y_i - α_i) = 0: the Fenchel gap
    B = (1/W) Σ_i w_i KL(α_i ‖ p_i) + λ ‖θ - θ(α)‖²,  θ(α) = (1/(2λW)) Σ_i w_i (y_i - α_i) x_i.

Where the penalty has scales r, θ is θ/r in these and x is r·x.

With λ₁ > 0 the gap is that of `vikt.solvers.elastic_net_gap`. All of these are sums over the parts of the rows.

The certificate is c = B / (L̂ - B), so that L̂ ≤ (1 + c)·L̂*.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from vikt.arrays import Floats, Reals
from vikt.model.loss import Loss
from vikt.model.objective import Objective
from vikt.names import Reason
from vikt.parts import Part, PerPart
from vikt.solvers.elastic_net_gap import elastic_net_gap
from vikt.solvers.intercepts import balance, balanced_intercepts, shifted
from vikt.solvers.rounding import (
    divergence_rounding,
    dual_rounding,
    gradient_rounding,
    intercept_rounding,
    largest_intercept,
    length_of,
    relative_to_means,
    score_rounding,
    total_length,
)


class Certificate(NamedTuple):
    """The proven distance of a fit from the optimum: c, such that L̂ ≤ (1 + c)·L̂*; B, a bound on L̂ - L̂*; and L̂.

    Without a proof, c and B are nan and `reason` says why.
    """

    relative: float
    bound: float
    value: float
    reason: Reason | None = None

    def proves(self, tol: float) -> bool:
        return self.relative <= tol

    def success(self, tol: float) -> Reason:
        """The reason to stop, where the model is near enough."""
        return Reason("proven", {"relative": self.relative, "tol": tol})


def certificate(value: float, bound: float) -> Certificate:
    """The certificate of a model whose objective is `value` and provably within `bound` of the least.

    Examples
    --------
    >>> certificate(0.5, 0.1).relative
    0.25
    """
    relative = bound / (value - bound) if bound < value else math.inf
    return Certificate(float(relative), float(bound), float(value))


def no_certificate(value: float, reason: Reason) -> Certificate:
    """The certificate of a model without a proof."""
    return Certificate(math.nan, math.nan, value, reason)


def gradient_certificate(objective: Objective, theta: Floats) -> tuple[Floats, Certificate]:
    """θ with its intercepts moved to their optimum, certified by the gradient, bound (a); by the gap where λ₁ > 0."""
    theta, scores = balanced_intercepts(objective, theta, objective.scores(theta))
    value = objective.value_from_scores(scores, theta)
    if objective.l1 > 0:
        return theta, certificate(value, _elastic_net_bound(objective, theta, scores))
    if objective.l2 == 0:
        return theta, no_certificate(value, Reason("no_penalty"))
    residuals = objective.residuals(scores)
    gradient = objective.gradient_from_residuals(residuals, theta)
    length = length_of(objective.penalty.scaled(relative_to_means(objective, gradient)))
    length += gradient_rounding(objective, theta, residuals)
    off = intercept_rounding(objective, theta)
    return theta, certificate(value, length * length / (4 * objective.l2) + off * off)


def dual_certificate(
    objective: Objective,
    alpha_scores: PerPart[Floats],
    intercepts: Floats | float = 0.0,
    dtype: DTypeLike = np.float64,
) -> tuple[Floats, Certificate]:
    """The model θ(α) of a dual point, with its intercepts at their optimum, certified by the gap, bound (b).

    α is the logistic or softmax of `alpha_scores`; `intercepts` are near their optimum. θ(α) is rounded to `dtype`, so
    that sparse rows need half the memory traffic; the bound covers the loss.
    """
    loss, parts, penalty = objective.loss, objective.parts, objective.penalty
    alpha_scores = shifted(objective, alpha_scores, balance(objective, alpha_scores))
    dual_residuals = objective.residuals(alpha_scores)
    theta = parts.sums(_dual_sum, dual_residuals)
    first = int(objective.has_dummy)
    theta[..., first:] /= 2 * penalty.strengths * objective.total_weight
    theta.T[:first] = intercepts
    rounded = theta.astype(dtype, copy=False)
    rounding = length_of(penalty.unscaled(rounded - theta)) if rounded is not theta else 0.0
    # Dense rows are multiplied in the type of θ.
    theta = rounded.astype(np.float64, copy=False) if parts.by_library else rounded
    theta, scores = balanced_intercepts(objective, theta, objective.scores(theta))
    sizes = length_of(theta), largest_intercept(objective, theta)
    total_loss, divergence, length = parts.sums(_both_sides, loss, scores, alpha_scores, dual_residuals, sizes)
    value = total_loss / objective.total_weight + penalty.value(theta)
    moved = rounding + dual_rounding(objective, length)
    return theta, certificate(value, divergence / objective.total_weight + objective.l2 * moved * moved)


def certificate_nearby(objective: Objective, theta: Reals, proof: Certificate) -> Certificate:
    """The certificate of a θ near the one proven, such as a rounded one, by the difference of their losses."""
    value = objective.value(theta)
    if proof.reason:
        return proof._replace(value=value)
    return certificate(value, proof.bound + max(value - proof.value, 0.0))


def certificate_as_it_stands(objective: Objective, theta: Floats) -> Certificate:
    """The proof for θ itself, whose intercepts need not be the best."""
    _, proof = gradient_certificate(objective, theta)
    return certificate_nearby(objective, theta, proof)


def _elastic_net_bound(objective: Objective, theta: Floats, scores: PerPart[Floats]) -> float:
    residuals = objective.residuals(scores)
    gradient = objective.gradient_from_residuals(residuals, np.zeros_like(theta))
    slopes = relative_to_means(objective, gradient)
    off = gradient_rounding(objective, theta, residuals)
    return elastic_net_gap(objective, theta, scores, slopes, off, score_rounding(objective, theta))


# The work of one part.


def _dual_sum(part: Part, dual_residuals: Floats) -> Floats:
    return part.X.weighted_sum((-part.weights * dual_residuals.T).T)


def _both_sides(
    part: Part, loss: Loss, scores: Floats, alpha_scores: Floats, dual_residuals: Floats, sizes: tuple[float, float]
) -> tuple[float, float, float]:
    """Σ w·loss, Σ w·KL(α ‖ p), rounding included, and Σ w·‖x‖·|y - α|; `sizes` are those of θ."""
    losses = loss.losses(scores, part.y)
    inner = dual_residuals * (scores - alpha_scores)
    divergence = losses - loss.losses(alpha_scores, part.y) - inner.reshape(len(part.y), -1).sum(axis=1)
    divergence = np.maximum(divergence, 0) + divergence_rounding(part, scores, alpha_scores, divergence, *sizes)
    return part.weighted_total(losses), part.weighted_total(divergence), total_length(part, dual_residuals)
