"""The check for labels that are probably wrong, where they were looked for."""

from __future__ import annotations

from collections.abc import Iterator

from vikt.auditing.finding import Found
from vikt.auditing.subject import Subject


def probable_mislabels(subject: Subject) -> Iterator[Found]:
    """Rows whose label is probably wrong, the most suspected shown."""
    found = subject.label_errors
    if found is None or not len(found):
        return
    remarks: dict[int, str] = {}
    for i, (row, score) in enumerate(zip(found.rows.tolist(), found.scores.tolist(), strict=True)):
        before = f"{remarks[row]}; " if row in remarks else ""
        remarks[row] = f"{before}{found.remark(i)}, score {score:.4f}"
    yield subject.training.found(found.summary, sorted(remarks), remarks.__getitem__, shown=list(remarks))
