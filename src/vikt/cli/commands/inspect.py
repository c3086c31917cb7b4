"""`vikt inspect` as it is typed."""

from __future__ import annotations

from vikt.cli.app import command
from vikt.cli.options import Json, Model, Quiet


@command(
    "vikt inspect model.vikt",
    "vikt inspect model.vikt --json",
    no_args_is_help=True,
)
def inspect(model: Model, as_json: Json = False, quiet: Quiet = False) -> None:
    """Show the contents of a model file.

    It lists the classes, the penalty, the proof, the test figures and the strongest features.
    """
    from vikt.cli.inspect import inspect_model

    inspect_model(model, as_json)
