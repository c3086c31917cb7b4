"""An updated model on the rows that stay held out."""

from __future__ import annotations

from vikt.evaluation.evaluation import Evaluation, evaluated
from vikt.fitting.update import Update


def evaluated_update(updated: Update, threads: int = 1) -> Evaluation | None:
    """The figures of an updated model on the rows that stay held out; None where there are none."""
    if not len(updated.held_out):
        return None
    rows = updated.examples.take(updated.held_out)
    return evaluated(updated.fit.model, rows.documents, rows.labels, threads)
