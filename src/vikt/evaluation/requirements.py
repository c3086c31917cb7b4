"""Conditions on the figures of a test, such as accuracy >= 0.9: which of them are met."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vikt.decisions.conditions import QUOTING, RELATIONS, Condition, Measure, parsed
from vikt.errors import ParameterError, UsageError
from vikt.evaluation.figures import Figure
from vikt.evaluation.of_labels import LabelEvaluation
from vikt.mappings import Json
from vikt.model.classes import class_position
from vikt.names import suggestion
from vikt.tables import figure, listed

# Figures that can be above 1.
_ABOVE_1 = {"log_loss", "brier", "mean_set_size", "mean_absolute_error", "mean_absolute_error_in_numbers"}
_MOST_LISTED = 40
# The mean of recall is also known by this name.
_MEAN_RECALL = "balanced_accuracy"


@dataclass(frozen=True)
class Requirement:
    """A condition, and the figure that was found; an undefined one meets nothing."""

    condition: Condition
    found: Figure

    @property
    def is_met(self) -> bool:
        return self.condition.holds(self.found.value)

    def __str__(self) -> str:
        if math.isnan(self.found.value):
            return f"{self.condition} is not met: it is undefined" + f" ({self.found.reason})" * bool(self.found.reason)
        verdict = "is met" if self.is_met else "is not met"
        interval = f" (95%: {figure(self.found.low)} to {figure(self.found.high)})"
        return f"{self.condition} {verdict}: found {figure(self.found.value)}{interval * (self.found.low < math.inf)}"

    def to_json(self) -> Json:
        return {"condition": str(self.condition), "met": self.is_met, **self.found.to_json()}


def parsed_requirements(texts: Sequence[str]) -> list[Condition]:
    """The conditions that are typed.

    Raises
    ------
    ParameterError
        One does not follow the grammar, or compares nothing.
    """
    conditions = []
    for text in texts:
        try:
            condition = parsed(text)
        except UsageError as error:
            raise ParameterError("require", error.message) from None
        if condition.relation not in RELATIONS:
            raise ParameterError(
                "require", f"expected a comparison such as {condition.measure} >= 0.9, found {text!r:.80}"
            )
        if condition.measure.name not in _ABOVE_1 and (condition.value or 0) > 1:
            raise ParameterError(
                "require",
                f"expected a rate of at most 1, found {condition.value:g} in {str(condition)!r:.80}; write 0.95 or 95%",
            )
        conditions.append(condition)
    return conditions


def checked_requirements(conditions: Sequence[Condition], evaluation: LabelEvaluation) -> list[Requirement]:
    """The figures that the conditions are about.

    Raises
    ------
    ParameterError
        There is no such figure or class.
    """
    return [Requirement(condition, figure_of(condition.measure, evaluation)) for condition in conditions]


def figure_of(measure: Measure, evaluation: LabelEvaluation) -> Figure:
    """The figure that a measure names. Raises ParameterError where there is no such figure or class."""
    if measure.classes:
        return _figure_of_class(measure, evaluation)
    figures, of_class = evaluation.every_figure, evaluation.rates
    if measure.name in of_class and measure.name not in figures:
        mean = next(name for name in (f"macro_{measure.name}", _MEAN_RECALL) if name in figures)
        raise ParameterError(
            "require",
            f"{measure.name} is a figure of one {evaluation.noun}, found none; write "
            f"{measure.name}({evaluation.noun.upper()}), or {mean} for the mean",
        )
    if measure.name not in figures:
        known = [*figures, *(f"{name}({evaluation.noun.upper()})" for name in of_class)]
        raise _unknown("figure", measure.name, known)
    return figures[measure.name]


def _figure_of_class(measure: Measure, evaluation: LabelEvaluation) -> Figure:
    if measure.name not in evaluation.rates or len(measure.classes) > 1:
        *others, last = evaluation.rates
        raise ParameterError(
            "require",
            f"expected {', '.join(others)} or {last} of one {evaluation.noun}, found {str(measure)!r:.80}; {QUOTING}",
        )
    k = class_position(evaluation.labels, measure.classes[0])
    if k is None:
        raise _unknown(evaluation.noun, measure.classes[0], evaluation.labels)
    row = evaluation.per_class[evaluation.labels[k]]
    low, high = (row.get(f"{measure.name}_{side}", math.nan) for side in ("low", "high"))
    reasons = {"no such row": not row["support"], "never predicted": not row["predicted"]}
    reason = ", ".join(reason for reason, holds in reasons.items() if holds)
    return Figure(row[measure.name], low, high, reason)


def _unknown(kind: str, name: str, known: Sequence[str]) -> ParameterError:
    hint = suggestion(name, known)
    return ParameterError(
        "require", f"no {kind} is called {name!r:.60}{hint}; choose from {listed(known, _MOST_LISTED)}"
    )
