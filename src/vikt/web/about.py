"""What the page tells of a model, beside its answers."""

from __future__ import annotations

from vikt.fitting.saved import SavedModel
from vikt.mappings import ReadJson
from vikt.report.evaluation import first_figures
from vikt.report.fit import key_facts
from vikt.tables import figure


def facts(saved: SavedModel) -> list[tuple[str, str]]:
    """The facts of a model and of its fit, and the first figures of its test: a name and a sentence for each."""
    tested = [(name, _sentence(found)) for name, found in first_figures(saved.record.metrics)]
    n_rows = saved.record.data.test_rows
    rows = [("test", f"{n_rows:,} rows")] if n_rows and tested else []
    return [*key_facts(saved.model, saved.record), *rows, *tested]


def _sentence(found: ReadJson) -> str:
    interval = f" (95%: {figure(found['low'])} to {figure(found['high'])})" if found.get("low") is not None else ""
    return f"{figure(found['value'])}{interval}"
