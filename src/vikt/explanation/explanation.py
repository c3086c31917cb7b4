"""An explanation: a score as the sum of its contributions, as text, HTML, JSON or a data frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, repr=False)
class Explanation:
    """A score as the sum of its contributions. It prints as a table; a notebook shows the text highlighted.

    Attributes
    ----------
    label : str
        The class whose score this is: the one predicted, unless another was asked for.
    probability : float
    score : float
        θ_k·x: the intercept and all contributions, summed. For two classes, the log-odds of `label`.
    intercept : float
        The contribution of the dummy feature.
    contributions : list of Contribution
        Of every feature of the text, the largest first.
    text : str
        The text as passed, or normalised where that changes its length.
    emphasis : list of float
        How much each character of `text` speaks for `label`.
    against : str or None
        The class that `label` is compared with: weights, contributions, intercept and score are those of `label` less
        those of this class. None where the score of `label` alone is explained.
    probability_against : float or None
        Its probability.
    is_answered : bool
        Whether the model answers the text at all: see the decision of a model.

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
        return f"{self._verdict}\n\n{columns(self._rows(most))}"

    @property
    def _verdict(self) -> str:
        verdict = f"{label_line(self.label)}  probability {self.probability:.4f}"
        if self.against is not None:
            verdict += f", against {label_line(self.against)}  probability {self.probability_against:.4f}"
        return verdict + self._unanswered

    @property
    def _unanswered(self) -> str:
        return "" if self.is_answered else "; the model does not answer this text"

    @property
    def _other(self) -> dict[str, Any]:
        if self.against is None:
            return {}
        return {"against": self.against, "probability_against": self.probability_against}

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
        return block(verdict, self._highlighted(label) if self.text else "", contributions)

    def _highlighted(self, label: str) -> str:
        """The text and what its colours mean, as HTML."""
        text = "".join(map(marked, runs(self.text, self.emphasis)))
        samples = [(f"for {label}", 1.0), (f"against {label}", -1.0)]
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
        rows.append(["(intercept)", f"{self.intercept:+.4f}", "1", f"{self.intercept:+.4f}"])
        less = "" if self.against is None else f" less that of '{label_line(self.against)}'"
        rows.append([f"score of '{label_line(self.label)}'{less}", "", "", f"{self.score:+.4f}"])
        return rows


def _spaced(content: str) -> str:
    return f'<span style="margin-right:1em">{content}</span> '
