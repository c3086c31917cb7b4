"""Pictures of what every threshold would give, and of calibration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from vikt.errors import UsageError
from vikt.metrics.calibration import Reliability
from vikt.metrics.curves import Curve, PrecisionRecallCurve, RocCurve
from vikt.metrics.intervals import wilson_interval
from vikt.plots.inputs import instance
from vikt.plots.style import BLUE, DASHES, INK, ORANGE, SMALL, brief, canvas, picture, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Given = TypeVar("Given")

_SIDE = 3.3
_MARGINS = {"left": 0.8, "right": 0.2, "bottom": 0.6, "top": 0.4}
_SQUARE = (_SIDE + 1.0, _SIDE + 1.0)
_BEYOND = 0.02

# Where to find the curves of each kind.
_ORIGINS: Mapping[type, str] = {
    RocCurve: "Evaluation.roc, or what vikt.metrics.curves.roc_curve returns",
    PrecisionRecallCurve: "Evaluation.precision_recall, or what vikt.metrics.curves.precision_recall_curve returns",
    Reliability: "Evaluation.reliability, or what vikt.metrics.calibration.reliability_curve returns",
}


@picture
def roc(curve: RocCurve | None, *, threshold: float | None = None, title: str = "") -> Figure:
    """The receiver operating characteristic: the true positive rate against the false positive rate.

    The diagonal is what answers drawn by lot would give.

    Parameters
    ----------
    curve : RocCurve
        As in `Evaluation.roc`, or from `vikt.metrics.curves.roc_curve`.
    threshold : float, optional
        The probability from which the class is answered; its point is marked.
    title : str
        The name of the class and the area, say.

    Raises
    ------
    UsageError
        There is no curve of this kind, as where a class has no rows, or a curve without thresholds, and a threshold to
        mark.

    Examples
    --------
    >>> from vikt.metrics.curves import roc_curve
    >>> curve = roc_curve(["spam", "ham", "spam", "ham"], [0.9, 0.4, 0.4, 0.1], "spam")
    >>> figure = roc(curve, threshold=0.5, title="spam")
    """
    found = _there("roc", curve, RocCurve)
    figure, axes = canvas(*_SQUARE, **_MARGINS)
    axes.plot([0, 1], [0, 1], color=INK, alpha=0.5, linewidth=1, linestyle=DASHES[2])
    _draw(axes, found, threshold)
    axes.set_xlabel("false positive rate")
    axes.set_ylabel("true positive rate (recall)")
    return _in_the_unit_square(figure, axes, title)


@picture
def precision_recall(curve: PrecisionRecallCurve | None, *, threshold: float | None = None, title: str = "") -> Figure:
    """Precision against recall, in steps; the dotted line is the share of the positive class, the precision by lot.

    Parameters and errors are those of `roc`; the curve is that of `Evaluation.precision_recall`.

    Examples
    --------
    >>> from vikt.metrics.curves import precision_recall_curve
    >>> curve = precision_recall_curve(["spam", "ham", "spam", "ham"], [0.9, 0.8, 0.4, 0.1], "spam")
    >>> figure = precision_recall(curve, threshold=0.5, title="spam")
    """
    found = _there("precision_recall", curve, PrecisionRecallCurve)
    figure, axes = canvas(*_SQUARE, **_MARGINS)
    axes.axhline(found.precision[-1], color=INK, alpha=0.5, linewidth=1, linestyle=DASHES[2])
    _draw(axes, found, threshold, in_steps=True)
    axes.set_xlabel("recall")
    axes.set_ylabel("precision")
    return _in_the_unit_square(figure, axes, title)


@picture
def reliability(curve: Reliability | None, *, title: str = "") -> Figure:
    """How often answers of a confidence are right, with 95% intervals, and how many answers have it.

    A calibrated model is right as often as it is confident: its points lie on the diagonal.

    Parameters
    ----------
    curve : Reliability
        As in `Evaluation.reliability`, or from `vikt.metrics.calibration.reliability_curve`.
    title : str
        The calibration error, say.

    Raises
    ------
    UsageError
        There is no such curve, as where every row has a label unseen in training.

    Examples
    --------
    >>> from vikt.metrics.calibration import reliability_curve
    >>> figure = reliability(reliability_curve([True, True, False, True], [0.9, 0.8, 0.9, 0.5]))
    """
    return _reliability(_there("reliability", curve, Reliability), title, "confidence", "share that is right", "rows")


@picture
def label_reliability(curve: Reliability | None, *, title: str = "") -> Figure:
    """How often texts have a label that is given a probability, with 95% intervals, and how many labels are given it.

    Parameters and errors are those of `reliability`; the curve is that of all pairs of a text and a label.

    Examples
    --------
    >>> from vikt.metrics.calibration import reliability_curve
    >>> figure = label_reliability(reliability_curve([True, False, False, True], [0.9, 0.2, 0.3, 0.5]))
    """
    found = _there("label_reliability", curve, Reliability)
    return _reliability(found, title, "probability", "share that has the label", "pairs")


def _reliability(found: Reliability, title: str, of: str, share: str, counted: str) -> Figure:
    below = 0.75
    figure, axes = canvas(_SQUARE[0], _SQUARE[1] + below, **_MARGINS | {"bottom": _MARGINS["bottom"] + below})
    x, y, rows = found.confidence, found.accuracy, found.rows
    ends = [wilson_interval(round(part * n), n) for part, n in zip(y.tolist(), rows.tolist(), strict=True)]
    axes.plot([0, 1], [0, 1], color=INK, alpha=0.5, linewidth=1, linestyle=DASHES[2])
    axes.vlines(x, [end.low for end in ends], [end.high for end in ends], color=BLUE, linewidth=1.2, alpha=0.7)
    axes.plot(x, y, "o-", color=BLUE)
    axes.set_ylabel(share)
    axes.tick_params(labelbottom=False)
    _in_the_unit_square(figure, axes, title)
    left, _, width, _ = axes.get_position().bounds
    height = figure.get_figheight()
    under = figure.add_axes((left, _MARGINS["bottom"] / height, width, (below - 0.15) / height), sharex=axes)
    under.bar(x, rows, width=0.03, color=BLUE, alpha=0.6)
    most = int(rows.max(initial=1))
    under.set_ylim(0, most * 1.1)
    under.set_yticks([most], [brief(most)])
    under.set_ylabel(counted)
    under.set_xlabel(of)
    figure.align_ylabels()
    return figure


def _there(picture: str, curve: Given | None, kind: type[Given]) -> Given:
    if curve is None:
        raise UsageError(
            f"{picture}: found no curve, which happens where a class has no rows; evaluate on rows of every class"
        )
    return instance(picture, curve, kind, f"give {_ORIGINS[kind]}")


def _draw(axes: Axes, curve: Curve, threshold: float | None, in_steps: bool = False) -> None:
    """The curve, the area below it, and the point of a threshold."""
    axes.fill_between(curve.x, curve.y, color=BLUE, alpha=0.1, linewidth=0, step="pre" if in_steps else None)
    axes.plot(curve.x, curve.y, color=BLUE, drawstyle="steps-pre" if in_steps else "default")
    if threshold is not None:
        _mark(axes, curve, threshold)


def _mark(axes: Axes, curve: Curve, threshold: float) -> None:
    """A diamond where a threshold lies."""
    if curve.thresholds is None:
        raise UsageError("threshold: expected the curve of one class, found a mean over classes; omit the threshold")
    place = max(int(np.count_nonzero(curve.thresholds >= threshold)) - 1, 0)
    x, y = curve.x[place], curve.y[place]
    axes.plot([x], [y], "D", color=ORANGE, markersize=9, zorder=5)
    is_right, is_low = x > 0.5, y < 0.15
    axes.annotate(
        f"threshold {short(threshold)}",
        (x, y),
        xytext=(-10 if is_right else 10, 8 if is_low else -16),
        textcoords="offset points",
        ha="right" if is_right else "left",
        size=SMALL,
    )


def _in_the_unit_square(figure: Figure, axes: Axes, title: str) -> Figure:
    ticks = np.linspace(0, 1, 6)
    axes.set(xlim=(-_BEYOND, 1 + _BEYOND), ylim=(-_BEYOND, 1 + _BEYOND), xticks=ticks, yticks=ticks)
    axes.grid()
    axes.set_title(title)
    return figure
