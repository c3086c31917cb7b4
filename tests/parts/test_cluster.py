"""Parts on a Dask cluster of real processes: the bits of the same parts in memory, whatever becomes of the workers."""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import subprocess
import sys
import time
import weakref
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Timer
from uuid import uuid4

import numpy as np
import pytest

from parts.test_parts_from_files import CASES, rows
from vikt import TextVectorizer
from vikt.corpus.documents import Documents
from vikt.errors import ClusterError, InputFileError, MissingPackageError, ParameterError, UsageError
from vikt.features.packed import RowDecoder, packed
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.matrix import design_matrix
from vikt.model.losses import cross_entropy_for
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.parts import InMemory, Part, PerPart
from vikt.parts.addresses import part_at
from vikt.parts.cluster import OnCluster
from vikt.parts.dask_engine import cluster_at
from vikt.parts.disk import OnDisk, write_part
from vikt.parts.spread import Spread
from vikt.solvers import Settings, minimise
from vikt.solvers.certificate import dual_certificate, gradient_certificate
from vikt.solvers.dual import dual
from vikt.solvers.gradient_descent import batch
from vikt.solvers.newton import newton

pytest.importorskip("distributed")
EXAMPLE = Path(__file__).parents[2] / "examples" / "cluster"


def some_parts(n=5, **case):
    """Parts of different sizes."""
    whole = rows(**case)
    cuts = np.array_split(np.arange(whole.X.n_rows), n)
    cuts[0], cuts[1] = np.r_[cuts[0], cuts[1][:-1]], cuts[1][-1:]
    offsets = [None if whole.offset is None else whole.offset[cut] for cut in cuts]
    return [
        Part(whole.X.take(cut), whole.y[cut], whole.weights[cut], offset)
        for cut, offset in zip(cuts, offsets, strict=True)
    ]


def objective_of(parts, classes, l1=0.0):
    return Objective(parts, cross_entropy_for(classes), penalty_of(0.01, l1, parts.has_dummy))


def both(engine, classes, l1=0.0, **case):
    parts = some_parts(classes=classes, **case)
    return tuple(objective_of(each, classes, l1) for each in (InMemory(*parts), OnCluster.of_parts(engine, parts)))


def places(parts):
    return parts._rows._workers.places


def pids(engine):
    return list(engine._client.run(os.getpid).values())


def kill(pid):
    os.kill(pid, signal.SIGKILL)


class Disturbed:
    """An engine, to which something happens right before it is asked for the nth results."""

    def __init__(self, engine, n, event):
        self.engine, self.left, self.event = engine, n, event

    def __getattr__(self, name):
        return getattr(self.engine, name)

    def results(self, started):
        self.left -= 1
        if self.left == 0:
            self.event()
        return self.engine.results(started)


