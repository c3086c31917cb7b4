"""The intercepts at their own optimum: what balances, and how few sums over the parts that takes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar, root
from scipy.special import expit
from scipy.special import softmax as scipy_softmax

from vikt.compiled import compiled
from vikt.matrix import DenseMatrix
from vikt.model.label_losses import OneLossPerLabel
from vikt.model.losses import cross_entropy_for
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.parts import InMemory, Part
from vikt.solvers import sum_kernels
from vikt.solvers.certificate import dual_certificate, gradient_certificate
from vikt.solvers.intercepts import balance, balanced_intercepts

M = 203
MOST_LOOKS = 7


class Counted(InMemory):
    """Parts in memory that count how often they are asked for a sum, which is a round trip where they lie apart."""

    n_sums = 0

    def sums(self, work, *arguments):
        self.n_sums += 1
        return super().sums(work, *arguments)


def problem(loss, y, has_dummy=True, seed=0):
    """Rows in three parts, of different weights."""
    random = np.random.default_rng(seed)
    X, weights = random.normal(size=(M, 4)), random.uniform(0.3, 2, M)
    parts = [
        Part(DenseMatrix(X[own], has_dummy=has_dummy), y[own], weights[own])
        for own in np.array_split(np.arange(M), [7, 90])
    ]
    return Objective(Counted(*parts), loss, penalty_of(0.01, 0.0, has_dummy, None)), weights


def of_classes(n_classes, **case):
    y = np.random.default_rng(n_classes).permutation(np.arange(M) % n_classes)
    return problem(cross_entropy_for(n_classes), y, **case), y


def parted(objective, scores):
    return objective.parts.given(np.split(scores, [7, 90]))


@pytest.mark.parametrize("n_classes", [3, 8, 60])
@pytest.mark.parametrize("spread", [0.1, 5.0])
def test_classes_balance_as_by_another_solver(n_classes, spread):
    (objective, weights), y = of_classes(n_classes)
    random = np.random.default_rng(1)
    scores = random.normal(0, spread, (M, n_classes)) + random.normal(0, spread, n_classes)
    # A constant for all classes changes nothing.
    shift = objective.loss.centred(balance(objective, parted(objective, scores)))
    truth = np.eye(n_classes)[y]

    def imbalance(of_others):
        p = scipy_softmax(scores + np.append(of_others, -np.sum(of_others)), axis=1)
        return (weights @ (p - truth) / weights.sum())[:-1]

    assert np.abs(imbalance(shift[:-1])).max() < 1e-12
    found = root(imbalance, shift[:-1] + random.normal(0, 0.01, n_classes - 1), tol=1e-13).x
    assert shift[:-1] == pytest.approx(found, abs=1e-7)


@pytest.mark.parametrize("n_labels", [None, 4], ids=["two classes", "four labels"])
def test_scores_that_are_apart_balance(n_labels):
    random = np.random.default_rng(2)
    y = random.random((M, n_labels) if n_labels else M) < 0.2
    loss = OneLossPerLabel(n_labels) if n_labels else cross_entropy_for(2)
    objective, weights = problem(loss, y if n_labels else y.astype(np.int64))
    scores = random.normal(0, 3, y.shape)
    shift = balance(objective, parted(objective, scores))
    assert np.abs(weights @ (expit(scores + shift) - y)).max() / weights.sum() < 1e-12


def test_without_a_dummy_feature_nothing_moves():
    (objective, _), _ = of_classes(5, has_dummy=False)
    theta = np.random.default_rng(3).normal(size=objective.shape)
    balanced, _ = balanced_intercepts(objective, theta, objective.scores(theta))
    assert np.array_equal(balanced, theta)
    assert objective.parts.n_sums == 0


@pytest.mark.parametrize("n_classes", [2, 3, 20])
@pytest.mark.parametrize("margin", [20.0, 30.0, 34.0, 36.0, 700.0])
def test_classes_that_are_all_but_separate_take_few_sums(n_classes, margin):
    """Here the sums are rounding, and the curvature all but 0: one by the other could be anything."""
    (objective, weights), y = of_classes(n_classes)
    truth = np.eye(n_classes)[y] if n_classes > 2 else y
    scores = margin * (2 * truth - 1) / (1 if n_classes == 2 else 2)
    scores += np.random.default_rng(4).normal(size=scores.shape)
    shift = balance(objective, parted(objective, scores))
    assert objective.parts.n_sums <= MOST_LOOKS
    assert np.abs(shift).max() < 2
    p = expit(scores + shift) if n_classes == 2 else scipy_softmax(scores + shift, axis=1)
    assert np.abs(weights @ (p - truth)).max() / weights.sum() < 1e-14


@pytest.mark.parametrize("n_classes", [2, 3, 8])
@pytest.mark.parametrize("margin", [10.0, 20.0, 40.0, 700.0])
def test_rows_that_are_sure_of_their_classes_balance_where_one_is_wrong(n_classes, margin):
    """Here all rows answer the same until they have moved far: scaling creeps, and Newton's method leaps beyond."""
    (objective, weights), y = of_classes(n_classes)
    sure_of = y.copy()
    sure_of[0] = (y[0] + 1) % n_classes
    one_hot = np.eye(n_classes)
    scores = margin * (2 * sure_of - 1) if n_classes == 2 else margin * one_hot[sure_of]
    shift = balance(objective, parted(objective, scores))
    assert objective.parts.n_sums <= 3 * MOST_LOOKS
    p = expit(scores + shift) if n_classes == 2 else scipy_softmax(scores + shift, axis=1)
    assert np.abs(weights @ (p - (y if n_classes == 2 else one_hot[y]))).max() / weights.sum() < 1e-13


