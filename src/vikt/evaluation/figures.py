"""A figure of a test with its interval, and the figures of an evaluation by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vikt.arrays import Floats, Ints
from vikt.metrics.classification import exact_mean, macro_f1_of_counts
from vikt.metrics.intervals import Interval, macro_f1_interval_of_cells, mean_interval, wilson_interval
from vikt.names import finite
from vikt.tables import counted


@dataclass(frozen=True)
class Figure:
    """A value with its 95% confidence interval; nan, with the reason, where either is undefined.

    `facts` are what JSON adds: the rows that the value was computed from, say.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    reason: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Finite numbers or null, never NaN or Infinity; with the reason, if there is one."""
        numbers = {name: finite(getattr(self, name)) for name in ("value", "low", "high")}
        return numbers | ({"reason": self.reason} if self.reason else {}) | dict(self.facts)


def share(successes: int, trials: int) -> Figure:
    """A share of rows, with Wilson's interval."""
    return Figure(successes / trials, *wilson_interval(successes, trials), facts={"rows": trials})


def answer_figures(entries: Ints, n_labels: int) -> dict[str, Figure]:
    """The figures of the classes that are answered; what is unanswered counts as wrong."""
    correct, real, predicted = counts(entries, n_labels)
    n_correct, n_rows, n_answered = int(correct.sum()), int(real.sum()), int(predicted.sum())
    figures = {"accuracy": share(n_correct, n_rows), "macro_f1": _macro_f1(entries, n_labels)}
    if n_answered == n_rows:
        return figures
    among = share(n_correct, n_answered) if n_answered else Figure(math.nan, reason="no row is answered")
    return figures | {"answered": share(n_answered, n_rows), "accuracy_answered": among}


def log_loss_figure(losses: Floats, left_out: int) -> Figure:
    """The mean of the losses of the rows whose label the model knows."""
    infinite = int(np.isinf(losses).sum())
    notes = {
        "no row has a label seen in training": not len(losses),
        "one row gives no interval": len(losses) == 1,
        f"the label of {counted(infinite, 'row')} has probability 0": infinite > 0,
        f"leaves out {counted(left_out, 'row')} of labels unseen in training": left_out > 0,
    }
    reason = "; ".join(note for note, holds in notes.items() if holds)
    facts = {"rows": len(losses), "left_out": left_out}
    if not len(losses):
        return Figure(math.nan, reason=reason, facts=facts)
    low, high = mean_interval(losses)
    # The mean of numbers ≥ 0 is not negative, but the normal approximation can be. max(nan, 0) is nan.
    return Figure(exact_mean(losses), max(low, 0.0), high, reason, facts)


def counts(entries: Ints, n_labels: int) -> tuple[Ints, Ints, Ints]:
    """For each label: its correct predictions, its rows, and its predictions."""
    right = entries[entries[:, 0] == entries[:, 1]]
    answered = entries[entries[:, 1] >= 0]
    sides = (right[:, 0], right), (entries[:, 0], entries), (answered[:, 1], answered)
    correct, real, predicted = (
        np.bincount(side, weights=rows[:, 2], minlength=n_labels).astype(np.int64) for side, rows in sides
    )
    return correct, real, predicted


def _macro_f1(entries: Ints, n_labels: int) -> Figure:
    table = counts(entries, n_labels)
    present = int((table[1] > 0).sum())
    value = float(macro_f1_of_counts(*table))
    real, predicted, cells = entries.T
    drawn = macro_f1_interval_of_cells(real, predicted, cells, n_labels)
    # Draws lose rare classes, which can move all of them to one side of the value.
    around = Interval(min(drawn.low, value), max(drawn.high, value))
    return Figure(value, *around, facts={"classes": present, "left_out": n_labels - present})
