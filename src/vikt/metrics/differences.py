"""Differences of figures: of two models on the same rows, and of some rows and the rest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from vikt.arrays import Floats, Ints
from vikt.metrics.bootstrap import N_DRAWS, CountFigure, counts_of, parts
from vikt.metrics.intervals import Interval, wilson_interval


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


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values of several tests, corrected so that any false finding has at most the probability asked for.

    The i-th smallest of n is multiplied by n - i + 1, and is no smaller than those before it. Holm 1979, Scandinavian
    Journal of Statistics 6.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, 0.005])
    [0.03, 0.06, 0.06, 0.02]
    """
    values = np.asarray(p_values, dtype=np.float64)
    rising = np.argsort(values, kind="stable")
    corrected = np.empty_like(values)
    corrected[rising] = np.maximum.accumulate(values[rising] * np.arange(len(values), 0, -1)).clip(max=1.0)
    return list(map(float, corrected))


def bootstrap_p_value(drawn: Floats) -> float:
    """The two-sided p-value of a difference of 0, by its draws: twice the share of them on the rarer side of 0.

    Draws in which the difference is undefined are left out; without others it is 1. Counts are those of the draws and
    one more, so that it is never 0. Davison and Hinkley 1997, Bootstrap Methods and their Application, section 4.2.

    Examples
    --------
    >>> bootstrap_p_value(np.arange(-1.0, 98.0))
    0.06
    """
    rarer = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    return min(1.0, 2 * (1 + rarer) / (1 + int((~np.isnan(drawn)).sum())))


def fisher(first: tuple[int, int], second: tuple[int, int]) -> float:
    """The p-value of Fisher's exact test, two-sided: whether two proportions are equal.

    With both margins fixed, the successes of the first follow a hypergeometric distribution if the proportions are
    equal; p is twice the probability of as few or as many, whichever is less, and at most 1. Fisher 1935, Journal of
    the Royal Statistical Society 98.

    Parameters
    ----------
    first, second : (int, int)
        Successes and trials.

    Examples
    --------
    >>> round(fisher((1, 10), (11, 14)), 4)
    0.0028
    """
    from scipy.special import gammaln

    (k, n), (others, rest) = first, second
    successes, trials = k + others, n + rest
    possible = np.arange(max(0, successes - rest), min(n, successes) + 1)

    def ways(of: int, chosen: Ints) -> Floats:
        """The logarithm of the binomial coefficient."""
        return np.asarray(gammaln(of + 1) - gammaln(chosen + 1) - gammaln(of - chosen + 1))

    logarithms = ways(n, possible) + ways(rest, successes - possible) - ways(trials, np.array(successes))
    probabilities = np.exp(logarithms)
    tails = probabilities[possible <= k].sum(), probabilities[possible >= k].sum()
    return float(min(1.0, 2 * min(tails)))


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


def drawn_differences(
    entries: Ints, size: int, figures: Mapping[str, CountFigure], draws: int = N_DRAWS, seed: int = 0
) -> dict[str, Floats]:
    """Figures of a second model's answers less those of a first's, in each of the draws: (draws,).

    The rows of one cell are alike, so a draw of rows, the same for both models, is one multinomial sample of the cells.

    Parameters
    ----------
    entries : ndarray of int, (N, 4)
        The cells above 0: the real class, the answers of both models (below 0 where there is none), and the count.
    size : int
        How many classes there are.
    figures : mapping of str to callable
        Each a function of the counts of many draws.
    """
    real, first, second, cells = entries.T
    rng, found = np.random.default_rng(seed), []
    for start, stop in parts(draws, len(cells) + size):
        drawn = rng.multinomial(cells.sum(), cells / cells.sum(), size=stop - start)
        sides = [counts_of(real, answers, drawn, size) for answers in (first, second)]
        found.append({name: value(sides[1]) - value(sides[0]) for name, value in figures.items()})
    return {name: np.concatenate([sample[name] for sample in found]) for name in figures}
