"""The command-line program, made of some commands, each of which says how it is added."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar

import typer

from vikt import __version__
from vikt.cli.console import guarded

Command = TypeVar("Command", bound=Callable[..., Any])

# By name, what adds each command to a program: of those whose modules were imported.
_COMMANDS: dict[str, Callable[[typer.Typer], object]] = {}


def command(*examples: str, no_args_is_help: bool = False) -> Callable[[Command], Command]:
    """Make a function a command, whose help ends with examples."""
    epilog = "\b\nExamples:\n" + "\n".join(f"  {line}" for line in examples)

    def added(function: Command) -> Command:
        _COMMANDS[function.__name__] = lambda app: app.command(no_args_is_help=no_args_is_help, epilog=epilog)(
            guarded(function)
        )
        return function

    return added


def program(names: Iterable[str]) -> Any:
    """The program with these commands, in this order."""
    app = typer.Typer(
        name="vikt",
        help="Text classification with logistic regression: certified optimal, reproducible, explained.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # Boxes around the help would take as long to import as all the rest.
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name in names:
        _COMMANDS[name](app)
    return typer.main.get_command(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vikt {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
