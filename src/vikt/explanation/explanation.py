"""An explanation: a score as the sum of its contributions, as text, HTML, JSON or a data frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from vikt.explanation.highlight import Run, marked, runs, style
from vikt.explanation.scores import ClassScore
from vikt.mappings import Json
from vikt.markup import block, details, heading, html_text, table
from vikt.tables import columns, counted, data_frame, label_line

if TYPE_CHECKING:
    from pandas import DataFrame

# The columns of a frame of contributions, and of one of several labels.
_OF_CONTRIBUTION = ("feature", "weight", "value", "contribution")
_OF_LABEL = ("label", *_OF_CONTRIBUTION)
NO_KNOWN_FEATURE = "No feature of this text is known to the model; the answer does not depend on it."
# Sums of the same numbers in another order differ by less.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Contribution:
    """What one feature adds to a score: its weight θ_j times its value x_j."""

    feature: str
    weight: float
    value: float
    contribution: float


@dataclass(frozen=True, repr=False)
class Explanation:
    """A score as the sum of its contributions. It prints as a table; a notebook shows the text highlighted.

    Attributes
    ----------
    about : ClassScore
        What the score is of, with its label and probability: of a class, of a class less another
        (`ScoreDifference`), of one of several labels (`LabelScore`), or of ordered levels (`LevelScore`).
    score : float
        The intercept and all contributions, summed.
    intercept : float
        The contribution of the dummy feature; 0 where levels have cuts in its place.
    contributions : list of Contribution
        Of every feature of the text, the largest first; of equal ones, the one that occurs first in the text.
    text : str
        The text as passed, or normalised where that changes its length.
    emphasis : list of float
        How much each character of `text` speaks for the label, or for higher levels.

    Examples
    --------
    >>> parts = [Contribution("great", weight=2.0, value=0.5, contribution=1.0)]
    >>> Explanation(ClassScore("pos", 0.75, is_answered=True), 1.1, 0.1, parts, "great", [0.2] * 5)
    pos  probability 0.7500
    <BLANKLINE>
      feature         weight θ_j  value x_j  θ_j·x_j
      great              +2.0000     0.5000  +1.0000
      (intercept)        +0.1000          1  +0.1000
      score of 'pos'                         +1.1000
    """

    about: ClassScore
    score: float
    intercept: float
    contributions: list[Contribution]
    text: str
    emphasis: list[float]

    @property
    def label(self) -> str:
        """The label that is explained."""
        return self.about.label

    @property
    def probability(self) -> float:
        """Its probability."""
        return self.about.probability

    @property
    def is_answered(self) -> bool:
        """Whether the model answers the text; of several labels, whether it answers this one."""
        return self.about.is_answered

    @property
    def of_labels(self) -> tuple[Explanation, ...]:
        """The explanation itself, as `Explanations` has those of several labels."""
        return (self,)

    @property
    def remark(self) -> str:
        """Nothing beyond what the explanation says, as `Explanations` says where no label is answered."""
        return ""

    def to_json(self) -> Json:
        """The score and its contributions as JSON holds them; without the text."""
        about = dict(vars(self.about))
        own = {name: about.pop(name) for name in ("label", "probability")} | {"answered": about.pop("is_answered")}
        parts = [vars(part) for part in self.contributions]
        return own | {"score": self.score, "intercept": self.intercept, "contributions": parts} | about

    def to_frame(self) -> DataFrame:
        """The contributions as a pandas data frame: feature, weight, value, contribution; the largest first.

        Raises
        ------
        MissingPackageError
            pandas is not installed.
        """
        return data_frame({name: [getattr(part, name) for part in self.contributions] for name in _OF_CONTRIBUTION})

    def lines(self, most: int = 15) -> str:
        """The features of the text with their weights, values and contributions, the `most` largest one by one."""
        verdict = f"{self.about.verdict}{self.about.remark}"
        note = "" if self.contributions else NO_KNOWN_FEATURE
        blocks = verdict, note, columns(self._rows(most)), self.about.scale
        return "\n\n".join(filter(None, blocks))

    def __repr__(self) -> str:
        return self.lines()

    def _repr_html_(self) -> str:
        verdict = f"{self.about.title}, probability {self.probability:.4f}, score {self.score:+.4f}{self.about.remark}"
        rows = [[html_text(cell) for cell in row] for row in self._rows(15)]
        contributions = details("contributions of the features", table(rows), is_open=not self.text)
        note = heading(NO_KNOWN_FEATURE) if not self.contributions else ""
        scale = heading(html_text(self.about.scale)) if self.about.scale else ""
        return block(heading(verdict), note, self._highlighted() if self.text else "", scale, contributions)

    def _highlighted(self) -> str:
        """The text and what its colours mean, as HTML."""
        text = "".join(map(marked, runs(self.text, self.emphasis)))
        samples = zip(map(html_text, self.about.sides), (1.0, -1.0), strict=True)
        legend = [f'<span style="{style(shade)}">{sentence}</span>' for sentence, shade in samples]
        elsewhere = sum(part.contribution for part in self.contributions) - sum(self.emphasis)
        if abs(elsewhere) > _ROUNDING:
            legend.append(f"{elsewhere:+.4f} from features that have no place in the text")
        return (
            f'<div dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.8">{text}</div>'
            f'<div style="margin:.3em 0;font-size:.9em">{"".join(map(_spaced, legend))}</div>'
        )

    def runs(self) -> list[Run]:
        """The text in runs of one shade, with what each adds."""
        return list(runs(self.text, self.emphasis))

    def _rows(self, most: int) -> list[list[str]]:
        parts = self.contributions
        rows = [["feature", "weight θ_j", "value x_j", "θ_j·x_j"]]
        rows += [
            [label_line(part.feature), f"{part.weight:+.4f}", f"{part.value:.4f}", f"{part.contribution:+.4f}"]
            for part in parts[:most]
        ]
        if len(parts) > most:
            rest = sum(part.contribution for part in parts[most:])
            rows.append([counted(len(parts) - most, "more feature"), "", "", f"{rest:+.4f}"])
        if not self.about.is_shared:
            rows.append(["(intercept)", f"{self.intercept:+.4f}", "1", f"{self.intercept:+.4f}"])
        rows.append([self.about.name, "", "", f"{self.score:+.4f}"])
        return rows


@dataclass(frozen=True, repr=False)
class Explanations(Sequence[Explanation]):
    """What each feature of a text adds to the scores of several labels, the most probable label first.

    Those are explained that the model answers, or the most probable one where it answers none. They print one after the
    other, and so does a notebook show them.
    """

    of_labels: tuple[Explanation, ...]

    @overload
    def __getitem__(self, place: int) -> Explanation: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Explanation]: ...
    def __getitem__(self, place: int | slice) -> Explanation | Sequence[Explanation]:
        return self.of_labels[place]

    def __len__(self) -> int:
        return len(self.of_labels)

    def to_json(self) -> Json:
        """The explanation of each label, as JSON holds it."""
        return {"labels": [explanation.to_json() for explanation in self.of_labels]}

    def to_frame(self) -> DataFrame:
        """The contributions to the scores of all labels as a pandas data frame: label, feature, weight, ...

        The labels are in the order of the explanations, and the features of each as in its own frame. Raises
        MissingPackageError without pandas.
        """
        parts = [{"label": one.label, **vars(part)} for one in self.of_labels for part in one.contributions]
        return data_frame({name: [part[name] for part in parts] for name in _OF_LABEL})

    @property
    def remark(self) -> str:
        """That no label is answered, where none is."""
        is_answered = any(explanation.is_answered for explanation in self.of_labels)
        return "" if is_answered else "no label is answered; the most probable one is explained"

    def lines(self, most: int = 15) -> str:
        """The explanation of each label, each with its `most` largest features one by one."""
        return "\n\n".join(filter(None, (self.remark, *(explanation.lines(most) for explanation in self.of_labels))))

    def __repr__(self) -> str:
        return self.lines()

    def _repr_html_(self) -> str:
        remark = heading(html_text(self.remark)) if self.remark else ""
        return remark + "".join(explanation._repr_html_() for explanation in self.of_labels)


def _spaced(content: str) -> str:
    return f'<span style="margin-right:1em">{content}</span> '
