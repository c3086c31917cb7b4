"""Reports of every kind of targets: the sections that make sense for it, and what they say."""

from __future__ import annotations

import re

import numpy as np
import pytest

import vikt
from models_of_kinds import SETS, TEXTS
from report_checks import EVIL, read
from vikt import plots
from vikt.errors import UsageError
from vikt.evaluation.several import SetOutcomes, set_evaluation_of
from vikt.metrics.calibration import reliability_curve

_COMMON = ["content", "data", "metrics"]


def anchors(page):
    names = [name for name in page.ids if not name.endswith("-title")]
    return [name for name in names if not re.match("mistakes-|v[0-9a-f]{10}-", name)]


def run_together(*words):
    """Words as the cells of a table stand in a page's text."""
    return "".join("".join(words).split())


def reported(path, labels, true=None, texts=TEXTS, **options):
    """The report of a model of some labels, tested on others of the same texts."""
    classifier = vikt.TextClassifier(analyzer="word", l2=0.003, min_df=1, **options).fit(texts, labels)
    classifier.report(path, texts, labels if true is None else true)
    return read(path.read_text(encoding="utf-8"))


def test_several_labels(tmp_path):
    true = [["love"], *SETS[1:-1], ["joy", "envy"]]
    page = reported(tmp_path / "r.html", SETS, true, thresholds=0.5)
    assert anchors(page) == [
        *_COMMON, "mistakes", "calibration", "words", "confident", "fit", "reproduce",
    ]  # fmt: skip
    for said in (
        "A classifier of 4 labels", "gives texts any of 4 labels", "Micro F1", "F1 of each label",
        "each label is answered at a probability of 0.5 or more, as given", "Words of each label",
        "Penalty, loss and proof of each label", "label 'envy', in 1 test row, was never seen in training",
    ):  # fmt: skip
        assert said in page.text, said
    assert "Confusion matrix" not in page.text
    assert "1.33 labels on average; 1 row has none" in page.text


def test_labels_missed_and_added_are_counted(tmp_path):
    true = [["grief"] if own == ["joy"] else own for own in SETS]
    page = reported(tmp_path / "r.html", SETS, true, thresholds=0.5)
    text = " ".join(page.text.split())
    n = sum(own == ["joy"] for own in SETS)
    assert f"The answers to {n} of 12 rows differ from their labels: {n} labels are missed and {n} are added." in text
    assert run_together("grief", "joy", str(n)) in run_together(text)
    assert "missed grief, with probability" in text
    assert "added joy, with probability" in text


def test_ordered_levels_stand_in_their_order(tmp_path):
    levels = ["low", "high", "medium"] * 4
    page = reported(tmp_path / "r.html", levels, targets="ordered", order=["low", "medium", "high"])
    text = " ".join(page.text.split())
    assert "places texts on 3 levels (“low”, “medium”, “high”)" in text
    assert "its answers miss the level by" in text
    for said in (
        "Mean absolute error",
        "Quadratic kappa",
        "Spearman's correlation",
    ):
        assert said in text, said
    assert "Words of the lowest and the highest level" in text
    assert run_together(r"real \ answered low medium high") in run_together(text)
    assert "Figures of each level" in text
    assert run_together("level rows share low 4 33.3% medium 4 33.3% high 4 33.3%") in run_together(text)


def test_soft_labels(tmp_path):
    shares = np.tile([[0.75, 0.25], [0.1, 0.9]], (6, 1))
    page = reported(tmp_path / "r.html", shares)
    text = " ".join(page.text.split())
    for said in ("gives texts a share of each of 2 classes", "Cross-entropy", "Brier score", "Accuracy of the mode"):
        assert said in text, said
    rows = "class mean share rows where it is the largest 1 57.5% 6 0 42.5% 6"
    assert run_together(rows) in run_together(text)


def test_a_comparison_names_sets_of_labels_in_words(tmp_path):
    a, b = (vikt.TextClassifier("word", l2=l2, min_df=1, thresholds=0.5).fit(TEXTS, SETS) for l2 in (0.003, 1.0))
    vikt.write_report(tmp_path / "c.html", vikt.compare(a, b, TEXTS, SETS))
    text = read((tmp_path / "c.html").read_text(encoding="utf-8")).text
    assert run_together("joy, love joy, love none") in run_together(text)
    assert '["' not in text
    assert "[]" not in text


def test_hostile_labels_are_escaped(tmp_path):
    sets = [[f"{EVIL}{label}" for label in own] for own in SETS]
    page = reported(tmp_path / "r.html", sets, sets[1:] + sets[:1], texts=[f"{EVIL} {text}" for text in TEXTS])
    assert "img" not in page.tags


def test_f1_is_drawn_for_the_labels_with_the_most_rows():
    real = np.array([[True, False, True], [True, True, False], [True, False, False], [False, True, False]])
    found = SetOutcomes(["a", "b", "c"], real, real, np.log(np.where(real, 0.9, 0.1)))
    figure = plots.f1_by_label(set_evaluation_of(found), most=2)
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["a", "b"]
    assert [bar.get_width() for bar in figure.axes[0].patches] == [1.0, 1.0]
    nothing = SetOutcomes(["a"], np.zeros((2, 1), bool), np.ones((2, 1), bool), np.log(np.full((2, 1), 0.5)))
    with pytest.raises(UsageError, match="no row has a label"):
        plots.f1_by_label(set_evaluation_of(nothing))


def test_the_reliability_of_labels_names_what_it_counts():
    figure = plots.label_reliability(reliability_curve([True, False], [0.9, 0.1]))
    assert [axes.get_ylabel() for axes in figure.axes] == ["share that has the label", "pairs"]
