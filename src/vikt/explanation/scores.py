"""What a score that is explained is of: a class, one class rather than another, one of several labels, or a level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from vikt.markup import html_text
from vikt.tables import label_line


def levels_line(labels: Sequence[str], cuts: Sequence[float]) -> str:
    """Ordered levels on the scale of their score: one is answered up to its cut, where the next begins.

    Examples
    --------
    >>> levels_line(["low", "medium", "high"], [-1.0, 0.5])
    'low up to -1.0000, medium up to +0.5000, high above'
    """
    *lower, highest = map(label_line, labels)
    below = [f"{name} up to {cut:+.4f}" for name, cut in zip(lower, cuts, strict=True)]
    return f"{', '.join(below)}, {highest} above"


@dataclass(frozen=True)
class ClassScore:
    """The score of a class; of two classes its log-odds.

    Attributes
    ----------
    label : str
        The class: the one predicted, unless another was asked for.
    probability : float
    is_answered : bool
        Whether the model answers the text at all: see the decision of a model.
    is_shared : bool
        Whether it is the score of all classes.
    """

    label: str
    probability: float
    is_answered: bool
    is_shared: ClassVar[bool] = False

    @property
    def verdict(self) -> str:
        """What is answered, as text."""
        return f"{label_line(self.label)}  probability {self.probability:.4f}"

    @property
    def title(self) -> str:
        """What is explained, as HTML."""
        return f"<b>{html_text(label_line(self.label))}</b>"

    @property
    def remark(self) -> str:
        """When the label is answered, or that it is not."""
        return "" if self.is_answered else "; the model does not answer this text"

    @property
    def name(self) -> str:
        return f"score of '{label_line(self.label)}'"

    @property
    def sides(self) -> tuple[str, str]:
        """What a positive contribution speaks for, and what a negative one does."""
        return f"for {label_line(self.label)}", f"against {label_line(self.label)}"

    @property
    def scale(self) -> str:
        """What the score says by its size."""
        return ""


@dataclass(frozen=True)
class ScoreDifference(ClassScore):
    """The score of a class less that of the class `against`, which has `probability_against`."""

    against: str
    probability_against: float

    @property
    def verdict(self) -> str:
        return f"{super().verdict}, against {label_line(self.against)}  probability {self.probability_against:.4f}"

    @property
    def title(self) -> str:
        return f"{super().title} against {html_text(label_line(self.against))}"

    @property
    def name(self) -> str:
        return f"{super().name} less that of '{label_line(self.against)}'"


@dataclass(frozen=True)
class LabelScore(ClassScore):
    """The log-odds of one of several labels, which is answered at a probability of at least `threshold`."""

    threshold: float

    @property
    def remark(self) -> str:
        if self.is_answered:
            return f", answered at {self.threshold:.4f} or more"
        return f", below its threshold of {self.threshold:.4f}: not answered"


@dataclass(frozen=True)
class LevelScore(ClassScore):
    """The one score of ordered `levels`, larger for higher ones, with the K-1 `cuts` between one and the next."""

    levels: list[str]
    cuts: list[float]
    is_shared: ClassVar[bool] = True

    @property
    def name(self) -> str:
        return "score, larger for higher levels"

    @property
    def sides(self) -> tuple[str, str]:
        return "for higher levels", "for lower levels"

    @property
    def scale(self) -> str:
        return f"levels by score: {levels_line(self.levels, self.cuts)}"
