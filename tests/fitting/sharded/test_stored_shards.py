"""Fits whose workers read the shards at an address: the same model, and nothing left there at the end."""

from __future__ import annotations

import random
import sys
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

import pytest

import vikt
from addresses import refuse
from fitting.sharded.one_process import OneProcess
from interrupted_work import KilledError, content
from vikt.errors import ClusterError, InputFileError, MissingPackageError, OutputFileError, ParameterError
from vikt.fitting.sharded import cluster_rows
from vikt.fitting.sharded.shard_store import discard_shards
from vikt.parts import workers

pytest.importorskip("fsspec")
OPTIONS = {"analyzer": "word", "l2": 1e-2, "tol": 1e-3}


@pytest.fixture
def rows(tmp_path):
    """A file of generated texts."""
    generator = random.Random(0)
    path = tmp_path / "rows.csv"
    lines = [f"{k} {generator.choice('abc')}{generator.randrange(50)},{k}" for k in "abc" for _ in range(60)]
    path.write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def engine(monkeypatch):
    """Two workers in this process, in the place of any cluster; those that join get work at once."""
    monkeypatch.setattr(workers, "_SECONDS_BETWEEN_LOOKS", 0.0)
    engine = OneProcess("first", "second")
    engine.instead_of_dask(monkeypatch)
    return engine


def stopping(stage, n=0):
    """Progress that ends the work at a stage, once `n` of it is done."""

    def told(now, done, total):
        if now == stage and done >= n:
            raise KilledError

    return told


def fitted(rows, shards, **more):
    more = {"work_dir": rows.parent / "work", "groups": 2, **more}
    return vikt.TextClassifier(**OPTIONS).fit_files(rows, cluster="a cluster", shards=shards, **more)


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@contextmanager
def without_folder(folder):
    """Where a folder of this machine is not there."""
    gone = folder.with_name("gone")
    folder.rename(gone)
    yield
    gone.rename(folder)


@contextmanager
def blind():
    """Files in memory are not there."""
    with patch("fsspec.implementations.memory.MemoryFileSystem.cat_file", side_effect=FileNotFoundError):
        yield


