"""Documents as examples: an excerpt of bounded length, with what its words add to a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vikt.arrays import Bools
from vikt.explanation.explanation import Explanation
from vikt.explanation.highlight import Run, runs
from vikt.explanation.linear import explain
from vikt.names import TargetKind
from vikt.report.html.blocks import Example
from vikt.report.html.tested import TestedClasses, TestedSets
from vikt.tables import label_line, listed

_MOST_CHARACTERS, _MOST_CHARACTERS_EXPLAINED = 400, 900
_MOST_REASONS = 6
_LONGEST_PART = 30

# What the label is called with which an answer is compared.
_REAL: Mapping[TargetKind, str] = {"classes": "label", "soft": "largest share", "ordered": "level"}


def excerpt(place: str, facts: tuple[tuple[str, str], ...], text: str) -> Example:
    """A text, from its start."""
    _, last = _at_blanks(text, 0, min(len(text), _MOST_CHARACTERS))
    return Example(place, facts, (Run(text[:last], 0.0, 0.0),), 0, len(text) - last)


def example(tested: TestedClasses, row: int) -> Example:
    """A document that was tested, from its start."""
    text = tested.documents.texts[row].decode("utf-8", "surrogatepass")
    return excerpt(tested.place(row), _facts(tested, row), text)


def explained_example(tested: TestedClasses, row: int) -> Example:
    """A document, from where its words add most to the score of the answer, with these words highlighted."""
    found = explain(tested.model, tested.documents.take([row]), int(tested.outcomes.predicted[row]))
    return _explained(tested.place(row), _facts(tested, row), found)


def _explained(place: str, facts: tuple[tuple[str, str], ...], found: Explanation) -> Example:
    window = strongest_window(found.emphasis, _MOST_CHARACTERS_EXPLAINED)
    first, last = _at_blanks(found.text, *window)
    shown = tuple(runs(found.text[first:last], found.emphasis[first:last]))
    return Example(place, facts, shown, first, len(found.text) - last, _reasons(found))


def explained_label(tested: TestedSets, row: int, k: int, what: str) -> Example:
    """A document, from where its words add most to the score of a label that is added or missed."""
    found, outcomes = explain(tested.model, tested.documents.take([row]), k), tested.outcomes
    p = float(np.exp(outcomes.log_probabilities[row, k]))
    facts = (
        (what, f"{label_line(outcomes.labels[k])}, with probability {p:.3f}"),
        ("labels", _named(outcomes.labels, outcomes.real[row])),
        ("answered", _named(outcomes.labels, outcomes.answered[row])),
    )
    return _explained(tested.place(row), facts, found)


def _named(labels: Sequence[str], members: Bools) -> str:
    return listed([label_line(labels[k]) for k in np.flatnonzero(members).tolist()]) or "none"


def strongest_window(emphasis: Sequence[float], most: int) -> tuple[int, int]:
    """The first and last of at most `most` neighbouring characters whose emphases are strongest.

    Examples
    --------
    >>> strongest_window([0.0, 0.0, 1.0, -2.0, 0.0], 2)
    (2, 4)
    """
    if len(emphasis) <= most:
        return 0, len(emphasis)
    sums = np.concatenate([[0.0], np.cumsum(np.abs(emphasis))])
    first = int(np.argmax(sums[most:] - sums[:-most]))
    return first, first + most


def _at_blanks(text: str, first: int, last: int) -> tuple[int, int]:
    """A window without the parts of words at its ends, but for words that are long."""
    if first > 0:
        blank = text.find(" ", first - 1, first + _LONGEST_PART)
        first = first if blank < 0 else blank + 1
    if last < len(text):
        blank = text.rfind(" ", last - _LONGEST_PART, last + 1)
        last = last if blank < 0 else blank
    return first, last


def _facts(tested: TestedClasses, row: int) -> tuple[tuple[str, str], ...]:
    return (
        (_REAL[tested.kind], label_line(tested.outcomes.labels[row])),
        ("answer", f"{label_line(tested.answer(row))}, with probability {tested.confidence[row]:.3f}"),
    )


def _reasons(found: Explanation) -> tuple[tuple[str, str], ...]:
    return tuple(
        (label_line(part.feature), f"{part.contribution:+.2f}") for part in found.contributions[:_MOST_REASONS]
    )
