"""Aims: what the answers of a model are to be best at, or to reach, and the rule that does so on held-out rows.

`precision(c) >= v` and `recall(c) >= v` answer the class c from the probability on that meets the aim and costs least
of the other; `f1(c)` from the one of the highest F1. `f1`, or `macro_f1`, weighs the classes so that macro F1 is
highest. `cost(a->b) = v` answers what costs least on average where a taken for b costs v, and any other mistake 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vikt.arrays import Floats, Ints
from vikt.decisions.conditions import QUOTING, Condition, Measure, parsed
from vikt.decisions.decision import NO_CLASS
from vikt.decisions.factors import best_factors
from vikt.decisions.held_out import HeldOut, position
from vikt.decisions.record import MEAN_COST, Estimate
from vikt.decisions.rules import ClassThreshold, LeastCost, MostProbable, Rule
from vikt.decisions.thresholds import Thresholds
from vikt.errors import AimMissedError, ParameterError, UsageError
from vikt.metrics.averages import macro_f1_of
from vikt.metrics.bootstrap import cells_of, counts_of, drawn_figures
from vikt.metrics.classification import exact_mean, f1_of_counts, ratio
from vikt.metrics.intervals import Interval, f1_ends, mean_interval, percentile_interval, wilson_interval
from vikt.names import suggestion
from vikt.tables import counted

_RATES = ("precision", "recall", "f1")
_NAMES = (*_RATES, "macro_f1", "cost")
_MORE = "ask for less, or give more labelled texts"


class Aim(Protocol):
    """What the answers are for. As a string, it is spelled so that it can be typed."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that it names."""
        ...

    def rule(self, rows: HeldOut) -> Rule:
        """The rule that meets the aim on held-out rows. Raises AimMissedError where none does."""
        ...

    def estimates(self, rows: HeldOut, rule: Rule) -> dict[str, Estimate]:
        """The figures of a rule that the aim is about, and what they cost."""
        ...


def parsed_aim(texts: Sequence[str]) -> Aim | None:
    """The aim that is typed, as one text or as several costs; None where there is none.

    Raises
    ------
    ParameterError
        One is not an aim, or several exclude one another.

    Examples
    --------
    >>> str(parsed_aim(["recall( spam )>=95%"]))
    'recall(spam) >= 0.95'
    """
    conditions = [_checked(text) for text in texts]
    if not conditions:
        return None
    if all(condition.measure.name == "cost" for condition in conditions):
        return _costs(conditions)
    if len(conditions) > 1:
        raise ParameterError(
            "aim",
            f"expected one aim, or several costs, found {conditions[0]} and {conditions[1]}; choose one of them, and "
            "check the other on a test",
        )
    only = conditions[0]
    return MacroF1Aim(only.value) if not only.measure.classes else ThresholdAim(only)


def _checked(text: str) -> Condition:
    try:
        condition = parsed(text)
    except UsageError as error:
        raise ParameterError("aim", error.message) from None
    name, classes = condition.measure.name, condition.measure.classes
    if name not in _NAMES:
        raise ParameterError(
            "aim",
            f"{name!r:.60} is not an aim{suggestion(name, _NAMES)}; choose from {', '.join(_NAMES)}; "
            "the last two are for one class per text",
        )
    allowed, needs, example = _FORMS[name]
    if len(classes) not in allowed or condition.relation not in needs:
        only = "; only >= is possible" if condition.relation in ("<", "<=", ">") and ">=" in needs else ""
        quoting = f"; {QUOTING}" if len(classes) > max(allowed) else ""
        raise ParameterError("aim", f"expected a form such as {example}, found {str(condition)!r:.80}{only}{quoting}")
    if name == "cost" and not (condition.value or 0) > 0:
        raise ParameterError("aim", f"expected a cost above 0, found {condition.value:g} in {str(condition)!r:.80}")
    if name != "cost" and condition.value is not None and not 0 <= condition.value <= 1:
        raise ParameterError(
            "aim",
            f"expected a rate from 0 to 1, found {condition.value:g} in {str(condition)!r:.80}; write 0.95 or 95%",
        )
    return condition


