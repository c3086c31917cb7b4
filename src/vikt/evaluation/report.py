"""All figures of one test, with intervals, for people and as JSON."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.evaluation.intervals import macro_f1_interval, mean_interval, wilson_interval
from vikt.evaluation.metrics import confusion_matrix, f1, log_losses, macro_f1, precision, recall


@dataclass
class Figure:
    """A value and its 95% interval; where there is none, the reason."""

    value: float
    low: float = math.nan
    high: float = math.nan
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        figure: dict[str, Any] = {"value": finite(self.value), "low": finite(self.low), "high": finite(self.high)}
        return figure | ({"reason": self.reason} if self.reason else {})


@dataclass
class Evaluation:
    """The outcome of a test.

    Attributes
    ----------
    accuracy, log_loss, macro_f1 : Figure
        A row whose label training never saw is wrong in accuracy and F1, and outside the log loss.
    per_class : dict
        Precision, recall and F1 of each class, how many rows have it (support) and got it (predicted).
    labels, matrix : (K,), (K, K)
        The confusion matrix: row real, column predicted.
    unseen : dict
        How many rows have each label that training never saw.
    """

    accuracy: Figure
    log_loss: Figure
    macro_f1: Figure
    per_class: dict[str, dict[str, Any]]
    labels: list[str]
    matrix: NDArray[np.int64]
    unseen: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        return {
            "metrics": {
                "accuracy": self.accuracy.to_json(),
                "log_loss": self.log_loss.to_json(),
                "macro_f1": self.macro_f1.to_json(),
            },
            "per_class": {
                label: {name: finite(value) for name, value in row.items()} for label, row in self.per_class.items()
            },
            "confusion": {"labels": self.labels, "matrix": self.matrix.tolist()},
            "unseen_labels": self.unseen,
        }


def evaluate(y_true: Any, classes: Any, log_probabilities: NDArray[np.float64]) -> Evaluation:
    """Compare true labels with predictions.

    Parameters
    ----------
    y_true : (m,) str
        True labels, some of which the model may not know.
    classes : (K,) str
        The classes of the columns.
    log_probabilities : (m, K)

    Returns
    -------
    Evaluation
    """
    real, known = np.asarray(y_true, dtype=object), [str(label) for label in classes]
    predicted = np.asarray(known, dtype=object)[np.argmax(log_probabilities, axis=1)]
    seen = np.isin(real.astype(str), known)
    unseen = dict(sorted(Counter(real[~seen].tolist()).items()))
    labels = known + list(unseen)
    matrix = confusion_matrix(real, predicted, labels)
    hits = int(np.trace(matrix))
    return Evaluation(
        Figure(hits / len(real), *wilson_interval(hits, len(real))),
        _log_loss(real[seen], known, log_probabilities[seen], len(real) - int(seen.sum())),
        Figure(float(macro_f1(matrix)), *macro_f1_interval(matrix)),
        {label: _class_row(real, predicted, label) for label in labels},
        labels,
        matrix,
        unseen,
    )


def finite(value: float) -> float | None:
    """JSON knows neither NaN nor Infinity."""
    return value if math.isfinite(value) else None


def _log_loss(real: Any, known: list[str], log_probabilities: NDArray[np.float64], left_out: int) -> Figure:
    reason = f"{left_out} rows with labels unseen in training are left out" if left_out else ""
    if not len(real):
        return Figure(math.nan, reason=reason)
    place = {label: i for i, label in enumerate(known)}
    losses = log_losses(np.array([place[label] for label in real]), log_probabilities)
    return Figure(float(np.mean(losses)), *mean_interval(losses), reason)


def _class_row(real: Any, predicted: Any, label: str) -> dict[str, Any]:
    return {
        "precision": precision(real, predicted, label),
        "recall": recall(real, predicted, label),
        "f1": f1(real, predicted, label) if np.any(real == label) else math.nan,
        "support": int(np.sum(real == label)),
        "predicted": int(np.sum(predicted == label)),
    }
