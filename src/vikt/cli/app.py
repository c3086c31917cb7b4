"""The command-line program, to which each command adds itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from vikt import __version__
from vikt.cli.console import guarded

Command = TypeVar("Command", bound=Callable[..., Any])

app = typer.Typer(
    name="vikt",
    help="Text classification with logistic regression: certified optimal, reproducible, explained.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Boxes around the help would take as long to import as all the rest.
    context_settings={"help_option_names": ["-h", "--help"]},
)


def command(*examples: str, no_args_is_help: bool = False) -> Callable[[Command], Command]:
    """Add a function to the program as a command, whose help ends with examples."""
    epilog = "\b\nExamples:\n" + "\n".join(f"  {line}" for line in examples)

    def added(function: Command) -> Command:
        app.command(no_args_is_help=no_args_is_help, epilog=epilog)(guarded(function))
        return function

    return added


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vikt {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
