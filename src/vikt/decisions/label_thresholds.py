"""The least probability at which each of several labels is answered.

The thresholds are chosen by out-of-fold F1. With n_k the rows of label k, of which c_k(t) are answered rightly among
the a_k(t) rows of a probability of at least t:

    t₀ = arg max_t 2 Σ_k c_k(t) / Σ_k (n_k + a_k(t)), the common threshold, and F its micro F1
    F_k = max_t 2 c_k(t) / (n_k + a_k(t)), the label's own F1
    t'_k = arg max_t 2 c_k(t) - ½(F_k + F)·a_k(t)
    logit t_k = (n_k · logit t'_k + κ · logit t₀) / (n_k + κ), κ = 10

With F_k in place of ½(F_k + F), t'_k has the best F1 of the label; with F, it is the label's part in the best micro F1
(Dinkelbach 1967, On nonlinear fractional programming). By their own F1 alone, difficult labels are answered so often
that micro F1 falls; halfway, macro F1 gains nearly as much and micro F1 does not lose.

The last line is a weighted mean in which the common threshold counts as much as κ rows of the label. A label of few
rows, whose best point is mostly chance, has nearly the common threshold, and one that cannot be judged has that itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

import numpy as np

from vikt.arrays import Bools, Classes, Floats, Ints
from vikt.decisions.threshold_counts import GRID, ThresholdCounts
from vikt.mappings import ReadJson
from vikt.names import count, number

ThresholdRule = Literal["label", "common", "given"]
# Measured on corpora of 28 to 56 labels, some with fewer than ten rows: from 3 to 30 there is little to choose.
FEW_ROWS = 10.0
_DEFAULT = 0.5


@dataclass(frozen=True)
class LabelThresholds:
    """The least probability with which each label is answered, a rule of `vikt.decisions.rules` for several labels.

    Attributes
    ----------
    thresholds : tuple of float, (K,)
    rule : {"label", "common", "given"}
        One for each label, one for all, or one that was given.
    common : float
        The threshold of all labels that has the best micro F1, or the given one.
    n_rows : tuple of int, (K,)
        By how many rows of each label its threshold was chosen; empty where it was given.

    Examples
    --------
    >>> thresholds = LabelThresholds.given(0.5, 2)
    >>> thresholds.answered(np.array([[0.6, 0.4], [0.1, 0.5]])).tolist()
    [[True, False], [False, True]]
    """

    kind: ClassVar[str] = "thresholds"
    thresholds: tuple[float, ...]
    rule: ThresholdRule
    common: float
    n_rows: tuple[int, ...] = ()

    @classmethod
    def given(cls, threshold: float, n_labels: int) -> LabelThresholds:
        """One threshold for all labels."""
        return cls((threshold,) * n_labels, "given", threshold)

    @classmethod
    def chosen(cls, counts: ThresholdCounts, rule: Literal["label", "common"] = "label") -> LabelThresholds:
        """The thresholds by the counts of K labels on rows that were answered out of fold.

        Without a row of any label it is 0.5.

        Examples
        --------
        >>> probabilities = np.array([[0.9, 0.1], [0.4, 0.2], [0.1, 0.1]])
        >>> truth = np.array([[True, False], [True, True], [False, False]])
        >>> LabelThresholds.chosen(ThresholdCounts.of_labels(probabilities, truth), "common").thresholds
        (0.1091, 0.1091)
        """
        n_labels, n_rows = len(counts.real), tuple(counts.real.tolist())
        pooled = counts.pooled
        if not pooled.real:
            return cls((_DEFAULT,) * n_labels, rule, _DEFAULT, n_rows)
        common = int(np.argmax(pooled.f1))
        of_labels = _of_labels(counts, common, float(pooled.f1[common])) if rule == "label" else [common] * n_labels
        return cls(tuple(GRID[of_labels].tolist()), rule, float(GRID[common]), n_rows)

    def choices(self, log_probabilities: Floats) -> Classes:
        """The most probable label, whether or not it is answered."""
        return np.asarray(np.argmax(log_probabilities, axis=1), dtype=np.int64)

    def answered(self, probabilities: Floats) -> Bools:
        """Whether each label is answered, by P(label | text): (m, K) both."""
        return np.asarray(probabilities >= np.array(self.thresholds))

    def with_label(self, k: int, threshold: float) -> LabelThresholds:
        """The same but for the threshold of label k."""
        return replace(self, thresholds=(*self.thresholds[:k], threshold, *self.thresholds[k + 1 :]))

    def to_json(self, labels: Sequence[str]) -> dict[str, object]:
        """The thresholds by the names of the labels."""
        return {
            "rule": self.rule,
            "common": self.common,
            "thresholds": dict(zip(labels, self.thresholds, strict=True)),
            "rows": dict(zip(labels, self.n_rows, strict=True)) if self.n_rows else None,
        }

    @classmethod
    def from_json(cls, kept: ReadJson, labels: Sequence[str]) -> LabelThresholds:
        """The inverse of `to_json`. Raises ValueError, KeyError or TypeError where it is none."""
        of_labels, rows = kept["thresholds"], kept["rows"]
        if set(of_labels) != set(labels) or not (rows is None or set(rows) == set(labels)):
            raise ValueError("thresholds of other labels")
        thresholds = tuple(number(of_labels[label]) for label in labels)
        common = number(kept["common"])
        if not all(0 <= threshold <= 1 for threshold in (*thresholds, common)):
            raise ValueError("a threshold that is not a probability")
        if kept["rule"] not in get_args(ThresholdRule):
            raise ValueError(f"thresholds by the rule {kept['rule']!r:.40}")
        n_rows = () if rows is None else tuple(count(rows[label]) for label in labels)
        return cls(thresholds, kept["rule"], common, n_rows)


def _of_labels(counts: ThresholdCounts, common: int, micro_f1: float) -> Ints:
    """The position in the grid of each label's threshold: (K,)."""
    worth = (counts.f1.max(axis=1) + micro_f1) / 2
    gain = 2 * counts.correct - worth[:, None] * counts.answered
    # Of equally good thresholds, as they are between two rows, the one nearest to the common.
    away = np.where(gain >= gain.max(axis=1, keepdims=True), np.abs(np.arange(len(GRID)) - common), len(GRID))
    own = away.argmin(axis=1)
    # The grid is even in log-odds, so the mean of these is a mean of positions.
    points: Ints = np.rint((counts.real * own + FEW_ROWS * common) / (counts.real + FEW_ROWS)).astype(np.int64)
    return points
