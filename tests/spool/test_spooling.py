"""Spooling: what it refuses, in the words of `vikt train`, and how it resumes where it ended."""

from __future__ import annotations

import contextlib
import errno
import gzip
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import namedtuple
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vikt.corpus.label_reading import LabelReading
from vikt.corpus.labelled import labelled, read_tables
from vikt.errors import ColumnError, DataError, InputFileError, OutputFileError, UsageError, ViktError
from vikt.fitting.sharded.shards import Shards
from vikt.spool import spooling
from vikt.spool.spooling import TextsAlone, spool

AUTO = LabelReading()


def write(path, rows, names="text,label"):
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([names, *rows]) + "\n", encoding="utf-8")
    return path


def plain_rows(n, start=0):
    return [f"text {i % 17} {'x' * (i % 5)},{'xy'[i % 2]}" for i in range(start, start + n)]


def content_of(made):
    """All shards of a spool, to the byte."""
    shards = Shards.of(made)
    found = [shards.examples(number) for number in range(len(shards))]
    return [
        (each.documents.texts.content, each.labels.tolist(), each.weights.tolist(), each.origin.tolist())
        for each in found
    ], shards.facts


def stopping_after(n):
    """A progress that interrupts the work when it has been told of n batches."""
    calls = iter(range(n))

    def progress(stage, done, total):
        if next(calls, None) is None:
            raise KeyboardInterrupt

    return progress


