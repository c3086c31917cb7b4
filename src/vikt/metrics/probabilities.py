"""Figures of the probabilities of all classes: Brier score, and whether the real class is among the most probable."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Bools, Floats
from vikt.metrics.classification import exact_mean, truth_and_table


def brier_scores(y_true: ArrayLike, probabilities: ArrayLike) -> Floats:
    """The squared distance of the probabilities from the truth, for each row.

        K > 2: Σ_k (P(k | x) - y_k)²;   two classes: (P(1 | x) - y_1)², which is half of it

    where y_k is 1 for the real class and 0 for the others, or the share of class k.

    Parameters
    ----------
    y_true : array_like of int, (m,); or of float, (m, K)
        The index of each row's real class; or the share of each class, which sum to 1.
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
    >>> brier_scores([[0.25, 0.75]], [[0.75, 0.25]]).tolist()
    [0.25]
    """
    y, values = truth_and_table(y_true, probabilities, "probabilities")
    truth = y if y.ndim == 2 else np.arange(values.shape[1]) == y[:, None]
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


def entropies(shares: ArrayLike) -> Floats:
    """The entropy of the shares of the classes in each row, which is the least log loss that probabilities can have.

        -Σ_k y_k log y_k

    Parameters
    ----------
    shares : array_like, (m, K)
        The share of each class, which sum to 1.

    Examples
    --------
    >>> entropies([[0.5, 0.5], [1.0, 0.0]]).round(4).tolist()
    [0.6931, 0.0]
    """
    given = np.asarray(shares, dtype=np.float64)
    # A share of 0 adds nothing, as log 1 does; plus zero: an entropy is 0, not -0.
    return np.asarray(-np.sum(given * np.log(np.where(given > 0, given, 1.0)), axis=1) + 0.0)


def top_k_hits(y_true: ArrayLike, probabilities: ArrayLike, k: int) -> Bools:
    """Whether the real class of each row is among the k most probable; of equals the first come first: (m,).

    y_true holds indices of classes, (m,); any scores do, log-probabilities say. Errors as for `brier_scores`.
    """
    y, values = truth_and_table(y_true, probabilities, "probabilities")
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
