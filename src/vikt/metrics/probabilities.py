"""Figures of the probabilities of all classes: Brier score, and whether the real class is among the most probable."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Bools, Floats, Ints
from vikt.errors import UsageError
from vikt.metrics.classification import exact_mean


def brier_scores(y_true: ArrayLike, probabilities: ArrayLike) -> Floats:
    """The squared distance of the probabilities from the truth, for each row.

        K > 2: Σ_k (P(k | x) - [y = k])²;   two classes: (P(1 | x) - y)², which is half of it

    Parameters
    ----------
    y_true : array_like of int, (m,)
        The index of each row's real class.
    probabilities : array_like, (m, K)
        P(y = k | x).

    Raises
    ------
    UsageError
        The shapes do not fit.

    Notes
    -----
    Brier 1950, Monthly Weather Review 78; halved for two classes, as is usual.

    Examples
    --------
    >>> brier_scores([1, 0], [[0.5, 0.5], [1.0, 0.0]]).tolist()
    [0.25, 0.0]
    """
    y, values = _checked(y_true, probabilities)
    truth = np.arange(values.shape[1]) == y[:, None]
    halved = 0.5 if values.shape[1] == 2 else 1.0
    return np.asarray(halved * np.square(values - truth).sum(axis=1))


def brier_score(y_true: ArrayLike, probabilities: ArrayLike) -> float:
    """The mean of `brier_scores`: 0 is best; nan without rows.

    Examples
    --------
    >>> brier_score([1, 0], [[0.5, 0.5], [1.0, 0.0]])
    0.125
    """
    scores = brier_scores(y_true, probabilities)
    return exact_mean(scores) if len(scores) else math.nan


def top_k_hits(y_true: ArrayLike, probabilities: ArrayLike, k: int) -> Bools:
    """Whether the real class of each row is among the k most probable; of equals the first come first: (m,).

    Parameters and errors as for `brier_scores`; any scores do, log-probabilities say.
    """
    y, values = _checked(y_true, probabilities)
    own = values[np.arange(len(y)), y][:, None]
    before = np.arange(values.shape[1]) < y[:, None]
    return np.asarray(((values > own) | ((values == own) & before)).sum(axis=1) < k)


def top_k_accuracy(y_true: ArrayLike, probabilities: ArrayLike, k: int) -> float:
    """The share of the rows whose real class is among the k most probable; nan without rows.

    Parameters as for `top_k_hits`.

    Examples
    --------
    >>> top_k_accuracy([2, 0], [[0.5, 0.2, 0.3], [0.1, 0.6, 0.3]], k=2)
    0.5
    """
    hits = top_k_hits(y_true, probabilities, k)
    return int(hits.sum()) / len(hits) if len(hits) else math.nan


def _checked(y_true: ArrayLike, probabilities: ArrayLike) -> tuple[Ints, Floats]:
    y, values = np.asarray(y_true, dtype=np.int64), np.asarray(probabilities, dtype=np.float64)
    if values.ndim != 2 or y.shape != values.shape[:1]:
        raise UsageError(
            f"probabilities: expected a row for each of {y.size} classes, found shape {values.shape}; "
            "give an array (m, K)"
        )
    return y, values