def test_the_example_runs():
    done = subprocess.run([sys.executable, EXAMPLE / "fit.py", "local:2"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("400 rows in 8 parts: the model is proven within ")


def test_the_containers_start_what_there_is():
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load((EXAMPLE / "compose.yaml").read_text())["services"]
    assert set(services) == {"scheduler", "worker", "fit", "train"}
    for name in ("scheduler", "worker"):
        command, *options = services[name]["entrypoint"]
        told = subprocess.run(
            [command, options[0], "--help"], capture_output=True, text=True, check=True, env=with_dask()
        )
        assert all(option in told.stdout for option in options if option.startswith("--"))
    assert services["fit"]["entrypoint"][1:] == ["/example/fit.py", services["worker"]["entrypoint"][2]]
    assert services["fit"]["volumes"] == ["./fit.py:/example/fit.py:ro"]
    assert services["train"]["entrypoint"] == ["vikt", "train", "--cluster", services["worker"]["entrypoint"][2]]
    (shared,) = services["train"]["volumes"]
    assert services["worker"]["volumes"] == [f"{shared}:ro"]


def with_dask():
    return os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


@pytest.mark.slow
@pytest.mark.usefixtures("steps")
@pytest.mark.parametrize("case", [CASES[0], *CASES[3:6]], ids=str)
def test_newton_takes_the_steps_of_memory(two, case):
    in_memory, on_cluster = both(two, **case)
    expected, found = newton(in_memory, tol=1e-12), newton(on_cluster, tol=1e-12)
    assert found.theta.tobytes() == expected.theta.tobytes()
    assert found.certificate == expected.certificate
    assert found.certificate.relative <= 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("l1", [0.0, 0.02])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_certificates_have_the_bits_of_memory(two, case, l1):
    in_memory, on_cluster = both(two, l1=l1, **case)
    theta = np.random.default_rng(1).normal(0, 0.5, in_memory.shape)
    expected, found = gradient_certificate(in_memory, theta), gradient_certificate(on_cluster, theta)
    assert found[0].tobytes() == expected[0].tobytes()
    assert found[1] == expected[1]
    if not l1 and "offset" not in case:
        expected, found = (
            dual_certificate(each, each.parts.each(_some_scores, each.loss)) for each in (in_memory, on_cluster)
        )
        assert found[0].tobytes() == expected[0].tobytes()
        assert found[1] == expected[1]


def _some_scores(part, loss):
    return np.linspace(-1, 2, part.X.n_rows * int(np.prod(loss.columns))).reshape(-1, *loss.columns)


def test_sums_have_the_bits_of_memory_on_any_number_of_workers(two):
    parts = some_parts(classes=2)
    with cluster_at("local:1") as one:
        for work in (_numbers, _large_numbers):
            expected = InMemory(*parts).sums(work, 2.0)
            for engine in (one, two):
                total, largest = OnCluster.of_parts(engine, parts).sums(work, 2.0)
                assert total.tobytes() == expected[0].tobytes()
                assert largest == expected[1]


def _numbers(part, factor):
    return np.sin(factor * part.weights.sum() * np.arange(10)), float(part.weights.sum())


def _large_numbers(part, factor):
    return np.sin(factor * part.weights.sum() * np.arange(300_000)), float(part.weights.sum())


def test_a_value_given_may_change_afterwards(two):
    parts = OnCluster.of_parts(two, some_parts(classes=2))
    shift = np.ones(100_000)
    shifted = parts.each(_shifted, shift)
    shift += 1
    assert parts.sums(_total, shifted) == pytest.approx(parts.total_weight + parts.n_rows)


def _shifted(part, shift):
    return part.weights + shift[0]


def _total(part, values):
    return float(np.sum(values))


def test_values_of_each_part_may_come_from_here(two):
    several = some_parts(classes=2)
    parts = OnCluster.of_parts(two, several)
    assert parts.sums(_total, PerPart(tuple(part.weights for part in several))) == parts.total_weight


def test_what_nobody_wants_is_dropped(two):
    parts = OnCluster.of_parts(two, some_parts(classes=2))
    values = parts.each(_shifted, np.zeros(1))
    parts.sums(_total, values)
    before = [_n_kept(two, place) for place in places(parts)]
    del values
    gc.collect()
    parts.sums(Part.weighted_rows)
    after = [_n_kept(two, place) for place in places(parts)]
    assert np.subtract(before, after).tolist() == [len(place.parts) for place in places(parts)]


def test_what_is_made_needs_no_longer_what_it_was_made_of(two):
    parts = OnCluster.of_parts(two, some_parts(classes=2))
    values = parts.each(_shifted, np.zeros(1))
    further = parts.each(_twice, parts.each(_twice, values))
    source = weakref.ref(values.elements[0])
    del values
    gc.collect()
    assert source() is not None
    parts.sums(_total, further)
    gc.collect()
    assert source() is None
    parts.sums(Part.weighted_rows)
    # The part itself, the values, and the last sum, which goes with the next order.
    assert [_n_kept(two, place) for place in places(parts)] == [3 * len(place.parts) for place in places(parts)]


def _n_kept(engine, place):
    (number,) = engine.results([engine.start("count", _count, place.worker, (place.store,))])
    return number


def _count(store):
    return len(store._values)


def test_what_a_sum_was_made_of_is_made_once(two, tmp_path):
    parts = OnCluster.of_parts(two, some_parts(classes=2))
    values = parts.each(_counted, str(tmp_path))
    further = parts.each(_twice, values)
    # Not made yet, and wanted by what is to be made of them.
    del values
    assert parts.sums(_total, further) == pytest.approx(2 * parts.total_weight)
    assert parts.sums(_total, further) == pytest.approx(2 * parts.total_weight)
    assert len(list(tmp_path.iterdir())) == parts.n_parts


def _counted(part, folder):
    Path(folder, uuid4().hex).touch()
    return part.weights


def _twice(part, values):
    return 2 * values


def _walk(part, carried, alpha, rows):
    """Changes in place what it may."""
    random, theta, visited = carried
    order = random.permutation(part.X.n_rows)
    for i in order:
        alpha[i] += np.sin(theta[:7].sum() + rows[i])
        theta[:7] += alpha[i] * part.weights[i] / 100
    return (random, theta, visited + len(order)), alpha


def _zeros(part):
    return np.zeros(part.X.n_rows)


def _norms(part):
    return part.X.squared_norms()


ORDERS = [2, 0, 3, 4, 1], [4, 1, 0, 2, 3]


def _start():
    return np.random.default_rng(3), np.zeros(50_000), 0


def _walked(parts):
    """Two turns, by the parts themselves."""
    carried, alphas = _start(), [_zeros(part) for part in parts]
    for order in ORDERS:
        for number in order:
            carried, alphas[number] = _walk(parts[number], carried, alphas[number], _norms(parts[number]))
    return carried, sum(_total(None, alpha) for alpha in alphas)


def _walked_on(engine, parts, between=lambda: None):
    parts = OnCluster.of_parts(engine, parts)
    carried, alpha, norms = _start(), parts.each(_zeros), parts.derived(_norms)
    for order in ORDERS:
        (carried,), alpha = parts.turns(_walk, [carried], [order], alpha, norms)
        between()
    return carried, parts.sums(_total, alpha)


def _check_same(found, expected):
    (random, theta, visited), total = found
    (expected_random, expected_theta, expected_visited), expected_total = expected
    assert random.bit_generator.state == expected_random.bit_generator.state
    assert theta.tobytes() == expected_theta.tobytes()
    assert (visited, total) == (expected_visited, expected_total)


def test_a_turn_goes_from_part_to_part(two):
    parts = some_parts(classes=2)
    _check_same(_walked_on(two, parts), _walked(parts))


@pytest.mark.slow
@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_worker_killed_in_mid_turn_changes_nothing(n):
    parts = some_parts(classes=2)
    with cluster_at("local:2") as engine:
        disturbed = Disturbed(engine, n, lambda: kill(pids(engine)[0]))
        _check_same(_walked_on(disturbed, parts), _walked(parts))
        assert disturbed.left < 0


@pytest.mark.slow
def test_what_a_turn_left_is_not_lost_with_its_worker():
    parts = some_parts(classes=2)
    with cluster_at("local:2") as engine:
        _check_same(_walked_on(engine, parts, between=lambda: kill(pids(engine)[0])), _walked(parts))


def test_the_works_own_error_is_raised(two):
    parts = OnCluster.of_parts(two, some_parts(classes=2))
    with pytest.raises(KeyError, match="no such thing"):
        parts.sums(_fails)
    assert parts.sums(Part.weighted_rows).shape == (7,)


def _fails(part):
    raise KeyError("no such thing")


def test_parts_of_other_columns_are_refused(two):
    parts = some_parts(classes=2)
    other = Part(design_matrix(np.ones((2, 3))), np.array([0, 1]), np.ones(2))
    with pytest.raises(UsageError, match="the parts do not have the same columns: found 6 and 3 features"):
        OnCluster.of_parts(two, [*parts, other])


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 3, 9, 30])
def test_a_worker_killed_in_mid_fit_changes_nothing(n):
    parts = some_parts(classes=3, sparse=True)
    expected = newton(objective_of(InMemory(*parts), 3), tol=1e-9)
    with cluster_at("local:2") as engine:
        disturbed = Disturbed(engine, n, lambda: kill(pids(engine)[0]))
        found = newton(objective_of(OnCluster.of_parts(disturbed, parts), 3), tol=1e-9)
        assert disturbed.left < 0
    assert found.theta.tobytes() == expected.theta.tobytes()
    assert found.certificate == expected.certificate


