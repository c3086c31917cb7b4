"""Proportional odds: the loss of levels that have an order, such as stars, priorities or grades.

A row has one score z = θᵀx, and the levels share K-1 rising thresholds t on its scale:

    P(y ≤ k | x) = σ(t_k - z)

There is no intercept: the thresholds, which are free as an intercept is, take its place. With t_K = ∞ and t_0 = -∞ the
loss of a row of level y is

    -log P(y | x) = log(1 + e^(z - t_y)) + log(1 + e^(t_{y-1} - z)) - log(1 - e^(t_{y-1} - t_y))

so the score enters as in two losses of two classes, one for each threshold beside the level, and the gap between both
by itself: it is convex in (z, t), nothing cancels, and ∂loss/∂z = P(a higher level | x) - P(a lower level | x).

Source: McCullagh 1980, Regression models for ordinal data, Journal of the Royal Statistical Society B 42.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from vikt.arrays import Classes, Floats, Ints, Weights
from vikt.errors import UsageError
from vikt.model.functions import log_logistic, logistic
from vikt.model.loss import OneClassPerRow
from vikt.names import TargetKind


class Sides(NamedTuple):
    """Of each row, the probability on the wrong side of each threshold beside its level: (m,) both.

    `above` is σ(z - t_y) = P(a higher level | x), `below` is σ(t_{y-1} - z) = P(a lower level | x).
    """

    above: Floats
    below: Floats

    @property
    def residuals(self) -> Floats:
        """∂loss/∂z: (m,)."""
        return self.above - self.below

    @property
    def curvatures(self) -> Sides:
        """What each threshold adds to ∂²loss/∂z², which is -∂²loss/∂z∂t of it: (m,) both."""
        return Sides(self.above * (1 - self.above), self.below * (1 - self.below))


@dataclass(frozen=True, eq=False)
class ProportionalOdds(OneClassPerRow):
    """K levels, y in {0, ..., K-1} from the lowest, one score per row.

    Parameters
    ----------
    thresholds : (K-1,)
        t, from the lowest.

    Raises
    ------
    UsageError
        They do not rise, are not finite, or there are none.

    Examples
    --------
    >>> loss = ProportionalOdds(np.array([-1.0, 1.0]))
    >>> np.exp(loss.log_probabilities(np.array([0.0, 2.0]))).round(4).tolist()
    [[0.2689, 0.4621, 0.2689], [0.0474, 0.2215, 0.7311]]
    """

    thresholds: Floats

    steepest: ClassVar[float] = 0.5
    scores_are_apart: ClassVar[bool] = True
    kind: ClassVar[TargetKind] = "ordered"

    def __post_init__(self) -> None:
        t = self.thresholds
        if t.ndim != 1 or not len(t) or not np.isfinite(t).all() or not (np.diff(t) > 0).all():
            raise UsageError(f"thresholds: expected one or more finite numbers that rise, found {t.tolist()!r:.80}")

    @classmethod
    def of_shares(cls, shares: Floats) -> ProportionalOdds:
        """The thresholds by which a row of score 0 has each level's share (K,), above 0, for its probability.

        Examples
        --------
        >>> ProportionalOdds.of_shares(np.array([0.5, 0.25, 0.25])).thresholds.round(4).tolist()
        [0.0, 1.0986]
        """
        below, above = np.cumsum(shares)[:-1], np.cumsum(shares[::-1])[::-1][1:]
        return cls(np.log(below) - np.log(above))

    @property
    def n_classes(self) -> int:
        return len(self.thresholds) + 1

    @property
    def columns(self) -> tuple[int, ...]:
        return ()

    @property
    def cuts(self) -> tuple[float, ...]:
        """The thresholds."""
        return tuple(self.thresholds.tolist())

    @property
    def weighted_classes(self) -> Sequence[int]:
        """The lowest level and the highest: those between share their score with both."""
        return 0, self.n_classes - 1

    @property
    def bounds(self) -> Floats:
        """The thresholds with -∞ before and ∞ after them: (K+1,)."""
        return np.concatenate([[-np.inf], self.thresholds, [np.inf]])

    @property
    def gaps(self) -> Floats:
        """How wide each level is: (K,); the first and the last are infinitely wide."""
        return np.diff(self.bounds)

    def gap_losses(self) -> Floats:
        """What the loss of a row of each level has of the level's gap d: -log(1 - e^(-d)), (K,)."""
        return -np.log(-np.expm1(-self.gaps))

    def sides(self, scores: Floats, y: Classes) -> Sides:
        bounds = self.bounds
        return Sides(logistic(scores - bounds[y + 1]), logistic(bounds[y] - scores))

    def losses(self, scores: Floats, y: Classes) -> Floats:
        bounds = self.bounds
        own = log_logistic(bounds[y + 1] - scores) + log_logistic(scores - bounds[y])
        return np.asarray(self.gap_losses()[y] - own)

    def residuals(self, scores: Floats, y: Classes) -> Floats:
        return self.sides(scores, y).residuals

    def residuals_at(self, p: Floats, y: Classes) -> Floats:
        """P(a higher level | x) - P(a lower level | x), of probabilities (m, K)."""
        return np.asarray(np.sum(p * np.sign(np.arange(self.n_classes) - y[:, None]), axis=1))

    def probabilities(self, scores: Floats) -> Floats:
        """P(y = k | x): (m, K)."""
        return np.exp(self.log_probabilities(scores))

    def log_probabilities(self, scores: Floats) -> Floats:
        bounds = self.bounds
        beside = log_logistic(bounds[1:] - scores[:, None]) + log_logistic(scores[:, None] - bounds[:-1])
        return np.asarray(beside - self.gap_losses())

    def most_probable(self, scores: Floats) -> Classes:
        return np.asarray(np.argmax(self.log_probabilities(scores), axis=1), dtype=np.int64)

    def margins(self, scores: Floats, y: Classes) -> Floats:
        """How far the score of each row lies within the bounds of its level: (m,)."""
        bounds = self.bounds
        return np.minimum(scores - bounds[y], bounds[y + 1] - scores)

    def most_divergence(self, scores: Floats, y: Classes, share: float, off: Floats | float) -> Floats:
        raise _no_intercept()

    def truth(self, class_totals: Floats) -> Floats:
        raise _no_intercept()

    def excess(self, total: Floats, true_total: Floats) -> Floats:
        raise _no_intercept()

    def constant_scores(self, log_shares: Floats) -> Floats:
        """0: shares are for the thresholds to make."""
        return np.zeros(())

    def centred(self, scores: Floats) -> Floats:
        return scores

    def class_weights(self, theta: Weights, k: int, against: int | None = None) -> Floats:
        """The weights of the score, which speak for the higher levels; for the lowest level, against it."""
        return np.asarray(theta if k else -theta, dtype=np.float64)

    def carried_over(self, theta: Floats, places: Ints) -> Floats:
        return theta


def median_levels(log_probabilities: Floats) -> Classes:
    """The first level k of each row with P(y ≤ k | x) ≥ 1/2, whatever the model: (m,) of log P(y = k | x), (m, K).

    Examples
    --------
    >>> median_levels(np.log([[0.5, 0.2, 0.3], [0.4, 0.05, 0.55]])).tolist()
    [0, 2]
    """
    up_to = np.cumsum(np.exp(log_probabilities), axis=1)
    return np.asarray(np.argmax(up_to >= up_to[:, -1:] / 2, axis=1), dtype=np.int64)


def _no_intercept() -> UsageError:
    return UsageError("ordered labels have thresholds in place of an intercept; fit them with solver 'newton'")
