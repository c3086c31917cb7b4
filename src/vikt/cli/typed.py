"""A command as it can be typed again."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import click

# What a command is told of its reports and its speed; nothing of it changes a result.
_WITHOUT_EFFECT = {"report", "threads", "force", "as_json", "quiet"}


def typed_command(context: click.Context, shows_output: bool = False) -> str:
    """The command as typed, without the folders of its files and what has no effect on results."""
    left_out = _WITHOUT_EFFECT if shows_output else _WITHOUT_EFFECT | {"output"}
    words = ["vikt", str(context.info_name), *map(_short, _words(context, left_out))]
    return shlex.join(words)


def _words(context: click.Context, left_out: set[str]) -> Iterator[str]:
    for parameter in context.command.params:
        value = context.params[str(parameter.name)]
        source = context.get_parameter_source(str(parameter.name))
        if parameter.name in left_out or source is None or source.name.startswith("DEFAULT"):
            continue
        values = value if isinstance(value, list | tuple) else [value]
        if parameter.param_type_name == "argument":
            yield from map(str, values)
        elif isinstance(value, bool):
            yield [*parameter.opts, *parameter.secondary_opts][-1 if not value else 0]
        else:
            for one in values:
                yield from (max(parameter.opts, key=len), _spelled(one))


def _spelled(value: object) -> str:
    return "tab" if value == "\t" else str(value)


def _short(word: str) -> str:
    """The name of a file without its folders."""
    path = Path(word)
    return path.name if path.name and (path.exists() or path.parent.exists()) and os.sep in word else word
