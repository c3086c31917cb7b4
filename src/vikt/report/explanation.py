"""A text highlighted on a terminal by what it adds to a score."""

from __future__ import annotations

import sys

from vikt.explanation.explanation import Explanation
from vikt.tables import escaped


def print_highlighted(explanation: Explanation) -> None:
    """Print the text on green where it speaks for the class and on red where it speaks against it, by strength."""
    from rich.console import Console
    from rich.text import Text

    text = Text()
    for run in explanation.runs():
        strength = round(40 + 130 * abs(run.shade))
        colour = f"on rgb({0 if run.shade > 0 else strength},{strength if run.shade > 0 else 0},0)"
        text.append(escaped(run.text), colour if run.shade else None)
    Console(file=sys.stdout).print(text, soft_wrap=True, highlight=False)
