"""Threads share work, and decide nothing: what is made on several is the same on one, to the last bit."""

import concurrent.futures
import sys
import threading
import time

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import vikt.threads
from vikt import LogisticRegression
from vikt.errors import UsageError
from vikt.matrix import DenseMatrix, design_matrix


@pytest.fixture
def eager(monkeypatch):
    """Small matrices are shared too, in blocks; hands out how many threads were asked for."""
    asked = []

    class Recorded(concurrent.futures.ThreadPoolExecutor):
        def __init__(self, threads, **options):
            asked.append(threads)
            super().__init__(threads, **options)

    monkeypatch.setattr(sys.modules["vikt.matrix.sparse"], "_SHARED", 1)
    monkeypatch.setattr(concurrent.futures, "ThreadPoolExecutor", Recorded)
    return asked


def rows_of(classes, m=403, n=9):
    random = np.random.default_rng(classes)
    X = random.normal(size=(m, n)) * (random.random((m, n)) < 0.8)
    X[::7] = X[0]
    y = (X @ random.normal(size=(n, classes)) + random.gumbel(size=(m, classes))).argmax(axis=1)
    return csr_matrix(X), y


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("options", [{"solver": "dual"}, {"solver": "newton"}, {"l1_ratio": 0.5}, {"l2": 0.0}])
def test_weights_are_the_same_at_any_number_of_threads(eager, monkeypatch, classes, options):
    # The exact Hessian would leave nothing to share.
    monkeypatch.setattr(sys.modules["vikt.solvers.newton"], "is_exact", lambda objective: False)
    X, y = rows_of(classes)
    one = LogisticRegression(C=2, **options).fit(X, y)
    assert not eager
    for threads in (2, 4, 8):
        several = LogisticRegression(C=2, threads=threads, **options).fit(X, y)
        assert several.theta_.tobytes() == one.theta_.tobytes()
        assert several.certificate_ == one.certificate_ or options.get("l2") == 0
    assert max(eager) == 8


@pytest.mark.parametrize("classes", [2, 3])
def test_blocks_of_rows_sum_to_what_a_dense_matrix_does(eager, classes):
    X, _ = rows_of(classes)
    random = np.random.default_rng(0)
    shape = (len(X.toarray()),) if classes == 2 else (X.shape[0], classes)
    residuals = random.normal(size=shape)
    theta = random.normal(size=(X.shape[1] + 1,) if classes == 2 else (classes, X.shape[1] + 1))
    p = random.dirichlet(np.ones(classes), size=X.shape[0])
    p = p[:, 1] if classes == 2 else p
    weights = random.random(X.shape[0])
    dense = DenseMatrix(X.toarray())
    for threads in (1, 2):
        sparse = design_matrix(X, threads=threads)
        assert sparse.scores(theta) == pytest.approx(dense.scores(theta))
        assert sparse.weighted_sum(residuals) == pytest.approx(dense.weighted_sum(residuals))
        expected = dense.curvature_product(theta, p, weights)
        assert sparse.curvature_product(theta, p, weights) == pytest.approx(expected)
        assert sparse.squared_norms() == pytest.approx(dense.squared_norms())
        assert sparse.take([5, 0, 402]).scores(theta) == pytest.approx(dense.take([5, 0, 402]).scores(theta))
    assert eager


def test_an_interruption_ends_the_work_of_every_thread():
    begun, ended = threading.Event(), []

    def work(item):
        begun.set()
        for _ in range(60_000):
            time.sleep(0.001)
        ended.append(item)

    def interrupted():
        with vikt.threads.running(2) as run:
            run(work, range(3))
            begun.wait()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not ended


def test_an_interruption_leaves_threads_that_wait_for_work_alone(caplog):
    begun = threading.Event()

    def work(item):
        begun.set()
        for _ in range(60_000):
            time.sleep(0.001)

    def interrupted():
        with vikt.threads.running(4) as run:
            list(run(abs, range(4)))
            run(work, range(1))
            begun.wait()
            raise KeyboardInterrupt

    for _ in range(20):
        begun.clear()
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    assert not caplog.records


@pytest.mark.parametrize("threads", [0, -1, 1.5, "two", None])
def test_a_number_of_threads_that_cannot_be_is_refused(threads):
    with pytest.raises(UsageError, match="threads: expected a whole number of 1 or more"):
        LogisticRegression(threads=threads).fit([[0.0], [1.0]], [0, 1])


@pytest.mark.filterwarnings("ignore:max_iter")
@pytest.mark.parametrize("threads", [1, 2])
def test_rows_without_a_feature_have_their_steps_too(threads):
    X = csr_matrix(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    model = LogisticRegression(solver="stochastic", max_iter=20, threads=threads).fit(X, [0, 1, 0, 1])
    assert np.isfinite(model.theta_).all()