@pytest.mark.usefixtures("engine")
def test_the_model_is_that_of_shards_in_the_work_folder(memory, rows, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = content(fitted(rows, None), tmp_path)
    for shards in ("memory://bucket/shards", tmp_path / "mount", "relative", f"file://{tmp_path}/mount"):
        assert content(fitted(rows, shards), tmp_path) == expected
        assert not memory.find("/")
        assert not [*files_in(tmp_path / "mount"), *files_in(tmp_path / "relative")]
        assert not (tmp_path / "work").exists()


def test_workers_read_nothing_of_the_work_folder(memory, rows, engine):
    elsewhere = partial(without_folder, rows.parent / "work")
    engine.place_of = {"first": elsewhere, "second": elsewhere}
    fitted(rows, "memory://bucket")
    assert {"make-rows", "learn-ngrams"} <= {name for name, _ in engine.done}


@pytest.mark.usefixtures("engine")
def test_what_is_stored_is_not_stored_again(memory, rows, tmp_path):
    expected = content(fitted(rows, None), tmp_path)
    with pytest.raises(KilledError):
        fitted(rows, "memory://bucket", progress=stopping("storing shards", 5))
    first = {name: memory.created(name) for name in memory.find("/bucket")}
    assert len(first) == 5
    with pytest.raises(KilledError):
        fitted(rows, "memory://bucket", progress=stopping("fitting"))
    second = {name: memory.created(name) for name in memory.find("/bucket")}
    assert len(second) == 8
    assert first.items() <= second.items()
    gone, cut, *_ = second
    memory.rm(gone)
    memory.pipe(cut, memory.cat(cut)[:-1])
    with pytest.raises(KilledError):
        fitted(rows, "memory://bucket", progress=stopping("fitting"))
    third = {name: memory.created(name) for name in memory.find("/bucket")}
    assert {name for name in third if third[name] != second[name]} == {gone, cut}
    assert content(fitted(rows, "memory://bucket"), tmp_path) == expected
    assert not memory.find("/")


@pytest.mark.usefixtures("engine")
def test_what_was_stored_is_removed_where_the_work_takes_another_way(memory, rows):
    def interrupted(shards, **more):
        with pytest.raises(KilledError):
            fitted(rows, shards, progress=stopping("fitting"), **more)
        return {name.rsplit("/", 2)[0] for name in memory.find("/")}

    assert interrupted("memory://one") == {"/one"}
    assert interrupted("memory://two") == {"/two"}
    assert interrupted("memory://three", restart=True) == {"/three"}
    # Without a folder for it, the work cannot resume.
    assert interrupted("memory://four", work_dir=None) == {"/three"}
    fitted(rows, None)
    assert not memory.find("/")


@pytest.mark.usefixtures("engine")
def test_work_of_a_cluster_is_not_resumed_without_one(rows):
    with pytest.raises(KilledError):
        fitted(rows, None, progress=stopping("fitting"))
    with pytest.raises(OutputFileError, match="of another command: its --cluster was on, and is now off; repeat"):
        vikt.TextClassifier(**OPTIONS).fit_files(rows, work_dir=rows.parent / "work")


@pytest.mark.usefixtures("engine")
def test_nothing_else_at_the_address_is_touched(memory, rows):
    memory.pipe("/bucket/000.arrow", b"mine")
    memory.pipe("/bucket/vikt-0/000.arrow", b"of other work")
    fitted(rows, "memory://bucket")
    assert memory.find("/bucket") == ["/bucket/000.arrow", "/bucket/vikt-0/000.arrow"]


@pytest.mark.usefixtures("engine")
def test_what_cannot_be_removed_is_told_and_the_model_is_there(memory, rows, monkeypatch, caplog):
    monkeypatch.setattr(memory, "rm", refuse)
    assert fitted(rows, "memory://bucket").classes_.tolist() == ["a", "b", "c"]
    (told,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told.startswith("memory://bucket/vikt-")
    assert told.endswith(": cannot be removed (NoCredentialsError: Unable to locate credentials); remove it yourself")


def test_nothing_is_told_where_nothing_was_stored(tmp_path, caplog):
    discard_shards(tmp_path / "missing")
    assert not caplog.records


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda system, name: system.rm(name), "is missing; run the same work again"),
        (lambda system, name: system.pipe(name, b"x" * system.size(name)), "its checksum is wrong; remove the file"),
    ],
    ids=["missing", "damaged"],
)
def test_a_shard_that_is_lost_in_mid_fit_is_named_and_restored(memory, rows, tmp_path, damage, message):
    lost = []

    def damaging(stage, done, total):
        if stage == "learning n-grams" and not lost:
            lost.append(memory.find("/bucket")[3])
            damage(memory, lost[0])

    with pytest.raises(InputFileError, match=rf"^memory://bucket/vikt-\w+/003\.arrow: .*{message}"):
        fitted(rows, "memory://bucket", progress=damaging)
    if memory.exists(lost[0]):
        memory.rm(lost[0])
    expected = content(fitted(rows, None, work_dir=None), tmp_path)
    assert content(fitted(rows, "memory://bucket"), tmp_path) == expected


