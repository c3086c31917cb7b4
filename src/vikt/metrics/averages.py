"""Figures of all classes in one number: means over the classes, and Matthews' correlation.

Each public function takes real and predicted classes. The functions of `Counts` are the same figures of one confusion
matrix or of many, as a bootstrap draws them.

The counts may also be those of several labels per row (`vikt.metrics.several`), a label for each class.

Where every row has one real and one predicted class, micro-averaged precision, recall and F1 and the weighted mean of
recall are all the accuracy, and the mean recall is the balanced accuracy; so none of these is defined again here.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Bools, Floats, Ints
from vikt.metrics.classification import confusion_matrix, f1_of_counts, macro_f1_of_counts, ratio


class Counts(NamedTuple):
    """Of each class, along the last axis: its correct predictions TP, its rows TP + FN, its predictions TP + FP."""

    correct: Ints
    real: Ints
    predicted: Ints


def balanced_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """The mean recall of the classes that rows have: (1/K) Σ_k TP_k / (TP_k + FN_k).

    Answers drawn by lot have 1/K of it, however rare some classes are. It is nan without rows.

    Parameters
    ----------
    y_true, y_pred : array_like, (m,)
        Real and predicted classes.

    Raises
    ------
    DataError
        The two differ in length, a class is missing, or one holds strings and the other does not.

    Notes
    -----
    Brodersen, Ong, Stephan and Buhmann 2010, The balanced accuracy and its posterior distribution, ICPR.

    Examples
    --------
    >>> balanced_accuracy(["ham", "ham", "ham", "spam"], ["ham", "ham", "ham", "ham"])
    0.5
    """
    return float(balanced_accuracy_of(_counts(y_true, y_pred)))


def macro_precision(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """The mean precision of the classes that rows have; those never predicted, whose precision is undefined, left out.

    It is nan where none is left. Parameters and errors as for `balanced_accuracy`.

    Examples
    --------
    >>> macro_precision(["ham", "ham", "spam", "eel"], ["ham", "ham", "spam", "spam"])
    0.75
    """
    return float(macro_precision_of(_counts(y_true, y_pred)))


def weighted_precision(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """The mean precision of the classes, weighted by their rows: Σ_k m_k precision_k / Σ_k m_k.

    Classes never predicted are left out, of both sums. Parameters and errors as for `balanced_accuracy`.

    Examples
    --------
    >>> round(weighted_precision(["ham", "ham", "spam", "eel"], ["ham", "ham", "spam", "spam"]), 4)
    0.8333
    """
    return float(weighted_precision_of(_counts(y_true, y_pred)))


def weighted_f1(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """The mean F1 of the classes, weighted by their rows: (1/m) Σ_k m_k F1_k; nan without rows.

    Parameters and errors as for `balanced_accuracy`.

    Examples
    --------
    >>> round(weighted_f1(["ham", "ham", "spam"], ["ham", "spam", "spam"]), 4)
    0.6667
    """
    return float(weighted_f1_of(_counts(y_true, y_pred)))


def matthews_correlation(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Matthews' coefficient: the correlation of real and predicted class, from -1 to 1; 0 for answers by lot.

    With m_k the rows of class k, n_k its predictions and c = Σ_k TP_k the rows that are right,

        (c m - Σ_k m_k n_k) / √((m² - Σ_k n_k²) (m² - Σ_k m_k²))

    It is nan where all rows are of one class or all predictions are. Parameters and errors as for `balanced_accuracy`.

    Notes
    -----
    Matthews 1975, Biochimica et Biophysica Acta 405; for several classes Gorodkin 2004, Computational Biology and
    Chemistry 28.

    Examples
    --------
    >>> round(matthews_correlation(["ham", "ham", "spam"], ["ham", "spam", "spam"]), 4)
    0.5
    """
    return float(matthews_of(_counts(y_true, y_pred)))


def balanced_accuracy_of(counts: Counts) -> Floats:
    """`balanced_accuracy` from counts."""
    return _mean(ratio(counts.correct, counts.real, 0.0), counts.real > 0)


def macro_precision_of(counts: Counts) -> Floats:
    """`macro_precision` from counts."""
    return _mean(ratio(counts.correct, counts.predicted, 0.0), has_precision(counts))


def weighted_precision_of(counts: Counts) -> Floats:
    """`weighted_precision` from counts."""
    return _mean(ratio(counts.correct, counts.predicted, 0.0), np.where(has_precision(counts), counts.real, 0))


def macro_f1_of(counts: Counts) -> Floats:
    """`vikt.metrics.classification.macro_f1` from counts."""
    return macro_f1_of_counts(*counts)


def weighted_f1_of(counts: Counts) -> Floats:
    """`weighted_f1` from counts."""
    return _mean(f1_of_counts(*counts, undefined=0.0), counts.real)


def micro_f1_of(counts: Counts) -> Floats:
    """2 Σ TP / Σ (2 TP + FP + FN): the accuracy where every row has one label and one answer."""
    correct, real, predicted = (side.sum(axis=-1) for side in counts)
    return f1_of_counts(correct, real, predicted)


def micro_precision_of(counts: Counts) -> Floats:
    """Σ TP / Σ (TP + FP)."""
    return ratio(counts.correct.sum(axis=-1), counts.predicted.sum(axis=-1))


def micro_recall_of(counts: Counts) -> Floats:
    """Σ TP / Σ (TP + FN)."""
    return ratio(counts.correct.sum(axis=-1), counts.real.sum(axis=-1))


def matthews_of(counts: Counts) -> Floats:
    """`matthews_correlation` from counts; rows without a prediction are predicted as a class that no row has."""
    rows = counts.real.sum(axis=-1)
    unanswered = rows - counts.predicted.sum(axis=-1)
    covariance = rows * counts.correct.sum(axis=-1) - (counts.real * counts.predicted).sum(axis=-1)
    spread_of_real = rows**2 - (counts.real**2).sum(axis=-1)
    spread_of_predicted = rows**2 - (counts.predicted**2).sum(axis=-1) - unanswered**2
    # The root of the product, since that of a square is exact: 1 and -1 are not off by rounding, nor exceeded.
    return ratio(covariance, np.sqrt(spread_of_real.astype(np.float64) * spread_of_predicted), math.nan)


def has_precision(counts: Counts) -> Bools:
    """The classes that rows have and that are predicted."""
    return np.asarray((counts.real > 0) & (counts.predicted > 0))


def _mean(values: Floats, weights: ArrayLike) -> Floats:
    weights = np.asarray(weights, np.int64)
    return ratio((values * weights).sum(axis=-1), weights.sum(axis=-1), math.nan)


def _counts(y_true: ArrayLike, y_pred: ArrayLike) -> Counts:
    confusion = confusion_matrix(y_true, y_pred)
    return Counts(np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0))
