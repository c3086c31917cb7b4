"""Pictures of what every threshold would give, and of calibration."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve

import vikt.errors
from vikt import plots
from vikt.metrics.calibration import reliability_curve
from vikt.metrics.curves import mean_curve, precision_recall_curve, roc_curve

RANDOM = np.random.default_rng(1)
Y = RANDOM.integers(0, 2, 300)
SCORES = np.round(1 / (1 + np.exp(-(Y - 0.5 + RANDOM.normal(size=300)))), 2)


def curve_of(figure):
    return next(line for line in figure.axes[0].lines if line.get_linestyle() == "-")


def diamond_of(figure):
    return next(line.get_xydata()[0] for line in figure.axes[0].lines if line.get_marker() == "D")


def test_the_curve_drawn_is_scikit_learns():
    figure = plots.roc(roc_curve(Y, SCORES, 1), threshold=0.5)
    false, true, _ = metrics.roc_curve(Y, SCORES, drop_intermediate=False)
    assert np.allclose(curve_of(figure).get_xydata(), np.column_stack([false, true]))
    answered = SCORES >= 0.5
    assert diamond_of(figure) == pytest.approx([answered[Y == 0].mean(), answered[Y == 1].mean()])


def test_precision_and_recall_are_scikit_learns():
    figure = plots.precision_recall(precision_recall_curve(Y, SCORES, 1), threshold=0.5)
    precision, recall, _ = metrics.precision_recall_curve(Y, SCORES)
    line = curve_of(figure)
    assert np.allclose(line.get_xydata(), np.column_stack([recall, precision])[::-1])
    # Average precision is a sum of steps, each as high as the point on its right.
    assert line.get_drawstyle() == "steps-pre"
    answered = SCORES >= 0.5
    assert diamond_of(figure) == pytest.approx([answered[Y == 1].mean(), Y[answered].mean()])
    by_lot = next(line for line in figure.axes[0].lines if line is not curve_of(figure) and line.get_marker() == "None")
    assert by_lot.get_ydata() == pytest.approx([Y.mean()] * 2)


def test_reliability_is_scikit_learns_with_the_rows_below():
    right, confidence = (SCORES >= 0.5) == Y, np.maximum(SCORES, 1 - SCORES)
    figure = plots.reliability(reliability_curve(right, confidence, 15))
    share, mean = calibration_curve(right, confidence, n_bins=15)
    line = next(line for line in figure.axes[0].lines if line.get_marker() == "o")
    assert np.allclose(line.get_xydata(), np.column_stack([mean, share]))
    assert sum(bar.get_height() for bar in figure.axes[1].patches) == 300


@pytest.mark.parametrize("draw", [plots.roc, plots.precision_recall, plots.reliability])
def test_where_there_is_no_curve_the_reason_is_said(draw):
    with pytest.raises(vikt.errors.UsageError, match="found no curve"):
        draw(None)


def test_a_mean_has_no_threshold():
    mean = mean_curve([roc_curve(Y, SCORES, 1)])
    assert plots.roc(mean).axes
    with pytest.raises(vikt.errors.UsageError, match="mean over classes"):
        plots.roc(mean, threshold=0.5)


def test_the_curves_of_an_evaluation_are_drawn():
    texts, labels = ["win money now", "lunch at noon", "win a prize", "the report"] * 5, ["spam", "ham"] * 10
    found = vikt.TextClassifier(min_df=1, l2=0.01).fit(texts, labels).evaluate(texts, labels)
    drawn = [
        plots.roc(found.roc, threshold=0.5),
        plots.precision_recall(found.precision_recall, threshold=0.5),
        plots.reliability(found.reliability),
        plots.confusion_matrix(found.matrix, found.labels),
    ]
    assert all(plots.svg(figure, "t") for figure in drawn)
