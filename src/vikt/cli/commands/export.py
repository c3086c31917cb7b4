"""`vikt export` as it is typed."""

from __future__ import annotations

from typing import Any

import click

from vikt.cli.app import command
from vikt.cli.options import FILE, as_json, input_format, labelled_columns, measuring_data, model, quiet, threads
from vikt.cli.values import one_of
from vikt.names import ExportFormatName


@command(
    "vikt export model.vikt -o model.html",
    "vikt export model.vikt -o model.html --size 3MB --data test.csv",
    "vikt export model.vikt -o README.md",
    "vikt export model.vikt -o model.joblib",
    "vikt export columns.vikt -o model.onnx",
)
@model
@click.option("--output", "-o", type=FILE, required=True, metavar="FILE", help="File to write; - is stdout.")
@click.option(
    "--to", type=one_of(ExportFormatName), help="Format to export to, if the ending of FILE does not show it."
)
@click.option(
    "--size",
    metavar="SIZE",
    help="Largest size of a page, such as 500kB or 3MB: its weights are rounded to 8 bits, and it keeps the features "
    "that fit. About 0.1 MB is the page itself.",
)
@measuring_data("--size")
@labelled_columns
@input_format
@threads
@click.option("--force", is_flag=True, help="Overwrite a file that vikt did not export.")
@as_json
@quiet
def export(**typed: Any) -> None:
    """Write a trained model as a file for other programs.

    html is a page that classifies and explains texts in any current browser, offline; card is a description in
    Markdown, with the front matter of the Hugging Face Hub; sklearn is a fitted pipeline of scikit-learn, which is a
    pickle, so loading it runs code; onnx is a graph of a model of columns without text. The page and the card have the
    name of the model's file as their title: name the file as you want them titled.
    """
    from vikt.cli import export as work

    work.export_model(work.Request(**typed))
