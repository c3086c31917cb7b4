"""The figures of a model on labelled rows."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vikt.arrays import Floats, Ints
from vikt.errors import DataError
from vikt.evaluation.outcomes import outcomes
from vikt.fitting.model import FittedModel, Inputs
from vikt.metrics.classification import (
    class_array,
    exact_mean,
    f1_of_counts,
    log_losses,
    macro_f1_of_counts,
    positions,
    ratio,
    refuse_mixture,
)
from vikt.metrics.intervals import Interval, macro_f1_interval_of_cells, mean_interval, wilson_interval
from vikt.names import finite
from vikt.tables import counted

_MOST_LABELS_IN_A_MATRIX = 200


@dataclass(frozen=True)
class Figure:
    """A value with its 95% confidence interval; nan, with the reason, where either is undefined."""

    value: float
    low: float = math.nan
    high: float = math.nan
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Finite numbers or null, never NaN or Infinity; with the reason, if there is one."""
        numbers = {name: finite(getattr(self, name)) for name in ("value", "low", "high")}
        return numbers | ({"reason": self.reason} if self.reason else {})


@dataclass(frozen=True)
class Evaluation:
    """The figures that `evaluate` found.

    Attributes
    ----------
    labels : list of str
        The model's classes, then labels it never saw in training, sorted.
    entries : ndarray of int, (N, 3)
        The confusion matrix without its zeros: index of the real label, index of the predicted one, rows.
    accuracy, log_loss, macro_f1 : Figure
        Log loss is the mean over the rows whose label the model knows; macro F1 the mean over the labels that occur.
    precision, recall, f1 : ndarray, (L,)
        For each label; nan where undefined, as recall and F1 are for a label that no row has.
    mean_probability : ndarray, (L,)
        The mean predicted P(label) over all rows; 0 for labels unseen in training.
    unseen : dict of str to int
        Labels never seen in training, and their rows: wrong in accuracy and F1, left out of log loss.
    """

    labels: list[str]
    entries: Ints
    accuracy: Figure
    log_loss: Figure
    macro_f1: Figure
    precision: Floats
    recall: Floats
    f1: Floats
    mean_probability: Floats
    unseen: dict[str, int]

    @property
    def n_rows(self) -> int:
        return int(self.entries[:, 2].sum())

    @property
    def matrix(self) -> Ints:
        """The confusion matrix, (L, L): a row for each real label, a column for each predicted one."""
        full = np.zeros((len(self.labels), len(self.labels)), dtype=np.int64)
        full[self.entries[:, 0], self.entries[:, 1]] = self.entries[:, 2]
        return full

    @property
    def n_unseen(self) -> int:
        """Rows whose label was never seen in training."""
        return sum(self.unseen.values())

    @property
    def mean_log_loss(self) -> float:
        return self.log_loss.value

    @property
    def support(self) -> Ints:
        """Rows of each real label: (L,)."""
        return _totals(self.entries[:, 0], self.entries, len(self.labels))

    @property
    def predicted(self) -> Ints:
        """Predictions of each label: (L,)."""
        return _totals(self.entries[:, 1], self.entries, len(self.labels))

    @property
    def rate(self) -> Floats:
        """Each label's share of the rows: (L,). Without weights, the mean probability should be near it."""
        return np.asarray(self.support / self.n_rows)

    @property
    def absent(self) -> list[str]:
        """Classes of the model that no row has: their recall and F1 are undefined, and macro F1 leaves them out."""
        return [label for label, n in zip(self.labels, self.support, strict=True) if n == 0]

    @property
    def per_class(self) -> dict[str, dict[str, Any]]:
        """For each label: precision, recall and F1, its rows (support), its predictions, and its shares of both."""
        figures = {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "support": self.support,
            "predicted": self.predicted,
            "mean_probability": self.mean_probability,
            "rate": self.rate,
        }
        rows = zip(*(values.tolist() for values in figures.values()), strict=True)
        return {label: dict(zip(figures, row, strict=True)) for label, row in zip(self.labels, rows, strict=True)}

    def to_json(self) -> dict[str, Any]:
        """The parts of `--json` that are figures: metrics, per_class, confusion, unseen_labels.

        The confusions are {"labels", "matrix"}; above 200 labels, where nearly all cells are 0, {"labels", "entries"}.
        """
        small = len(self.labels) <= _MOST_LABELS_IN_A_MATRIX
        confusions = {"matrix": self.matrix.tolist()} if small else {"entries": self.entries.tolist()}
        return {
            "metrics": {
                "accuracy": {**self.accuracy.to_json(), "rows": self.n_rows},
                "log_loss": {**self.log_loss.to_json(), "rows": self.n_rows - self.n_unseen, "left_out": self.n_unseen},
                "macro_f1": {
                    **self.macro_f1.to_json(),
                    "classes": len(self.labels) - len(self.absent),
                    "left_out": len(self.absent),
                },
            },
            "per_class": {label: _row_to_json(row) for label, row in self.per_class.items()},
            "confusion": {"labels": self.labels, **confusions},
            "unseen_labels": self.unseen,
        }


