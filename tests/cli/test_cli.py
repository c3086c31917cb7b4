"""The command line, as a person or a script meets it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import vikt
from vikt.answers.of_kinds import answers_by
from vikt.classifier import TextClassifier
from vikt.features.text import TextFeatures
from vikt.fitting.trained import load_trained

MAILS = "label\ttext\n" + "".join(
    f"{label}\t{text} {n}\n"
    for n in range(20)
    for label, text in (("spam", "win money now"), ("ham", "lunch on friday"), ("work", "the report is late"))
)


TEXTS, LABELS = zip(*(line.split("\t")[::-1] for line in MAILS.splitlines()[1:]), strict=True)


@pytest.fixture
def mails(tmp_path):
    path = tmp_path / "mails.tsv"
    path.write_text(MAILS)
    return path


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.vikt"
    TextClassifier().fit(TEXTS, LABELS).save(path)
    return path


def test_train_tells_what_it_did(run, mails, tmp_path):
    code, out, err = run("train", mails, "-o", tmp_path / "m.vikt", "--min-df", 1)
    assert code == 0
    for said in (
        "rows       60: 0 empty, 0 duplicates",
        "3: ham 20, spam 20, work 20",
        "48 training, 6 validation, 6 test",
        "penalty    λ =",
        "<- chosen",
        "proof      the loss is at most",
        "accuracy   1.0000",
        "confusion matrix",
        "strongest features",
        "m.vikt (",
    ):
        assert said in out
    assert "Traceback" not in err


def test_train_json(run, mails, tmp_path):
    code, out, _ = run("train", mails, "-o", tmp_path / "m.vikt", "--json", "-q")
    told = json.loads(out)
    assert code == 0
    assert set(told) >= {"metrics", "per_class", "confusion", "certificate", "data", "model"}
    assert set(told["metrics"]["accuracy"]) >= {"value", "low", "high"}
    assert 0 <= told["certificate"]["relative"] <= 1e-7
    assert told["metrics"]["accuracy"]["value"] == 1.0


@pytest.mark.parametrize(
    "options", [[], ["--analyzer", "char_wb", "--ngrams", "2-4"], ["--hashing", "12"], ["--refit-all"]], ids=" ".join
)
def test_shuffled_rows_and_threads_give_the_same_bytes(run, mails, tmp_path, options):
    header, *lines = MAILS.splitlines(keepends=True)
    other = tmp_path / "other.tsv"
    other.write_text(header + "".join(sorted(lines, key=lambda line: line[::-1])))
    run("train", mails, "-o", tmp_path / "a.vikt", "-q", *options)
    for threads in (1, 2, 8):
        run("train", other, "-o", tmp_path / "b.vikt", "-q", "--threads", threads, *options)
        assert (tmp_path / "a.vikt").read_bytes() == (tmp_path / "b.vikt").read_bytes()


def test_threads_reach_the_features_of_every_fit(run, mails, tmp_path, monkeypatch):
    used = []
    fit_transform = TextFeatures.fit_transform

    def recorded(features, *arguments, threads):
        used.append(threads)
        return fit_transform(features, *arguments, threads=threads)

    monkeypatch.setattr(TextFeatures, "fit_transform", recorded)
    run("train", mails, "-o", tmp_path / "m.vikt", "-q", "--threads", 3, "--refit-all")
    assert len(used) > 2
    assert set(used) == {3}


def test_a_test_file_with_a_label_never_seen(run, mails, tmp_path):
    test = tmp_path / "test.tsv"
    test.write_text("label\ttext\nspam\twin money\nfamily\tdinner on sunday\n")
    code, out, _ = run("train", mails, "--test", test, "-o", tmp_path / "m.vikt", "--json", "-q")
    told = json.loads(out)
    assert code == 0
    assert told["metrics"]["accuracy"]["value"] == 0.5
    assert "1" in told["metrics"]["log_loss"]["reason"]
    assert "family" in json.dumps(told["unseen_labels"])


def test_predict_answers_every_line(run, model):
    code, out, _ = run("predict", model, stdin=b"win money\n\n   \nlunch\r\nzzz\nlast without end")
    answers = out.splitlines()
    assert code == 0
    assert len(answers) == 6
    assert answers[0].startswith("spam\t")
    assert answers[3].startswith("ham\t")
    assert all(0 <= float(answer.split("\t")[1]) <= 1 for answer in answers)


def test_predict_answers_the_lines_before_one_that_is_not_utf8(run, model):
    code, out, err = run("predict", model, stdin=b"win money\nlunch \xff\nlunch\n")
    assert code == 1
    assert out.startswith("spam\t")
    assert len(out.splitlines()) == 1
    assert "line 2" in err
    assert "Traceback" not in err


def test_predict_of_nothing_is_nothing(run, model):
    assert run("predict", model) == (0, "", "")


def test_predict_proba_sums_to_one(run, model):
    lines = run("predict", model, "--proba", stdin=b"win\nlunch\n")[1].splitlines()
    assert len(lines) == 2
    for line in lines:
        fields = line.split("\t")
        assert len(fields) == 5
        assert sum(map(float, fields[2:])) == pytest.approx(1, abs=1e-9)


def test_predict_answers_a_slow_pipe_line_by_line(model):
    command = [sys.executable, "-m", "vikt", "predict", str(model)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for text, label in ((b"win money\n", b"spam"), (b"lunch\n", b"ham")):
            process.stdin.write(text)
            process.stdin.flush()
            assert process.stdout.readline().startswith(label + b"\t")
        process.stdin.close()
    assert process.returncode == 0


@pytest.mark.parametrize("arguments", ["--help", "explain {model} win", "inspect {model}"])
def test_output_to_a_closed_pipe_ends_in_silence(model, arguments):
    # The pipe is closed before anything is written.
    command = f"(sleep 0.1; '{sys.executable}' -m vikt {arguments.format(model=model)}; echo $? >&2) | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "0\n")


def test_a_closed_pipe_ends_in_silence(model):
    command = f"yes 'win money' | head -300000 | '{sys.executable}' -m vikt predict '{model}' | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=120, check=False)
    assert done.stdout.startswith(b"spam\t")
    assert done.stderr == b""


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl"])
def test_a_table_in_gives_the_same_table_out_with_columns_added(run, model, tmp_path, suffix):
    rows = [{"id": "007", "text": 'win, "money"'}, {"id": "NA", "text": "lunch"}]
    table = tmp_path / f"t{suffix}"
    if suffix == ".csv":
        table.write_text('id,text\n007,"win, ""money"""\nNA,lunch\n')
    elif suffix == ".tsv":
        table.write_text('id\ttext\n007\twin, "money"\nNA\tlunch\n')
    else:
        table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = tmp_path / "out.jsonl"
    assert run("predict", model, table, "-o", out)[0] == 0
    told = [json.loads(line) for line in out.read_text().splitlines()]
    assert [{k: row[k] for k in ("id", "text")} for row in told] == rows
    assert [row["predicted"] for row in told] == ["spam", "ham"]
    code, same, _ = run("predict", model, table)
    assert code == 0
    assert len(same.splitlines()) == (2 if suffix == ".jsonl" else 3)


