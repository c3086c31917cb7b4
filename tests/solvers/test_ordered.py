"""Ordered levels end where statsmodels and SciPy do, and no nearer the optimum than they are proven to be."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.sparse import random as random_rows
from sklearn.preprocessing import normalize

from vikt.errors import UsageError
from vikt.matrix import design_matrix
from vikt.model.objective import Objective
from vikt.model.ordered import ProportionalOdds, median_levels
from vikt.model.penalties import penalty_of
from vikt.parts import InMemory, Part
from vikt.solvers import Settings, minimise
from vikt.solvers.level_thresholds import ThresholdExpansion
from vikt.solvers.ordered import ordered, ordered_certificate


def objective_of(X, y, l2=0.01, w=None, K=None, cuts=(), l1=0.0, has_dummy=True, offset=None):
    """Of rows in one part, or in several cut at these rows."""
    w = np.ones(len(y)) if w is None else w
    totals = np.maximum(np.bincount(y, weights=w, minlength=K or 0), 1e-9)
    bounds = [0, *cuts, len(y)]
    parts = [
        Part(design_matrix(X[i:j], has_dummy=has_dummy), y[i:j], w[i:j], None if offset is None else offset[i:j])
        for i, j in itertools.pairwise(bounds)
    ]
    loss = ProportionalOdds.of_shares(totals / totals.sum())
    return Objective(InMemory(*parts), loss, penalty_of(l2, l1, has_dummy))


def some(m=300, n=6, K=5, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(m, n))
    z = X @ random.normal(size=n) + random.logistic(size=m)
    return X, np.searchsorted(np.quantile(z, np.linspace(0, 1, K + 1)[1:-1]), z)


def text_like(m=300, n=1500, K=4, seed=0):
    """Rows of length 1 with few columns each, more columns than rows."""
    random = np.random.default_rng(seed)
    X = normalize(csr_matrix(random_rows(m, n, density=0.02, random_state=seed)))
    z = 5 * (X @ random.normal(size=n)) + random.logistic(size=m)
    return X, np.searchsorted(np.quantile(z, np.linspace(0, 1, K + 1)[1:-1]), z)


def written_formula(X, y, l2, w=None):
    """L̂ of θ, t_1 and the logarithms of the gaps, as it is written: no care for large scores."""
    w = np.ones(len(y)) if w is None else w

    def value(x):
        theta, first, gaps = x[: X.shape[1]], x[X.shape[1]], np.exp(x[X.shape[1] + 1 :])
        bounds = np.concatenate([[-np.inf], first + np.cumsum([0, *gaps]), [np.inf]])
        z = X @ theta
        p = 1 / (1 + np.exp(z - bounds[y + 1])) - 1 / (1 + np.exp(z - bounds[y]))
        return -np.sum(w * np.log(p)) / w.sum() + l2 * np.sum(theta**2)

    return value


@pytest.mark.parametrize("K", [2, 3, 7])
def test_without_penalty_it_ends_where_statsmodels_does(K):
    models = pytest.importorskip("statsmodels.miscmodels.ordinal_model")
    X, y = some(K=K)
    oracle = models.OrderedModel(y, X, distr="logit")
    found = oracle.fit(method="bfgs", disp=0, maxiter=1000)
    found = oracle.fit(method="newton", start_params=found.params, disp=0)
    solution = ordered(objective_of(X, y, l2=0), epsilon=1e-20)
    assert solution.converged
    assert solution.reason.code == "small_gradient"
    assert solution.certificate.reason.code == "no_penalty"
    assert np.isnan(solution.certificate.relative)
    assert solution.theta[0] == 0
    assert solution.theta[1:] == pytest.approx(found.params[: X.shape[1]], abs=1e-6)
    assert solution.thresholds == pytest.approx(oracle.transform_threshold_params(found.params)[1:-1], abs=1e-6)
    assert solution.certificate.value == pytest.approx(-found.llf / len(y), rel=1e-12)


@pytest.mark.parametrize("l2", [1e-4, 1e-2, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_with_a_penalty_it_ends_where_scipy_does(l2, weighted):
    X, y = some(n=4, K=4)
    w = np.random.default_rng(1).uniform(0.1, 3, len(y)) if weighted else None
    f = written_formula(X, y, l2, w)
    oracle = minimize(f, np.zeros(4 + 3), method="BFGS", options={"gtol": 1e-7})
    solution = minimise(objective_of(X, y, l2, w), Settings(tol=1e-12))
    assert solution.certificate.relative <= 1e-12
    assert solution.certificate.value == pytest.approx(oracle.fun, rel=1e-9)
    t = solution.thresholds
    own = f(np.concatenate([solution.theta[1:], t[:1], np.log(np.diff(t))]))
    assert solution.certificate.value == pytest.approx(own, rel=1e-12)


@pytest.mark.parametrize("make", [some, text_like])
@pytest.mark.parametrize("l2", [1e-6, 1e-4, 1e-2])
@pytest.mark.parametrize("seed", [0, 1])
def test_no_model_is_farther_from_the_optimum_than_it_is_proven_to_be(make, l2, seed):
    X, y = make(seed=seed)
    objective = objective_of(X, y, l2)
    exact = minimise(objective, Settings(tol=1e-11))
    assert exact.converged
    for tol in (1.0, 1e-1, 1e-2, 1e-4):
        solution = minimise(objective, Settings(tol=tol))
        assert solution.converged
        assert solution.certificate.relative <= tol
        distance = solution.certificate.value / exact.certificate.value - 1
        assert -1e-11 <= distance <= solution.certificate.relative
    # Any θ at all, with its best thresholds.
    random = np.random.default_rng(seed)
    theta = exact.theta + np.concatenate([[0.0], random.normal(size=X.shape[1])])
    _, proof = ordered_certificate(objective, theta, objective.loss)
    assert proof.value - exact.certificate.value <= proof.bound


def test_gradient_and_hessian_by_the_thresholds_are_those_of_differences():
    X, y = some(K=5)
    objective = objective_of(X, y)
    scores = objective.scores(np.ones(7))
    t, h = np.array([-2.0, 0.1, 0.4, 3.0]), 1e-5

    def at(t):
        return ThresholdExpansion.at(objective, scores, ProportionalOdds(t))

    sides = [(at(t + unit), at(t - unit)) for unit in h * np.eye(4)]
    assert at(t).gradient == pytest.approx([(a.value - b.value) / (2 * h) for a, b in sides], abs=1e-8)
    differences = np.array([(a.gradient - b.gradient) / (2 * h) for a, b in sides])
    assert at(t).hessian == pytest.approx(differences, abs=1e-7)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3, 1e6])
def test_thresholds_are_at_their_optimum_whatever_the_scores_and_the_start(scale):
    X, y = some(K=4)
    objective = objective_of(X, y)
    theta = scale * np.random.default_rng(2).normal(size=7)
    theta[0] = 0
    loss, proof = ordered_certificate(objective, theta, ProportionalOdds(np.array([-1.0, 0.0, 1e-3])))
    again, _ = ordered_certificate(objective, theta, ProportionalOdds(scale * np.array([-50.0, 2.0, 80.0])))
    assert loss.thresholds == pytest.approx(again.thresholds, rel=1e-6, abs=1e-9 * scale)
    assert np.isfinite(proof.bound)


def test_two_levels_are_two_classes():
    X, y = some(K=2)
    solution = minimise(objective_of(X, y, 1e-3), Settings(tol=1e-13))
    binary = minimise(Objective.of(design_matrix(X), y, n_classes=2, l2=1e-3), Settings(solver="newton", tol=1e-13))
    assert solution.theta[1:] == pytest.approx(binary.theta[1:], abs=1e-6)
    assert -solution.thresholds == pytest.approx(binary.theta[:1], abs=1e-6)
    assert solution.certificate.value == pytest.approx(binary.certificate.value, rel=1e-12)


def test_weight_2_is_the_row_twice_and_weight_0_none():
    X, y = some()
    w = np.random.default_rng(3).integers(3, size=len(y)).astype(float)
    weighted = minimise(objective_of(X, y, w=w), Settings(tol=1e-13))
    rows = np.repeat(np.arange(len(y)), w.astype(int))
    repeated = minimise(objective_of(X[rows], y[rows]), Settings(tol=1e-13))
    assert weighted.theta == pytest.approx(repeated.theta, abs=1e-6)
    assert weighted.thresholds == pytest.approx(repeated.thresholds, abs=1e-6)


def test_a_fit_is_the_same_to_the_last_bit_each_time_and_in_parts_to_its_tolerance():
    X, y = text_like()
    first, second = (minimise(objective_of(X, y), Settings()) for _ in range(2))
    assert first.theta.tobytes() == second.theta.tobytes()
    assert first.thresholds.tobytes() == second.thresholds.tobytes()
    several = minimise(objective_of(X, y, cuts=(40, 170)), Settings())
    assert several.certificate.value == pytest.approx(first.certificate.value, rel=1e-7)


def test_no_bit_depends_on_the_threads():
    X, y = some(m=3000, n=200)
    assert X.size > 1 << 19  # below which threads are not worth their start
    fits = []
    for threads in (1, 2):
        matrix = design_matrix(csr_matrix(X), threads=threads)
        loss = ProportionalOdds.of_shares(np.bincount(y) / len(y))
        rows = InMemory(Part(matrix, y, np.ones(len(y))))
        fits.append(minimise(Objective(rows, loss, penalty_of(1e-3, 0.0, True)), Settings()))
    assert fits[0].theta.tobytes() == fits[1].theta.tobytes()
    assert fits[0].thresholds.tobytes() == fits[1].thresholds.tobytes()


def test_reversed_levels_turn_the_signs():
    X, y = some()
    one = minimise(objective_of(X, y), Settings(tol=1e-13))
    other = minimise(objective_of(X, y.max() - y), Settings(tol=1e-13))
    assert other.theta == pytest.approx(-one.theta, abs=1e-6)
    assert other.thresholds == pytest.approx(-one.thresholds[::-1], abs=1e-6)


KINDS = {
    "ill-conditioned": lambda X: X * np.logspace(-6, 6, X.shape[1]),
    "constant": lambda X: np.column_stack([X, np.full(len(X), 0.1), np.full(len(X), 1e6)]),
    "all zero": lambda X: np.column_stack([X, np.zeros(len(X))]),
    "collinear": lambda X: np.column_stack([X, X[:, 0], X[:, 1] + X[:, 2]]),
    "far from zero": lambda X: X + 1e3,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("l2", [0.0, 1e-3])
def test_columns_of_every_kind(kind, sparse, l2):
    X, y = some()
    X = KINDS[kind](X)
    solution = minimise(objective_of(csr_matrix(X) if sparse else X, y, l2), Settings())
    assert solution.converged
    if l2:
        assert solution.certificate.relative <= 1e-4
    else:  # no kind changes what the columns span beside a constant
        plain = minimise(objective_of(some()[0], y, 0.0), Settings())
        assert solution.certificate.value == pytest.approx(plain.certificate.value, rel=1e-9)


@pytest.mark.parametrize("l2", [1e-12, 1e-8, 1e-4])
def test_levels_that_all_but_separate(l2):
    X = np.linspace(-3, 3, 90)[:, None]
    y = np.repeat([0, 1, 2], 30)
    solution = minimise(objective_of(X, y, l2), Settings())
    assert solution.converged
    assert solution.certificate.relative <= 1e-4
    loss = ProportionalOdds(solution.thresholds)
    assert np.all(median_levels(loss.log_probabilities(X @ solution.theta[1:])) == y)


def test_levels_that_separate_have_no_optimum_without_a_penalty():
    X = np.linspace(-3, 3, 90)[:, None]
    solution = minimise(objective_of(X, np.repeat([0, 1, 2], 30), 0.0), Settings())
    assert not solution.converged
    assert solution.reason.code == "separable"


def test_levels_that_separate_in_part_have_no_optimum_without_a_penalty():
    X, y = some(K=3)
    # A column that all rows of the highest level have, and no other.
    part = minimise(objective_of(np.column_stack([X, y == 2]), y, 0.0), Settings())
    assert not part.converged
    assert part.reason.code == "separable_in_part"
    assert minimise(objective_of(X, y, 0.0), Settings()).converged


def test_rare_levels_and_many_levels():
    random = np.random.default_rng(4)
    X, y = random.normal(size=(2000, 3)), np.zeros(2000, dtype=np.int64)
    y[:40] = np.arange(40)
    solution = minimise(objective_of(X, y, 1e-3), Settings())
    assert solution.converged
    assert len(solution.thresholds) == 39
    assert np.all(np.diff(solution.thresholds) > 0)


def test_an_offset_is_a_known_part_of_the_score():
    X, y = some()
    whole = minimise(objective_of(X, y, 0.0), Settings())
    known = X[:, 0] * whole.theta[1]
    solution = minimise(objective_of(X[:, 1:], y, 0.0, offset=known), Settings())
    assert solution.theta[1:] == pytest.approx(whole.theta[2:], abs=1e-5)


def test_it_starts_where_it_is_told_and_stops_when_it_is_told():
    X, y = text_like()
    objective = objective_of(X, y, 1e-5)
    solution, records = minimise(objective, Settings()), []
    near = Objective(objective.parts, ProportionalOdds(solution.thresholds), objective.penalty)
    again = minimise(near, Settings(), start=solution.theta, on_record=records.append)
    assert len(again.loss_curve) == len(records) == 1
    short = minimise(objective, Settings(max_iter=1))
    assert not short.converged
    assert short.reason.code == "max_steps"
    assert len(short.loss_curve) == 2
    losses = [record.training_loss for record in solution.loss_curve]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("solver", ["dual", "elastic_net", "batch", "stochastic", "minibatch"])
def test_other_solvers_are_refused(solver):
    with pytest.raises(UsageError, match=f"solver: '{solver}' cannot fit .*; choose 'auto' or 'newton'"):
        minimise(objective_of(*some()), Settings(solver=solver))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"K": 7}, "level 5 of 7, counted from 0, has no row"),
        ({"l1": 0.1}, "L1"),
        ({"has_dummy": False}, "fit_intercept=True"),
    ],
)
def test_what_it_cannot_fit_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        minimise(objective_of(*some(), **options), Settings())