# For each name: how many classes it takes, what may stand before the number, and an example.
_FORMS: dict[str, tuple[tuple[int, ...], tuple[str | None, ...], str]] = {
    "precision": ((1,), (">=",), "precision(spam) >= 0.99"),
    "recall": ((1,), (">=",), "recall(spam) >= 0.95"),
    "f1": ((0, 1), (None, ">="), "f1, f1(spam) or f1(spam) >= 0.9"),
    "macro_f1": ((0,), (None, ">="), "macro_f1 or macro_f1 >= 0.9"),
    "cost": ((2,), ("=",), "cost(ham->spam) = 10"),
}


@dataclass(frozen=True)
class ThresholdAim:
    """A rate of one class, which is answered from some probability on."""

    condition: Condition

    def __str__(self) -> str:
        return str(self.condition)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.condition.measure.classes

    def rule(self, rows: HeldOut) -> ClassThreshold:
        k = position(rows.classes, self.classes[0])
        found = Thresholds.of(rows.probabilities[:, k], rows.y == k, rows.is_known)
        return ClassThreshold(k, found.at(self.best(found, counted(len(rows), "held-out row"))))

    def best(self, found: Thresholds, rows: str) -> int:
        """The threshold that meets the aim and costs least of the other rate; `rows` are those judged, in words.

        Raises
        ------
        AimMissedError
            None meets it.
        """
        if not found.real or not len(found.answered):
            raise AimMissedError(
                f"{self} cannot be judged: none of {rows} is of the class; give more labelled texts of it"
            )
        name = self.condition.measure.name
        rate: Floats = getattr(found, name)
        # The other rate is what the aim costs; F1 is both.
        other: Floats = {"precision": found.recall, "recall": found.precision}.get(name, rate)
        is_met = rate >= (self.condition.value or 0.0)
        if not is_met.any():
            best = int(np.argmax(rate))
            low, high = _interval(name, int(found.correct[best]), int(found.answered[best]), found.real)
            raise AimMissedError(
                f"{self} cannot be met: on {rows} the highest is {rate[best]:.4f} "
                f"(95%: {low:.4f} to {high:.4f}); {_MORE}"
            )
        return int(np.argmax(np.where(is_met, other, -1.0)))

    def estimates(self, rows: HeldOut, rule: Rule) -> dict[str, Estimate]:
        k = position(rows.classes, self.classes[0])
        return self.compared(*(_rates(rows, rows.predicted(each), k) for each in (rule, MostProbable())))

    def compared(self, found: dict[str, Estimate], plain: dict[str, Estimate]) -> dict[str, Estimate]:
        """The rates of a class by the name of each figure, the one that the aim is about first, beside plain ones."""
        about = self.condition.measure
        names = [about.name, *(name for name in _RATES if name != about.name)]
        return {str(Measure(name, about.classes)): found[name]._replace(plain=plain[name].value) for name in names}


@dataclass(frozen=True)
class MacroF1Aim:
    """The mean F1 of the classes, and what it must reach."""

    least: float | None = None

    def __str__(self) -> str:
        return str(Condition(Measure("macro_f1"), ">=", self.least))

    @property
    def classes(self) -> tuple[str, ...]:
        return ()

    def rule(self, rows: HeldOut) -> LeastCost:
        real = np.bincount(rows.y[rows.y != NO_CLASS], minlength=len(rows.classes))
        factors = best_factors(rows.log_probabilities[rows.is_known], rows.y[rows.is_known], real)
        rule = LeastCost(tuple(factors.tolist()))
        found = _macro_f1(rows, rule)
        if self.least is not None and not found.value >= self.least:
            raise AimMissedError(
                f"{self} cannot be met: on {counted(len(rows), 'held-out row')} the highest found is {found.value:.4f} "
                f"(95%: {found.low:.4f} to {found.high:.4f}); {_MORE}"
            )
        return rule

    def estimates(self, rows: HeldOut, rule: Rule) -> dict[str, Estimate]:
        return {"macro_f1": _macro_f1(rows, rule)._replace(plain=_macro_f1(rows, MostProbable()).value)}


