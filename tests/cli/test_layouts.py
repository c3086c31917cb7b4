"""Tables as other programs write them, through the commands: what works is as printed, and nothing is silent."""

import json
import re
import shlex

import pytest

ROWS = [(label, f"{text} {n}") for n in range(20) for label, text in (("spam", "win; now"), ("ham", "lunch, friday"))]


@pytest.fixture
def made(tmp_path):
    def call(name, mark, header=True):
        path = tmp_path / name
        path.write_text("".join(mark.join(row) + "\n" for row in [("label", "text")] * header + ROWS))
        return path

    return call


@pytest.fixture
def trained(run, tmp_path):
    """Train, and give the figures and the bytes of the model without the names of its columns."""

    def call(*args):
        path = tmp_path / "m.vikt"
        code, out, err = run("train", *args, "-o", path, "--json", "--min-df", 1, "--l2", 0.001)
        assert code == 0, err
        return json.loads(out)["data"]["fingerprint"]

    return call


def test_a_file_without_a_header_is_refused_with_the_options_that_read_it(run, made, trained):
    path = made("a.tsv", "\t", header=False)
    code, out, err = run("train", path)
    assert (code, out) == (1, "")
    options = re.search(r"with (--no-header .*)$", err.strip())[1]
    assert options == "--no-header --text 2 --label 1"
    assert trained(path, *options.split()) == trained(made("b.tsv", "\t"))


def test_evaluate_and_predict_take_the_same_options(run, made, trained, tmp_path):
    path = made("a.txt", "|", header=False)
    trained(path, "--delimiter", "|", "--no-header")
    code, out, _ = run("evaluate", tmp_path / "m.vikt", path, "--delimiter", "|", "--no-header", "--json")
    assert (code, json.loads(out)["metrics"]["accuracy"]["value"]) == (0, 1.0)
    code, out, _ = run("predict", tmp_path / "m.vikt", path, "--delimiter", "|", "--no-header")
    assert code == 0
    assert [line.split(",")[0] for line in out.splitlines()[1:]] == [label for label, _ in ROWS]


def test_predict_never_takes_whole_lines_of_another_delimiter_for_texts(run, made, trained, tmp_path):
    trained(made("a.tsv", "\t"))
    path = tmp_path / "b.csv"
    path.write_text("id;body\n1;win now\n2;lunch\n")
    code, out, err = run("predict", tmp_path / "m.vikt", path)
    assert (code, out) == (1, "")
    option = re.search(r"with (--delimiter .*)$", err.strip())[1]
    code, out, _ = run("predict", tmp_path / "m.vikt", path, *shlex.split(option), "--text", "body")
    assert code == 0
    assert [line.split(",")[2] for line in out.splitlines()[1:]] == ["spam", "ham"]
