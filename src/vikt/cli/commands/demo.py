"""`vikt demo` as it is typed."""

from __future__ import annotations

from vikt.cli.app import command
from vikt.cli.options import as_json, quiet


@command("vikt demo", no_args_is_help=False)
@as_json
@quiet
def demo(as_json: bool, quiet: bool) -> None:
    """Train, test and explain a model on a small built-in sample."""
    from vikt.cli import demo as work

    work.demo(as_json, quiet)
