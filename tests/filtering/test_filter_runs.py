"""Runs of the filter: threads, resuming, kills, what is refused, and how much memory it takes."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import vikt
from models_of_kinds import fitted, several

SOURCES = Path(vikt.__file__).parents[1]
# No file may be longer than 4096 or 8192 bytes, and no bytecode is written, which would be cut and stay.
SMALL_DISK = ["sh", "-c", 'export PYTHONDONTWRITEBYTECODE=1; ulimit -f 8; exec "$@"', "sh"]
KEEP = "P(joy) > 30%"
WORDS = ["happy", "love", "sad", "rain", "glad", "angry", "day", "smile"]


def rows(n, seed=0):
    chance = random.Random(seed)
    return [{"id": i, "text": " ".join(chance.choices(WORDS, k=6))} for i in range(n)]


def write_jsonl(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder of files of three formats, in two folders."""
    folder = tmp_path_factory.mktemp("written")
    for i in range(3):
        write_jsonl(folder / "sub" / f"{i}.jsonl", rows(9_000, i))
    pq.write_table(pa.Table.from_pylist(rows(9_000, 9)), folder / "p.parquet")
    lines = ["id,text", *(f"{row['id']},{row['text']}" for row in rows(5_000, 7))]
    (folder / "c.csv").write_text("\n".join(lines))
    return folder


@pytest.fixture
def corpus(written, tmp_path):
    """A copy of it that a test may change."""
    return Path(shutil.copytree(written, tmp_path / "in"))


