"""`vikt train` on several labels, shares and levels: as the data show, as the options say, or refused."""

from __future__ import annotations

import json
import random

import pyarrow as pa
import pytest
from pyarrow import feather

from vikt.fitting.trained import load_trained

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


def test_a_level_of_the_order_that_no_row_has_is_noted(folder, run):
    code, _, err = run("train", "levels.csv", "--order", "low,medium,hihg,high", "--l2", "0.01", "--analyzer", "word")
    assert (code, "the order names 'hihg', which no row has; check the spelling" in err) == (0, True), err


def test_models_of_several_labels_are_compared_and_updated_on_rows_with_another_separator(folder, run):
    other = (folder / "several.tsv").read_text(encoding="utf-8").replace(",", ";")
    for name in ("other.tsv", "more.tsv"):
        (folder / name).write_text(other, encoding="utf-8")
    code, _, err = run("train", "several.tsv", "--labels-separator", ",", "--l2", "0.01", "--analyzer", "word", "-q")
    assert code == 0, err
    (folder / "model.vikt").rename(folder / "a.vikt")
    models = "a.vikt", "copy.vikt"
    (folder / "copy.vikt").write_bytes((folder / "a.vikt").read_bytes())
    found = [
        json.loads(run("compare", *models, *test, "--json", "-q")[1])
        for test in (["several.tsv"], ["other.tsv", "--labels-separator", ";"])
    ]
    assert found[0] == found[1]
    data = "--data", "other.tsv", "--add", "more.tsv", "--labels-separator", ";"
    code, _, err = run("update", "a.vikt", *data, "-o", "b.vikt", "-q")
    assert code == 0, err
    assert load_trained(folder / "b.vikt", []).model.labels == sorted(LABELS)


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
    "no order": (["levels.csv", "--targets", "ordered"], "is not a number", "with --order"),
    "an order of other labels": (["levels.csv", "--order", "low,high"], "is not in the order ('low', 'high')"),
    "an order of one level": (["levels.csv", "--order", "low<high"], "as in low,medium,high, found 'low<high'"),
    "an order of classes": (
        ["levels.csv", "--order", "low,high", "--targets", "classes"],
        "--order: is for ordered labels, but --targets 'classes' is given; drop one of them",
    ),
    "an order of several": (
        ["levels.csv", "--order", "low,high", "--labels-separator", ";"],
        "--order: is for ordered labels, but --labels-separator ';' separates several labels; drop one of them",
    ),
    "a level twice": (
        ["levels.csv", "--targets", "ordered", "--order", "low,low"],
        "--order: the level 'low' is named twice",
    ),
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


def test_an_option_that_does_not_serve_the_kind_is_refused_before_any_file_is_read(folder, run):
    (folder / "broken.csv").write_bytes(b"\xff")
    code, _, err = run("train", "broken.csv", "--labels-separator", ",", "--max-error", "0.1")
    assert (code, err) == (2, "vikt: --max-error: cannot be used with several labels; leave it out\n")


def test_columns_of_votes_are_tested_as_they_were_trained(folder, run):
    chosen = random.Random(1)
    rows = [(chosen.randrange(4), chosen.randrange(1, 4)) for _ in range(120)]
    lines = [f"{pos},{neg},{'good ' * pos}{'bad ' * neg}{i}" for i, (pos, neg) in enumerate(rows)]
    (folder / "votes.csv").write_text("\n".join(["pos,neg,text", *lines]) + "\n", encoding="utf-8")
    train = "train", "votes.csv", "--label", "pos,neg", "--l2", "0.01", "--analyzer", "word", "--force"
    code, _, err = run(*train)
    assert code == 1
    assert "if they are votes or shares, read them with --targets soft" in err
    for command in ((*train, "--targets", "soft", "--test", "votes.csv"), ("evaluate", "model.vikt", "votes.csv")):
        code, out, err = run(*command)
        assert (code, "log loss" in out) == (0, True), err


