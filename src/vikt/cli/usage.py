"""Mistakes in options and arguments, which Typer finds, in one line as every other error."""

from __future__ import annotations

import re
from typing import Any

import typer

from vikt.cli.console import WRONG_USAGE, say
from vikt.names import nearest

# The class of all such errors; Typer exports only classes derived from it.
Misuse: Any = typer.BadParameter.__base__

# How Typer's checks word what they expect.
_WORDED = {
    r"^Value error, ": "",
    r"^Input should be (?=greater|less)": "expected a number ",
    r"^Input should be ": "expected ",
    r", unable to parse.*": "",
}


def exit_misused(error: Any) -> None:
    """Say what is wrong with an option or argument, or show the help that is asked for by giving none; then exit."""
    if "\n" in error.message:
        error.show()
    else:
        path = error.ctx.command_path if error.ctx is not None else "vikt"
        say(f"vikt: {_problem(error).rstrip('.')}; see {path} --help")
    raise SystemExit(WRONG_USAGE) from None


def _problem(error: Any) -> str:
    parameter = getattr(error, "param", None)
    if parameter is None or not error.message:
        worded = error.format_message()
        return f"{worded[:1].lower()}{worded[1:]}"
    problem = error.message
    for found, own in _WORDED.items():
        problem = re.sub(found, own, problem)
    return f"{parameter.get_error_hint().replace(chr(39), '')}: {problem.rstrip('.')}{_near(problem)}"


def _near(problem: str) -> str:
    """A hint at the choice that was meant, where the problem names what was found and the choices."""
    found, *choices = re.findall(r"'([^']*)'", problem) or [""]
    near = nearest(found, choices)
    return "" if near is None else f", did you mean {near!r}?"
