"""Run the command line, the program `vikt` with its commands."""

from __future__ import annotations

import sys

import click

from vikt.cli.app import program
from vikt.cli.console import FAILED, reported
from vikt.cli.usage import exit_misused


def main() -> None:
    """Run the command line."""
    stdout = sys.stdout
    with reported():
        try:
            code = program(standalone_mode=False)
        except click.UsageError as error:
            exit_misused(error)
        except click.Abort:
            raise SystemExit(FAILED) from None
        finally:
            if sys.stdout is not stdout:
                raise BrokenPipeError  # Click has put another stream in the place of one whose pipe is closed.
        raise SystemExit(code or 0)
