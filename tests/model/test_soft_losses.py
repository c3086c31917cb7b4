"""Soft labels and several labels: the same as rows of one class each, written out; exact values at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize
from scipy.sparse import random as random_sparse
from scipy.special import log_softmax, rel_entr
from sklearn.linear_model import LogisticRegression as Reference

from vikt.matrix import DenseMatrix, design_matrix
from vikt.model.label_losses import OneLossPerLabel
from vikt.model.losses import BinaryCrossEntropy, MultinomialCrossEntropy, cross_entropy_for
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.model.soft_losses import BinarySoftCrossEntropy, SoftCrossEntropy, soft_cross_entropy_for
from vikt.model.targets import loss_of, loss_truth
from vikt.parts import InMemory, Part
from vikt.solvers import SOLVERS, Settings, minimise


def shares_of(m, n_classes, seed=0):
    """Shares, some of them 0 and some 1."""
    random = np.random.default_rng(seed)
    shares = random.dirichlet(np.full(n_classes, 0.5), m)
    shares[: m // 4] = np.eye(n_classes)[random.integers(n_classes, size=m // 4)]
    shares[m // 4 : m // 2, 0] = 0
    return shares / shares.sum(axis=1, keepdims=True)


def soft_objective(X, shares, l2, weights, l1=0.0):
    loss, y = soft_cross_entropy_for(shares.shape[1]), loss_truth("soft", shares)
    return Objective(InMemory(Part(X, y, weights)), loss, penalty_of(l2, l1, X.has_dummy))


def written_out(x, shares, l2, weights, l1=0.0):
    """Each row once for each class, with its share of the weight."""
    m, n_classes = shares.shape
    X = design_matrix(x[np.repeat(np.arange(m), n_classes)])
    y, w = np.tile(np.arange(n_classes), m), (weights[:, None] * shares).ravel()
    return Objective.of(X, y, n_classes=n_classes, l2=l2, sample_weight=w, l1=l1)


@pytest.fixture(params=[2, 3, 9])
def soft(request):
    """The same problem twice: with shares, and written out as rows of one class."""
    random, m = np.random.default_rng(request.param), 60
    x = random_sparse(m, 12, 0.4, "csr", random_state=1)[np.arange(m) // 2 * 2 % 50]  # equal rows of different shares
    shares, weights = shares_of(m, request.param), random.uniform(0.2, 3, m)
    arguments = shares, 0.01, weights
    return soft_objective(design_matrix(x), *arguments), written_out(x, *arguments)


def test_objective_and_gradient_are_those_of_rows_written_out(soft):
    ours, theirs = soft
    random = np.random.default_rng(0)
    for scale in (0.0, 1.0, 30.0):
        theta = random.normal(size=ours.shape) * scale
        assert ours.value(theta) == pytest.approx(theirs.value(theta), rel=1e-12)
        assert ours.gradient(theta) == pytest.approx(theirs.gradient(theta), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("solver", ["dual", "newton", "batch"])
def test_fits_are_those_of_rows_written_out(soft, solver):
    tol = 1e-4 if solver == "batch" else 1e-9
    fitted, reference = (
        minimise(soft[0], Settings(solver=solver, tol=tol)),
        minimise(soft[1], Settings("newton", 1e-12)),
    )
    assert fitted.converged
    assert fitted.certificate.proves(tol)
    truth = fitted.certificate.value - reference.certificate.value
    assert -1e-14 <= truth <= fitted.certificate.bound + 1e-14
    theirs = soft[0].probabilities(soft[0].scores(reference.theta)).only
    # The objective is 2λ-strongly convex in the weights, and a probability moves by less than its score does.
    near = np.sqrt(fitted.certificate.bound / soft[0].l2) * 12
    assert soft[0].probabilities(soft[0].scores(fitted.theta)).only == pytest.approx(theirs, abs=max(near, 1e-12))


@pytest.mark.parametrize("l2", [0.0, 0.002])
def test_elastic_net_of_soft_labels_bounds_the_truth(l2):
    random, m = np.random.default_rng(2), 80
    for n_classes in (2, 3):
        x = random.normal(size=(m, 6))
        arguments = shares_of(m, n_classes), l2, random.uniform(0.5, 2, m), 0.01
        ours, theirs = soft_objective(DenseMatrix(x), *arguments), written_out(x, *arguments)
        best = minimise(theirs, Settings("elastic_net", 1e-10)).certificate
        for tol in (1e-2, 1e-5, 1e-9):
            solution = minimise(ours, Settings("elastic_net", tol))
            assert solution.converged
            truth = solution.certificate.value - (best.value - best.bound)
            assert solution.certificate.value - best.value <= solution.certificate.bound
            assert truth >= 0


def test_certificate_holds_against_an_independent_minimiser():
    random, m, n_classes, l2 = np.random.default_rng(3), 50, 3, 0.02
    x, shares = random.normal(size=(m, 4)), shares_of(50, 3, seed=4)

    def written(theta):
        theta = theta.reshape(n_classes, 5)
        z = x @ theta[:, 1:].T + theta[:, 0]
        return -np.mean(np.sum(shares * log_softmax(z, axis=1), axis=1)) + l2 * np.sum(theta[:, 1:] ** 2)

    best = minimize(written, np.zeros(n_classes * 5), method="BFGS", options={"gtol": 1e-8}).fun
    objective = soft_objective(DenseMatrix(x), shares, l2, np.ones(m))
    assert objective.gradient(np.ones((3, 5))).ravel() == pytest.approx(approx_fprime(np.ones(15), written), abs=1e-6)
    for solver in ("dual", "newton", "minibatch"):
        proof = minimise(objective, Settings(solver=solver, tol=1e-3, max_iter=2)).certificate
        assert proof.value - best <= proof.bound + 1e-12
        assert proof.value >= best - 1e-12


def test_shares_of_one_class_are_that_class():
    random, y = np.random.default_rng(0), np.arange(40) % 4
    scores, shares, weights = random.normal(size=(40, 4)) * 20, np.eye(4)[y], random.uniform(size=40)
    for hard, soft, z, own, truth in (
        (MultinomialCrossEntropy(4), SoftCrossEntropy(4), scores, y, shares),
        (BinaryCrossEntropy(), BinarySoftCrossEntropy(), scores[:, 0], y % 2, (y % 2).astype(float)),
    ):
        assert soft.losses(z, truth) == pytest.approx(hard.losses(z, own), rel=1e-14, abs=1e-300)
        assert soft.residuals(z, truth) == pytest.approx(hard.residuals(z, own), abs=1e-16)
        assert soft.margins(z, truth).tolist() == hard.margins(z, own).tolist()
        assert soft.class_totals(truth, weights) == pytest.approx(hard.class_totals(own, weights))
        for share in (0.3, 1.0):
            assert soft.most_divergence(z, truth, share, 0.0) == pytest.approx(
                hard.most_divergence(z, own, share, 0.0), rel=1e-10, abs=1e-12
            )


@pytest.mark.parametrize("share", [1e-3, 0.5, 1.0])
def test_divergence_of_a_part_of_the_way_is_bounded(share):
    shares, scores = shares_of(40, 3), np.random.default_rng(1).normal(size=(40, 3)) * 5
    p = np.exp(log_softmax(scores, axis=1))
    expected = rel_entr((1 - share) * shares + share * p, p).sum(axis=1)
    found = SoftCrossEntropy(3).most_divergence(scores, shares, share, 0.0)
    assert np.all(found >= expected * (1 - 1e-13))
    assert found == pytest.approx(expected, abs=1e-12)


def test_a_row_of_two_classes_leads_only_where_neither_does():
    loss, scores = SoftCrossEntropy(3), np.array([[2.0, 2.0, 0.0], [3.0, 2.0, 0.0], [2.0, 2.0, 5.0]])
    assert loss.margins(scores, np.array([[0.5, 0.5, 0.0]] * 3)).tolist() == [0, -1, -3]
    assert BinarySoftCrossEntropy().margins(np.array([2.0, -2.0, 3.0]), np.array([1.0, 1.0, 0.9])).tolist() == [
        2,
        -2,
        -3,
    ]


@pytest.mark.parametrize("solver", ["newton", "auto"])
def test_without_a_penalty_shares_of_several_classes_are_not_separable(solver):
    random = np.random.default_rng(0)
    x = random.normal(size=(30, 2))
    for n_classes in (2, 3):
        # Hard labels that a line separates: softened, they have an optimum.
        hard = np.eye(n_classes)[np.argmax(x @ random.normal(size=(2, n_classes)), axis=1)]
        soft = 0.9 * hard + 0.1 / n_classes
        solution = minimise(soft_objective(DenseMatrix(x), soft, 0.0, np.ones(30)), Settings(solver=solver))
        assert solution.converged
        assert solution.reason.code == "small_gradient"
        separable = minimise(soft_objective(DenseMatrix(x), hard, 0.0, np.ones(30)), Settings(solver=solver))
        assert separable.reason.code == "separable"
        assert not separable.converged


def test_soft_rows_where_all_scores_are_equal_hide_no_separation():
    x = np.array([[0.0], [1.0], [-1.0]])
    shares = np.array([[0.5, 0.5], [0.0, 1.0], [1.0, 0.0]])
    solution = minimise(soft_objective(DenseMatrix(x), shares, 0.0, np.ones(3)), Settings("newton"))
    assert solution.reason.code == "separable_in_part"


def test_several_labels_are_one_loss_each():
    random = np.random.default_rng(0)
    scores, members, weights = random.normal(size=(20, 3)) * 9, random.random((20, 3)) < 0.4, random.uniform(size=20)
    loss, binary = OneLossPerLabel(3), BinaryCrossEntropy()
    own = [(scores[:, k], members[:, k].astype(int)) for k in range(3)]
    assert loss.losses(scores, members) == pytest.approx(sum(binary.losses(z, y) for z, y in own))
    assert np.allclose(loss.residuals(scores, members).T, [binary.residuals(z, y) for z, y in own], rtol=1e-15, atol=0)
    assert loss.class_totals(members, weights) == pytest.approx(weights @ members)
    assert np.exp(loss.log_probabilities(scores)) == pytest.approx(loss.probabilities(scores))
    assert loss.margins(scores, members) == pytest.approx(np.min([binary.margins(z, y) for z, y in own], axis=0))
    shares = np.array([0.2, 0.5, 0.01])
    assert loss.probabilities(loss.constant_scores(np.log(shares))) == pytest.approx(shares)
    assert np.isfinite(loss.constant_scores(np.log(np.array([1e-16, 1.0, 0.5])))).all()
    assert loss.losses(np.array([[1000.0, -1000.0, 0]]), np.array([[True, False, False]])) == pytest.approx(np.log(2))


def test_losses_by_kind():
    assert loss_of("classes", 2) == cross_entropy_for(2)
    assert loss_of("several", 4) == OneLossPerLabel(4)
    assert loss_of("soft", 2) == BinarySoftCrossEntropy()
    assert loss_of("soft", 3) == SoftCrossEntropy(3)
    assert loss_truth("several", np.eye(2, dtype=bool)).shape == (2, 2)
    assert loss_truth("soft", np.eye(3)).shape == (3, 3)


def test_soft_labels_against_scikit_learn():
    random = np.random.default_rng(5)
    x, shares = random.normal(size=(40, 3)), shares_of(40, 3)
    reference = Reference(C=2.0, tol=1e-12, max_iter=10_000)
    reference.fit(np.repeat(x, 3, axis=0), np.tile(np.arange(3), 40), sample_weight=shares.ravel())
    fitted = minimise(soft_objective(DenseMatrix(x), shares, 1 / (2 * 2.0 * 40), np.ones(40)), Settings(tol=1e-12))
    ours = soft_cross_entropy_for(3).probabilities(DenseMatrix(x).scores(fitted.theta))
    assert ours == pytest.approx(reference.predict_proba(x), abs=1e-5)


def test_every_solver_takes_soft_labels(soft):
    for solver in SOLVERS:
        assert np.isfinite(minimise(soft[0], Settings(solver=solver, tol=1e-2)).certificate.relative)
