"""Which class stands first for a text: rules on its probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

import numpy as np

from vikt.arrays import Classes, Floats
from vikt.mappings import ReadJson
from vikt.model.ordered import median_levels
from vikt.names import number


class Rule(Protocol):
    """A rule that says which class stands first. `kind` is its name in a file."""

    kind: ClassVar[str]

    def choices(self, log_probabilities: Floats) -> Classes:
        """The index of the class that stands first in each row, of log P(class | text), (m, K): (m,)."""
        ...

    def to_json(self, labels: Sequence[str]) -> dict[str, object]:
        """The rule by the names of the classes."""
        ...

    @classmethod
    def from_json(cls, kept: ReadJson, labels: Sequence[str]) -> Self:
        """The inverse of `to_json`. Raises ValueError, KeyError or TypeError where it is none."""
        ...


@dataclass(frozen=True)
class MostProbable:
    """The most probable class; a tie goes to the first."""

    kind: ClassVar[str] = "most_probable"

    def choices(self, log_probabilities: Floats) -> Classes:
        return np.asarray(log_probabilities.argmax(axis=1), dtype=np.int64)

    def to_json(self, labels: Sequence[str]) -> dict[str, object]:
        return {"kind": self.kind}

    @classmethod
    def from_json(cls, kept: ReadJson, labels: Sequence[str]) -> Self:
        return cls()


@dataclass(frozen=True)
class Median:
    """The median of ordered classes: the lowest with P(it or a lower one) ≥ 1/2. It errs by the fewest levels.

    Examples
    --------
    >>> Median().choices(np.log([[0.4, 0.25, 0.35]])).tolist()
    [1]
    """

    kind: ClassVar[str] = "median"

    def choices(self, log_probabilities: Floats) -> Classes:
        return median_levels(log_probabilities)

    def to_json(self, labels: Sequence[str]) -> dict[str, object]:
        return {"kind": self.kind}

    @classmethod
    def from_json(cls, kept: ReadJson, labels: Sequence[str]) -> Self:
        return cls()


@dataclass(frozen=True)
class ClassThreshold:
    """One class where its probability is at least a threshold; elsewhere the most probable of the others.

    Attributes
    ----------
    k : int
        The index of the class.
    threshold : float

    Examples
    --------
    >>> log_probabilities = np.log([[0.4, 0.5, 0.1], [0.2, 0.7, 0.1]])
    >>> ClassThreshold(1, 0.6).choices(log_probabilities).tolist()
    [0, 1]
    """

    k: int
    threshold: float
    kind: ClassVar[str] = "class_threshold"

    def choices(self, log_probabilities: Floats) -> Classes:
        others = log_probabilities.copy()
        others[:, self.k] = -np.inf
        is_own = np.exp(log_probabilities[:, self.k]) >= self.threshold
        return np.where(is_own, self.k, np.argmax(others, axis=1))

    def to_json(self, labels: Sequence[str]) -> dict[str, object]:
        return {"kind": self.kind, "class": labels[self.k], "threshold": self.threshold}

    @classmethod
    def from_json(cls, kept: ReadJson, labels: Sequence[str]) -> Self:
        if not 0 <= number(kept["threshold"]) <= 1:
            raise ValueError(f"a threshold of {kept['threshold']}")
        return cls(labels.index(kept["class"]), float(kept["threshold"]))


@dataclass(frozen=True)
class LeastCost:
    """The class whose expected cost is least, the decision of Bayes; a tie goes to the more probable class.

    To answer j where the class is k costs `by_class[k]`, or what `pairs` says of (k, j); the right answer costs 0.

    Attributes
    ----------
    by_class : tuple of float, (K,)
    pairs : tuple of (int, int, float)
        The real class, the one answered, and what that costs.

    Examples
    --------
    >>> rule = LeastCost((1.0, 1.0), ((0, 1, 10.0),))     # to take 0 for 1 is ten times as bad
    >>> rule.choices(np.log([[0.2, 0.8], [0.05, 0.95]])).tolist()
    [0, 1]
    """

    by_class: tuple[float, ...]
    pairs: tuple[tuple[int, int, float], ...] = ()
    kind: ClassVar[str] = "least_cost"

    def choices(self, log_probabilities: Floats) -> Classes:
        savings = self._savings(np.exp(log_probabilities))
        best = savings.max(axis=1, keepdims=True)
        return np.asarray(np.argmax(np.where(savings >= best, log_probabilities, -np.inf), axis=1), dtype=np.int64)

    def _savings(self, probabilities: Floats) -> Floats:
        """What each answer saves on average, to the cost of only wrong answers: (m, K)."""
        savings = probabilities * np.array(self.by_class)
        for k, j, cost in self.pairs:
            savings[:, j] -= (cost - self.by_class[k]) * probabilities[:, k]
        return np.asarray(savings)

    def costs(self, real: Classes, answered: Classes) -> Floats:
        """What each answer cost: (m,)."""
        found = np.where(real == answered, 0.0, np.array(self.by_class)[real])
        for k, j, cost in self.pairs:
            found[(real == k) & (answered == j)] = cost
        return found

    def to_json(self, labels: Sequence[str]) -> dict[str, object]:
        pairs = [[labels[k], labels[j], cost] for k, j, cost in self.pairs]
        return {"kind": self.kind, "by_class": list(self.by_class), "pairs": pairs}

    @classmethod
    def from_json(cls, kept: ReadJson, labels: Sequence[str]) -> Self:
        pairs = tuple((labels.index(k), labels.index(j), number(cost)) for k, j, cost in kept["pairs"])
        by_class = tuple(number(cost) for cost in kept["by_class"])
        if len(by_class) != len(labels) or min([*by_class, *(cost for *_, cost in pairs)]) < 0:
            raise ValueError("costs of other classes, or below 0")
        return cls(by_class, pairs)


_RULES: dict[str, type[Rule]] = {rule.kind: rule for rule in (MostProbable, Median, ClassThreshold, LeastCost)}


def rule_from_json(kept: ReadJson, labels: Sequence[str]) -> Rule:
    """A rule by the name of its kind. Raises ValueError, KeyError or TypeError where it is none."""
    return _RULES[kept["kind"]].from_json(kept, labels)