def test_evaluate_explain_inspect(run, model, mails):
    assert "accuracy   1.0000" in run("evaluate", model, mails)[1]
    told = json.loads(run("explain", model, "win money", "--json")[1])
    assert told["label"] == "spam"
    assert told["score"] == pytest.approx(
        told["intercept"] + sum(part["contribution"] for part in told["contributions"])
    )
    assert "score of 'spam'" in run("explain", model, stdin=b"win money")[1]
    assert "strongest features" in run("inspect", model)[1]
    assert json.loads(run("inspect", model, "--json")[1])["classes"] == ["ham", "spam", "work"]


def test_the_whole_demo(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("demo")
    assert code == 0, err
    assert "What to type next" in out
    assert (tmp_path / "demo.vikt").exists()
    assert run("demo", "-q")[0] == 0
    # The command that it prints gives the same model.
    line = next(line for line in out.splitlines() if line.startswith("$ vikt train"))
    sample = Path(vikt.__file__).parent / "corpus" / "sample" / "emails.tsv"
    words = [str(sample) if word == "emails.tsv" else word for word in line.split()[2:]]
    model = (tmp_path / "demo.vikt").read_bytes()
    (tmp_path / "demo.vikt").unlink()
    assert run(*words)[0] == 0
    assert (tmp_path / "demo.vikt").read_bytes() == model
    told = json.loads(run("demo", "--json")[1])
    assert told["metrics"]["accuracy"]["value"] > 0.5
    assert told["explanation"]["label"] == "spam"


@pytest.mark.parametrize(
    "command", ["train", "audit", "evaluate", "compare", "predict", "explain", "export", "inspect", "shrink", "demo"]
)
def test_help_has_examples(run, command):
    code, out, _ = run(command, "--help")
    assert code == 0
    assert f"vikt {command}" in out.replace("\n", " ")


def test_help_cuts_no_sentence(run):
    _, out, _ = run("--help")
    commands = out.split("Commands:\n")[1].rstrip().splitlines()
    assert len(commands) > 10
    assert all(line.endswith(".") and not line.endswith("...") for line in commands)


def bad(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "name", "options", "code", "said"),
    [
        (None, "none.tsv", [], 1, "none.tsv"),
        (b"", "x.tsv", [], 1, "x.tsv"),
        (b"label\ttext\n", "x.tsv", [], 1, "no rows|none"),
        (MAILS.encode(), "x.tsv", ["--text", "txt"], 1, "'text'"),
        (MAILS.encode(), "x.tsv", ["--label", "klass"], 1, "'label'"),
        (b"a\tb\tc\n1\t2\t3\n", "x.tsv", [], 1, "--text"),
        (b"label\ttext\n" + b"x\ta b\n" * 9, "x.tsv", [], 1, "two classes"),
        (b"label\ttext\nx\ta\n\tb\n", "x.tsv", [], 1, "row 2 has no label"),
        (b"label\ttext\nx\ta\ny\tb\n", "x.tsv", ["--test", "SELF"], 1, "no vocabulary"),
        (b"label\ttext\nx\ta\ny\tb\n", "x.tsv", ["--min-df", "1"], 1, "too few"),
        (b"label\ttext\nx\tcaf\xe9\n", "x.tsv", [], 1, "UTF-8"),
        ("label\ttext\nx\ta\n".encode("utf-16"), "x.tsv", [], 1, "UTF-16"),
        (b"label\ttext\nx\ta\tb\n", "x.tsv", [], 1, "row 1"),
        (b'label,text\nx,"open\ny,b\n', "x.csv", [], 1, "quotation mark|quote"),
        (MAILS.encode(), "x.docx", [], 1, r"\.docx"),
        (MAILS.encode(), "x.tsv", ["--l2", "-1"], 2, "a number of at least 0"),
        (MAILS.encode(), "x.tsv", ["--l2", "much"], 2, "--l2"),
        (MAILS.encode(), "x.tsv", ["--ngrams", "a-b"], 2, "--ngrams"),
        (MAILS.encode(), "x.tsv", ["--ngrams", "3-1"], 2, "the smaller first, found '3-1'"),
        (MAILS.encode(), "x.tsv", ["--analyzer", "sentence"], 2, "sentence"),
        (MAILS.encode(), "x.tsv", ["--colour", "red"], 2, "colour"),
        (MAILS.encode(), "x.tsv", ["--patience", "2"], 2, "descent"),
        (MAILS.encode(), "x.tsv", ["--class-weight", "eggs=2"], 2, "eggs"),
        (MAILS.encode(), "x.tsv", ["--weight", "text"], 1, "expected a number"),
        (MAILS.encode(), "x.tsv", ["-o", "no/such/folder/m.vikt"], 1, "does not exist"),
        (MAILS.encode(), "x.tsv", ["-o", "."], 1, "is a folder"),
        (MAILS.encode(), "x.tsv", ["--solver", "minibatch", "--learning-rate", "1e9", "--l2", "1"], 1, "diverges"),
    ],
)
def test_bad_input_gets_one_clear_message(run, tmp_path, monkeypatch, content, name, options, code, said):
    import re

    monkeypatch.chdir(tmp_path)
    path = tmp_path / name if content is None else bad(tmp_path, name, content)
    options = [str(path) if option == "SELF" else option for option in options]
    ended, out, err = run("train", path, "-q", *options)
    assert ended == code
    assert re.search(said, err), err
    assert "Traceback" not in err
    assert out == ""
    assert not list(tmp_path.glob("*.vikt"))


