"""`vikt audit` as it is typed."""

from __future__ import annotations

from typing import Any

import click

from vikt.cli.app import command
from vikt.cli.options import (
    FILE,
    as_json,
    input_format,
    label_column,
    labelled_data,
    labels_separator,
    quiet,
    report,
    targets,
    text_column,
    threads,
)
from vikt.cli.values import one_of
from vikt.names import AnalyzerName


@command(
    "vikt audit reviews.csv",
    "vikt audit train.tsv --test test.tsv --label topic",
    "vikt audit train.tsv --test test.tsv --ignore V104 --ignore near-duplicate-text --json",
    "vikt audit new.csv --model model.vikt",
    "vikt audit train.tsv --report audit.html",
    "vikt audit train.tsv -o review.csv",
)
@labelled_data
@click.option("--test", metavar="DATA", help="Also check these labelled test texts against DATA.")
@click.option(
    "--model",
    type=FILE,
    metavar="MODEL",
    help="Also check DATA against this model: labels and texts that it does not know, rows that it was trained on.",
)
@click.option("--ignore", multiple=True, metavar="CHECK", help="Skip this check, by its code or name; may be repeated.")
@click.option(
    "--mislabels", is_flag=True, help="Also look for labels that are probably wrong, by training on the data."
)
@click.option(
    "--output",
    "-o",
    type=FILE,
    metavar="FILE",
    help="Look for labels that are probably wrong, and write their rows to this table, most suspected first.",
)
@click.option(
    "--analyzer",
    type=one_of(AnalyzerName),
    default="auto",
    help="Features for the search for wrong labels, as in `vikt train --analyzer`.",
)
@text_column
@label_column
@targets
@labels_separator
@input_format
@report(shows_output=True)
@threads
@click.option("--force", is_flag=True, help="Overwrite an existing FILE, or a file that is not a vikt report.")
@as_json
@quiet
def audit(**typed: Any) -> int:
    """Check labelled texts for what ruins models.

    It finds duplicates, label leaks, conflicting labels and broken characters. Levels of an order are audited as
    classes, whatever their order. Each check has a code and a page in docs/audit/. The exit code is 3 if a finding is
    an error.
    """
    from vikt.cli import audit as work

    return work.audit_files(work.Request(**typed))