@pytest.mark.slow
def test_a_worker_killed_at_work_is_replaced_at_once():
    parts = some_parts(classes=2)
    with cluster_at("local:2") as engine:
        on_cluster = OnCluster.of_parts(engine, parts)
        values = on_cluster.each(_shifted, np.ones(1))
        expected = on_cluster.sums(_total, values)
        Timer(0.3, kill, pids(engine)[1:]).start()
        begun = time.monotonic()
        assert on_cluster.sums(_slow_total, values, 0.2) == expected
        assert time.monotonic() - begun < 5


def _slow_total(part, values, seconds):
    time.sleep(seconds)
    return float(np.sum(values))


@pytest.mark.slow
def test_work_that_ends_every_worker_is_given_up(tmp_path):
    with cluster_at("local:1") as engine:
        parts = OnCluster.of_parts(engine, some_parts(classes=2))
        with pytest.raises(ClusterError, match="workers were lost 5 times during one sum; the parts may be too large"):
            parts.sums(_ends_the_worker)


def _ends_the_worker(part):
    kill(os.getpid())


@contextmanager
def ended(*processes):
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def dask(folder, what, *options):
    command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--scheduler-file", str(folder / "scheduler.json")]
    paths = os.pathsep.join(sys.path)
    return subprocess.Popen(
        [*command, "--no-dashboard", *options], stderr=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": paths}
    )


