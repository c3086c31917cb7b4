"""`vikt explain` as it is typed."""

from __future__ import annotations

from typing import Annotated

import typer

from vikt.cli.app import command
from vikt.cli.options import Json, Model, Quiet


@command(
    "vikt explain model.vikt 'Great plot but bad acting.'",
    "vikt explain model.vikt 'Great plot but bad acting.' --label pos --against neg",
    "vikt explain model.vikt 'Great plot but bad acting.' --fewest-words",
    "vikt explain model.vikt --json < mail.txt",
    no_args_is_help=True,
)
def explain(
    model: Model,
    text: Annotated[
        list[str] | None,
        typer.Argument(
            help="The text to explain, in quotation marks; - (the default) is all of stdin.",
            metavar="[TEXT]",
            show_default=False,
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Value of another column that the model reads; may be repeated.", metavar="NAME=VALUE"),
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Explain the score of this class, not of the predicted one.", metavar="CLASS")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(help="Explain why this text is not in CLASS.", metavar="CLASS"),
    ] = None,
    top: Annotated[int, typer.Option(help="List the N features that matter most.", metavar="N", min=1)] = 15,
    fewest_words: Annotated[
        bool, typer.Option("--fewest-words", help="Name the fewest words whose removal changes the answer.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show how much each feature of a text adds to the score of its predicted class, or of another."""
    from vikt.cli.explain import explain_text

    explain_text(model, text or [], column or [], label, against, top, fewest_words, as_json)
