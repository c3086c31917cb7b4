"""Conditions on texts, and what joins them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from vikt.arrays import Bools, LabelArray
from vikt.decisions.conditions import RELATIONS
from vikt.filtering.predictions import Predictions

# Compares arrays element by element.
_Compare = Callable[[Any, Any], Any]
EQUALITIES: Mapping[str, _Compare] = {"=": operator.eq, "!=": operator.ne}
COMPARISONS: Mapping[str, _Compare] = {**RELATIONS, **EQUALITIES}


class Condition(Protocol):
    """A condition on each of some texts, and the positions of the labels that it names."""

    @property
    def labels(self) -> tuple[int, ...]: ...

    def holds(self, predictions: Predictions) -> Bools:
        """Whether each text meets it: (m,)."""
        ...


@dataclass(frozen=True)
class Compares:
    """A number of each text against another."""

    of: Callable[[Predictions], LabelArray]
    relation: str
    value: float
    labels: tuple[int, ...] = ()

    def holds(self, predictions: Predictions) -> Bools:
        return np.asarray(COMPARISONS[self.relation](self.of(predictions), self.value))


@dataclass(frozen=True)
class HasLabel:
    """Whether a label is among those that are answered."""

    label: int

    @property
    def labels(self) -> tuple[int, ...]:
        return (self.label,)

    def holds(self, predictions: Predictions) -> Bools:
        return predictions.answers[:, self.label]


@dataclass(frozen=True)
class Not:
    """What a condition does not hold of."""

    part: Condition

    @property
    def labels(self) -> tuple[int, ...]:
        return self.part.labels

    def holds(self, predictions: Predictions) -> Bools:
        return ~self.part.holds(predictions)


@dataclass(frozen=True)
class Joined:
    """Several conditions, joined by "and" or "or"."""

    join: Callable[[Bools, Bools], Bools]
    parts: tuple[Condition, ...]

    @property
    def labels(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(label for part in self.parts for label in part.labels))

    def holds(self, predictions: Predictions) -> Bools:
        first, *others = (part.holds(predictions) for part in self.parts)
        for other in others:
            first = self.join(first, other)
        return first
