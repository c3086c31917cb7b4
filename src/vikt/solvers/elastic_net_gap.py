"""How far a fit with λ₁ > 0 can be from the optimum: the Fenchel gap of a penalty with a kink.

With Ω(θ_j) = λθ_j² + λ₁|θ_j| and v = (1/W) Σ_i w_i (y_i - α_i) x_i, for any α as in `vikt.solvers.certificate`,

    B = (1/W) Σ_i w_i KL(α_i ‖ p_i) + Σ_j (Ω(θ_j) - v_j θ_j + Ω*(v_j)),  Ω*(v) = max(|v| - λ₁, 0)²/(4λ).

The gap is taken at α = p, and at α = y - s(y - p) with the s at which no |v_j| is above λ₁: Ω* is
0 there, λ = 0 or not.
"""

from __future__ import annotations

import numpy as np

from vikt.arrays import Floats
from vikt.model.loss import EPSILON, Loss
from vikt.model.objective import Objective
from vikt.parts import Part, PerPart
from vikt.solvers.rounding import length_of


def elastic_net_gap(
    objective: Objective,
    theta: Floats,
    scores: PerPart[Floats],
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
    divergence = objective.parts.sums(_most_divergence, objective.loss, scores, share, score_off)
    gap += divergence / objective.total_weight
    if l2 == 0:
        return gap
    kept = np.clip(-slopes, -l1, l1)
    apart = length_of(weights - (-slopes - kept) / (2 * l2)) + off / (2 * l2)
    rest = max(float(np.sum(l1 * np.abs(weights) - kept * weights)), 0.0) + rounding
    return min(gap, l2 * apart * apart + rest)


def _most_divergence(part: Part, loss: Loss, scores: Floats, share: float, off: Floats | float) -> float:
    return part.weighted_total(loss.most_divergence(scores, part.y, share, off))
