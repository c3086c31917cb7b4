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


class _Command(click.Command):
    """A command that refuses what Click lets pass: an option given twice, of which only the last value would count."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            if not ctx.resilient_parsing:
                self._check_given_once(ctx, list(args))
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            # Click's parser does not say in which command an option lacks its value.
            error.ctx = error.ctx or ctx
            raise

    def _check_given_once(self, ctx: click.Context, args: list[str]) -> None:
        _, _, given = self.make_parser(ctx).parse_args(args)
        for number, parameter in enumerate(given):
            if parameter in given[:number] and _has_one_value(parameter):
                name = max(parameter.opts, key=len)
                raise click.UsageError(f"{name} was given twice; give it once", ctx)


def _has_one_value(parameter: click.Parameter) -> bool:
    """Whether only one value of an option counts; a flag that can only say yes may say it twice."""
    return (
        isinstance(parameter, click.Option)
        and not parameter.multiple
        and bool(parameter.secondary_opts or not parameter.is_flag)
    )


def command(*examples: str, no_args_is_help: bool = True) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function a command, whose help ends with examples."""
    epilog = "\b\nExamples:\n" + "\n".join(f"  {line}" for line in examples)

    def made(function: Callable[..., Any]) -> click.Command:
        return click.command(cls=_Command, epilog=epilog, no_args_is_help=no_args_is_help)(guarded(function))

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