# --- going on ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet", "jsonl", "txt"])
def test_a_spool_that_is_interrupted_anywhere_goes_on_without_loss_or_repeat(suffix, tmp_path):
    paths = [tmp_path / f"{name}.{suffix}" for name in "abc"]
    for path, start in zip(paths, (0, 60, 90), strict=True):
        rows = [line.split(",") for line in plain_rows(53, start)]
        if suffix == "parquet":
            pq.write_table(pa.table({"text": [row[0] for row in rows], "label": [row[1] for row in rows]}), path)
        elif suffix == "jsonl":
            path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows))
        elif suffix == "txt":
            path.write_text("\n".join(f"__label__{label} {text}\n" for text, label in rows))
        else:
            content = ("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows)).encode()
            path.write_bytes(gzip.compress(content) if suffix == "csv.gz" else content)
    expected = content_of(spool(paths, tmp_path / "whole"))
    assert expected[1].rows == 3 * 53
    interrupted, n_runs = 0, set()
    for stop in range(0, 40, 9):
        folder = tmp_path / f"stopped-{stop}"
        try:
            spool(paths, folder, progress=stopping_after(stop))
        except KeyboardInterrupt:
            interrupted += 1
        n_runs.add(len(list(folder.glob("run-*.arrow"))))
        resumed = spool(paths, folder)
        assert content_of(resumed) == expected
    assert interrupted >= 4
    assert len(n_runs) > 3


@pytest.mark.usefixtures("_small")
def test_it_goes_on_from_its_last_run_and_not_from_the_start(tmp_path):
    path, folder, seen = write(tmp_path / "a.csv", plain_rows(200)), tmp_path / "spool", []
    with pytest.raises(KeyboardInterrupt):
        spool([path], folder, progress=stopping_after(20))
    runs = {run: run.stat().st_mtime_ns for run in folder.glob("run-*.arrow")}
    assert len(runs) > 3
    spool([path], folder, progress=lambda stage, done, total: seen.append(done))
    assert {run: run.stat().st_mtime_ns for run in runs} == runs
    # Batches that were read are passed over, and only those after them are reported.
    assert 20 <= len(seen) < 25


@pytest.mark.usefixtures("_small")
def test_a_whole_spool_is_opened_without_reading_the_input(tmp_path, monkeypatch):
    path = write(tmp_path / "a.csv", plain_rows(50))
    expected = content_of(spool([path], tmp_path / "spool"))
    monkeypatch.setattr(spooling.Source, "first_rows", None)
    monkeypatch.setattr(spooling.Source, "batches", None)
    assert content_of(spool([path], tmp_path / "spool")) == expected


def test_progress_tells_the_bytes_of_all_files(tmp_path, monkeypatch):
    monkeypatch.setattr("vikt.spool.sources._ROWS_PER_BATCH", 1000)
    rows = [f"{'x' * 100} {i},{'ab'[i % 2]}" for i in range(5000)]
    paths = [write(tmp_path / "a.csv", rows), tmp_path / "b.csv.gz"]
    paths[1].write_bytes(gzip.compress(paths[0].read_bytes()))
    seen = []
    spool(paths, tmp_path / "spool", progress=lambda *told: seen.append(told))
    sizes = [path.stat().st_size for path in paths]
    assert {(stage, total) for stage, _, total in seen} == {("spooling", sum(sizes))}
    done = [done for _, done, _ in seen]
    assert done == sorted(done)
    assert done[-1] == sum(sizes)
    assert 0.1 < done[0] / sizes[0] < 0.5


# --- what is not gone on with -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.usefixtures("_small")
def test_another_input_or_other_options_are_refused_until_it_starts_anew(is_whole, tmp_path):
    folder = tmp_path / "spool"
    paths = [write(tmp_path / f"{name}.csv", plain_rows(40, start)) for name, start in (("a", 0), ("b", 40))]
    try:
        spool(paths, folder, progress=stopping_after(100 if is_whole else 5))
    except KeyboardInterrupt:
        assert not is_whole
    for again, options, expected in [
        (paths[::-1], {}, "holds rows of other files"),
        (paths[:1], {}, "holds rows of other files"),
        (paths, {"seed": 7}, "spooled with another seed: it was 0, and is now 7"),
        (paths, {"text": "label", "label": "text"}, "another text: it was not given, and is now 'label'"),
    ]:
        with pytest.raises(OutputFileError, match=re.escape(expected) + ".*; choose another folder, or start anew"):
            spool(again, folder, **options)
    paths[1].unlink()
    with pytest.raises(InputFileError, match=r"b\.csv: there is no such file"):
        spool(paths, folder)
    write(paths[1], plain_rows(39, 40))
    with pytest.raises(
        OutputFileError, match=r"rows of .*b\.csv, which has changed since; choose another folder, or start anew"
    ) as caught:
        spool(paths, folder)
    assert caught.value.remedy == {"restart": True}


def test_a_file_of_the_same_size_but_another_time_is_another(tmp_path):
    path = write(tmp_path / "a.csv", plain_rows(40))
    spool([path], tmp_path / "spool")
    os.utime(path, ns=(0, 0))
    with pytest.raises(OutputFileError, match="which has changed since"):
        spool([path], tmp_path / "spool")


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    path, folder = write(tmp_path / "a.csv", plain_rows(40)), tmp_path / "mine"
    write(folder / "thesis.txt", ["precious"])
    with pytest.raises(OutputFileError, match=r"thesis\.txt: stands among spooled rows; move it away, or choose"):
        spool([path], folder)
    assert list(folder.iterdir()) == [folder / "thesis.txt"]
    with pytest.raises(OutputFileError, match="cannot be used as a folder"):
        spool([path], path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"asked": 1, "columns": []}'])
def test_a_damaged_job_is_refused(content, tmp_path):
    path, folder = write(tmp_path / "a.csv", plain_rows(40)), tmp_path / "spool"
    spool([path], folder)
    (folder / "job.json").write_text(content)
    with pytest.raises(OutputFileError, match=r"job\.json: cannot be read .*; start anew"):
        spool([path], folder)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("is_whole", [True, False])
def test_a_job_that_is_missing_is_refused(is_whole, tmp_path):
    path, folder = write(tmp_path / "a.csv", plain_rows(100)), tmp_path / "spool"
    with contextlib.suppress(KeyboardInterrupt):
        spool([path], folder, progress=stopping_after(1000 if is_whole else 12))
    (folder / "job.json").unlink()
    with pytest.raises(OutputFileError, match=r"job\.json: cannot be read \(it is missing\); start anew") as caught:
        spool([path], folder)
    assert caught.value.remedy == {"restart": True}


@pytest.mark.usefixtures("_small")
def test_a_damaged_tally_is_refused(tmp_path):
    path, folder = write(tmp_path / "a.csv", plain_rows(100)), tmp_path / "spool"
    with pytest.raises(KeyboardInterrupt):
        spool([path], folder, progress=stopping_after(12))
    (tally,) = sorted(folder.glob("run-*.json"))
    for content in ("", "[]", "{}", '{"labels": {"x": 3}}'):
        tally.write_text(content)
        with pytest.raises(OutputFileError, match=rf"{tally.name}: cannot be read .*; start anew"):
            spool([path], folder)


@pytest.mark.usefixtures("_small")
def test_a_damaged_run_is_refused(tmp_path):
    path = write(tmp_path / "a.csv", plain_rows(100))
    made = spool([path], tmp_path / "spool")
    content = made.runs[1].read_bytes()
    for damaged in (content[:-9], content[:100], b""):
        made.runs[1].write_bytes(damaged)
        with pytest.raises(OutputFileError, match=r"run-000001\.arrow: spooled rows cannot be read .*; start anew"):
            Shards.of(made)


@pytest.mark.usefixtures("_small")
def test_a_run_with_a_flipped_bit_is_refused_on_resuming(tmp_path):
    path, folder = write(tmp_path / "a.csv", plain_rows(100)), tmp_path / "spool"
    run = spool([path], folder).runs[1]
    content = run.read_bytes()
    for place in range(0, len(content), len(content) // 7):
        run.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(OutputFileError, match=r"run-000001\.arrow: cannot be read .*checksum.*; start anew"):
            spool([path], folder)
    run.write_bytes(content)
    assert content_of(spool([path], folder)) == content_of(spool([path], tmp_path / "other"))


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("is_whole", [True, False])
def test_a_run_that_is_missing_is_refused_and_no_rows_are_lost(is_whole, tmp_path):
    path, folder = write(tmp_path / "a.csv", plain_rows(100)), tmp_path / "spool"
    if is_whole:
        spool([path], folder)
    else:
        with pytest.raises(KeyboardInterrupt):
            spool([path], folder, progress=stopping_after(12))
    runs = sorted(folder.glob("run-*.arrow"))
    assert len(runs) > 1
    for missing in runs[:-1]:
        content = missing.read_bytes()
        missing.unlink()
        with pytest.raises(OutputFileError, match=rf"expected {len(runs)} files .*, found {len(runs) - 1}; start anew"):
            spool([path], folder)
        missing.write_bytes(content)
    assert content_of(spool([path], folder)) == content_of(spool([path], tmp_path / "other"))


# --- standard input ---------------------------------------------------------------------------------------------------


class Stdin:
    def __init__(self, content):
        self.buffer = io.BufferedReader(io.BytesIO(content))


def given(monkeypatch, rows):
    content = "".join(json.dumps({"text": t, "label": y}) + "\n" for t, y in (row.split(",") for row in rows))
    monkeypatch.setattr(sys, "stdin", Stdin(content.encode()))


@pytest.mark.usefixtures("_small")
def test_standard_input_is_spooled_beside_files(tmp_path, monkeypatch):
    file = write(tmp_path / "a.csv", plain_rows(40))
    given(monkeypatch, plain_rows(60, 40))
    found = content_of(spool([file, "-"], tmp_path / "spool"))
    assert found == content_of(spool([write(tmp_path / "b.csv", plain_rows(100))], tmp_path / "other"))


@pytest.mark.usefixtures("_small")
def test_standard_input_that_broke_off_is_refused_and_one_that_is_whole_is_not_read_again(tmp_path, monkeypatch):
    file, folder = write(tmp_path / "a.csv", plain_rows(40)), tmp_path / "spool"
    given(monkeypatch, plain_rows(60, 40))
    with pytest.raises(KeyboardInterrupt):
        spool(["-", file], folder, progress=stopping_after(7))
    given(monkeypatch, plain_rows(60, 40))
    with pytest.raises(OutputFileError, match="the rows of standard input were spooled only in part") as caught:
        spool(["-", file], folder)
    assert caught.value.remedy == {"restart": True}
    with pytest.raises(KeyboardInterrupt):
        spool(["-", file], tmp_path / "other", progress=stopping_after(15))
    monkeypatch.setattr(sys, "stdin", None)
    made = spool(["-", file], tmp_path / "other")
    assert content_of(made)[1].rows == 100
    assert not [note for note in made.notes if "again" in note]
    note = "standard input: is not read again, since all of its rows were spooled before"
    assert note in spool(["-", file], tmp_path / "other").notes


@pytest.mark.usefixtures("_small")
def test_a_named_pipe_is_read_once(tmp_path):
    content = write(tmp_path / "a.csv", plain_rows(60)).read_bytes()
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(content))
    writer.start()
    found = content_of(spool([pipe], tmp_path / "spool"))
    writer.join()
    assert found == content_of(spool([tmp_path / "a.csv"], tmp_path / "other"))


# --- a full disk ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_small")
def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    path, folder = write(tmp_path / "a.csv", plain_rows(200)), tmp_path / "spool"
    sync, left = os.fsync, iter(range(8))

    def full(descriptor):
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OutputFileError) as caught:
            spool([path], folder)
    assert re.search(r"run-000003\.arrow: cannot be written: the disk is full; make room", str(caught.value))
    assert str(caught.value).endswith("the rows spooled before stay; run the same work again to resume")
    assert len(list(folder.glob("run-*.arrow"))) == 3
    assert content_of(spool([path], folder)) == content_of(spool([path], tmp_path / "other"))