def scheduler(folder):
    return dask(folder, "scheduler", "--host", "127.0.0.1", "--port", "0")


def worker(folder):
    return dask(folder, "worker", "--nthreads", "1", "--no-nanny")


def address_in(folder):
    file = folder / "scheduler.json"
    while not file.exists() or not file.read_text():
        time.sleep(0.05)
    return json.loads(file.read_text())["address"]


@pytest.mark.slow
def test_workers_that_join_and_leave(tmp_path):
    parts = some_parts(classes=2)
    expected = newton(objective_of(InMemory(*parts), 2), tol=1e-9)
    with ended(scheduler(tmp_path), first := worker(tmp_path)), cluster_at(address_in(tmp_path)) as engine:
        on_cluster = OnCluster.of_parts(engine, parts)
        objective = objective_of(on_cluster, 2)
        assert len(places(on_cluster)) == 1
        assert newton(objective, tol=1e-9).theta.tobytes() == expected.theta.tobytes()
        with ended(worker(tmp_path)):
            while len(places(on_cluster)) < 2:
                objective.gradient(expected.theta)
            assert [len(place.parts) for place in places(on_cluster)] in ([2, 3], [3, 2])
            assert newton(objective, tol=1e-9).theta.tobytes() == expected.theta.tobytes()
            kill(first.pid)
            assert newton(objective, tol=1e-9).theta.tobytes() == expected.theta.tobytes()
            assert len(places(on_cluster)) == 1


@pytest.mark.slow
def test_a_scheduler_that_is_gone(tmp_path):
    with ended(its := scheduler(tmp_path), worker(tmp_path)), cluster_at(address_in(tmp_path)) as engine:
        disturbed = Disturbed(engine, 9, lambda: kill(its.pid))
        objective = objective_of(OnCluster.of_parts(disturbed, some_parts(classes=2)), 2)
        with pytest.raises(
            ClusterError, match=r"the scheduler of the cluster tcp://127\.0\.0\.1:.* is gone .*; start it again"
        ):
            newton(objective, tol=1e-9)


@pytest.mark.slow
def test_no_scheduler_answers():
    told = r"no scheduler answers at tcp://127\.0\.0\.1:9 within 10 s .* `dask scheduler`"
    with pytest.raises(ClusterError, match=told), cluster_at("tcp://127.0.0.1:9"):
        pass


@pytest.mark.parametrize(
    "address",
    [
        "local",
        "local:0",
        "local:two",
        "127.0.0.1:8786",
        "",
        "http://127.0.0.1:8786",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:port",
    ],
)
def test_an_address_of_another_form(address, monkeypatch):
    monkeypatch.setattr("distributed.Client", pytest.fail)
    told = "cluster: expected a scheduler's address such as .* 'local:4' for 4 workers .*at least 1.*"
    with pytest.raises(ParameterError, match=told + re.escape(f"found {address!r}")), cluster_at(address):
        pass


def test_without_dask(monkeypatch):
    monkeypatch.setattr("vikt.parts.dask_engine.find_spec", lambda module: None)
    told = r"the cluster local:2 needs Dask and distributed, which are not installed; .*'\.\[cluster\]'"
    with pytest.raises(MissingPackageError, match=told), cluster_at("local:2"):
        pass


def test_workers_of_another_version(monkeypatch):
    monkeypatch.setattr("vikt.parts.dask_engine.__version__", "0.0.0")
    with cluster_at("local:1") as engine, pytest.raises(ClusterError, match=r"has version .* of vikt; install 0\.0\.0"):
        OnCluster.of_parts(engine, some_parts(classes=2))


