"""`vikt predict` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vikt.cli.app import command
from vikt.cli.options import Delimiter, Format, Header, Model, Quiet, Quoting, TextColumn, Threads
from vikt.corpus.dialect import Dialect
from vikt.names import OutputFormatName


@command(
    "echo 'What a film!' | vikt predict model.vikt",
    "vikt predict model.vikt new.csv -o labelled.parquet --proba",
    "vikt predict model.vikt new.jsonl --top 3 --threshold 0.2",
    "vikt predict model.vikt 'logs/*.csv' more.csv -o labelled.csv",
    "vikt predict topic.vikt new.csv --prefix topic_ | vikt predict spam.vikt - --format csv --prefix spam_",
    "tail -f mails.log | vikt predict model.vikt",
    no_args_is_help=True,
)
def predict(
    model: Model,
    data: Annotated[
        list[str] | None,
        typer.Argument(
            help="Texts in any format that train reads: files, folders and patterns; - (the default) is stdin, one "
            "text per line unless --format says otherwise.",
            metavar="DATA",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Write to this file instead of stdout; its name sets the format.", metavar="FILE"
        ),
    ] = None,
    text: TextColumn = None,
    format: Format = None,
    to: Annotated[
        OutputFormatName | None,
        typer.Option("--to", help="Output format, if the file name does not show it.", show_default=False),
    ] = None,
    delimiter: Delimiter = None,
    quoting: Quoting = None,
    header: Header = None,
    top: Annotated[
        int | None,
        typer.Option(
            help="Give the K most probable classes, or the K most probable of several labels whatever their "
            "thresholds.",
            min=1,
            metavar="K",
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            help="Leave a label out if its probability is below P. A model of several labels uses P in place of the "
            "thresholds that it learnt.",
            min=0,
            max=1,
            metavar="P",
        ),
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Add a column with the probability of each class.")] = False,
    prefix: Annotated[
        str, typer.Option(help="Prefix for the names of the added columns.", metavar="NAME", show_default=False)
    ] = "",
    threads: Threads = 1,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Write JSON: of lines the answers alone, without the texts; of a table all its columns, and the "
            "answers.",
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Label texts, given as lines or as a table.

    For each line of text, print the label, a tab and its probability. For a table, write the same table with columns
    added. A label is empty where the model gives no answer; a model trained with --coverage adds a column of sets of
    labels. Of several labels per text, those whose probabilities reach their thresholds stand in one field, the most
    probable first, with commas between them, as do their probabilities: "joy,love" and "0.9,0.6". JSON, Parquet and
    Arrow hold lists. Memory use does not grow with the input, and each line of a pipe is answered as it arrives.
    """
    from vikt.cli import predict as work

    dialect = Dialect(delimiter, quoting, header)
    request = work.Request(
        data=data or ["-"], text=text, format=format, dialect=dialect,
        output=output, to=to, force=force, as_json=as_json, quiet=quiet,
    )  # fmt: skip
    work.predict(model, request, threads=threads, top=top, threshold=threshold, proba=proba, prefix=prefix)
