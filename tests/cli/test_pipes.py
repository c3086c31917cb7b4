"""Pipes and files: what is read, what is written, what is never overwritten."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vikt.classifier import TextClassifier, load
from vikt.cli.main import main

WORDS = {"spam": "win money now", "ham": "lunch on friday", "work": "the report is late"}
ROWS = "label,text\n" + "".join(f"{label},{text} {n}\n" for n in range(20) for label, text in WORDS.items())
TWO = "id,text\n007,win money\nNA,lunch\n"


def zstd(content):
    return pa.Codec("zstd").compress(content, asbytes=True)


@pytest.fixture
def run(monkeypatch, capfdbinary, tmp_path):
    """Run in this process and in an own folder: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def call(*args, stdin=b""):
        monkeypatch.setattr(sys, "argv", ["vikt", *map(str, args)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin))))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfdbinary.readouterr()
        return ended.value.code or 0, out, err.decode()

    return call


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.vikt"
    TextClassifier(min_df=1, l2=0.01).fit([*WORDS.values()] * 5, [*WORDS] * 5).save(path)
    return path


@pytest.fixture
def trained(run, tmp_path):
    """A model that knows the names of its columns."""
    (tmp_path / "mails.csv").write_text(ROWS)
    assert run("train", "mails.csv", "-q", "--min-df", 1, "--l2", "0.01")[0] == 0
    return "model.vikt"


def labels(out):
    return [line.split("\t")[0] for line in out.decode().splitlines()]


@pytest.mark.parametrize("packed", [bytes, gzip.compress, zstd], ids=["plain", "gzip", "zstd"])
def test_standard_input_is_decompressed_for_every_command(run, tmp_path, model, packed):
    code, out, _ = run("predict", model, "-", stdin=packed(b"win money\nlunch\n"))
    assert (code, labels(out)) == (0, ["spam", "ham"])
    assert (
        run("train", "-", "--format", "csv", "-q", "-o", "x.vikt", "--min-df", 1, stdin=packed(ROWS.encode()))[0] == 0
    )
    code, out, _ = run("evaluate", "x.vikt", "-", "--format", "csv", "--json", stdin=packed(ROWS.encode()))
    assert json.loads(out)["metrics"]["accuracy"]["value"] == 1.0
    code, out, _ = run("explain", model, "-", "--json", stdin=packed(b"win money"))
    assert json.loads(out)["label"] == "spam"


def test_a_model_goes_through_pipes(run, tmp_path, trained):
    code, content, err = run("train", "mails.csv", "--min-df", 1, "--l2", "0.01", "-o", "-")
    assert code == 0
    assert content == (tmp_path / trained).read_bytes()
    assert "accuracy   1.0000" in err
    assert run("train", "mails.csv", "--min-df", 1, "--l2", "0.01", "-o", "-", "-q")[1:] == (content, "")
    assert "accuracy   1.0000" in run("evaluate", "-", "mails.csv", "-q", stdin=content)[1].decode()
    assert run("inspect", "-", "--json", stdin=content)[0] == 0
    assert json.loads(run("inspect", "-", "--json", stdin=content)[1])["classes"] == ["ham", "spam", "work"]
    assert json.loads(run("explain", "-", "win", "--json", stdin=content)[1])["label"] == "spam"
    code, out, _ = run("predict", "-", "mails.csv", "-o", "-", stdin=content)
    assert (code, len(out.splitlines())) == (0, 61)
    for twice in (["predict", "-"], ["evaluate", "-", "-"], ["train", "-", "--test", "-"], ["explain", "-"]):
        code, _, err = run(*twice, stdin=content)
        assert (code, "standard input can be read once only" in err) == (2, True)
    code, _, err = run("train", "mails.csv", "-o", "-", "--json")
    assert (code, "both write to standard output" in err) == (2, True)


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_a_model_from_a_pipe_of_the_shell(model):
    line = f"'{sys.executable}' -m vikt predict <(cat '{model}') <<< 'win money'"
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stdout[:5], done.stderr) == (0, b"spam\t", b"")


@pytest.mark.parametrize(
    ("stdin", "format"),
    [
        (b'{"text": "win"}\n', "jsonl"),
        (b"id,text\n1,win\n", "csv"),
        (b'"text"\t"id"\n', "tsv"),
        (b"win, text me\n", None),
    ],
)
def test_lines_that_look_like_a_table_are_labelled_with_a_note(run, trained, stdin, format):
    code, out, err = run("predict", trained, stdin=stdin)
    assert (code, len(out.splitlines())) == (0, stdin.count(b"\n"))
    assert err == "" if format is None else f"looks like {format.upper()}" in err
    assert format is None or f"--format {format}" in err
    assert run("predict", trained, "-q", stdin=stdin) == (0, out, "")


