"""Solvers reach the optimum that independent code finds, and the certificate always holds the truth."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.sparse import random as random_sparse
from scipy.special import logsumexp
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.linear_model import LogisticRegression as Reference
from sklearn.preprocessing import normalize

import vikt
from vikt.errors import UsageError
from vikt.matrix import DenseMatrix, SparseMatrix, design_matrix
from vikt.model.losses import MultinomialCrossEntropy
from vikt.model.objective import Objective
from vikt.model.penalties import L2
from vikt.parts import PerPart
from vikt.solvers import SOLVERS, Settings, minimise
from vikt.solvers.certificate import dual_certificate, gradient_certificate
from vikt.solvers.dual import Ascent, dual
from vikt.solvers.dual_state import DualState


def problem(seed, m=40, n=6, classes=2, l2=0.01, intercept=True, weighted=False, skew=0.0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(m, n)) * (random.random((m, n)) < 0.6)
    y = random.integers(classes, size=m)
    y[: int(skew * m)] = 0
    y[-classes:] = np.arange(classes)
    weights = random.uniform(0.1, 3.0, m) if weighted else None
    return Objective.of(DenseMatrix(X, intercept), y, n_classes=classes, l2=l2, sample_weight=weights)


def least(objective):
    """The least value by a general minimiser on the formula as it is written, sharing no code with the package."""
    X, y, w = objective.rows.X.values, objective.rows.y, objective.rows.weights
    first = int(objective.rows.X.has_dummy)
    D = np.column_stack([np.ones(len(X))] * first + [X])
    K = 1 if len(objective.shape) == 1 else objective.loss.n_classes

    def value_and_gradient(flat):
        theta = flat.reshape(K, -1)
        z = D @ theta.T
        if K == 1:
            z = np.column_stack([np.zeros(len(D)), z])
        log_total = logsumexp(z, axis=1)
        loss = log_total - z[np.arange(len(D)), y]
        penalised = np.where(np.arange(D.shape[1]) < first, 0.0, theta)
        excess = np.exp(z - log_total[:, None]) - np.eye(z.shape[1])[y]
        gradient = (w[:, None] * excess[:, -K:]).T @ D / w.sum() + 2 * objective.l2 * penalised
        return w @ loss / w.sum() + objective.l2 * np.sum(penalised**2), gradient.ravel()

    start = np.zeros(int(np.prod(objective.shape)))
    return minimize(value_and_gradient, start, jac=True, method="BFGS", tol=1e-15).fun


CASES = [
    {},
    {"classes": 4},
    {"intercept": False},
    {"classes": 3, "intercept": False},
    {"weighted": True},
    {"classes": 3, "weighted": True},
    {"skew": 0.9},
    {"classes": 3, "skew": 0.9},
    {"l2": 1.0},
    {"l2": 1e-4},
    {"l2": 1e-4, "classes": 5},
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("tol", [1e-1, 1e-2, 1e-4, 1e-6])
def test_the_dual_certificate_holds_the_truth(case, tol):
    for seed in range(3):
        objective = problem(seed, **case)
        solution = dual(objective, tol=tol, max_iter=5000)
        value, best = objective.value(solution.theta), least(objective)
        assert solution.converged
        assert solution.certificate.relative <= tol
        assert value == pytest.approx(solution.certificate.value, rel=1e-12)
        # BFGS itself is right to about 1e-9.
        assert value - best <= solution.certificate.bound + 1e-8
        assert value <= (1 + tol) * best + 1e-8


@given(
    seed=st.integers(0, 10**6),
    classes=st.integers(2, 4),
    l2=st.sampled_from([1e-3, 1e-2, 1.0]),
    spread=st.sampled_from([0.0, 0.1, 3.0]),
)
@example(seed=4096, classes=4, l2=1.0, spread=3.0)  # so far off that Newton's method for the intercepts got lost
def test_both_bounds_hold_at_any_point(seed, classes, l2, spread):
    objective = problem(seed, m=15, n=3, classes=classes, l2=l2)
    random = np.random.default_rng(seed)
    best = least(objective)
    theta, proof = gradient_certificate(objective, random.normal(0, spread + 1e-12, objective.shape))
    assert objective.value(theta) - best <= proof.bound + 1e-8
    shape = (15,) if classes == 2 else (15, classes)
    theta, proof = dual_certificate(objective, PerPart((random.normal(0, spread, shape),)))
    assert objective.value(theta) - best <= proof.bound + 1e-8


@pytest.mark.parametrize(
    "load", [load_iris, load_breast_cancer, partial(load_digits, n_class=5)], ids=["iris", "cancer", "digits"]
)
def test_weights_equal_scikit_learns(load):
    X, y = load(return_X_y=True)
    X = (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-9)
    C = 0.1
    objective = Objective.of(DenseMatrix(X), y, n_classes=len(np.unique(y)), l2=1 / (2 * C * len(y)))
    solution = dual(objective, tol=1e-6, max_iter=5000)
    reference = Reference(C=C, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(X, y)
    coefficients = np.atleast_2d(solution.theta)[:, 1:]
    # Strong convexity: the bound on the loss is a bound on the weights.
    assert np.linalg.norm(coefficients - reference.coef_) <= np.sqrt(solution.certificate.bound / objective.l2) + 1e-6
    assert np.abs(coefficients - reference.coef_).max() < 1e-2


def test_sparse_equals_dense():
    objective = problem(1, classes=3)
    rows = SparseMatrix(*objective.rows.X.compressed_rows(), objective.rows.X.n_features)
    sparse = Objective.of(rows, objective.rows.y, n_classes=3, l2=objective.l2)
    assert np.allclose(dual(objective, tol=1e-8).theta, dual(sparse, tol=1e-8).theta, rtol=0, atol=1e-12)


@given(seed=st.integers(0, 10**6), cache=st.sampled_from([1, 3, 1 << 19]))
def test_rows_by_falling_frequency_are_the_same_rows(seed, cache):
    random = np.random.default_rng(seed)
    X = random.normal(size=(9, 8)) * (random.random((9, 8)) < random.random(8))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vikt.matrix.sparse._NEAR", cache)
        ranked, rank = SparseMatrix(*DenseMatrix(X).compressed_rows(), 8).by_falling_frequency(1)
    assert sorted(rank.tolist()) == list(range(8))
    expected = np.empty_like(X)
    expected[:, rank] = X
    frequency = np.count_nonzero(expected, axis=0)
    assert np.all(frequency[1:] <= frequency[:-1])
    for row, own in enumerate(expected):
        columns, values = ranked.row(row)
        held = np.zeros(8)
        held[columns] = values
        assert len(columns) == np.count_nonzero(own)
        assert np.array_equal(held, own)
    assert ranked.squared_norms() == pytest.approx((X**2).sum(axis=1))


@pytest.mark.parametrize("classes", [2, 3])
def test_columns_far_from_a_small_cache_change_no_optimum(classes, monkeypatch):
    objective = problem(4, m=60, n=12, classes=classes)
    rows = SparseMatrix(*objective.rows.X.compressed_rows(), 12)
    sparse = Objective.of(rows, objective.rows.y, n_classes=classes, l2=objective.l2)
    near = dual(sparse, tol=1e-8)
    monkeypatch.setattr("vikt.matrix.sparse._NEAR", 16)
    far = dual(sparse, tol=1e-8)
    assert far.converged
    assert far.theta == pytest.approx(near.theta, abs=1e-4)


def test_a_hint_is_no_proof(monkeypatch):
    """Whatever the pace promises, a fit ends only when it is proven."""
    monkeypatch.setattr("vikt.solvers.pace._EXPECTED", 1e6)
    objective = problem(2, classes=3, l2=1e-3)
    solution = dual(objective, tol=1e-6)
    assert solution.converged
    assert objective.value(solution.theta) <= (1 + 1e-6) * least(objective) + 1e-8


def test_an_ascent_whose_pace_is_lost_in_rounding_is_given_up():
    # The loss is so small here that a pass in float32 tells nothing of what is left.
    texts = [f"{text} {n}" for n in range(20) for text in ("win money now", "lunch on friday", "the report is late")]
    found = vikt.TextClassifier("word", l2=1e-6).fit(texts, ["spam", "ham", "work"] * 20)
    assert found.certificate_ <= 1e-7
    assert found.n_iter_ < 50


@pytest.mark.parametrize("classes", [2, 3])
def test_a_weaker_penalty_starts_where_the_stronger_ended(classes):
    objective = problem(3, classes=classes, l2=0.1)
    solution = dual(objective, tol=1e-6)
    weaker = problem(3, classes=classes, l2=0.05)
    state = solution.state.weakened(0.05)
    assert np.array_equal(state.theta, solution.state.theta)
    scores = state.alpha_scores.only[state.rows.groups.only.group_of]
    scores = scores[:, :classes] if classes > 2 else scores
    theta, _ = dual_certificate(weaker, PerPart((scores.astype(np.float64),)))
    assert np.allclose(theta[..., 1:], solution.theta[..., 1:], atol=1e-3)
    cold, warm = dual(weaker, tol=1e-5), dual(weaker, tol=1e-5, state=state)
    assert warm.certificate.relative <= 1e-5
    assert len(warm.loss_curve) <= len(cold.loss_curve)


def sparse_problem(classes, l2=0.01, scaled=False):
    """A few columns in each row, the commonest last, so that the ascent reorders them."""
    random = np.random.default_rng(classes)
    dense = random.normal(size=(60, 8)) * (random.random((60, 8)) < np.linspace(0.1, 0.9, 8))
    y = random.integers(classes, size=60)
    scales = random.uniform(0.5, 2.0, (8,) if classes == 2 else (classes, 8)).astype(np.float32) if scaled else None
    rows = csr_matrix(dense)
    X = SparseMatrix(rows.indptr.astype(np.int64), rows.indices, rows.data, 8)
    return Objective.of(X, y, n_classes=classes, l2=l2, scales=scales)


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("classes", [2, 3])
def test_an_ascent_that_starts_at_the_optimum_stays_there(classes, scaled):
    objective = sparse_problem(classes, scaled=scaled)
    cold = dual(objective, tol=1e-9)
    state = DualState.near(objective, cold.theta, 1e-9)
    start = Ascent(objective, state, 1e-9, 0).theta()
    assert np.allclose(start[..., 1:], cold.theta[..., 1:], atol=5e-3)
    warm = dual(objective, tol=1e-9, theta=cold.theta)
    assert warm.certificate.relative <= 1e-9
    assert len(warm.loss_curve) < len(cold.loss_curve) / 2


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("l2", [0.001, 0.5])
def test_an_ascent_starts_near_the_weights_of_another_penalty(classes, l2):
    objective = sparse_problem(classes, l2=l2)
    other = dual(sparse_problem(classes), tol=1e-9).theta
    state = DualState.near(objective, other, 1e-6)
    start = Ascent(objective, state, 1e-6, 0).theta()[..., 1:]
    if l2 < 0.01:
        assert np.allclose(start, other[..., 1:], atol=0.02 * np.abs(other).max())
    assert np.linalg.norm(start) <= np.linalg.norm(other[..., 1:]) * 1.01
    warm = dual(objective, tol=1e-6, theta=other)
    assert objective.value(warm.theta) - least(dense(objective)) <= warm.certificate.bound + 1e-9
    assert warm.certificate.relative <= 1e-6


@pytest.mark.parametrize("wrong", [0.0, -1.0, 1e6])
def test_an_ascent_reaches_the_optimum_from_any_start(wrong):
    objective = problem(3, classes=3, l2=0.1)
    start = wrong * dual(objective, tol=1e-6).theta
    assert dual(objective, tol=1e-6, theta=start).certificate.relative <= 1e-6


def dense(objective):
    rows, X = objective.rows, objective.rows.X
    values = csr_matrix((X.values, X.indices, X.indptr), (X.n_rows, X.n_features)).toarray()
    return Objective.of(DenseMatrix(values), rows.y, n_classes=objective.loss.n_classes, l2=objective.l2)


def test_two_classes_are_softmax_at_twice_the_penalty():
    objective = problem(5, l2=0.02)
    two = dual(objective, tol=1e-10).theta
    halves = np.stack([-two / 2, two / 2])
    softmax = Objective(objective.parts, MultinomialCrossEntropy(2), L2(0.04))
    assert softmax.value(halves) == pytest.approx(objective.value(two), rel=1e-12)
    assert np.abs(softmax.gradient(halves)).max() < 1e-5


@pytest.mark.parametrize("name", list(SOLVERS))
def test_every_solver_proves_the_same_optimum(name):
    objective = problem(7, l2=0.1)
    solution = minimise(objective, Settings(solver=name, tol=1e-3, max_iter=3000))
    assert objective.value(solution.theta) - least(objective) <= solution.certificate.bound + 1e-9
    assert solution.certificate.relative < 0.05
    if name in ("dual", "batch"):
        assert solution.converged
        assert solution.certificate.relative <= 1e-3


def test_no_penalty_is_no_dual_and_has_no_certificate():
    objective = problem(2, l2=0.0)
    with pytest.raises(UsageError, match="λ > 0"):
        dual(objective)
    solution = minimise(objective, Settings(max_iter=50))
    assert np.isnan(solution.certificate.relative)
    assert "λ = 0" in str(solution.certificate.reason)


@pytest.mark.parametrize("l2", [1.0, 1e-3, 1e-7])
def test_rows_of_very_different_lengths_and_no_feature_at_all(l2):
    X = np.array([[1e3, 0.0], [0.0, 1e-3], [0.0, 0.0], [-1e3, 1.0], [5.0, 5.0], [0.0, 0.0]])
    objective = Objective.of(DenseMatrix(X), np.array([1, 0, 1, 0, 1, 0]), n_classes=2, l2=l2)
    solution = dual(objective, tol=1e-3, max_iter=3000)
    assert np.all(np.isfinite(solution.theta))
    assert not np.isnan(solution.certificate.bound)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    first, second, other = (dual(problem(1), tol=1e-2, random_state=seed) for seed in (0, 0, 1))
    assert np.array_equal(first.theta, second.theta)
    assert not np.array_equal(first.theta, other.theta)


def test_a_state_at_zero_is_theta_zero():
    state = DualState.at_zero(problem(1, classes=3), 1e-4)
    assert not state.theta.any()
    assert state.theta.shape[1] == 8


@pytest.mark.parametrize("classes", [2, 3])
def test_a_fit_cut_short_is_no_worse_than_no_weights(classes):
    random = np.random.default_rng(0)
    X = DenseMatrix(random.normal(size=(200, 5)) * 10)
    objective = Objective.of(X, np.arange(200) % classes, n_classes=classes, l2=1e-12)
    solution = dual(objective, max_iter=2)
    assert not solution.converged
    assert objective.value(solution.theta) <= np.log(classes) + 1e-9
    assert objective.value(solution.theta) - least(objective) <= solution.certificate.bound + 1e-8


def test_no_bit_depends_on_where_the_arrays_lie_in_memory():
    """Where two small arrays are neighbours, compiled loops may add up in another order."""
    objective = problem(0, m=5, n=30, classes=3)
    random, held, hints = np.random.default_rng(0), [], set()
    for _ in range(1000):
        held.append(bytearray(int(random.integers(1, 300))))
        if random.random() < 0.5:
            held.pop(int(random.integers(len(held))))
        ascent = Ascent(objective, DualState.at_zero(objective, 1e-4), 1e-4, 0)
        hints.add(tuple(ascent.one_pass().gap for _ in range(2)))
    assert len(hints) == 1


def test_a_rare_class_does_not_wait_for_its_intercept():
    """A class of ten rows in 2,000: half of the passes go by where its intercept has to come from 0."""
    random = np.random.default_rng(0)
    x = normalize(random_sparse(2000, 300, 0.03, "csr", random_state=0))
    is_rare = x @ random.normal(size=300) * 2 + random.logistic(size=2000) > 6.5
    objective = Objective.of(design_matrix(x), is_rare.astype(int), n_classes=2, l2=5e-5)
    state = DualState.at_zero(objective, 1e-6)
    from_zero = DualState.at_zero(objective, 1e-6)
    from_zero.intercepts[0] = 0.0
    assert 5 < is_rare.sum() < 30
    assert passes_until_near(objective, state) <= passes_until_near(objective, from_zero) / 1.5


def passes_until_near(objective, state):
    ascent = Ascent(objective, state, 1e-6, 0)
    hints = (done.gap / done.value for done in iter(ascent.one_pass, None))
    return next(n for n, hint in enumerate(hints, start=1) if hint < 1e-4)