def test_a_proof_holds_beside_known_scores_of_which_one_is_sure_and_wrong():
    """Only the intercept can do better, so that all of what is proven is that it does not."""
    y, margin, n_rows = np.arange(100) % 2, 20.0, 100
    offset = margin * (2 * y - 1)
    offset[0] *= -1
    part = Part(DenseMatrix(np.zeros((n_rows, 1)), has_dummy=True), y, np.ones(n_rows), offset)
    objective = Objective(InMemory(part), cross_entropy_for(2), penalty_of(0.01, 0.0, True, None))
    _, proof = gradient_certificate(objective, np.zeros(2))

    def loss(intercept):
        return np.mean(np.logaddexp(0, (1 - 2 * y) * (offset + intercept)))

    least = minimize_scalar(loss, bounds=(-2 * margin, 2 * margin), method="bounded", options={"xatol": 1e-9}).fun
    assert proof.value - least <= proof.bound + 1e-12


@pytest.mark.parametrize("n_classes", [2, 3, 60])
def test_a_proof_takes_few_sums_whatever_the_number_of_classes(n_classes):
    (objective, _), _ = of_classes(n_classes)
    random = np.random.default_rng(5)
    theta = random.normal(0, 0.1, objective.shape)
    gradient_certificate(objective, theta)
    # One for the loss, the gradient, its rounding, and the means of the columns.
    assert objective.parts.n_sums <= MOST_LOOKS + 4
    objective.parts.n_sums = 0
    dual_certificate(objective, objective.scores(theta))
    # One for θ(α), and one for the gap.
    assert objective.parts.n_sums <= 2 * MOST_LOOKS + 2


@pytest.mark.parametrize("n_rows", [1, 8, 29])
def test_links_are_the_hessian_of_softmax_off_its_diagonal(n_rows):
    random = np.random.default_rng(n_rows)
    p, weights = random.dirichlet(np.ones(6), n_rows), random.random(n_rows)
    links = np.zeros(15)
    compiled(sum_kernels.__name__).add_links(p, weights, links)
    hessian = np.diag(weights @ p) - np.einsum("i,ik,il->kl", weights, p, p)
    assert links == pytest.approx(-hessian[np.tril_indices(6, -1)], rel=1e-13)
    right = hessian @ random.normal(size=6)
    x = right.copy()
    compiled(sum_kernels.__name__).solve_links(links, x)
    assert hessian @ x == pytest.approx(right, rel=1e-9, abs=1e-13)


def test_a_chain_of_ever_weaker_links_is_solved_to_the_last_digits():
    """Each class is linked to the next by a hundred-millionth of the link before; what flows through is known."""
    n = 6
    strength, links = 10.0 ** (-8 * np.arange(n - 1)), np.zeros((n, n))
    links[np.arange(1, n), np.arange(n - 1)] = strength
    flow = np.arange(1.0, n) * strength
    x = np.append(0.0, flow) - np.append(flow, 0.0)
    compiled(sum_kernels.__name__).solve_links(links[np.tril_indices(n, -1)], x)
    assert np.diff(x) == pytest.approx(np.arange(1.0, n), rel=1e-7)


def test_a_class_that_no_link_reaches_has_no_finite_score():
    x = np.array([0.1, -0.2, 0.1])
    with np.errstate(divide="ignore", invalid="ignore"):
        compiled(sum_kernels.__name__).solve_links(np.array([1.0, 0.0, 0.0]), x)
    assert not np.isfinite(x).all()
