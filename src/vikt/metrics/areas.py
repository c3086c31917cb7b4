"""The areas below the receiver operating characteristic and the precision-recall curve, and their intervals.

The interval is that of the infinitesimal jackknife: with d_i the derivative of the area by the weight of row i, the
variance is Σ_i d_i² (Jaeckel 1972). For the first area this is the variance of DeLong, DeLong and Clarke-Pearson 1988,
with the number of the rows instead of one less. Without draws, many classes take little time. The interval is made on
the scale of the logit, as Boyd, Eng and Page 2013 advise for the second area, whose bootstrap they found too short.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Bools, Floats, Ints
from vikt.metrics.curves import Ranking, ranking, scored_rows


class Area(NamedTuple):
    """An area, and its derivative by the weight of each row: (m,)."""

    value: float
    influence: Floats

    @property
    def standard_error(self) -> float:
        return math.sqrt(math.fsum(np.square(self.influence).tolist()))


def roc_auc(y_true: ArrayLike, scores: ArrayLike, positive: object) -> float:
    """The area below the receiver operating characteristic.

    It is the probability that a positive row has a larger score than a negative one, equal scores counting half. It is
    nan where all rows are positive, or none. Parameters and errors as for `vikt.metrics.curves.roc_curve`.

    Notes
    -----
    Hanley and McNeil 1982, Radiology 143.

    Examples
    --------
    >>> roc_auc(["spam", "ham", "spam", "ham"], [0.9, 0.4, 0.4, 0.1], "spam")
    0.875
    """
    is_positive, values = scored_rows(y_true, scores, positive)
    if is_positive.all() or not is_positive.any():
        return math.nan
    return roc_area(is_positive, ranking(is_positive, values)).value


def average_precision(y_true: ArrayLike, scores: ArrayLike, positive: object) -> float:
    """The area below the precision-recall curve, as steps: Σ_k (R_k - R_{k-1}) P_k over the falling thresholds.

    It is the mean precision at the scores of the positive rows; nan where there are none. Parameters and errors as for
    `roc_auc`.

    Notes
    -----
    Davis and Goadrich 2006, The relationship between precision-recall and ROC curves, ICML: a straight line between two
    points would promise too much.

    Examples
    --------
    >>> round(average_precision(["spam", "ham", "spam", "ham"], [0.9, 0.8, 0.4, 0.1], "spam"), 4)
    0.8333
    """
    is_positive, values = scored_rows(y_true, scores, positive)
    if not is_positive.any():
        return math.nan
    return precision_recall_area(is_positive, ranking(is_positive, values)).value


def roc_area(is_positive: Bools, ranked: Ranking) -> Area:
    """`roc_auc` of rows, some positive and some negative, and its derivatives."""
    positive, negative = ranked.positive[-1], ranked.negative[-1]
    # The positive and the negative rows above each row, those of equal score counting half: twice their number.
    true_above = ranked.positive + _before(ranked.positive)
    false_above = ranked.negative + _before(ranked.negative)
    pairs = int((true_above * np.diff(ranked.negative, prepend=0)).sum())
    value = pairs / (2 * int(positive) * int(negative))
    of_positive = ((2 * negative - false_above) / (2 * negative) - value) / positive
    of_negative = (true_above / (2 * positive) - value) / negative
    return Area(value, np.where(is_positive, of_positive[ranked.group], of_negative[ranked.group]))


def precision_recall_area(is_positive: Bools, ranked: Ranking) -> Area:
    """`average_precision` of rows, some of them positive, and its derivatives."""
    positive, above = int(ranked.positive[-1]), ranked.positive + ranked.negative
    own, precision = np.diff(ranked.positive, prepend=0), ranked.positive / above
    value = math.fsum((own * precision).tolist()) / positive
    # One more row at a threshold changes the precision there and at all lower ones.
    gain = np.cumsum((own / above)[::-1])[::-1]
    loss = np.cumsum((own * precision / above)[::-1])[::-1]
    of_positive, of_negative = (precision - value + gain - loss) / positive, -loss / positive
    return Area(value, np.where(is_positive, of_positive[ranked.group], of_negative[ranked.group]))


def _before(cumulative: Ints) -> Ints:
    return np.append(0, cumulative[:-1])
