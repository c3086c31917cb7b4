"""The options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vikt.names import FormatName

Json = Annotated[bool, typer.Option("--json", help="Print the results as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress or notes on stderr.")]
Threads = Annotated[
    int, typer.Option("--threads", min=1, metavar="N", help="Number of threads; the result does not depend on it.")
]
Model = Annotated[Path, typer.Argument(help="Model file written by `vikt train`; - is stdin.", metavar="MODEL")]
TextColumn = Annotated[str | None, typer.Option("--text", help="Column that holds the texts.", metavar="COL")]
Format = Annotated[
    FormatName | None,
    typer.Option("--format", help="Format of DATA, if its file name does not show it.", show_default=False),
]
LabelColumn = Annotated[str | None, typer.Option("--label", help="Column that holds the labels.", metavar="COL")]
Delimiter = Annotated[
    str | None,
    typer.Option(
        "--delimiter",
        help="Character between the values of CSV or TSV, such as ';' or tab; of .txt and stdin, it makes a table.",
        metavar="CHAR",
        show_default=False,
    ),
]
Quoting = Annotated[
    bool | None,
    typer.Option(
        "--quoting/--no-quoting",
        help="Quotation marks enclose values, or are text (default: they enclose values in CSV, and not in TSV).",
        show_default=False,
    ),
]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="The first row of CSV or TSV names the columns, or is data: columns are then named 1, 2 and so on.",
        show_default=False,
    ),
]
