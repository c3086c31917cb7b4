"""`vikt evaluate` as it is typed."""

from __future__ import annotations

from typing import Annotated

import typer

from vikt.cli.app import command
from vikt.cli.options import (
    Delimiter,
    ForceReport,
    Format,
    Header,
    InputOptions,
    Json,
    LabelColumn,
    LabelledData,
    LabelsSeparator,
    Model,
    Quiet,
    Quoting,
    Report,
    ReportRequest,
    TextColumn,
    Threads,
)


@command(
    "vikt evaluate model.vikt test.tsv",
    "vikt evaluate model.vikt test.csv --label topic --json",
    "vikt evaluate model.vikt test.csv --report report.html",
    "vikt evaluate model.vikt test.csv --by language --by length",
    "vikt evaluate model.vikt test.csv --require 'accuracy >= 0.9' --require 'recall(spam) >= 95%'",
    no_args_is_help=True,
)
def evaluate(
    context: typer.Context,
    model: Model,
    data: LabelledData,
    text: TextColumn = None,
    label: LabelColumn = None,
    labels_separator: LabelsSeparator = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            help="Also report the figures by this column (numbers in fifths). 'length' is the text length unless a "
            "column has that name. May be repeated.",
            metavar="COL",
        ),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(
            help="Exit with code 3 unless this holds: 'accuracy >= 0.9', 'log_loss < 0.3', 'precision(spam) >= 99%' "
            "(names as in --json). May be repeated.",
            metavar="CONDITION",
        ),
    ] = None,
    format: Format = None,
    delimiter: Delimiter = None,
    quoting: Quoting = None,
    header: Header = None,
    report: Report = None,
    force: ForceReport = False,
    threads: Threads = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Test a model on labelled texts.

    Columns that you do not name are those of training, if DATA has them; otherwise they are guessed as in training,
    and the guess is printed. Labels are read as in training.
    """
    from vikt.cli import evaluate as work

    given = InputOptions.labelled(data, text, label, labels_separator, format, delimiter, quoting, header)
    wanted = ReportRequest.of(report, context, force)
    return work.evaluate_file(
        model,
        given,
        by=by or [],
        require=require or [],
        threads=threads,
        as_json=as_json,
        quiet=quiet,
        report=wanted,
    )
