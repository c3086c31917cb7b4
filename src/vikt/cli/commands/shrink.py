"""`vikt shrink` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vikt.cli.app import command
from vikt.cli.options import (
    Delimiter,
    Format,
    Header,
    InputOptions,
    Json,
    LabelColumn,
    LabelsSeparator,
    Model,
    Quiet,
    Quoting,
    TextColumn,
    Threads,
)


@command(
    "vikt shrink model.vikt --features 50000",
    "vikt shrink model.vikt --size 3MB -o small.vikt",
    "vikt shrink model.vikt --size 500kB --data test.csv",
    no_args_is_help=True,
)
def shrink(
    model: Model,
    features: Annotated[
        int | None,
        typer.Option("--features", min=1, help="Number of features to keep.", metavar="N", show_default=False),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option("--size", help="Largest size of the file, such as 500kB or 3MB.", metavar="S", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Write the model to this file (default: MODEL with -small added to its name).",
            metavar="OUT",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            help="Labelled texts that the model was not trained on, to measure what shrinking costs; may be repeated.",
            metavar="ROWS",
        ),
    ] = None,
    text: TextColumn = None,
    label: LabelColumn = None,
    labels_separator: LabelsSeparator = None,
    format: Format = None,
    delimiter: Delimiter = None,
    quoting: Quoting = None,
    header: Header = None,
    threads: Threads = 1,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is not a vikt model.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a model smaller: keep the features that matter most.

    Those are the ones that move its scores most; hand-made features are always kept. The smaller model predicts and
    explains as any other; nothing is proven of it, and it cannot be updated. Its accuracy is measured only where you
    give --data.
    """
    from vikt.cli import shrink as work

    rows = InputOptions.labelled(data, text, label, labels_separator, format, delimiter, quoting, header)
    work.shrink_model(
        work.Request(
            model=model,
            features=features,
            size=size,
            output=output,
            rows=rows,
            threads=threads,
            force=force,
            as_json=as_json,
            quiet=quiet,
        )
    )