def test_nul_bytes_are_text_and_what_follows_counts(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = bad(tmp_path, "x.tsv", MAILS.replace("win money", "win\x00money").encode())
    assert run("train", data, "-q", "--ngrams", "1")[0] == 0
    told = json.loads(run("explain", "model.vikt", "money", "--json")[1])
    assert told["contributions"][0]["feature"] == "money"


def test_a_folder_is_no_file(run, tmp_path):
    code, _, err = run("train", tmp_path)
    assert code == 1
    assert "folder" in err


def test_a_file_that_is_no_model_is_neither_loaded_nor_replaced(run, mails, tmp_path):
    precious = bad(tmp_path, "thesis.txt", b"years of work")
    for command in (["predict", precious], ["train", mails, "-q", "-o", precious]):
        code, _, err = run(*command)
        assert code == 1
        assert "not a vikt model" in err
    assert precious.read_bytes() == b"years of work"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk(model):
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "vikt", "predict", str(model)]
        done = subprocess.run(
            command, input=b"win\n" * 10, stdout=full, stderr=subprocess.PIPE, timeout=120, check=False
        )
    assert done.returncode == 1
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.fixture
def endless(tmp_path, emails):
    """A function that starts to train for minutes, with nothing compiled; it takes options for Python."""
    texts, labels = emails
    rows = [f"{label}\t{text} {n}" for n in range(60) for text, label in zip(texts, labels, strict=True)]
    (tmp_path / "x.tsv").write_text("label\ttext\n" + "\n".join(rows) + "\n")
    never = ["--solver", "batch", "--learning-rate", "1e-9", "--tol", "1e-14", "--max-iter", "1000000000"]

    def start(*options):
        command = [sys.executable, *options, "-m", "vikt", "train", "x.tsv", "--l2", "1e-6", *never]
        env = {**os.environ, "VIKT_CACHE_DIR": str(tmp_path / "cache")}
        return subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE)

    return start


