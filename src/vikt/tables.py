"""Figures, labels and lists in aligned columns of plain text; columns as a data frame."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from vikt.errors import MissingPackageError

MOST_CLASSES_IN_A_MATRIX = 12
MOST_CLASSES_LISTED = 60
MOST_NAMED = 8
_WIDEST_LABEL = 60
# What a terminal obeys or hides: controls, directions of writing, halves of characters, separators of lines.
_OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Line ends, and what joins letters and emoji.
_KEPT = "\n\t\u200c\u200d"


def columns(rows: list[list[str]], left: int = 1) -> str:
    """Rows of strings in columns, the first `left` of them aligned to the left, the rest to the right."""
    from rich.cells import cell_len

    widths = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell + " " * (width - cell_len(cell)) if c < left else " " * (width - cell_len(cell)) + cell
            for c, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)


def figure(value: float | None) -> str:
    """Four decimals, or a dash where there is no value."""
    return "-" if value is None or value != value else f"{value:.4f}"


def counted(count: int, name: str) -> str:
    """A number with a noun, singular or plural."""
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}{'es' if name.endswith('s') else 's'}"


def listed(names: list[str]) -> str:
    """The first of the names, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def label_line(label: str) -> str:
    """A label on one line of bounded width."""
    line = visible(label)
    return line if len(line) <= _WIDEST_LABEL else line[: _WIDEST_LABEL - 1] + "…"


def visible(name: str) -> str:
    """A name in one piece: spaces shown where it starts or ends with one, and nothing that a terminal would obey."""
    return "".join(
        c if c.isprintable() else repr(c)[1:-1] for c in name.replace(" ", "␣" if name.strip() != name else " ")
    )


def escaped(text: str) -> str:
    r"""Text without anything that a terminal would obey; its line ends and tabs stay.

    Examples
    --------
    >>> print(escaped("\x1b[31mred"))
    \x1b[31mred
    """
    return text if text.isprintable() else "".join(map(_escaped, text))


@functools.lru_cache(1 << 12)
def _escaped(character: str) -> str:
    is_safe = character in _KEPT or unicodedata.category(character) not in _OBEYED
    return character if is_safe else repr(character)[1:-1]


def data_frame(columns: Mapping[str, Sequence[Any]]) -> Any:
    """Columns as a pandas data frame. Raises MissingPackageError where pandas is not installed."""
    try:
        import pandas
    except ImportError:
        raise MissingPackageError("pandas is not installed, and a data frame needs it: pip install pandas") from None
    return pandas.DataFrame(dict(columns))
