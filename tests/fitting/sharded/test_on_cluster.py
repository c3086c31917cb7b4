"""Fits whose rows lie on a cluster: one model for any number of workers, whatever becomes of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import vikt
from fitting.sharded.one_process import OneProcess
from interrupted_work import KilledError, content
from parts.test_cluster import address_in, ended, kill, scheduler, worker
from vikt.errors import MissingPackageError, ParameterError
from vikt.files import snapshot
from vikt.files.work_folder import work_folder
from vikt.fitting.sharded.cluster_rows import Cluster, ClusterAddress
from vikt.fitting.trained import load_trained
from vikt.parts.engine import WorkersLostError
from vikt.spool import spool as spools

distributed = pytest.importorskip("distributed")
WORDS = {"analyzer": "word", "l2": 1e-2, "tol": 1e-7}


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two workers."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def two(cluster):
    """Its address."""
    return cluster.scheduler_address


@pytest.fixture(scope="module")
def topics_file(topics, tmp_path_factory):
    """The topics in a file."""
    path = tmp_path_factory.mktemp("topics") / "rows.csv"
    pd.DataFrame(topics, columns=["text", "label"]).to_csv(path, index=False)
    return path


def fitted(path, cluster=None, groups=None, **options):
    return vikt.TextClassifier(**options).fit_files(path, "text", "label", cluster=cluster, groups=groups)


@pytest.mark.parametrize(
    "options", [WORDS, pytest.param({"analyzer": "word", "tol": 1e-4}, marks=pytest.mark.slow)], ids=["l2", "auto"]
)
def test_the_model_is_the_same_on_any_number_of_workers(two, topics_file, tmp_path, options):
    on_two, on_one = (fitted(topics_file, cluster, **options) for cluster in (two, "local:1"))
    assert content(on_two, tmp_path) == content(on_one, tmp_path)
    # λ is confirmed by all validation rows where it is not given.
    assert (on_two.data_["validation_rows"] > 0) == ("l2" not in options)


def test_groups_of_one_have_the_bits_of_the_same_shards_on_disk(two, topics_file, monkeypatch):
    options = WORDS | {"weighting": "nb", "class_weight": "balanced"}
    on_cluster = fitted(topics_file, two, groups=1, **options)
    monkeypatch.setattr(spools.Spool, "n_shards", 4)
    on_disk = fitted(topics_file, **options)
    assert on_cluster.theta_.tobytes() == on_disk.theta_.tobytes()
    assert on_cluster.loss_curve_ == on_disk.loss_curve_


@pytest.mark.parametrize(
    "options",
    [
        {},
        pytest.param({"analyzer": "word+char", "ngrams": (1, 1)}, marks=pytest.mark.slow),
        pytest.param({"hashing": 12}, marks=pytest.mark.slow),
        pytest.param({"weighting": "binary", "class_weight": {"a": 3.0}}, marks=pytest.mark.slow),
        pytest.param({"solver": "newton"}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_the_optimum_is_that_of_one_machine(two, topics_file, options):
    options = WORDS | options
    on_disk = fitted(topics_file, **options)
    for groups in (1, 4):
        on_cluster = fitted(topics_file, two, groups=groups, **options)
        own, other = (each.features_.to_arrays() for each in (on_cluster, on_disk))
        assert all(np.array_equal(own[name], other[name]) for name in other)
        most = 2 * np.sqrt(options["tol"] * on_disk.loss_ / options["l2"])
        assert most <= 1e-2
        assert np.linalg.norm((on_cluster.theta_ - on_disk.theta_)[..., 1:]) <= most
        assert on_cluster.data_ == on_disk.data_


def test_the_dashboard_shows_what_is_done(cluster, two, topics_file):
    fitted(topics_file, two, **WORDS)
    shown = set(cluster.scheduler.task_prefixes)
    assert {"check-folder", "count-ngrams", "learn-ngrams", "make-rows", "ascend"} <= shown


@pytest.mark.slow
def test_memory_may_be_limited_too(two, topics_file, tmp_path):
    limited = vikt.TextClassifier(**WORDS).fit_files(topics_file, "text", "label", cluster=two, memory="500MB")
    assert content(limited, tmp_path) == content(fitted(topics_file, two, **WORDS), tmp_path)
    with pytest.raises(ParameterError, match="expected"):
        vikt.TextClassifier(**WORDS).fit_files(topics_file, "text", "label", cluster=two, memory="10MB")


def test_the_record_tells_the_groups(two, topics_file, tmp_path, run):
    command = (
        "train",
        topics_file,
        "--analyzer",
        "word",
        "--l2",
        "1e-3",
        "--tol",
        "1e-3",
        "-o",
        tmp_path / "model.vikt",
    )
    code, out, err = run(*command, "--cluster", two, "--groups", "3")
    assert code == 0, err
    assert "cluster    rows in 3 groups, passed over at the same time" in out
    assert f"the cluster {two} has 2 workers\n" in err
    record = load_trained(tmp_path / "model.vikt").record
    assert record.cluster_groups == 3
    assert record.data.test_rows > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.vikt"]
    _, _, err = run(*command, "--cluster", two, "--groups", "3", "-q")
    assert err == ""


@pytest.mark.parametrize("groups", [0, -1, 257, 2.5, True])
def test_a_number_of_groups_that_is_none(groups):
    with pytest.raises(ParameterError, match="expected a whole number from 1 to 256") as refused:
        ClusterAddress("local:2", groups)
    assert refused.value.parameter == "groups"


def test_groups_without_a_cluster(topics_file):
    with pytest.raises(ParameterError, match="give cluster=ADDRESS too") as refused:
        fitted(topics_file, groups=2, **WORDS)
    assert refused.value.parameter == "groups"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--cluster", "here"), "--cluster: expected a scheduler's address"),
        (("--cluster", "local:2", "--groups", "0"), "--groups: expected a whole number from 1 to 256, found 0"),
        (("--cluster", "local:2", "--groups", "1000"), "--groups: expected a whole number from 1 to 256, found 1000"),
        (("--groups", "2"), "--groups: is for rows on a cluster; give --cluster ADDRESS too"),
        (("--groups", "2", "--memory", "1GB"), "--groups: is for rows on a cluster; give --cluster ADDRESS too"),
        (("--cluster", "local:2", "--group", "a"), "leave it out, or train without --cluster\n"),
        (("--cluster", "local:2", "--folds", "3"), "--folds: needs all rows in memory; leave it out, or train without"),
        (("--cluster", "local:2", "--memory", "1GB", "--folds", "3"), "train without --memory and --cluster\n"),
        (("--cluster", "local:2", "--memory", "10MB"), "--memory: expected"),
        (("--cluster", "http://x:1"), "vikt: --cluster: expected a scheduler's address such as 'tcp://host:8786'"),
        (("--cluster", "local:2", "--shards", "gopher://b/c"), "--shards: gopher://b/c: is not an address that can be"),
        (("--cluster", "local:2", "--shards", __file__), f"--shards: {__file__}: is a file, not a folder; name a"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_refused_in_a_line(run, topics_file, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("train", topics_file, *options)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_no_scheduler_is_told_with_the_work_so_far_if_there_is_any(run, topics_file, tmp_path, monkeypatch):
    monkeypatch.setattr("vikt.parts.dask_engine._SECONDS_TO_ANSWER", 0.1)
    command = ("train", topics_file, "--cluster", "tcp://127.0.0.1:9", "--work-dir", tmp_path / "work")
    (tmp_path / "work").mkdir()
    for name, is_work in (("job.json", False), ("plan.json", True)):
        (tmp_path / "work" / name).write_text("{}")
        code, _, err = run(*command)
        assert (code, err.count("\n")) == (1, 1)
        assert err.startswith("vikt: no scheduler answers at tcp://127.0.0.1:9")
        assert err.endswith("run the same command again to resume\n") == is_work


def test_a_cluster_without_dask(topics_file, monkeypatch):
    monkeypatch.setattr("vikt.parts.dask_engine.find_spec", lambda module: None)
    with pytest.raises(MissingPackageError, match=r"needs Dask.*'\.\[cluster\]'"):
        fitted(topics_file, "local:2", **WORDS)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda path: path.unlink(), "there is no such file"),
        (lambda path: path.write_text("x"), "is not the file"),
    ],
    ids=["missing", "another folder"],
)
def test_a_folder_that_a_worker_cannot_read(two, topics_file, tmp_path, run, monkeypatch, change, problem):
    at = Cluster.at

    def checked(cluster, folder):
        return at(replace(cluster, engine=Changed(cluster.engine, lambda: change(folder.token))), folder)

    monkeypatch.setattr(Cluster, "at", checked)
    code, _, err = run("train", topics_file, "--cluster", two, "-o", tmp_path / "model.vikt", "-q")
    assert (code, err.count("\n")) == (2, 1)
    assert "--work-dir: the worker tcp://127.0.0.1:" in err
    assert f"cannot read the shards of text: {tmp_path}/model.vikt.work/lock: " in err
    assert problem in err
    assert "; name a folder that this machine shares with all workers, or give --shards ADDRESS\n" in err


class Changed:
    """An engine, before whose workers start anything something happens."""

    def __init__(self, engine, event):
        self.engine, self.event = engine, event

    def __getattr__(self, name):
        return getattr(self.engine, name)

    def start(self, *arguments):
        self.event()
        self.event = lambda: None
        return self.engine.start(*arguments)


class Losing(OneProcess):
    """Workers of which the first is lost before the first results."""

    def results(self, started):
        if len(self.there) > 1:
            raise WorkersLostError([self.there.pop(0)])
        return super().results(started)


def test_a_worker_lost_while_the_folder_is_checked(tmp_path):
    engine = Losing("first", "second")
    with work_folder(tmp_path / "work", {}) as folder:
        Cluster(engine, 4).at(folder)
    assert engine.there == ["second"]


def test_a_fit_that_is_killed_resumes_at_its_last_round(two, topics_file, tmp_path, monkeypatch):
    monkeypatch.setattr(snapshot, "_SECONDS_APART", 0.0)
    rounds = []

    def at_most(n):
        def told(stage, done, total):
            if stage == "fitting":
                rounds.append(done)
                if done == n:
                    raise KilledError

        return told

    def fit(progress):
        classifier = vikt.TextClassifier(**WORDS)
        return classifier.fit_files(
            topics_file, "text", "label", cluster=two, work_dir=tmp_path / "work", progress=progress
        )

    for n in (2, 3):
        with pytest.raises(KilledError):
            fit(at_most(n))
    resumed = fit(at_most(None))
    # The round that the kill was told in is not kept yet.
    assert rounds == [1, 2, 2, 3, *range(3, 1 + len(resumed.loss_curve_))]
    assert content(resumed, tmp_path) == content(fitted(topics_file, two, **WORDS), tmp_path)


# What happens while the command is at work.

LONG = ("--analyzer", "word", "--l2", "1e-4", "--tol", "1e-8", "--groups", "4", "-q")


def trained(topics_file, folder, address, *more):
    """The process of a command that makes a model in a folder."""
    command = [
        sys.executable,
        "-m",
        "vikt",
        "train",
        topics_file,
        *LONG,
        "--cluster",
        address,
        *more,
        "-o",
        folder / "model.vikt",
    ]
    own_group = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "start_new_session": True}
    return subprocess.Popen(command, text=True, **own_group)


@contextmanager
def command_at_work(topics_file, folder, address, *more):
    """A command that has begun to fit, which is ended at the latest with the block."""
    process = trained(topics_file, folder, address, *more)
    try:
        while process.poll() is None and not (folder / "model.vikt.work" / "part0" / "features").exists():
            time.sleep(0.01)
        time.sleep(1)  # so that some rounds are over, as a rule
        assert process.poll() is None
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def undisturbed(two, topics_file, tmp_path_factory):
    """The bytes of the model of a command that nothing disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    _, err = trained(topics_file, folder, two).communicate()
    assert err == ""
    return (folder / "model.vikt").read_bytes()


