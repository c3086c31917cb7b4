"""How far a fit can be from the optimum, by proof.

For λ > 0 the objective L̂ is strongly convex in every weight but the intercepts. With the intercepts at their own
optimum two bounds B on L̂(θ) - L̂* hold:

(a) from the gradient: B = ‖∇L̂‖² / (4λ), the intercepts left out;
(b) from any α whose rows are distributions and that balances, Σ_i w_i (y_i - α_i) = 0: the Fenchel gap
    B = (1/W) Σ_i w_i KL(α_i ‖ p_i) + λ ‖θ - θ(α)‖²,  θ(α) = (1/(2λW)) Σ_i w_i (y_i - α_i) x_i.

Where the penalty has scales r, θ is θ/r in these and x is r·x.

With λ₁ > 0 the gap's second part is that of Ω(θ_j) = λθ_j² + λ₁|θ_j|, with v = (1/W) Σ_i w_i (y_i - α_i) x_i:

    B = (1/W) Σ_i w_i KL(α_i ‖ p_i) + Σ_j (Ω(θ_j) - v_j θ_j + Ω*(v_j)),  Ω*(v) = max(|v| - λ₁, 0)²/(4λ).

It is asked at α = p, and at α = y - s(y - p) with the s at which no |v_j| is above λ₁: there Ω* is 0, λ = 0 or not.

The certificate is c = B / (L̂ - B), so that L̂ ≤ (1 + c)·L̂*.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats
from vikt.compiled import compiled
from vikt.model.objective import Objective
from vikt.solvers import kernels

_EPSILON = float(np.finfo(np.float64).eps)
_TINY = float(np.finfo(np.float64).tiny)
_MOST_NEWTON_STEPS = 100
_NEWTON_IS_SAFE = 1.0
_MOST_PRODUCTS = 1000
_SOLVED = 1e-8


class Certificate(NamedTuple):
    """The proven distance of a fit from the optimum.

    Attributes
    ----------
    relative : float
        c, such that L̂ ≤ (1 + c)·L̂*; nan where there is no proof.
    bound : float
        B, the proven bound on L̂ - L̂*; nan where there is no proof.
    value : float
        L̂ of the model certified.
    reason : str
        Why there is no proof; empty where there is one.
    """

    relative: float
    bound: float
    value: float
    reason: str = ""

    @property
    def distance(self) -> str:
        """c in words."""
        if math.isfinite(self.relative):
            return f"{self.relative:.1e} from the optimum at most"
        return "at no proven distance from the optimum"


def certificate(value: float, bound: float) -> Certificate:
    """The certificate of a model whose objective is `value` and provably within `bound` of the least.

    Examples
    --------
    >>> certificate(0.5, 0.1).relative
    0.25
    """
    relative = bound / (value - bound) if bound < value else math.inf
    return Certificate(float(relative), float(bound), float(value))


def no_certificate(value: float, reason: str) -> Certificate:
    return Certificate(math.nan, math.nan, value, reason)


def gradient_certificate(objective: Objective, theta: Floats) -> tuple[Floats, Certificate]:
    """Move the intercepts to their optimum and certify by the gradient, bound (a); by the gap where λ₁ > 0.

    Parameters
    ----------
    objective : Objective
    theta : (n+1,) or (K, n+1)

    Returns
    -------
    tuple
        θ with its intercepts moved, and its certificate.
    """
    theta, scores = balanced_intercepts(objective, theta, objective.scores(theta))
    value = objective.value_from_scores(scores, theta)
    if objective.l1 > 0:
        return theta, certificate(value, _elastic_net_bound(objective, theta, scores))
    if objective.l2 == 0:
        return theta, no_certificate(
            value, "λ = 0: the objective is not strongly convex, so nothing bounds the distance"
        )
    residuals = objective.loss.residuals(scores, objective.y)
    gradient = objective.gradient_from_residuals(residuals, theta)
    length = _length(objective.penalty.scales * _centred(objective, gradient))
    length += _gradient_rounding(objective, theta, residuals)
    # The intercepts are at their optimum but for rounding, whose square enters.
    off = _EPSILON * (2 + float(np.abs(_intercepts(objective, theta)).max()))
    return theta, certificate(value, length * length / (4 * objective.l2) + off * off)


def dual_certificate(
    objective: Objective, alpha_scores: Floats, intercepts: Any = 0.0, dtype: Any = np.float64
) -> tuple[Floats, Certificate]:
    """The model θ(α) of a dual point, with its intercepts at their optimum, certified by the gap, bound (b).

    Parameters
    ----------
    objective : Objective
    alpha_scores : (m,) or (m, K)
        Scores whose logistic or softmax is α.
    intercepts : float or (K,)
        About where their optimum is.
    dtype : dtype
        To which θ(α) is rounded: sparse rows then go through half the memory. Of what it costs the bound knows.
    """
    loss, y = objective.loss, objective.y
    alpha_scores = alpha_scores + _balance(objective, alpha_scores)
    dual_residuals = loss.residuals(alpha_scores, y)
    theta = objective.X.weighted_sum((-objective.weights * dual_residuals.T).T)
    first = int(objective.X.has_dummy)
    theta[..., first:] /= 2 * objective.penalty.strengths * objective.total_weight
    theta.T[:first] = intercepts
    rounded = theta.astype(dtype, copy=False)
    apart = _length(objective.penalty.unscaled(rounded - theta)) if rounded is not theta else 0.0
    # Dense rows are multiplied in the type of θ.
    theta = rounded.astype(np.float64, copy=False) if objective.X.by_library else rounded
    theta, scores = balanced_intercepts(objective, theta, objective.scores(theta))
    losses = loss.losses(scores, y)
    value = objective.value_from_losses(losses, theta)
    inner = dual_residuals * (scores - alpha_scores)
    divergence = losses - loss.losses(alpha_scores, y) - inner.reshape(len(y), -1).sum(axis=1)
    divergence = np.maximum(divergence, 0) + _divergence_rounding(objective, theta, scores, alpha_scores, divergence)
    bound = float(np.sum(objective.weights * divergence)) / objective.total_weight
    moved = apart + _length_rounded(objective, dual_residuals)
    bound += objective.l2 * moved * moved
    return theta, certificate(value, bound)


def certificate_nearby(objective: Objective, theta: NDArray[Any], proof: Certificate) -> Certificate:
    """The certificate of a θ near the one proven (rounded, or with other intercepts): what it loses is known."""
    value = objective.value(theta)
    if proof.reason:
        return proof._replace(value=value)
    return certificate(value, proof.bound + max(value - proof.value, 0.0))


def _elastic_net_bound(objective: Objective, theta: Floats, scores: Floats) -> float:
    residuals = objective.loss.residuals(scores, objective.y)
    gradient = objective.gradient_from_residuals(residuals, np.zeros_like(theta))
    slopes = _centred(objective, gradient)
    off = _gradient_rounding(objective, theta, residuals)
    score_off = 4 * _EPSILON * (2 + _score_sizes(objective, theta))
    return elastic_net_gap(objective, theta, objective.loss.losses(scores, objective.y), slopes, off, score_off)


def elastic_net_gap(
    objective: Objective,
    theta: Floats,
    losses: Floats,
    slopes: Floats,
    off: float = 0.0,
    score_off: Any = 0.0,
) -> float:
    """The smaller gap of the two that are asked, for λ₁ > 0.

    Parameters
    ----------
    objective : Objective
    theta : (n+1,) or (K, n+1)
        Weights with the intercepts at their optimum.
    losses : (m,)
        The loss of each row.
    slopes : (n,) or (K, n)
        -v at α = p: the gradient of the mean loss, the intercepts left out.
    off, score_off : float, (m,)
        By how much rounding can have moved the slopes, times r (as a length), and each score.
    """
    l1, l2, weights = objective.l1, objective.l2, objective.penalty.unscaled(theta)
    slopes = objective.penalty.scales * slopes
    size = float(np.sum(np.abs(weights)))
    rounding = 4 * _EPSILON * (l1 * size + l2 * float(np.sum(weights * weights)))
    # α = y - s(y - p): no |v_j| above λ₁, rounding included.
    steepest = float(np.abs(slopes).max(initial=0.0)) + off
    share = min(1.0, l1 / steepest * (1 - 4 * _EPSILON)) if steepest > 0 else 1.0
    fenchel_young = float(np.sum(l1 * np.abs(weights) + l2 * weights * weights + share * slopes * weights))
    scaled = max(fenchel_young, 0.0) + share * off * _length(weights) + rounding
    scaled += float(np.sum(objective.weights * _scaled_divergence(losses, share, score_off))) / objective.total_weight
    if l2 == 0:
        return scaled
    kept = np.clip(-slopes, -l1, l1)
    apart = _length(weights - (-slopes - kept) / (2 * l2)) + off / (2 * l2)
    rest = max(float(np.sum(l1 * np.abs(weights) - kept * weights)), 0.0) + rounding
    return min(scaled, l2 * apart * apart + rest)


def _scaled_divergence(losses: Floats, share: float, off: Any) -> Floats:
    """KL(α ‖ p) of each row at α = y - s(y - p), rounding included: it hangs on the true class's p = 1 - q alone.

    Its share is 1 - sq in α, and the others have s times theirs.
    """
    q = -np.expm1(-losses)
    own, others = (
        np.log1p(-share * q) + losses if share < 1 else np.zeros_like(losses),
        share * q * np.log(max(share, _TINY)),
    )
    moved = 2 * (1 - share) * q
    rounding = 8 * _EPSILON * (losses + q) * (share < 1)
    return np.asarray(np.maximum((1 - share * q) * own + others, 0.0) + rounding + off * moved + off * off)


def balanced_intercepts(objective: Objective, theta: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """θ and its scores with the intercepts at their own optimum, the other weights as they are."""
    shift = _balance(objective, scores)
    theta = theta.astype(np.float64)
    if objective.X.has_dummy:
        theta[..., 0] += shift
    return theta, scores + shift


def _balance(objective: Objective, scores: Floats) -> Floats:
    """The shift s of all scores at which Σ w (p - y) = 0: Newton's method on a convex function of K numbers."""
    shift = np.zeros(scores.shape[1:])
    if not objective.X.has_dummy:
        return shift
    weights = objective.weights / objective.total_weight
    p = objective.loss.probabilities(scores)
    by_class = np.bincount(objective.y, weights=weights, minlength=objective.n_classes)
    true_total: Floats = np.asarray(by_class[1] if p.ndim == 1 else by_class, dtype=np.float64)
    for _ in range(_MOST_NEWTON_STEPS):
        total = np.asarray(np.sum((weights * p.T).T, axis=0))
        step = _newton_step(weights, p, total - true_total)
        if not np.max(np.abs(step)) < _NEWTON_IS_SAFE:
            step = _scaling_step(total, true_total)
        shift = shift - step
        # A step leaves a ten-thousandth of the error at most: what remains is below rounding.
        if np.max(np.abs(step)) <= 1e-10:
            break
        p = objective.loss.probabilities(scores + shift)
    return shift


