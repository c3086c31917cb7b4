"""`vikt inspect`: the contents of a model file."""

from __future__ import annotations

from pathlib import Path

from vikt.classifier import TextClassifier
from vikt.cli.console import print_json, show
from vikt.fitting.trained import load_trained
from vikt.report.as_json import inspected_json
from vikt.report.decision import decision_lines
from vikt.report.fit import data_lines, fit_lines, handmade_lines, sized, strongest_lines
from vikt.report.targets import target_lines
from vikt.tables import figure


def inspect_model(path: Path, as_json: bool) -> None:
    """Print the contents of a model file."""
    saved = load_trained(path)
    model, record = saved.model, saved.record
    if as_json:
        print_json(inspected_json(path, saved))
        return
    width = max(map(len, record.metrics), default=0)
    figures = [f"{name:<{width}} {figure(entry['value'])}" for name, entry in record.metrics.items()]
    options = repr(TextClassifier(**saved.parameters))
    head = f"model      {sized(path)}, {options}"
    blocks = [
        head,
        data_lines(record, model),
        fit_lines(record, model),
        target_lines(model),
        decision_lines(model, record),
        "\n".join(["test figures", *figures]) if figures else "",
        handmade_lines(model),
        strongest_lines(model),
    ]
    show("\n\n".join(filter(None, blocks)))
