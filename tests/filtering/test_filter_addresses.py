"""Files at addresses of fsspec, read and written in the memory of this process."""

from __future__ import annotations

import gzip
import json
import sys

import pytest

from addresses import refuse
from vikt.corpus import storage

fsspec = pytest.importorskip("fsspec")

TEXTS = ["happy love", "sad rain", "glad smile", "angry day"]


def test_a_folder_is_filtered_resumed_and_refused_at_addresses(run, model, memory):
    lines = [json.dumps({"text": text}) + "\n" for text in TEXTS]
    with memory.open("/in/a/x.jsonl", "w") as file:
        file.writelines(lines)
    with memory.open("/in/y.jsonl.gz", "wb") as file:
        file.write(gzip.compress("".join(lines).encode()))
    arguments = ("filter", model, "memory://in", "-o", "memory://out", "--json")
    code, told, _ = run(*arguments, "--keep", "length > 8")
    assert code == 0
    kept = "".join(line for line, text in zip(lines, TEXTS, strict=True) if len(text) > 8)
    assert memory.cat("/out/a/x.jsonl").decode() == kept
    assert gzip.decompress(memory.cat("/out/y.jsonl.gz")).decode() == kept
    assert json.loads(told)["kept"] == 2 * kept.count("\n")
    assert json.loads(run(*arguments, "--keep", "length > 8")[1])["finished_before"] == 2
    assert "another filter" in run(*arguments, "--keep", "length > 9")[2]
    assert run(*arguments, "--keep", "length > 9", "--force")[0] == 0
    assert memory.cat("/out/a/x.jsonl") != kept.encode()


def test_patterns_and_local_folders_mix_with_addresses(run, model, memory, tmp_path):
    with memory.open("/in/a/x.csv", "w") as file:
        file.write("text\nhappy love\n")
    out = f"file://{tmp_path}/out"
    assert run("filter", model, "memory://in/*/*.csv", "--keep", "length > 1", "-o", out)[0] == 0
    assert (tmp_path / "out" / "a" / "x.csv").read_text() == "text\nhappy love\n"
    assert run("filter", model, tmp_path / "out", "--keep", "length > 1", "-o", "memory://back")[0] == 0
    assert memory.cat("/back/a/x.csv") == b"text\nhappy love\n"
    code, _, said = run("filter", model, "memory://in", "--keep", "length > 1", "-o", "memory://in/out")
    assert (code, "would be read as one" in said) == (2, True)


def test_a_failed_run_leaves_nothing_of_its_file(run, model, memory):
    with memory.open("/in/x.jsonl", "w") as file:
        file.write('{"text": "happy"}\n{"text": 1\n')
    code, _, said = run("filter", model, "memory://in", "--keep", "length > 1", "-o", "memory://out")
    assert (code, "memory://in/x.jsonl, line 2" in said or "x.jsonl, line 2" in said) == (1, True)
    assert not memory.exists("/out/x.jsonl")


def test_what_is_missing_is_said(run, model, memory, monkeypatch):
    for name, expected, word in (
        ("nothing://in", 2, "is not an address that can be read"),
        ("memory://none", 1, "there is no such file or folder"),
        ("memory://none/a.csv", 1, "there is no such file"),
    ):
        code, _, said = run("filter", model, name, "--keep", "length > 1", "-o", "memory://out")
        assert (code, word in said, len(said.splitlines())) == (expected, True, 1)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    code, _, said = run("filter", model, "memory://in", "--keep", "length > 1", "-o", "memory://out")
    assert (code, "in a clone of vikt: pip install '.[remote]'" in said) == (1, True)
    assert isinstance(storage.storage_of("in"), storage.LocalStorage)


@pytest.mark.parametrize(
    ("method", "word"),
    [
        *((method, "read") for method in ("isdir", "info", "walk", "cat_file", "size")),
        *((method, "written") for method in ("open", "makedirs")),
    ],
)
def test_what_a_system_refuses_is_told_with_the_address(run, model, memory, monkeypatch, method, word):
    with memory.open("/in/x.jsonl", "w") as file:
        file.write('{"text": "happy"}\n')
    monkeypatch.setattr(memory, method, refuse)
    code, _, said = run("filter", model, "memory://in", "--keep", "length > 1", "-o", "memory://out")
    assert (code, len(said.splitlines())) == (1, 1)
    assert f"cannot be {word} (NoCredentialsError: Unable to locate credentials); check the address" in said
    assert "memory://" in said


@pytest.mark.parametrize(("method", "word"), [("read", "x.jsonl: cannot be read"), ("write", "cannot be written")])
def test_what_fails_on_the_way_is_told_with_the_address(run, model, memory, monkeypatch, method, word):
    with memory.open("/in/x.jsonl", "w") as file:
        file.write('{"text": "happy"}\n')
    monkeypatch.setattr("fsspec.implementations.memory.MemoryFile." + method, refuse, raising=False)
    code, _, said = run("filter", model, "memory://in", "--keep", "length > 1", "-o", "memory://out")
    assert (code, word in said, len(said.splitlines())) == (1, True, 1)


def test_an_address_that_nobody_serves_is_told(run, model, tmp_path):
    code, _, said = run("filter", model, "ftp://127.0.0.1:1/x.jsonl", "--keep", "length > 1", "-o", tmp_path / "out")
    assert (code, len(said.splitlines())) == (1, 1)
    assert "ftp://127.0.0.1:1/x.jsonl: cannot be read (Connection refused)" in said
