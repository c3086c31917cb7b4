"""`vikt audit` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vikt.cli.app import command
from vikt.cli.options import (
    Delimiter,
    Format,
    Header,
    Json,
    LabelColumn,
    LabelledData,
    LabelsSeparator,
    Quiet,
    Quoting,
    Report,
    ReportRequest,
    Targets,
    TextColumn,
    Threads,
)
from vikt.corpus.dialect import Dialect
from vikt.names import AnalyzerName


@command(
    "vikt audit reviews.csv",
    "vikt audit train.tsv --test test.tsv --label topic",
    "vikt audit train.tsv --test test.tsv --ignore V104 --ignore near-duplicate-text --json",
    "vikt audit new.csv --model model.vikt",
    "vikt audit train.tsv --report audit.html",
    "vikt audit train.tsv -o review.csv",
    no_args_is_help=True,
)
def audit(
    context: typer.Context,
    data: LabelledData,
    test: Annotated[
        str | None, typer.Option(help="Also check these labelled test texts against DATA.", metavar="DATA")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Also check DATA against this model: labels and texts that it does not know, rows that it was trained "
            "on.",
            metavar="MODEL",
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="Skip this check, by its code or name; may be repeated.", metavar="CHECK"),
    ] = None,
    mislabels: Annotated[
        bool, typer.Option("--mislabels", help="Also look for labels that are probably wrong, by training on the data.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Look for labels that are probably wrong, and write their rows to this table, most suspected first.",
            metavar="FILE",
        ),
    ] = None,
    analyzer: Annotated[
        AnalyzerName, typer.Option(help="Features for the search for wrong labels, as in `vikt train --analyzer`.")
    ] = "auto",
    text: TextColumn = None,
    label: LabelColumn = None,
    targets: Targets = "auto",
    labels_separator: LabelsSeparator = None,
    format: Format = None,
    delimiter: Delimiter = None,
    quoting: Quoting = None,
    header: Header = None,
    report: Report = None,
    threads: Threads = 1,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite an existing FILE, or a file that is not a vikt report.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Check labelled texts for what ruins models.

    It finds duplicates, label leaks, conflicting labels and broken characters. Levels of an order are audited as
    classes, whatever their order. Each check has a code and a page in docs/audit/. The exit code is 3 if a finding is
    an error.
    """
    from vikt.cli import audit as work

    return work.audit_files(
        work.Request(
            data=data,
            text=text,
            label=label,
            targets=targets,
            labels_separator=labels_separator,
            format=format,
            dialect=Dialect(delimiter, quoting, header),
            test=test,
            model=model,
            ignore=ignore or [],
            mislabels=mislabels,
            output=output,
            analyzer=analyzer,
            threads=threads,
            report=ReportRequest.of(report, context, force, shows_output=True),
            force=force,
            as_json=as_json,
            quiet=quiet,
        )
    )
