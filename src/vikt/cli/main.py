"""Run the command line, the program `vikt` with its commands."""

from __future__ import annotations

import sys

import typer

from vikt.cli.app import app

# Each adds itself to the program.
from vikt.cli.commands import (  # noqa: F401
    audit,
    compare,
    demo,
    evaluate,
    explain,
    export,
    filter,
    inspect,
    predict,
    serve,
    shrink,
    train,
    update,
)
from vikt.cli.console import FAILED, reported
from vikt.cli.usage import Misuse, exit_misused

# Made once; `app()` would make all commands anew in each call.
_PROGRAM = typer.main.get_command(app)


def main() -> None:
    """Run the command line."""
    stdout = sys.stdout
    with reported():
        try:
            code = _PROGRAM(standalone_mode=False)
        except Misuse as error:
            exit_misused(error)
        except typer.Abort:
            raise SystemExit(FAILED) from None
        finally:
            if sys.stdout is not stdout:
                raise BrokenPipeError  # Typer has put another stream in the place of one whose pipe is closed.
        raise SystemExit(code or 0)
