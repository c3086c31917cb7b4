"""Differences of figures: of two models on the same rows, and of some rows and the rest."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Floats, Ints
from vikt.metrics.intervals import Interval, wilson_interval

# Draws are made this many numbers at a time, so that many rows do not need much memory.
_NUMBERS_AT_ONCE = 1 << 21


def mcnemar(only_first: int, only_second: int) -> float:
    """The p-value of McNemar's exact two-sided test of whether two models are right equally often.

    Only the n rows count on which exactly one of the two is right. Were the models equally good, each of them would be
    right on k ~ Bin(n, ½) of these; p is the probability of a split at least as uneven as that found. McNemar 1947,
    Psychometrika 12.

    Parameters
    ----------
    only_first, only_second : int
        The rows on which the first alone, or the second alone, is right.

    Examples
    --------
    >>> mcnemar(0, 5), mcnemar(4, 4)
    (0.0625, 1.0)
    """
    from scipy.special import bdtr

    fewer, n = min(only_first, only_second), only_first + only_second
    return min(1.0, 2 * float(bdtr(fewer, n, 0.5)))


def newcombe_interval(
    first: tuple[int, int], second: tuple[int, int], confidence: float = 0.95
) -> tuple[float, Interval]:
    """p₁ - p₂ of two independent proportions, and Newcombe's interval for it.

    From Wilson's intervals (l₁, u₁) and (l₂, u₂) of the proportions it is, with d = p₁ - p₂,

        (d - √((p₁ - l₁)² + (u₂ - p₂)²), d + √((u₁ - p₁)² + (p₂ - l₂)²))

    Newcombe 1998, Statistics in Medicine 17, method 10.

    Parameters
    ----------
    first, second : (int, int)
        Successes and trials.

    Returns
    -------
    difference : float
        nan without trials on one side.
    interval : Interval

    Examples
    --------
    >>> d, (low, high) = newcombe_interval((56, 70), (48, 80))
    >>> round(d, 4), round(low, 4), round(high, 4)
    (0.2, 0.0524, 0.3339)
    """
    if not (first[1] and second[1]):
        return math.nan, Interval(math.nan, math.nan)
    p1, p2 = first[0] / first[1], second[0] / second[1]
    (low1, high1), (low2, high2) = (wilson_interval(*side, confidence) for side in (first, second))
    d = p1 - p2
    return d, Interval(d - math.hypot(p1 - low1, high2 - p2), d + math.hypot(high1 - p1, p2 - low2))


def bootstrapped_mean(values: ArrayLike, confidence: float = 0.95, draws: int = 1000, seed: int = 0) -> Interval:
    """Percentile bootstrap of a mean: it is computed again for rows drawn with replacement.

    Of the differences of two models' losses row by row, it is the paired bootstrap of the difference of their means.

    Parameters
    ----------
    values : array_like, (m,)
        In any order, of which the interval is independent.

    Examples
    --------
    >>> low, high = bootstrapped_mean([0.0, 1.0] * 50)
    >>> 0.35 < low < 0.45 < 0.55 < high < 0.65
    True
    """
    ordered, rng = np.sort(np.asarray(values, np.float64)), np.random.default_rng(seed)
    m = len(ordered)
    at_once = max(1, _NUMBERS_AT_ONCE // max(m, 1))
    starts = range(0, draws, at_once)
    means = [ordered[rng.integers(m, size=(min(at_once, draws - start), m))].mean(axis=1) for start in starts]
    return _percentiles(np.concatenate(means), confidence)


def bootstrapped_cells(
    counts: Ints, statistic: Callable[[Ints], Floats], confidence: float = 0.95, draws: int = 1000, seed: int = 0
) -> Interval:
    """Percentile bootstrap of a statistic of counts: rows of one cell are alike, so a draw is a multinomial sample.

    Parameters
    ----------
    counts : (C,)
        How many rows each cell has.
    statistic : callable
        Of counts (draws, C), a number for each draw.
    """
    rng, n = np.random.default_rng(seed), int(counts.sum())
    at_once = max(1, _NUMBERS_AT_ONCE // len(counts))
    starts = range(0, draws, at_once)
    drawn = (rng.multinomial(n, counts / n, size=min(at_once, draws - start)) for start in starts)
    return _percentiles(np.concatenate([statistic(sample) for sample in drawn]), confidence)


def _percentiles(values: Floats, confidence: float) -> Interval:
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(float(low), float(high))
