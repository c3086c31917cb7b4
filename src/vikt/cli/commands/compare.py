"""`vikt compare` as it is typed."""

from __future__ import annotations

from pathlib import Path
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
    Quiet,
    Quoting,
    Report,
    ReportRequest,
    TextColumn,
    Threads,
)


@command(
    "vikt compare old.vikt new.vikt test.tsv",
    "vikt compare words.vikt letters.vikt test.csv --label topic --json",
    no_args_is_help=True,
)
def compare(
    context: typer.Context,
    a: Annotated[Path, typer.Argument(help="Model file written by `vikt train`; - is stdin.", metavar="A")],
    b: Annotated[Path, typer.Argument(help="The model to compare it with.", metavar="B")],
    data: LabelledData,
    text: TextColumn = None,
    label: LabelColumn = None,
    labels_separator: LabelsSeparator = None,
    format: Format = None,
    delimiter: Delimiter = None,
    quoting: Quoting = None,
    header: Header = None,
    report: Report = None,
    force: ForceReport = False,
    threads: Threads = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare two models on the same labelled texts.

    Neither may have been trained on them. A model is called better only where the 95% interval of the difference
    excludes 0 and p < 0.05 after Holm's correction for the number of figures.
    """
    from vikt.cli import compare as work

    given = InputOptions.labelled(data, text, label, labels_separator, format, delimiter, quoting, header)
    wanted = ReportRequest.of(report, context, force)
    work.compare_files((a, b), given, threads=threads, report=wanted, as_json=as_json, quiet=quiet)
