"""The contributions to one score, as a table and as highlighted text."""

from __future__ import annotations

import sys

from vikt.explanation.linear import Explanation
from vikt.report.tables import columns, escaped, label_line, visible


def explanation_lines(explanation: Explanation, most: int = 15) -> str:
    """The features of a text with their weights, values and contributions, the largest first."""
    parts = explanation.contributions
    rows = [["feature", "weight θ_j", "value x_j", "θ_j·x_j"]]
    rows += [
        [visible(part.feature), f"{part.weight:+.4f}", f"{part.value:.4f}", f"{part.contribution:+.4f}"]
        for part in parts[:most]
    ]
    if len(parts) > most:
        rest = sum(part.contribution for part in parts[most:])
        rows.append([f"{len(parts) - most} more features", "", "", f"{rest:+.4f}"])
    rows.append(["(intercept)", f"{explanation.intercept:+.4f}", "1", f"{explanation.intercept:+.4f}"])
    rows.append([f"score of {label_line(explanation.label)!r}", "", "", f"{explanation.score:+.4f}"])
    verdict = f"{label_line(explanation.label)}  probability {explanation.probability:.4f}"
    return f"{verdict}\n\n{columns(rows)}"


def print_highlighted(explanation: Explanation) -> None:
    """Print the text on green where it speaks for the class and on red where it speaks against it, by strength."""
    from rich.console import Console
    from rich.text import Text

    strongest = max((abs(value) for value in explanation.emphasis), default=0.0) or 1.0
    text = Text()
    for character, value in zip(explanation.text, explanation.emphasis, strict=True):
        share = abs(value) / strongest
        shade = round(40 + 130 * share)
        style = f"on rgb({0 if value > 0 else shade},{shade if value > 0 else 0},0)" if share > 0.1 else ""
        text.append(escaped(character), style)
    Console(file=sys.stdout).print(text, soft_wrap=True, highlight=False)
