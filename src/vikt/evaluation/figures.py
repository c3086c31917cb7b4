"""The figures of the classes that are answered, each a value with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from vikt.arrays import Bools, Floats, Ints
from vikt.mappings import Json
from vikt.metrics import averages
from vikt.metrics.averages import Counts
from vikt.metrics.bootstrap import CountFigure, counts_of, drawn_figures
from vikt.metrics.intervals import percentile_interval, wilson_interval
from vikt.names import finite
from vikt.tables import counted, label_line, listed

# Figures that are the accuracy, since a row has one label: always, and where each row is answered.
_ALWAYS_ACCURACY, _MICRO = ("micro_recall", "weighted_recall"), ("micro_precision", "micro_f1")


@dataclass(frozen=True)
class Mean:
    """A mean over classes, the classes that it takes in, and whether it weighs them by their rows."""

    value: CountFigure
    classes: Callable[[Counts], Bools]
    is_weighted: bool = False

    def in_draws(self, found: Counts) -> CountFigure:
        """The mean in draws of the rows that were found, over the classes that it takes in there.

        A class that a draw leaves out counts as it was found: else draws would tell of other classes than the value
        does. Where classes are weighted by their rows, one without any has no weight.
        """
        if self.is_weighted:
            return self.value

        def value(drawn: Counts) -> Floats:
            is_in = self.classes(drawn)
            return self.value(Counts(*(np.where(is_in, own, whole) for own, whole in zip(drawn, found, strict=True))))

        return value


def with_rows(counts: Counts) -> Bools:
    """The classes that rows have."""
    return np.asarray(counts.real > 0)


_MEANS = {
    "macro_f1": Mean(averages.macro_f1_of, with_rows),
    "balanced_accuracy": Mean(averages.balanced_accuracy_of, with_rows),
    "macro_precision": Mean(averages.macro_precision_of, averages.has_precision),
    "weighted_precision": Mean(averages.weighted_precision_of, averages.has_precision, is_weighted=True),
    "weighted_f1": Mean(averages.weighted_f1_of, with_rows, is_weighted=True),
}
_OF_ALL: dict[str, CountFigure] = {"matthews": averages.matthews_of, "micro_f1": averages.micro_f1_of}


@dataclass(frozen=True)
class Figure:
    """A value with its 95% confidence interval; nan, with the reason, where either is undefined.

    `facts` are what JSON adds: the rows that the value was computed from, say.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    reason: str = ""
    facts: Json = field(default_factory=dict)

    def to_json(self) -> Json:
        """Finite numbers or null, never NaN or Infinity; with the reason, if there is one."""
        numbers = {name: finite(getattr(self, name)) for name in ("value", "low", "high")}
        return numbers | ({"reason": self.reason} if self.reason else {}) | self.facts


def share(successes: int, trials: int, **more: object) -> Figure:
    """A share of rows, with Wilson's interval."""
    facts = {"rows": trials, **more}
    if not trials:
        return Figure(math.nan, reason="there are no such rows", facts=facts)
    return Figure(successes / trials, *wilson_interval(successes, trials), facts=facts)


def bootstrapped(value: float, drawn: Floats, notes: Mapping[str, bool], facts: Json) -> Figure:
    """A value with the percentiles of its bootstrap; its reason joins the notes that hold."""
    low, high = percentile_interval(drawn)
    alike, undefined = low == high, int(np.isnan(drawn).sum())
    about_draws = {
        "the same in every bootstrap draw, so there is no interval": alike,
        f"undefined in {undefined} of {len(drawn)} draws of the bootstrap": 0 < undefined < len(drawn),
    }
    reason = joined({**notes, **about_draws})
    if alike or math.isnan(value):
        return Figure(value, reason=reason, facts=facts)
    # Where classes have few rows, all draws can be on one side of the value.
    return Figure(value, min(low, value), max(high, value), reason, facts)


def joined(notes: Mapping[str, bool]) -> str:
    """The notes that hold, in one reason."""
    return "; ".join(note for note, holds in notes.items() if holds)


def named_classes(labels: list[str], chosen: Bools, noun: str = "class") -> str:
    """How many classes, and their names: "2 classes: cod, eel"."""
    names = [label_line(label) for label, is_chosen in zip(labels, chosen.tolist(), strict=True) if is_chosen]
    return f"{counted(len(names), noun)}: {listed(names)}"


def answer_figures(entries: Ints, labels: list[str]) -> dict[str, Figure]:
    """The figures of the confusion matrix; what is unanswered counts as wrong.

    Parameters
    ----------
    entries : ndarray of int, (N, 3)
        Its cells above 0.
    labels : list of str, (L,)
        Its classes.
    """
    found = counts(entries, len(labels))
    n_correct, n_rows, n_answered = (int(side.sum()) for side in found)
    is_complete = n_answered == n_rows
    of_draws = {name: mean.in_draws(found) for name, mean in _MEANS.items()} | _OF_ALL
    drawn = drawn_figures(entries, len(labels), of_draws)
    figures = {
        "accuracy": share(n_correct, n_rows, equal_to=[*_ALWAYS_ACCURACY, *_MICRO * is_complete]),
        **{name: mean_of_classes(mean, found, drawn[name], labels) for name, mean in _MEANS.items()},
        "matthews": _matthews(found, drawn["matthews"], n_rows),
    }
    if is_complete:
        return figures
    return figures | {
        "answered": share(n_answered, n_rows),
        "accuracy_answered": share(n_correct, n_answered, equal_to=["micro_precision"]),
        "micro_f1": bootstrapped(float(averages.micro_f1_of(found)), drawn["micro_f1"], {}, {"rows": n_rows}),
    }


def _matthews(found: Counts, drawn: Floats, n_rows: int) -> Figure:
    answers = [*found.predicted.tolist(), n_rows - int(found.predicted.sum())]
    notes = {
        "all rows are of one class": np.count_nonzero(found.real) == 1,
        "all answers are of one class": np.count_nonzero(answers) == 1,
    }
    return bootstrapped(float(averages.matthews_of(found)), drawn, notes, {"rows": n_rows})


def mean_of_classes(mean: Mean, found: Counts, drawn: Floats, labels: list[str], noun: str = "class") -> Figure:
    """A mean over classes with the interval of its draws; its reason names the classes that are left out."""
    used = mean.classes(found)
    never = with_rows(found) & ~used
    n_used = int(used.sum())
    notes = {
        f"no {noun} has a row": not with_rows(found).any(),
        f"leaves out {named_classes(labels, never, noun)}, never predicted": bool(never.any()),
    }
    return bootstrapped(float(mean.value(found)), drawn, notes, {"classes": n_used, "left_out": len(labels) - n_used})


def counts(entries: Ints, n_labels: int) -> Counts:
    """For each label: its correct predictions, its rows, and its predictions."""
    real, answers, rows = entries.T
    return Counts(*(side[0] for side in counts_of(real, answers, rows[None], n_labels)))
