"""Pictures of a fit."""

from __future__ import annotations

import math

import pytest

import vikt.errors
from vikt import plots
from vikt.base import LossRecord
from vikt.names import Reason
from vikt.selection.choices import PathPoint, PenaltyChoice

LOSSES = [0.6, 0.52, 0.5, 0.505]
PATH = tuple(PathPoint(10.0**k, 10.0**k, 10.0**-k, loss, 0.03) for k, loss in enumerate(LOSSES))


def points(figure):
    """What lines with markers are drawn through."""
    return [line.get_xydata().tolist() for axes in figure.axes for line in axes.lines if line.get_marker() != "None"]


def words(figure):
    axes = figure.axes[0]
    return [text.get_text() for text in axes.texts] + [axes.get_title(loc="left")]


def test_the_path_of_lambda_and_the_choice():
    figure = plots.penalty_path(PenaltyChoice(0.01, "least_loss", PATH))
    assert [[point.l2, point.log_loss] for point in PATH] in points(figure)
    assert [[0.01, 0.5]] in points(figure)
    # The strongest penalty stands on the left.
    left, right = figure.axes[0].get_xlim()
    assert left > right
    bars = [end[1] - start[1] for start, end in figure.axes[0].collections[0].get_segments()]
    assert bars == pytest.approx([0.06] * 4)


def test_one_standard_error_is_drawn_where_it_decided():
    figure = plots.penalty_path(PenaltyChoice(0.1, "one_standard_error", PATH))
    assert [[0.1, 0.52]] in points(figure)
    assert any(line.get_ydata() == pytest.approx([0.53, 0.53]) for line in figure.axes[0].lines)
    assert "least loss + 1 standard error" in words(figure)


def test_a_path_of_one_point_without_a_standard_error():
    path = (PATH[0]._replace(standard_error=math.nan),)
    assert plots.svg(plots.penalty_path(PenaltyChoice(1.0, "least_loss", path)), "path")


@pytest.mark.parametrize("rule", ["given", "default"])
def test_where_nothing_was_tried_there_is_no_path(rule):
    with pytest.raises(vikt.errors.UsageError, match="no λ was tried"):
        plots.penalty_path(PenaltyChoice(0.1, rule))


def test_losses_of_training_and_validation_and_where_patience_ended():
    validation = [0.69, 0.6, 0.58, 0.59, 0.61]
    curve = [LossRecord(i, 0.69 / (i + 1), loss) for i, loss in enumerate(validation)]
    figure = plots.loss_curve(curve, Reason("early_stopping", {"rises": 2, "patience": 1}))
    assert [[i, loss] for i, loss in enumerate(validation)] in points(figure)
    assert [[2, 0.58]] in points(figure)
    assert "◆ least validation loss after 2 passes" in words(figure)
    assert "patience of 1\nran out" in words(figure)
    assert any(list(line.get_xdata()) == [4, 4] for line in figure.axes[0].lines)


def test_without_validation_there_is_one_line():
    figure = plots.loss_curve([LossRecord(0, 0.69), LossRecord(1, 0.5)])
    assert points(figure) == [[[0, 0.69], [1, 0.5]]]
    assert "validation" not in words(figure)


def test_the_record_of_a_fit_is_drawn():
    found = vikt.LogisticRegression(solver="batch", C=0.1).fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])
    (line,) = plots.loss_curve(found.loss_curve_).axes[0].lines
    assert len(line.get_xdata()) == len(found.loss_curve_) > 1


def test_no_records_are_refused():
    with pytest.raises(vikt.errors.UsageError, match="no records"):
        plots.loss_curve([])
