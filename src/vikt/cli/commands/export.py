"""`vikt export` as it is typed."""

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
from vikt.names import ExportFormatName


@command(
    "vikt export model.vikt -o model.html",
    "vikt export model.vikt -o model.html --size 3MB --data test.csv",
    "vikt export model.vikt -o README.md",
    "vikt export model.vikt -o model.joblib",
    "vikt export columns.vikt -o model.onnx",
    no_args_is_help=True,
)
def export(
    model: Model,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write; - is stdout.", metavar="FILE")],
    to: Annotated[
        ExportFormatName | None,
        typer.Option("--to", help="Format to export to, if the ending of FILE does not show it.", show_default=False),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            help="Largest size of a page, such as 500kB or 3MB: its weights are rounded to 8 bits, and it keeps the "
            "features that fit. About 0.1 MB is the page itself.",
            metavar="S",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            help="Labelled texts that the model was not trained on, to measure what --size costs; may be repeated.",
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
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that vikt did not export.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a trained model as a file for other programs.

    html is a page that classifies and explains texts in any current browser, offline; card is a description in
    Markdown, with the front matter of the Hugging Face Hub; sklearn is a fitted pipeline of scikit-learn, which is a
    pickle, so loading it runs code; onnx is a graph of a model of columns without text. The page and the card have the
    name of the model's file as their title: name the file as you want them titled.
    """
    from vikt.cli import export as work

    rows = InputOptions.labelled(data, text, label, labels_separator, format, delimiter, quoting, header)
    work.export_model(
        work.Request(
            model=model,
            output=output,
            to=to,
            size=size,
            rows=rows,
            threads=threads,
            force=force,
            as_json=as_json,
            quiet=quiet,
        )
    )
