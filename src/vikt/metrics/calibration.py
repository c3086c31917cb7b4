"""Calibration: whether of the answers with probability p a share p is right."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Floats, Ints
from vikt.errors import UsageError

N_BINS = 15


@dataclass(frozen=True)
class Reliability:
    """The rows of each bin of confidence, the bins without rows left out: a reliability curve.

    Attributes
    ----------
    confidence : ndarray, (B,)
        The mean confidence of the bin's rows.
    accuracy : ndarray, (B,)
        The share of them that is right; of soft labels the mean share of the classes that are answered.
    rows : ndarray of int, (B,)
        Their number.
    """

    confidence: Floats
    accuracy: Floats
    rows: Ints


def reliability_curve(correct: ArrayLike, confidence: ArrayLike, bins: int = N_BINS) -> Reliability:
    """Sort answers into bins of confidence of equal width, and count how many of each bin are right.

    Bin b of B holds the confidences in ((b-1)/B, b/B], the first also 0.

    Parameters
    ----------
    correct : array_like of bool, or of float, (m,)
        Whether each answer is right; or, of soft labels, the share of the class that is answered, from 0 to 1.
    confidence : array_like, (m,)
        The probability that the model gives its answer.
    bins : int
        The number of bins.

    Raises
    ------
    UsageError
        The two differ in shape, a confidence is not a probability, a share is below 0 or above 1, or there is no bin.

    Notes
    -----
    Guo, Pleiss, Sun and Weinberger 2017, On Calibration of Modern Neural Networks, ICML, with their 15 bins; for two
    classes their rows are the class predicted too, not the second one.

    Examples
    --------
    >>> curve = reliability_curve([True, True, False, True], [0.9, 0.8, 0.9, 0.5], bins=5)
    >>> curve.confidence.tolist(), curve.rows.tolist()
    ([0.5, 0.8, 0.9], [1, 1, 2])
    >>> curve.accuracy.tolist()
    [1.0, 1.0, 0.5]
    >>> reliability_curve([0.7, 0.9], [0.8, 0.8]).accuracy.tolist()
    [0.8]
    """
    right, values = np.asarray(correct, dtype=np.float64), np.asarray(confidence, dtype=np.float64)
    if right.ndim != 1 or right.shape != values.shape:
        raise UsageError(f"confidence: expected shape {right.shape}, that of correct, found {values.shape}; give (m,)")
    if not ((values >= 0) & (values <= 1)).all():
        raise UsageError("confidence: expected probabilities from 0 to 1, found others; check them")
    if not ((right >= 0) & (right <= 1)).all():
        raise UsageError("correct: expected booleans, or shares from 0 to 1, found others; check them")
    if bins < 1:
        raise UsageError(f"bins: expected 1 or more, found {bins}; {N_BINS} is usual")
    number = np.searchsorted(np.linspace(0.0, 1.0, bins + 1)[1:-1], values)
    rows = np.bincount(number, minlength=bins)
    used = np.flatnonzero(rows)
    # From exact sums, which do not depend on the order of the rows.
    confidences, accuracies = (
        np.array([math.fsum(of_rows[number == b].tolist()) / rows[b] for b in used.tolist()], dtype=np.float64)
        for of_rows in (values, right)
    )
    return Reliability(confidences, accuracies, rows[used].astype(np.int64))


def calibration_error(correct: ArrayLike, confidence: ArrayLike, bins: int = N_BINS) -> float:
    """Expected calibration error: the mean distance of confidence and accuracy, over bins weighted by their rows.

        Σ_b (m_b / m) |accuracy_b - confidence_b|

    It is nan without rows. Parameters, errors and source as for `reliability_curve`. It has no confidence interval: the
    distances of small bins are large by chance alone, and larger still in a bootstrap's draws.

    Examples
    --------
    >>> round(calibration_error([True, True, False, True], [0.9, 0.8, 0.9, 0.5], bins=5), 4)
    0.375
    """
    return error_of(reliability_curve(correct, confidence, bins))


def error_of(curve: Reliability) -> float:
    """The expected calibration error of a reliability curve."""
    if not len(curve.rows):
        return math.nan
    distances = curve.rows * np.abs(curve.accuracy - curve.confidence)
    return math.fsum(distances.tolist()) / int(curve.rows.sum())
