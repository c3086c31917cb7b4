"""Pictures of a fit: how λ was chosen, and how the loss fell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vikt.base import LossRecord
from vikt.errors import UsageError
from vikt.names import Reason
from vikt.plots.inputs import instance, instances
from vikt.plots.style import BLUE, DASHES, FAINT, INK, ORANGE, SMALL, canvas, picture, short, spread
from vikt.selection.choices import PenaltyChoice
from vikt.tables import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT = 5.4, 3.4
_MOST_DOTS = 20


@picture
def penalty_path(choice: PenaltyChoice) -> Figure:
    """The validation log loss along λ, a bar of one standard error on each point, and the λ chosen.

    Parameters
    ----------
    choice : PenaltyChoice
        As in `TextClassifier.choice_`.

    Raises
    ------
    UsageError
        It is no such choice, or no λ was tried: it was given, or there were too few texts to validate on.

    Examples
    --------
    >>> from vikt.selection.choices import PathPoint
    >>> path = (PathPoint(1, 1, 0.1, 0.53, 0.02), PathPoint(4, 4, 0.025, 0.5, 0.02))
    >>> figure = penalty_path(PenaltyChoice(0.025, "least_loss", path))
    """
    instance("penalty_path", choice, PenaltyChoice, "give classifier.choice_")
    if not choice.is_validated:
        raise UsageError("penalty_path: no λ was tried, so there is no path to draw; train with λ chosen in validation")
    figure, axes = canvas(_WIDTH, _HEIGHT, top=0.55)
    losses = [point.log_loss for point in choice.curve]
    errors = [point.standard_error if math.isfinite(point.standard_error) else 0.0 for point in choice.curve]
    l2s = [point.l2 for point in choice.curve]
    bars = axes.errorbar(l2s, losses, errors, fmt="-o", color=BLUE, capsize=2.5, elinewidth=0.9, capthick=0.9)
    bars.lines[0].set_gid("path")
    chosen, best = choice.chosen, choice.best
    if chosen is not best:
        limit = best.log_loss + best.standard_error
        axes.axhline(limit, color=INK, alpha=FAINT * 2, linewidth=0.9, linestyle=DASHES[2])
        # The losses to its left are larger, so that there is room below the line.
        axes.annotate(
            "least loss + 1 standard error",
            (max(l2s), limit),
            (0, -4),
            textcoords="offset points",
            size=SMALL,
            va="top",
        )
    axes.axvline(chosen.l2, color=ORANGE, linestyle=DASHES[1], linewidth=1.2)
    axes.plot([chosen.l2], [chosen.log_loss], "D", color=ORANGE, markersize=9, zorder=5)
    rule = "the least loss" if chosen is best else "the largest within 1 standard error"
    axes.set_title(f"◆ λ = {short(chosen.l2)}: {rule}", pad=14)
    along_l2(axes)
    _apart_from_outliers(axes, losses, errors)
    axes.set_ylabel("validation log loss")
    return figure


@picture
def loss_curve(curve: Sequence[LossRecord], reason: Reason | None = None) -> Figure:
    """The training loss after each pass, and the validation loss where rows were held out.

    The point of the least validation loss is marked; where patience ran out, so is the point of the stop.

    Parameters
    ----------
    curve : sequence of LossRecord
        As in `Solution.loss_curve`, `FitRecord.parts[0].loss_curve` or `LogisticRegression.loss_curve_`.
    reason : Reason, optional
        Why the fit ended, as in `Solution.reason` or `FitRecord.parts[0].stopping_reason`.

    Raises
    ------
    UsageError
        There are no records, or it is not a sequence of them.

    Examples
    --------
    >>> figure = loss_curve([LossRecord(0, 0.69, 0.69), LossRecord(1, 0.52, 0.55), LossRecord(2, 0.4, 0.56)])
    """
    from matplotlib.ticker import MaxNLocator

    records = instances("loss_curve", curve or (), LossRecord, "give classifier.loss_curve_")
    if not records:
        raise UsageError("loss_curve: found no records; give those of a fit that has made at least one pass")
    figure, axes = canvas(_WIDTH, _HEIGHT, right=1.3)
    passes = [record.passes for record in records]
    dots = len(records) <= _MOST_DOTS
    training = [record.training_loss for record in records]
    axes.plot(passes, training, color=BLUE, marker="o" if dots else None)
    ends = {"training": training[-1]}
    measured = [record for record in records if record.validation_loss is not None]
    if measured:
        ends["validation"] = _validation(axes, measured, dots)
        if reason is not None and reason.code == "early_stopping":
            axes.axvline(passes[-1], color=INK, linestyle=DASHES[2], linewidth=1.2)
            ends[f"patience of {reason.facts['patience']:.0f}\nran out"] = sum(ends.values()) / 2
    axes.set_xlabel("passes over the data")
    axes.set_ylabel("mean loss, penalty excluded")
    axes.grid(axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    if len(records) == 1:
        axes.set_xlim(passes[0] - 1, passes[0] + 1)
    low, high = axes.get_ylim()
    heights = spread(list(ends.values()), 0.12 * (high - low))
    for text, height in zip(ends, heights, strict=True):
        axes.annotate(
            text,
            (passes[-1], height),
            xytext=(10, 0),
            textcoords="offset points",
            va="center",
            size=SMALL,
            annotation_clip=False,
        )
    return figure


def _validation(axes: Axes, measured: Sequence[LossRecord], dots: bool) -> float:
    """The line of the validation loss, with its least; the last loss."""
    passes = [record.passes for record in measured]
    losses = [math.nan if record.validation_loss is None else record.validation_loss for record in measured]
    axes.plot(passes, losses, color=ORANGE, linestyle=DASHES[1], marker="s" if dots else None)
    least = min(range(len(losses)), key=losses.__getitem__)
    axes.plot([passes[least]], [losses[least]], "D", color=ORANGE, markersize=8)
    axes.set_title(f"◆ least validation loss after {counted(int(passes[least]), 'pass')}")
    return losses[-1]


def along_l2(axes: Axes) -> None:
    """λ from the strongest penalty, on the left, to the weakest."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(numticks=6))
    axes.xaxis.set_major_formatter(FuncFormatter(short))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.invert_xaxis()
    axes.set_xlabel("λ (the penalty weakens to the right)")
    axes.grid(axis="y")


def _apart_from_outliers(axes: Axes, losses: Sequence[float], errors: Sequence[float]) -> None:
    """Leave room around the finite points alone."""
    tops = [loss + error for loss, error in zip(losses, errors, strict=True) if math.isfinite(loss)]
    if tops:
        low = min(loss - error for loss, error in zip(losses, errors, strict=True) if math.isfinite(loss))
        room = 0.08 * (max(tops) - low) or 0.1
        axes.set_ylim(low - room, max(tops) + room)
