"""A text with what each of its characters adds to a score, in runs of one shade."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from vikt.markup import html_text

# Colours that differ for every eye, and an underline, solid or dashed, for those that see none.
COLOURS = {True: (20, 110, 220), False: (215, 95, 0)}
LEAST_OPACITY, MOST_OPACITY = 0.06, 0.45
# Of the colour on a terminal, whose own colours are not known: white letters on it are read at any strength.
_LEAST_LIGHT, _MOST_LIGHT = 0.3, 0.8
SHADES = 8


class Run(NamedTuple):
    """Neighbouring characters of one shade; `emphasis` is their sum, and `shade`, from -1 to 1, is 0 for little."""

    text: str
    emphasis: float
    shade: float


def runs(text: str, emphasis: Sequence[float]) -> Iterator[Run]:
    """The runs of a text whose characters have these emphases.

    A shade follows the sum over neighbouring characters of one emphasis, as those of a word are, so that long words are
    not paler than short ones that add as much.

    Examples
    --------
    >>> [tuple(run) for run in runs("a good", [1.0, 0.0, 0.25, 0.25, 0.25, 0.25])]
    [('a', 1.0, 1.0), (' ', 0.0, 0.0), ('good', 1.0, 1.0)]
    """
    pieces = [list(places) for _, places in groupby(range(len(text)), key=emphasis.__getitem__)]
    sums = [sum(emphasis[i] for i in places) for places in pieces]
    strongest = max(map(abs, sums), default=0.0) or 1.0
    shades = [round(value / strongest * SHADES) / SHADES for value in sums]
    for shade, neighbours in groupby(range(len(pieces)), key=shades.__getitem__):
        own = list(neighbours)
        yield Run("".join(text[i] for k in own for i in pieces[k]), float(sum(sums[k] for k in own)), shade)


def marked(run: Run) -> str:
    """A run as HTML: coloured by sign and strength, with the contribution as its title."""
    if not run.shade:
        return html_text(run.text)
    return f'<mark style="{style(run.shade)}" title="{run.emphasis:+.6g}">{html_text(run.text)}</mark>'


def style(shade: float) -> str:
    """The style of a shade in HTML."""
    colour = ",".join(map(str, COLOURS[shade > 0]))
    opacity = LEAST_OPACITY + (MOST_OPACITY - LEAST_OPACITY) * abs(shade)
    line = "solid" if shade > 0 else "dashed"
    edge = f"2px {line} rgba({colour},{0.4 + 0.6 * abs(shade):.3g})"
    return f"color:inherit;background:rgba({colour},{opacity:.3g});border-bottom:{edge}"


def terminal_style(shade: float) -> str:
    """The style of a shade on a terminal, as Rich names it; what speaks for the class is underlined."""
    light = _LEAST_LIGHT + (_MOST_LIGHT - _LEAST_LIGHT) * abs(shade)
    colour = ",".join(f"{light * part:.0f}" for part in COLOURS[shade > 0])
    return f"{'underline ' if shade > 0 else ''}rgb(255,255,255) on rgb({colour})"
