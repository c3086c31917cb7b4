"""The pictures of the lecture show what the lecture states, and the page shows them all."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import vikt
import vikt.errors
from vikt import plots

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "figures"), run_name="figures")
THETA = [-1.0, 2.0, -3.0]


def line_of(figure, label):
    return next(line for line in figure.axes[0].lines if line.get_label() == label)


def words(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_logistic_curve_passes_through_a_half_and_the_slides_point():
    figure = plots.logistic_curve({"Great plot but bad acting.": -2.0})
    curve = max(figure.axes[0].lines, key=lambda line: len(line.get_xdata())).get_xydata()
    assert curve[curve[:, 0] == 0].tolist() == [[0, 0.5]]
    assert np.interp(-2, *curve.T) == pytest.approx(0.12, abs=5e-3)
    assert figure.axes[0].texts[0].get_text() == "Great plot but bad acting.  0.12"


def test_the_two_losses_mirror_each_other_and_meet_at_log_2():
    one, other = (line.get_xydata() for line in plots.loss_curves().axes[0].lines)
    assert np.allclose(one[:, 1], other[::-1, 1])
    assert one[one[:, 0] == 0][0, 1] == pytest.approx(np.log(2))
    # P(y = 1) = 0.12 at z = -2.
    assert np.interp(-2, one[:, 0], one[:, 1]) == pytest.approx(-np.log(0.1192), abs=1e-3)


def test_the_boundary_lies_where_the_score_is_0_and_the_wrong_rows_are_ringed():
    figure = plots.decision_boundary(SCRIPT["ROWS"], SCRIPT["Y"], THETA)
    boundary = figure.axes[0].collections[-1].get_paths()[0].vertices
    assert np.allclose(-1 + 2 * boundary[:, 0] - 3 * boundary[:, 1], 0, atol=1e-6)
    assert len(line_of(figure, "on the wrong side").get_xdata()) == 5
    assert figure.axes[0].get_title(loc="left") == "-1 + 2·x1 - 3·x2 = 0"


def test_the_sixteen_rows_have_the_slides_figures():
    predicted = [int(vikt.is_positive([1, *row], THETA)) for row in SCRIPT["ROWS"]]
    real = SCRIPT["Y"].tolist()
    assert vikt.accuracy(real, predicted) == 11 / 16
    assert vikt.precision(real, predicted, 1) == 7 / 9
    assert vikt.recall(real, predicted, 1) == 7 / 10


def test_the_better_boundary_has_fewer_rows_on_the_wrong_side_than_the_poor_one():
    poor, better = (
        len(line_of(SCRIPT["DRAWN"][name][0](), "on the wrong side").get_xdata())
        for name in ("poor-boundary", "better-boundary")
    )
    assert better < poor


def test_a_panel_for_each_path_from_its_start_to_its_end():
    paths = {"batch": [[2, 2], [1, 0.5], [0.5, 0.1]], "stochastic": [[2, 2], [0, 0.5]]}
    figure = plots.descent(lambda z: z[0] ** 2 + 3 * z[1] ** 2, paths, minimum=[0, 0])
    assert [axes.get_title(loc="left") for axes in figure.axes] == list(paths)
    for axes, path in zip(figure.axes, paths.values(), strict=True):
        assert axes.lines[0].get_xydata().tolist() == path
        assert [0, 0] in [line.get_xydata()[0].tolist() for line in axes.lines]


def test_batch_comes_closer_in_every_step_and_the_others_do_not():
    figure = SCRIPT["DRAWN"]["descents"][0]()
    objective = vikt.Objective.of(*SCRIPT["one_feature"](), n_classes=2, l2=0.0)
    losses = [[objective.value(theta) for theta in axes.lines[0].get_xydata()] for axes in figure.axes]
    rises = [int((np.diff(loss) > 1e-12).sum()) for loss in losses]
    assert rises[0] == 0
    assert min(rises[1:]) > 0
    assert [axes.get_title(loc="left").split(":")[0] for axes in figure.axes] == ["batch", "minibatch", "stochastic"]


def test_the_chord_lies_above_a_convex_function_and_below_one_that_is_not():
    def above(name):
        chord = next(line for line in SCRIPT["DRAWN"][name][0]().axes[0].lines if line.get_marker() == "s")
        on_the_curve, on_the_chord = chord.get_ydata()
        return on_the_chord > on_the_curve

    assert above("convex")
    assert not above("not-convex")


def test_patience_ran_out_in_the_figure_of_early_stopping():
    figure = SCRIPT["DRAWN"]["early-stopping"][0]()
    assert any("ran out" in text.get_text() for text in figure.axes[0].texts)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.decision_boundary([[1, 2, 3]], [1], THETA), "give two features"),
        (lambda: plots.descent(sum, {}), "give at least one"),
        (lambda: plots.descent(sum, {"a": [[1, 2, 3]]}), "two weights a step"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(draw, message):
    with pytest.raises(vikt.errors.UsageError, match=message):
        draw()


def test_the_pages_show_every_figure_of_the_script():
    pages = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("lecture.md", "plots.md"))
    shown = re.findall(r"\]\(figures/([^)]+)\.svg\)", pages)
    assert sorted(shown) == sorted(SCRIPT["DRAWN"])
    assert all((ROOT / "docs" / "figures" / f"{name}.svg").exists() for name in shown)


@pytest.mark.parametrize("name", SCRIPT["DRAWN"])
def test_the_script_draws_what_the_file_holds(name):
    """Its words; lines differ in their last digits from one processor to another."""
    kept = (ROOT / "docs" / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    assert words(SCRIPT["drawn"](name)) == words(kept)
