"""`vikt evaluate` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vikt.cli.app import command
from vikt.cli.options import (
    InputOptions,
    as_json,
    force_report,
    gathered,
    input_format,
    labelled_columns,
    labelled_data,
    model,
    quiet,
    report,
    threads,
)


@command(
    "vikt evaluate model.vikt test.tsv",
    "vikt evaluate model.vikt test.csv --label topic --json",
    "vikt evaluate model.vikt test.csv --report report.html",
    "vikt evaluate model.vikt test.csv --by language --by length",
    "vikt evaluate model.vikt test.csv --require 'accuracy >= 0.9' --require 'recall(spam) >= 95%'",
)
@model
@labelled_data
@labelled_columns
@click.option(
    "--by",
    multiple=True,
    metavar="COL",
    help="Also report the figures by this column (numbers in fifths). 'length' is the text length unless a column has "
    "that name. May be repeated.",
)
@click.option(
    "--require",
    multiple=True,
    metavar="CONDITION",
    help="Exit with code 3 unless this holds: 'accuracy >= 0.9', 'log_loss < 0.3', 'precision(spam) >= 99%' (names as "
    "in --json). May be repeated.",
)
@input_format
@report()
@force_report
@threads
@as_json
@quiet
def evaluate(model: Path, **typed: Any) -> int:
    """Test a model on labelled texts.

    Columns that you do not name are those of training, if DATA has them; otherwise they are guessed as in training,
    and the guess is printed. Labels are read as in training.
    """
    from vikt.cli import evaluate as work

    rows, options = gathered(InputOptions, typed)
    return work.evaluate_file(model, rows, **options)
