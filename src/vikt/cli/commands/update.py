"""`vikt update` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vikt.cli.app import command
from vikt.cli.options import FILE, as_json, force_model, input_format, labelled_columns, model, quiet, threads, weight


@command(
    "vikt update model.vikt --data reviews.csv --add new.csv",
    "vikt update model.vikt --data reviews.csv --forget withdrawn.csv",
    "vikt update model.vikt --data a.csv --data b.csv --add c.csv --forget d.csv -o newer.vikt",
)
@model
@click.option(
    "--data",
    multiple=True,
    required=True,
    metavar="OLD",
    help="All rows that the model was trained on; may be repeated, for several files.",
)
@click.option("--add", multiple=True, metavar="NEW", help="Labelled rows to learn from as well; may be repeated.")
@click.option(
    "--forget",
    multiple=True,
    metavar="ROWS",
    help="Rows of OLD to forget, with their labels; every identical row is forgotten too. May be repeated.",
)
@click.option(
    "--output", "-o", type=FILE, metavar="FILE", help="Write the model to this file (default: replace MODEL)."
)
@click.option("--test", metavar="DATA", help="Test on these labelled texts instead of the held-out rows of OLD.")
@labelled_columns
@weight
@input_format
@threads
@force_model
@as_json
@quiet
def update(model: Path, output: Path | None, **typed: Any) -> None:
    """Add rows to a model's training data, or make it forget some.

    The model is fitted anew, starting near its weights, to the rows that it was fitted to, less ROWS, plus NEW. Its
    features are learnt anew; the penalty and the kind of features stay as they were chosen. The held-out rows of OLD
    stay out, and test the new model. Columns that you do not name are those of training, if the
    files have them; otherwise they are guessed as in training, and the guess is printed.
    """
    from vikt.cli import update as work

    work.update_model(work.Request(model=model, output=output or model, **typed))
