"""Differences of figures: of two models on the same rows, and of some rows and the rest."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Floats, Ints
from vikt.metrics.bootstrap import drawn_means, parts
from vikt.metrics.intervals import Interval, percentile_interval, wilson_interval


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
    means = drawn_means(np.asarray(values, np.float64), draws, seed)
    return percentile_interval(means, confidence)


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
    drawn = (rng.multinomial(n, counts / n, size=stop - start) for start, stop in parts(draws, len(counts)))
    return percentile_interval(np.concatenate([statistic(sample) for sample in drawn]), confidence)