def evaluated(model: FittedModel, inputs: Inputs, labels: ArrayLike, threads: int = 1) -> Evaluation:
    """The figures of a model on labelled texts; labels are compared as `FittedModel.spelled` has them."""
    found = outcomes(model, inputs, labels, threads)
    return evaluate(found.labels, found.classes, found.log_probabilities)


def evaluate(labels: ArrayLike, classes: ArrayLike, log_probabilities: ArrayLike) -> Evaluation:
    """Compare a model's probabilities with the real labels.

    The prediction is the most probable class, the first of equals.

    Parameters
    ----------
    labels : array_like, (m,)
        Real labels; some may be none of the classes.
    classes : array_like, (K,)
        The model's classes.
    log_probabilities : array_like, (m, K)
        log P(y = k | x), as `vikt.model.functions.log_softmax` gives it.

    Raises
    ------
    DataError
        There are no rows, the shapes do not fit, a label is missing or of another kind than the classes, or a
        probability is not a number.

    Examples
    --------
    >>> found = evaluate(["ham", "spam", "eel"], ["ham", "spam"], np.log([[0.5, 0.5], [0.2, 0.8], [0.9, 0.1]]))
    >>> round(found.accuracy.value, 4), round(found.mean_log_loss, 4), found.unseen
    (0.6667, 0.4581, {'eel': 1})
    """
    real, names = class_array(labels, "labels"), class_array(classes, "classes")
    refuse_mixture(real, "labels", names, "classes")
    real, names = _spelled(real), _spelled(names)
    scores = np.asarray(log_probabilities, np.float64)
    _check(real, names, scores)
    known = set(names)
    seen = np.array([label in known for label in real])
    unseen = dict(sorted(Counter(real[~seen].tolist()).items()))
    everything = [*names, *unseen]
    entries = _entries(positions(real, everything), scores.argmax(axis=1))
    correct, n_real, n_predicted = _counts(entries, len(everything))
    mean_probability = np.zeros(len(everything))
    mean_probability[: len(names)] = _column_means(np.exp(scores))
    return Evaluation(
        labels=everything,
        entries=entries,
        accuracy=_accuracy(int(correct.sum()), len(real)),
        log_loss=_log_loss(log_losses(positions(real[seen], names), scores[seen]), int((~seen).sum())),
        macro_f1=_macro_f1(entries, len(everything)),
        precision=ratio(correct, n_predicted),
        recall=ratio(correct, n_real),
        # F1 of a class that no row has would be 0 whatever the model predicts.
        f1=np.where(n_real > 0, f1_of_counts(correct, n_real, n_predicted), math.nan),
        mean_probability=mean_probability,
        unseen=unseen,
    )


