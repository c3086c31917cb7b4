"""`vikt explain --because`: the training rows that it names, how it reads them, and what it refuses."""

from __future__ import annotations

import json

import pytest

import vikt


def write(path, rows):
    lines = [f"{i % 40}\t{1 + i % 3}\t{label}\t{text}\n" for i, (text, label) in rows]
    path.write_text("sender\tn\tkind\tmail\n" + "".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def files(emails, tmp_path):
    """Two files with the rows of a training."""
    rows = list(enumerate(zip(*emails, strict=True)))
    return write(tmp_path / "old.tsv", rows[:300]), write(tmp_path / "new.tsv", rows[300:])


@pytest.fixture
def train(files, tmp_path, run):
    def trained(*options):
        settings = "--text", "mail", "--label", "kind", "--analyzer", "word", "-q", "-o", tmp_path / "model", "--force"
        code, _, err = run("train", *files, *settings, *options)
        assert code == 0, err
        return tmp_path / "model"

    return trained


def given(files):
    return [option for file in files for option in ("--data", file)]


def test_the_rows_are_those_of_python_with_their_places(train, files, emails, run):
    model = train("--l2", "1e-3")
    text = emails[0][emails[1].index("spam")]
    code, out, _ = run("explain", model, text, "--because", 3, *given(files), "--label", "ham", "--json")
    assert code == 0
    told = json.loads(out)["because"]
    expected = vikt.load(model).influence(text, *emails, label="ham", n=3).to_json()
    assert [row.pop("place") for row in told["rows"]] == [
        f"{files[row['row'] >= 300]}, row {row['row'] % 300 + 1}" for row in expected["rows"]
    ]
    assert told == expected
    assert len(told["rows"]) == 6


def test_the_table_stands_below_the_explanation(train, files, run):
    model = train("--l2", "1e-3")
    code, out, _ = run("explain", model, "win a prize now", "--because", 2, "--data", f"{files[0].parent}/*.tsv")
    assert code == 0
    explanation, _, table = out.partition("\n\nlog-odds of 'spam' ")
    assert "score of 'spam'" in explanation
    lines = table.splitlines()
    assert lines[2].split() == ["effect", "label", "row", "text"]
    for line in lines[3:]:
        name, number = line.split(", row ")
        file = next(file for file in files if name.endswith(str(file)))
        row, shown = number.split(maxsplit=1)
        label, text = file.read_text(encoding="utf-8").splitlines()[int(row)].split("\t")[2:]
        assert name.split()[1] == label
        assert text.startswith(shown.rstrip("…"))


def test_groups_and_weights_are_known_from_training(train, files, run):
    model = train("--group", "sender", "--weight", "n", "--l2", "1e-3")
    code, out, err = run("explain", model, "win a prize now", "--because", 1, *given(files), "--json")
    assert code == 0, err
    assert json.loads(out)["because"]["fitted_rows"] <= vikt.load(model).data_["fitted_rows"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--because", "2"], "--because needs --data"),
        (["--data", "old.tsv"], "--data needs --because"),
        (["--because", "2", "--data", "old.tsv", "--against", "ham"], "leave out --against"),
        (["--because", "2", "--data", "-"], "standard input can be read once only"),
        (["--because", "0", "--data", "old.tsv"], "--because"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_file_is_read(run, arguments, message):
    text = "-" if "-" in arguments else "win"
    code, out, err = run("explain", "none.vikt", text, *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_other_rows_are_refused(train, files, run):
    model = train("--l2", "1e-3")
    code, out, err = run("explain", model, "win", "--because", 2, "--data", files[0])
    assert (code, out) == (1, "")
    assert "the model was trained on 400 rows, found 300" in err


@pytest.mark.parametrize(
    "options", [["--l2", "1e-3", "--l1-ratio", "0.5"], ["--l2", "1e-3", "--solver", "batch", "--patience", "2"]]
)
def test_fits_without_an_optimum_are_refused(train, files, run, options):
    code, out, err = run("explain", train(*options), "win", "--because", 2, *given(files))
    assert (code, out) == (2, "")
    assert "influence needs weights that minimise a loss with L2, found an early stop (patience), L1 or λ = 0" in err
