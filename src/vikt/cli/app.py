"""The command-line program, whose commands are imported when they are called."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import click

from vikt import __version__
from vikt.cli.console import guarded
from vikt.names import suggestion

# In the order of the help; each is a function in a module of its name.
_COMMANDS = (
    "audit",
    "compare",
    "demo",
    "evaluate",
    "explain",
    "export",
    "filter",
    "inspect",
    "predict",
    "serve",
    "shrink",
    "train",
    "update",
)


def command(*examples: str, no_args_is_help: bool = True) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function a command, whose help ends with examples."""
    epilog = "\b\nExamples:\n" + "\n".join(f"  {line}" for line in examples)

    def made(function: Callable[..., Any]) -> click.Command:
        return click.command(epilog=epilog, no_args_is_help=no_args_is_help)(guarded(function))

    return made


class _Program(click.Group):
    """Commands that are imported one by one: the options of all of them take as long to make as NumPy to import."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        found: click.Command = getattr(import_module(f"vikt.cli.commands.{cmd_name}"), cmd_name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            # Click looks for a similar name among the commands that are imported.
            name = error.command_name
            raise click.UsageError(f"No such command {name!r}{suggestion(name, _COMMANDS)}", ctx) from None


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(__version__, message="vikt %(version)s", help="Print the version.")
def program() -> None:
    """Text classification with logistic regression: certified optimal, reproducible, explained."""
