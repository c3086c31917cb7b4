"""`vikt update` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vikt.cli.app import command
from vikt.cli.options import (
    Delimiter,
    Format,
    Header,
    Json,
    LabelColumn,
    LabelsSeparator,
    Model,
    Quiet,
    Quoting,
    TextColumn,
    Threads,
    Weight,
)
from vikt.corpus.dialect import Dialect


@command(
    "vikt update model.vikt --data reviews.csv --add new.csv",
    "vikt update model.vikt --data reviews.csv --forget withdrawn.csv",
    "vikt update model.vikt --data a.csv --data b.csv --add c.csv --forget d.csv -o newer.vikt",
    no_args_is_help=True,
)
def update(
    model: Model,
    data: Annotated[
        list[str],
        typer.Option(help="All rows that the model was trained on; may be repeated, for several files.", metavar="OLD"),
    ],
    add: Annotated[
        list[str] | None, typer.Option(help="Labelled rows to learn from as well; may be repeated.", metavar="NEW")
    ] = None,
    forget: Annotated[
        list[str] | None,
        typer.Option(
            help="Rows of OLD to forget, with their labels; every identical row is forgotten too. May be repeated.",
            metavar="ROWS",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write the model to this file (default: replace MODEL).", metavar="OUT"),
    ] = None,
    test: Annotated[
        str | None,
        typer.Option(help="Test on these labelled texts instead of the held-out rows of OLD.", metavar="DATA"),
    ] = None,
    text: TextColumn = None,
    label: LabelColumn = None,
    labels_separator: LabelsSeparator = None,
    weight: Weight = None,
    format: Format = None,
    delimiter: Delimiter = None,
    quoting: Quoting = None,
    header: Header = None,
    threads: Threads = 1,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is not a vikt model.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Add rows to a model's training data, or make it forget some.

    The model is fitted anew, starting near its weights, to the rows that it was fitted to, less ROWS, plus NEW. Its
    features are learnt anew; the penalty and the kind of features stay as they were chosen. The held-out rows of OLD
    stay out, and test the new model. Columns that you do not name are those of training, if the
    files have them; otherwise they are guessed as in training, and the guess is printed.
    """
    from vikt.cli import update as work

    request = work.Request(
        model=model,
        data=data,
        add=add or [],
        forget=forget or [],
        output=model if output is None else output,
        test=test,
        text=text,
        label=label,
        labels_separator=labels_separator,
        weight=weight,
        format=format,
        dialect=Dialect(delimiter, quoting, header),
        threads=threads,
        force=force,
        as_json=as_json,
        quiet=quiet,
    )
    work.update_model(request)
