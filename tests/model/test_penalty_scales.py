"""A penalty that differs by weight: λ/r² is what multiplying a column by r does, for each class apart."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import logsumexp

from vikt.matrix import DenseMatrix, SparseMatrix
from vikt.model.objective import Objective
from vikt.solvers import Settings, minimise
from vikt.solvers.certificate import gradient_certificate
from vikt.solvers.dual import Ascent
from vikt.solvers.dual_state import DualState

SOLVERS = ["dual", "newton", "elastic_net", "batch"]


def sparse(X):
    rows, columns = np.nonzero(X)
    indptr = np.concatenate([[0], np.cumsum(np.count_nonzero(X, axis=1))])
    return SparseMatrix(indptr, columns.astype(np.int32), X[rows, columns], X.shape[1])


def problem(K, *, matrix=DenseMatrix, seed=0, l2=0.01, scaled=True, **options):
    random = np.random.default_rng(seed)
    X = random.normal(size=(60, 7)) * (random.random((60, 7)) < 0.6)
    y = random.integers(K, size=60)
    y[:K] = np.arange(K)
    scales = random.uniform(0.2, 3.0, size=7 if K == 2 else (K, 7)).astype(np.float32)
    options |= {"sample_weight": random.integers(1, 4, size=60).astype(float), "n_classes": K, "l2": l2}
    return Objective.of(matrix(X), y, scales=scales if scaled else None, **options), X


def least(objective, X):
    """L̂* by Newton's method on φ = θ/r, where the model is softmax of scores Σ_j x_ij r_kj φ_kj: no scale is left."""
    K, y, share = objective.loss.n_classes, objective.rows.y, objective.rows.weights / objective.total_weight
    scales = np.stack([np.ones(7), objective.penalty.scales]) if K == 2 else objective.penalty.scales.astype(np.float64)
    # Of two classes the first one's score is 0.
    free = 1 if K == 2 else 0
    columns = [np.column_stack([np.ones(len(X)), X * scales[k]]) for k in range(K)]
    width, n_free = 8, K - free
    phi = np.zeros((n_free, width))
    ridge = np.tile(np.r_[1e-13 if K > 2 else 0.0, np.full(7, 2 * objective.l2)], n_free)

    def probabilities(phi):
        scores = np.column_stack([np.zeros(len(X))] * free + [columns[k + free] @ phi[k] for k in range(n_free)])
        return scores - logsumexp(scores, axis=1)[:, None]

    for _ in range(60):
        p = np.exp(probabilities(phi))
        residual = p - np.eye(K)[y]
        gradient = np.concatenate([columns[k + free].T @ (share * residual[:, k + free]) for k in range(n_free)])
        gradient += ridge * phi.ravel()
        hessian = np.zeros((n_free * width, n_free * width))
        for a in range(n_free):
            for b in range(n_free):
                covariance = p[:, a + free] * ((a == b) - p[:, b + free])
                block = columns[a + free].T @ ((share * covariance)[:, None] * columns[b + free])
                hessian[a * width : (a + 1) * width, b * width : (b + 1) * width] = block
        phi -= np.linalg.solve(hessian + np.diag(ridge), gradient).reshape(phi.shape)
    logs = probabilities(phi)
    value = -np.sum(share * logs[np.arange(len(y)), y]) + objective.l2 * np.sum(phi[:, 1:] ** 2)
    return value, phi[:, 1:] * scales[free:]


@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("l1", [0.0, 0.02])
def test_the_gradient_is_that_of_the_value(K, l1):
    objective, _ = problem(K, l1=l1)
    theta = np.random.default_rng(1).normal(size=objective.shape)

    def value(flat):
        inner = flat.reshape(theta.shape)[..., 1:]
        return objective.value(flat.reshape(theta.shape)) - l1 * np.sum(np.abs(inner) / objective.penalty.scales)

    expected = approx_fprime(theta.ravel(), value, 1e-7).reshape(theta.shape)
    assert objective.gradient(theta) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("matrix", [DenseMatrix, sparse])
@pytest.mark.parametrize("K", [2, 3, 9])
@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_finds_the_optimum_of_the_scaled_columns(solver, K, matrix):
    objective, X = problem(K, matrix=matrix)
    value, weights = least(objective, X)
    # Dual ascent holds many classes in float32.
    tol = {"batch": 1e-6, "dual": 1e-8}.get(solver, 1e-10)
    solution = minimise(objective, Settings(solver, tol=tol, max_iter=100_000))
    assert solution.converged
    assert solution.theta[..., 1:] == pytest.approx(weights.reshape(solution.theta[..., 1:].shape), abs=20 * tol**0.5)
    assert value * (1 - 1e-12) <= objective.value(solution.theta) <= value * (1 + tol)


@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("seed", range(8))
def test_no_certificate_is_below_the_truth(K, seed):
    objective, X = problem(K, matrix=sparse, seed=seed, l2=10.0 ** -(1 + seed % 4))
    value, _ = least(objective, X)
    for tol in (1e-1, 1e-2, 1e-4):
        proof = minimise(objective, Settings("dual", tol=tol)).certificate
        assert proof.value - value <= proof.bound <= max(200 * (proof.value - value), 1e-13)
    theta, proof = gradient_certificate(objective, np.random.default_rng(seed).normal(size=objective.shape))
    assert objective.value(theta) - value <= proof.bound


@pytest.mark.parametrize("K", [2, 3])
def test_an_elastic_net_has_the_zeros_of_the_scaled_columns(K):
    objective, _ = problem(K, l1=0.03)
    solution = minimise(objective, Settings(tol=1e-10))
    theta = solution.theta
    slopes = objective.gradient(theta)[..., 1:]
    kinks = 0.03 / objective.penalty.scales
    zero = theta[..., 1:] == 0
    assert solution.certificate.relative <= 1e-10
    assert 0 < np.count_nonzero(zero) < zero.size
    assert np.all(np.abs(slopes[zero]) <= kinks[zero])
    assert slopes[~zero] == pytest.approx(-(kinks * np.sign(theta[..., 1:]))[~zero], abs=1e-5)


def test_one_scale_for_two_classes_is_a_column_multiplied():
    scaled, X = problem(2)
    plain = Objective.of(
        DenseMatrix(X * scaled.penalty.scales), scaled.rows.y, n_classes=2, l2=0.01, sample_weight=scaled.rows.weights
    )
    solutions = [minimise(each, Settings("dual", tol=1e-10)).theta for each in (scaled, plain)]
    assert solutions[0][1:] == pytest.approx(solutions[1][1:] * scaled.penalty.scales, abs=1e-4)
    assert scaled.mean_square_norm() == pytest.approx(plain.mean_square_norm())


@pytest.mark.parametrize("K", [2, 3])
def test_the_path_goes_on_from_a_stronger_penalty(K):
    objective, _ = problem(K, matrix=sparse, l2=0.1)
    state = DualState.at_zero(objective, 1e-8)
    strong = Ascent(objective, state, 1e-8, 0).approach(500)
    weaker = objective.with_l2(0.02)
    begun = Ascent(weaker, state.weakened(0.02), 1e-8, 0)
    assert begun.theta() == pytest.approx(strong, abs=1e-5)
    reached = begun.approach(500)
    assert weaker.value(reached) == pytest.approx(
        minimise(weaker, Settings("newton", tol=1e-10)).certificate.value, rel=1e-6
    )
