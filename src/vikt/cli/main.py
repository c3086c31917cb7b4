"""Run the command line, the program `vikt` with its commands."""

from __future__ import annotations

import functools
import sys
from importlib import import_module
from typing import Any

import typer

from vikt.cli.app import program
from vikt.cli.console import FAILED, reported
from vikt.cli.usage import Misuse, exit_misused

# Each has a module of its name, in the order of the help.
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


@functools.cache
def _program(names: tuple[str, ...]) -> Any:
    for name in names:
        import_module(f"vikt.cli.commands.{name}")
    return program(names)


def main() -> None:
    """Run the command line."""
    stdout = sys.stdout
    # The options of all commands together take as long to make as NumPy to import.
    typed = tuple(name for name in sys.argv[1:2] if name in _COMMANDS)
    with reported():
        try:
            code = _program(typed or _COMMANDS)(standalone_mode=False)
        except Misuse as error:
            exit_misused(error)
        except typer.Abort:
            raise SystemExit(FAILED) from None
        finally:
            if sys.stdout is not stdout:
                raise BrokenPipeError  # Typer has put another stream in the place of one whose pipe is closed.
        raise SystemExit(code or 0)
