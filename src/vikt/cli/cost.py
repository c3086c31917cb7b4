"""What a smaller model costs: its answers on labelled rows beside those of the model that it was made from."""

from __future__ import annotations

from typing import Any

from vikt.cli.console import say_notes
from vikt.cli.options import InputOptions
from vikt.cli.trained_rows import labelled_as_trained
from vikt.evaluation.comparison import compared
from vikt.fitting.saved import SavedModel
from vikt.report.comparison import ModelComparison, figure_name
from vikt.tables import columns, figure

NOT_MEASURED = "accuracy   not measured; give labelled texts with --data"


def measured_cost(
    before: SavedModel, after: SavedModel, rows: InputOptions, *, threads: int = 1, quiet: bool = False
) -> ModelComparison | None:
    """The two models compared on labelled rows, the one before as A; None where no rows are named."""
    if not rows.data:
        return None
    read = labelled_as_trained(before, rows.data, rows, reading=before.reading(rows.labels_separator))
    say_notes(read.notes, quiet)
    found = compared(before.model, after.model, (read.documents, read.documents), read.labels, threads)
    return ModelComparison.of(found)


def cost_lines(cost: ModelComparison | None) -> str:
    """The figures of both models, and the difference with its 95% interval."""
    if cost is None:
        return NOT_MEASURED
    rows = [["figure", "before", "after", "difference", "95% interval"]]
    for name, found in cost.differences.items():
        interval = f"{figure(found.low)} to {figure(found.high)}" if found.low == found.low else found.reason
        rows.append([figure_name(name), figure(found.a), figure(found.b), f"{found.value:+.4f}", interval])
    same = cost.n_rows - cost.n_disagreements
    return f"cost       on {cost.n_rows:,} rows, {same:,} of them answered alike\n{columns(rows)}"


def cost_json(cost: ModelComparison | None) -> dict[str, Any]:
    """The same as JSON: null where it was not measured."""
    return {"cost": None if cost is None else cost.to_json()["differences"] | {"rows": cost.n_rows}}
