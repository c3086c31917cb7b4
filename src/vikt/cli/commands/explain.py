"""`vikt explain` as it is typed."""

from __future__ import annotations

from typing import Any

import click

from vikt.cli.app import command
from vikt.cli.options import as_json, input_format, model, quiet, threads
from vikt.cli.values import COUNT


@command(
    "vikt explain model.vikt 'Great plot but bad acting.'",
    "vikt explain model.vikt 'Great plot but bad acting.' --label pos --against neg",
    "vikt explain model.vikt 'Great plot but bad acting.' --fewest-words",
    "vikt explain model.vikt 'Great plot but bad acting.' --because 5 --data reviews.csv",
    "vikt explain model.vikt --json < mail.txt",
)
@model
@click.argument(
    "texts",
    nargs=-1,
    metavar="[TEXT]",
    help="The text to explain, in quotation marks; - (the default) is all of stdin.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=VALUE",
    help="Value of another column that the model reads; may be repeated.",
)
@click.option("--label", metavar="CLASS", help="Explain the score of this class, not of the predicted one.")
@click.option("--against", metavar="CLASS", help="Explain why this text is not in CLASS.")
@click.option("--top", type=COUNT, default=15, metavar="N", help="List the N features that matter most.")
@click.option("--fewest-words", is_flag=True, help="Name the fewest words whose removal changes the answer.")
@click.option(
    "--because",
    type=COUNT,
    metavar="N",
    help="Name the N training rows that speak most for the class, and the N most against it; needs --data.",
)
@click.option(
    "--data",
    multiple=True,
    metavar="DATA",
    help="All rows that the model was trained on, for --because; may be repeated, for several files.",
)
@input_format
@threads
@as_json
@quiet
def explain(**typed: Any) -> None:
    """Show how much each feature of a text adds to a score.

    The score is that of the predicted class, or of another that you name. Where a text has several labels, each that is
    answered is explained, or the most probable one if none is. Of ordered levels the one score is explained, which is
    larger for higher levels, and the cuts between levels are shown.

    With --because, also name the training rows that made the model say so. The model file holds no rows: give those
    that it was trained on, with their columns named as in training. They are compared with the fingerprint in the file.
    """
    from vikt.cli import explain as work

    work.explain_text(work.Request(**typed))
