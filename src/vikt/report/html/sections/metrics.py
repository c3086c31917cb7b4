"""The figures of the answers, with their intervals, in all and for each class."""

from __future__ import annotations

from vikt.evaluation.evaluation import Evaluation, Figure
from vikt.report.html.blocks import Column, Section, Table
from vikt.tables import MOST_CLASSES_LISTED, figure, label_line


def metrics_section(evaluation: Evaluation) -> Section:
    """The figures in all, and those of each class."""
    return Section("metrics", "Metrics", (_figures(evaluation), _classes(evaluation)))


def _figures(evaluation: Evaluation) -> Table:
    named = {"accuracy": evaluation.accuracy, "macro F1": evaluation.macro_f1, "log loss": evaluation.log_loss}
    rows = [[name, figure(found.value), interval(found), found.reason] for name, found in named.items()]
    has_notes = any(found.reason for found in named.values())
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
