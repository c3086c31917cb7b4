"""An explanation: a score as the sum of its contributions, as text, HTML, JSON or a data frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

from vikt.explanation.highlight import Run, marked, runs, style
from vikt.markup import block, details, heading, html_text, table
from vikt.tables import columns, counted, data_frame, label_line

# Sums of the same numbers in another order differ by less.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Contribution:
    """What one feature adds to a score: its weight θ_j times its value x_j."""

    feature: str
    weight: float
    value: float
    contribution: float


@dataclass(frozen=True)
class Levels:
    """Ordered levels on the scale of their score: one is answered up to its cut, where the next begins.

    Attributes
    ----------
    names : tuple of str, (K,)
        From the lowest.
    cuts : tuple of float, (K-1,)

    Examples
    --------
    >>> print(Levels(("low", "medium", "high"), (-1.0, 0.5)))
    low up to -1.0000, medium up to +0.5000, high above
    """

    names: tuple[str, ...]
    cuts: tuple[float, ...]

    def __str__(self) -> str:
        *lower, highest = map(label_line, self.names)
        below = [f"{name} up to {cut:+.4f}" for name, cut in zip(lower, self.cuts, strict=True)]
        return f"{', '.join(below)}, {highest} above"


@dataclass(frozen=True, repr=False)
class Explanation:
    """A score as the sum of its contributions. It prints as a table; a notebook shows the text highlighted.

    Attributes
    ----------
    label : str
        The class whose score this is: the one predicted, unless another was asked for.
    probability : float
    score : float
        θ_k·x: the intercept and all contributions, summed. For two classes, and for each of several labels, the
        log-odds of `label`. Ordered levels share one score, which is larger for higher levels.
    intercept : float
        The contribution of the dummy feature.
    contributions : list of Contribution
        Of every feature of the text, the largest first.
    text : str
        The text as passed, or normalised where that changes its length.
    emphasis : list of float
        How much each character of `text` speaks for `label`, or for higher levels.
    against : str or None
        The class that `label` is compared with: weights, contributions, intercept and score are those of `label` less
        those of this class. None where the score of `label` alone is explained.
    probability_against : float or None
        Its probability.
    is_answered : bool
        Whether the model answers the text at all: see the decision of a model. Of several labels, whether `label` is
        answered.
    threshold : float or None
        The least probability at which the label is answered, where a text has several.
    levels : Levels or None
        Where the score of a text falls among levels, where these are ordered.

    Examples
    --------
    >>> parts = [Contribution("great", weight=2.0, value=0.5, contribution=1.0)]
    >>> Explanation("pos", 0.75, 1.1, 0.1, parts, "great", [0.2] * 5)
    pos  probability 0.7500
    <BLANKLINE>
      feature         weight θ_j  value x_j  θ_j·x_j
      great              +2.0000     0.5000  +1.0000
      (intercept)        +0.1000          1  +0.1000
      score of 'pos'                         +1.1000
    """

    label: str
    probability: float
    score: float
    intercept: float
    contributions: list[Contribution]
    text: str
    emphasis: list[float]
    against: str | None = None
    probability_against: float | None = None
    is_answered: bool = True
    threshold: float | None = None
    levels: Levels | None = None

    @property
    def of_labels(self) -> tuple[Explanation, ...]:
        """The explanation itself, as `Explanations` has those of several labels."""
        return (self,)

    def to_json(self) -> dict[str, Any]:
        """The score and its contributions as JSON holds them; without the text."""
        return {
            "label": self.label,
            "probability": self.probability,
            "answered": self.is_answered,
            "score": self.score,
            "intercept": self.intercept,
            "contributions": [vars(part) for part in self.contributions],
            **self._other,
            **self._scale,
        }

    def to_frame(self) -> Any:
        """The contributions as a pandas data frame: feature, weight, value, contribution; the largest first.

        Raises
        ------
        MissingPackageError
            pandas is not installed.
        """
        names = ("feature", "weight", "value", "contribution")
        return data_frame({name: [getattr(part, name) for part in self.contributions] for name in names})

    def lines(self, most: int = 15) -> str:
        """The features of the text with their weights, values and contributions, the `most` largest one by one."""
        scale = "" if self.levels is None else f"\n\nlevels by score: {self.levels}"
        return f"{self._verdict}\n\n{columns(self._rows(most))}{scale}"

    @property
    def _verdict(self) -> str:
        verdict = f"{label_line(self.label)}  probability {self.probability:.4f}"
        if self.against is not None:
            verdict += f", against {label_line(self.against)}  probability {self.probability_against:.4f}"
        return verdict + self._unanswered

    @property
    def _unanswered(self) -> str:
        if self.threshold is not None:
            return f", answered at {self.threshold:.4f} or more"
        return "" if self.is_answered else "; the model does not answer this text"

    @property
    def _other(self) -> dict[str, Any]:
        if self.against is None:
            return {}
        return {"against": self.against, "probability_against": self.probability_against}

    @property
    def _scale(self) -> dict[str, Any]:
        threshold = {} if self.threshold is None else {"threshold": self.threshold}
        return threshold if self.levels is None else {"levels": list(self.levels.names), "cuts": list(self.levels.cuts)}

    @property
    def _sides(self) -> tuple[str, str]:
        """What a positive contribution speaks for, and what a negative one does."""
        if self.levels is not None:
            return "for higher levels", "for lower levels"
        label = label_line(self.label)
        return f"for {label}", f"against {label}"

    def __repr__(self) -> str:
        return self.lines()

    def _repr_html_(self) -> str:
        label = html_text(label_line(self.label))
        other = "" if self.against is None else f" against {html_text(label_line(self.against))}"
        verdict = heading(
            f"<b>{label}</b>{other}, probability {self.probability:.4f}, score {self.score:+.4f}{self._unanswered}"
        )
        rows = [[html_text(cell) for cell in row] for row in self._rows(15)]
        contributions = details("contributions of the features", table(rows), is_open=not self.text)
        scale = "" if self.levels is None else heading(html_text(f"levels by score: {self.levels}"))
        return block(verdict, self._highlighted() if self.text else "", scale, contributions)

    def _highlighted(self) -> str:
        """The text and what its colours mean, as HTML."""
        text = "".join(map(marked, runs(self.text, self.emphasis)))
        samples = zip(map(html_text, self._sides), (1.0, -1.0), strict=True)
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
        if self.levels is None:
            rows.append(["(intercept)", f"{self.intercept:+.4f}", "1", f"{self.intercept:+.4f}"])
        rows.append([self._score_name, "", "", f"{self.score:+.4f}"])
        return rows

    @property
    def _score_name(self) -> str:
        if self.levels is not None:
            return "score, larger for higher levels"
        less = "" if self.against is None else f" less that of '{label_line(self.against)}'"
        return f"score of '{label_line(self.label)}'{less}"


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

    def to_json(self) -> dict[str, Any]:
        """The explanation of each label, as JSON holds it."""
        return {"labels": [explanation.to_json() for explanation in self.of_labels]}

    def lines(self, most: int = 15) -> str:
        """The explanation of each label, each with its `most` largest features one by one."""
        return "\n\n".join(explanation.lines(most) for explanation in self.of_labels)

    def __repr__(self) -> str:
        return self.lines()

    def _repr_html_(self) -> str:
        return "".join(explanation._repr_html_() for explanation in self.of_labels)


def _spaced(content: str) -> str:
    return f'<span style="margin-right:1em">{content}</span> '