@pytest.mark.slow
def test_workers_that_are_killed_and_that_join_change_nothing(topics_file, tmp_path, undisturbed):
    with (
        ended(scheduler(tmp_path), first := worker(tmp_path), worker(tmp_path)),
        command_at_work(topics_file, tmp_path, address_in(tmp_path)) as process,
    ):
        kill(first.pid)
        time.sleep(1)
        with ended(worker(tmp_path)):
            _, err = process.communicate()
    assert process.returncode == 0
    assert all(line.startswith("lost ") for line in err.splitlines())
    assert (tmp_path / "model.vikt").read_bytes() == undisturbed


@pytest.mark.slow
def test_a_lost_scheduler_is_told_and_the_same_command_resumes(topics_file, tmp_path, undisturbed, two):
    with (
        ended(its := scheduler(tmp_path), worker(tmp_path)),
        command_at_work(topics_file, tmp_path, address_in(tmp_path)) as process,
    ):
        kill(its.pid)
        _, err = process.communicate()
    assert process.returncode == 1
    assert err.startswith("vikt: the scheduler of the cluster tcp://127.0.0.1:")
    assert f"; the work so far is in {tmp_path}/model.vikt.work; run the same command again to resume\n" in err
    assert err.count("\n") == 1
    again = trained(topics_file, tmp_path, two)
    assert again.communicate()[1] == ""
    assert (tmp_path / "model.vikt").read_bytes() == undisturbed
    assert not (tmp_path / "model.vikt.work").exists()


