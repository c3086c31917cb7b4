"""`vikt predict` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vikt.cli.app import command
from vikt.cli.options import FILE, gathered, input_format, model, quiet, text_column, threads
from vikt.cli.values import COUNT, NumberOf, one_of
from vikt.names import OutputFormatName


@command(
    "echo 'What a film!' | vikt predict model.vikt",
    "vikt predict model.vikt new.csv -o labelled.parquet --proba",
    "vikt predict model.vikt new.jsonl --top 3 --threshold 0.2",
    "vikt predict model.vikt 'logs/*.csv' more.csv -o labelled.csv",
    "vikt predict topic.vikt new.csv --prefix topic_ | vikt predict spam.vikt - --format csv --prefix spam_",
    "tail -f mails.log | vikt predict model.vikt",
)
@model
@click.argument(
    "data",
    nargs=-1,
    help="Texts in any format that train reads: files, folders and patterns; - (the default) is stdin, one "
    "text per line unless --format says otherwise.",
)
@click.option(
    "--output",
    "-o",
    type=FILE,
    metavar="FILE",
    help="Write to this file instead of stdout; its name sets the format.",
)
@text_column
@input_format
@click.option("--to", type=one_of(OutputFormatName), help="Output format, if the file name does not show it.")
@click.option(
    "--top",
    type=COUNT,
    metavar="K",
    help="Give the K most probable classes, or the K most probable of several labels whatever their thresholds.",
)
@click.option(
    "--threshold",
    type=NumberOf(float, 0, 1),
    metavar="P",
    help="Leave a label out if its probability is below P. A model of several labels uses P in place of the "
    "thresholds that it learnt.",
)
@click.option("--proba", is_flag=True, help="Add a column with the probability of each class.")
@click.option(
    "--prefix", default="", show_default=False, metavar="NAME", help="Prefix for the names of the added columns."
)
@threads
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Write JSON: of lines the answers alone, without the texts; of a table all its columns, and the answers.",
)
@quiet
def predict(model: Path, data: tuple[str, ...], **typed: Any) -> None:
    """Label texts, given as lines or as a table.

    For each line of text, print the label, a tab and its probability. For a table, write the same table with columns
    added. A label is empty where the model gives no answer; a model trained with --coverage adds a column of sets of
    labels. Of several labels per text, those whose probabilities reach their thresholds stand in one field, the most
    probable first, with commas between them, as do their probabilities: "joy,love" and "0.9,0.6". JSON, Parquet and
    Arrow hold lists. Memory use does not grow with the input, and each line of a pipe is answered as it arrives.
    """
    from vikt.cli import predict as work

    request, options = gathered(work.Request, {"data": data or ("-",), **typed})
    work.predict(model, request, **options)
