"""How good predictions are: the lecture's accuracy, precision and recall (6a), and the losses.

Where a ratio has nothing to divide by, the value is the caller's to say (`undefined`, nan if not given): a class that
was never predicted has no precision.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Labels = Sequence[Any] | NDArray[Any]


def confusion_matrix(y_true: Labels, y_pred: Labels, labels: Labels | None = None) -> NDArray[np.int64]:
    """Counts of real against predicted classes: row real, column predicted.

    Parameters
    ----------
    y_true, y_pred : (m,)
    labels : (K,), optional
        The classes in order; all that occur, sorted, if not given.

    Examples
    --------
    >>> confusion_matrix(["a", "a", "b"], ["a", "b", "b"]).tolist()
    [[1, 1], [0, 1]]
    """
    real, predicted = np.asarray(y_true), np.asarray(y_pred)
    known = np.unique(np.concatenate([real, predicted])) if labels is None else np.asarray(labels)
    place = {label: i for i, label in enumerate(known.tolist())}
    matrix = np.zeros((len(known), len(known)), dtype=np.int64)
    rows = [place[label] for label in real.tolist()]
    np.add.at(matrix, (rows, [place[label] for label in predicted.tolist()]), 1)
    return matrix


def accuracy(y_true: Labels, y_pred: Labels) -> float:
    """The share of predictions that are right.

    Examples
    --------
    >>> accuracy([1, 0, 1, 1], [1, 0, 0, 1])
    0.75
    """
    return float(np.mean(np.asarray(y_true) == np.asarray(y_pred)))


def precision(y_true: Labels, y_pred: Labels, positive: Any, undefined: float = math.nan) -> float:
    """Of those predicted `positive`, the share that are: true positives / (true + false positives)."""
    return _ratio(*_of_class(y_true, y_pred, positive)[:2], undefined)


def recall(y_true: Labels, y_pred: Labels, positive: Any, undefined: float = math.nan) -> float:
    """Of those that are `positive`, the share predicted so: true positives / (true positives + false negatives)."""
    hits, _, real = _of_class(y_true, y_pred, positive)
    return _ratio(hits, real, undefined)


def f1(y_true: Labels, y_pred: Labels, positive: Any, undefined: float = math.nan) -> float:
    """The harmonic mean of precision and recall: 2·hits / (predicted + real)."""
    hits, predicted, real = _of_class(y_true, y_pred, positive)
    return _ratio(2 * hits, predicted + real, undefined)


def macro_f1(matrix: NDArray[Any]) -> NDArray[np.float64]:
    """The mean F1 of the classes that occur among the real ones, of one confusion matrix or many: (..., K, K)."""
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    real, predicted = matrix.sum(axis=-1), matrix.sum(axis=-2)
    occurs = real > 0
    f1s = np.where(occurs, 2 * hits / np.maximum(real + predicted, 1), 0.0)
    return np.asarray(f1s.sum(axis=-1) / np.maximum(occurs.sum(axis=-1), 1))


def log_losses(y_true: NDArray[np.int64], log_probabilities: ArrayLike) -> NDArray[np.float64]:
    """-log P(true class) of each row, exact however confident the model was wrong: nothing is clipped.

    Parameters
    ----------
    y_true : (m,) int
        Class indices.
    log_probabilities : (m, K)

    Examples
    --------
    >>> log_losses(np.array([1]), [[0.0, -1208.3]]).tolist()
    [1208.3]
    """
    return -np.asarray(log_probabilities)[np.arange(len(y_true)), y_true]


def _of_class(y_true: Labels, y_pred: Labels, positive: Any) -> tuple[int, int, int]:
    real, predicted = np.asarray(y_true) == positive, np.asarray(y_pred) == positive
    return int(np.sum(real & predicted)), int(np.sum(predicted)), int(np.sum(real))


def _ratio(part: float, whole: float, undefined: float) -> float:
    return part / whole if whole else undefined