# Where H is all but flat, what is to be infinite overflows on its way there.
@np.errstate(over="ignore", invalid="ignore")
def _newton_step(weights: Floats, p: Floats, gradient: Floats) -> Floats:
    """H⁻¹g, H = Σ w (diag(p) - ppᵀ), by conjugate gradients: a product costs what one look at p costs, however many
    the classes. Infinite where H is too flat to be inverted.

    Source: Hestenes and Stiefel 1952.
    """
    if p.ndim == 1:
        return np.asarray(gradient / np.maximum(np.sum(weights * p * (1 - p)), _TINY))
    product = compiled(kernels.__name__).curvature_product
    p = np.ascontiguousarray(p)
    diagonal = np.maximum(np.einsum("i,ik,ik->k", weights, p, 1 - p), _TINY)
    step, rest = np.zeros(len(gradient)), gradient.copy()
    direction = rest / diagonal
    size = start = float(np.sum(rest * direction))
    for _ in range(_MOST_PRODUCTS):
        if size <= _SOLVED * start:
            break
        bent = np.zeros(len(gradient))
        product(p, weights, direction, bent)
        curvature = float(np.sum(direction * bent))
        if not curvature > 0:
            return np.full(len(gradient), np.inf)
        step += size / curvature * direction
        rest -= size / curvature * bent
        scaled = rest / diagonal
        last, size = size, float(np.sum(rest * scaled))
        direction = scaled + size / last * direction
    # All classes may shift together, which changes nothing.
    return np.asarray(step - np.mean(step))


