"""How far a fit with λ₁ > 0 can be from the optimum: the Fenchel gap of a penalty with a kink.

With Ω(θ_j) = λθ_j² + λ₁|θ_j| and v = (1/W) Σ_i w_i (y_i - α_i) x_i, for any α as in `vikt.solvers.certificate`,

    B = (1/W) Σ_i w_i KL(α_i ‖ p_i) + Σ_j (Ω(θ_j) - v_j θ_j + Ω*(v_j)),  Ω*(v) = max(|v| - λ₁, 0)²/(4λ).

The gap is taken at α = p, and at α = y - s(y - p) with the s at which no |v_j| is above λ₁: Ω* is
0 there, λ = 0 or not.
"""

from __future__ import annotations

import numpy as np

from vikt.arrays import Floats
from vikt.model.objective import Objective
from vikt.parts import Part, PerPart
from vikt.solvers.rounding import EPSILON, length_of

_TINY = float(np.finfo(np.float64).tiny)


def elastic_net_gap(
    objective: Objective,
    theta: Floats,
    losses: PerPart[Floats],
    slopes: Floats,
    off: float = 0.0,
    score_off: PerPart[Floats] | float = 0.0,
) -> float:
    """The smaller of the two gaps at θ, whose intercepts are at their optimum.

    `slopes` are -v at α = p, the gradient of the mean loss without the intercepts. `off` and `score_off` bound the
    effect of rounding on the slopes, times r (as a length), and on each score.
    """
    l1, l2, weights = objective.l1, objective.l2, objective.penalty.unscaled(theta)
    slopes = objective.penalty.scaled(slopes)
    size = float(np.sum(np.abs(weights)))
    rounding = 4 * EPSILON * (l1 * size + l2 * float(np.sum(weights * weights)))
    # α = y - s(y - p): no |v_j| above λ₁, rounding included.
    steepest = float(np.abs(slopes).max(initial=0.0)) + off
    share = min(1.0, l1 / steepest * (1 - 4 * EPSILON)) if steepest > 0 else 1.0
    fenchel_young = float(np.sum(l1 * np.abs(weights) + l2 * weights * weights + share * slopes * weights))
    gap = max(fenchel_young, 0.0) + share * off * length_of(weights) + rounding
    gap += objective.parts.sums(_scaled_divergence, losses, share, score_off) / objective.total_weight
    if l2 == 0:
        return gap
    kept = np.clip(-slopes, -l1, l1)
    apart = length_of(weights - (-slopes - kept) / (2 * l2)) + off / (2 * l2)
    rest = max(float(np.sum(l1 * np.abs(weights) - kept * weights)), 0.0) + rounding
    return min(gap, l2 * apart * apart + rest)


def _scaled_divergence(part: Part, losses: Floats, share: float, off: Floats | float) -> float:
    """Σ w·KL(α ‖ p) at α = y - s(y - p), rounding included: it depends on the true class's p = 1 - q alone.

    Its share is 1 - sq in α, and the others have s times theirs.
    """
    q = -np.expm1(-losses)
    own, others = (
        np.log1p(-share * q) + losses if share < 1 else np.zeros_like(losses),
        share * q * np.log(max(share, _TINY)),
    )
    moved = 2 * (1 - share) * q
    rounding = 8 * EPSILON * (losses + q) * (share < 1)
    divergence = np.maximum((1 - share * q) * own + others, 0.0) + rounding + off * moved + off * off
    return part.weighted_total(divergence)
