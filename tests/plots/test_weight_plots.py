"""Pictures of weights."""

from __future__ import annotations

import pytest

import vikt.errors
from vikt import plots
from vikt.explanation.weights import StrongestFeatures


def test_a_bar_for_each_feature_as_long_as_its_weight():
    features = [("winner", 1.5), ("free", 0.5), ("$x$", 0.25)]
    figure = plots.strongest_features(StrongestFeatures("spam", features))
    (axes,) = figure.axes
    assert [bar.get_width() for bar in axes.patches] == [1.5, 0.5, 0.25]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["winner", "free", "$x$"]
    top, bottom = (axes.transData.transform((0, place))[1] for place in (0, 2))
    assert top > bottom


def test_bars_are_bounded():
    figure = plots.strongest_features(StrongestFeatures("spam", [(f"word{k}", 1.0) for k in range(500)]))
    assert len(figure.axes[0].patches) == 30


def test_a_class_for_which_nothing_speaks_is_refused():
    with pytest.raises(vikt.errors.UsageError, match="no feature speaks for the class 'ham'"):
        plots.strongest_features(StrongestFeatures("ham", []))


def test_the_path_of_each_weight_from_the_strongest_penalty_on():
    figure = plots.weights_path([0.01, 1.0, 0.1], [[3, -1], [1, 0], [2, -0.5]], ["win", "lunch"], chosen=0.1)
    drawn = {line.get_label(): line.get_xydata().tolist() for line in figure.axes[0].lines}
    assert drawn["win"] == [[1.0, 1], [0.1, 2], [0.01, 3]]
    assert drawn["lunch"] == [[1.0, 0], [0.1, -0.5], [0.01, -1]]
    assert any(list(line.get_xdata()) == [0.1, 0.1] for line in figure.axes[0].lines)


def test_lines_are_told_apart_by_more_than_colour():
    figure = plots.weights_path([0.1, 0.01], [range(12), range(12)], [f"w{k}" for k in range(12)])
    lines = [line for line in figure.axes[0].lines if line.get_label().startswith("w")]
    assert len({(str(line._dash_pattern), line.get_marker()) for line in lines}) == 12


@pytest.mark.parametrize("n", [0, 13])
def test_too_many_features_are_refused(n):
    with pytest.raises(vikt.errors.UsageError, match="1 to 12 features"):
        plots.weights_path([0.1], [[1.0] * n], [f"w{k}" for k in range(n)])
