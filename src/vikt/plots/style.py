"""How every picture looks: its colours, its letters and its margins."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from vikt.errors import MissingPackageError
from vikt.explanation.highlight import COLOURS
from vikt.tables import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")
Result = TypeVar("Result")


def _hexadecimal(red: int, green: int, blue: int) -> str:
    return f"#{red:02x}{green:02x}{blue:02x}"


# Text and axes. `svg` draws them in the colour that the page has for text.
INK = "#1a1b1e"
# Blue and orange stand for and against, right and wrong, training and validation, as in an explanation.
BLUE, ORANGE = _hexadecimal(*COLOURS[True]), _hexadecimal(*COLOURS[False])
# Their contrast with a white and with a nearly black page is at least 3, and they differ where cones are missing.
SERIES = (BLUE, ORANGE, "#609c78", "#d8003c", "#786090", "#6c3cfc")
DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)), (0, (9, 3)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")
FAINT = 0.3
LETTER = 12.0
SMALL = 10.5
_LETTERS_PER_SIZE = 0.6
_POINTS_PER_INCH = 72
_CUT = 24
# XML has no way to write them.
_NO_CHARACTERS = re.compile("[\ufffe\uffff]")

_STYLE = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": LETTER,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": LETTER - 0.5,
    "axes.unicode_minus": True,
    "font.size": LETTER,
    "grid.alpha": FAINT / 2,
    "grid.color": INK,
    "hatch.color": INK,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "lines.solid_capstyle": "round",
    "patch.edgecolor": INK,
    "text.color": INK,
    # A dollar in a class or a word is a dollar.
    "text.parse_math": False,
    "xtick.color": INK,
    "xtick.labelsize": SMALL,
    "ytick.color": INK,
    "ytick.labelsize": SMALL,
}
# Fonts stay the user's own, who may need other letters.
_OF_THE_USER = ("font.family", "font.sans-serif", "font.serif", "font.monospace")


@contextmanager
def in_style(**more: object) -> Iterator[None]:
    """Matplotlib's settings are those of vikt for a while.

    Raises
    ------
    MissingPackageError
        Matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib import style
    except ImportError:
        raise MissingPackageError.of_extra("a picture", ["Matplotlib"], "plots") from None
    settings: Any = matplotlib.rcParams
    fonts = {name: settings[name] for name in _OF_THE_USER}
    with style.context(["default", {**_STYLE, **fonts, **more}]):
        yield


def picture(draw: Callable[P, Result]) -> Callable[P, Result]:
    """A function that draws in the style of vikt."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Result:
        with in_style():
            return draw(*args, **kwargs)

    return drawn


def canvas(
    width: float, height: float, *, left: float = 0.75, right: float = 0.2, bottom: float = 0.6, top: float = 0.35
) -> tuple[Figure, Axes]:
    """A figure with one pair of axes, all in inches.

    Its margins are given rather than computed from the letters, since a page has letters of its own.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    edges = (left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height)
    return figure, figure.add_axes(edges)


def name(text: str, widest: int = _CUT) -> str:
    r"""A class or a feature on one line of at most `widest` letters; a letter of Chinese takes the room of two.

    Examples
    --------
    >>> name("a class of many words", 10), name("日本語の文章", 8), name("a\tb")
    ('a class o…', '日本語…', 'a\\tb')
    """
    from rich.cells import cell_len

    line = _NO_CHARACTERS.sub("\ufffd", visible(text))
    if cell_len(line) <= widest:
        return line
    while cell_len(line) > widest - 1:
        line = line[:-1]
    return line + "…"


def inches(names: Iterable[str], size: float = SMALL) -> float:
    """The room that the longest of some names takes, in letters of a size in points."""
    from rich.cells import cell_len

    return max(map(cell_len, names), default=0) * _LETTERS_PER_SIZE * size / _POINTS_PER_INCH


def short(value: float, _: object = None) -> str:
    """A number on a logarithmic axis.

    Examples
    --------
    >>> short(0.001), short(1e-05), short(2e-5), short(20000)
    ('0.001', '10⁻⁵', '2·10⁻⁵', '20,000')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    digits, exponent = f"{value:.2e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    factor = f"{float(digits):g}"
    return f"10{raised}" if factor == "1" else f"{factor}·10{raised}"


def brief(count: int, limit: int = 10_000) -> str:
    """A count in a narrow cell: in thousands or millions from a limit on.

    Examples
    --------
    >>> brief(9999), brief(23_436), brief(1_250_000), brief(999_999, 1_000_000)
    ('9,999', '23k', '1.2M', '999,999')
    """
    if count < limit:
        return f"{count:,}"
    return f"{count / 1e3:.0f}k" if count < 1e6 else f"{count / 1e6:.1f}M"


def spread(heights: list[float], distance: float) -> list[float]:
    """Heights moved as little as keeps their order and puts `distance` between neighbours.

    Examples
    --------
    >>> spread([0.0, 5.0, 0.0], 2.0)
    [-1.0, 5.0, 1.0]
    """
    groups: list[list[int]] = []
    middles: list[float] = []
    for place in sorted(range(len(heights)), key=lambda i: heights[i]):
        groups.append([place])
        middles.append(heights[place])
        while len(groups) > 1 and middles[-1] - middles[-2] < distance * (len(groups[-1]) + len(groups[-2])) / 2:
            groups[-2:] = [groups[-2] + groups[-1]]
            middles[-2:] = [sum(heights[i] for i in groups[-1]) / len(groups[-1])]
    moved = list(heights)
    for group, middle in zip(groups, middles, strict=True):
        for k, place in enumerate(group):
            moved[place] = middle + distance * (k - (len(group) - 1) / 2)
    return moved
