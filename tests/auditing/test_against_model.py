"""Checks of labelled texts against a model."""

from __future__ import annotations

import json

import pytest

import vikt

TEXTS = ["win money now", "lunch on friday", "win a prize", "the report is late"] * 5
LABELS = ["spam", "ham"] * 10


@pytest.fixture(scope="module")
def classifier():
    return vikt.TextClassifier(min_df=1, l2=0.01).fit(TEXTS, LABELS)


def found_in(code, *args, **kwargs):
    return [finding for finding in vikt.audit(*args, **kwargs).findings if finding.code == code]


def test_labels_that_the_model_does_not_know_are_found(classifier):
    [finding] = found_in("V161", ["win", "eel"], ["spam", "fish"], model=classifier)
    assert finding.rows == (1,)
    assert "'fish'" in finding.message
    assert "not in the model" in finding.message
    assert found_in("V161", TEXTS, LABELS, model=classifier) == []


def test_the_rows_trained_on_are_recognised_in_any_order(classifier):
    assert len(found_in("V162", TEXTS[::-1], LABELS[::-1], model=classifier)) == 1
    assert found_in("V162", TEXTS[1:], LABELS[1:], model=classifier) == []


def test_texts_of_which_the_model_knows_nothing_are_found(classifier):
    [finding] = found_in("V163", ["win", "zebra", ""], ["spam", "ham", "ham"], model=classifier)
    assert finding.rows == (1,)
    assert finding.message.startswith("1 training text of 3 contains no feature that the model knows")


def test_a_model_is_read_from_its_file(classifier, tmp_path, run):
    classifier.save(tmp_path / "m.vikt")
    (tmp_path / "new.csv").write_text("text,label\nwin,spam\nzebra,fish\n")
    code, out, _ = run("audit", tmp_path / "new.csv", "--model", tmp_path / "m.vikt", "--json")
    assert code == 0
    assert {"V161", "V163"} <= {finding["code"] for finding in json.loads(out)["findings"]}


def test_a_model_with_columns_reads_them(tmp_path):
    frame = {"text": ["a b", "c d"] * 10, "length": [1.0, 2.0] * 10}
    classifier = vikt.TextClassifier(
        min_df=1, l2=0.1, features=[{"kind": "number", "name": "length", "column": "length"}]
    ).fit(frame, LABELS)
    assert len(found_in("V162", frame, LABELS, model=classifier)) == 1
