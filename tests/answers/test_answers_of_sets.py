"""What a model of several labels answers in Python and by `vikt predict`: as one logistic regression a label."""

from __future__ import annotations

import csv
import json

import numpy as np
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from models_of_kinds import LABELS, TEXTS, THRESHOLDS, binary, several
from vikt.errors import ParameterError

ANSWERED = [*TEXTS, "glad glad smile", "", "unknown"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return several(tmp_path_factory.mktemp("several") / "m")


@pytest.fixture(scope="module")
def probabilities():
    return np.column_stack([binary(label).predict_proba(ANSWERED)[:, 1] for label in LABELS])


def ranked(row, least):
    """The labels of a row that reach their thresholds, the most probable first."""
    return [LABELS[k] for k in sorted(range(len(LABELS)), key=lambda k: -row[k]) if row[k] >= least[k]]


def test_probabilities_and_scores_are_those_of_one_logistic_regression_a_label(model, probabilities):
    assert model.predict_proba(ANSWERED) == pytest.approx(probabilities, rel=1e-12)
    assert np.exp(model.predict_log_proba(ANSWERED)) == pytest.approx(probabilities, rel=1e-12)
    assert model.decision_function(ANSWERED) == pytest.approx(np.log(probabilities / (1 - probabilities)), abs=1e-9)


def test_each_label_is_answered_from_its_threshold_on(model, probabilities):
    members = probabilities >= THRESHOLDS
    answered = model.predict(ANSWERED)
    assert answered.dtype == np.int64
    assert answered.tolist() == members.astype(int).tolist()
    assert {0, 1, 2} <= set(members.sum(axis=1).tolist())
    assert model.predict_sets(ANSWERED) == [ranked(row, THRESHOLDS) for row in probabilities]


def test_another_threshold_is_that_of_all_labels(model, probabilities):
    for least in (0.0, 0.2, 0.7, 1.0):
        assert model.predict(ANSWERED, threshold=least).tolist() == (probabilities >= least).astype(int).tolist()


def test_the_most_probable_labels_whatever_the_thresholds(model, probabilities):
    best = model.predict(ANSWERED, top=2)
    assert best.tolist() == [ranked(row, [0.0] * 4)[:2] for row in probabilities]
    assert model.predict(ANSWERED, top=9).shape == (len(ANSWERED), 4)
    some = model.predict(ANSWERED, top=3, threshold=0.4)
    expected = [(ranked(row, [0.4] * 4) + [None] * 3)[:3] for row in probabilities]
    assert some.tolist() == expected


@pytest.mark.parametrize("options", [{"top": 0}, {"threshold": 1.5}, {"top": 1.5}])
def test_invalid_options_are_refused(model, options):
    with pytest.raises(ParameterError, match=next(iter(options))):
        model.predict(ANSWERED, **options)


@pytest.fixture
def predict(model, tmp_path, run):
    """Run `vikt predict` on a file of lines or a table, and return its output."""
    model.save(tmp_path / "m")

    def call(name, content, *options):
        (tmp_path / name).write_text(content, encoding="utf-8")
        code, out, err = run("predict", tmp_path / "m", tmp_path / name, *options)
        assert code == 0, err
        return out

    return call


@pytest.mark.parametrize(
    ("options", "least", "top"),
    [([], THRESHOLDS, 4), (["--top", 2], [0] * 4, 2), (["--threshold", 0.2], [0.2] * 4, 4),
     (["--top", 3, "--threshold", 0.4], [0.4] * 4, 3)],
)  # fmt: skip
def test_lines_hold_the_labels_and_their_probabilities_with_commas_between(predict, probabilities, options, least, top):
    lines = predict("new.txt", "".join(f"{text}\n" for text in ANSWERED), *options).split("\n")[:-1]
    objects = predict("new.txt", "".join(f"{text}\n" for text in ANSWERED), *options, "--json").splitlines()
    for line, in_json, row in zip(lines, objects, probabilities, strict=True):
        own = ranked(row, least)[:top]
        labels, numbers = line.split("\t")
        assert labels == ",".join(own)
        of_labels = [row[LABELS.index(label)] for label in own]
        assert [float(number) for number in filter(None, numbers.split(","))] == pytest.approx(of_labels, rel=1e-11)
        found = json.loads(in_json)
        assert list(found) == ["predicted", "probability"]
        assert found["predicted"] == own
        assert found["probability"] == pytest.approx(of_labels, rel=1e-14)


def test_the_probability_of_each_label_follows_where_it_is_asked_for(predict, probabilities):
    out = predict("new.txt", "".join(f"{text}\n" for text in ANSWERED), "--proba", "--json")
    for line, row in zip(out.splitlines(), probabilities, strict=True):
        found = json.loads(line)
        assert list(found) == ["predicted", "probability", *(f"P({label})" for label in LABELS)]
        assert [found[f"P({label})"] for label in LABELS] == pytest.approx(row.tolist(), rel=1e-14)


def test_tables_hold_lists_or_labels_with_commas_between(predict, probabilities, tmp_path):
    table = "id,text\n" + "".join(f"{i},{text}\n" for i, text in enumerate(ANSWERED))
    sets = [ranked(row, THRESHOLDS) for row in probabilities]
    numbers = [[row[LABELS.index(label)] for label in own] for row, own in zip(probabilities, sets, strict=True)]
    rows = list(csv.DictReader(predict("new.csv", table).splitlines()))
    assert [row["predicted"] for row in rows] == [",".join(own) for own in sets]
    for row, own in zip(rows, numbers, strict=True):
        assert [float(value) for value in filter(None, row["probability"].split(","))] == pytest.approx(own)
    rows = list(csv.DictReader(predict("new.csv", table, "--to", "tsv").splitlines(), delimiter="\t"))
    assert [row["predicted"] for row in rows] == [",".join(own) for own in sets]
    in_json = [json.loads(line) for line in predict("new.csv", table, "--to", "jsonl").splitlines()]
    assert [row["predicted"] for row in in_json] == sets
    for name, read in (("out.parquet", pq.read_table), ("out.arrow", feather.read_table)):
        predict("new.csv", table, "-o", tmp_path / name)
        found = read(tmp_path / name)
        assert found["predicted"].to_pylist() == sets
        assert [len(own) for own in found["probability"].to_pylist()] == [len(own) for own in numbers]
        assert str(found.schema.field("probability").type).startswith("list<")


@pytest.mark.parametrize(("name", "to"), [("new.txt", []), ("new.csv", []), ("new.csv", ["--to", "tsv"])])
def test_a_label_with_a_comma_is_refused_where_commas_separate_labels(tmp_path, run, name, to):
    several(tmp_path / "m", ["anger", "grief, sorrow", "joy", "love"])
    (tmp_path / name).write_text("text\nsad rain\n")
    code, out, err = run("predict", tmp_path / "m", tmp_path / name, *to)
    assert (code, out) == (1, "")
    assert "the label 'grief, sorrow' holds ',', which separates the labels of a text; write JSON or Parquet" in err
    code, out, _ = run("predict", tmp_path / "m", tmp_path / name, "--to", "jsonl")
    assert json.loads(out.splitlines()[-1])["predicted"] == ["grief, sorrow"]


def test_the_probabilities_of_several_labels_are_not_taken_for_shares(predict, tmp_path, run):
    predict("new.csv", "text\n" + "happy love\n" * 20, "--proba", "-o", tmp_path / "answered.csv")
    code, _, err = run("train", tmp_path / "answered.csv", "-o", tmp_path / "student")
    assert code == 1
    assert "row 1: expected shares of the classes 'anger', 'grief', 'joy', 'love' that sum to 1, found" in err
    assert "'several'; to divide the values of each row by their sum, read them with --targets soft" in err
