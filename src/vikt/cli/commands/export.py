"""`vikt export` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vikt.cli.app import command
from vikt.cli.options import Json, Model, Quiet
from vikt.names import ExportFormatName


@command(
    "vikt export model.vikt -o model.html",
    "vikt export model.vikt -o README.md",
    "vikt export model.vikt -o model.joblib",
    no_args_is_help=True,
)
def export(
    model: Model,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write; - is stdout.", metavar="FILE")],
    to: Annotated[
        ExportFormatName | None,
        typer.Option("--to", help="Format to export to, if the ending of FILE does not show it.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that vikt did not export.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a trained model as a file for other programs.

    html is a page that classifies and explains texts in any browser, offline; card is a
    description in Markdown, with the front matter of the Hugging Face Hub; sklearn is a fitted pipeline of
    scikit-learn, which is a pickle, so loading it runs code.
    """
    from vikt.cli.export import export_model

    export_model(model, output, to, force=force, as_json=as_json, quiet=quiet)
