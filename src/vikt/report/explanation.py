"""A text highlighted on a terminal by what it adds to a score."""

from __future__ import annotations

import sys

from vikt.explanation.explanation import Explanation
from vikt.explanation.highlight import terminal_style
from vikt.tables import escaped


def print_highlighted(explanation: Explanation) -> None:
    """Print the text in the colours of the notebook: blue speaks for the class, orange against it, by strength."""
    from rich.console import Console
    from rich.text import Text

    text = Text()
    for run in explanation.runs():
        text.append(escaped(run.text), terminal_style(run.shade) if run.shade else None)
    console = Console(file=sys.stdout)
    with console.capture() as printed:
        console.print(text, soft_wrap=True, highlight=False)
    # Rich itself ends the process with an error where standard output is a closed pipe.
    sys.stdout.write(printed.get())
