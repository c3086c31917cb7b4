"""Confidence intervals: how far a figure can be from the truth because the test rows are a sample."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Floats
from vikt.errors import UsageError
from vikt.metrics.averages import macro_f1_of
from vikt.metrics.bootstrap import drawn_figures
from vikt.metrics.classification import exact_mean, ratio


class Interval(NamedTuple):
    """The two ends of a confidence interval."""

    low: float
    high: float


def wilson_interval(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Wilson's interval for a proportion p = successes / trials.

    With z the normal quantile it is

        (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)

    It stays within [0, 1] and is sensible at 0 and n successes, where p ± z√(p(1-p)/n) has no width. Without trials it
    is (0, 1). Wilson 1927, Journal of the American Statistical Association 22.

    Raises
    ------
    UsageError
        Not 0 ≤ successes ≤ trials, or not 0 < confidence < 1.

    Examples
    --------
    >>> low, high = wilson_interval(11, 16)
    >>> round(low, 4), round(high, 4)
    (0.444, 0.8584)
    """
    if not 0 <= successes <= trials:
        raise UsageError(f"successes: expected 0 to {trials} (the trials), found {successes}; count again")
    low, high = wilson_ends(successes, trials, confidence)
    return Interval(float(low), float(high))


def wilson_ends(successes: ArrayLike, trials: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """The ends of Wilson's interval for many proportions at once, of any shape.

    Examples
    --------
    >>> low, high = wilson_ends([0, 11, 0], [0, 16, 20])
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 0.444, 0.0], [1.0, 0.8584, 0.1611])
    """
    z, successes, trials = _quantile(confidence), np.asarray(successes), np.asarray(trials)
    p, n = ratio(successes, trials, undefined=0.5), np.maximum(trials, 1)
    centre, shrink = p + z * z / (2 * n), 1 + z * z / n
    width = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    # There the ends are exactly 0 and 1, despite rounding.
    low = np.where(successes == 0, 0.0, (centre - width) / shrink)
    high = np.where(successes == trials, 1.0, (centre + width) / shrink)
    return low, high


def clopper_pearson_upper(successes: int, trials: int, confidence: float = 0.95) -> float:
    """The upper bound of Clopper and Pearson for a proportion: it holds with probability `confidence` or more.

    It is the p at which so few successes have probability 1 - confidence, a quantile of the beta distribution with
    successes + 1 and trials - successes; 1 where all trials succeed. Clopper and Pearson 1934, Biometrika 26.

    Examples
    --------
    >>> round(clopper_pearson_upper(0, 149), 4)        # 1 - 0.05^(1/149)
    0.0199
    """
    from scipy.special import betaincinv

    _quantile(confidence)
    if successes == trials:
        return 1.0
    return float(betaincinv(successes + 1, trials - successes, confidence))


def f1_ends(correct: ArrayLike, real: ArrayLike, predicted: ArrayLike) -> tuple[Floats, Floats]:
    """The ends of an interval for F1 = 2J/(1 + J), by Wilson's for J, the share of TP among rows real or predicted.

    Parameters
    ----------
    correct, real, predicted : array_like of int
        TP, the rows of the class (TP + FN) and its predictions (TP + FP), of one class or of several.

    Examples
    --------
    >>> low, high = f1_ends(8, 10, 9)
    >>> round(float(low), 4), round(float(high), 4)
    (0.6056, 0.9488)
    """
    low, high = wilson_ends(correct, np.asarray(real) + np.asarray(predicted) - np.asarray(correct))
    return 2 * low / (1 + low), 2 * high / (1 + high)


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """mean ± z·s/√m by the normal approximation, s the standard deviation with m - 1; nan below two finite values.

    Parameters
    ----------
    values : array_like, (m,)

    Examples
    --------
    >>> low, high = mean_interval([1.0, 2.0, 3.0])
    >>> round(low, 4), round(high, 4)
    (0.8684, 3.1316)
    """
    z, values = _quantile(confidence), np.asarray(values, dtype=np.float64)
    if len(values) < 2 or not np.isfinite(values).all():
        return Interval(math.nan, math.nan)
    mean = exact_mean(values)
    variance = math.fsum(np.square(values - mean).tolist()) / (len(values) - 1)
    width = z * math.sqrt(variance / len(values))
    return Interval(mean - width, mean + width)


def logit_interval(value: float, standard_error: float, confidence: float = 0.95) -> Interval:
    """The normal approximation on the scale of logit(v) = log(v / (1 - v)), carried back: it stays within (0, 1).

        logit⁻¹(logit(v) ± z s / (v (1 - v)))

    It is nan where v is 0 or 1.

    Parameters
    ----------
    value, standard_error : float
        v between 0 and 1, and its standard error s.

    Examples
    --------
    >>> low, high = logit_interval(0.9, 0.05)
    >>> round(low, 4), round(high, 4)
    (0.7518, 0.9639)
    """
    z = _quantile(confidence)
    if not 0 < value < 1:
        return Interval(math.nan, math.nan)
    centre, width = math.log(value / (1 - value)), z * standard_error / (value * (1 - value))
    return Interval(*(1 / (1 + math.exp(-end)) for end in (centre - width, centre + width)))


def percentile_interval(drawn: Floats, confidence: float = 0.95) -> Interval:
    """The middle of a bootstrap's draws, those left out where the figure is undefined; nan where none is left.

    Parameters
    ----------
    drawn : ndarray, (draws,)

    Examples
    --------
    >>> low, high = percentile_interval(np.arange(1001.0))
    >>> round(low, 4), round(high, 4)
    (25.0, 975.0)
    """
    _quantile(confidence)
    tail, defined = (1 - confidence) / 2, drawn[~np.isnan(drawn)]
    if not len(defined):
        return Interval(math.nan, math.nan)
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(float(low), float(high))


def macro_f1_interval(confusion: ArrayLike, confidence: float = 0.95, draws: int = 1000, seed: int = 0) -> Interval:
    """Percentile bootstrap of macro F1: it is computed again for test rows drawn with replacement.

    The rows in a cell of the confusion matrix are alike, so a draw is one multinomial sample of the cells. Efron and
    Tibshirani 1993, An Introduction to the Bootstrap, section 13.3.

    Parameters
    ----------
    confusion : array_like of int, (K, K)

    Examples
    --------
    >>> low, high = macro_f1_interval([[40, 10], [5, 45]])
    >>> 0.7 < low < 0.85 < high < 0.95
    True
    """
    confusion = np.asarray(confusion)
    rows, columns = np.nonzero(confusion)
    _quantile(confidence)
    if not len(rows):
        return Interval(math.nan, math.nan)
    entries = np.column_stack([rows, columns, confusion[rows, columns]]).astype(np.int64)
    drawn = drawn_figures(entries, len(confusion), {"macro_f1": macro_f1_of}, draws, seed)
    return percentile_interval(drawn["macro_f1"], confidence)


def _quantile(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise UsageError(f"confidence: expected a number between 0 and 1, found {confidence}; 0.95 is usual")
    from statistics import NormalDist

    return NormalDist().inv_cdf((1 + confidence) / 2)
