"""An updated model on the rows that stay held out."""

from __future__ import annotations

from vikt.evaluation.of_kinds import answers_of, figures_of
from vikt.evaluation.of_labels import LabelEvaluation
from vikt.fitting.update import Update


def evaluated_update(updated: Update, threads: int = 1) -> LabelEvaluation | None:
    """The figures of an updated model on the rows that stay held out; None where there are none."""
    if not len(updated.held_out):
        return None
    rows = updated.examples.take(updated.held_out)
    return figures_of(answers_of(updated.fit.model, rows.documents, rows.labels, threads))
