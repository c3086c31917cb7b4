"""Pictures of how good a model is on each label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vikt.errors import UsageError
from vikt.evaluation.of_labels import LabelEvaluation
from vikt.metrics.intervals import f1_ends
from vikt.plots.inputs import instance
from vikt.plots.style import BLUE, INK, SMALL, brief, canvas, inches, name, picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_LABELS = 30
_BARS = 3.6


@picture
def f1_by_label(evaluation: LabelEvaluation, *, most: int = MOST_LABELS) -> Figure:
    """F1 of each label, a bar with its 95% interval, the best on top; beside it, how many rows have the label.

    Parameters
    ----------
    evaluation : Evaluation or SetEvaluation
        As `TextClassifier.evaluate` finds it. Labels that no row has are left out.
    most : int
        Of more labels than these, those of the most rows are drawn.

    Raises
    ------
    UsageError
        It is not an evaluation, or no row has a label.

    Examples
    --------
    >>> from vikt.evaluation.evaluation import evaluate
    >>> figure = f1_by_label(evaluate(["ham", "spam"], ["ham", "spam"], np.log([[0.9, 0.1], [0.2, 0.8]])))
    """
    instance("f1_by_label", evaluation, LabelEvaluation, "give what classifier.evaluate returns")
    known = np.flatnonzero(~np.isnan(evaluation.f1))
    if not len(known):
        raise UsageError("f1_by_label: no row has a label, so there is nothing to draw; evaluate labelled rows")
    shown = known[np.argsort(-evaluation.support[known], kind="stable")][:most]
    shown = shown[np.argsort(-evaluation.f1[shown], kind="stable")]
    f1 = evaluation.f1[shown]
    low, high = f1_ends(*evaluation.counts)
    names, counts = [name(evaluation.labels[k]) for k in shown], [brief(int(evaluation.support[k])) for k in shown]
    right = inches([*counts, "rows"]) + 0.25
    figure, axes = canvas(
        _BARS + inches(names) + right, 0.24 * len(shown) + 0.95, left=inches(names) + 0.25, right=right, top=0.4
    )
    places = np.arange(len(shown))
    axes.barh(places, f1, height=0.66, color=BLUE, alpha=0.75)
    whiskers = np.clip([f1 - low[shown], high[shown] - f1], 0.0, None)
    axes.errorbar(f1, places, xerr=whiskers, fmt="none", ecolor=INK, elinewidth=0.9, capsize=2.5, capthick=0.9)
    axes.set_yticks(places, names)
    beside = axes.get_yaxis_transform()
    for place, count in zip([*places.tolist(), -1], [*counts, "rows"], strict=True):
        axes.text(1 + right * 0.85 / _BARS, place, count, ha="right", va="center", size=SMALL, transform=beside)
    axes.set_xlim(0, 1)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlabel("F1, with its 95% interval")
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    return figure
