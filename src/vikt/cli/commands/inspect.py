"""`vikt inspect` as it is typed."""

from __future__ import annotations

from pathlib import Path

from vikt.cli.app import command
from vikt.cli.options import as_json, model, quiet


@command("vikt inspect model.vikt", "vikt inspect model.vikt --json")
@model
@as_json
@quiet
def inspect(model: Path, as_json: bool, quiet: bool) -> None:
    """Show the contents of a model file.

    It lists the classes, the penalty, the proof, the test figures and the strongest features.
    """
    from vikt.cli.inspect import inspect_model

    inspect_model(model, as_json)
