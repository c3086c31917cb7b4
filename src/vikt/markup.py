"""Building blocks of HTML for notebooks: plain elements with inline styles, readable on light and on dark pages.

Colours are translucent, and text has the colour of the page, so that no theme need be known.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from vikt.tables import escaped

_EDGE = "rgba(127,127,127,.4)"


def written(text: str) -> str:
    """A text with nothing that HTML, or a reader's direction, would obey."""
    return escape(escaped(text))


def block(*parts: str) -> str:
    """Parts below one another, in the colours of the page."""
    return f'<div style="max-width:60em;line-height:1.5;color:inherit">{"".join(parts)}</div>'


def heading(text: str) -> str:
    """A line of HTML above the rest."""
    return f'<div style="margin:.3em 0">{text}</div>'


def table(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Rows of HTML, the first of them the header; the first `left` columns are aligned to the left."""
    header, *body = rows
    head = "".join(_cell("th", cell, c < left, ' scope="col"') for c, cell in enumerate(header))
    lines = ["".join(_cell("td", cell, c < left) for c, cell in enumerate(row)) for row in body]
    marked = "".join(f'<tr style="background:none;border-top:1px solid {_EDGE}">{line}</tr>' for line in lines)
    return (
        f'<table style="border-collapse:collapse;margin:.3em 0;font-size:.95em;color:inherit">'
        f'<thead><tr style="background:none">{head}</tr></thead><tbody>{marked}</tbody></table>'
    )


def details(summary: str, content: str, is_open: bool = False) -> str:
    """Content that a click shows."""
    return (
        f'<details style="margin:.3em 0"{" open" * is_open}><summary style="cursor:pointer">{summary}</summary>'
        f"{content}</details>"
    )


def _cell(tag: str, content: str, is_left: bool, attributes: str = "") -> str:
    return f'<{tag}{attributes} style="padding:.1em .6em;text-align:{"left" if is_left else "right"}">{content}</{tag}>'