def contents(folder):
    """The files of a folder by place, but for what a filter notes."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".vikt-filter" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def expected_ids(path, seed, n):
    classifier = vikt.load(path)
    own = rows(n, seed)
    joy = classifier.predict_proba([row["text"] for row in own])[:, list(classifier.classes_).index("joy")]
    return [row["id"] for row, p in zip(own, joy, strict=True) if p > 0.3]


def test_files_keep_their_places_and_the_rows_that_the_classifier_says(run, model, corpus, tmp_path):
    code, told, _ = run("filter", model, corpus, "--keep", KEEP, "-o", tmp_path / "out", "--json")
    assert code == 0
    found = contents(tmp_path / "out")
    assert sorted(found) == sorted(contents(corpus))
    for i in range(3):
        ids = [json.loads(line)["id"] for line in found[f"sub/{i}.jsonl"].splitlines()]
        assert ids == expected_ids(model, i, 9_000)
    assert pq.read_table(tmp_path / "out" / "p.parquet").column("id").to_pylist() == expected_ids(model, 9, 9_000)
    tally = json.loads(told)
    kept = sum(len(expected_ids(model, *of)) for of in ((0, 9_000), (1, 9_000), (2, 9_000), (9, 9_000), (7, 5_000)))
    assert (tally["files"], tally["documents"], tally["kept"]) == (5, 41_000, kept)
    assert tally["share"] == kept / 41_000
    assert sum(own["kept"] for own in tally["by_label"].values()) == kept


@pytest.mark.parametrize(
    "more",
    [["--scores"], pytest.param([], marks=pytest.mark.slow), pytest.param(["--split", "a"], marks=pytest.mark.slow)],
)
def test_the_bytes_do_not_depend_on_the_threads(run, model, corpus, tmp_path, more):
    outputs = []
    for threads in (1, 2, 5):
        out = tmp_path / f"out{threads}"
        assert run("filter", model, corpus, "--keep", KEEP, "-o", out, "--threads", threads, *more)[0] == 0
        outputs.append(contents(out))
    assert outputs[0] == outputs[1] == outputs[2]


def test_a_second_run_reads_nothing_that_is_finished(run, model, corpus, tmp_path):
    out = tmp_path / "out"
    first = json.loads(run("filter", model, corpus, "--keep", KEEP, "-o", out, "--json")[1])
    stamps = {path: path.stat().st_mtime_ns for path in out.rglob("*.jsonl")}
    second = json.loads(run("filter", model, corpus, "--keep", f" {KEEP}", "-o", out, "--json")[1])
    assert second["finished_before"] == 5
    alike = [key for key in first if key not in ("seconds", "finished_before")]
    assert [second[key] for key in alike] == [first[key] for key in alike]
    assert stamps == {path: path.stat().st_mtime_ns for path in out.rglob("*.jsonl")}
    write_jsonl(corpus / "new.jsonl", rows(10))
    assert "6 files (5 finished before)" in run("filter", model, corpus, "--keep", KEEP, "-o", out)[1]


def test_another_condition_model_or_input_is_refused_until_forced(run, model, corpus, tmp_path):
    out, first = tmp_path / "out", corpus / "sub" / "0.jsonl"
    assert run("filter", model, corpus, "--keep", KEEP, "-o", out)[0] == 0
    code, _, said = run("filter", model, corpus, "--keep", "P(joy) > 0.4", "-o", out)
    assert code == 1
    assert "its condition was 'P(joy) > 30%', and is now 'P(joy) > 0.4'" in said
    assert "--force" in said
    other = tmp_path / "other.vikt"
    fitted(["joy", "joy", "fear"] * 4).save(other)
    assert "its model was" in run("filter", other, corpus, "--keep", KEEP, "-o", out)[2]
    said = run("filter", model, corpus, "--keep", KEEP, "-o", out, "--scores")[2]
    assert "its --scores was off, and is now on" in said
    write_jsonl(first, rows(7))
    code, _, said = run("filter", model, corpus, "--keep", KEEP, "-o", out)
    assert (code, "0.jsonl: its size or time differs from when it was filtered into" in said) == (1, True)
    # Outputs of files that are no longer there go too.
    (corpus / "p.parquet").unlink()
    assert run("filter", model, corpus, "--keep", "P(joy) > 0.4", "-o", out, "--force")[0] == 0
    assert sorted(contents(out)) == sorted(contents(corpus))


def test_a_file_that_changed_is_filtered_again_once_its_output_is_removed(run, model, corpus, tmp_path):
    arguments, changed = ("filter", model, corpus, "--keep", KEEP, "-o", tmp_path / "out"), corpus / "sub" / "0.jsonl"
    assert run(*arguments)[0] == 0
    write_jsonl(changed, rows(9_000, 8))
    code, _, said = run(*arguments)
    assert (code, "remove that output to filter this file again" in said) == (1, True)
    (tmp_path / "out" / "sub" / "0.jsonl").unlink()
    assert "5 files (4 finished before)" in run(*arguments)[1]
    ids = [json.loads(line)["id"] for line in contents(tmp_path / "out")["sub/0.jsonl"].splitlines()]
    assert ids == expected_ids(model, 8, 9_000)


def test_a_file_of_another_folder_is_not_taken_for_one_that_is_finished(run, model, tmp_path):
    for folder, text in (("d1", "glad"), ("d2", "GLAD")):
        write_jsonl(tmp_path / folder / "part-0.jsonl", [{"text": text}])
        os.utime(tmp_path / folder / "part-0.jsonl", (0, 0))
    arguments = ("filter", model, "--keep", "length > 0", "-o", tmp_path / "out")
    assert run(*arguments, tmp_path / "d1")[0] == 0
    code, _, said = run(*arguments, tmp_path / "d2")
    told = f"out/part-0.jsonl: was written from {tmp_path}/d1/part-0.jsonl, not from {tmp_path}/d2/part-0.jsonl; choose"
    assert (code, told in said) == (1, True)
    (tmp_path / "link").symlink_to("d1")
    assert "1 finished before" in run(*arguments, tmp_path / "link")[1]


def test_a_corpus_that_was_moved_is_resumed(run, model, corpus, tmp_path):
    arguments = ("filter", model, "--keep", KEEP, "-o", tmp_path / "out")
    assert run(*arguments, corpus)[0] == 0
    before = contents(tmp_path / "out")
    (tmp_path / "out" / "sub" / "0.jsonl").unlink()
    corpus.rename(tmp_path / "moved")
    assert "5 files (4 finished before)" in run(*arguments, tmp_path / "moved")[1]
    assert contents(tmp_path / "out") == before


def test_outputs_of_inputs_that_are_not_named_are_told(run, model, tmp_path):
    write_jsonl(tmp_path / "in" / "a.jsonl", rows(10))
    arguments = ("filter", model, tmp_path / "in", "--keep", "length > 0", "-o", tmp_path / "out")
    assert "also holds" not in run(*arguments)[2]
    (tmp_path / "in" / "a.jsonl").rename(tmp_path / "in" / "b.jsonl")
    assert "out: also holds 1 file of other inputs: a.jsonl" in run(*arguments)[2]
    (tmp_path / "out" / "a.jsonl").unlink()
    assert "also holds" not in run(*arguments)[2]


@pytest.mark.parametrize(
    "names",
    [
        ["x.csv", "x.csv.json/y.csv"],
        ["n" * 249 + ".jsonl", "n" * 250 + ".csv"],
        [os.fsdecode(b"\xff.jsonl"), "\u00e9\n%2f.jsonl", "%C3%A9%0A%2f.jsonl"],
    ],
)
def test_files_of_any_names_are_filtered_resumed_and_removed(run, model, tmp_path, names):
    for name in names:
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text('text\n"glad"\n' if name.endswith(".csv") else '{"text": "glad"}\n')
    arguments = ("filter", model, tmp_path / "in", "-o", tmp_path / "out", "--keep")
    assert run(*arguments, "length > 3")[0] == 0
    assert sorted(contents(tmp_path / "out")) == sorted(names)
    assert f"({len(names)} finished before)" in run(*arguments, "length > 3")[1]
    shutil.rmtree(tmp_path / "in")
    write_jsonl(tmp_path / "in" / "other.jsonl", rows(1))
    assert run(*arguments, "length > 2", "--force")[0] == 0
    assert sorted(contents(tmp_path / "out")) == ["other.jsonl"]


def test_folders_of_earlier_versions_are_refused_until_forced(run, model, corpus, tmp_path):
    out = tmp_path / "out"
    arguments = ("filter", model, corpus, "--keep", KEEP, "-o", out)
    assert run(*arguments)[0] == 0
    noted = out / ".vikt-filter"
    job = json.loads((noted / "job.json").read_text())
    shutil.rmtree(noted / "files")
    (noted / "job.json").write_text(json.dumps({name: value for name, value in job.items() if name != "format"}))
    (noted / "files" / "sub").mkdir(parents=True)
    (noted / "files" / "sub" / "0.jsonl.json").write_text('{"input": "1-2", "size": 3, "tally": {}}')
    code, _, said = run(*arguments)
    assert (code, "out: holds the results of another version of vikt" in said, "--force" in said) == (1, True, True)
    (corpus / "sub" / "0.jsonl").unlink()
    assert run(*arguments, "--force")[0] == 0
    assert sorted(contents(out)) == sorted(contents(corpus))


@pytest.mark.parametrize("content", ["{", "[]", '{"place": "../kept.jsonl"}', '{"place": 1}'])
def test_damaged_records_are_refused_until_forced(run, model, tmp_path, content):
    write_jsonl(tmp_path / "in" / "a.jsonl", rows(1))
    (tmp_path / "kept.jsonl").write_text("mine")
    arguments = ("filter", model, tmp_path / "in", "--keep", "length > 0", "-o", tmp_path / "out")
    assert run(*arguments)[0] == 0
    (tmp_path / "out" / ".vikt-filter" / "files" / "b.json").write_text(content)
    (tmp_path / "out" / "b").write_text("x")
    code, _, said = run(*arguments)
    assert (code, "b.json: is not a record of a filter; start anew" in said) == (1, True)
    assert run(*arguments, "--force")[0] == 0
    assert (tmp_path / "kept.jsonl").read_text() == "mine"
    assert "1 finished before" in run(*arguments)[1]


def test_a_run_that_finished_nothing_binds_nobody(run, model, tmp_path):
    (tmp_path / "a.csv").write_text("id;text;n\n1;happy love;2\n")
    arguments = ("filter", model, tmp_path / "a.csv", "-o", tmp_path / "out", "--text", "text", "--keep")
    assert run(*arguments, "length > 3")[0] == 1
    assert run(*arguments, "length > 300", "--delimiter", ";")[::2] == (0, "no document is kept; check the condition\n")
    assert "its --delimiter was ';', and is now not given" in run(*arguments, "length > 300")[2]
    (tmp_path / "out" / "a.csv").unlink()
    assert run(*arguments, "length > 3", "--delimiter", ";")[0] == 0


def test_files_that_no_filter_wrote_are_not_overwritten(run, model, corpus, tmp_path):
    out = tmp_path / "out"
    write_jsonl(out / "sub" / "1.jsonl", [{"mine": 1}])
    code, _, said = run("filter", model, corpus, "--keep", KEEP, "-o", out)
    assert (code, "1.jsonl: exists, and no filter wrote it" in said) == (1, True)
    assert json.loads((out / "sub" / "1.jsonl").read_text()) == {"mine": 1}
    assert run("filter", model, corpus, "--keep", KEEP, "-o", out, "--force")[0] == 0
    (out / "c.csv").write_text("changed")
    assert "c.csv: has been changed since it was written" in run("filter", model, corpus, "--keep", KEEP, "-o", out)[2]


# Inputs


def test_patterns_keep_the_folders_after_the_first_star(run, model, corpus, tmp_path):
    assert run("filter", model, corpus / "**" / "*.jsonl", "--keep", KEEP, "-o", tmp_path / "out")[0] == 0
    assert sorted(contents(tmp_path / "out")) == ["sub/0.jsonl", "sub/1.jsonl", "sub/2.jsonl"]
    assert run("filter", model, corpus / "sub" / "[01].jsonl", "--keep", KEEP, "-o", tmp_path / "two")[0] == 0
    assert sorted(contents(tmp_path / "two")) == ["0.jsonl", "1.jsonl"]


def test_files_of_other_formats_and_hidden_ones_are_passed_over_and_said(run, model, corpus, tmp_path):
    for name in ("README.md", ".hidden.jsonl", "_SUCCESS"):
        (corpus / name).write_text("x")
    code, _, said = run("filter", model, corpus, "--keep", KEEP, "-o", tmp_path / "out")
    assert code == 0
    assert "passed over 1 file of other formats: README.md" in said
    assert sorted(contents(tmp_path / "out")) == ["c.csv", "p.parquet", "sub/0.jsonl", "sub/1.jsonl", "sub/2.jsonl"]


@pytest.mark.parametrize("pattern", ["", "*", "**/*.jsonl", "*/*.jsonl"])
def test_folders_that_cannot_be_read_end_the_run(run, model, corpus, tmp_path, monkeypatch, pattern):
    scan = os.scandir

    def refuse(folder="."):
        if os.fspath(folder).rstrip("/").endswith("sub"):
            raise PermissionError(13, "Permission denied", folder)
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    code, _, said = run("filter", model, corpus / pattern, "--keep", KEEP, "-o", tmp_path / "out")
    if pattern == "*":  # which does not lead into folders
        assert (code, sorted(contents(tmp_path / "out"))) == (0, ["c.csv", "p.parquet"])
    else:
        assert (code, len(said.splitlines())) == (1, 1)
        assert "sub: cannot be read (Permission denied); allow it with chmod" in said.replace("sub/", "sub")


def test_a_folder_that_a_link_leads_to_as_well_keeps_its_own_name(run, model, tmp_path):
    write_jsonl(tmp_path / "in" / "z" / "real" / "a.jsonl", rows(10))
    (tmp_path / "in" / "again").symlink_to("z/real")
    assert run("filter", model, tmp_path / "in", "--keep", "length > 0", "-o", tmp_path / "out")[0] == 0
    assert sorted(contents(tmp_path / "out")) == ["z/real/a.jsonl"]


def test_outputs_that_exclude_one_another_are_refused_before_any_is_written(run, model, tmp_path):
    for name in ("c1/a.csv", "c2/a.csv/b.csv"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("text\nglad\n")
    one, other, out = tmp_path / "c1" / "a.csv", tmp_path / "c2", tmp_path / "out"
    arguments = ("filter", model, "--keep", "length > 0", "-o")
    code, _, said = run(*arguments, out, one, other)
    assert (code, "would be written to a.csv/b.csv and a.csv, a folder and a file" in said) == (2, True)
    assert not out.exists()
    assert run(*arguments, out, one)[0] == 0
    assert "a.csv: is a file, but a folder would be created there" in run(*arguments, out, other)[2]
    assert run(*arguments, tmp_path / "out2", other)[0] == 0
    for more in ([], ["--force"]):
        assert "a.csv: is a folder, but a file would be written" in run(*arguments, tmp_path / "out2", one, *more)[2]


def test_the_folders_of_the_output_are_not_listed_for_each_file(run, model, tmp_path, monkeypatch):
    scan, scanned = os.scandir, list[str]()
    monkeypatch.setattr(os, "scandir", lambda folder=".": scanned.append(os.fspath(folder)) or scan(folder))
    for i in range(30):
        write_jsonl(tmp_path / "in" / f"{i}.jsonl", rows(1))
    assert run("filter", model, tmp_path / "in", "--keep", "length > 0", "-o", tmp_path / "out")[0] == 0
    assert 0 < len([folder for folder in scanned if folder.startswith(str(tmp_path / "out"))]) < 10


def test_links_to_folders_are_followed_once(run, model, corpus, tmp_path):
    (corpus / "sub").rename(tmp_path / "elsewhere")
    (corpus / "linked").symlink_to(tmp_path / "elsewhere")
    (corpus / "round").symlink_to(corpus)
    assert run("filter", model, corpus, "--keep", KEEP, "-o", tmp_path / "out")[0] == 0
    assert sorted(contents(tmp_path / "out")) == [
        "c.csv", "linked/0.jsonl", "linked/1.jsonl", "linked/2.jsonl", "p.parquet",
    ]  # fmt: skip


@pytest.mark.parametrize("named", ["snap/a.jsonl", "snap/*.jsonl", "snap/*", "*ap/*.jsonl", "snap", "./snap/"])
def test_links_keep_their_own_names_and_formats(run, model, tmp_path, monkeypatch, named):
    write_jsonl(tmp_path / "blobs" / "0123.csv", rows(10))
    (tmp_path / "snap").mkdir()
    (tmp_path / "snap" / "a.jsonl").symlink_to("../blobs/0123.csv")
    monkeypatch.chdir(tmp_path)
    assert run("filter", model, named, "--keep", "length > 0", "-o", "out")[0] == 0
    place = "snap/a.jsonl" if named.startswith("*") else "a.jsonl"
    assert contents(tmp_path / "out") == {place: (tmp_path / "blobs" / "0123.csv").read_bytes()}


def refusals(folder):
    inside = folder / "in"
    return {
        (inside, "-o", inside): (2, "is in the folder", "which is an input"),
        (inside, "-o", inside / "out"): (2, "is in the folder", "would be read as one"),
        (inside / "sub" / "0.jsonl", "-o", inside / "sub"): (2, "is an input in the output folder"),
        (inside / "sub" / "0.jsonl", "-o", inside / "c.csv"): (2, "c.csv: is a file; name a folder"),
        (inside / "sub" / "0.jsonl", inside / "sub", "-o", folder / "out"): (2, "0.jsonl: is named twice"),
        (inside / "c.csv", folder / "in2" / "c.csv", "-o", folder / "out"): (2, "would both be written to c.csv"),
        (inside / "none.jsonl", "-o", folder / "out"): (1, "none.jsonl: there is no such file"),
        (folder / "none", "-o", folder / "out"): (1, "none: there is no such file or folder"),
        (inside, "-o", "-"): (2, "-: -o names a folder"),
        (inside, "-o", folder / "out.csv"): (2, "out.csv: -o names a folder"),
        (inside / "*.tsv", "-o", folder / "out"): (1, "no file matches"),
        (inside / "*" / ".." / "*.csv", "-o", folder / "out"): (2, "leads out of the folder; name the folder"),
        ("-", "-o", folder / "out"): (2, "does not read standard input"),
        (folder / "a.txt", "-o", folder / "out"): (1, "a.txt: expected a file that ends in", ".parquet"),
        (folder / "texts", "-o", folder / "out"): (1, "texts: expected files that end in", "found none"),
        (inside, "-o", folder / "out", "--text", "body"): (1, "expected a column 'body', found"),
        (inside, "-o", folder / "out", "--split", ""): (2, "--split: expected what stands between"),
    }


@pytest.mark.parametrize("n", range(17))
def test_what_cannot_be_done_is_said_in_one_line(run, model, corpus, tmp_path, n):
    (tmp_path / "texts").mkdir()
    for name in ("a.txt", "texts/b.txt"):
        (tmp_path / name).write_text("x")
    write_jsonl(tmp_path / "in2" / "c.csv", [])
    arguments, (expected, *words) = list(refusals(tmp_path).items())[n]
    code, _, said = run("filter", model, *arguments, "--keep", KEEP, "--quiet")
    assert code == expected
    assert len(said.splitlines()) == 1
    assert [word for word in words if word not in said] == []


ROWS = [b'{"text": "glad"}', b'{"text": 1', b'{"text": null}', b'{"other": "x"}', b'["text"]', b'{"text": "\xff"}']


@pytest.mark.parametrize("row", range(1, len(ROWS)))
def test_a_malformed_row_ends_the_run_and_finished_files_stay(run, model, tmp_path, row):
    write_jsonl(tmp_path / "in" / "a.jsonl", rows(100))
    (tmp_path / "in" / "b.jsonl").write_bytes(b"\n".join([ROWS[0]] * 6_000 + [ROWS[row]] + [ROWS[0]]))
    write_jsonl(tmp_path / "in" / "c.jsonl", rows(100))
    for threads in (1, 3):
        out = tmp_path / f"out{threads}"
        code, _, said = run("filter", model, tmp_path / "in", "--keep", KEEP, "-o", out, "--threads", threads)
        assert code == 1
        assert "b.jsonl, " in said
        assert "6001" in said
        assert sorted(contents(out)) == ["a.jsonl"]
    (tmp_path / "in" / "b.jsonl").write_bytes(ROWS[0])
    assert run("filter", model, tmp_path / "in", "--keep", KEEP, "-o", out)[0] == 0
    assert sorted(contents(out)) == ["a.jsonl", "b.jsonl", "c.jsonl"]


def test_damaged_parquet_and_arrow_are_refused(run, model, tmp_path):
    table = pa.Table.from_pylist(rows(100))
    for name, content in (("a.parquet", b"PAR1xx"), ("a.arrow", b"ARROW1\0\0xx"), ("b.arrow", b"")):
        (tmp_path / name).write_bytes(content)
        code, _, said = run("filter", model, tmp_path / name, "--keep", KEEP, "-o", tmp_path / "out")
        assert (code, len(said.splitlines())) == (1, 1)
        assert "found a file that cannot be read as such" in said
    pq.write_table(pa.table({"text": [["a"]]}), tmp_path / "a.parquet")
    assert "expected strings" in run("filter", model, tmp_path / "a.parquet", "--keep", KEEP, "-o", tmp_path / "out")[2]
    pq.write_table(table.append_column("P(joy)", table["id"]), tmp_path / "a.parquet")
    arguments = ("filter", model, tmp_path / "a.parquet", "--keep", KEEP, "-o", tmp_path / "out2", "--scores")
    assert "already has a column 'P(joy)'" in run(*arguments)[2]


def test_scores_need_a_label_in_the_condition(run, model, corpus, tmp_path):
    code, _, said = run("filter", model, corpus, "--keep", "length > 5", "-o", tmp_path / "out", "--scores")
    assert (code, "the condition, which names none" in said) == (2, True)


def test_fields_of_objects_and_several_labels(run, tmp_path):
    several(tmp_path / "m.vikt")
    content = [{"doc": {"text": text}} for text in ("happy love smile", "rain rain")]
    write_jsonl(tmp_path / "a.jsonl", content)
    arguments = ("filter", tmp_path / "m.vikt", tmp_path / "a.jsonl", "-o", tmp_path / "out", "--text", "doc.text")
    assert run(*arguments, "--keep", "'joy' in labels", "--scores")[0] == 0
    kept = [json.loads(line) for line in (tmp_path / "out" / "a.jsonl").read_text().splitlines()]
    classifier = vikt.load(tmp_path / "m.vikt")
    assert [row["doc"]["text"] for row in kept] == [
        row["doc"]["text"] for row in content if "joy" in classifier.predict_sets([row["doc"]["text"]])[0]
    ]
    assert "P(joy)" in kept[0]
    code, _, said = run(*arguments, "--keep", "'joy' in labels", "--split", "\\n", "--force")
    assert (code, "--split takes a column of texts" in said) == (1, True)


# Faults


def command(*arguments):
    return [sys.executable, "-m", "vikt", *map(str, arguments)]


def environment():
    return {**os.environ, "PYTHONPATH": str(SOURCES), "NUMBA_NUM_THREADS": "1"}


def test_a_full_disk_is_said_and_leaves_no_partial_file(model, corpus, tmp_path):
    done = subprocess.run(
        [*SMALL_DISK, *command("filter", model, corpus, "--keep", KEEP, "-o", tmp_path / "out", "-q")],
        capture_output=True, timeout=120, check=False, env=environment(),
    )  # fmt: skip
    assert done.returncode == 1
    assert len(done.stderr.decode().splitlines()) == 1
    assert "cannot be written" in done.stderr.decode()
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file() and path.name != "job.json"]


def test_a_second_run_at_a_time_is_refused(run, model, corpus, tmp_path):
    import fcntl

    (tmp_path / "out").mkdir()
    folder = os.open(tmp_path / "out", os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        assert (
            "another filter is writing there" in run("filter", model, corpus, "--keep", KEEP, "-o", tmp_path / "out")[2]
        )
    finally:
        os.close(folder)


def kill_and_resume(run, model, tmp_path, n_kills):
    """Kill runs at random moments, then let one end; how many files were finished after each kill."""
    many, expected, out = tmp_path / "many", tmp_path / "expected", tmp_path / "out"
    for i in range(20):
        write_jsonl(many / f"{i % 3}" / f"{i}.jsonl", rows(1_000, i))
        pq.write_table(pa.Table.from_pylist(rows(500, i)), many / f"{i}.parquet")
    arguments = ("filter", model, many, "--keep", KEEP, "--scores", "--threads", 2, "-q", "--json")
    undisturbed = tally_of(run, arguments, expected)
    whole, chance, finished = contents(expected), random.Random(0), []
    for _ in range(n_kills):
        if len(visible(out)) == len(whole):
            shutil.rmtree(out)
        process = subprocess.Popen(command(*arguments, "-o", out), env=environment(), stdout=subprocess.DEVNULL)
        wait_for_files(process, out, len(visible(out)) + chance.randint(0, len(whole) // 3))
        time.sleep(chance.uniform(0, 0.05))
        process.kill()
        process.wait()
        assert visible(out).items() <= whole.items()
        finished.append(len(visible(out)))
    assert tally_of(run, arguments, out) == undisturbed
    assert contents(out) == whole
    return finished


def tally_of(run, arguments, out):
    tally = json.loads(run(*arguments, "-o", out)[1])
    return {name: value for name, value in tally.items() if name not in ("seconds", "finished_before")}


def visible(folder):
    """The files of a folder that do not say to be partial."""
    return {name: content for name, content in contents(folder).items() if not name.endswith(".vikt-partial")}


def wait_for_files(process, folder, n):
    while process.poll() is None and len([*folder.glob("*.parquet"), *folder.glob("[0-9]/*.jsonl")]) < n:
        time.sleep(0.002)


def test_killed_runs_lose_and_repeat_nothing(run, model, tmp_path):
    assert any(kill_and_resume(run, model, tmp_path, 2))


@pytest.mark.slow
def test_fifty_killed_runs_lose_and_repeat_nothing(run, model, tmp_path):
    assert len(set(kill_and_resume(run, model, tmp_path, 50))) > 10


def peak_kb(arguments):
    """The peak of the memory of a whole process."""
    script = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *command(*arguments)], capture_output=True, check=True, env=environment()
    )
    return int(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet", "arrow"])
def test_memory_does_not_grow_with_the_file(model, tmp_path, suffix):
    peaks = []
    for n in (40_000, 800_000):
        table = pa.Table.from_pylist(rows(4_000))
        table = table.set_column(1, "text", pa.array([text * 10 for text in table["text"].to_pylist()]))
        table = pa.concat_tables([table] * (n // 4_000)).combine_chunks()
        path = tmp_path / f"{n}.{suffix}"
        if suffix == "parquet":
            pq.write_table(table, path, row_group_size=n)
        elif suffix == "arrow":
            with pa.ipc.new_file(path, table.schema) as writer:
                writer.write_table(table, max_chunksize=40_000)
        else:
            lines = (f'{{"text": "{t}"}}' if suffix == "jsonl" else t for t in table["text"].to_pylist())
            path.write_text("text\n" * (suffix == "csv") + "\n".join(lines))
        del table
        peaks.append(peak_kb(("filter", model, path, "--keep", "length >= 0", "-o", tmp_path / "out" / str(n))))
    # The larger file is 300 MB of text; a row group of 64 MB may wait to be written.
    assert peaks[1] - peaks[0] < 200_000


def test_one_long_line_is_a_row_like_any_other(run, model, tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "happy love " * 500_000}) + '\n{"text": "x"}\n')
    assert run("filter", model, tmp_path / "a.jsonl", "--keep", "length > 5", "-o", tmp_path / "out")[0] == 0
    assert (tmp_path / "out" / "a.jsonl").stat().st_size > 5_000_000
