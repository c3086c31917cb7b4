"""Cross-entropy against soft labels: the share of each class in each row's truth.

A row with shares is the row once for each class, with the share as its weight; a class is a share of 1.
"""

from __future__ import annotations

import numpy as np

from vikt.arrays import Bools, Floats, Ints
from vikt.model.functions import log_logistic, softmax
from vikt.model.loss import Loss, OneScore, ScorePerClass

_EPSILON, _TINY = float(np.finfo(np.float64).eps), float(np.finfo(np.float64).tiny)


class BinarySoftCrossEntropy(OneScore):
    """Two classes, y from 0 to 1 the share of the second, one score a row: -y log σ(z) - (1 - y) log(1 - σ(z)).

    Examples
    --------
    >>> BinarySoftCrossEntropy().losses(np.array([-1000.0]), np.array([0.25])).tolist()
    [250.0]
    """

    def losses(self, scores: Floats, y: Floats) -> Floats:
        return np.asarray(-y * log_logistic(scores) - (1 - y) * log_logistic(-scores))

    def margins(self, scores: Floats, y: Floats) -> Floats:
        # Where both classes have a share, the one that is behind counts.
        return np.where(y == 1, scores, np.where(y == 0, -scores, -np.abs(scores)))

    def class_totals(self, y: Floats, weights: Floats) -> Floats:
        return shares_totals(_of_both(y), weights)

    def totals_by_group(self, y: Floats, weights: Floats, group_of: Ints, n_groups: int) -> Floats:
        return shares_totals_by_group(_of_both(y), weights, group_of, n_groups)

    def most_divergence(self, scores: Floats, y: Floats, share: float, off: Floats | float) -> Floats:
        return _most_divergence(self.log_probabilities(scores), _of_both(y), share, off)


class SoftCrossEntropy(ScorePerClass):
    """K classes, y (m, K) the share of each, a score a class: -Σ_k y_k log softmax(z)_k.

    Examples
    --------
    >>> SoftCrossEntropy(2).losses(np.array([[0.0, 1000.0]]), np.array([[0.25, 0.75]])).tolist()
    [250.0]
    """

    def losses(self, scores: Floats, y: Floats) -> Floats:
        return np.asarray(-np.sum(y * self.log_probabilities(scores), axis=1))

    def residuals(self, scores: Floats, y: Floats) -> Floats:
        return self.residuals_at(softmax(scores), y)

    def residuals_at(self, p: Floats, y: Floats) -> Floats:
        return p - y

    def margins(self, scores: Floats, y: Floats) -> Floats:
        has_share = y > 0
        least = np.where(has_share, scores, np.inf).argmin(axis=1)[:, None]
        others = scores.copy()
        np.put_along_axis(others, least, -np.inf, axis=1)
        return np.asarray(np.take_along_axis(scores, least, axis=1)[:, 0] - others.max(axis=1))

    def class_totals(self, y: Floats, weights: Floats) -> Floats:
        return shares_totals(y, weights)

    def totals_by_group(self, y: Floats, weights: Floats, group_of: Ints, n_groups: int) -> Floats:
        return shares_totals_by_group(y, weights, group_of, n_groups)

    def most_divergence(self, scores: Floats, y: Floats, share: float, off: Floats | float) -> Floats:
        return _most_divergence(self.log_probabilities(scores), y, share, off)


def soft_cross_entropy_for(n_classes: int) -> Loss:
    """The cross-entropy against shares of K classes: of two, one score is enough."""
    return BinarySoftCrossEntropy() if n_classes == 2 else SoftCrossEntropy(n_classes)


def shares_totals(shares: Floats | Bools, weights: Floats) -> Floats:
    """Σ_i w_i·y_ik: (K,)."""
    (totals,) = shares_totals_by_group(shares, weights, np.zeros(len(shares), dtype=np.int64), 1)
    return np.asarray(totals)


def shares_totals_by_group(shares: Floats | Bools, weights: Floats, group_of: Ints, n_groups: int) -> Floats:
    """Σ_i w_i·y_ik over the rows of each group: (g, K)."""
    totals = [np.bincount(group_of, weights=weights * own, minlength=n_groups) for own in shares.T]
    return np.asarray(np.stack(totals, axis=1), dtype=np.float64)


def _of_both(y: Floats) -> Floats:
    """The shares of both classes: (m, 2)."""
    return np.stack([1 - y, y], axis=1)


def _most_divergence(log_p: Floats, shares: Floats, share: float, off: Floats | float) -> Floats:
    p = np.exp(log_p)
    alpha = (1 - share) * shares + share * p
    terms = alpha * (np.log(np.maximum(alpha, _TINY)) - log_p) if share < 1 else np.zeros_like(p)
    rounding = 8 * _EPSILON * np.sum(alpha * (1 - log_p), axis=1) * (share < 1)
    moved = (1 - share) * np.sum(np.abs(p - shares), axis=1)
    return np.asarray(np.maximum(terms.sum(axis=1), 0.0) + rounding + off * moved + off * off)
