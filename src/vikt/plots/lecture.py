"""The pictures of the lecture: what logistic regression computes, and how a descent finds its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Floats
from vikt.errors import UsageError
from vikt.mappings import Json
from vikt.model.functions import log_logistic, logistic
from vikt.model.linear import decision_line
from vikt.plots.inputs import function, mapping, numbers
from vikt.plots.style import BLUE, DASHES, FAINT, INK, ORANGE, SERIES, SMALL, canvas, inches, name, picture, spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT = 5.4, 3.4
_FURTHEST = 6.0
_POINTS_OF_A_CURVE = 241
_POINTS_OF_A_SURFACE = 41
_LEVELS = 14
_SHADES = 10
_FEW_STEPS = 60


@picture
def logistic_curve(marked: Mapping[str, float] | None = None) -> Figure:
    """The logistic function σ(z) = 1 / (1 + e^(-z)), a sigmoid, for scores z = θᵀx from -6 to 6 (lecture 6a).

    Parameters
    ----------
    marked : mapping of str to float, optional
        Scores to mark, by name.

    Examples
    --------
    >>> figure = logistic_curve({"Great plot but bad acting.": -2.0})
    """
    scores = mapping("marked", {} if marked is None else marked)
    written = [f"{name(text, 30)}  {logistic(z):.2f}" for text, z in scores.items()]
    room = inches(written)
    figure, axes = canvas(_WIDTH + room, _HEIGHT, right=0.3 + room)
    z = np.linspace(-_FURTHEST, _FURTHEST, _POINTS_OF_A_CURVE)
    axes.axhline(0.5, color=INK, alpha=FAINT * 2, linewidth=1, linestyle=DASHES[2])
    axes.axvline(0, color=INK, alpha=FAINT * 2, linewidth=1, linestyle=DASHES[2])
    axes.plot(z, logistic(z), color=BLUE)
    heights = spread([float(logistic(score)) for score in scores.values()], 0.08)
    for (score, text), height in zip(zip(scores.values(), written, strict=True), heights, strict=True):
        axes.plot([score], [logistic(score)], "D" if score > 0 else "s", color=BLUE if score > 0 else ORANGE, zorder=5)
        _leader(axes, text, (score, float(logistic(score))), height)
    axes.set(xlim=(-_FURTHEST, _FURTHEST), ylim=(-0.02, 1.02), xlabel="z = θᵀx", ylabel="σ(z) = P(y = 1 | x)")
    axes.grid(axis="y")
    return figure


@picture
def loss_curves() -> Figure:
    """The cross-entropy loss of one row as a function of its score z = θᵀx: -log σ(z) and -log(1 - σ(z)) (lecture 6b).

    Examples
    --------
    >>> figure = loss_curves()
    """
    figure, axes = canvas(_WIDTH, _HEIGHT)
    z = np.linspace(-_FURTHEST, _FURTHEST, _POINTS_OF_A_CURVE)
    axes.plot(z, -log_logistic(z), color=BLUE)
    axes.plot(z, -log_logistic(-z), color=ORANGE, linestyle=DASHES[1])
    axes.annotate("y = 1:  -log σ(z)", (-5.0, 5.0), xytext=(12, -3), textcoords="offset points")
    axes.annotate("y = 0:  -log(1 - σ(z))", (3.5, 3.5), xytext=(-12, -3), textcoords="offset points", ha="right")
    axes.set(xlim=(-_FURTHEST, _FURTHEST), ylim=(0, _FURTHEST), xlabel="z = θᵀx", ylabel="loss of one row")
    axes.grid(axis="y")
    return figure


@picture
def decision_boundary(
    X: ArrayLike,
    y: ArrayLike,
    theta: ArrayLike,
    *,
    names: tuple[str, str] = ("x1", "x2"),
    classes: tuple[str, str] = ("0", "1"),
) -> Figure:
    """The decision boundary θᵀx = 0 among rows of two features, shaded by P(y = 1 | x) (lecture 6a).

    Rows on the wrong side are ringed.

    Parameters
    ----------
    X : array_like, (m, 2)
        Without the dummy feature.
    y : array_like of 0 and 1, (m,)
    theta : array_like, (3,)
        The weights of the dummy feature and of the two others.
    names, classes : (str, str)
        The features, and the classes 0 and 1.

    Raises
    ------
    UsageError
        The shapes do not fit.

    Examples
    --------
    >>> figure = decision_boundary([[1, 0], [0, 1], [1, 1], [0, 0]], [1, 0, 1, 0], [-1, 2, -3])
    """
    rows, real, weights = numbers("X", X), numbers("y", y), numbers("theta", theta)
    if real.ndim != 1 or rows.shape != (len(real), 2) or weights.shape != (3,):
        raise UsageError(
            f"expected X of shape (m, 2), y (m,) and theta (3,), found {rows.shape}, {real.shape} and {weights.shape}; "
            "give two features and their weights"
        )
    figure, axes = canvas(5.0, 4.9, top=0.75)
    low, high = rows.min(axis=0), rows.max(axis=0)
    room = 0.1 * np.where(high > low, high - low, 1.0)
    axes.set(xlim=(low[0] - room[0], high[0] + room[0]), ylim=(low[1] - room[1], high[1] + room[1]))
    _shade(axes, weights)
    is_positive = np.column_stack([np.ones(len(rows)), rows]) @ weights > 0
    for k, (colour, marker) in enumerate([(ORANGE, "s"), (BLUE, "o")]):
        own = real == k
        axes.plot(*rows[own].T, marker, color=colour, markersize=7, label=name(classes[k]))
    wrong = is_positive != (real == 1)
    axes.plot(
        *rows[wrong].T, "o", markersize=14, markerfacecolor="none", markeredgecolor=INK, label="on the wrong side"
    )
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.05), ncols=3, columnspacing=1.2, handletextpad=0.2)
    axes.set(xlabel=name(names[0]), ylabel=name(names[1]))
    axes.set_title(decision_line(weights.round(3)))
    return figure


def _shade(axes: Axes, theta: Floats) -> None:
    """Bands of P(y = 1 | x), a tenth each, and the line between the classes."""
    # Contours of scores, which are linear, so that the four corners tell all of them.
    x1, x2 = np.meshgrid(axes.get_xlim(), axes.get_ylim())
    scores = theta[0] + theta[1] * x1 + theta[2] * x2
    limits = np.linspace(0, 1, _SHADES + 1)[1:-1]
    colours = [(BLUE if p > 0.5 else ORANGE, 0.5 * abs(p - 0.5)) for p in (np.arange(_SHADES) + 0.5) / _SHADES]
    axes.contourf(x1, x2, scores, levels=np.log(limits / (1 - limits)), colors=colours, extend="both")
    axes.contour(x1, x2, scores, levels=[0.0], colors=[INK], linewidths=1.8)
    # In grey the two sides look alike.
    for place, side in ((scores.argmax(), "θᵀx > 0"), (scores.argmin(), "θᵀx < 0")):
        up, right = divmod(int(place), 2)
        axes.annotate(
            side,
            (right, up),
            xycoords="axes fraction",
            xytext=(-6 if right else 6, -6 if up else 6),
            textcoords="offset points",
            ha="right" if right else "left",
            va="top" if up else "bottom",
            size=SMALL,
        )


@picture
def descent(
    value: Callable[[Floats], float],
    paths: Mapping[str, ArrayLike],
    *,
    minimum: ArrayLike | None = None,
    names: tuple[str, str] = ("θ₀", "θ₁"),
) -> Figure:
    """Descents as paths on a surface over two weights, side by side (lecture 6c).

    Contours join weights of equal loss; they are denser where the surface is steeper.

    Parameters
    ----------
    value : callable
        The loss, or any function, of an array (2,).
    paths : mapping of str to array_like, (steps + 1, 2)
        A panel for each, by its title: the weights from the start on.
    minimum : array_like, (2,), optional
        A cross is drawn there.
    names : (str, str)

    Raises
    ------
    UsageError
        The loss is not a function, there is no path, or a path is not of two weights.

    Examples
    --------
    >>> figure = descent(lambda z: z[0] ** 2 + 3 * z[1] ** 2, {"batch": [[2, 2], [1, 0.5], [0.5, 0.1]]})
    """
    loss = function("value", value)
    steps = {title: numbers("paths", path) for title, path in mapping("paths", paths).items()}
    if not steps or any(path.ndim != 2 or path.shape[1:] != (2,) for path in steps.values()):
        raise UsageError("paths: expected arrays of shape (steps + 1, 2), two weights a step; give at least one")
    everywhere = np.concatenate([*steps.values(), *([] if minimum is None else [np.atleast_2d(minimum)])])
    low, high = everywhere.min(axis=0), everywhere.max(axis=0)
    room = 0.15 * np.where(high > low, high - low, 1.0)
    a, b = (np.linspace(low[k] - room[k], high[k] + room[k], _POINTS_OF_A_SURFACE) for k in range(2))
    surface = np.array([[loss(np.array([first, second])) for first in a] for second in b])
    levels = surface.min() + np.ptp(surface) * np.linspace(0.02, 1, _LEVELS) ** 2
    figure, panels = _panels(len(steps))
    for (title, path), axes in zip(steps.items(), panels, strict=True):
        few = len(path) <= _FEW_STEPS
        axes.contour(a, b, surface, levels=levels, colors=[INK], alpha=FAINT, linewidths=0.8, linestyles="solid")
        axes.plot(*path.T, "-", color=BLUE, marker=".", markersize=4 if few else 0, linewidth=1.1 if few else 0.7)
        axes.plot(*path[0], "o", color=BLUE, markersize=7, markerfacecolor="none")
        axes.plot(*path[-1], "D", color=ORANGE, markersize=7, zorder=5)
        if minimum is not None:
            axes.plot(*np.asarray(minimum), "+", color=INK, markersize=12, markeredgewidth=1.5)
        axes.set_title(name(title, 34), pad=8)
        axes.set_xlabel(names[0])
    panels[0].set_ylabel(names[1])
    return figure


@picture
def curve(
    f: Callable[[float], float],
    between: tuple[float, float],
    *,
    chord: tuple[float, float] | None = None,
    paths: Sequence[ArrayLike] = (),
    title: str = "",
) -> Figure:
    """A function of one variable, with descents on it, and the chord by which the lecture tests convexity (lecture 6c).

    Parameters
    ----------
    f : callable
        Of a number.
    between : (float, float)
        The ends of the axis.
    chord : (float, float), optional
        a and b: the chord's middle is (f(a) + f(b))/2, and above f((a + b)/2) where f is convex.
    paths : sequence of array_like, (steps + 1,)
        Each a descent: x from the start on.
    title : str

    Raises
    ------
    UsageError
        f is not a function, the ends are not two numbers, or a path is not an array of numbers.

    Examples
    --------
    >>> figure = curve(lambda x: x**2, (-2, 2), chord=(-1, 2), paths=[[-1.8, -1.0, -0.5, -0.2]])
    """
    function("f", f)
    ends = numbers("between", between)
    if ends.shape != (2,):
        raise UsageError(f"between: expected the two ends of the axis, found an array of shape {ends.shape}; give two")
    figure, axes = canvas(4.6, 3.5, left=0.6)
    x = np.linspace(ends[0], ends[1], _POINTS_OF_A_CURVE)
    axes.plot(x, [f(value) for value in x.tolist()], color=INK, linewidth=1.2)
    if chord is not None:
        middle, height = sum(chord) / 2, sum(map(f, chord)) / 2
        axes.plot(chord, [f(end) for end in chord], color=SERIES[2], linestyle=DASHES[1], marker="o", linewidth=1.2)
        axes.plot([middle, middle], [f(middle), height], color=SERIES[2], linestyle=DASHES[2], marker="s")
    for k, path in enumerate(paths):
        steps = numbers("paths", path).ravel().tolist()
        heights = [f(step) for step in steps]
        axes.plot(steps, heights, color=SERIES[k % 2], marker=".", linestyle=DASHES[k % 2], markersize=7)
        axes.plot(steps[:1], heights[:1], "o", color=SERIES[k % 2], markersize=8, markerfacecolor="none")
        axes.plot(steps[-1:], heights[-1:], "D", color=SERIES[k % 2], markersize=8)
    axes.set(xlabel="x", ylabel="f(x)")
    axes.set_title(title)
    return figure


def _panels(n: int) -> tuple[Figure, list[Axes]]:
    """A row of square panels of equal axes."""
    side, gap = 3.0, 0.55
    figure, first = canvas(n * (side + gap) + 0.35, side + 1.05, left=0.7, right=(n - 1) * (side + gap) + 0.2)
    left, bottom, width, height = first.get_position().bounds
    further = [
        figure.add_axes(
            (left + k * (side + gap) / figure.get_figwidth(), bottom, width, height), sharex=first, sharey=first
        )
        for k in range(1, n)
    ]
    for axes in further:
        axes.tick_params(labelleft=False)
    return figure, [first, *further]


def _leader(axes: Axes, text: str, point: tuple[float, float], height: float) -> None:
    """A name in the right margin, and a line from it to its point."""
    line: Json = {"arrowstyle": "-", "color": INK, "linewidth": 0.7, "alpha": 0.6}
    axes.annotate(
        text,
        point,
        xytext=(1.02, height),
        textcoords=axes.get_yaxis_transform(),
        va="center",
        size=SMALL,
        annotation_clip=False,
        arrowprops=line,
    )