@pytest.mark.parametrize(
    ("shards", "kind", "message"),
    [
        ("gopher://bucket", ParameterError, "^shards: gopher://bucket: is not an address that can be read"),
        (__file__, ParameterError, "^shards: .*: is a file, not a folder"),
        (f"file://{__file__}", ParameterError, "^shards: file://.*: is a file, not a folder"),
        ("", ParameterError, "shards: expected an address or a folder, found ''"),
        (7, ParameterError, "shards: expected an address or a folder, found 7"),
        ("ftp://127.0.0.1:1/shards", InputFileError, r"^ftp://127\.0\.0\.1:1/shards: cannot be read \(Connection re"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_before_any_worker_starts(rows, shards, kind, message, monkeypatch):
    monkeypatch.setattr(cluster_rows, "cluster_at", pytest.fail)
    with pytest.raises(kind, match=message):
        fitted(rows, shards)


def test_a_package_that_is_missing_is_named_before_any_worker_starts(rows, monkeypatch):
    monkeypatch.setattr(cluster_rows, "cluster_at", pytest.fail)
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingPackageError, match=r"^the address s3://bucket needs s3fs, .*: pip install s3fs$"):
        fitted(rows, "s3://bucket")


@pytest.mark.usefixtures("engine")
def test_no_permission_is_told_before_the_work(memory, rows, monkeypatch):
    monkeypatch.setattr(memory, "open", refuse)
    with pytest.raises(
        OutputFileError, match=r"memory://bucket/vikt-token-\w+: cannot be written \(NoCredentialsError: Unable"
    ):
        fitted(rows, "memory://bucket")
    assert not (rows.parent / "work" / "spool").exists()


def test_shards_without_a_cluster(rows, run):
    with pytest.raises(ParameterError, match="give cluster=ADDRESS too") as refused:
        vikt.TextClassifier().fit_files(rows, shards="memory://bucket")
    assert refused.value.parameter == "shards"
    for options in ((), ("--memory", "1GB")):
        code, _, err = run("train", rows, "--shards", "memory://bucket", *options)
        told = "vikt: --shards: is for rows on a cluster; give --cluster ADDRESS too, or leave it out\n"
        assert (code, err) == (2, told)


def test_a_worker_that_does_not_reach_the_address(memory, rows, run, engine, tmp_path):
    engine.place_of["second"] = blind
    command = ("train", rows, "--cluster", "a cluster", "-o", tmp_path / "m.vikt", "-q")
    code, _, err = run(*command, "--shards", "memory://bucket")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(
        "vikt: --shards: the worker second cannot read the shards of text: memory://bucket/vikt-token-"
    )
    assert "; name a folder that this machine shares with all workers, or an address that all of them reach\n" in err
    assert not memory.find("/")


# Workers that cannot read in the middle of a fit.


def warnings_in(caplog):
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.usefixtures("memory")
def test_a_worker_that_joins_and_cannot_read_gets_no_work(rows, engine, tmp_path, caplog):
    expected = content(fitted(rows, "memory://bucket"), tmp_path)
    engine.place_of["third"] = blind

    def joining(stage, done, total):
        if stage == "fitting" and "third" not in engine.there:
            engine.there.append("third")

    assert content(fitted(rows, "memory://bucket", progress=joining), tmp_path) == expected
    (told,) = warnings_in(caplog)
    assert told.startswith("the worker third cannot read the shards of text: memory://bucket/vikt-token-")
    assert told.endswith("an address that all of them reach; it gets no work")
    assert [name for name, worker in engine.done if worker == "third"] == ["check-folder"]


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("stage", ["learning n-grams", "making rows"])
def test_a_worker_that_can_no_longer_read_counts_as_lost(rows, engine, tmp_path, caplog, stage):
    expected = content(fitted(rows, "memory://bucket"), tmp_path)
    stages = []

    def replaced(now, done, total):
        stages.append(now)
        if now == stage:
            engine.place_of["second"] = blind

    assert content(fitted(rows, "memory://bucket", progress=replaced), tmp_path) == expected
    assert stage in stages
    first, second = warnings_in(caplog)
    assert first.startswith("the worker second cannot read the shards of text: memory://")
    assert second.startswith("lost second; ")


@pytest.mark.usefixtures("memory")
def test_a_fit_without_any_worker_that_can_read_ends_with_the_remedy(rows, engine):
    def unmounted(stage, done, total):
        if stage == "making rows":
            engine.place_of.update(first=blind, second=blind)

    with pytest.raises(
        ClusterError, match=r"^the worker first cannot read the shards of text: memory://.*name a folder"
    ):
        fitted(rows, "memory://bucket", progress=unmounted)


def test_a_folder_that_a_worker_does_not_share(rows, engine, caplog):
    work = rows.parent / "work"

    def unmounted(stage, done, total):
        if stage == "making rows":
            engine.place_of["second"] = partial(without_folder, work)

    fitted(rows, None, progress=unmounted)
    told, _ = warnings_in(caplog)
    assert told.startswith(f"the worker second cannot read the shards of text: {work}/lock: ")
    assert told.endswith(
        "there is no such file; name a folder that this machine shares with all workers, or give shards=ADDRESS; "
        "it gets no work"
    )
