"""`vikt compare` and `vikt evaluate --by` at the command line."""

from __future__ import annotations

import json

import pandas as pd
import pytest

TEXTS = ["win free money", "win a prize now", "lunch at noon", "see you at the office"]
ROWS = [(label, text) for text, label in zip(TEXTS, ["spam", "spam", "ham", "ham"], strict=True)] * 10


def table(path, header, rows):
    path.write_text("\n".join("\t".join(row) for row in [header, *rows]) + "\n")
    return path


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    from vikt.classifier import TextClassifier

    folder = tmp_path_factory.mktemp("compare")
    labels, texts = zip(*ROWS, strict=True)
    TextClassifier("word", l2=0.01).fit(texts, labels).save(folder / "a.vikt")
    TextClassifier("char", ngrams=(1, 2), l2=0.5).fit(texts, labels).save(folder / "b.vikt")
    table(folder / "test.tsv", ("label", "text"), ROWS)
    return folder


def test_compare_tells_which_model_is_better(run, files):
    code, out, _ = run("compare", files / "a.vikt", files / "b.vikt", files / "test.tsv")
    assert code == 0
    assert "A 1.0000, B 1.0000: no difference shown" in out
    assert "log loss" in out
    assert "A is better by" in out
    assert "40: 40 both right" in out


def test_compare_as_json(run, files):
    code, out, _ = run("compare", files / "a.vikt", files / "b.vikt", files / "test.tsv", "--json", "-q")
    told = json.loads(out)
    assert code == 0
    assert told["differences"]["log_loss"]["better"] == "a"
    assert told["differences"]["accuracy"]["better"] is None
    assert told["mcnemar"] == {"only_a_right": 0, "only_b_right": 0, "p_value": 1.0}
    assert told["models"] == {"a": str(files / "a.vikt"), "b": str(files / "b.vikt")}


@pytest.mark.parametrize("order", [("test.tsv", "a.vikt", "b.vikt"), ("a.vikt", "test.tsv", "b.vikt")])
def test_swapped_arguments_are_named(run, files, order):
    code, _, err = run("compare", *(files / name for name in order))
    assert code == 1
    assert "b.vikt is; name models before data" in err


def test_data_left_out_is_wrong_usage(run, files):
    code, _, err = run("compare", files / "a.vikt", files / "b.vikt")
    assert code == 2
    assert "DATA" in err


def test_the_same_file_twice_is_said(run, files):
    code, out, err = run("compare", files / "a.vikt", files / "a.vikt", files / "test.tsv")
    assert code == 0
    assert "the same answer" in out
    assert "as both A and B" in err


def test_models_of_two_label_columns_need_one_named(run, files, tmp_path):
    rows = [(label, label.upper(), text) for label, text in ROWS]
    path = table(tmp_path / "both.tsv", ("label", "topic", "text"), rows)
    run("train", path, "--label", "label", "-o", tmp_path / "a.vikt", "-q", "--l2", "0.01", "--test", path)
    run("train", path, "--label", "topic", "-o", tmp_path / "b.vikt", "-q", "--l2", "0.01", "--test", path)
    models = tmp_path / "a.vikt", tmp_path / "b.vikt"
    code, _, err = run("compare", *models, path)
    assert code == 2
    assert "--label" in err
    code, out, err = run("compare", *models, path, "--label", "label")
    assert code == 0
    assert "unseen by B" in out


@pytest.mark.parametrize("suffix", [".tsv", ".csv", ".jsonl", ".parquet"])
def test_columns_of_any_format_are_sliced_by(run, files, tmp_path, suffix):
    labels, texts = zip(*ROWS, strict=True)
    frame = pd.DataFrame({"label": labels, "text": texts, "language": ["sv", "en", None, "en"] * 10})
    path = tmp_path / f"test{suffix}"
    if suffix == ".parquet":
        frame.to_parquet(path)
    elif suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_csv(path, sep="\t" if suffix == ".tsv" else ",", index=False)
    code, out, _ = run("evaluate", files / "a.vikt", path, "--by", "language", "--by", "length", "--json", "-q")
    told = json.loads(out)["slices"]
    assert code == 0
    assert [slicing["column"] for slicing in told] == ["language", "length"]
    assert {part["value"]: part["rows"] for part in told[0]["slices"]} == {"en": 20, "sv": 10, "(missing)": 10}
    code, out, _ = run("evaluate", files / "a.vikt", path, "--by", "language")
    assert code == 0
    assert "(missing)" in out
    assert "no difference shown" in out


def test_a_field_of_a_nested_value_is_sliced_by(run, files, tmp_path):
    path = tmp_path / "test.jsonl"
    path.write_text("".join(json.dumps({"label": a, "text": b, "from": {"host": b[:3]}}) + "\n" for a, b in ROWS))
    told = json.loads(run("evaluate", files / "a.vikt", path, "--by", "from.host", "--json", "-q")[1])["slices"]
    assert sorted(part["value"] for part in told[0]["slices"]) == ["lun", "see", "win"]


def test_a_column_to_slice_by_that_is_missing_is_named(run, files):
    code, _, err = run("evaluate", files / "a.vikt", files / "test.tsv", "--by", "language")
    assert code == 1
    assert "expected a column 'language'" in err


def test_a_report_names_features_in_words_and_rows_without_folders(run, files, tmp_path):
    from vikt.classifier import TextClassifier

    labels, texts = zip(*ROWS, strict=True)
    TextClassifier("char", ngrams=(1, 2), l2=0.5).fit(texts, labels[::-1]).save(tmp_path / "b.vikt")
    report = tmp_path / "r.html"
    assert run("compare", files / "a.vikt", tmp_path / "b.vikt", files / "test.tsv", "--report", report)[0] == 0
    page = report.read_text(encoding="utf-8")
    assert "from words" in page
    assert "from characters" in page
    assert '<span class="place">test.tsv, row ' in page
    assert str(files) not in page
