"""How sure a figure is, given that the test rows are a sample: 95% intervals."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vikt.evaluation.metrics import macro_f1

_NORMAL_QUANTILE = 1.959963984540054
_BOOTSTRAP_DRAWS = 1000


def wilson_interval(successes: float, trials: float) -> tuple[float, float]:
    """Of a proportion (Wilson 1927): it stays within [0, 1] and is not empty at 0 or 1.

    Examples
    --------
    >>> [round(end, 3) for end in wilson_interval(9, 10)]
    [0.596, 0.982]
    """
    z2 = _NORMAL_QUANTILE**2
    p = successes / trials
    centre = (p + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _NORMAL_QUANTILE / (1 + z2 / trials) * math.sqrt(p * (1 - p) / trials + z2 / (4 * trials**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def mean_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Of a mean, by the normal approximation."""
    mean = float(np.mean(values))
    half = _NORMAL_QUANTILE * float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.inf
    return mean - half, mean + half


def macro_f1_interval(matrix: NDArray[np.int64], seed: int = 0) -> tuple[float, float]:
    """Of macro F1, by drawing the rows behind a confusion matrix again (bootstrap)."""
    n = int(matrix.sum())
    draws = np.random.default_rng(seed).multinomial(n, matrix.ravel() / n, size=_BOOTSTRAP_DRAWS)
    low, high = np.quantile(macro_f1(draws.reshape(-1, *matrix.shape)), [0.025, 0.975])
    return float(low), float(high)
