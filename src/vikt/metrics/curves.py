"""Receiver operating characteristic and precision-recall curves: what every threshold on a score would give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Bools, Floats, Ints
from vikt.errors import DataError, UsageError
from vikt.metrics.classification import class_array, ratio, refuse_mixture

OneCurve = TypeVar("OneCurve", bound="Curve")

# The points of a curve that is kept for a picture, and of a mean of curves.
MOST_POINTS, EVEN_POINTS = 200, 101


class Ranking(NamedTuple):
    """Rows by falling score.

    Attributes
    ----------
    thresholds : ndarray, (T,)
        The distinct scores, falling.
    positive, negative : ndarray of int, (T,)
        The positive and the negative rows at or above each.
    group : ndarray of int, (m,)
        The index of each row's score among the thresholds.
    """

    thresholds: Floats
    positive: Ints
    negative: Ints
    group: Ints


@dataclass(frozen=True)
class Curve:
    """What every threshold on a score gives: a point (x, y) for each.

    A row is predicted as positive where its score is at least the threshold. The thresholds fall; the first is
    infinite, so that no row is positive. They are None in a mean over several classes. Rates without rows are nan.
    """

    x: Floats
    y: Floats
    thresholds: Floats | None

    def thinned(self, most: int = MOST_POINTS) -> Self:
        """At most `most` of the points, evenly spaced along the curve, both ends among them."""
        kept = _spaced(self.x, self.y, most)
        return type(self)(self.x[kept], self.y[kept], None if self.thresholds is None else self.thresholds[kept])


class RocCurve(Curve):
    """The true positive rate TP / (TP + FN) against the false positive rate FP / (FP + TN), from (0, 0) to (1, 1)."""

    @property
    def false_positive_rate(self) -> Floats:
        return self.x

    @property
    def true_positive_rate(self) -> Floats:
        return self.y

    def resampled(self, points: int = EVEN_POINTS) -> RocCurve:
        """The true positive rate at false positive rates of equal distance, the highest where a rate has several."""
        rates = np.linspace(0.0, 1.0, points)
        return RocCurve(rates, np.interp(rates, self.x, self.y), None)


class PrecisionRecallCurve(Curve):
    """Precision TP / (TP + FP) against recall TP / (TP + FN), which rises from 0: the first point is (0, 1)."""

    @property
    def recall(self) -> Floats:
        return self.x

    @property
    def precision(self) -> Floats:
        return self.y

    def resampled(self, points: int = EVEN_POINTS) -> PrecisionRecallCurve:
        """The precision at the first threshold that reaches each of several recalls of equal distance."""
        levels = np.linspace(0.0, 1.0, points)
        return PrecisionRecallCurve(levels, self.y[np.searchsorted(self.x, levels)], None)


def roc_curve(y_true: ArrayLike, scores: ArrayLike, positive: object) -> RocCurve:
    """The receiver operating characteristic of a score: a point for each of its distinct values.

    Parameters
    ----------
    y_true : array_like, (m,)
        Real classes.
    scores : array_like, (m,)
        A number for each row, the larger the more surely positive: P(positive | x), say.
    positive : object
        The positive class; all others are negative.

    Raises
    ------
    DataError
        The two differ in length, a class is missing, or a score is NaN.

    Notes
    -----
    Fawcett 2006, An introduction to ROC analysis, Pattern Recognition Letters 27.

    Examples
    --------
    >>> curve = roc_curve(["spam", "ham", "spam", "ham"], [0.9, 0.4, 0.4, 0.1], "spam")
    >>> curve.false_positive_rate.tolist(), curve.true_positive_rate.tolist()
    ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0])
    """
    return roc_of(ranking(*scored_rows(y_true, scores, positive)))


def precision_recall_curve(y_true: ArrayLike, scores: ArrayLike, positive: object) -> PrecisionRecallCurve:
    """Precision and recall at each distinct score. Parameters and errors as for `roc_curve`.

    Examples
    --------
    >>> curve = precision_recall_curve(["spam", "ham", "spam", "ham"], [0.9, 0.8, 0.4, 0.1], "spam")
    >>> curve.recall.tolist()
    [0.0, 0.5, 0.5, 1.0, 1.0]
    >>> [round(share, 4) for share in curve.precision.tolist()]
    [1.0, 1.0, 0.5, 0.6667, 0.5]
    """
    return precision_recall_of(ranking(*scored_rows(y_true, scores, positive)))


def ranking(is_positive: Bools, scores: Floats) -> Ranking:
    """Count the positive and the negative rows at or above each distinct score."""
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    is_first = np.append(True, falling[1:] != falling[:-1])[: len(scores)]
    ends = np.append(np.flatnonzero(is_first)[1:], len(scores))[: int(is_first.sum())] - 1
    group = np.empty(len(scores), dtype=np.int64)
    group[order] = np.cumsum(is_first) - 1
    positive = np.cumsum(is_positive[order], dtype=np.int64)[ends]
    return Ranking(falling[ends], positive, ends + 1 - positive, group)


def roc_of(ranked: Ranking) -> RocCurve:
    """The receiver operating characteristic of a ranking."""
    positive, negative = _from_zero(ranked.positive), _from_zero(ranked.negative)
    rates = ratio(negative, negative[-1]), ratio(positive, positive[-1])
    return RocCurve(*rates, np.append(math.inf, ranked.thresholds))


def precision_recall_of(ranked: Ranking) -> PrecisionRecallCurve:
    """The precision-recall curve of a ranking."""
    positive, negative = _from_zero(ranked.positive), _from_zero(ranked.negative)
    precision = ratio(positive, positive + negative, undefined=1.0)
    return PrecisionRecallCurve(ratio(positive, positive[-1]), precision, np.append(math.inf, ranked.thresholds))


def mean_curve(curves: Sequence[OneCurve]) -> OneCurve:
    """The mean height of curves, resampled, at each place (vertical averaging)."""
    return type(curves[0])(curves[0].x, np.mean([curve.y for curve in curves], axis=0), None)


def scored_rows(y_true: ArrayLike, scores: ArrayLike, positive: object) -> tuple[Bools, Floats]:
    """Whether each row is positive, and its score. Parameters and errors as for `roc_curve`."""
    real, chosen = class_array(y_true, "y_true"), class_array([positive], "positive")
    refuse_mixture(real, "y_true", chosen, "positive")
    values = np.asarray(scores, dtype=np.float64)
    if values.shape != real.shape:
        raise UsageError(f"scores: expected one for each of {len(real)} rows, found shape {values.shape}; give (m,)")
    if np.isnan(values).any():
        raise DataError(
            f"scores: expected numbers, found NaN in row {int(np.isnan(values).argmax())}; check the scores"
        )
    return np.asarray(real == chosen, dtype=bool), values


def _from_zero(cumulative: Ints) -> Ints:
    return np.append(0, cumulative)


def _spaced(x: Floats, y: Floats, most: int) -> Ints:
    if len(x) <= most:
        return np.arange(len(x))
    travelled = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    kept = np.searchsorted(travelled, np.linspace(0.0, travelled[-1], most))
    return np.unique(np.minimum(kept, len(x) - 1))
