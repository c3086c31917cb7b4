"""How many rows are answered, and rightly, at each threshold of a fixed grid, label by label.

For K labels the table takes 2 K × 201 numbers, however many rows there are, so that scores need only be held for the
label in work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vikt.arrays import Bools, Floats, Ints
from vikt.decisions.thresholds import Thresholds
from vikt.metrics.classification import f1_of_counts
from vikt.model.functions import logistic

# From -12, where a label on one row of a hundred thousand is. A step of a tenth moves F1 by less than chance does.
LOG_ODDS: Floats = np.arange(-120, 81) / 10
_DIGITS = 5
GRID: Floats = np.array([float(f"{p:.{_DIGITS}g}") for p in logistic(LOG_ODDS)])
"""The probabilities of these log-odds, rounded for people: (G,), rising."""


@dataclass(frozen=True)
class ThresholdCounts:
    """The counts of one label or, stacked, of several. Each row counts once, whatever its weight.

    Attributes
    ----------
    answered, correct : ndarray of int, (G,) or (K, G)
        How many rows have at least each probability of `GRID`, and how many of those have the label.
    real : ndarray of int, () or (K,)
        How many rows have the label.

    Examples
    --------
    >>> counts = ThresholdCounts.of_label(np.array([0.9, 0.2, 0.6]), np.array([True, False, True]))
    >>> counts.answered[np.searchsorted(GRID, [0.1, 0.5, 0.95])].tolist(), counts.f1.max().item()
    ([3, 2, 0], 1.0)
    """

    answered: Ints
    correct: Ints
    real: Ints

    @classmethod
    def of_label(cls, probabilities: Floats, is_real: Bools, times: Ints | None = None) -> ThresholdCounts:
        """The counts by P(label | text) and whether each row has the label, (m,) each; each row stands for `times`."""
        # How many thresholds each row reaches: all up to its probability.
        reached = np.searchsorted(GRID, probabilities, side="right")
        times = np.ones(len(is_real), dtype=np.int64) if times is None else times
        correct = _reaching(reached[is_real], times[is_real])
        return cls(_reaching(reached, times), correct, np.asarray(times[is_real].sum()))

    @classmethod
    def none(cls, n_labels: int) -> ThresholdCounts:
        """The counts of labels on no row."""
        nothing = np.zeros((n_labels, len(GRID)), dtype=np.int64)
        return cls(nothing, nothing, nothing[:, 0])

    def __add__(self, other: ThresholdCounts) -> ThresholdCounts:
        """The counts on these rows and others."""
        return ThresholdCounts(self.answered + other.answered, self.correct + other.correct, self.real + other.real)

    @classmethod
    def stacked(cls, labels: Sequence[ThresholdCounts]) -> ThresholdCounts:
        """The counts of several labels."""
        return cls(*(np.array([getattr(own, name) for own in labels]) for name in ("answered", "correct", "real")))

    @classmethod
    def of_labels(cls, probabilities: Floats, truth: Bools) -> ThresholdCounts:
        """The counts by P(label | text) and whether each row has each label: (m, K) each."""
        return cls.stacked([cls.of_label(*label) for label in zip(probabilities.T, truth.T, strict=True)])

    @property
    def pooled(self) -> ThresholdCounts:
        """The sums over the labels."""
        return ThresholdCounts(self.answered.sum(axis=0), self.correct.sum(axis=0), self.real.sum(axis=0))

    @property
    def f1(self) -> Floats:
        """F1 at each threshold; 0 where no row is answered or has the label."""
        return f1_of_counts(self.correct, self.real[..., None], self.answered, undefined=0.0)

    def of(self, k: int) -> Thresholds:
        """The thresholds of label k at which there is an answer, the highest first."""
        some = np.flatnonzero(self.answered[k])[::-1]
        return Thresholds(GRID[some], self.answered[k][some], self.correct[k][some], int(self.real[k]))


def _reaching(reached: Ints, times: Ints) -> Ints:
    """How many rows reach each threshold, by how many thresholds each row reaches."""
    n_rows = np.bincount(reached, weights=times, minlength=len(GRID) + 1)
    return np.cumsum(n_rows[::-1])[::-1][1:].astype(np.int64)
