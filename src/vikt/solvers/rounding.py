"""Bounds on the rounding of what a proof is made of, so that no bound is below the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, Weights
from vikt.errors import DivergenceError
from vikt.model.loss import EPSILON
from vikt.model.objective import Objective
from vikt.parts import Part, PerPart

# The rounding of an objective, as a part of its value.
ROUNDING = 8 * EPSILON


def relative_to_means(objective: Objective, gradient: Floats) -> Floats:
    """The gradient by the weights of columns less their means, which is the same where the intercepts are optimal.

    A column far from zero would multiply what rounding leaves of the intercepts' own gradient.
    """
    if not objective.has_dummy:
        return gradient
    return np.asarray(gradient[..., 1:] - np.multiply.outer(gradient[..., 0], objective.column_means))


def gradient_rounding(objective: Objective, theta: Floats, residuals: PerPart[Floats]) -> float:
    """By how much rounding can have shortened r·∇L̂: that of its sums, and that of the residuals summed.

    A score is off by about its size, and a probability moves by no more than half of that.
    """
    summed, mean_square, moved = objective.parts.sums(
        _gradient_roundings, objective.shares, residuals, _largest_weights(theta)
    )
    means, penalty = objective.column_means, objective.penalty
    spread = np.sqrt(max(mean_square - float(np.sum(means * means)), 16 * EPSILON * mean_square))
    own = 4 * penalty.strength * length_of(penalty.unscaled(theta))
    return float(EPSILON * (penalty.largest_scale * (4 * np.sqrt(summed) + spread * np.sqrt(moved)) + own))


def intercept_rounding(objective: Objective, theta: Floats) -> float:
    """How far from their optimum rounding leaves the intercepts; its square enters a bound."""
    return EPSILON * (2 + largest_intercept(objective, theta))


def value_rounding(objective: Objective, theta: Floats) -> float:
    """By how much rounding of the scores can have moved L̂: a loss moves by at most twice what its scores do."""
    return 2 * objective.parts.sums(_total_score_rounding, _largest_weights(theta)) / objective.total_weight


def score_rounding(objective: Objective, theta: Floats) -> PerPart[Floats]:
    """By how much rounding can have moved each score: (m,)."""
    return objective.parts.each(_score_rounding, _largest_weights(theta))


def divergence_rounding(
    part: Part, scores: Floats, alpha_scores: Floats, divergence: Floats, length: float, intercept: float
) -> Floats:
    """By how much rounding can have lessened each row's divergence: its own, and that of its scores.

    A score off by e moves KL(α ‖ p) by |p - α|·e + e² at most, and |p - α| is at most √(2 KL). `length` is that of θ,
    `intercept` the largest.
    """
    own = 1 + _largest(scores) + _largest(np.nan_to_num(alpha_scores, neginf=0.0))
    # Rougher than `_score_sizes`, and no pass over the rows.
    terms = np.sqrt(part.X.squared_norms()) * length + intercept
    off = 4 * EPSILON * terms
    return np.asarray(4 * EPSILON * own + off * np.sqrt(2 * np.maximum(divergence, 0)) + off**2)


def dual_rounding(objective: Objective, length: float) -> float:
    """How far rounding can have moved θ(α)/r; `length` is the `total_length` of what was added up."""
    mean = length / objective.total_weight
    return 4 * EPSILON * objective.penalty.largest_scale * mean / (2 * objective.l2)


def total_length(part: Part, dual_residuals: Floats) -> float:
    """Σ_i w_i·‖x_i‖·|y_i - α_i|, of the class that is furthest off."""
    norms = np.sqrt(part.X.squared_norms())
    return float(np.sum(part.weights * norms * _largest(dual_residuals)))


def largest_intercept(objective: Objective, theta: Floats) -> float:
    """The largest absolute intercept; 0 where there are none."""
    return float(np.abs(theta[..., 0]).max()) if objective.has_dummy else 0.0


def length_of(array: Floats) -> float:
    """The Euclidean length of all numbers of an array."""
    return float(np.sqrt(np.sum(array * array)))


def _largest_weights(theta: Floats) -> Floats:
    """The largest |θ_j| of the classes': (n+1,)."""
    return np.asarray(np.abs(np.atleast_2d(theta)).max(axis=0))


def _largest(array: Floats) -> Floats:
    """The largest absolute number of each row."""
    return np.asarray(np.abs(array).reshape(len(array), -1).max(axis=1))


# The work of one part.


def _gradient_roundings(part: Part, shares: Floats, residuals: Floats, weights: Floats) -> tuple[float, float, float]:
    """Σ s·‖x‖²·r², Σ s·‖x‖² and Σ s·(2 + score)²."""
    squares = part.X.squared_norms()
    return (
        float(np.sum(shares * squares * _largest(residuals) ** 2)),
        float(np.sum(shares * squares)),
        float(np.sum(shares * (2 + _score_sizes(part, weights)) ** 2)),
    )


def _score_sizes(part: Part, weights: Floats) -> Floats:
    """Σ_j |x_ij θ_j|, the largest of the classes': the rounding of a score is in proportion to it."""
    known = 0.0 if part.offset is None else _largest(part.offset)
    return np.asarray(part.X.score_sizes(weights) + known)


def _score_rounding(part: Part, weights: Floats) -> Floats:
    return 4 * EPSILON * (2 + _score_sizes(part, weights))


def _total_score_rounding(part: Part, weights: Floats) -> float:
    return part.weighted_total(2 * EPSILON * (2 + _score_sizes(part, weights)))


def in_float32(theta: Weights) -> NDArray[np.float32]:
    """The weights in float32, as a model keeps them.

    Raises
    ------
    DivergenceError
        One is not finite there.
    """
    with np.errstate(over="ignore"):
        rounded = theta.astype(np.float32)
    if not np.isfinite(rounded).all():
        raise DivergenceError(
            f"the fit ended with weights of up to {np.abs(theta).max():.4g}, more than a model can hold; lower the "
            "learning rate, or strengthen the penalty"
        )
    return rounded
