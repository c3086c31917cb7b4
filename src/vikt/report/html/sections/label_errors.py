"""Labels that are probably wrong."""

from __future__ import annotations

from collections.abc import Callable

from vikt.explanation.label_errors import LabelErrors
from vikt.report.html.blocks import Example, Prose, Section
from vikt.report.html.examples import excerpt
from vikt.tables import index_place, label_line

_MOST_SHOWN = 20


def label_errors_section(found: LabelErrors, place: Callable[[int], str] = index_place) -> Section:
    """The rows whose labels are most suspected; `place` says where a row stands."""
    about = f"{found.summary}. {found.rule} The most suspected come first."
    examples = (_example(found, i, place) for i in range(min(len(found), _MOST_SHOWN)))
    return Section("label-errors", "Suspected label errors", (Prose(about), *examples))


def _example(found: LabelErrors, i: int, place: Callable[[int], str]) -> Example:
    facts = (
        ("label", label_line(str(found.labels[i]))),
        ("suggestion", label_line(str(found.suggestions[i]))),
        (f"probability of {found.score_of}", f"{found.scores[i]:.4f}"),
    )
    return excerpt(place(int(found.rows[i])), facts, found.texts[i])
