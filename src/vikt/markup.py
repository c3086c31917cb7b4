"""Building blocks of HTML for notebooks: plain elements with inline styles, readable on light and on dark pages.

Colours are translucent, and text has the colour of the page, so that no theme need be known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from vikt.tables import cut, escaped

_EDGE = "rgba(127,127,127,.4)"
_TABLE = "border-collapse:collapse;margin:.3em 0;font-size:.95em;color:inherit"
_WIDEST_VALUE = 80
_MARKED = "color:inherit;background:rgba(20,110,220,.25)"


def html_text(text: str) -> str:
    """A text in HTML: its markup is only text, and its control characters are spelled out."""
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
    head = _row(*(_cell("th", cell, c < left, ' scope="col"') for c, cell in enumerate(header)))
    lines = [
        _row(*(_cell("td", cell, c < left) for c, cell in enumerate(row)), edge=f";border-top:1px solid {_EDGE}")
        for row in body
    ]
    body_of_rows = f"<thead>{head}</thead><tbody>{''.join(lines)}</tbody>"
    return f'<div style="overflow-x:auto"><table style="{_TABLE}">{body_of_rows}</table></div>'


def details(summary: str, content: str, is_open: bool = False) -> str:
    """Content that a click shows."""
    return (
        f'<details style="margin:.3em 0"{" open" * is_open}><summary style="cursor:pointer">{summary}</summary>'
        f"{content}</details>"
    )


def estimator_html(
    name: str, is_fitted: bool, facts: Sequence[tuple[str, str]], parameters: Mapping[str, tuple[object, bool]]
) -> str:
    """An estimator: what is known of its fit, and its parameters, of which those changed are marked.

    Parameters
    ----------
    facts : sequence of (str, str)
        The name of each, and a sentence.
    parameters : mapping of str to (object, bool)
        The value of each, and whether it is the default.
    """
    title = heading(f"<b>{html_text(name)}</b>, {'fitted' if is_fitted else 'not fitted'}")
    changed = [name for name, (_, is_default) in parameters.items() if not is_default]
    rows = [["parameter", "value"]]
    for own in sorted(parameters, key=lambda own: own not in changed):
        cells = [f"<code>{html_text(cell)}</code>" for cell in (own, cut(repr(parameters[own][0]), _WIDEST_VALUE))]
        rows.append([f'<mark style="{_MARKED}">{cell}</mark>' for cell in cells] if own in changed else cells)
    summary = f"{len(parameters)} parameters, {len(changed) or 'none'} changed"
    shown = details(summary, table(rows, left=2), is_open=bool(changed) and not is_fitted)
    return block(title, _facts(facts) if facts else "", shown)


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    rows = [
        _row(_cell("th", html_text(name), True, ' scope="row"'), _cell("td", html_text(fact), True))
        for name, fact in facts
    ]
    return f'<table style="{_TABLE}"><tbody>{"".join(rows)}</tbody></table>'


def _row(*cells: str, edge: str = "") -> str:
    return f'<tr style="background:none{edge}">{"".join(cells)}</tr>'


def _cell(tag: str, content: str, is_left: bool, attributes: str = "") -> str:
    # A long word is broken, so that a table is no wider than the page; a number or a heading is not.
    wrapping = "white-space:nowrap" if tag == "th" or not is_left else "min-width:6em;overflow-wrap:anywhere"
    flow = f"text-align:{'left' if is_left else 'right'};{wrapping}"
    return f'<{tag}{attributes} style="padding:.1em .6em;vertical-align:top;{flow}">{content}</{tag}>'
