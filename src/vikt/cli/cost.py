"""What a smaller model costs: its answers on labelled rows beside those of the model that it was made from."""

from __future__ import annotations

from vikt.cli.console import say_notes
from vikt.cli.options import InputOptions
from vikt.cli.trained_rows import labelled_as_trained, notes_on_test
from vikt.corpus.labelled import Labelled
from vikt.evaluation.comparison import compared
from vikt.fitting.saved import SavedModel
from vikt.mappings import Json
from vikt.report.comparison import ModelComparison, figure_name
from vikt.tables import columns, figure

NOT_MEASURED = "cost       not measured; give labelled texts with --data"


def rows_to_measure(saved: SavedModel, rows: InputOptions, quiet: bool = False) -> Labelled | None:
    """The labelled rows of the options, read before the work; None where none are named.

    Raises
    ------
    DataError
        No label is a class of the model, so that it could only be wrong.
    """
    if not rows.data:
        return None
    read = labelled_as_trained(saved, rows.data, rows, reading=saved.reading(rows.labels_separator))
    say_notes((*read.notes, *notes_on_test([saved], [read])), quiet)
    return read


def measured_cost(
    before: SavedModel, after: SavedModel, rows: Labelled | None, threads: int = 1
) -> ModelComparison | None:
    """The two models compared on labelled rows, the one before as A; None without rows."""
    if rows is None:
        return None
    documents = (rows.documents, rows.documents)
    return ModelComparison.of(compared(before.model, after.model, documents, rows.labels, threads))


def cost_lines(cost: ModelComparison | None) -> str:
    """The figures of both models, and the difference with its 95% interval."""
    if cost is None:
        return NOT_MEASURED
    rows = [["figure", "before", "after", "difference", "95% interval"]]
    for name, found in cost.differences.items():
        interval = f"{figure(found.low)} to {figure(found.high)}" if found.low == found.low else "-"
        change = f"{found.value:+.4f}" if found.value == found.value else "-"
        rows.append([figure_name(name), figure(found.a), figure(found.b), change, interval])
    same = cost.n_rows - cost.n_disagreements
    reasons = dict.fromkeys(found.reason for found in cost.differences.values() if found.low != found.low)
    notes = [f"-: {reason}" for reason in reasons if reason]
    return "\n".join([f"cost       on {cost.n_rows:,} rows, {same:,} of them answered alike", columns(rows), *notes])


def cost_json(cost: ModelComparison | None) -> Json:
    """The same as JSON: null where it was not measured."""
    return {"cost": None if cost is None else cost.to_json()["differences"] | {"rows": cost.n_rows}}
