"""The optimum itself, found anew in more digits than the solvers have, and by other programs."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression as Reference

import vikt
from test_classifier import rows_of
from vikt import LogisticRegression
from vikt.matrix import DenseMatrix, design_matrix
from vikt.model.objective import Objective
from vikt.solvers import DESCENTS, Settings, minimise
from vikt.solvers.dual import dual
from vikt.solvers.newton import newton

PRECISE = np.longdouble
ROUNDING = 100 * np.finfo(PRECISE).eps
N_PROBLEMS = 100


class Precise:
    """The objective as the formula is written, and Newton's method on it, in extended precision; shares no code.

    Two classes are a softmax of (0, θx), so one matrix of free parameters serves both: what is pinned stays 0.
    """

    def __init__(self, X, y, n_classes, l2, weights, intercept=True):
        ones = np.ones((len(X), int(intercept)))
        self.D, self.y = np.hstack([ones, X]).astype(PRECISE), y
        self.w = weights.astype(PRECISE) / weights.astype(PRECISE).sum()
        self.K, self.l2 = n_classes, PRECISE(l2)
        self.penalised = np.ones((n_classes, self.D.shape[1]), dtype=bool)
        self.penalised[:, : int(intercept)] = False
        self.free = np.ones_like(self.penalised)
        if n_classes == 2:
            self.free[0] = False
        else:
            self.free[0, : int(intercept)] = False

    def full(self, theta):
        """θ as the package has it, as (K, n+1)."""
        theta = np.asarray(theta, dtype=PRECISE)
        return np.stack([np.zeros_like(theta), theta]) if theta.ndim == 1 else theta

    def log_p(self, theta):
        z = self.D @ theta.T
        z = z - z.max(axis=1, keepdims=True)
        others = np.exp(z)
        others[np.arange(len(z)), z.argmax(axis=1)] = 0
        # Added to the largest, which is 1, a small rest would be rounded.
        return z - np.log1p(others.sum(axis=1, keepdims=True))

    def value(self, theta):
        loss = -self.log_p(theta)[np.arange(len(self.y)), self.y]
        return (self.w * loss).sum() + self.l2 * (theta[self.penalised] ** 2).sum()

    def minimum(self):
        """The least value, and what Newton's decrement says that it may still be too high."""
        theta, truth = np.zeros(self.free.shape, dtype=PRECISE), np.eye(self.K, dtype=PRECISE)[self.y]
        value, decrement = self.value(theta), PRECISE(np.inf)
        for _ in range(500):
            p = np.exp(self.log_p(theta))
            gradient = ((p - truth) * self.w[:, None]).T @ self.D + 2 * self.l2 * theta * self.penalised
            covariance = self.w[:, None, None] * (p[:, :, None] * np.eye(self.K) - p[:, :, None] * p[:, None, :])
            hessian = np.einsum("ikl,ia,ib->kalb", covariance, self.D, self.D).reshape(theta.size, -1)
            hessian[np.diag_indices(theta.size)] += 2 * self.l2 * self.penalised.ravel()
            free = self.free.ravel()
            step = np.zeros(theta.size, dtype=PRECISE)
            step[free] = -solved(hessian[np.ix_(free, free)], gradient.ravel()[free])
            decrement = -(gradient.ravel() * step).sum()
            if decrement <= 1e-16 * value:
                break
            length = PRECISE(1)
            while self.value(theta + length * step.reshape(theta.shape)) > value - length * decrement / 4:
                length /= 2
                if length < 1e-12:
                    return value, decrement
            theta = theta + length * step.reshape(theta.shape)
            value = self.value(theta)
        return value, decrement


def solved(A, b):
    """A⁻¹b for a positive definite A, scaled to a diagonal of ones, by Cholesky's method."""
    scale = 1 / np.sqrt(np.diag(A))
    A, n = A * scale * scale[:, None], len(b)
    L = np.zeros_like(A)
    for j in range(n):
        L[j, j] = np.sqrt(A[j, j] - (L[j, :j] ** 2).sum())
        L[j + 1 :, j] = (A[j + 1 :, j] - L[j + 1 :, :j] @ L[j, :j]) / L[j, j]
    x = b * scale
    for j in range(n):
        x[j] = (x[j] - L[j, :j] @ x[:j]) / L[j, j]
    for j in reversed(range(n)):
        x[j] = (x[j] - L[j + 1 :, j] @ x[j + 1 :]) / L[j, j]
    return x * scale


