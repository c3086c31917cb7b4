"""`vikt explain --because`: the training rows that speak most for an answer, and those against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vikt.cli.console import progress, say_notes
from vikt.cli.options import InputOptions
from vikt.cli.trained_rows import labelled_as_trained
from vikt.explanation.influence import Influence, check_influence, influence
from vikt.fitting.given_rows import GivenRows
from vikt.fitting.model import Inputs
from vikt.fitting.saved import SavedModel


@dataclass(frozen=True, kw_only=True)
class Because(InputOptions):
    """How many rows to name for an answer and against it, and the files of all rows that the model was trained on."""

    n: int
    threads: int = 1
    quiet: bool = False

    def influence(self, saved: SavedModel, document: Inputs, k: int) -> Influence:
        """What rows of the files add to class k of one document, with their places."""
        check_influence(saved.model, saved.record)
        columns: dict[str, Any] = saved.record.columns
        group = columns.get("group")
        with progress(self.quiet) as bar:
            rows = labelled_as_trained(saved, self.data, self, columns.get("weight"), [group] if group else [])
            say_notes(rows.notes, self.quiet)
            given = GivenRows.of(saved.model, rows.documents, rows.labels, rows.weights, rows.documents.place)
            groups = rows.others[group] if group else None
            examples = given.examples(saved.record, groups)
            found = influence(
                saved.model, saved.record, examples, document, k, self.n, threads=self.threads, progress=bar
            )
        return found.placed(rows.documents.place)
