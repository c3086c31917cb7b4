"""`vikt compare` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vikt.cli.app import command
from vikt.cli.options import (
    FILE,
    InputOptions,
    as_json,
    force_report,
    gathered,
    input_format,
    labelled_columns,
    labelled_data,
    quiet,
    report,
    threads,
)


@command(
    "vikt compare old.vikt new.vikt test.tsv",
    "vikt compare words.vikt letters.vikt test.csv --label topic --json",
)
@click.argument("a", type=FILE, help="Model file written by `vikt train`; - is stdin.")
@click.argument("b", type=FILE, help="The model to compare it with.")
@labelled_data
@labelled_columns
@input_format
@report()
@force_report
@threads
@as_json
@quiet
def compare(a: Path, b: Path, **typed: Any) -> None:
    """Compare two models on the same labelled texts.

    Neither may have been trained on them. A model is called better only where the 95% interval of the difference
    excludes 0 and p < 0.05 after Holm's correction for the number of figures.
    """
    from vikt.cli import compare as work

    rows, options = gathered(InputOptions, typed)
    work.compare_files((a, b), rows, **options)
