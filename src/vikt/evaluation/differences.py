"""The figures of two models on the same rows: the difference of each, and its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vikt.arrays import Bools, Floats, Ints
from vikt.corpus.columns import composed
from vikt.evaluation.outcomes import NO_ANSWER, NO_CLASS, Outcomes
from vikt.metrics import averages
from vikt.metrics.averages import Counts
from vikt.metrics.bootstrap import CountFigure, cells_of, counts_of, drawn_means
from vikt.metrics.classification import exact_mean, positions, ratio
from vikt.metrics.differences import bootstrap_p_value, drawn_differences, holm
from vikt.metrics.intervals import percentile_interval
from vikt.metrics.probabilities import brier_scores
from vikt.names import finite
from vikt.tables import counted

# A bootstrap of fewer rows that differ is too narrow; that of accuracy is guarded by McNemar's test.
_FEWEST_DIFFERENT = 10
_SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Difference:
    """A figure of two models, and the 95% interval of the second's less the first's.

    `p_value` is that of no difference, corrected for the number of figures. `better` is "A", "B" or, where the interval
    includes 0 or the p-value is not below 0.05, "": no difference is shown. `reason` says why, where the interval does
    not.
    """

    a: float
    b: float
    low: float
    high: float
    better: str
    reason: str = ""
    p_value: float = 1.0

    @property
    def value(self) -> float:
        """B - A."""
        return self.b - self.a

    def to_json(self) -> dict[str, Any]:
        """Finite numbers or null; `better` is "a", "b" or null."""
        numbers = {name: finite(getattr(self, name)) for name in ("a", "b", "value", "low", "high", "p_value")}
        return numbers | {"better": self.better.lower() or None} | ({"reason": self.reason} if self.reason else {})


@dataclass(frozen=True)
class Pair:
    """What two models answered to the same rows, by the names of all labels.

    Attributes
    ----------
    names : list of str
        The labels of the rows and the classes of both models.
    real, a, b : ndarray of int, (m,)
        The index of the label of each row, and of the answers, NO_ANSWER where there is none.
    outcomes_a, outcomes_b : Outcomes
    """

    names: list[str]
    real: Ints
    a: Ints
    b: Ints
    outcomes_a: Outcomes
    outcomes_b: Outcomes

    @classmethod
    def of(cls, a: Outcomes, b: Outcomes) -> Pair:
        # Each model spells the labels as its own classes are; here they are spelled as A does.
        spelled = dict(zip(b.labels, a.labels, strict=True))
        written = {composed(name): name for name in a.classes}
        classes_b = [spelled.get(name) or written.get(composed(name), name) for name in b.classes]
        names = sorted({*a.classes, *classes_b, *a.labels})
        return cls(
            names,
            real=positions(a.labels, names),
            a=_renamed(a.predicted, a.classes, names),
            b=_renamed(b.predicted, classes_b, names),
            outcomes_a=a,
            outcomes_b=b,
        )

    @property
    def differ(self) -> Bools:
        """Whether the answers are different: (m,)."""
        return np.asarray(self.a != self.b)

    @property
    def is_right_a(self) -> Bools:
        return np.asarray(self.a == self.real)

    @property
    def is_right_b(self) -> Bools:
        return np.asarray(self.b == self.real)


def _renamed(predicted: Ints, classes: list[str], names: list[str]) -> Ints:
    """Indices of classes as indices of names."""
    return np.append(positions(classes, names), NO_ANSWER)[predicted]


def differences_of(pair: Pair, p_value: float) -> dict[str, Difference]:
    """The difference of each figure by its name in JSON; `p_value` is that of McNemar's test."""
    found = {
        **_of_answers(pair),
        "log_loss": _of_losses(pair.outcomes_a.losses, pair.outcomes_b.losses),
        "brier": _of_losses(*_brier_scores(pair.outcomes_a, pair.outcomes_b)),
    }
    accuracy = found["accuracy"]
    found["accuracy"] = replace(accuracy, p_value=max(accuracy.p_value, p_value))
    corrected = holm([difference.p_value for difference in found.values()])
    return {name: _judged(own, p) for (name, own), p in zip(found.items(), corrected, strict=True)}


