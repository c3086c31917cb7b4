"""`vikt demo` as it is typed."""

from __future__ import annotations

from vikt.cli.app import command
from vikt.cli.options import Json, Quiet


@command(
    "vikt demo",
)
def demo(as_json: Json = False, quiet: Quiet = False) -> None:
    """Train, test and explain a model on a small built-in sample."""
    from vikt.cli import demo as work

    work.demo(as_json, quiet)