def random_problem(seed):
    """Two classes or more, weights, λ from 1 to 1e-9, some separable, columns and rows of all sizes."""
    random = np.random.default_rng(seed)
    m, n, classes = int(random.integers(8, 50)), int(random.integers(1, 6)), int(random.choice([2, 2, 3, 4]))
    X = random.normal(size=(m, n)) * (random.random((m, n)) < 0.7)
    y = random.integers(classes, size=m)
    if seed % 4 == 0:  # separable
        y = np.argmax(X @ random.normal(size=(n, classes)), axis=1)
    y[-classes:] = np.arange(classes)
    if seed % 5 == 1:
        X *= 10.0 ** random.uniform(-4, 4, n)
    if seed % 5 == 2:
        X *= 10.0 ** random.uniform(-3, 3, (m, 1))
    if seed % 10 == 3:
        X = X + 100
    weights = [np.ones(m), random.uniform(0.1, 3, m), 10.0 ** random.uniform(-6, 6, m)][seed % 3]
    return X, y, classes, 10.0 ** random.uniform(-9, 0), weights, seed % 7 != 6


PATIENCE = {"dual": 400, "newton": 200, "batch": 60, "stochastic": 10, "minibatch": 10}


@pytest.mark.skipif(np.finfo(PRECISE).eps > 1e-18, reason="this machine's long double has no more digits than a double")
@pytest.mark.parametrize(
    "first", [0, 10, 20, *(pytest.param(first, marks=pytest.mark.slow) for first in range(30, N_PROBLEMS, 10))]
)
def test_every_certificate_holds_the_truth(first):
    proven = dict.fromkeys(PATIENCE, 0)
    for seed in range(first, first + 10):
        X, y, classes, l2, weights, intercept = random_problem(seed)
        precise = Precise(X, y, classes, l2, weights, intercept)
        best, decrement = precise.minimum()
        assert decrement < 1e-9 * best, seed
        objective = Objective.of(DenseMatrix(X, intercept), y, n_classes=classes, l2=l2, sample_weight=weights)
        tol = [1e-1, 1e-4, 1e-8, 1e-11][seed % 4]
        for solver, most in PATIENCE.items():
            solution = minimise(objective, Settings(solver=solver, tol=tol, max_iter=most))
            value, (relative, bound, told, reason) = precise.value(precise.full(solution.theta)), solution.certificate
            assert reason is None
            # Only the rounding of the extended precision itself is forgiven.
            assert value - best <= bound + ROUNDING * best, (seed, solver)
            assert value <= (1 + PRECISE(relative) + ROUNDING) * best, (seed, solver)
            assert abs(told - value) <= 1e-12 * value, (seed, solver)
            if solution.converged:
                assert relative <= tol
            proven[solver] += solution.converged
    assert proven["newton"] >= 8
    assert proven["dual"] >= 1


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("weighted", [False, True])
def test_without_a_penalty_the_weights_are_those_of_statsmodels(classes, weighted):
    random = np.random.default_rng(classes)
    X = random.normal(size=(300, 4)) * [1.0, 10.0, 0.1, 1.0] + [0.0, 3.0, 0.0, -1.0]
    y = np.argmax(X @ random.normal(size=(4, classes)) / 3 + random.gumbel(size=(300, classes)), axis=1)
    repeats = random.integers(1, 4, 300) if weighted else np.ones(300, dtype=int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        statsmodels = pytest.importorskip("statsmodels.api")
        D = statsmodels.add_constant(np.repeat(X, repeats, axis=0))
        model = (statsmodels.Logit if classes == 2 else statsmodels.MNLogit)(np.repeat(y, repeats), D)
        found = np.asarray(model.fit(method="newton", maxiter=100, tol=1e-14, disp=0).params)
    objective = Objective.of(DenseMatrix(X), y, n_classes=classes, l2=0.0, sample_weight=repeats.astype(float))
    theta = newton(objective, epsilon=1e-22).theta
    ours, theirs = (theta, found) if classes == 2 else (theta[1:] - theta[0], found.T)
    assert np.abs(ours - theirs).max() <= 1e-8 * np.abs(theirs).max()
    # What the public class ends with differs in the weights' seventh digit, and not in the loss's twelfth.
    by_habit = LogisticRegression(l2=0.0).fit(X, y, repeats)
    least = objective.value(theta)
    assert objective.value(by_habit.theta_) <= least + 1e-12


@pytest.mark.parametrize("n_classes", [2, 3, 10, 100, pytest.param(1000, marks=pytest.mark.slow)])
def test_from_two_classes_to_a_thousand(n_classes):
    random = np.random.default_rng(n_classes)
    m, n = max(200, 3 * n_classes), 40
    columns = random.integers(n, size=(m, 5))
    X = csr_matrix((random.random(5 * m), (np.repeat(np.arange(m), 5), columns.ravel())), shape=(m, n))
    y = np.arange(m) % n_classes
    ours = LogisticRegression(C=1.0).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = Reference(C=1.0, tol=1e-6, max_iter=200).fit(X, y)
    values = [
        -model.predict_log_proba(X)[np.arange(m), y].mean() + ours.l2_ * np.sum(model.coef_**2)
        for model in (ours, theirs)
    ]
    assert ours.certificate_ <= 1e-7
    assert values[0] <= (1 + ours.certificate_) * values[1]
    assert values[1] <= (1 + 1e-3) * values[0]


@pytest.mark.parametrize("solver", ["dual", "newton"])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_single_non_zero_number(solver, classes):
    X, y = np.zeros((9, 4)), np.arange(9) % classes
    X[4, 2] = 7.0
    weights = np.ones(9)
    best, _ = Precise(X, y, classes, 1e-3, weights).minimum()
    model = LogisticRegression(l2=1e-3, solver=solver, tol=1e-9).fit(csr_matrix(X), y)
    loss = -model.predict_log_proba(X)[np.arange(9), y].mean()
    assert float(loss + 1e-3 * np.sum(model.coef_**2)) == pytest.approx(float(best), rel=2e-9)
    assert np.count_nonzero(np.delete(model.coef_, 2, axis=1)) == 0


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), classes=st.integers(2, 4))
def test_the_order_of_columns_and_of_class_names_does_not_matter(seed, classes):
    random = np.random.default_rng(seed)
    X, y = random.normal(size=(30, 4)), np.arange(30) % classes
    names, columns = random.permutation(classes), random.permutation(4)
    plain = LogisticRegression(l2=0.02, tol=1e-10).fit(X, y)
    renamed = LogisticRegression(l2=0.02, tol=1e-10).fit(X[:, columns], names[y])
    p = renamed.predict_proba(X[:, columns])[:, names]
    assert np.abs(plain.predict_proba(X) - p).max() < 1e-4


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), exponents=st.lists(st.integers(-3, 3), min_size=3, max_size=3))
def test_without_a_penalty_no_scale_of_a_column_matters(seed, exponents):
    random = np.random.default_rng(seed)
    X = random.normal(size=(80, 3))
    y = (X @ [0.5, -0.5, 0.2] + random.logistic(size=80) > 0).astype(int)
    scaled = X * 10.0 ** np.array(exponents)
    plain, other = LogisticRegression(l2=0.0).fit(X, y), LogisticRegression(l2=0.0).fit(scaled, y)
    assert np.abs(plain.predict_proba(X) - other.predict_proba(scaled)).max() < 1e-6


