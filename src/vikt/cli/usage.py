"""Mistakes in options and arguments, which Typer finds, in one line as every other error."""

from __future__ import annotations

import re
from typing import Any

import typer

from vikt.cli.console import WRONG_USAGE, say
from vikt.names import suggestion

# The class of all such errors; Typer exports only classes derived from it.
Misuse: Any = typer.BadParameter.__base__

# A question within a sentence stands in brackets.
_QUESTION = re.compile(r"\.? Did you mean (.*)\?$")


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
        worded = _QUESTION.sub(r" (did you mean \1?)", error.format_message())
        return f"{worded[:1].lower()}{worded[1:]}"
    return f"{parameter.get_error_hint().replace(chr(39), '')}: {_mistake(error)}"


def _mistake(error: Any) -> str:
    """What is wrong with a value that was typed."""
    # Pydantic's error has the value, and Typer's has not.
    details: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    if details and details[0]["type"] != "value_error":
        from vikt.parameters import mistake

        return mistake(details[0])
    problem: str = error.message.removeprefix("Value error, ").rstrip(".")
    found, *choices = re.findall(r"'([^']*)'", problem) or [""]
    return problem + suggestion(found, choices)
