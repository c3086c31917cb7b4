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


def test_a_named_column_of_an_undivided_table_is_answered_with_the_delimiter(run, made, trained, tmp_path):
    trained(made("a.tsv", "\t"))
    path = tmp_path / "b.csv"
    path.write_text("id;text\n1;win now\n2;lunch\n")
    code, _, err = run("predict", tmp_path / "m.vikt", path, "--text", "text")
    assert (code, "did you mean" in err) == (1, False)
    options = shlex.split(re.search(r"with (--delimiter .*)$", err.strip())[1])
    assert run("predict", tmp_path / "m.vikt", path, "--text", "text", *options)[0] == 0


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


# Test texts that occur in training.


def test_test_texts_that_stand_in_training_are_counted(run, tmp_path):
    training, test, alone = (tmp_path / name for name in ("a.tsv", "test.tsv", "alone.tsv"))
    training.write_text("label\ttext\n" + "".join(f"{label}\t{text}\n" for label, text in ROWS))
    test.write_text("label\ttext\nspam\twin; now 3\nspam\tWIN;  now 4\nham\tlunch, friday 5\nham\tnew\nham\t \n")
    alone.write_text("label\ttext\nham\tnew\nspam\tother\n")
    options = ("--min-df", 1, "--l2", 0.001, "-o", tmp_path / "m.vikt")
    code, out, _ = run("train", training, "--test", test, *options)
    sentence = "3 of 5 test texts also occur in the training data (1 differs only in case or white space)"
    assert (code, f"overlap    {sentence}\n" in out) == (0, True)
    model = (tmp_path / "m.vikt").read_bytes()
    code, out, _ = run("train", training, "--test", test, *options, "--json")
    data = json.loads(out)["data"]
    assert (data["test_texts_in_training"], data["test_texts_in_training_but_for_case_and_space"]) == (3, 1)
    assert (tmp_path / "m.vikt").read_bytes() == model
    assert "test_texts_in_training" not in model.decode("latin-1")
    code, out, _ = run("train", training, "--test", alone, *options)
    assert "overlap" not in out


# Fields of nested values, and categories of TOML.


def test_a_text_within_an_object_is_named_by_its_path(run, tmp_path):
    path, model = tmp_path / "a.json", tmp_path / "m.vikt"
    path.write_text(json.dumps([{"kind": label, "doc": {"text": text}} for label, text in ROWS]))
    code, _, err = run("train", path, "--label", "kind", "--text", "doc", "-o", model)
    assert (code, "doc.text" in err) == (1, True)
    assert (
        run("train", path, "--label", "kind", "--text", "doc.text", "--min-df", 1, "--l2", 0.001, "-o", model)[0] == 0
    )
    code, out, _ = run("evaluate", model, path, "--json")
    assert (code, json.loads(out)["metrics"]["accuracy"]["value"]) == (0, 1.0)
    code, out, _ = run("predict", model, path)
    rows = list(map(json.loads, out.splitlines()))
    assert [row["predicted"] for row in rows] == [label for label, _ in ROWS]
    assert list(rows[0]) == ["kind", "doc", "predicted", "probability"]


def test_a_category_of_toml_reads_the_column_it_names(run, tmp_path):
    path, features, model = tmp_path / "a.csv", tmp_path / "f.toml", tmp_path / "m.vikt"
    path.write_text(
        "label,text,sender\n" + "".join(f"{label},a word {i},{label}.se\n" for i, (label, _) in enumerate(ROWS))
    )
    features.write_text('[sender]\nkind = "category"\ncolumn = "sender"\n')
    options = ("--features", features, "--min-df", 1, "--l2", 0.001, "-o", model)
    code, out, _ = run("train", path, *options)
    assert (code, "sender=ham.se" in out) == (0, True)
    features.write_text('[sender]\nkind = "category"\n')
    code, _, err = run("train", path, *options)
    assert (code, "feature 'sender': without a column" in err) == (2, True)