@pytest.mark.parametrize("solver", list(DESCENTS))
def test_the_curve_of_a_descent_that_may_stop_early_has_both_losses_passes_and_seconds(solver):
    random = np.random.default_rng(0)
    X, y = random.normal(size=(400, 60)), np.arange(400) % 2
    model = LogisticRegression(l2=0.0, solver=solver, patience=2, max_iter=30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    curve = model.loss_curve_
    assert [record.passes for record in curve] == list(range(len(curve)))
    assert all(np.isfinite([record.training_loss, record.validation_loss]).all() for record in curve)
    seconds = [record.seconds for record in curve]
    assert seconds == sorted(seconds)
    assert seconds[0] >= 0


@pytest.mark.parametrize("solver", ["auto", "dual", "newton", "elastic_net"])
def test_every_curve_counts_its_seconds(solver):
    random = np.random.default_rng(0)
    X, y = random.normal(size=(60, 3)) * [1e3, 1.0, 1e-3], np.arange(60) % 2
    model = LogisticRegression(l2=1e-9, solver=solver, tol=1e-9, max_iter=50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        curve = model.fit(X, y).loss_curve_
    seconds = [record.seconds for record in curve]
    assert seconds == sorted(seconds)
    assert seconds[-1] > 0


def test_a_proof_asked_for_too_early_does_not_keep_the_ascent_from_another():
    """Rows that a loose tolerance spares must not hold the ascent above the point where it asks again."""
    random = np.random.default_rng(1)
    X = (random.random((600, 400)) < 0.02).astype(float)
    y = random.integers(20, size=600)
    objective = Objective.of(DenseMatrix(X), y, n_classes=20, l2=1e-7)
    loose, tight = (dual(objective, tol=tol, max_iter=3000) for tol in (1e-2, 1e-4))
    assert loose.converged
    assert len(loose.loss_curve) <= 2 * len(tight.loss_curve)


@pytest.mark.slow
@pytest.mark.parametrize("l2", [1e-5, 3e-7])
@pytest.mark.parametrize(("name", "options"), [("imdb", {}), ("languages", {"analyzer": "char_wb", "ngrams": (2, 4)})])
def test_the_certificate_of_a_real_fit_is_at_most_ten_times_the_truth(corpus, name, options, l2):
    texts, labels = real_rows(corpus, name)
    loose, tight = (
        vikt.TextClassifier(solver="dual", l2=l2, tol=tol, **options).fit(texts, labels) for tol in (1e-4, 1e-6)
    )
    assert loose.loss_ - tight.loss_ <= loose.bound_
    # The loss of the tighter fit is above the least there is, so the ratio is overestimated.
    ratio = loose.bound_ / (loose.loss_ - tight.loss_)
    print(f"{name}, λ = {l2:g}: the bound is {ratio:.2f} times the truth")
    assert ratio <= 10


def real_rows(corpus, name):
    if name == "imdb":
        parquet = pytest.importorskip("pyarrow.parquet")
        table = parquet.read_table(corpus("imdb/train.parquet"))
        return table["text"].to_pylist(), table["label"].to_pylist()
    header, *lines = corpus("languages/train.tsv").read_text(encoding="utf-8").rstrip("\n").split("\n")
    names, rows = header.split("\t"), [line.split("\t") for line in lines]
    return [row[names.index("text")] for row in rows], [row[names.index("label")] for row in rows]


@pytest.mark.parametrize("spread", [0, 6], ids=["equal weights", "weights from 1 to 1e6"])
def test_all_but_no_penalty_on_text_is_proven_in_few_passes(corpus, spread):
    """Newton's steps for the intercepts got lost here while they began at 0."""
    texts, labels = rows_of(corpus("sms/sms.tsv"), "label")
    X = vikt.TextVectorizer(analyzer="pattern", ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit_transform(texts)
    y = (np.array(labels) == "spam").astype(int)
    weights = 10.0 ** np.random.default_rng(0).uniform(0, spread, len(y))
    objective = Objective.of(design_matrix(X), y, n_classes=2, l2=1e-9, sample_weight=weights)
    solution = dual(objective, max_iter=200)
    assert solution.certificate.relative <= 1e-4
    assert objective.value(solution.theta) == pytest.approx(objective.value(newton(objective).theta), rel=2e-4)
