"""Newton's method by conjugate gradients: its products are the Hessian's, and it ends where independent code does."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.linear_model import LogisticRegression as Reference

from vikt.matrix import DenseMatrix, design_matrix
from vikt.model.objective import Objective
from vikt.solvers import Settings, minimise
from vikt.solvers.conjugate_gradients import ConjugateGradients
from vikt.solvers.dual import dual
from vikt.solvers.newton import newton


def some(classes=3, m=60, n=8, seed=0, sparse=False, dtype=np.float64):
    random = np.random.default_rng(seed)
    X = (random.normal(size=(m, n)) * (random.random((m, n)) < 0.7)).astype(dtype)
    y = random.integers(classes, size=m)
    y[:classes] = np.arange(classes)
    return (csr_matrix(X) if sparse else X), y


def objective_of(X, y, l2=0.01, **options):
    has_dummy = options.pop("has_dummy", True)
    return Objective.of(
        design_matrix(X, has_dummy=has_dummy), y, n_classes=len(np.unique(y)), l2=l2, sample_weight=options.get("w")
    )


@pytest.fixture
def always_conjugate(monkeypatch):
    """Problems small enough to be checked would have their Hessian formed."""
    import sys

    monkeypatch.setattr(sys.modules["vikt.solvers.newton"], "is_exact", lambda objective: False)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("has_dummy", [False, True])
def test_a_product_is_the_change_of_the_gradient(classes, sparse, weighted, has_dummy):
    X, y = some(classes, sparse=sparse)
    random = np.random.default_rng(1)
    w = random.uniform(0.1, 3, len(y)) if weighted else None
    objective = objective_of(X, y, w=w, has_dummy=has_dummy)
    theta, v = random.normal(size=(2, *objective.shape))
    steps = ConjugateGradients(objective)
    steps.dtype = np.dtype(np.float64)
    h = 1e-6
    # The weights of centred columns: the same scores by weights of the columns as they are.
    ahead, behind = (
        steps.gradient(point, objective.residuals(objective.scores(steps._uncentred(point))))
        for point in (theta + h * v, theta - h * v)
    )
    p = objective.probabilities(objective.scores(steps._uncentred(theta)))
    assert steps.product(p, v) == pytest.approx((ahead - behind) / (2 * h), abs=1e-8)
    units = np.eye(theta.size).reshape(-1, *theta.shape)
    diagonal = [np.sum(unit * steps.product(p, unit)) for unit in units]
    assert steps.diagonal(p).ravel() == pytest.approx(np.array(diagonal), rel=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("classes", [2, 3])
def test_rough_products_are_products(dtype, classes):
    X, y = some(classes, dtype=dtype)
    objective, sparse = objective_of(X, y), objective_of(csr_matrix(X), y)
    v = np.random.default_rng(2).normal(size=objective.shape)
    p = objective.loss.probabilities(objective.rows.X.scores(v))
    exact = objective.rows.X.curvature_product(v, p, objective.rows.weights)
    for X in (objective.rows.X, sparse.rows.X):
        assert X.curvature_product(v.astype(np.float32), p, objective.rows.weights) == pytest.approx(
            exact, rel=1e-4, abs=1e-4
        )


@pytest.mark.usefixtures("always_conjugate")
@pytest.mark.parametrize(
    "load", [load_iris, load_breast_cancer, partial(load_digits, n_class=3)], ids=["iris", "cancer", "digits"]
)
@pytest.mark.parametrize("intercept", [True, False])
def test_it_ends_where_scikit_learn_does(load, intercept):
    X, y = load(return_X_y=True)
    X = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-3)
    C = 0.5
    oracle = Reference(C=C, solver="newton-cholesky", tol=1e-12, max_iter=1000, fit_intercept=intercept).fit(X, y)
    objective = objective_of(X, y, l2=1 / (2 * C * len(y)), has_dummy=intercept)
    solution = newton(objective, tol=1e-18)
    assert solution.certificate.relative <= 1e-16
    theta = np.atleast_2d(solution.theta)
    assert theta[:, int(intercept) :] == pytest.approx(oracle.coef_, abs=1e-8)
    if intercept:
        assert theta[:, 0] - theta[:, 0].mean() * (len(theta) > 2) == pytest.approx(oracle.intercept_, abs=1e-7)


def with_columns(kind, X):
    random = np.random.default_rng(3)
    columns = {
        "ill-conditioned": X * np.logspace(-6, 6, X.shape[1]),
        "constant": np.column_stack([X, np.full(len(X), 0.1), np.full(len(X), 1e6)]),
        "all zero": np.column_stack([X, np.zeros(len(X))]),
        "collinear": np.column_stack([X, X[:, 0], X[:, 1] + X[:, 2]]),
        "1e12": np.column_stack([X, 1e12 * random.normal(size=len(X))]),
        "far from zero": X + 1e3,
        "more columns than rows": np.column_stack([X, random.normal(size=(len(X), 3 * len(X)))]),
    }
    return columns[kind]


KINDS = ["ill-conditioned", "constant", "all zero", "collinear", "1e12", "far from zero", "more columns than rows"]


@pytest.mark.usefixtures("always_conjugate")
def test_by_default_a_point_proven_to_1e_4_is_enough_where_the_steps_run_out():
    X, y = some(classes=5, m=200, n=30)
    objective = objective_of(X * np.logspace(-6, 6, X.shape[1]), y, l2=0.25)
    fits = [newton(objective, max_iter=most) for most in range(4, 70, 7)]
    assert [fit.converged for fit in fits] == [fit.certificate.relative <= 1e-4 for fit in fits]
    # Gradients rise and fall, but the nearest point is kept.
    assert [fit.converged for fit in fits] == sorted(fit.converged for fit in fits)
    assert any(1e-7 < fit.certificate.relative <= 1e-4 for fit in fits)


@pytest.mark.usefixtures("always_conjugate")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("sparse", [False, True])
def test_columns_of_every_kind(kind, classes, sparse, monkeypatch):
    X, y = some(classes)
    X = with_columns(kind, X)
    objective = objective_of(csr_matrix(X) if sparse else X, y)
    solution = newton(objective, tol=1e-8)
    monkeypatch.undo()
    exact = newton(Objective.of(DenseMatrix(X), y, n_classes=classes, l2=0.01), tol=1e-12)
    # Where rounding stands in the way of a proof, it is in the way of the exact step's too.
    assert solution.certificate.relative <= max(1e-6, 10 * exact.certificate.relative)
    assert solution.certificate.value <= exact.certificate.value * (1 + 2e-8)
    assert solution.certificate.value >= exact.certificate.value * (1 - 1e-10)


@pytest.mark.usefixtures("always_conjugate")
@pytest.mark.parametrize("sparse", [False, True])
def test_ill_conditioned_columns_are_proven_in_whatever_order_rows_are_added_up(sparse):
    """Each order rounds in its own way, as each processor's own products do."""
    X, y = some(3)
    X = with_columns("ill-conditioned", X)
    for seed in range(8):
        order = np.random.default_rng(seed).permutation(len(y))
        rows = X[order]
        solution = newton(objective_of(csr_matrix(rows) if sparse else rows, y[order]), tol=1e-8)
        assert solution.certificate.relative <= 1e-7


