"""The figures of the answers, with their intervals, in all and for each class."""

from __future__ import annotations

from collections.abc import Mapping

from vikt.evaluation.evaluation import Evaluation
from vikt.evaluation.figures import Figure
from vikt.report.html.blocks import Column, Section, Table
from vikt.tables import MOST_CLASSES_LISTED, figure, label_line


def metrics_section(evaluation: Evaluation) -> Section:
    """The figures in all, and those of each class."""
    return Section("metrics", "Metrics", (_figures(evaluation.figures), _classes(evaluation)))


def in_words(name: str) -> str:
    """The name of a figure in words.

    Examples
    --------
    >>> in_words("macro_f1"), in_words("log_loss")
    ('macro F1', 'log loss')
    """
    return name.replace("_", " ").replace("f1", "F1").replace("roc", "ROC")


def _figures(figures: Mapping[str, Figure]) -> Table:
    rows = [[in_words(name), figure(found.value), interval(found), found.reason] for name, found in figures.items()]
    has_notes = any(found.reason for found in figures.values())
    headings: list[Column | str] = ["figure", "value", "95% interval", *[Column("note", is_words=True)] * has_notes]
    return Table.of("Figures of all rows", headings, [row[: len(headings)] for row in rows])


def interval(found: Figure) -> str:
    """The 95% interval of a figure, or a dash."""
    return "–" if found.low != found.low else f"{figure(found.low)} to {figure(found.high)}"


def _classes(evaluation: Evaluation) -> Table:
    rows = [
        [
            label_line(label),
            *(figure(row[name]) for name in ("precision", "recall", "f1")),
            f"{row['support']:,}",
            f"{row['predicted']:,}",
        ]
        for label, row in list(evaluation.per_class.items())[:MOST_CLASSES_LISTED]
    ]
    more = len(evaluation.labels) - MOST_CLASSES_LISTED
    caption = "Figures of each class" + (f" (the first {MOST_CLASSES_LISTED})" if more > 0 else "")
    return Table.of(caption, ["class", "precision", "recall", "F1", "rows", "answers"], rows)
