"""The record of a decision: the facts found on the held-out rows that it was made by."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from vikt.decisions.conditions import Condition, parsed
from vikt.mappings import ReadJson
from vikt.names import count, finite, number

# The name of the estimate that costs are about.
MEAN_COST = "mean_cost"


class Estimate(NamedTuple):
    """A figure on held-out rows with its 95% interval, and what it is where the most probable class is answered."""

    value: float
    low: float = math.nan
    high: float = math.nan
    plain: float = math.nan

    def to_json(self) -> dict[str, float | None]:
        return {name: finite(value) for name, value in self._asdict().items()}

    @classmethod
    def from_json(cls, kept: ReadJson) -> Estimate:
        return cls(*(math.nan if kept[name] is None else number(kept[name]) for name in cls._fields))


@dataclass(frozen=True)
class TemperatureRecord:
    """The temperature that was fitted, what it gains in log loss on the held-out rows, and whether it was kept.

    `chance` is the gain that the best temperature has or exceeds once in 20 times where the probabilities are right.
    """

    temperature: float
    gain: Estimate
    chance: float

    @property
    def is_kept(self) -> bool:
        return self.gain.value > self.chance

    def to_json(self) -> dict[str, object]:
        about = {"temperature": self.temperature, "gain": self.gain.to_json()}
        return about | {"chance": self.chance, "kept": self.is_kept}

    @classmethod
    def from_json(cls, kept: ReadJson) -> TemperatureRecord:
        return cls(number(kept["temperature"]), Estimate.from_json(kept["gain"]), number(kept["chance"]))


@dataclass(frozen=True)
class SetsRecord:
    """The coverage asked for, the threshold, the mean size of the held-out rows' sets, and the share of one label."""

    coverage: float
    threshold: float
    mean_size: float
    single: float

    def to_json(self) -> dict[str, object]:
        return vars(self).copy()

    @classmethod
    def from_json(cls, kept: ReadJson) -> SetsRecord:
        return cls(**{name: number(value) for name, value in kept.items()})


@dataclass(frozen=True)
class ErrorRecord:
    """The error asked for, and what is known of the rows that are answered.

    Attributes
    ----------
    max_error : float
    confidence : float
        Texts are answered where the probability of the answer is above this; 0 means always.
    tried : int
        How many shares were tried.
    rows, answered, errors : int
        Held-out rows, those of them that are answered, and those answered wrongly.
    bound : float
        The upper bound of the error.
    """

    max_error: float
    confidence: float
    tried: int
    rows: int
    answered: int
    errors: int
    bound: float

    def to_json(self) -> dict[str, object]:
        return vars(self).copy()

    @classmethod
    def from_json(cls, kept: ReadJson) -> ErrorRecord:
        max_error, confidence, bound = (number(kept[name]) for name in ("max_error", "confidence", "bound"))
        tried, rows, answered, errors = (count(kept[name]) for name in ("tried", "rows", "answered", "errors"))
        return cls(max_error, confidence, tried, rows, answered, errors, bound)


@dataclass(frozen=True)
class CalibrationRecord:
    """The facts of a decision, as found on the held-out rows that it was made by.

    Attributes
    ----------
    rows : int
        How many rows it was made by: one of each group where a coverage or a largest error is proven.
    aim : str or None
    estimates : dict of str to Estimate
        The figures that the aim is about, by name. The rows chose the rule, so the figures are slightly optimistic.
    class_rows : dict of str to int
        The held-out rows of each class that the aim names.
    temperature : TemperatureRecord or None
    sets : SetsRecord or None
    error : ErrorRecord or None
    """

    rows: int
    aim: str | None = None
    estimates: dict[str, Estimate] = field(default_factory=dict)
    class_rows: dict[str, int] = field(default_factory=dict)
    temperature: TemperatureRecord | None = None
    sets: SetsRecord | None = None
    error: ErrorRecord | None = None

    @property
    def condition(self) -> Condition | None:
        """The aim where it is a value that a figure must reach."""
        if self.aim is None or MEAN_COST in self.estimates:
            return None
        condition = parsed(self.aim)
        return None if condition.value is None else condition

    @property
    def gains_nothing(self) -> bool:
        """Whether the rule is no better than the most probable class in what it is to be best at."""
        if self.condition is not None or not self.estimates:
            return False
        name, found = next(iter(self.estimates.items()))
        return found.value >= found.plain if name == MEAN_COST else found.value <= found.plain

    def to_json(self) -> dict[str, object]:
        return {
            "rows": self.rows,
            "aim": self.aim,
            "estimates": [{"name": name, **found.to_json()} for name, found in self.estimates.items()],
            "class_rows": self.class_rows,
            "temperature": self.temperature and self.temperature.to_json(),
            "sets": self.sets and self.sets.to_json(),
            "error": self.error and self.error.to_json(),
        }

    @classmethod
    def from_json(cls, kept: ReadJson) -> CalibrationRecord:
        if not isinstance(kept["aim"], str | None):
            raise TypeError("an aim that is not text")
        return cls(
            count(kept["rows"]),
            kept["aim"],
            {str(found["name"]): Estimate.from_json(found) for found in kept["estimates"]},
            {str(name): count(rows) for name, rows in kept["class_rows"].items()},
            None if kept["temperature"] is None else TemperatureRecord.from_json(kept["temperature"]),
            None if kept["sets"] is None else SetsRecord.from_json(kept["sets"]),
            None if kept["error"] is None else ErrorRecord.from_json(kept["error"]),
        )