def _spelled(labels: NDArray[Any]) -> NDArray[np.object_]:
    """Labels as strings, each of its own length: NumPy's strings of one width lose a NUL at their end."""
    return np.array([str(label) for label in labels.tolist()], dtype=object)


def _column_means(probabilities: Floats) -> Floats:
    """The mean of each column, from a sum of whole numbers, which does not depend on the order of the rows."""
    # The smallest unit whose sums fit in 64 bits.
    unit = 2.0 ** (60 - len(probabilities).bit_length())
    sums = np.rint(probabilities * unit).astype(np.int64).sum(axis=0)
    return np.asarray(sums / (unit * len(probabilities)))


def _check(real: NDArray[Any], names: NDArray[Any], scores: Floats) -> None:
    if not len(real):
        raise DataError("evaluate: expected labelled rows, found none; give at least one")
    if scores.shape != (len(real), len(names)):
        raise DataError(
            f"log_probabilities: expected shape {(len(real), len(names))}, a row for each label and a column for "
            f"each class, found {scores.shape}; give the probabilities of these rows"
        )
    if np.isnan(scores).any():
        row = int(np.isnan(scores).any(axis=1).argmax())
        raise DataError(f"log_probabilities: expected numbers, found NaN in row {row}; check the model's scores")


def _entries(real: Ints, predicted: NDArray[Any]) -> Ints:
    """The cells above 0: the whole matrix is too large where nearly every row has a label of its own."""
    pairs, counts = np.unique(np.column_stack([real, predicted]), axis=0, return_counts=True)
    return np.column_stack([pairs, counts]).astype(np.int64)


def _counts(entries: Ints, n_labels: int) -> tuple[Ints, Ints, Ints]:
    """For each label: its correct predictions, its rows, and its predictions."""
    right = entries[entries[:, 0] == entries[:, 1]]
    sides = (right[:, 0], right), (entries[:, 0], entries), (entries[:, 1], entries)
    correct, real, predicted = (_totals(side, rows, n_labels) for side, rows in sides)
    return correct, real, predicted


def _totals(side: Ints, entries: Ints, n_labels: int) -> Ints:
    return np.bincount(side, weights=entries[:, 2], minlength=n_labels).astype(np.int64)


def _accuracy(correct: int, m: int) -> Figure:
    return Figure(correct / m, *wilson_interval(correct, m))


def _log_loss(losses: Floats, left_out: int) -> Figure:
    infinite = int(np.isinf(losses).sum())
    notes = {
        "no row has a label seen in training": not len(losses),
        "one row gives no interval": len(losses) == 1,
        f"the label of {counted(infinite, 'row')} has probability 0": infinite > 0,
        f"leaves out {counted(left_out, 'row')} of labels unseen in training": left_out > 0,
    }
    reason = "; ".join(note for note, holds in notes.items() if holds)
    if not len(losses):
        return Figure(math.nan, reason=reason)
    low, high = mean_interval(losses)
    # The mean of numbers ≥ 0 is not negative, but the normal approximation can be. max(nan, 0) is nan.
    return Figure(exact_mean(losses), max(low, 0.0), high, reason)


def _macro_f1(entries: Ints, n_labels: int) -> Figure:
    value = float(macro_f1_of_counts(*_counts(entries, n_labels)))
    real, predicted, cells = entries.T
    drawn = macro_f1_interval_of_cells(real, predicted, cells, n_labels)
    # Draws lose rare classes, which can move all of them to one side of the value.
    around = Interval(min(drawn.low, value), max(drawn.high, value))
    return Figure(value, *around)


def _row_to_json(row: dict[str, Any]) -> dict[str, Any]:
    absent = ["never predicted"] * (not row["predicted"]) + ["no such row"] * (not row["support"])
    found = {name: finite(value) for name, value in row.items()}
    return found | ({"reason": ", ".join(absent)} if None in found.values() else {})
