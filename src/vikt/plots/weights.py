"""Pictures of weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vikt.errors import UsageError
from vikt.explanation.weights import StrongestFeatures
from vikt.plots.fit import along_l2
from vikt.plots.inputs import instance, items, numbers
from vikt.plots.style import (
    BLUE,
    DASHES,
    FAINT,
    INK,
    MARKERS,
    ORANGE,
    SERIES,
    SMALL,
    canvas,
    inches,
    name,
    picture,
    spread,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BARS = 30
MOST_LINES = 12


@picture
def strongest_features(strongest: StrongestFeatures) -> Figure:
    """The weights of the features that speak most for a class, a bar for each, the longest on top.

    Parameters
    ----------
    strongest : StrongestFeatures
        As `TextClassifier.strongest_features` finds them; the first 30 are drawn.

    Raises
    ------
    UsageError
        It holds no features of a class, or no feature speaks for the class.

    Examples
    --------
    >>> figure = strongest_features(StrongestFeatures("spam", [("winner", 1.5), ("free", 0.25)]))
    """
    instance("strongest_features", strongest, StrongestFeatures, "give what classifier.strongest_features returns")
    shown = strongest.features[:MOST_BARS]
    if not shown:
        raise UsageError(f"strongest_features: no feature speaks for the class {strongest.label!r}; draw another class")
    names, weights = [name(feature) for feature, _ in shown], [weight for _, weight in shown]
    figure, axes = canvas(
        3.8 + inches(names), 0.24 * len(shown) + 0.95, left=inches(names) + 0.25, right=0.6, bottom=0.55, top=0.4
    )
    places = range(len(shown))
    axes.barh(places, weights, height=0.66, color=[BLUE if weight > 0 else ORANGE for weight in weights])
    axes.set_yticks(places, names)
    for place, weight in zip(places, weights, strict=True):
        axes.annotate(
            f"{weight:+.2f}",
            (weight, place),
            xytext=(4 if weight > 0 else -4, 0),
            textcoords="offset points",
            ha="left" if weight > 0 else "right",
            va="center",
            size=SMALL,
        )
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_title(f"for {name(strongest.label, 30)}")
    axes.set_xlabel("weight θ_j")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(min(weights) < 0)
    return figure


@picture
def weights_path(l2s: ArrayLike, weights: ArrayLike, names: Sequence[object], *, chosen: float | None = None) -> Figure:
    """The weights of some features along λ, as the penalty weakens.

    Parameters
    ----------
    l2s : array_like, (P,)
        The values of λ > 0.
    weights : array_like, (P, n)
        The weight of each feature at each λ.
    names : sequence, (n,)
        The features, at most 12.
    chosen : float, optional
        The λ of the model.

    Raises
    ------
    UsageError
        The shapes do not fit, or there are more features than lines that can be told apart.

    Examples
    --------
    >>> figure = weights_path([0.1, 0.01], [[0.2, -0.1], [0.9, -0.8]], ["winner", "lunch"], chosen=0.01)
    """
    x, lines = np.atleast_1d(numbers("l2s", l2s)), numbers("weights", weights)
    written = [name(str(feature)) for feature in items("names", names)]
    if lines.shape != (len(x), len(written)) or not 0 < len(written) <= MOST_LINES:
        raise UsageError(
            f"weights: expected a row for each of {len(x)} λ and a column for each of 1 to {MOST_LINES} features, "
            f"found shape {lines.shape} and {len(written)} names; give the weights of the strongest features"
        )
    figure, axes = canvas(4.4 + inches(written), 3.8, right=inches(written) + 0.3)
    order = np.argsort(-x)
    axes.axhline(0, color=INK, alpha=FAINT, linewidth=0.8)
    for k, feature in enumerate(written):
        colour, dash = SERIES[k % len(SERIES)], DASHES[(k + k // len(SERIES)) % len(DASHES)]
        marker = MARKERS[k % len(MARKERS)]
        axes.plot(
            x[order], lines[order, k], color=colour, linestyle=dash, marker=marker, markevery=(k % 3, 3), label=feature
        )
    if chosen is not None:
        axes.axvline(chosen, color=INK, linestyle=DASHES[2], linewidth=1.2)
        axes.annotate(
            "λ chosen",
            (chosen, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            size=SMALL,
        )
    along_l2(axes)
    axes.set_ylabel("weight θ_j")
    low, high = axes.get_ylim()
    ends = spread(lines[order[-1]].tolist(), (high - low) * 0.05)
    for k, (feature, height) in enumerate(zip(written, ends, strict=True)):
        axes.annotate(
            feature,
            (x[order[-1]], lines[order[-1], k]),
            xytext=(1.02, height),
            textcoords=axes.get_yaxis_transform(),
            va="center",
            size=SMALL,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": SERIES[k % len(SERIES)], "linewidth": 0.7, "alpha": 0.6},
        )
    return figure
