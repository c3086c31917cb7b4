"""Confident learning: how labels go wrong, by out-of-fold probabilities.

A row is *confidently* of class k where its P(k) is at least t_k, the mean P(k) of the rows labelled k; of several such
classes the most probable is meant. Counting the rows by the label that they have and the class that they confidently
are of estimates how the labels go wrong, however well the probabilities of each class are calibrated.

Source: Northcutt, Jiang and Chuang 2021, "Confident learning: estimating uncertainty in dataset labels".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vikt.arrays import Bools, Classes, Floats, Ints

# A mean of equal probabilities may be rounded above them.
_ROUNDING = 1e-9


class Confident(NamedTuple):
    """What confident learning makes of labels and probabilities.

    Attributes
    ----------
    thresholds : (K,)
        t_k, the mean P(k) of the rows labelled k.
    guess : (m,) int
        The class that each row confidently is of; -1 for none.
    joint : (K, K)
        The estimated share of the rows that are labelled i and of class j; all shares sum to 1.
    """

    thresholds: Floats
    guess: Ints
    joint: Floats


def confident_learning(probabilities: Floats, y: Classes, weights: Floats) -> Confident:
    """The thresholds, confident classes and joint distribution of labels and classes.

    Parameters
    ----------
    probabilities : (m, K)
        Out of fold.
    y : (m,)
        The class index of each label.
    weights : (m,)

    Examples
    --------
    >>> p = np.array([0.9, 0.7, 0.1, 0.2, 0.8])
    >>> found = confident_learning(np.stack([p, 1 - p], axis=1), np.array([0, 0, 0, 1, 1]), np.ones(5))
    >>> found.guess.tolist()
    [0, 0, 1, 1, 0]
    """
    n_classes = probabilities.shape[1]
    own = probabilities[np.arange(len(y)), y]
    totals = np.bincount(y, weights=weights, minlength=n_classes)
    sums = np.bincount(y, weights=weights * own, minlength=n_classes)
    thresholds = np.divide(sums, totals, out=np.full(n_classes, np.inf), where=totals > 0)
    confident = np.where(probabilities >= thresholds * (1 - _ROUNDING), probabilities, -1.0)
    guess = np.where(confident.max(axis=1) >= 0, np.argmax(confident, axis=1), -1)
    return Confident(thresholds, guess, joint_shares(y, guess, weights, n_classes))


def joint_shares(y: Classes, guess: Ints, weights: Floats, n_classes: int) -> Floats:
    """The estimated share of the rows that are labelled i and of class j, by the class that some confidently are of."""
    totals = np.bincount(y, weights=weights, minlength=n_classes)
    counted_rows = guess >= 0
    cells = (y * n_classes + guess)[counted_rows]
    counts = np.bincount(cells, weights=weights[counted_rows], minlength=n_classes**2).reshape(n_classes, -1)
    # A class that no row confidently is of tells nothing of its labels, which are then taken as they are.
    silent = np.flatnonzero(counts.sum(axis=1) == 0)
    counts[silent, silent] = 1.0
    return np.asarray(counts * (totals / (counts.sum(axis=1) * totals.sum()))[:, None])


def suspected(found: Confident, probabilities: Floats, y: Classes) -> Bools:
    """Whether each row is confidently of another class than its label, which is also more probable: (m,).

    Examples
    --------
    >>> p = np.array([0.9, 0.7, 0.1, 0.2, 0.8])
    >>> probabilities, y = np.stack([p, 1 - p], axis=1), np.array([0, 0, 0, 1, 1])
    >>> suspected(confident_learning(probabilities, y, np.ones(5)), probabilities, y).tolist()
    [False, False, True, False, True]
    """
    rows = np.arange(len(y))
    own, other = probabilities[rows, y], probabilities[rows, found.guess]
    return np.asarray((found.guess >= 0) & (found.guess != y) & (other > own))
