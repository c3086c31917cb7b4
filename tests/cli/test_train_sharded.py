"""`vikt train --memory`: the report and the model of a fit from disk, its refusals, kills and a full disk."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time

import pytest

from vikt.fitting.sharded import files
from vikt.fitting.trained import load_trained
from vikt.spool import spool as spools


@pytest.fixture
def small_shards(monkeypatch):
    """Shards of some 60 kB, so that small corpora have several."""
    monkeypatch.setattr(spools, "_BYTES_PER_SHARD", 60_000)


@pytest.fixture
def sms(corpus):
    return corpus("sms/sms.tsv")


WORDS = ("--analyzer", "word", "--l2", "1e-5", "--tol", "1e-4")


def test_a_tenth_is_held_out_as_in_memory(run, sms, tmp_path, small_shards):
    found = {}
    for name, options in (("memory", ()), ("disk", ("--memory", "1GB"))):
        exactly = ("--analyzer", "word", "--l2", "1e-5", *options)
        code, out, err = run("train", sms, *exactly, "-o", tmp_path / f"{name}.vikt", "--json")
        assert code == 0, err
        found[name] = json.loads(out)
    assert found["disk"]["data"] == found["memory"]["data"] | {"blank_lines": 0}
    assert found["disk"]["metrics"]["accuracy"] == found["memory"]["metrics"]["accuracy"]
    assert found["disk"]["metrics"]["log_loss"]["value"] == pytest.approx(
        found["memory"]["metrics"]["log_loss"]["value"], rel=1e-3
    )
    assert found["disk"]["certificate"]["relative"] <= 1e-7
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk.vikt", "memory.vikt"]


def test_the_report_is_that_of_every_training(run, sms, tmp_path, small_shards):
    code, out, err = run("train", sms, "--memory", "1GB", "-o", tmp_path / "model.vikt")
    assert code == 0
    for line in ("rows       5,574: 0 empty, 414 duplicates", "test       a tenth of the rows, held out", "features"):
        assert line in out
    assert 'text column: "text" (guessed by its name)' in err


def test_a_test_file_is_read_and_the_fit_has_all_rows(run, corpus, tmp_path, small_shards):
    model = tmp_path / "model.vikt"
    options = ("train", corpus("trec/train.tsv"), "--label", "label", "--test", corpus("trec/test.tsv"), *WORDS)
    _, disk, _ = run(*options, "-o", model, "--json", "--memory", "1GB")
    assert load_trained(model).record.data.fitted_rows == load_trained(model).record.data.rows
    _, memory, _ = run(*options, "-o", tmp_path / "memory.vikt", "--json")
    disk, memory = json.loads(disk), json.loads(memory)
    assert disk["metrics"]["accuracy"] == memory["metrics"]["accuracy"]
    assert disk["data"]["test_rows"] == 500


def test_test_texts_that_stand_in_training_are_counted(run, sms, tmp_path, small_shards):
    test = tmp_path / "test.tsv"
    rows = sms.read_text(encoding="utf-8").splitlines()
    test.write_text("\n".join([*rows[:40], "ham\tnot there before", "spam\t "]) + "\n", encoding="utf-8")
    code, out, _ = run("train", sms, *WORDS, "--memory", "1GB", "--test", test, "-o", tmp_path / "model.vikt")
    assert code == 0
    assert "overlap    39 of 41 test texts also occur in the training data" in out


@pytest.mark.parametrize("content", [None, "label\tbody\nham\thi\n"], ids=["missing", "another column"])
def test_a_test_that_cannot_be_read_is_refused_before_the_work(run, sms, tmp_path, monkeypatch, content):
    monkeypatch.setattr(files, "ShardFit", pytest.fail)
    test = tmp_path / "test.tsv"
    if content:
        test.write_text(content, encoding="utf-8")
    code, _, err = run("train", sms, *WORDS, "--memory", "1GB", "--test", test, "-o", tmp_path / "model.vikt", "-q")
    assert (code, err.count("\n")) == (1, 1)
    assert "test.tsv" in err
    assert not (tmp_path / "model.vikt.work").exists()


def test_all_rows_are_refitted_on_demand(run, sms, tmp_path, small_shards):
    code, out, _ = run("train", sms, *WORDS, "--memory", "1GB", "--refit-all", "--json", "-o", tmp_path / "m.vikt")
    assert code == 0
    assert json.loads(out)["data"]["fitted_rows"] == 5574
    assert json.loads(out)["data"]["test_rows"] == 549


def test_standard_input_gives_the_same_model(run, sms, tmp_path, small_shards):
    run("train", sms, *WORDS, "--memory", "1GB", "-o", tmp_path / "file.vikt")
    code, _, _ = run(
        "train", "-", "--format", "tsv", *WORDS, "--memory", "1GB", "-o", tmp_path / "pipe.vikt", stdin=sms.read_bytes()
    )
    assert code == 0
    assert (tmp_path / "pipe.vikt").read_bytes() == (tmp_path / "file.vikt").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--memory", "1GB", "--group", "a"),
            "--group: needs all rows in memory; leave it out, or train without --memory\n",
        ),
        (("--memory", "1GB", "--report", "r.html"), "--report: needs all rows in memory"),
        (("--memory", "1GB", "--number", "size"), "--number: needs all rows in memory"),
        (("--memory", "1GB", "--labels-separator", ","), "--labels-separator: needs all rows in memory"),
        (
            ("--memory", "1GB", "--folds", "3"),
            "--folds: needs all rows in memory; leave it out, or train without --memory\n",
        ),
        (("--memory", "1GB", "-o", "-"), "name a folder for it with --work-dir"),
        (("--memory", "much"), "--memory: expected a number of bytes such as 1GB"),
        (("--memory", "10"), "expected at least 700.0 MB, found 10 bytes; raise the limit"),
        (("--memory", "10MB"), "expected at least 700.0 MB, found 10.0 MB; raise the limit, or set --analyzer 'word'"),
        (("--memory", "10MB", "--analyzer", "word"), "expected at least 450.0 MB, found 10.0 MB; raise the limit\n"),
        (("--work-dir", "work"), "--work-dir: is for work on disk; give --memory or --cluster too"),
        (("--restart",), "--restart: is for work on disk; give --memory or --cluster too"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_refused_in_a_line(run, sms, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("train", sms, *options)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_test_that_fails_leaves_a_model(run, sms, tmp_path, small_shards):
    test = tmp_path / "test.tsv"
    header, body = sms.read_bytes().split(b"\n", 1)
    test.write_bytes(header + b"\n" + 2 * body + b"torn\n")  # after the rows that are looked at before the work
    code, _, err = run("train", sms, *WORDS, "--memory", "1GB", "--test", test, "-o", tmp_path / "model.vikt")
    assert code == 1
    assert "the model is saved, without figures of the test" in err
    assert load_trained(tmp_path / "model.vikt").record.data.test_rows is None
    assert not (tmp_path / "model.vikt.work").exists()


@pytest.mark.parametrize("first", [0, 7], ids=["at the start", "after the work"])
def test_test_rows_without_a_label_are_all_counted(run, sms, tmp_path, monkeypatch, first):
    monkeypatch.setattr("vikt.spool.sources._ROWS_PER_BATCH", 5)
    test = tmp_path / "test.csv"
    labels = ["" if i >= first and i % 7 == 0 else "ham" for i in range(40)]
    test.write_text("label,text\n" + "".join(f"{label},hello\n" for label in labels), encoding="utf-8")
    code, _, err = run("train", sms, *WORDS, "--memory", "1GB", "--test", test, "-q", "-o", tmp_path / "model.vikt")
    assert code == 1
    assert f"test.csv, row {first + 1} has no label in column 'label' ({labels.count('')} such rows); label" in err
    assert (tmp_path / "model.vikt").exists() == (first > 5)


def command(sms, folder, *options):
    model = folder / "model.vikt"
    return [sys.executable, "-m", "vikt", "train", sms, *WORDS, "--memory", "1GB", "-q", "-o", model, *options]


def test_a_full_disk_is_told_and_the_work_goes_on(sms, tmp_path):
    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    (tmp_path / "model.vikt").write_bytes(b"")
    failed = subprocess.run(command(sms, tmp_path, "--force"), preexec_fn=limited, capture_output=True, text=True)
    assert failed.returncode == 1
    assert "cannot be written" in failed.stderr
    assert failed.stderr.count("\n") == 1
    assert (tmp_path / "model.vikt").read_bytes() == b""
    assert (tmp_path / "model.vikt.work").is_dir()
    subprocess.run(command(sms, tmp_path, "--force"), check=True, capture_output=True)
    assert load_trained(tmp_path / "model.vikt").record.data.rows == 5574
    assert not (tmp_path / "model.vikt.work").exists()


def test_ctrl_c_says_how_to_go_on(sms, tmp_path, heeds_ctrl_c):
    process = subprocess.Popen(command(sms, tmp_path), stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not list(tmp_path.glob("model.vikt.work/spool/run-*")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    if process.returncode:  # it was quicker otherwise
        assert process.returncode == 130
        assert "run the same command again to resume" in err


@pytest.mark.slow
def test_ten_kills_change_nothing(sms, tmp_path):
    options = ("--l2", "auto", "--analyzer", "auto")
    plain, killed = tmp_path / "plain", tmp_path / "killed"
    plain.mkdir()
    killed.mkdir()
    begun = time.perf_counter()
    words = [part for part in command(sms, plain) if part not in WORDS]
    subprocess.run([*words, *options], check=True, capture_output=True)
    seconds = time.perf_counter() - begun
    again = [part for part in command(sms, killed) if part not in WORDS]
    generator = random.Random(0)
    for _ in range(10):
        process = subprocess.Popen([*again, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(generator.uniform(0.3, 1.0) * seconds)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    if not (killed / "model.vikt").exists():
        subprocess.run([*again, *options], check=True, capture_output=True)
    assert (killed / "model.vikt").read_bytes() == (plain / "model.vikt").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("options", [("--analyzer", "word"), ()], ids=["words", "chosen"])
def test_memory_is_at_most_what_is_given(corpus, tmp_path, options):
    command = [sys.executable, "-m", "vikt", "train", corpus("imdb/train.parquet"), "--label", "label", *options]
    command += ["--tol", "1e-3", "--memory", "1GB", "-q", "-o", tmp_path / "model.vikt"]
    subprocess.run(["python3", "-c", _MEASURED, *map(str, command)], check=True, stdout=subprocess.DEVNULL)


_MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
sys.exit(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 > 10**9)
"""
