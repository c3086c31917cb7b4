"""Confidence intervals: how far a figure can be from the truth because the test rows are a sample."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vikt.arrays import Floats
from vikt.errors import UsageError
from vikt.metrics.classification import exact_mean, macro_f1_of_counts

# Draws are made this many counts at a time, so that many classes do not need much memory.
_COUNTS_AT_ONCE = 1 << 21


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
    z = _quantile(confidence)
    if not 0 <= successes <= trials:
        raise UsageError(f"successes: expected 0 to {trials} (the trials), found {successes}; count again")
    if trials == 0:
        return Interval(0.0, 1.0)
    p, shrink = successes / trials, 1 + z * z / trials
    centre = p + z * z / (2 * trials)
    width = z * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    # There the ends are exactly 0 and 1, despite rounding.
    low = 0.0 if successes == 0 else (centre - width) / shrink
    high = 1.0 if successes == trials else (centre + width) / shrink
    return Interval(low, high)


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
    return macro_f1_interval_of_cells(
        rows, columns, confusion[rows, columns], len(confusion), confidence=confidence, draws=draws, seed=seed
    )


def macro_f1_interval_of_cells(
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    cells: NDArray[np.int64],
    size: int,
    *,
    confidence: float = 0.95,
    draws: int = 1000,
    seed: int = 0,
) -> Interval:
    """`macro_f1_interval` of a confusion matrix (size, size) of which only the cells above 0 are given.

    A column below 0 stands for rows that no class was predicted for.
    """
    _quantile(confidence)
    if not len(cells):
        return Interval(math.nan, math.nan)
    tail = (1 - confidence) / 2
    drawn = _bootstrapped_macro_f1(rows, columns, cells, size, draws, np.random.default_rng(seed))
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(float(low), float(high))


def _bootstrapped_macro_f1(
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    cells: NDArray[np.int64],
    size: int,
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    at_once = max(1, _COUNTS_AT_ONCE // (len(cells) + size))
    values = []
    for start in range(0, draws, at_once):
        counts = rng.multinomial(cells.sum(), cells / cells.sum(), size=min(at_once, draws - start))
        right, answered = rows == columns, columns >= 0
        correct = summed_by(rows[right], counts[:, right], size)
        real = summed_by(rows, counts, size)
        predicted = summed_by(columns[answered], counts[:, answered], size)
        values.append(macro_f1_of_counts(correct, real, predicted))
    return np.concatenate(values)


def summed_by(groups: NDArray[np.intp], counts: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Add up the columns of counts (draws, cells) that belong to one group: (draws, size)."""
    sums = np.zeros((len(counts), size), dtype=np.int64)
    if len(groups):
        order = np.argsort(groups, kind="stable")
        present, starts = np.unique(groups[order], return_index=True)
        sums[:, present] = np.add.reduceat(counts[:, order], starts, axis=1)
    return sums


def _quantile(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise UsageError(f"confidence: expected a number between 0 and 1, found {confidence}; 0.95 is usual")
    return NormalDist().inv_cdf((1 + confidence) / 2)