@pytest.mark.slow
@pytest.mark.parametrize("to_all", [False, True], ids=["the command", "its workers too"])
def test_ctrl_c_is_told_in_a_line_and_the_same_command_resumes(
    topics_file, tmp_path, undisturbed, two, heeds_ctrl_c, to_all
):
    with command_at_work(topics_file, tmp_path, "local:2") as process:
        (os.killpg if to_all else os.kill)(process.pid, signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    assert err.endswith("run the same command again to resume\n")
    assert err.count("\n") == 1
    assert trained(topics_file, tmp_path, two).communicate()[1] == ""
    assert (tmp_path / "model.vikt").read_bytes() == undisturbed


@pytest.mark.slow
def test_a_command_that_is_killed_leaves_no_process_and_no_noise(topics_file, tmp_path, undisturbed, two):
    with command_at_work(topics_file, tmp_path, "local:2") as process:
        process.kill()
        # Its standard error is that of its workers too, and is read until the last of them has ended.
        _, err = process.communicate(timeout=60)
    assert err == ""
    assert trained(topics_file, tmp_path, two).communicate()[1] == ""
    assert (tmp_path / "model.vikt").read_bytes() == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_shards_at_an_address_stay_until_the_model_is_written(
    topics_file, tmp_path, undisturbed, two, heeds_ctrl_c, how
):
    shards = ("--shards", f"file://{tmp_path}/bucket")
    with command_at_work(topics_file, tmp_path, two, *shards) as process:
        os.kill(process.pid, how)
        process.communicate()
    stored = list((tmp_path / "bucket").glob("vikt-*/*.arrow"))
    assert len(stored) == 16
    again = trained(topics_file, tmp_path, two, *shards)
    assert again.communicate()[1] == ""
    assert (tmp_path / "model.vikt").read_bytes() == undisturbed
    assert sorted(tmp_path.iterdir()) == [tmp_path / "bucket", tmp_path / "model.vikt"]
    assert not list((tmp_path / "bucket").iterdir())


@pytest.mark.slow
def test_reviews_take_few_rounds(two, corpus):
    classifier = vikt.TextClassifier(analyzer="word", ngrams=(1, 2), l2=1 / 50_000, tol=1e-4)  # C = 1
    classifier.fit_files(corpus("imdb/train.parquet"), label="label", cluster=two, groups=4)
    assert classifier.certificate_ <= 1e-4
    assert len(classifier.loss_curve_) <= 8


@pytest.mark.slow
def test_a_script_that_its_workers_cannot_import_is_told_why(topics_file, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(f"import vikt\nvikt.TextClassifier().fit_files({str(topics_file)!r}, cluster='local:1')\n")
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "ClusterError: the workers of local:1 cannot be started" in ended.stderr
    assert "`if __name__ == '__main__':`" in ended.stderr
