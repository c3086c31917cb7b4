"""`vikt shrink`: what it writes, measures, says and refuses."""

from __future__ import annotations

import json

import pytest

import vikt


@pytest.fixture(scope="module")
def model(tmp_path_factory, emails):
    path = tmp_path_factory.mktemp("shrink") / "m.vikt"
    vikt.TextClassifier("word", min_df=1, l2=0.001).fit(*emails).save(path)
    return path


@pytest.fixture(scope="module")
def rows(tmp_path_factory, emails):
    path = tmp_path_factory.mktemp("rows") / "rows.tsv"
    lines = [f"{label}\t{text}\n" for text, label in zip(*emails, strict=True)]
    path.write_text("label\ttext\n" + "".join(lines), encoding="utf-8")
    return path


def test_the_number_of_features(run, model, tmp_path):
    code, out, err = run("shrink", model, "--features", 100, "-o", tmp_path / "s.vikt")
    assert code == 0, err
    assert "100 features" in out
    assert "cost       not measured; give labelled texts with --data" in out
    assert vikt.load(tmp_path / "s.vikt").n_features_in_ == 100
    code, out, _ = run("inspect", tmp_path / "s.vikt")
    n = vikt.load(model).n_features_in_
    assert f"features   100, kept of {n:,}\n" in out
    assert f"proof      none: the model was shrunk from {n:,} features after its fit\n" in out


def test_the_output_stands_beside_the_model(run, model):
    before = model.read_bytes()
    assert run("shrink", model, "--size", "20kB", "-q")[0] == 0
    assert model.with_name("m-small.vikt").stat().st_size <= 20_000
    assert model.read_bytes() == before


def test_the_cost_is_that_of_evaluate(run, model, rows, tmp_path):
    """Both accuracies are those that `vikt evaluate` finds, on the same rows."""
    small = tmp_path / "s.vikt"
    code, out, err = run("shrink", model, "--features", 5, "-o", small, "--data", rows, "--json")
    assert code == 0, err
    cost = json.loads(out)["cost"]
    for path, side in ((model, "a"), (small, "b")):
        evaluated = json.loads(run("evaluate", path, rows, "--json")[1])["metrics"]
        for figure in ("accuracy", "log_loss"):
            assert cost[figure][side] == evaluated[figure]["value"]
    assert cost["rows"] == 400
    code, out, _ = run("shrink", model, "--features", 5, "-o", small, "--data", rows)
    assert "cost       on 400 rows" in out
    assert "accuracy" in out


def test_rows_of_another_task_are_refused(run, model, emails, tmp_path):
    """No answer could be right, so there is no cost to measure; nor is anything written."""
    rows = tmp_path / "other.tsv"
    rows.write_text("label\ttext\njoy\tglad\ngrief\tsad\n")
    for command in (["shrink", model, "--features", 5, "-o"], ["export", model, "--size", "120kB", "-o"]):
        output = tmp_path / ("s.vikt" if command[0] == "shrink" else "s.html")
        code, out, err = run(*command, output, "--data", rows)
        assert code == 1
        assert "no label is a class of the model" in err
        assert not out
        assert not output.exists()


def test_a_difference_that_is_undefined_has_no_number(run, model, emails, tmp_path):
    """All answers of one class leave Matthews' coefficient undefined."""
    rows = tmp_path / "rows.tsv"
    text, label = emails[0][0], emails[1][0]
    rows.write_text(f"label\ttext\n{label}\t{text}\n", encoding="utf-8")
    code, out, err = run("shrink", model, "--features", 5, "-o", tmp_path / "s.vikt", "--data", rows)
    assert code == 0, err
    assert "nan" not in out
    [line] = [line.split() for line in out.splitlines() if "Matthews" in line]
    assert line[2:] == ["-", "-", "-", "-"]
    # Why there is no interval is said below the table.
    assert max(len(own) for own in out.splitlines() if "%" in own or "log loss" in own) < 100
    assert any(own.startswith("-: ") for own in out.splitlines())


def test_the_fit_of_a_shrunk_model_is_said_to_be_that_of_the_larger_one(run, model, tmp_path):
    assert run("shrink", model, "--features", 5, "-o", tmp_path / "s.vikt", "-q")[0] == 0
    for path, is_shrunk in ((model, False), (tmp_path / "s.vikt", True)):
        lines = [line for line in run("inspect", path)[1].splitlines() if line.startswith(("penalty", "loss"))]
        assert ["of the model before it was shrunk" in line for line in lines] == [is_shrunk, is_shrunk]


def test_what_was_aimed_at_is_told_of_the_model_before(run, emails, tmp_path):
    aimed = vikt.TextClassifier("word", min_df=1, l2=0.001, max_error=0.3).fit(*emails)
    aimed.save(tmp_path / "m.vikt")
    assert run("shrink", tmp_path / "m.vikt", "--features", 50, "-q")[0] == 0
    code, out, _ = run("inspect", tmp_path / "m-small.vikt")
    assert code == 0
    assert "this held for the model before it was shrunk and is not proven for the new one" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "expected either --features or --size; give one of them"),
        (["--features", "10", "--size", "1MB"], "expected either --features or --size"),
        (["--features", "10000000"], "--features: expected 1 to"),
        (["--size", "big"], "--size: expected a size such as 500kB or 3MB, found 'big'"),
        (["--size", "10B"], "bytes, more than the 10 asked for"),
        (["--features", "0"], "--features"),
    ],
)
def test_wrong_usage(run, model, tmp_path, options, message):
    code, _, err = run("shrink", model, *options, "-o", tmp_path / "s.vikt")
    assert code == 2
    assert message in err
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten_by_accident(run, model, tmp_path):
    other = tmp_path / "notes.txt"
    other.write_text("mine")
    code, _, err = run("shrink", model, "--features", 10, "-o", other)
    assert code == 1
    assert "is not a vikt model" in err
    assert other.read_text() == "mine"
    assert run("shrink", model, "--features", 10, "-o", model)[0] == 2
    assert run("shrink", "-", "--features", 10, stdin=model.read_bytes())[0] == 2
