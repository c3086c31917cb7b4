"""Figures, labels and lists in aligned columns of plain text."""

from __future__ import annotations

MOST_CLASSES_IN_A_MATRIX = 12
MOST_CLASSES_LISTED = 60
MOST_NAMED = 8
_WIDEST_LABEL = 60


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
    line = visible(label.strip() or label)
    return line if len(line) <= _WIDEST_LABEL else line[: _WIDEST_LABEL - 1] + "…"


def visible(name: str) -> str:
    """Spaces in character n-grams shown, and nothing that a terminal would obey."""
    return "".join(
        c if c.isprintable() else repr(c)[1:-1] for c in name.replace(" ", "␣" if name.strip() != name else " ")
    )
