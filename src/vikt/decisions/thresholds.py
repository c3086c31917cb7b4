"""Every threshold that one class can have on some rows, and the figures of the class at each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vikt.arrays import Bools, Floats, Ints
from vikt.metrics.classification import f1_of_counts, ratio

_MOST_DIGITS = 17


@dataclass(frozen=True)
class Thresholds:
    """The thresholds of a class that tell rows apart, the highest first.

    Attributes
    ----------
    probabilities : ndarray, (t,)
        The least probability of the class that is answered at each threshold.
    answered, correct : ndarray of int, (t,)
        How many rows are answered as the class at each threshold, and how many of them are of it.
    real : int
        How many rows are of the class.

    Examples
    --------
    >>> found = Thresholds.of(np.array([0.9, 0.2, 0.6]), np.array([True, False, True]))
    >>> found.precision.round(2).tolist(), found.recall.tolist()
    ([1.0, 1.0, 0.67], [0.5, 1.0, 1.0])
    """

    probabilities: Floats
    answered: Ints
    correct: Ints
    real: int

    @classmethod
    def of(cls, probabilities: Floats, is_real: Bools, is_known: Bools | None = None) -> Thresholds:
        """The thresholds by P(class | text), and whether each row is of the class, (m,) each; rows can be unknown."""
        known = np.ones(len(is_real), dtype=bool) if is_known is None else is_known
        order = np.argsort(-probabilities[known], kind="stable")
        falling = probabilities[known][order]
        # Rows of one probability are answered together.
        ends = np.flatnonzero(np.append(falling[1:] < falling[:-1], True)) if len(falling) else np.empty(0, np.int64)
        correct = np.cumsum(is_real[known][order])[ends].astype(np.int64)
        return cls(falling[ends], ends + 1, correct, int(is_real.sum()))

    @cached_property
    def precision(self) -> Floats:
        return ratio(self.correct, self.answered, np.nan)

    @cached_property
    def recall(self) -> Floats:
        return ratio(self.correct, np.full_like(self.correct, self.real), np.nan)

    @cached_property
    def f1(self) -> Floats:
        return f1_of_counts(self.correct, np.full_like(self.correct, self.real), self.answered)

    def at(self, t: int) -> float:
        """A threshold that parts the rows as the t-th does: the shortest number below its least probability."""
        below = self.probabilities[t + 1] if t + 1 < len(self.probabilities) else 0.0
        return between(float(below), float(self.probabilities[t]))


def between(low: float, high: float) -> float:
    """The number of fewest decimals above `low` and below `high`; `high` itself where no float lies between.

    Examples
    --------
    >>> between(0.61352, 0.7221), between(0.5, 0.5)
    (0.7, 0.5)
    """
    middle = (low + high) / 2
    candidates = (round(middle, digits) for digits in range(_MOST_DIGITS))
    return next((number for number in (*candidates, middle) if low < number < high), high)
