"""The figures of two models on the same rows: the difference of each, and its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from vikt.arrays import Bools, Floats, Ints
from vikt.corpus.columns import composed
from vikt.evaluation.outcomes import NO_ANSWER, Outcomes
from vikt.mappings import Json
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

    def to_json(self) -> Json:
        """Finite numbers or null; `better` is "a", "b" or null."""
        numbers = {name: finite(getattr(self, name)) for name in ("a", "b", "value", "low", "high", "p_value")}
        return numbers | {"better": self.better.lower() or None} | ({"reason": self.reason} if self.reason else {})


@dataclass(frozen=True)
class Pair:
    """What two models answered to the same rows, by the names of all answers.

    Attributes
    ----------
    names : list of str
        The labels of the rows and those of both models; of several labels per row, each set of them.
    real, a, b : ndarray of int, (m,)
        The index of the label of each row, and of the answers, NO_ANSWER where there is none.
    sure_a, sure_b : ndarray, (m,)
        The probability of the class that each model finds likeliest, or of the set that it answers.
    share : str
        The figure that is the share of the rows answered rightly, which McNemar's test is about too.
    found : dict of str to Difference
        The differences of figures, each by itself.
    """

    names: list[str]
    real: Ints
    a: Ints
    b: Ints
    sure_a: Floats
    sure_b: Floats
    share: str = "accuracy"
    found: dict[str, Difference] = field(default_factory=dict)

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

    @property
    def n_differ(self) -> int:
        return int(self.differ.sum())

    @property
    def n_one_right(self) -> int:
        """The rows that one model alone answers rightly."""
        return int((self.is_right_a != self.is_right_b).sum())


def pair_of_classes(a: Outcomes, b: Outcomes) -> Pair:
    """Two models that answer one class per row, or its level, or its most probable class."""
    # Each model spells the labels as its own classes are; here they are spelled as A does.
    spelled = dict(zip(b.labels, a.labels, strict=True))
    written = {composed(name): name for name in a.classes}
    classes_b = [spelled.get(name) or written.get(composed(name), name) for name in b.classes]
    names = sorted({*a.classes, *classes_b, *a.labels})
    pair = Pair(
        names,
        real=positions(a.labels, names),
        a=_renamed(a.predicted, a.classes, names),
        b=_renamed(b.predicted, classes_b, names),
        sure_a=np.exp(a.log_probabilities.max(axis=1)),
        sure_b=np.exp(b.log_probabilities.max(axis=1)),
    )
    brier_a, brier_b = _brier_scores(a, b)
    found = {
        **_of_answers(pair),
        **_of_levels(pair, a.classes if a.kind == "ordered" else classes_b if b.kind == "ordered" else []),
        "log_loss": of_rows(a.losses, b.losses),
        "brier": of_rows(brier_a, brier_b),
    }
    return replace(pair, found=found)


def _renamed(predicted: Ints, classes: list[str], names: list[str]) -> Ints:
    """Indices of classes as indices of names."""
    return np.append(positions(classes, names), NO_ANSWER)[predicted]


def differences_of(pair: Pair, p_value: float) -> dict[str, Difference]:
    """The difference of each figure by its name in JSON; `p_value` is that of McNemar's test."""
    share = pair.found[pair.share]
    found = pair.found | {pair.share: replace(share, p_value=max(share.p_value, p_value))}
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
    found = {name: bounded(a, b, drawn[name], pair.n_differ) for name, (a, b) in values.items()}
    a, b = values["accuracy"]
    return found | {"accuracy": bounded(a, b, drawn["accuracy"], pair.n_one_right, fewest=1)}


def _of_levels(pair: Pair, levels: list[str]) -> dict[str, Difference]:
    """How far the answers are from the levels of the rows, if there are levels."""
    if not levels:
        return {}
    level_of = dict(zip(levels, range(len(levels)), strict=True))
    level = np.array([level_of.get(name, math.nan) for name in pair.names] + [math.nan])
    error_a, error_b = (np.abs(level[answers] - level[pair.real]) for answers in (pair.a, pair.b))
    return {
        "mean_absolute_error": of_rows(error_a, error_b, whose="without a level, or that one of them does not answer")
    }


def _brier_scores(*found: Outcomes) -> list[Floats]:
    """The Brier score of each row for each model, nan where its label is not a class; halved for two classes."""
    both_have_two = all(len(own.classes) == 2 for own in found)
    return [_squared_distances(own) * (0.5 if both_have_two else 1.0) for own in found]


def _squared_distances(found: Outcomes) -> Floats:
    known = found.is_known
    distances = np.full(len(known), math.nan)
    doubled = 2.0 if len(found.classes) == 2 else 1.0
    distances[known] = doubled * brier_scores(found.truth[known], np.exp(found.log_probabilities[known]))
    return distances


def of_rows(values_a: Floats, values_b: Floats, whose: str = "of labels that one of them never saw") -> Difference:
    """The difference of the means of a value of each row, the less the better; nan where a model has none."""
    known = ~(np.isnan(values_a) | np.isnan(values_b))
    own_a, own_b = values_a[known], values_b[known]
    if not known.any():
        return Difference(math.nan, math.nan, math.nan, math.nan, "", "no row counts for both models")
    a, b = exact_mean(own_a), exact_mean(own_b)
    left_out = int((~known).sum())
    note = f"leaves out {counted(left_out, 'row')} {whose}" if left_out else ""
    differ = int((own_a != own_b).sum())
    if not math.isfinite(a + b):
        return Difference(a, b, math.nan, math.nan, "", "a label has probability 0")
    found = bounded(a, b, drawn_means(own_b - own_a), differ, lower_is_better=True)
    return replace(found, reason="; ".join(filter(None, [found.reason, note])))


def bounded(
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