def _scaling_step(total: Floats, true_total: Floats) -> Floats:
    """The log of what each class has too much: iterative scaling, slow but closer at every step however far off.

    Source: Darroch and Ratcliff 1972; for two classes it is the difference of both.
    """
    excess = np.log(np.maximum(total, _TINY) / np.maximum(true_total, _TINY))
    if total.ndim == 0:
        excess = excess - np.log(np.maximum(1 - total, _TINY) / np.maximum(1 - true_total, _TINY))
    return np.asarray(excess)


def _centred(objective: Objective, gradient: Floats) -> Floats:
    """The gradient by the weights of columns less their means, which is the same where the intercepts are optimal.

    What rounding leaves of the intercepts' own gradient, a column far from zero would multiply.
    """
    if not objective.X.has_dummy:
        return gradient
    means = objective.column_means
    return np.asarray(gradient[..., 1:] - np.multiply.outer(gradient[..., 0], means))


def _gradient_rounding(objective: Objective, theta: Floats, residuals: Floats) -> float:
    """By how much rounding can have shortened r·∇L̂: that of its sums, and that of the residuals summed.

    A score is off by about its size, and a probability moves by no more than half of that.
    """
    X, share = objective.X, objective.weights / objective.total_weight
    squares = X.squared_norms()
    sums = np.sqrt(np.sum(share * squares * _largest(residuals) ** 2))
    mean_square = float(np.sum(share * squares))
    means = objective.column_means
    spread = np.sqrt(max(mean_square - float(np.sum(means * means)), 16 * _EPSILON * mean_square))
    moved = spread * np.sqrt(np.sum(share * (2 + _score_sizes(objective, theta)) ** 2))
    penalty = objective.penalty
    own = 4 * penalty.strength * _length(penalty.unscaled(theta))
    return float(_EPSILON * (penalty.largest_scale * (4 * sums + moved) + own))