def test_columns_named_as_the_classes_of_a_soft_model_are_its_labels(folder, run):
    for name, header in (("named.csv", "P(pos),P(neg),text"), ("plain.csv", "text,neg,pos")):
        rows = [("0.9,0.1,good {}" if "P" in header else "good {},0.1,0.9").format(i) for i in range(20)]
        rows += [("0.2,0.8,bad {}" if "P" in header else "bad {},0.8,0.2").format(i) for i in range(20)]
        (folder / name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    assert run("train", "named.csv", "--l2", "0.01", "--analyzer", "word", "-o", "soft.vikt")[0] == 0
    named, plain = (run("evaluate", "soft.vikt", name, "--json") for name in ("named.csv", "plain.csv"))
    assert (named[0], plain[0]) == (0, 0), plain[2]
    assert json.loads(named[1])["metrics"] == json.loads(plain[1])["metrics"]


def test_a_note_names_the_option_of_another_separator(folder, run):
    rows = (folder / "several.tsv").read_text(encoding="utf-8").replace("joy,love", "joy; love")
    (folder / "mixed.tsv").write_text(rows, encoding="utf-8")
    options = "--labels-separator", ",", "--l2", "0.01", "--analyzer", "word"
    code, _, err = run("train", "mixed.tsv", *options)
    assert (code, "such as 'joy; love', of which" in err, "set --labels-separator ';'" in err) == (0, True, True), err


def test_models_of_several_labels_are_compared_on_another_separator(folder, run):
    options = "--labels-separator", ",", "--l2", "0.01", "--analyzer", "word"
    assert run("train", "several.tsv", *options)[0] == 0
    rows = (folder / "several.tsv").read_text(encoding="utf-8").replace(",", ";")
    (folder / "new.tsv").write_text(rows, encoding="utf-8")
    code, out, err = run("compare", "model.vikt", "model.vikt", "new.tsv", "--labels-separator", ";")
    assert (code, "micro F1" in out, "unseen" in err) == (0, True, False), err


def test_a_separator_that_has_no_use_is_noted_or_refused(folder, run):
    options = "--l2", "0.01", "--analyzer", "word", "--force"
    code, _, err = run("train", "levels.csv", "--labels-separator", ";", *options)
    assert (code, "--labels-separator ';' separates nothing: no row has more than one label" in err) == (0, True), err
    assert run("train", "levels.csv", *options)[0] == 0
    (folder / "more.csv").write_text("label,text\nhigh,another high one\n", encoding="utf-8")
    for command in (
        ("evaluate", "model.vikt", "levels.csv"),
        ("compare", "model.vikt", "model.vikt", "levels.csv"),
        ("update", "model.vikt", "--data", "levels.csv", "--add", "more.csv", "-o", "new.vikt"),
        ("audit", "levels.csv", "--model", "model.vikt"),
    ):
        code, out, err = run(*command, "--labels-separator", ";", "-q")
        assert (code, out) == (2, ""), command
        assert "--labels-separator ';' separates several labels, but the model answers one label for each text" in err


def test_an_ordered_column_of_arrow_gives_the_order_which_the_model_keeps(folder, run):
    levels = ["low", "medium", "high"]
    rows = [line.split(",") for line in (folder / "levels.csv").read_text(encoding="utf-8").splitlines()[1:]]
    held = pa.array([levels.index(label) for label, _ in rows], pa.int8())
    column = pa.DictionaryArray.from_arrays(held, levels, ordered=True)
    feather.write_feather(pa.table({"label": column, "text": [text for _, text in rows]}), folder / "levels.arrow")
    options = "--l2", "0.01", "--analyzer", "word"
    code, _, err = run("train", "levels.arrow", "--targets", "ordered", *options)
    assert code == 0, err
    assert load_trained(folder / "model.vikt", []).model.labels == levels
    rows = "--data", "levels.arrow", "--add", "more.csv", "-o", "new.vikt"
    (folder / "more.csv").write_text("label,text\nhigh,another high one\n", encoding="utf-8")
    code, _, err = run("update", "model.vikt", *rows, "-q")
    assert code == 0, err
    assert load_trained(folder / "new.vikt", []).model.labels == levels


def test_a_parameter_that_a_kind_does_not_take_is_refused_in_its_words(folder, run):
    code, _, err = run("train", "several.tsv", "--labels-separator", ",", "--class-weight", "balanced")
    assert (code != 0, "--class-weight: cannot be used with several labels; leave it out" in err) == (True, True), err


def test_a_test_that_writes_levels_as_other_numbers_is_read_as_the_same_levels(folder, run):
    chosen = random.Random(2)
    numbers = [chosen.randrange(3) for _ in range(90)]
    for name, end in (("whole.csv", ""), ("floats.csv", ".0")):
        lines = [f"{n}{end},the {['bad', 'good', 'great'][n]} one {i % 20}" for i, n in enumerate(numbers)]
        (folder / name).write_text("\n".join(["label,text", *lines]) + "\n", encoding="utf-8")
    options = "--targets", "ordered", "--l2", "0.01", "--analyzer", "word", "-q", "--force"
    told = []
    for test in ("whole.csv", "floats.csv"):
        code, out, err = run("train", "whole.csv", "--test", test, *options, "--json")
        assert (code, "is it the right column" in err) == (0, False), err
        code, found, err = run("evaluate", "model.vikt", test, "--json", "-q")
        assert (code, err) == (0, "")
        told.append((json.loads(out)["metrics"], json.loads(found)["metrics"]))
    assert told[0] == told[1]
