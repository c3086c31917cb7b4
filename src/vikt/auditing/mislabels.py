"""The check for labels that are probably wrong, where they were looked for."""

from __future__ import annotations

from collections.abc import Iterator

from vikt.auditing.finding import Found
from vikt.auditing.subject import Subject
from vikt.tables import label_line


def probable_mislabels(subject: Subject) -> Iterator[Found]:
    """Rows whose label is probably wrong, the most suspected shown."""
    found = subject.label_errors
    if found is None or not len(found):
        return
    suspected = zip(found.rows.tolist(), found.suggestions.tolist(), found.scores.tolist(), strict=True)
    remarks = {row: f"rather {label_line(str(label))}, score {score:.4f}" for row, label, score in suspected}
    yield subject.training.found(found.summary, sorted(remarks), remarks.__getitem__, shown=found.rows)
