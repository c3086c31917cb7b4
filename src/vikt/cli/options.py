"""The options and arguments that several commands share, each a decorator, and what their values are gathered in."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import click

from vikt.cli.typed import typed_command
from vikt.cli.values import COUNT, one_of, parse_delimiter
from vikt.corpus.dialect import DEFAULT_DIALECT, Dialect
from vikt.mappings import Values
from vikt.names import FormatName, TargetsName

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Function: TypeAlias = Callable[..., Any]
Decorator: TypeAlias = Callable[[Function], Function]
Gathered = TypeVar("Gathered", bound="DataclassInstance")


@dataclass(frozen=True, kw_only=True)
class InputOptions:
    """What a command reads, and how."""

    data: Sequence[str]
    text: str | None = None
    label: str | None = None
    format: str | None = None
    dialect: Dialect = DEFAULT_DIALECT
    labels_separator: str | None = None


@dataclass(frozen=True)
class ReportRequest:
    """The report that a command writes: its file, and the command as it can be typed again."""

    path: Path
    command: str


def gathered(kind: type[Gathered], typed: Mapping[str, Any]) -> tuple[Gathered, Values]:
    """The options that are fields of a dataclass, in one of that kind, and the others.

    Examples
    --------
    >>> gathered(Dialect, {"delimiter": ";", "top": 3})
    (Dialect(delimiter=';', quoting=None, header=None), {'top': 3})
    """
    names = {field.name for field in fields(kind)}
    own = {name: value for name, value in typed.items() if name in names}
    return kind(**own), {name: value for name, value in typed.items() if name not in names}


def together(*options: Decorator) -> Decorator:
    """Several options as one decorator, in the order of the help."""
    return lambda function: functools.reduce(lambda made, option: option(made), reversed(options), function)


class _File(click.Path):
    """The name of a file. Whether it can be read, the reader says, as of every other file."""

    def __init__(self) -> None:
        super().__init__(readable=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("expected the name of a file, found an empty one", param, ctx)
        return super().convert(value, param, ctx)


FILE = _File()

model = click.argument("model", type=FILE, help="Model file written by `vikt train`; - is stdin.")
labelled_data = click.argument("data", nargs=-1, required=True, help="Labelled texts, in any format that train reads.")
text_column = click.option("--text", metavar="COL", help="Column that holds the texts.")
label_column = click.option(
    "--label",
    metavar="COL",
    help="Column that holds the labels; or several columns, one per label, such as joy,love.",
)
targets = click.option(
    "--targets",
    type=one_of(TargetsName),
    default="auto",
    help="What a text is labelled with: one class, several labels, soft labels (a share of each class) or a level "
    "of an order; auto decides by DATA.",
)
labels_separator = click.option(
    "--labels-separator",
    metavar="CHARS",
    help="Separator between the labels of a text that has several in one value, such as ','.",
)
weight = click.option("--weight", metavar="COL", help="Column that holds the weight of each row.")
threads = click.option(
    "--threads", type=COUNT, default=1, metavar="N", help="Number of threads; the result does not depend on it."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
quiet = click.option("--quiet", "-q", is_flag=True, help="Print no progress or notes on stderr.")
force_report = click.option("--force", is_flag=True, help="Overwrite a file that is not a vikt report.")
force_model = click.option("--force", is_flag=True, help="Overwrite a file that is not a vikt model.")

_format = click.option("--format", type=one_of(FormatName), help="Input format, if the file name does not show it.")
_delimiter = click.option(
    "--delimiter",
    type=parse_delimiter,
    metavar="CHAR",
    help="Character between the values of CSV or TSV, such as ';' or tab; with .txt or stdin, reads the input as a "
    "table.",
)
_quoting = click.option(
    "--quoting/--no-quoting",
    default=None,
    help="Quotation marks enclose values, or are text (default: they enclose values in CSV, and not in TSV).",
)
_header = click.option(
    "--header/--no-header",
    default=None,
    help="Whether the first row names the columns; without a header they are named 1, 2, …",
)


def dialect(function: Function) -> Function:
    """The options for the layout of tables, given to the command as one Dialect."""

    @functools.wraps(function)
    def with_dialect(**typed: Any) -> Any:
        found, others = gathered(Dialect, typed)
        return function(dialect=found, **others)

    return together(_delimiter, _quoting, _header)(with_dialect)


def measuring_data(cause: str) -> Decorator:
    """The rows on which a smaller model is measured."""
    return click.option(
        "--data",
        multiple=True,
        metavar="ROWS",
        help=f"Labelled texts that the model was not trained on, to measure what {cause} costs; may be repeated.",
    )


input_format = together(_format, dialect)
labelled_columns = together(text_column, label_column, labels_separator)


def report(*, shows_output: bool = False) -> Decorator:
    """The option --report, given to the command as a ReportRequest.

    Parameters
    ----------
    shows_output : bool
        Whether naming an output asks for more work, so that the report shows it in the command.
    """

    def added(function: Function) -> Function:
        @functools.wraps(function)
        def with_request(*, report: Path | None, **typed: Any) -> Any:
            command = typed_command(click.get_current_context(), shows_output)
            return function(report=None if report is None else ReportRequest(report, command), **typed)

        option = click.option("--report", type=FILE, metavar="FILE", help="Also write a report to this HTML file.")
        return option(with_request)

    return added
