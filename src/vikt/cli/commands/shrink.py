"""`vikt shrink` as it is typed."""

from __future__ import annotations

from typing import Any

import click

from vikt.cli.app import command
from vikt.cli.options import (
    FILE,
    as_json,
    force_model,
    input_format,
    labelled_columns,
    measuring_data,
    model,
    quiet,
    threads,
)
from vikt.cli.values import COUNT


@command(
    "vikt shrink model.vikt --features 50000",
    "vikt shrink model.vikt --size 3MB -o small.vikt",
    "vikt shrink model.vikt --size 500kB --data test.csv",
)
@model
@click.option("--features", type=COUNT, metavar="N", help="Number of features to keep.")
@click.option("--size", metavar="SIZE", help="Largest size of the file, such as 500kB or 3MB.")
@click.option(
    "--output",
    "-o",
    type=FILE,
    metavar="FILE",
    help="Write the model to this file (default: MODEL with -small added to its name).",
)
@measuring_data("shrinking")
@labelled_columns
@input_format
@threads
@force_model
@as_json
@quiet
def shrink(**typed: Any) -> None:
    """Make a model smaller: keep the features that matter most.

    Those are the ones that move its scores most; hand-made features are always kept. The smaller model predicts and
    explains as any other; nothing is proven of it, and it cannot be updated. Its accuracy is measured only where you
    give --data.
    """
    from vikt.cli import shrink as work

    work.shrink_model(work.Request(**typed))
