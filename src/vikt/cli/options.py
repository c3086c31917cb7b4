"""The options and arguments that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from vikt.cli.typed import typed_command
from vikt.corpus.dialect import DEFAULT_DIALECT, Dialect
from vikt.names import FormatName, TargetsName


@dataclass(frozen=True, kw_only=True)
class InputOptions:
    """What a command reads, and how."""

    data: list[str]
    text: str | None = None
    label: str | None = None
    format: str | None = None
    dialect: Dialect = DEFAULT_DIALECT
    labels_separator: str | None = None

    @classmethod
    def labelled(
        cls,
        data: list[str] | None,
        text: str | None,
        label: str | None,
        labels_separator: str | None,
        format: str | None,
        delimiter: str | None,
        quoting: bool | None,
        header: bool | None,
    ) -> InputOptions:
        """Labelled rows, by the options that commands have for them, in the order in which help lists them."""
        return cls(
            data=data or [],
            text=text,
            label=label,
            format=format,
            dialect=Dialect(delimiter, quoting, header),
            labels_separator=labels_separator,
        )


@dataclass(frozen=True)
class ReportRequest:
    """The report that a command writes: its file, the command as it can be typed again, and what --force says."""

    path: Path
    command: str
    force: bool

    @classmethod
    def of(
        cls, path: Path | None, context: typer.Context, force: bool, *, shows_output: bool = False
    ) -> ReportRequest | None:
        """The request, if there is one; `shows_output` where naming an output asks for more work."""
        return None if path is None else cls(path, typed_command(context, shows_output), force)


def parse_share(typed: str) -> float:
    """A number, of which % makes hundredths. Raises typer.BadParameter where it is none.

    Examples
    --------
    >>> parse_share("2%"), parse_share("0.9")
    (0.02, 0.9)
    """
    try:
        return float(typed.removesuffix("%") + "e-2" * typed.endswith("%"))
    except ValueError:
        raise typer.BadParameter(f"expected a number such as 0.02 or 2%, found {typed!r:.60}") from None


Json = Annotated[bool, typer.Option("--json", help="Print the results as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress or notes on stderr.")]
LabelledData = Annotated[
    list[str], typer.Argument(help="Labelled texts, in any format that train reads.", metavar="DATA")
]
Weight = Annotated[
    str | None, typer.Option("--weight", help="Column that holds the weight of each row.", metavar="COL")
]
Threads = Annotated[
    int, typer.Option("--threads", min=1, metavar="N", help="Number of threads; the result does not depend on it.")
]
Report = Annotated[
    Path | None,
    typer.Option("--report", help="Also write a report to this HTML file.", metavar="FILE", show_default=False),
]
ForceReport = Annotated[bool, typer.Option("--force", help="Overwrite a file that is not a vikt report.")]
Model = Annotated[Path, typer.Argument(help="Model file written by `vikt train`; - is stdin.", metavar="MODEL")]
TextColumn = Annotated[str | None, typer.Option("--text", help="Column that holds the texts.", metavar="COL")]
Format = Annotated[
    FormatName | None,
    typer.Option("--format", help="Format of DATA, if its file name does not show it.", show_default=False),
]
LabelColumn = Annotated[
    str | None,
    typer.Option(
        "--label",
        help="Column that holds the labels; or several columns, one per label, such as joy,love.",
        metavar="COL",
    ),
]
Targets = Annotated[
    TargetsName,
    typer.Option(
        "--targets",
        help="What a text is labelled with: one class, several labels, soft labels (a share of each class) or a level "
        "of an order; auto decides by DATA.",
    ),
]
LabelsSeparator = Annotated[
    str | None,
    typer.Option(
        "--labels-separator",
        help="Separator between the labels of a text that has several in one value, such as ','.",
        metavar="CHARS",
        show_default=False,
    ),
]
Order = Annotated[
    str | None,
    typer.Option(
        "--order",
        help="Levels of ordered labels from lowest to highest, such as low,medium,high; implies --targets ordered. "
        "Numbers need no order.",
        metavar="LEVELS",
        show_default=False,
    ),
]
Thresholds = Annotated[
    str,
    typer.Option(
        "--thresholds",
        help="How probable each of several labels must be: a threshold for each label, one common to all, or P.",
        metavar="label|common|P",
    ),
]
Delimiter = Annotated[
    str | None,
    typer.Option(
        "--delimiter",
        help="Character between the values of CSV or TSV, such as ';' or tab; with .txt or stdin, reads the input as a "
        "table.",
        metavar="CHAR",
        parser=lambda typed: "\t" if typed.lower() in ("tab", "\\t") else typed,
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
        help="Whether the first row names the columns; without a header they are named 1, 2, …",
        show_default=False,
    ),
]
