"""Several labels per row: one loss for each label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vikt.arrays import Bools, Classes, Floats, Ints, Weights
from vikt.model.functions import log_logistic, logistic
from vikt.model.loss import EPSILON, ShareOfEachClass, excess_log_odds, weights_at
from vikt.model.losses import BinaryCrossEntropy
from vikt.names import TargetKind


@dataclass(frozen=True)
class OneLossPerLabel(ShareOfEachClass):
    """Several labels per row, y (m, K) whether it has each, a score per label: Σ_k -log σ(±z_k), + where it has k.

    The labels share the rows and nothing else: K logistic regressions. A probability is P(label k | x), whatever the
    others, so those of a row need not sum to 1; a label's weight is W times the share of rows that have it.

    Examples
    --------
    >>> loss = OneLossPerLabel(2)
    >>> loss.losses(np.array([[1000.0, 3.0], [0.0, 3.0]]), np.array([[True, False], [True, True]])).round(3).tolist()
    [3.049, 0.742]
    """

    n_labels: int
    steepest: ClassVar[float] = 0.25
    scores_are_apart: ClassVar[bool] = True
    kind: ClassVar[TargetKind] = "several"
    cuts: ClassVar[tuple[float, ...]] = ()

    @property
    def n_classes(self) -> int:
        return self.n_labels

    @property
    def columns(self) -> tuple[int, ...]:
        return (self.n_labels,)

    @property
    def weighted_classes(self) -> Sequence[int]:
        return range(self.n_labels)

    def losses(self, scores: Floats, y: Bools) -> Floats:
        return np.asarray(-np.sum(log_logistic(_towards(scores, y)), axis=1))

    def residuals(self, scores: Floats, y: Bools) -> Floats:
        return self.residuals_at(logistic(scores), y)

    def residuals_at(self, p: Floats, y: Bools) -> Floats:
        return p - y

    def probabilities(self, scores: Floats) -> Floats:
        return logistic(scores)

    def log_probabilities(self, scores: Floats) -> Floats:
        """log P(label k | x), each label by itself: (m, K)."""
        return log_logistic(scores)

    def most_probable(self, scores: Floats) -> Classes:
        """The most probable label, whether or not it is more probable than not: (m,)."""
        return np.asarray(np.argmax(scores, axis=1), dtype=np.int64)

    def margins(self, scores: Floats, y: Bools) -> Floats:
        """How far the row is on the right side of every label's boundary, the least of them: (m,)."""
        return np.asarray(_towards(scores, y).min(axis=1))

    def most_divergence(self, scores: Floats, y: Bools, share: float, off: Floats | float) -> Floats:
        """As of the protocol, Σ over labels."""
        by_label = [_BINARY.most_divergence(z, own, share, off) for z, own in zip(scores.T, y.T, strict=True)]
        return np.asarray(np.sum(by_label, axis=0))

    def truth(self, class_totals: Floats) -> Floats:
        return class_totals

    def excess(self, total: Floats, true_total: Floats) -> Floats:
        return excess_log_odds(total, true_total)

    def constant_scores(self, log_shares: Floats) -> Floats:
        # A share of 1 is one as near 1 as rounding allows.
        return np.asarray(log_shares - np.log(np.maximum(-np.expm1(log_shares), EPSILON)))

    def centred(self, scores: Floats) -> Floats:
        return scores

    def class_weights(self, theta: Weights, k: int, against: int | None = None) -> Floats:
        return np.asarray(theta[k], dtype=np.float64)

    def carried_over(self, theta: Floats, places: Ints) -> Floats:
        return weights_at(theta, places)


_BINARY = BinaryCrossEntropy()


def _towards(scores: Floats, y: Bools) -> Floats:
    return np.where(y, scores, -scores)