def interrupted(process, tmp_path):
    """Send Ctrl-C; what the process prints on stderr."""
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    assert [path.name for path in tmp_path.iterdir() if path.name != "cache"] == ["x.tsv"]
    return err


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_ctrl_c_while_training_leaves_nothing(endless, tmp_path):
    with endless() as process:
        # The first line on stderr comes before the hot loops are compiled, which takes seconds.
        assert process.stderr.readline()
        time.sleep(1)
        assert b"interrupted" in interrupted(process, tmp_path)
    assert process.returncode == 130


@pytest.mark.usefixtures("heeds_ctrl_c")
@pytest.mark.parametrize(
    "module",
    [b"numpy", *(pytest.param(name, marks=pytest.mark.slow) for name in (b"vikt.interruption", b"click", b"numba"))],
)
def test_ctrl_c_while_modules_are_imported_prints_no_traceback(endless, tmp_path, module):
    # Python then names each module on stderr once it has been imported.
    with endless("-X", "importtime") as process:
        while not process.stderr.readline().rstrip().endswith(b" " + module):
            pass
        assert process.stderr.readline()
        interrupted(process, tmp_path)
    # A shell reports both as 130.
    assert process.returncode in (130, -signal.SIGINT)


def test_an_ascii_locale_changes_nothing(run, model):
    text, ascii_only = "é lunch\n".encode(), {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    for command in ("predict", "inspect"):
        done = subprocess.run(
            [sys.executable, "-m", "vikt", command, model],
            input=text, env=ascii_only, capture_output=True, timeout=120, check=True,
        )  # fmt: skip
        assert done.stdout.decode() == run(command, model, stdin=text)[1]


def test_awkward_labels_keep_the_tables_straight(run, tmp_path):
    path = tmp_path / "d.jsonl"
    labels = ["a\nb", "x" * 500, "\x1b[31mred"]
    rows = [{"label": labels[i % 3], "text": f"{'abc'[i % 3]} {i}"} for i in range(90)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, out, _ = run("train", path, "-o", tmp_path / "m.vikt", "-q", "--min-df", 1)
    assert code == 0
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) < 250
    assert {"a\\nb", "x" * 59 + "…", "\\x1b[31mred"} <= {
        line.split("  ")[1].strip() for line in out.splitlines() if "  " in line
    }


@pytest.mark.parametrize("as_json", [False, True])
def test_lines_hold_what_the_classifier_says(tmp_path, as_json):
    names = ["50% off\t{}", "%b\nå", "ham"]
    texts = ["win money now", "lunch on friday", "the report is late"] * 5
    TextClassifier(min_df=1, l2=0.01).fit(texts, names * 5).save(tmp_path / "m.vikt")
    answers = answers_by(load_trained(tmp_path / "m.vikt").model, top=2, threshold=0.3, proba=True)
    columns = answers.by_column(["win", "lunch report", ""])
    lines = answers.lines(["win", "lunch report", ""], as_json).decode().splitlines()
    assert len(lines) == 3
    for line, row in zip(lines, zip(*columns.values(), strict=True), strict=True):
        if as_json:
            assert json.loads(line) == dict(zip(columns, row, strict=True))
        else:
            escaped = [v.replace("\t", r"\t").replace("\n", r"\n") if isinstance(v, str) else v for v in row]
            assert line.split("\t") == [f"{v:.12g}" if isinstance(v, float) else v or "" for v in escaped]


@pytest.mark.parametrize("seed", range(3))
def test_test_rows_in_any_order_give_the_same_bytes(run, emails, tmp_path, seed):
    rows = [f"{label}\t{text}\n" for text, label in zip(*emails, strict=True)]
    mixed = np.random.default_rng(seed).permutation(rows)
    (tmp_path / "train.tsv").write_text("label\ttext\n" + "".join(rows[:200]))
    models, figures = [], []
    for name, tested in (("a", rows), ("b", mixed)):
        (tmp_path / "test.tsv").write_text("label\ttext\n" + "".join(tested))
        options = ["--test", tmp_path / "test.tsv", "--l2", "1e-3", "-q"]
        assert run("train", tmp_path / "train.tsv", "-o", tmp_path / name, *options)[0] == 0
        models.append((tmp_path / name).read_bytes())
        figures.append(json.loads(run("evaluate", tmp_path / name, tmp_path / "test.tsv", "--json", "-q")[1]))
    assert models[0] == models[1]
    assert {**figures[0], "model": None} == {**figures[1], "model": None}
