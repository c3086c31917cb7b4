"""`vikt train` on several labels, shares and levels: as the data show, as the options say, or refused."""

from __future__ import annotations

import random

import pytest

from vikt.files.trained import load_trained

LABELS = ["joy", "love", "fear"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with several.tsv, whose texts name their labels, and levels.csv."""
    monkeypatch.chdir(tmp_path)
    chosen = random.Random(0)
    sets = [[label for label in LABELS if chosen.random() < 0.4] for _ in range(200)]
    lines = [f"{','.join(row)}\t{' '.join([*row, 'word', str(chosen.randrange(20))])}" for row in sets]
    (tmp_path / "several.tsv").write_text("\n".join(["label\ttext", *lines]) + "\n", encoding="utf-8")
    levels = [chosen.choice(["low", "medium", "high"]) for _ in range(200)]
    lines = [f"{level},the {level} one {chosen.randrange(20)}" for level in levels]
    (tmp_path / "levels.csv").write_text("\n".join(["label,text", *lines]) + "\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("targets", [[], ["--targets", "ordered"]], ids=["implied", "named"])
def test_an_order_trains_ordered_levels(folder, run, targets):
    options = *targets, "--order", "low, medium, high", "--l2", "0.01", "--analyzer", "word"
    code, _, err = run("train", "levels.csv", *options)
    assert code == 0, err
    assert load_trained(folder / "model.vikt", []).model.labels == ["low", "medium", "high"]


REFUSED = {
    "no separator": (
        ["several.tsv"],
        "values of column 'label' look like several labels, such as",
        "read several labels with --labels-separator ',', or keep each value as one class with --targets classes",
    ),
    "two kinds": (
        ["several.tsv", "--labels-separator", ",", "--targets", "classes"],
        "--labels-separator ',' separates several labels, but --targets 'classes' is given",
    ),
    "nothing to separate": (
        ["levels.csv", "--targets", "several"],
        "each value of column 'label' is one label; say what separates several, as in --labels-separator ','",
    ),
    "no order": (["levels.csv", "--targets", "ordered"], "is no number", "with --order"),
    "an order of other labels": (["levels.csv", "--order", "low,high"], "is not in the order ('low', 'high')"),
    "an order of classes": (
        ["levels.csv", "--order", "low,high", "--targets", "classes"],
        "--order: is for ordered labels, but --targets 'classes' is given; drop one of them",
    ),
    "an order of several": (
        ["levels.csv", "--order", "low,high", "--labels-separator", ";"],
        "--order: is for ordered labels, but --labels-separator ';' separates several labels; drop one of them",
    ),
    "a level twice": (["levels.csv", "--targets", "ordered", "--order", "low,low"], "--order"),
    "a threshold above 1": (["levels.csv", "--thresholds", "2"], "--thresholds"),
    "two classes": (
        ["two.csv", "--labels-separator", ";"],
        "each row has one of the two labels 'ham', 'spam' and not the other, so these are two classes",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_targets_that_cannot_be_are_refused_in_one_line(folder, run, name):
    lines = [f"{'ham' if i % 2 else 'spam'},text {i}" for i in range(40)]
    (folder / "two.csv").write_text("\n".join(["label,text", *lines]) + "\n", encoding="utf-8")
    args, *said = REFUSED[name]
    code, out, err = run("train", *args, "-q")
    assert (code != 0, out) == (True, "")
    assert len(err.splitlines()) == 1
    for words in said:
        assert words in err
    assert not (folder / "model.vikt").exists()