@dataclass(frozen=True)
class CostAim:
    """What some mistakes cost, where any other costs 1: the real class, the one answered, and the cost."""

    pairs: tuple[tuple[str, str, float], ...]

    def __str__(self) -> str:
        return ", ".join(map(str, self.conditions))

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return tuple(Condition(Measure("cost", (real, answered)), "=", value) for real, answered, value in self.pairs)

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(name for real, answered, _ in self.pairs for name in (real, answered))

    def rule(self, rows: HeldOut) -> LeastCost:
        at = {name: position(rows.classes, name) for name in self.classes}
        pairs = ((at[real], at[answered], cost) for real, answered, cost in self.pairs)
        return LeastCost((1.0,) * len(rows.classes), tuple(pairs))

    def estimates(self, rows: HeldOut, rule: Rule) -> dict[str, Estimate]:
        counts = rows.is_known & (rows.y != NO_CLASS)
        costs = self.rule(rows)
        values = [costs.costs(rows.y[counts], rows.predicted(each)[counts]) for each in (rule, MostProbable())]
        if not counts.any():
            return {MEAN_COST: Estimate(np.nan)}
        mean, (low, high) = exact_mean(values[0]), mean_interval(values[0])
        return {MEAN_COST: Estimate(mean, max(low, 0.0), high, exact_mean(values[1]))}


def _costs(conditions: Sequence[Condition]) -> CostAim:
    costs: dict[tuple[str, str], float] = {}
    for condition in conditions:
        real, answered = condition.measure.classes
        if real == answered:
            raise ParameterError("aim", f"expected the cost of a mistake, found {condition}; a right answer costs 0")
        if (real, answered) in costs:
            raise ParameterError("aim", f"{condition.measure} is given twice; give it once")
        costs[real, answered] = condition.value or 0.0
    return CostAim(tuple((real, answered, cost) for (real, answered), cost in costs.items()))


def _rates(rows: HeldOut, predicted: Ints, k: int) -> dict[str, Estimate]:
    real, answered = rows.y == k, predicted == k
    return rates(int((real & answered).sum()), int(answered.sum()), int(real.sum()))


def rates(correct: int, answered: int, real: int) -> dict[str, Estimate]:
    """Precision, recall and F1 of a class with their intervals, by the rows answered as it and those of it."""
    values = {
        "precision": ratio(correct, answered),
        "recall": ratio(correct, real),
        "f1": f1_of_counts(correct, real, answered),
    }
    return {name: Estimate(float(value), *_interval(name, correct, answered, real)) for name, value in values.items()}


def _interval(name: str, correct: int, answered: int, real: int) -> Interval:
    if name == "f1":
        return Interval(*map(float, f1_ends(correct, real, answered)))
    return wilson_interval(correct, answered if name == "precision" else real)


def _macro_f1(rows: HeldOut, rule: Rule) -> Estimate:
    """Rows of labels that the model does not have are a class of their own, which is never answered."""
    size, predicted = len(rows.classes) + 1, rows.predicted(rule)
    real = np.where(rows.y == NO_CLASS, size - 1, rows.y)
    cells = cells_of(real, predicted)
    value = float(macro_f1_of(counts_of(cells[:, 0], cells[:, 1], cells[None, :, 2], size))[0])
    drawn = drawn_figures(cells, size, {"macro_f1": macro_f1_of})
    low, high = percentile_interval(drawn["macro_f1"])
    return Estimate(value, min(low, value), max(high, value))