def _judged(found: Difference, p_value: float) -> Difference:
    """A difference by its corrected p-value."""
    if not found.better or p_value < _SIGNIFICANT:
        return replace(found, p_value=p_value)
    note = f"p = {p_value:.2g}, corrected for the number of figures"
    return replace(found, p_value=p_value, better="", reason="; ".join(filter(None, [found.reason, note])))


def _accuracy_of(counts: Counts) -> Floats:
    return ratio(counts.correct.sum(axis=-1), counts.real.sum(axis=-1))


_OF_ANSWERS: dict[str, CountFigure] = {
    "accuracy": _accuracy_of,
    "balanced_accuracy": averages.balanced_accuracy_of,
    "macro_f1": averages.macro_f1_of,
    "matthews": averages.matthews_of,
}


def _of_answers(pair: Pair) -> dict[str, Difference]:
    cells, size = cells_of(pair.real, pair.a, pair.b), len(pair.names)
    real, *answers, rows = cells.T
    sides = [counts_of(real, own, rows[None], size) for own in answers]
    values = {name: [float(value(side)[0]) for side in sides] for name, value in _OF_ANSWERS.items()}
    drawn = drawn_differences(cells, size, _OF_ANSWERS)
    differ = int(pair.differ.sum())
    one_right = int((pair.is_right_a != pair.is_right_b).sum())
    found = {name: _bounded(a, b, drawn[name], differ) for name, (a, b) in values.items()}
    a, b = values["accuracy"]
    return found | {"accuracy": _bounded(a, b, drawn["accuracy"], one_right, fewest=1)}


def _brier_scores(*found: Outcomes) -> list[Floats]:
    """The Brier score of each row for each model, nan where the label is no class; halved if all have two classes."""
    both_have_two = all(len(own.classes) == 2 for own in found)
    return [_squared_distances(own) * (0.5 if both_have_two else 1.0) for own in found]


def _squared_distances(found: Outcomes) -> Floats:
    known = found.real != NO_CLASS
    distances = np.full(len(known), math.nan)
    doubled = 2.0 if len(found.classes) == 2 else 1.0
    distances[known] = doubled * brier_scores(found.real[known], np.exp(found.log_probabilities[known]))
    return distances


def _of_losses(loss_a: Floats, loss_b: Floats) -> Difference:
    known = ~(np.isnan(loss_a) | np.isnan(loss_b))
    losses_a, losses_b = loss_a[known], loss_b[known]
    if not known.any():
        return Difference(math.nan, math.nan, math.nan, math.nan, "", "no row has a label that both models know")
    a, b = exact_mean(losses_a), exact_mean(losses_b)
    left_out = int((~known).sum())
    note = f"leaves out {counted(left_out, 'row')} of labels that one of them never saw" if left_out else ""
    differ = int((losses_a != losses_b).sum())
    if not math.isfinite(a + b):
        return Difference(a, b, math.nan, math.nan, "", "a label has probability 0")
    found = _bounded(a, b, drawn_means(losses_b - losses_a), differ, lower_is_better=True)
    return replace(found, reason="; ".join(filter(None, [found.reason, note])))


def _bounded(
    a: float, b: float, drawn: Floats, differ: int, lower_is_better: bool = False, fewest: int = _FEWEST_DIFFERENT
) -> Difference:
    """The difference with the percentiles of its draws, unless too few rows differ."""
    if math.isnan(a + b):
        return Difference(a, b, math.nan, math.nan, "", "it is undefined")
    if differ == 0:
        return Difference(a, b, 0.0, 0.0, "")
    if differ < fewest:
        reason = f"the models differ on only {counted(differ, 'row')}, too few for an interval"
        return Difference(a, b, math.nan, math.nan, "", reason)
    low, high = percentile_interval(drawn)
    above, below = ("A", "B") if lower_is_better else ("B", "A")
    better = above if low > 0 else below if high < 0 else ""
    return Difference(a, b, low, high, better, p_value=bootstrap_p_value(drawn))
