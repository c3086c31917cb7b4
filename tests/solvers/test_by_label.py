"""Several labels: each is the fit of two classes that it would be alone, and each bound holds."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.sparse import random as random_sparse
from sklearn.linear_model import LogisticRegression as Reference
from sklearn.multiclass import OneVsRestClassifier

from vikt.matrix import DenseMatrix, design_matrix
from vikt.model.label_losses import OneLossPerLabel
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.parts import InMemory, Part
from vikt.solvers import Settings, minimise, minimise_by_label
from vikt.solvers.by_label import certificate_of_all, rough_by_label
from vikt.solvers.certificate import certificate_nearby
from vikt.solvers.dual import Ascent
from vikt.solvers.dual_state import DualState
from vikt.solvers.side_by_side import Limits


def of_labels(X, members, l2, weights=None, l1=0.0, scales=None):
    weights = np.ones(len(members)) if weights is None else weights
    loss = OneLossPerLabel(members.shape[1])
    return Objective(InMemory(Part(X, members, weights)), loss, penalty_of(l2, l1, X.has_dummy, scales))


def of_one(X, has_it, l2, weights=None, l1=0.0):
    return Objective.of(X, has_it.astype(int), n_classes=2, l2=l2, sample_weight=weights, l1=l1)


def rows(m=300, n=40, n_labels=5, seed=0):
    """Sparse rows, each twice, and labels that depend on them, from common to rare; some rows have none."""
    random = np.random.default_rng(seed)
    x = csr_matrix(random_sparse(m, n, 0.15, "csr", random_state=seed))[np.arange(m) // 2]
    scores = x @ random.normal(size=(n, n_labels)) * 3 + random.logistic(size=(m, n_labels))
    return x, scores > np.linspace(0, 4, n_labels)


@pytest.mark.parametrize("n_labels", [1, 5, 40])
@pytest.mark.parametrize("tol", [1e-2, 1e-5, 1e-8])
def test_each_label_is_proven_as_if_alone(n_labels, tol):
    x, members = rows(n_labels=n_labels)
    weights = np.random.default_rng(1).uniform(0.3, 2, len(members))
    X, l2 = design_matrix(x), 0.003
    solution = minimise(of_labels(X, members, l2, weights), Settings(tol=tol))
    assert solution.converged
    assert solution.theta.dtype == np.float32
    assert solution.theta.T.flags.c_contiguous
    total = 0.0
    for k in range(n_labels):
        one = of_one(X, members[:, k], l2, weights)
        if solution.by_label[k].reason is None:
            best = minimise(one, Settings("newton", 1e-13)).certificate.value
            proof = solution.by_label[k]
            assert proof.proves(tol)
            assert proof.value == pytest.approx(one.value(solution.theta[k]), rel=1e-12)
            assert -1e-14 <= proof.value - best <= proof.bound + 1e-14
            total += best
    assert solution.certificate.value - total <= solution.certificate.bound + 1e-13
    assert solution.certificate.proves(tol)
    assert solution.certificate.bound == pytest.approx(sum(p.bound for p in solution.by_label if p.reason is None))


def test_objective_is_that_of_scikit_learns_one_against_the_rest():
    x, members = rows(n_labels=4)
    C = 2.0
    rival = OneVsRestClassifier(Reference(C=C, solver="newton-cholesky", tol=1e-10)).fit(x, members.astype(int))
    theirs = np.vstack([np.concatenate([e.intercept_, e.coef_[0]]) for e in rival.estimators_])
    objective = of_labels(design_matrix(x), members, 1 / (2 * C * len(members)))
    solution = minimise(objective, Settings(tol=1e-9))
    assert objective.value(solution.theta) == pytest.approx(objective.value(theirs), rel=1e-8)
    assert solution.theta == pytest.approx(theirs, abs=2e-3)
    assert objective.loss.probabilities(x @ solution.theta[:, 1:].T + solution.theta[:, 0]) == pytest.approx(
        rival.predict_proba(x), abs=1e-3
    )


def test_rough_weights_are_near_the_optimum_and_expect_as_many_of_each_label_as_there_are():
    x, members = rows(n_labels=5)
    members[:, 4] = False
    X, l2 = design_matrix(x), np.array([0.003, 0.003, 0.01, 0.003, 0.01])
    objective = of_labels(X, members, 0.003)
    theta = rough_by_label(objective, Limits(1e-2, 50), l2)
    for k in range(4):
        one = of_one(X, members[:, k], float(l2[k]))
        assert one.value(theta[k]) == pytest.approx(
            minimise(one, Settings("newton", 1e-12)).certificate.value, rel=0.02
        )
    expected = objective.loss.probabilities(objective.scores(theta).only).sum(axis=0)
    assert expected[:4] == pytest.approx(members[:, :4].sum(axis=0), rel=1e-3)
    assert not theta[4].any()
    assert rough_by_label(of_labels(DenseMatrix(x.toarray()), members, 0.003), Limits(), l2) is None


def test_bound_holds_against_an_independent_minimiser():
    x, members = rows(60, 5, 3)
    x, l2 = x.toarray(), 0.01

    def written(theta):
        theta = theta.reshape(3, 6)
        z = x @ theta[:, 1:].T + theta[:, 0]
        return np.mean(np.sum(np.logaddexp(0, np.where(members, -z, z)), axis=1)) + l2 * np.sum(theta[:, 1:] ** 2)

    best = minimize(written, np.zeros(18), method="BFGS", options={"gtol": 1e-9}).fun
    for X in (design_matrix(csr_matrix(x)), DenseMatrix(x)):
        for tol in (1e-1, 1e-4):
            proof = minimise(of_labels(X, members, l2), Settings(tol=tol)).certificate
            assert -1e-12 <= proof.value - best <= proof.bound + 1e-12


@pytest.mark.parametrize("solver", ["auto", "dual", "newton", "batch", "elastic_net"])
def test_constant_labels_are_answered_and_left_out(solver):
    x, members = rows(n_labels=4)
    members[:, 1], members[:, 3] = True, False
    X, l1 = design_matrix(x), 1e-3 if solver == "elastic_net" else 0.0
    solution = minimise(of_labels(X, members, 0.01, l1=l1), Settings(solver, 1e-3))
    assert solution.converged
    assert [proof.reason and proof.reason.code for proof in solution.by_label] == [
        None,
        "constant_label",
        None,
        "constant_label",
    ]
    assert np.isnan([solution.by_label[k].relative for k in (1, 3)]).all()
    assert not solution.theta[[1, 3], 1:].any()
    # (m + 1/2)/(m + 1)
    assert 1 / (1 + np.exp(-solution.theta[[1, 3], 0].astype(float))) == pytest.approx([300.5 / 301, 0.5 / 301])
    sought = [solution.by_label[k] for k in (0, 2)]
    assert solution.certificate == pytest.approx(certificate_of_all(sought))
    bound, value = (sum(getattr(proof, name) for proof in sought) for name in ("bound", "value"))
    assert solution.certificate.relative == pytest.approx(bound / (value - bound))


def test_rows_without_weight_do_not_keep_a_label_from_being_constant():
    x, members = rows(n_labels=2)
    weights = members[:, 0].astype(float)
    solution = minimise(of_labels(design_matrix(x), members, 0.01, weights), Settings("newton", 1e-3))
    assert solution.by_label[0].reason.code == "constant_label"
    assert solution.theta[0, 0] > 0
    assert solution.by_label[1].proves(1e-3)


def test_all_labels_constant():
    x, _ = rows(n_labels=2)
    solution = minimise(of_labels(design_matrix(x), np.zeros((300, 2), dtype=bool), 0.01), Settings())
    assert solution.converged
    assert solution.certificate.reason.code == "constant_label"
    assert not solution.loss_curve


def test_without_an_intercept_a_constant_label_has_an_optimum():
    x, members = rows(n_labels=2)
    members[:, 0] = True
    X = design_matrix(x, has_dummy=False)
    solution = minimise(of_labels(X, members, 0.01), Settings(tol=1e-5))
    best = minimise(of_one(X, members[:, 0], 0.01), Settings("newton", 1e-12)).certificate.value
    assert solution.by_label[0].value == pytest.approx(best, rel=1e-5)


def test_no_bit_depends_on_threads_or_on_the_order_of_rows_beside():
    x, members = rows(2000, 60, 70)
    one, two = (minimise(of_labels(design_matrix(x, threads=n), members, 1e-3), Settings(tol=1e-4)) for n in (1, 2))
    assert one.theta.tobytes() == two.theta.tobytes()
    assert one.by_label == two.by_label


def test_labels_that_are_the_same_get_the_same_weights():
    x, members = rows(n_labels=3)
    many = np.repeat(members, 3, axis=1)
    theta = minimise(of_labels(design_matrix(x), many, 0.01), Settings(tol=1e-6)).theta
    assert np.array_equal(theta[::3], theta[1::3])
    assert np.array_equal(theta[::3], theta[2::3])


@pytest.mark.parametrize("l2", [1e-7, 1e-2, 10.0])
def test_a_weak_penalty_is_left_to_the_label_alone(l2):
    x, members = rows(n_labels=3)
    solution = minimise(of_labels(design_matrix(x), members, l2), Settings(tol=1e-6))
    assert solution.converged
    for k in range(3):
        best = minimise(of_one(design_matrix(x), members[:, k], l2), Settings("newton", 1e-10)).certificate.value
        assert -1e-13 <= solution.by_label[k].value - best <= solution.by_label[k].bound + 1e-13


def test_each_label_may_have_its_own_penalty():
    x, members = rows(n_labels=4)
    X, l2 = design_matrix(x), np.array([0.01, 0.1, 0.01, 0.001])
    solution = minimise_by_label(of_labels(X, members, 1.0), Settings(tol=1e-7), l2=l2)
    for k in range(4):
        best = minimise(of_one(X, members[:, k], l2[k]), Settings(tol=1e-7))
        assert solution.theta[k] == pytest.approx(best.theta, abs=5e-3)
        assert solution.by_label[k].value == pytest.approx(best.certificate.value, rel=1e-6)
    warm = minimise_by_label(of_labels(X, members, 1.0), Settings(tol=1e-7), start=solution.theta, l2=l2)
    assert len(warm.loss_curve) < len(solution.loss_curve) / 2


def test_penalty_scales_are_those_of_multiplied_columns():
    x, members = rows(n_labels=2)
    scales = np.random.default_rng(0).uniform(0.5, 2, x.shape[1]).astype(np.float32)
    solution = minimise(of_labels(design_matrix(x), members, 0.01, scales=scales), Settings(tol=1e-8))
    scaled = minimise(of_labels(design_matrix(csr_matrix(x.multiply(scales))), members, 0.01), Settings(tol=1e-8))
    assert solution.theta[:, 1:] == pytest.approx(scaled.theta[:, 1:] * scales, abs=1e-3)


def test_warm_start_at_the_optimum_takes_few_passes():
    x, members = rows(n_labels=4)
    objective = of_labels(design_matrix(x), members, 0.003)
    cold = minimise(objective, Settings(tol=1e-6))
    warm = minimise(objective, Settings(tol=1e-6), start=cold.theta)
    assert warm.converged
    assert len(warm.loss_curve) < len(cold.loss_curve) / 2


def test_out_of_passes_is_said_and_what_is_there_is_bounded():
    x, members = rows(n_labels=4)
    objective = of_labels(design_matrix(x), members, 1e-5)
    best = minimise(objective, Settings(tol=1e-9)).certificate
    solution = minimise(objective, Settings(tol=1e-9, max_iter=3))
    assert not solution.converged
    assert solution.reason.code == "max_passes_unproven"
    assert len(solution.loss_curve) == 3
    assert 0 <= solution.certificate.value - best.value <= solution.certificate.bound


def test_without_a_penalty_there_is_no_proof_of_the_whole():
    random = np.random.default_rng(0)
    x, members = random.normal(size=(80, 3)), random.random((80, 3)) < 0.4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solution = minimise(of_labels(DenseMatrix(x), members, 0.0), Settings())
    assert solution.converged
    assert solution.certificate.reason.code == "no_penalty"
    members[:, 1] = x[:, 0] > 0
    separable = minimise(of_labels(DenseMatrix(x), members, 0.0), Settings())
    assert not separable.converged
    assert separable.reason.code == separable.by_label[1].reason.code == "separable"


def test_loss_curve_is_the_sum_over_labels():
    x, members = rows(n_labels=3)
    X, seen = design_matrix(x), []
    solution = minimise(of_labels(X, members, 0.01), Settings(tol=1e-5), on_record=seen.append)
    assert [record.passes for record in solution.loss_curve] == list(range(1, len(seen) + 1))
    assert seen[0].training_loss == pytest.approx(solution.loss_curve[0].training_loss)
    # A pass tells each row's loss at its visit; near the optimum that is the loss.
    objective = of_labels(X, members, 0.01)
    loss = objective.mean_loss(objective.losses(objective.scores(solution.theta)))
    assert solution.loss_curve[-1].training_loss == pytest.approx(loss, rel=1e-2)


def test_certificate_is_of_the_rounded_weights():
    x, members = rows(n_labels=2)
    objective = of_labels(design_matrix(x), members, 0.003)
    solution = minimise(objective, Settings(tol=1e-9))
    assert solution.certificate.value == pytest.approx(objective.value(solution.theta), rel=1e-13)
    assert certificate_nearby(objective, solution.theta, solution.certificate).bound == pytest.approx(
        solution.certificate.bound, rel=1e-3
    )


def test_no_bit_depends_on_where_the_arrays_lie_in_memory():
    """Where two small arrays are neighbours, compiled loops may not do several labels at a time."""
    x, members = rows(40, 30, 9)
    objective = of_labels(design_matrix(x), members, 0.01)
    random, held, found = np.random.default_rng(0), [], set()
    for _ in range(300):
        held.append(bytearray(int(random.integers(1, 300))))
        if random.random() < 0.5:
            held.pop(int(random.integers(len(held))))
        ascent = Ascent(objective, DualState.at_zero(objective, 1e-4), 1e-4, 0)
        found.add(b"".join(ascent.one_pass().gap.tobytes() for _ in range(2)) + ascent.theta().tobytes())
    assert len(found) == 1