def test_several_tables_are_one(run, tmp_path, trained):
    (tmp_path / "logs").mkdir()
    for name in ("a.csv", "logs/b.csv", "logs/c.csv"):
        (tmp_path / name).write_text(TWO)
    code, out, _ = run("predict", trained, "a.csv", "logs/*.csv")
    lines = out.decode().splitlines()
    assert (code, lines[0]) == (0, "id,text,predicted,probability")
    assert [line.split(",")[2] for line in lines[1:]] == ["spam", "ham"] * 3
    (tmp_path / "d" / "new").mkdir(parents=True)
    (tmp_path / "d" / "new" / "1.txt").write_text("win money")
    code, out, _ = run("predict", trained, "d", "--to", "csv")
    assert (code, out.decode().splitlines()[1].split(",")[3]) == (0, "spam")
    (tmp_path / "x.txt").write_text("win money\n")
    code, out, _ = run("predict", trained, "x.txt", "-", stdin=b"lunch\n")
    assert (code, labels(out)) == (0, ["spam", "ham"])


def test_two_models_over_one_table(run, tmp_path, trained):
    (tmp_path / "a.csv").write_text(TWO)
    out = run("predict", trained, "a.csv", "--prefix", "a_", "--proba")[1]
    assert out.startswith(b"id,text,a_predicted,a_probability,a_P(ham),a_P(spam),a_P(work)\n")
    code, out, _ = run("predict", trained, "-", "--format", "csv", "--prefix", "b_", "--top", 2, stdin=out)
    assert code == 0
    assert out.startswith(b"id,text,a_predicted,a_probability,a_P(ham),a_P(spam),a_P(work),b_predicted,b_probability,")
    once = run("predict", trained, "a.csv")[1]
    code, _, err = run("predict", trained, "-", "--format", "csv", stdin=once)
    assert code == 1
    assert "already has a column 'predicted'; rename it, or set another prefix with --prefix" in err
    told = json.loads(run("predict", trained, "--json", "--prefix", "z_", stdin=b"win\n")[1])
    assert (set(told), told["z_predicted"]) == ({"z_predicted", "z_probability"}, "spam")


