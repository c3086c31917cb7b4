"""Cross-entropy against soft labels: the share of each class in each row's truth.

A row with shares is the row once for each class, with the share as its weight; a class is a share of 1.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from vikt.arrays import Floats
from vikt.model.functions import log_logistic, softmax
from vikt.model.loss import EPSILON, TINY, Loss, OneScore, ScorePerClass, ShareOfEachClass


class _LossOfShares(Loss, Protocol):
    def shares(self, y: Floats) -> Floats: ...


class _OfShares(ShareOfEachClass):
    """What the losses of two classes and of more have in common."""

    def most_divergence(self: _LossOfShares, scores: Floats, y: Floats, share: float, off: Floats | float) -> Floats:
        log_p, truth = self.log_probabilities(scores), self.shares(y)
        p = np.exp(log_p)
        alpha = (1 - share) * truth + share * p
        terms = alpha * (np.log(np.maximum(alpha, TINY)) - log_p) if share < 1 else np.zeros_like(p)
        rounding = 8 * EPSILON * np.sum(alpha * (1 - log_p), axis=1) * (share < 1)
        moved = (1 - share) * np.sum(np.abs(p - truth), axis=1)
        return np.asarray(np.maximum(terms.sum(axis=1), 0.0) + rounding + off * moved + off * off)


class BinarySoftCrossEntropy(OneScore, _OfShares):
    """Two classes, y from 0 to 1 the share of the second, one score per row: -y log σ(z) - (1 - y) log(1 - σ(z)).

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

    def shares(self, y: Floats) -> Floats:
        return np.stack([1 - y, y], axis=1)


class SoftCrossEntropy(ScorePerClass, _OfShares):
    """K classes, y (m, K) the share of each, one score per class: -Σ_k y_k log softmax(z)_k.

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


def soft_cross_entropy_for(n_classes: int) -> Loss:
    """The cross-entropy against shares of K classes: of two, one score is enough."""
    return BinarySoftCrossEntropy() if n_classes == 2 else SoftCrossEntropy(n_classes)
