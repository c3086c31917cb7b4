"""Mistakes in options and arguments, which Click finds, in one line as every other error."""

from __future__ import annotations

import re
from typing import NoReturn

import click

from vikt.cli.console import WRONG_USAGE, say
from vikt.names import suggestion

# A question within a sentence stands in brackets.
_QUESTION = re.compile(r"\.? \(?Did you mean (.*)\?\)?$")


def exit_misused(error: click.UsageError) -> NoReturn:
    """Say what is wrong with an option or argument, or show the help that is asked for by giving none; then exit."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
    else:
        path = error.ctx.command_path if error.ctx is not None else "vikt"
        say(f"vikt: {_problem(error).rstrip('.')}; see {path} --help")
    raise SystemExit(WRONG_USAGE) from None


def _problem(error: click.UsageError) -> str:
    parameter = error.param if isinstance(error, click.BadParameter) else None
    if parameter is None or not error.message:
        worded = _QUESTION.sub(r" (did you mean \1?)", error.format_message())
        return f"{worded[:1].lower()}{worded[1:]}"
    named = parameter.get_error_hint(error.ctx).replace("'", "")
    problem = error.message.rstrip(".")
    found, *choices = re.findall(r"'([^']*)'", problem) or [""]
    return f"{named}: {problem}{suggestion(found, choices)}"
