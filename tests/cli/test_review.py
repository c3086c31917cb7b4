"""`vikt audit -o`: the rows whose labels are suspected, as a table."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import vikt


@pytest.fixture
def mails(emails, tmp_path):
    """E-mails in a file, with a column of their own, and three typical ones with the other label."""
    texts, labels = emails
    other = {"spam": "ham", "ham": "spam"}
    wrong = np.argsort(-vikt.TextClassifier(analyzer="word").label_errors(texts, labels).all_scores)[:3].tolist()
    given = [other[label] if i in wrong else label for i, label in enumerate(labels)]
    path = tmp_path / "mails.jsonl"
    rows = [{"id": i, "text": text, "label": label} for i, (text, label) in enumerate(zip(texts, given, strict=True))]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path, wrong, labels


READERS = {
    "csv": pd.read_csv,
    "tsv": lambda path: pd.read_csv(path, sep="\t"),
    "jsonl": lambda path: pd.read_json(path, lines=True),
    "parquet": pd.read_parquet,
}


@pytest.mark.parametrize("format", READERS)
def test_the_suspected_rows_are_written_with_all_their_columns(run, mails, tmp_path, format):
    path, wrong, labels = mails
    review = tmp_path / f"review.{format}"
    code, out, _ = run("audit", path, "-o", review, "--analyzer", "word", "--json", "-q")
    assert code == 0
    table = READERS[format](review)
    assert list(table.columns) == ["id", "text", "label", "suggested_label", "label_score", "input_row"]
    assert set(wrong) <= set(table["id"][: 3 * len(wrong)])
    assert table["label_score"].is_monotonic_increasing
    found = table.set_index("id")
    assert found.loc[wrong, "suggested_label"].tolist() == [labels[i] for i in wrong]
    texts = [json.loads(line)["text"] for line in path.read_text().splitlines()]
    assert table["text"].tolist() == [texts[i] for i in table["id"]]
    [finding] = [finding for finding in json.loads(out)["findings"] if finding["code"] == "V171"]
    assert finding["rows"] == sorted(table["id"] + 1)
    assert finding["examples"][0]["place"] == f"row {table['id'][0] + 1}"


def test_labels_are_checked_only_where_it_is_asked_for(run, mails):
    path, *_ = mails
    assert "V171" not in run("audit", path)[1]
    out = run("audit", path, "--mislabels", "--analyzer", "word")[1]
    assert "V171  probable-mislabel:" in out
    assert "rather " in out


def test_a_model_lends_its_features_and_penalty(run, mails, tmp_path):
    path, *_ = mails
    model = tmp_path / "model.vikt"
    assert run("train", path, "-o", model, "--l2", "0.001", "-q", "--analyzer", "word")[0] == 0
    out = run("audit", path, "--model", model, "--mislabels", "--json", "-q")[1]
    [finding] = [finding for finding in json.loads(out)["findings"] if finding["code"] == "V171"]
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    texts, labels = [row["text"] for row in rows], [row["label"] for row in rows]
    found = vikt.load(model).label_errors(texts, labels)
    assert finding["rows"] == sorted((found.rows + 1).tolist())


def test_a_review_can_be_audited_again(run, mails, tmp_path):
    path, *_ = mails
    rows = [json.loads(line) | {"label_score": "mine"} for line in path.read_text().splitlines()]
    again = tmp_path / "again.csv"
    pd.DataFrame(rows).to_csv(again, index=False)
    review = tmp_path / "review.csv"
    run("audit", again, "--text", "text", "--label", "label", "-o", review, "--analyzer", "word", "-q")
    table = pd.read_csv(review)
    assert list(table.columns)[-4:] == ["label_score", "suggested_label", "label_score_2", "input_row"]
    assert set(table["label_score"]) == {"mine"}


@pytest.mark.parametrize("name", ["review", "review.txt", "-"])
def test_a_review_must_be_a_table(run, mails, name):
    path, *_ = mails
    code, _, err = run("audit", path, "-o", name)
    assert code == 2
    assert "a review is a table, whose format its name must show" in err


def test_a_file_that_is_there_is_kept_unless_forced(run, mails, tmp_path):
    path, *_ = mails
    review = tmp_path / "review.csv"
    review.write_text("mine")
    assert run("audit", path, "-o", review, "--analyzer", "word")[0] == 1
    assert review.read_text() == "mine"
    assert run("audit", path, "-o", review, "--analyzer", "word", "--force", "-q")[0] == 0
    assert run("audit", path, "-o", path)[0] == 2


def test_in_python_label_errors_are_told_with_the_rest(mails):
    path, wrong, _ = mails
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    texts, labels = [row["text"] for row in rows], [row["label"] for row in rows]
    found = vikt.TextClassifier(analyzer="word").label_errors(texts, labels)
    [finding] = [each for each in vikt.audit(texts, labels, label_errors=found).findings if each.code == "V171"]
    assert set(wrong) <= set(finding.rows)
    assert finding.message == found.summary


def test_rows_of_several_files_are_counted_through(run, mails, tmp_path):
    path, *_ = mails
    lines = path.read_text().splitlines(keepends=True)
    halves = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    for half, part in zip(halves, (lines[:200], lines[200:]), strict=True):
        half.write_text("".join(part))
    whole, parts = tmp_path / "whole.csv", tmp_path / "parts.csv"
    run("audit", path, "-o", whole, "--analyzer", "word", "-q")
    run("audit", *halves, "-o", parts, "--analyzer", "word", "-q")
    assert parts.read_bytes() == whole.read_bytes()


def test_levels_are_judged_as_classes_as_in_python(run, mails, tmp_path):
    path, *_ = mails
    model, rows = tmp_path / "model.vikt", [json.loads(line) for line in path.read_text().splitlines()]
    options = "--targets", "ordered", "--order", "ham,spam", "--l2", "0.001", "--analyzer", "word"
    assert run("train", path, "-o", model, *options, "-q")[0] == 0
    out = run("audit", path, "--model", model, "--mislabels", "--json", "-q")[1]
    [finding] = [finding for finding in json.loads(out)["findings"] if finding["code"] == "V171"]
    found = vikt.load(model).label_errors([row["text"] for row in rows], [row["label"] for row in rows])
    assert finding["rows"] == sorted((found.rows + 1).tolist())


def test_soft_labels_are_not_reviewed(run, tmp_path):
    path, review = tmp_path / "soft.csv", tmp_path / "review.csv"
    path.write_text("text,P(a),P(b)\none,0.5,0.5\ntwo,0.2,0.8\n", encoding="utf-8")
    for asked in (["--mislabels"], ["-o", review]):
        code, out, err = run("audit", path, *asked, "-q")
        assert (code, out, len(err.splitlines())) == (2, "", 1)
        assert "vikt: soft labels state how sure they are" in err
    assert not review.exists()
