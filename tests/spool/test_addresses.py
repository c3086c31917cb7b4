"""Files at addresses of fsspec: spooled as those of this machine, and refused in a line."""

from __future__ import annotations

import gzip
import io
import os
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import vikt
from addresses import refuse
from vikt.corpus.sources import find_sources
from vikt.errors import InputFileError, MissingPackageError, OutputFileError, UsageError
from vikt.spool.spooling import spool

fsspec = pytest.importorskip("fsspec")

ROWS = [(f"text {i % 17} {'x' * (i % 5)}", "xy"[i % 2]) for i in range(60)]


def csv_of(rows):
    return "".join(f"{text},{label}\n" for text, label in [("text", "label"), *rows]).encode()


def parquet_of(rows):
    texts, labels = zip(*rows, strict=True)
    pq.write_table(pa.table({"text": texts, "label": labels}), buffer := io.BytesIO(), row_group_size=7)
    return buffer.getvalue()


def model_of(data, folder):
    """The bytes of the model of a fit of files."""
    path = folder / "m.vikt"
    vikt.TextClassifier(analyzer="word", l2=0.01).fit_files(data).save(path, force=True)
    return path.read_bytes()


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A file on this machine, and the bytes of its model."""
    path = tmp_path_factory.mktemp("here") / "a.csv"
    path.write_bytes(csv_of(ROWS))
    return path, model_of(path, path.parent)


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"a.csv": csv_of(ROWS)}, "memory://in/a.csv"),
        ({"b-0.csv": csv_of(ROWS[:30]), "b-1.csv": csv_of(ROWS[30:]), "c.txt": b""}, "memory://in/b-*.csv"),
        ({"a.csv.gz": gzip.compress(csv_of(ROWS))}, "memory://in/a.csv.gz"),
        ({"a.parquet": parquet_of(ROWS)}, "memory://in/*.parquet"),
        ({"a?.csv": csv_of(ROWS)}, "memory://in/a?.csv"),
    ],
    ids=["csv", "pattern", "gzip", "parquet", "question mark"],
)
def test_a_model_is_that_of_the_files_on_this_machine(memory, here, tmp_path, files, name):
    for own, content in files.items():
        memory.pipe(f"/in/{own}", content)
    assert model_of(name, tmp_path) == here[1]


def test_a_file_on_this_machine_has_an_address_too(here, tmp_path):
    assert model_of(f"file://{here[0]}", tmp_path) == here[1]


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("change", ["size", "content"])
def test_a_file_that_has_changed_is_another(memory, tmp_path, change):
    memory.pipe("/in/a.csv", csv_of(ROWS))
    assert spool(["memory://in/a.csv"], tmp_path / "spool").n_rows == 60
    assert spool(["memory://in/a.csv"], tmp_path / "spool").n_rows == 60
    memory.pipe("/in/a.csv", csv_of(ROWS[:50] if change == "size" else ROWS[::-1]))
    with pytest.raises(OutputFileError):
        spool(["memory://in/a.csv"], tmp_path / "spool")


@pytest.mark.usefixtures("_small")
def test_a_spool_that_is_interrupted_goes_on(memory, tmp_path):
    for i in range(3):
        memory.pipe(f"/in/{i}.csv", csv_of(ROWS[20 * i : 20 * i + 20]))
    told = []

    def interrupting(stage, done, total):
        told.append((done, total))
        if len(told) == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spool(["memory://in/*.csv"], tmp_path / "spool", progress=interrupting)
    assert told[-1][1] == sum(memory.size(f"/in/{i}.csv") for i in range(3))
    assert 0 < told[-1][0] < told[-1][1]
    assert spool(["memory://in/*.csv"], tmp_path / "spool").n_rows == 60


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("memory://in/b.csv", InputFileError, "memory://in/b.csv: there is no such file; check the address"),
        ("memory://in/b*.csv", InputFileError, "no file matches; check the pattern"),
        ("memory://in", InputFileError, "is a folder; name its files by a pattern, such as memory://in/"),
        ("gopher://in/a.csv", UsageError, "is not an address that can be read"),
        (
            "ftp://127.0.0.1:1/a.csv",
            InputFileError,
            r"a\.csv: cannot be read \(Connection refused\); check the address",
        ),
    ],
)
def test_what_cannot_be_found_is_said(memory, tmp_path, name, kind, message):
    memory.pipe("/in/a.csv", csv_of(ROWS))
    with pytest.raises(kind, match=message):
        spool([name], tmp_path / "spool")


def test_a_package_that_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingPackageError, match=r"^the address s3://b/a\.csv needs s3fs, .*: pip install s3fs$"):
        spool(["s3://b/a.csv"], tmp_path / "spool")
    # A system of fsspec's own, which tells what it needs.
    monkeypatch.setitem(sys.modules, "paramiko", None)
    monkeypatch.delitem(sys.modules, "fsspec.implementations.sftp", raising=False)
    with pytest.raises(MissingPackageError, match=r"^the address sftp://b/a\.csv needs .*\"paramiko\" to be installed"):
        spool(["sftp://b/a.csv"], tmp_path / "spool")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingPackageError, match=r"the address memory://a\.csv needs fsspec"):
        spool(["memory://a.csv"], tmp_path / "spool")


@pytest.mark.parametrize("method", ["info", "open", "glob"])
def test_whatever_a_system_raises_names_the_address(memory, monkeypatch, tmp_path, method):
    memory.pipe("/in/a.csv", csv_of(ROWS))
    monkeypatch.setattr(memory, method, refuse)
    with pytest.raises(
        InputFileError, match=r"memory:///?in/.*: cannot be read \(NoCredentialsError: Unable to locate"
    ):
        spool(["memory://in/*.csv"], tmp_path / "spool")


def test_a_read_that_fails_on_the_way_is_an_error_of_the_file(memory, monkeypatch, tmp_path):
    memory.pipe("/in/a.csv", csv_of(ROWS))
    monkeypatch.setattr("fsspec.implementations.memory.MemoryFile.read", refuse, raising=False)
    with pytest.raises(InputFileError, match=r"a\.csv: cannot be read \(NoCredentialsError: Unable to locate"):
        spool(["memory://in/a.csv"], tmp_path / "spool")


def test_the_command_trains_and_tests_at_addresses(memory, run, tmp_path):
    memory.pipe("/in/a.csv", csv_of(ROWS))
    memory.pipe("/test/a.csv", csv_of(ROWS[:10]))
    arguments = ("train", "memory://in/*.csv", "--test", "memory://test/a.csv", "--analyzer", "word", "--l2", 0.01)
    code, out, err = run(*arguments, "--memory", "1GB", "-o", tmp_path / "m.vikt")
    assert code == 0, err
    assert "test       memory://test/a.csv" in out
    code, out, err = run(*arguments, "-o", tmp_path / "m.vikt")
    assert (code, out) == (2, "")
    assert "memory://in/*.csv: an address is read only by vikt train --memory or --cluster" in err


def test_addresses_are_read_where_they_can_be_and_those_of_this_machine_are_paths(tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_of(ROWS))
    assert find_sources([f"file://{tmp_path}/*.csv"]) == [os.path.join(tmp_path, "a.csv")]
    with pytest.raises(UsageError, match="an address is read only by"):
        find_sources(["memory://in/a.csv"])