def value_rounding(objective: Objective, theta: Floats) -> float:
    """By how much rounding of the scores can have moved L̂: a loss moves by twice what its scores do at most."""
    off = 2 * _EPSILON * (2 + _score_sizes(objective, theta))
    return 2 * float(np.sum(objective.weights * off)) / objective.total_weight


def _score_sizes(objective: Objective, theta: Floats) -> Floats:
    """Σ_j |x_ij θ_j|, the largest of the classes': the rounding of a score is in proportion to it."""
    known = 0.0 if objective.offset is None else _largest(objective.offset)
    return np.asarray(objective.X.score_sizes(np.abs(np.atleast_2d(theta)).max(axis=0)) + known)


def _divergence_rounding(
    objective: Objective, theta: Floats, scores: Floats, alpha_scores: Floats, divergence: Floats
) -> Floats:
    """By how much rounding can have lessened each row's divergence: its own, and that of its scores.

    A score off by e moves KL(α ‖ p) by |p - α|·e + e² at most, and |p - α| is at most √(2 KL).
    """
    own = 1 + _largest(scores) + _largest(_finite(alpha_scores))
    # Rougher than `_score_sizes`, and no pass over the rows.
    terms = np.sqrt(objective.X.squared_norms()) * _length(theta) + np.abs(_intercepts(objective, theta)).max()
    off = 4 * _EPSILON * terms
    return np.asarray(4 * _EPSILON * own + off * np.sqrt(2 * np.maximum(divergence, 0)) + off**2)


def _length_rounded(objective: Objective, dual_residuals: Floats) -> float:
    """How far rounding can have moved θ(α)/r."""
    norms = np.sqrt(objective.X.squared_norms())
    moved = float(np.sum(objective.weights * norms * _largest(dual_residuals))) / objective.total_weight
    return 4 * _EPSILON * objective.penalty.largest_scale * moved / (2 * objective.l2)


def _largest(array: Floats) -> Floats:
    """The largest absolute number of each row."""
    return np.asarray(np.abs(array).reshape(len(array), -1).max(axis=1))


def _intercepts(objective: Objective, theta: Floats) -> Floats:
    return np.asarray(theta[..., 0]) if objective.X.has_dummy else np.zeros(1)


def _finite(scores: Floats) -> Floats:
    return np.nan_to_num(scores, neginf=0.0)


def _length(array: Floats) -> float:
    return float(np.sqrt(np.sum(array * array)))
