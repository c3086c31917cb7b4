"""The options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vikt.names import FormatName

Json = Annotated[bool, typer.Option("--json", help="Print the results as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no notes on stderr.")]
Threads = Annotated[
    int, typer.Option("--threads", min=1, metavar="N", help="Use N threads; the result does not depend on it.")
]
Model = Annotated[Path, typer.Argument(help="A model written by `vikt train`.", metavar="MODEL")]
TextColumn = Annotated[str | None, typer.Option("--text", help="The column that holds the texts.", metavar="COL")]
Format = Annotated[
    FormatName | None,
    typer.Option("--format", help="The format of DATA, if its file name does not show it.", show_default=False),
]
LabelColumn = Annotated[str | None, typer.Option("--label", help="The column that holds the labels.", metavar="COL")]
