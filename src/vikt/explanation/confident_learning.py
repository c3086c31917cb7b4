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


class ConfidentClasses(NamedTuple):
    """The class that each row confidently is of.

    Attributes
    ----------
    thresholds : (K,)
        t_k, the mean P(k) of the rows labelled k.
    guess : (m,) int
        The class of each row; -1 for none.
    """

    thresholds: Floats
    guess: Ints


def confident_classes(probabilities: Floats, y: Classes, weights: Floats) -> ConfidentClasses:
    """The class that each row confidently is of, and the threshold of each class.

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
    >>> confident_classes(np.stack([p, 1 - p], axis=1), np.array([0, 0, 0, 1, 1]), np.ones(5)).guess.tolist()
    [0, 0, 1, 1, 0]
    """
    n_classes = probabilities.shape[1]
    own = probabilities[np.arange(len(y)), y]
    totals = np.bincount(y, weights=weights, minlength=n_classes)
    sums = np.bincount(y, weights=weights * own, minlength=n_classes)
    thresholds = np.divide(sums, totals, out=np.full(n_classes, np.inf), where=totals > 0)
    confident = np.where(probabilities >= thresholds * (1 - _ROUNDING), probabilities, -1.0)
    guess = np.where(confident.max(axis=1) >= 0, np.argmax(confident, axis=1), -1)
    return ConfidentClasses(thresholds, guess)


def joint_shares(y: Classes, guess: Ints, weights: Floats, n_classes: int) -> Floats:
    """The estimated share of the rows that are labelled i and of class j: (K, K), summing to 1.

    Parameters
    ----------
    y : (m,)
        The class index of each label.
    guess : (m,)
        The class that each row confidently is of; -1 for none.
    weights : (m,)
    n_classes : int

    Examples
    --------
    >>> joint_shares(np.array([0, 0, 1, 1]), np.array([0, 1, 1, -1]), np.ones(4), 2).tolist()
    [[0.25, 0.25], [0.0, 0.5]]
    """
    totals = np.bincount(y, weights=weights, minlength=n_classes)
    counted_rows = guess >= 0
    cells = (y * n_classes + guess)[counted_rows]
    counts = np.bincount(cells, weights=weights[counted_rows], minlength=n_classes**2).reshape(n_classes, -1)
    # A class that no row confidently is of tells nothing of its labels, which are then taken as they are.
    silent = np.flatnonzero(counts.sum(axis=1) == 0)
    counts[silent, silent] = 1.0
    return np.asarray(counts * (totals / (counts.sum(axis=1) * totals.sum()))[:, None])


def suspected(guess: Ints, probabilities: Floats, y: Classes) -> Bools:
    """Whether each row is confidently of another class than its label, which is also more probable: (m,).

    Examples
    --------
    >>> p = np.array([0.9, 0.7, 0.1, 0.2, 0.8])
    >>> probabilities, y = np.stack([p, 1 - p], axis=1), np.array([0, 0, 0, 1, 1])
    >>> suspected(confident_classes(probabilities, y, np.ones(5)).guess, probabilities, y).tolist()
    [False, False, True, False, True]
    """
    rows = np.arange(len(y))
    own, other = probabilities[rows, y], probabilities[rows, guess]
    return np.asarray((guess >= 0) & (guess != y) & (other > own))
