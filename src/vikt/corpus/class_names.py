"""The names of a model's classes, by which the labels of further rows are recognised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from vikt.corpus.columns import composed
from vikt.corpus.numbers import exact_number_of
from vikt.names import TargetKind


@dataclass(frozen=True)
class ClassNames:
    """The name of each class however it is typed: by its composed characters, and of levels by their numbers.

    Levels of which one is not a number have none. Classes that have no order are what they say: "1" is not "1.0".

    Examples
    --------
    >>> ClassNames.of(["1", "2"], "ordered").respelled(["1.0", "2", "6"])
    ['1', '2', '6']
    >>> ClassNames.of(["1", "2"], "classes").respelled(["1.0", "2", "6"])
    ['1.0', '2', '6']
    """

    written: Mapping[str, str]
    by_number: Mapping[Decimal | None, str]

    @classmethod
    def of(cls, classes: Iterable[str], kind: TargetKind) -> Self:
        names = list(classes)
        numbers = {exact_number_of(name): name for name in names} if kind == "ordered" else {}
        return cls({composed(name): name for name in names}, {} if None in numbers else numbers)

    def find(self, label: str) -> str | None:
        """The name of the class that a label is; None where it is none."""
        name = self.written.get(composed(label))
        return name or (self.by_number.get(exact_number_of(label)) if self.by_number else None)

    def respelled(self, labels: Iterable[str]) -> list[str]:
        """Labels, each that is a class by the name of that class."""
        return [self.find(label) or label for label in labels]