def test_to_names_the_format_that_no_file_shows(run, tmp_path, trained):
    (tmp_path / "a.csv").write_text(TWO)
    assert json.loads(run("predict", trained, "a.csv", "--to", "jsonl")[1].splitlines()[0])["id"] == "007"
    out = run("predict", trained, "a.csv", "--to", "parquet", "-o", "-")[1]
    assert pq.read_table(io.BytesIO(out)).column("predicted").to_pylist() == ["spam", "ham"]
    assert run("predict", trained, "--to", "tsv", stdin=b"win money\n")[1].startswith(b"text\tpredicted\t")
    assert run("predict", trained, "a.csv", "-o", "out", "--to", "csv")[0] == 0
    assert (tmp_path / "out").read_text().startswith("id,text,predicted,probability\n007,win money,spam,0.")
    code, _, err = run("predict", trained, "a.csv", "-o", "out2")
    assert (code, "name the format with --to" in err) == (2, True)


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_no_input_is_ever_overwritten(run, tmp_path, trained, force):
    (tmp_path / "t.csv").write_text(ROWS)
    (tmp_path / "link.csv").symlink_to("mails.csv")
    (tmp_path / "twin.csv").hardlink_to(tmp_path / "mails.csv")
    (tmp_path / "f.toml").write_text('[[feature]]\nkind = "length"\nname = "n"\n')
    (tmp_path / "d" / "ham").mkdir(parents=True)
    (tmp_path / "d" / "ham" / "1.txt").write_text("lunch")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for command in (
        ["train", "mails.csv", "-o", "mails.csv"],
        ["train", "link.csv", "-o", "mails.csv"],
        ["train", "mails.csv", "-o", "link.csv"],
        ["train", "mails.csv", "-o", "twin.csv"],
        ["train", "m*.csv", "-o", "mails.csv"],
        ["train", "d", "-o", "d/ham/1.txt"],
        ["train", "mails.csv", "--test", "t.csv", "-o", "t.csv"],
        ["train", "mails.csv", "--features", "f.toml", "-o", "f.toml"],
        ["predict", trained, "mails.csv", "-o", "mails.csv"],
        ["predict", trained, "mails.csv", "t.csv", "-o", "t.csv"],
        ["predict", trained, "mails.csv", "-o", trained],
    ):
        code, out, err = run(*command, *force)
        assert (code, out) == (2, b""), err
        assert err.startswith(f"vikt: {command[-1]}: is an input")
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
def test_a_redirected_input_is_not_overwritten(tmp_path, model):
    path = tmp_path / "a.csv"
    path.write_text(ROWS)
    for command in (
        ["train", "-", "--format", "csv", "-o", path, "--force"],
        ["predict", model, "-", "--format", "csv", "-o", path, "--prefix", "z_", "--force"],
    ):
        with path.open("rb") as stdin:
            line = [sys.executable, "-m", "vikt", *map(str, command)]
            ended = subprocess.run(line, stdin=stdin, capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.startswith(f"vikt: {path}: is an input")
        assert path.read_text() == ROWS


def test_predict_replaces_no_file_without_force(run, tmp_path, trained):
    (tmp_path / "a.csv").write_text(TWO)
    own = {
        "thesis.csv": "year,work\n1,much\n", "scores.tsv": "word\t0.53\n", "n.txt": "a\t1\n",
        "mine.csv": "predicted,probability,mine\nham,0.5,years of work\n",
    }  # fmt: skip
    for name, content in own.items():
        (tmp_path / name).write_text(content)
        code, _, err = run("predict", trained, "a.csv", "-o", name)
        assert code == 1
        assert f"{name}: exists and is not empty; choose another file, or overwrite it with --force" in err
        assert (tmp_path / name).read_text() == content
    assert run("predict", trained, "a.csv", "-o", "thesis.csv", "--force")[0] == 0
    assert (tmp_path / "thesis.csv").read_text().startswith("id,text,predicted,probability\n")
    # mktemp has made an empty one.
    (tmp_path / "new.csv").touch()
    assert [run("predict", trained, "a.csv", "-o", "new.csv")[0] for _ in range(2)] == [0, 1]


@pytest.mark.skipif(os.name != "posix", reason="needs links and permissions of POSIX")
def test_a_link_as_output_stays_a_link(run, tmp_path, trained):
    (tmp_path / "real").mkdir()
    for link, target in (("m", "real/m.vikt"), ("o.csv", "real/o.csv")):
        (tmp_path / link).symlink_to(target)
    for _ in range(2):
        assert run("train", "mails.csv", "-q", "-o", "m")[0] == 0
        assert run("predict", "m", "mails.csv", "-o", "o.csv", "--force")[0] == 0
        (tmp_path / "real" / "o.csv").chmod(0o640)
    assert (tmp_path / "m").is_symlink()
    assert (tmp_path / "o.csv").is_symlink()
    assert sorted(path.name for path in (tmp_path / "real").iterdir()) == ["m.vikt", "o.csv"]
    assert run("predict", "m", "mails.csv", "-o", "o.csv", "--force")[0] == 0
    assert (tmp_path / "real" / "o.csv").stat().st_mode & 0o777 == 0o640


def test_save_names_an_argument_of_python(tmp_path, model):
    (tmp_path / "thesis").write_text("years of work")
    with pytest.raises(OSError, match=r"overwrite it with force=True$"):
        load(model).save(tmp_path / "thesis")


def test_refit_all_fits_all_rows_or_refuses(run, tmp_path, trained):
    descent = ["--solver", "minibatch", "--patience", 2, "--l2", "0.01"]
    code, out, err = run("train", "mails.csv", "--refit-all", "-o", "r.vikt", *descent)
    assert (code, out) == (2, b"")
    assert err == ("vikt: --refit-all fits all rows, but --patience needs held-out rows; drop one of them\n")
    assert not (tmp_path / "r.vikt").exists()
    code, out, _ = run("train", "mails.csv", "--refit-all", "-o", "r.vikt", "--min-df", 1, "--json", "-q")
    assert (code, json.loads(out)["data"]["fitted_rows"]) == (0, 60)
    # The options are those given, and λ and the features those fitted.
    told = json.loads(run("inspect", "r.vikt", "--json")[1])
    assert (told["options"]["l2"], told["options"]["min_df"]) == ("auto", 1)
    assert told["l2"] == told["parts"][0]["penalty"]["l2"] > 0
    assert told["analyzer"] == load("r.vikt").model_.features.settings.analyzer