def _sms_parts(path, n):
    """Rows of TF-IDF in an order that is a shuffle, cut into n parts."""
    lines = [line.split("\t", 1) for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    y = np.array([label == "spam" for label, _ in lines], dtype=np.int64)
    X = design_matrix(TextVectorizer(min_df=2, ngram_range=(1, 2)).fit_transform([text for _, text in lines]))
    cuts = np.array_split(np.random.default_rng(0).permutation(len(y)), n)
    return [Part(X.take(cut), y[cut], np.ones(len(cut))) for cut in cuts]


@pytest.mark.slow
def test_text_on_a_cluster_is_fitted_as_in_memory(two, corpus):
    parts = _sms_parts(corpus("sms/sms.tsv"), 8)
    (whole,) = _sms_parts(corpus("sms/sms.tsv"), 1)
    in_memory, several, on_cluster = (
        Objective(each, cross_entropy_for(2), penalty_of(1e-4, 0.0, True))
        for each in (InMemory(whole), InMemory(*parts), OnCluster.of_parts(two, parts))
    )
    best = minimise(in_memory, Settings(tol=1e-8)).certificate
    found = newton(on_cluster, tol=1e-6)
    assert found.certificate.proves(1e-6)
    assert found.certificate.value - best.value <= found.certificate.bound
    assert found.theta.tobytes() == newton(several, tol=1e-6).theta.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("n_turns", [1, 3])
@pytest.mark.parametrize("case", [CASES[2], CASES[3]], ids=str)
def test_dual_ascent_takes_the_passes_of_memory(two, case, n_turns):
    classes = case["classes"]
    parts = some_parts(**case)
    expected = dual(objective_of(InMemory(*parts, n_turns=n_turns), classes), tol=1e-6)
    found = dual(objective_of(OnCluster.of_parts(two, parts, n_turns), classes), tol=1e-6)
    assert found.certificate.proves(1e-6)
    assert found.certificate == expected.certificate
    assert found.theta.tobytes() == expected.theta.tobytes()
    assert [record[:2] for record in found.loss_curve] == [record[:2] for record in expected.loss_curve]


@pytest.mark.slow
@pytest.mark.parametrize("n", [10, 20, 30])
def test_a_worker_killed_in_mid_ascent_changes_nothing(n):
    parts = some_parts(classes=2, sparse=True)
    expected = dual(objective_of(InMemory(*parts, n_turns=2), 2), tol=1e-6)
    with cluster_at("local:2") as engine:
        disturbed = Disturbed(engine, n, lambda: kill(pids(engine)[0]))
        found = dual(objective_of(OnCluster.of_parts(disturbed, parts, 2), 2), tol=1e-6)
        assert disturbed.left < 0
    assert found.theta.tobytes() == expected.theta.tobytes()
    assert found.certificate == expected.certificate


def _written(folder):
    """Parts of text in files, what reads them, and the same parts on disk."""
    texts = [f"w{i % 7} w{i % 5} w{i % 3}" for i in range(60)]
    features = TextFeatures(FeatureSettings("word"))
    measured = features.measure(Documents.of(texts))
    features.fit_transform(measured)
    y, decoder, paths = np.arange(60) % 2, RowDecoder.of(features), []
    for own in np.array_split(np.arange(60), 4):
        counts = packed(features, measured.take(own).texts)
        paths.append(folder / f"{own[0]}.part")
        write_part(paths[-1], decoder, counts.to_arrays(), counts.n_entries, y[own], np.ones(len(own)))
    return paths, decoder, OnDisk(paths, decoder, folder / "scratch")


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_parts_are_read_from_addresses_on_the_workers(two, tmp_path, prefix):
    paths, decoder, on_disk = _written(tmp_path)
    parts = OnCluster(Spread.made_by(two, [partial(part_at, f"{prefix}{path}", decoder) for path in paths]))
    assert (parts.n_rows, parts.n_features, parts.has_dummy) == (60, on_disk.n_features, True)
    expected, found = (newton(objective_of(each, 2), tol=1e-6) for each in (on_disk, parts))
    assert found.theta.tobytes() == expected.theta.tobytes()
    assert found.certificate == expected.certificate


@pytest.mark.parametrize("address", ["/nowhere/0.part", "file:///nowhere/0.part", "memory://nowhere/0.part"])
def test_an_address_that_cannot_be_read(two, tmp_path, address):
    _, decoder, _ = _written(tmp_path)
    with pytest.raises(InputFileError, match=r"/nowhere/0\.part: cannot be read"):
        Spread.made_by(two, [partial(part_at, address, decoder)])


def test_an_address_of_no_system(tmp_path):
    _, decoder, _ = _written(tmp_path)
    with pytest.raises(UsageError, match=r"gopher://b/0\.part: is not an address that can be read"):
        part_at("gopher://b/0.part", decoder)


def test_an_address_without_fsspec(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingPackageError, match=r"the address s3://b/0\.part needs fsspec, .*'\.\[remote\]'"):
        part_at("s3://b/0.part", None)


@pytest.mark.slow
def test_batch_descent_takes_the_steps_of_memory(two):
    in_memory, on_cluster = both(two, classes=3, sparse=True)
    expected, found = (batch(each, max_iter=5) for each in (in_memory, on_cluster))
    assert found.theta.tobytes() == expected.theta.tobytes()