@pytest.mark.usefixtures("_small")
def test_a_disk_that_is_full_while_a_run_is_written_says_so(tmp_path, monkeypatch):
    class Full(io.FileIO):
        def write(self, content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("vikt.files.replacement._new_in", lambda folder: (Full(folder / ".x", "w"), folder / ".x"))
    monkeypatch.setattr(spooling.Journal, "begin", lambda *_: None)
    with pytest.raises(OutputFileError, match="the disk is full; make room or choose another folder; the rows"):
        spool([write(tmp_path / "a.csv", plain_rows(100))], tmp_path / "spool")


def test_too_little_room_is_told_before_any_work(tmp_path, monkeypatch):
    path = write(tmp_path / "a.csv", plain_rows(5000))
    usage = namedtuple("Usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(1, 1, 9_000))
    with pytest.raises(OutputFileError, match=r"expected room for about \d\d kB of rows, found 9\.0 kB free; make"):
        spool([path], tmp_path / "spool")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(1, 1, 90_000_000))
    spool([path], tmp_path / "spool")


# --- rows that are refused, as `vikt train` words it ------------------------------------------------------------------


def train_error(paths, reading=AUTO, **columns):
    named = {"text": None, "label": None, "weight": None} | columns
    with pytest.raises(ViktError) as caught:
        labelled(read_tables(paths, None), TextsAlone(), **named, reading=reading)
    return caught.value


@pytest.mark.parametrize(
    ("names", "rows", "columns"),
    [
        ("text,label", ["a,x", "b,"], {}),
        ("text,label", ["a,x", "b"], {}),
        ("text,label", ["a,x", '"b,y'], {}),
        ("text,label,w", ["a,x,1", "b,y,-1"], {"weight": "w"}),
        ("text,label,w", ["a,x,1", "b,y,one"], {"weight": "w"}),
        ("text,label", ["a,x", "b,y"], {"weight": "w"}),
        ("text,label", ["a,x", "b,y"], {"text": "tekst"}),
        ("text,label", ["a,x", "b,y"], {"label": "klass"}),
        ("text,label", ["a,x", "b,y"], {"text": "label", "label": "label"}),
        ("p,q,r", ["a,x,1", "b,y,2"], {}),
        ("spam,call now", ["spam,win", "ham,hello", "spam,again"], {}),
        ("text,label", [], {}),
        ("text;label", ["a;x", "b;y"], {}),
    ],
)
def test_an_error_is_that_of_train(names, rows, columns, tmp_path):
    path = write(tmp_path / "a.csv", rows, names)
    expected = train_error([path], **columns)
    with pytest.raises(type(expected)) as caught:
        spool([path], tmp_path / "spool", reading=AUTO, **columns)
    assert str(caught.value).replace(" in the first 2)", ")") == str(expected)


@pytest.mark.parametrize("value", [None, float("nan"), "", " "], ids=repr)
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_a_missing_label_is_told_in_the_same_words_whatever_the_format(suffix, value, tmp_path):
    path = tmp_path / f"a.{suffix}"
    labels = ["x", value] if isinstance(value, str | None) else [1.0, value]
    if suffix == "csv":
        write(path, [f"{'ab'[i]},{'' if label is None or label != label else label}" for i, label in enumerate(labels)])
    elif suffix == "jsonl":
        rows = [{"text": "ab"[i], "label": None if label != label else label} for i, label in enumerate(labels)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        pq.write_table(pa.table({"text": ["a", "b"], "label": pa.array(labels)}), path)
    expected = f"{path}, row 2 has no label in column 'label' (1 such row{{}}); label it or drop the row"
    assert str(train_error([path])) == expected.format("")
    with pytest.raises(DataError, match=re.escape(expected.format(" in the first 2"))):
        spool([path], tmp_path / "spool", reading=AUTO)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("sets", ['"joy,fear"', "\"['joy'; 'fear']\""])
def test_several_labels_in_one_are_refused_with_advice_that_holds_for_a_spool(sets, tmp_path):
    path = write(tmp_path / "a.csv", ["a,joy", "b,fear", f"c,{sets}"] * 20)
    with pytest.raises(DataError, match="for several labels per text fit all rows in memory") as caught:
        spool([path], tmp_path / "spool", reading=AUTO)
    assert "labels_separator" not in str(caught.value)
    notes = spool([path], tmp_path / "spool", reading=LabelReading("classes")).notes
    assert not any("labels_separator" in note for note in notes)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(
    ("bad", "kind", "message"),
    [
        ("text 1,", DataError, "b.csv, row 31 has no label in column 'label' (1 such row in the first 6"),
        ("one,two,three", DataError, "b.csv, row 31"),
    ],
)
def test_a_late_row_is_named_by_file_and_row(bad, kind, message, tmp_path):
    first = write(tmp_path / "a.csv", plain_rows(30))
    second = write(tmp_path / "b.csv", [*plain_rows(30), bad, *plain_rows(5)])
    with pytest.raises(kind, match=re.escape(message)):
        spool([first, second], tmp_path / "spool")
    # Corrected, the file is another.
    write(second, plain_rows(36))
    with pytest.raises(OutputFileError, match="which has changed since"):
        spool([first, second], tmp_path / "spool")


def test_a_file_that_lacks_a_column_is_found_before_any_row_is_spooled(tmp_path):
    first, second = write(tmp_path / "a.csv", plain_rows(30)), write(tmp_path / "b.csv", plain_rows(30), "text,klass")
    with pytest.raises(ColumnError, match=r"b\.csv: expected a column 'label', found 'text', 'klass'"):
        spool([first, second], tmp_path / "spool")
    with pytest.raises(InputFileError, match="there is no such file"):
        spool([first, tmp_path / "c.csv"], tmp_path / "spool")
    assert not list((tmp_path / "spool").iterdir())


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells its peak of memory on Linux only")
def test_memory_does_not_grow_with_the_files(tmp_path):
    draw = random.Random(0)
    texts = [" ".join(f"word{draw.randrange(5000)}" for _ in range(200)) for _ in range(500)]
    all_rows = [f"{i} {draw.choice(texts)}" for i in range(180_000)]
    code = (
        "import sys; from pathlib import Path; from vikt.fitting.sharded.shards import Shards\n"
        "from vikt.spool.spooling import spool\n"
        "shards = Shards.of(spool(sys.argv[2:], Path(sys.argv[1])))\n"
        "status = Path('/proc/self/status').read_text()\n"
        "print(status.partition('VmHWM:')[2].split()[0])"
    )
    for suffix in ("csv", "parquet"):
        peaks = []
        for rows in (all_rows[:60_000], all_rows):
            path = tmp_path / f"{len(rows)}.{suffix}"
            if suffix == "csv":
                write(path, [f"{text},{'xy'[i % 2]}" for i, text in enumerate(rows)])
            else:
                # A single group of rows.
                labels = [("x", "y")[i % 2] for i in range(len(rows))]
                pq.write_table(pa.table({"text": rows, "label": labels}), path, row_group_size=10**9)
            command = [sys.executable, "-c", code, str(tmp_path / f"{suffix}-{len(rows)}"), str(path)]
            peaks.append(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
        assert peaks[1] < peaks[0] + 30_000, (suffix, peaks)  # kB, of 200 MB of text more


def test_files_may_have_other_columns_and_orders(tmp_path):
    first = write(tmp_path / "a.csv", plain_rows(30))
    second = write(tmp_path / "b.csv", [f"{i},x,text {i}" for i in range(9)], "id,label,text")
    assert content_of(spool([first, second], tmp_path / "spool"))[1].rows == 39


@pytest.mark.parametrize(
    ("rows", "reading", "kind"),
    [
        ([{"text": "a", "label": ["x", "y"]}], AUTO, "several labels"),
        ([{"text": "a", "label": {"x": 0.5, "y": 0.5}}], AUTO, "soft labels"),
        ([{"text": "a", "P(x)": 0.5, "P(y)": 0.5}], AUTO, "several labels"),
        ([{"text": "a", "label": "x"}], LabelReading(separator=","), "several labels"),
        ([{"text": "a", "label": "x"}], LabelReading("ordered"), "ordered labels"),
    ],
)
def test_other_kinds_of_labels_are_refused(rows, reading, kind, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows * 3))
    with pytest.raises(UsageError, match=f"only texts of one class each are spooled, found {kind}; read them in"):
        spool([path], tmp_path / "spool", reading=reading)


def test_numbered_features_are_refused(tmp_path):
    path = tmp_path / "a.svm"
    path.write_text("x 1:1\ny 2:1\n")
    with pytest.raises(UsageError, match="holds numbered features, and only texts are spooled"):
        spool([path], tmp_path / "spool")


# --- labels that are refused only where all are known -----------------------------------------------------------------


def test_a_column_of_ids_is_not_taken_for_labels(tmp_path, monkeypatch):
    monkeypatch.setattr("vikt.spool.tally._MOST_LABELS", 100)
    path = write(tmp_path / "a.csv", [f"text,{i}" for i in range(101)])
    with pytest.raises(DataError, match="expected at most 100 different labels, found more in column 'label'; name"):
        spool([path], tmp_path / "spool", text="text", label="label")
    write(path, [f"text,{i % 100}" for i in range(1000)])
    assert len(spool([path], tmp_path / "other", text="text", label="label").classes) == 100


@pytest.mark.usefixtures("_small")
def test_one_number_spelled_in_two_ways_is_refused_across_files(tmp_path):
    pq.write_table(pa.table({"text": ["a"] * 20, "label": [1, 2] * 10}), tmp_path / "a.parquet")
    paths = [tmp_path / "a.parquet", write(tmp_path / "b.csv", ["words,3"] * 20 + ["words,1.0"])]
    expected = train_error(paths)
    with pytest.raises(DataError) as caught:
        spool(paths, tmp_path / "spool", reading=AUTO)
    assert "are the same number" in str(expected)
    assert str(caught.value) == str(expected)


@pytest.mark.usefixtures("_small")
def test_a_number_and_a_string_that_print_alike_are_refused_across_files(tmp_path):
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path, label in zip(paths, (1, "1"), strict=True):
        path.write_text("".join(json.dumps({"text": f"t{i}", "label": [label, "x"][i % 2]}) + "\n" for i in range(20)))
    assert "two different values print alike" in str(train_error(paths))
    with pytest.raises(DataError, match=r'b\.jsonl, row 1, .* two different values print alike, 1 and the string "1"'):
        spool(paths, tmp_path / "spool")


@pytest.mark.usefixtures("_small")
def test_labels_that_look_like_several_are_refused_at_the_end_and_kept_at_will(tmp_path):
    rows = ["a,joy", "b,fear", 'c,"joy,fear"'] * 20
    path, folder = write(tmp_path / "a.csv", rows), tmp_path / "spool"
    with pytest.raises(DataError, match="values of column 'label' look like several labels, such as 'joy,fear'"):
        spool([path], folder, reading=AUTO)
    # Nothing is spooled again.
    made = spool([path], folder, reading=LabelReading("classes"))
    assert made.classes.tolist() == ["fear", "joy", "joy,fear"]


def test_notes_are_those_of_train(tmp_path):
    first = write(tmp_path / "a.csv", [*plain_rows(10), "", "text,X"], "Text,klass")
    lines = tmp_path / "b.txt"
    lines.write_text("__label__x one\n\n\n__label__y two\n")
    assert spool([first], tmp_path / "one").notes == (
        'text column: "Text" (guessed by its name)',
        'label column: "klass" (the only other column)',
        f"{first}: skipped 1 blank line",
        f"{first}: labels differ only by case or blanks: 'X', 'x'; each is a class of its own",
    )
    assert f"{lines}: skipped 2 blank lines" in spool([lines], tmp_path / "two").notes


# --- kill -9 ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_spool_that_is_killed_at_random_moments_ends_as_one_that_is_not(tmp_path):
    draw = random.Random(0)
    texts = [" ".join(f"word{draw.randrange(5000)}" for _ in range(200)) for _ in range(500)]
    paths = []
    for name in "abc":
        rows = [f"{i} {draw.choice(texts)},{draw.choice('xyz')}" for i in range(15_000)]
        paths.append(write(tmp_path / f"{name}.csv", rows))
    code = (
        "import sys; from pathlib import Path; from vikt.spool import spooling\n"
        "spooling._BYTES_PER_RUN = 1 << 20\n"
        "spooling.spool(sys.argv[2:], Path(sys.argv[1]))"
    )
    folder, n_runs = tmp_path / "killed", [0]
    for kill in range(10):
        process = subprocess.Popen([sys.executable, "-c", code, str(folder), *map(str, paths)])
        # Every other time only once it has gone on.
        while kill % 2 and len(list(folder.glob("run-*.arrow"))) == n_runs[-1]:
            time.sleep(0.01)
        time.sleep(draw.uniform(0, 0.3 if kill % 2 else 1.5))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        n_runs.append(len(list(folder.glob("run-*.arrow"))))
    assert n_runs == sorted(n_runs)
    assert len(set(n_runs)) > 5
    assert not (folder / "whole.json").exists()
    assert content_of(spool(paths, folder)) == content_of(spool(paths, tmp_path / "whole"))
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