@pytest.mark.usefixtures("always_conjugate")
@pytest.mark.parametrize("classes", [2, 3])
def test_sparse_equals_dense_and_float32_float64(classes):
    X, y = some(classes, dtype=np.float32)
    thetas = [
        newton(objective_of(rows, y), tol=1e-14).theta
        for rows in (X, X.astype(np.float64), csr_matrix(X), csr_matrix(X).astype(float))
    ]
    for theta in thetas[1:]:
        assert theta == pytest.approx(thetas[0], abs=1e-6)


def test_float32_rows_are_not_copied():
    X = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    assert design_matrix(X).values is X


@pytest.mark.usefixtures("always_conjugate")
@pytest.mark.parametrize("classes", [2, 3])
def test_without_a_penalty_the_gradient_vanishes(classes):
    X, y = some(classes, m=200, sparse=True)
    solution = newton(objective_of(X, y, l2=0.0))
    assert solution.converged
    assert np.sum(objective_of(X, y, l2=0.0).gradient(solution.theta) ** 2) < 1e-11


def slow_text(classes, weak=1e-7):
    """Rows so weakly held that coordinate ascent takes long."""
    random = np.random.default_rng(5)
    X = csr_matrix(random.poisson(0.3, size=(300, 40)).astype(float))
    return objective_of(X, random.integers(classes, size=300), l2=weak)


@pytest.mark.parametrize("classes", [2, 3])
def test_newton_takes_over_from_the_ascent_and_is_never_worse(classes):
    objective = slow_text(classes)
    solution = minimise(objective, Settings(tol=1e-6))
    alone = dual(objective, tol=1e-6, max_iter=len(solution.loss_curve))
    assert solution.converged
    assert not alone.converged
    assert solution.certificate.value <= alone.certificate.value * (1 + 1e-6)
    passes = [record.passes for record in solution.loss_curve]
    assert passes == sorted(passes)


def test_an_ascent_that_will_do_it_is_left_to_it():
    X, y = some(3, sparse=True)
    objective = objective_of(X, y, l2=0.1)
    solution, alone = minimise(objective, Settings()), dual(objective)
    assert np.array_equal(solution.theta, alone.theta)
