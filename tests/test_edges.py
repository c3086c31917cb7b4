"""Numbers at the edge: finite, right, and said. Right is what Newton's method in numbers of 50 digits finds."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest
from scipy.sparse import csr_matrix

from vikt.classifier import TextClassifier
from vikt.errors import ConvergenceWarning, DataError, UsageError
from vikt.estimators import LogisticRegression
from vikt.matrix import DenseMatrix
from vikt.model.objective import Objective
from vikt.solvers import Settings, minimise
from vikt.solvers.linear_systems import solve_semidefinite
from vikt.solvers.newton import newton

mp.mp.dps = 50
EXP, LOG, EXACT = (np.frompyfunc(f, 1, 1) for f in (mp.exp, mp.log, lambda number: mp.mpf(float(number))))
ROWS = 30


class Written:
    """The objective as it is written, in numbers of 50 digits; it shares no code with the package.

    θ is (1, n+1) for two classes and (K, n+1) for more.
    """

    def __init__(self, X, y, l2, weights=None, intercept=True):
        self.first, self.l2 = int(intercept), mp.mpf(l2)
        self.X = EXACT(np.hstack([np.ones((len(X), self.first)), X]))
        weights = EXACT(np.ones(len(X)) if weights is None else weights)
        self.share = weights / weights.sum()
        self.truth = EXACT(np.eye(max(y) + 1)[y])
        self.n_vectors = 1 if max(y) == 1 else max(y) + 1

    def log_p(self, theta):
        z = self.X @ theta.T
        z = np.hstack([0 * z, z]) if self.n_vectors == 1 else z
        z = z - z.max(axis=1, keepdims=True)
        return z - LOG(EXP(z).sum(axis=1, keepdims=True))

    def value(self, theta):
        theta = EXACT(np.atleast_2d(theta)) if theta.dtype != object else theta
        loss = -(self.truth * self.log_p(theta)).sum(axis=1)
        return (self.share * loss).sum() + self.l2 * (theta[:, self.first :] ** 2).sum()

    def slope_and_curvature(self, theta):
        """The gradient and Hessian, to which (Σ_k θ_k0)² is added: it is 0 at last, and centres the intercepts."""
        p = EXP(self.log_p(theta))
        p, truth = (p[:, 1:], self.truth[:, 1:]) if self.n_vectors == 1 else (p, self.truth)
        n, flat = theta.shape[1], theta.size
        penalised = np.array([mp.mpf(0)] * self.first + [mp.mpf(1)] * (n - self.first))
        slope = ((p - truth) * self.share[:, None]).T @ self.X + 2 * self.l2 * penalised * theta
        curvature = np.full((flat, flat), mp.mpf(0))
        for k in range(self.n_vectors):
            for other in range(self.n_vectors):
                covariance = p[:, k] * ((1 if k == other else 0) - p[:, other])
                block = (self.X * (self.share * covariance)[:, None]).T @ self.X
                free = np.diag(1 - penalised) if self.l2 else np.diag(penalised * 0 + 1)
                block = block + (free if self.n_vectors > 1 else 0)
                if k == other:
                    block = block + np.diag(2 * self.l2 * penalised)
                curvature[k * n : (k + 1) * n, other * n : (other + 1) * n] = block
        return slope, curvature

    def optimum(self):
        """θ* and L̂*."""
        theta = np.full((self.n_vectors, self.X.shape[1]), mp.mpf(0))
        value = self.value(theta)
        for _ in range(200):
            slope, curvature = self.slope_and_curvature(theta)
            step = mp.lu_solve(mp.matrix(curvature.tolist()), mp.matrix([-g for g in slope.ravel()]))
            step = np.array(list(step), dtype=object).reshape(theta.shape)
            fall = -(slope * step).sum()
            if fall < mp.mpf(10) ** -40 * value:
                return theta, value
            length = mp.mpf(1)
            while self.value(theta + length * step) > value - length * fall / 10**4:
                length /= 2
            theta = theta + length * step
            value = self.value(theta)
        raise AssertionError("the reference did not converge")


def some_rows(classes, m=ROWS, n=3):
    random = np.random.default_rng(classes)
    X, y = random.normal(size=(m, n)), random.integers(classes, size=m)
    y[:classes] = np.arange(classes)
    return X, y


def with_column(X, column):
    return np.column_stack([X, np.broadcast_to(column, len(X))])


def scaled_first(X, factor):
    return X * np.r_[factor, np.ones(X.shape[1] - 1)]


def separated(X, y):
    return np.column_stack([y + 0.1 * X[:, 0], X[:, 1:]])


def every_third(large, small):
    return np.tile([large, 1.0, small], ROWS // 3)


# Each makes (X, y, λ, weights) of some rows.
CASES = {
    "ordinary": lambda X, y: (X, y, 0.01, None),
    "rows all equal": lambda X, y: (0 * X + 2, y, 0.01, None),
    "rows all empty": lambda X, y: (0 * X, y, 0.01, None),
    "a column of 1e12": lambda X, y: (scaled_first(X, 1e12), y, 0.01, None),
    "a column of 1e12, λ to match": lambda X, y: (scaled_first(X, 1e12), y, 1e22, None),
    "only 1e12": lambda X, y: (X[:, :1] * 1e12, y, 0.01, None),
    "only 1e12, λ to match": lambda X, y: (X * 1e12, y, 1e22, None),
    "only 1e-12": lambda X, y: (X * 1e-12, y, 0.01, None),
    "only 1e-12, λ to match": lambda X, y: (X * 1e-12, y, 1e-26, None),
    "a column of 1e-12": lambda X, y: (scaled_first(X, 1e-12), y, 0.01, None),
    "a constant column": lambda X, y: (with_column(X, 5.0), y, 0.01, None),
    "a constant column of 1e6": lambda X, y: (with_column(X, 1e6), y, 0.01, None),
    "a column of zeros": lambda X, y: (with_column(X, 0.0), y, 0.01, None),
    "two equal columns": lambda X, y: (with_column(X, X[:, 0]), y, 0.01, None),
    "separable": lambda X, y: (separated(X, y), y, 1e-3, None),
    "separable, tiny λ": lambda X, y: (separated(X, y), y, 1e-6, None),
    "tiny λ": lambda X, y: (X, y, 1e-9, None),
    "one row of each class": lambda X, y: (X[: max(y) + 1], np.arange(max(y) + 1), 0.01, None),
    "fewer rows than columns": lambda X, y: (X.reshape(9, 10), np.arange(9) % (max(y) + 1), 0.01, None),
    "one non-zero": lambda X, y: (X * np.outer(np.arange(ROWS) == 2, [0, 1, 0]), y, 0.01, None),
    "weights of 1e6 and 1e-6": lambda X, y: (X, y, 0.01, every_third(1e6, 1e-6)),
    "weights of 1e-6": lambda X, y: (X, y, 0.01, np.full(ROWS, 1e-6)),
    "one weight of 1e6": lambda X, y: (X, y, 0.01, np.where(np.arange(ROWS) == 5, 1e6, 1.0)),
    "classes of one row": lambda X, y: (X, np.maximum(max(y) - np.arange(ROWS), 0), 0.01, None),
}


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", CASES)
def test_finite_and_right_as_far_as_the_certificate_promises(name, classes):
    X, y, l2, weights = CASES[name](*some_rows(classes))
    model = LogisticRegression(l2=l2).fit(X, y, weights)
    # Rounding of sums of 1e12 ends a fit sooner, without a warning, as nothing tighter was asked for.
    assert model.certificate_ <= (1e-4 if "1e12" in name else 1e-7)
    promised_by(model, Written(X, y, l2, weights), X)


@pytest.mark.parametrize("classes", [2, 3])
def test_no_intercept(classes):
    X, y = some_rows(classes)
    model = LogisticRegression(l2=0.01, fit_intercept=False).fit(X, y)
    promised_by(model, Written(X, y, 0.01, intercept=False), X)


def promised_by(model, written, X):
    """L̂ within the bound B of L̂*; and as L̂ - L̂* = mean KL(p*‖p) + λ‖θ - θ*‖² whatever θ is, so are both of these."""
    theta, least = written.optimum()
    excess = written.value(model.theta_) - least
    bound = written.value(model.theta_) * model.certificate_ / (1 + model.certificate_)
    assert np.isfinite(model.theta_).all()
    assert 0 <= excess + mp.mpf(10) ** -38 * least <= bound * (1 + 1e-9)
    apart = EXACT(np.atleast_2d(model.theta_)) - theta
    assert written.l2 * (apart[:, written.first :] ** 2).sum() <= bound
    true_p = EXP(written.log_p(theta))
    p = model.predict_proba(X)
    assert np.all((p >= 0) & (p <= 1))
    assert np.abs(p.sum(axis=1) - 1).max() < 1e-12
    # Pinsker's inequality.
    assert (written.share * abs(EXACT(p) - true_p).sum(axis=1) ** 2).sum() <= 2 * bound + 1e-20


@pytest.mark.parametrize("classes", [2, 3])
def test_what_float64_cannot_prove_is_right_all_the_same_and_said(classes):
    """At 1e12, rounding of the gradient is 1e-4; squared and over 4λ it proves nothing for a small λ."""
    X, y = some_rows(classes)
    X = scaled_first(X, 1e12)
    with pytest.warns(ConvergenceWarning, match=r"rounding .*; raise tol, or scale the features"):
        model = LogisticRegression(l2=1e-6).fit(X, y)
    written = Written(X, y, 1e-6)
    assert written.value(model.theta_) - written.optimum()[1] < 1e-12
    assert model.certificate_ > 1e-4


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("tol", [1e-4, 1e-10])
def test_a_column_far_from_zero_that_varies_little(classes, tol):
    X, y = some_rows(classes)
    X = np.round(X, 3) + np.r_[1e8, 0, 0]
    model = LogisticRegression(l2=1e-3, tol=tol).fit(X, y)
    promised_by(model, Written(X, y, 1e-3), X)


@pytest.mark.parametrize("seed", range(8))
def test_scores_that_round_to_more_than_a_step_gains_do_not_end_a_fit(seed):
    """Each order of the rows rounds in its own way, as each processor's own products do."""
    X, y = some_rows(2)
    order = np.random.default_rng(seed).permutation(ROWS)
    X = np.round(X, 3) + np.r_[1e8, 0, 0]
    assert newton(Objective.of(DenseMatrix(X[order]), y[order], n_classes=2, l2=1e-3), tol=1e-10).converged


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("l2", [1e-3, 0.1, 10.0])
def test_where_the_scores_are_rounding_the_bound_knows_it(classes, l2):
    """At 1e12 and one more or less, the terms of a score cancel but for their last digits."""
    X, y = some_rows(classes)
    X = np.round(X, 2) + np.r_[1e12, 0, 0]
    with pytest.warns(ConvergenceWarning, match="scale the features"):
        model = LogisticRegression(l2=l2, tol=1e-8).fit(X, y)
    written = Written(X, y, l2)
    excess = written.value(model.theta_) - written.optimum()[1]
    c = model.certificate_
    assert excess < 1e-6
    assert c > 1e-4
    assert np.isinf(c) or excess <= written.value(model.theta_) * c / (1 + c)


@pytest.mark.parametrize("classes", [2, 3])
def test_equal_columns_share_their_weight_and_constant_ones_have_none(classes):
    X, y = some_rows(classes)
    X = np.column_stack([X, X[:, 0], np.zeros(ROWS)])
    coefficients = LogisticRegression(l2=0.01).fit(X, y).coef_
    assert coefficients[:, 0] == pytest.approx(coefficients[:, 3], abs=1e-9)
    assert not coefficients[:, 4].any()
    constant = LogisticRegression(l2=0.01, tol=1e-10).fit(with_column(X, 7.0), y)
    assert np.abs(constant.coef_[:, -1]).max() < 1e-4


@pytest.mark.parametrize("shares", [[3, 1], [4, 2, 1]])
def test_rows_all_equal_learn_the_share_of_each_class_and_no_weight(shares):
    y = np.repeat(np.arange(len(shares)), shares)
    model = LogisticRegression(tol=1e-8).fit(np.ones((len(y), 4)), y)
    assert np.abs(model.coef_).max() < 1e-8
    log_shares = np.log(shares)
    expected = [log_shares[1] - log_shares[0]] if len(shares) == 2 else log_shares - log_shares.mean()
    assert model.intercept_ == pytest.approx(np.array(expected), abs=1e-8)


def test_one_word_rows_by_the_thousand():
    """3,000 words, each in two rows and of one class: by symmetry a word of its own weighs as much as any other.

    Put together, 1,500 columns with weight t each are one column of 1/√1500 with weight √1500·t.
    """
    words = np.arange(6000) % 3000
    X, y = csr_matrix((np.ones(6000), (np.arange(6000), words))), words % 2
    written = Written(np.diag([1500**-0.5] * 2), [0, 1], 1e-4)
    theta, least = written.optimum()
    model = LogisticRegression(l2=1e-4, tol=1e-8).fit(X, y)
    expected = float(theta[0, 2]) / 1500**0.5
    assert model.certificate_ <= 1e-8
    apart = model.coef_[0] - np.where(np.arange(3000) % 2, expected, -expected)
    assert 1e-4 * np.sum(apart**2) <= 1e-8 * least
    assert np.abs(apart).max() < 1e-3
    assert abs(model.intercept_[0]) < 1e-3
    p = model.predict_proba(X)
    assert -np.log(p[np.arange(6000), y]).mean() + 1e-4 * np.sum(model.coef_**2) == pytest.approx(
        float(least), rel=1e-8
    )


def test_one_word_texts_by_the_thousand():
    texts = [f"word{number}" for number in range(3000)] * 2
    labels = [text[-1] in "02468" for text in texts]
    theta, least = Written(np.diag([1500**-0.5] * 2), [0, 1], 1e-4).optimum()
    classifier = TextClassifier(l2=1e-4, min_df=1, ngrams=(1, 1), tol=1e-6).fit(texts, labels)
    assert classifier.certificate_ <= 1e-6
    assert 0 <= classifier.loss_ - float(least) <= classifier.bound_
    assert np.abs(classifier.theta_[1:]).max() == pytest.approx(float(theta[0, 2]) / 1500**0.5, rel=0.02)
    assert classifier.predict(texts).tolist() == labels
    # λ by validation, where no word validated on was ever seen.
    chosen = TextClassifier(min_df=1, ngrams=(1, 1)).fit(texts, labels)
    assert np.isfinite(chosen.theta_).all()
    assert chosen.certificate_ <= 1e-7


def test_texts_all_equal_with_mixed_labels():
    classifier = TextClassifier(l2=0.01).fit(["the same text"] * 12, ["a"] * 6 + ["b"] * 4 + ["c"] * 2)
    assert classifier.predict_proba(["the same text", "another"]) == pytest.approx(
        np.tile([1 / 2, 1 / 3, 1 / 6], (2, 1)), abs=1e-6
    )
    assert classifier.certificate_ <= 1e-7


@pytest.mark.parametrize("classes", [2, 3, 50])
@pytest.mark.parametrize("score", [1.0, 30.0, 700.0, 1e6])
def test_log_probabilities_are_exact_at_any_score(classes, score):
    random = np.random.default_rng(0)
    X, y = some_rows(classes, m=60)
    model = LogisticRegression().fit(X, y)
    model.theta_ = random.normal(size=model.theta_.shape) * score
    exact = Written(X, y, 0).log_p(EXACT(np.atleast_2d(model.theta_)))
    found = model.predict_log_proba(X)
    assert np.isfinite(found).all()
    # The scores' own rounding is all that is lost.
    scores = np.abs(np.column_stack([np.ones(len(X)), np.abs(X)]) @ np.abs(np.atleast_2d(model.theta_)).T).max()
    assert np.abs(EXACT(found) - exact).max() <= 16 * np.finfo(float).eps * scores
    p = model.predict_proba(X)
    assert np.all((p >= 0) & (p <= 1))
    assert np.abs(p.sum(axis=1) - 1).max() < 1e-12


@pytest.mark.parametrize("classes", [2, 3])
def test_no_penalty_is_right_and_says_that_nothing_bounds_it(classes):
    X, y = some_rows(classes)
    model = LogisticRegression(l2=0.0).fit(X, y)
    written = Written(X, y, 0)
    theta, least = written.optimum()
    assert written.value(model.theta_) - least < 1e-12
    # More than two classes: all weights of a feature may move together.
    coefficients = model.coef_ - (model.coef_.mean(axis=0) if classes > 2 else 0)
    assert np.abs(coefficients - theta[:, 1:].astype(float)).max() < 1e-6
    assert np.abs(model.intercept_ - theta[:, 0].astype(float)).max() < 1e-6
    slope, _ = written.slope_and_curvature(EXACT(np.atleast_2d(model.theta_)))
    assert (slope**2).sum() < 1e-12
    assert np.isnan(model.certificate_)
    assert "λ = 0" in model.certificate_reason_
    assert "ε = 1.0e-12" in model.stopping_reason_


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_no_penalty_at_any_scale(factor):
    X, y = some_rows(2)
    objective = Objective.of(DenseMatrix(scaled_first(X, factor)), y, n_classes=2, l2=0.0)
    written = Written(objective.rows.X.values, y, 0)
    assert written.value(newton(objective).theta) - written.optimum()[1] < 1e-12


def test_equal_and_constant_columns_without_a_penalty():
    X, y = some_rows(2)
    doubled = np.column_stack([X, X[:, 0], np.full(ROWS, 0.1)])
    model, plain = (LogisticRegression(l2=0.0).fit(rows, y) for rows in (doubled, X))
    assert model.predict_proba(doubled) == pytest.approx(plain.predict_proba(X), abs=1e-9)


def in_part(classes):
    """Rows that cannot be told apart but for one, which has a feature of its own."""
    X, y = some_rows(classes)
    return with_column(X, np.arange(ROWS) == 5), y


def wholly(classes, scale=1.0):
    X, y = some_rows(classes)
    return (np.eye(3)[y] + 0.1 * X) * scale, y


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        (wholly(2), "separable:"),
        (wholly(3), "separable:"),
        (wholly(2, 1e12), "separable:"),
        (wholly(2, 1e-12), "separable:"),
        (in_part(2), "separable in part:"),
        (in_part(3), "separable in part:"),
    ],
)
@pytest.mark.parametrize("intercept", [True, False])
def test_a_separable_set_without_a_penalty_says_which_penalty_makes_it_well_posed(rows, what, intercept):
    X, y = rows
    with pytest.warns(ConvergenceWarning, match="no optimum; l2="):
        model = LogisticRegression(l2=0.0, fit_intercept=intercept).fit(X, y)
    assert np.isfinite(model.theta_).all()
    assert np.isfinite(model.predict_log_proba(X)).all()
    assert np.isnan(model.certificate_)
    assert what in model.certificate_reason_
    l2 = float(model.certificate_reason_.split("l2=")[1].split(" ")[0])
    assert l2 == pytest.approx(np.mean(np.sum(X**2, axis=1)) / (200 * len(y)), rel=0.01)
    posed = LogisticRegression(l2=l2, fit_intercept=intercept).fit(X, y)
    assert posed.certificate_ <= 1e-7
    promised_by(posed, Written(X, y, l2, intercept=intercept), X)


@pytest.mark.parametrize("solver", ["newton", "batch", "minibatch", "stochastic"])
def test_every_solver_says_that_a_set_is_separable(solver):
    X, y = np.array([[-2.0], [-1.0], [1.0], [2.0]]), [0, 0, 1, 1]
    with pytest.warns(ConvergenceWarning, match="the training rows are separable"):
        model = LogisticRegression(l2=0.0, solver=solver).fit(X, y)
    assert np.isfinite(model.theta_).all()


def test_texts_that_are_separable_say_so():
    with pytest.warns(ConvergenceWarning, match="the training rows are separable"):
        classifier = TextClassifier(l2=0.0, min_df=1).fit(["good", "fine", "bad", "poor"], ["+", "+", "-", "-"])
    assert "l2=" in classifier.certificate_reason_
    assert np.isfinite(classifier.theta_).all()


def test_rows_that_are_not_separable_are_not_called_so():
    random = np.random.default_rng(0)
    X = random.normal(size=(400, 4))
    y = (random.random(400) < 1 / (1 + np.exp(-8 * X[:, 0]))).astype(int)
    model = LogisticRegression(l2=0.0).fit(X, y)
    assert "separable" not in model.certificate_reason_
    # Some rows are all but certain.
    assert model.predict_proba(X).max() > 1 - 1e-6


@pytest.mark.parametrize("n_classes", [200, 1000])
def test_many_classes_of_a_few_rows_each(n_classes):
    """Each row a word of its class and one of its neighbours': all classes are alike, so that intercepts are 0."""
    y = np.repeat(np.arange(n_classes), 3)
    columns = np.column_stack([y, (y + np.tile([0, 1, -1], n_classes)) % n_classes + n_classes])
    X = csr_matrix((np.ones(columns.size), columns.ravel(), np.arange(0, columns.size + 1, 2)))
    model = LogisticRegression(C=1.0, tol=1e-3).fit(X, y)
    p = model.predict_proba(X)
    assert np.isfinite(model.theta_).all()
    assert np.isfinite(model.predict_log_proba(X)).all()
    assert np.abs(p.sum(axis=1) - 1).max() < 1e-9
    assert model.certificate_ <= 1e-3
    assert model.score(X, y) == 1.0
    assert np.abs(model.intercept_).max() < 0.1


def test_newton_takes_more_weights_than_a_hessian_has_room_for():
    rows = csr_matrix((np.ones(2), ([0, 1], [0, 9000])), shape=(2, 9001))
    assert LogisticRegression(solver="newton").fit(rows, [0, 1]).certificate_ <= 1e-7


def test_max_iter_holds_across_both_solvers():
    X, y = some_rows(2)
    X = csr_matrix(scaled_first(X, 1e12))
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        model = LogisticRegression(l2=0.01, max_iter=12).fit(X, y)
    assert model.n_iter_[0] <= 12


@pytest.mark.parametrize("rank", [1, 3, 5])
def test_a_semidefinite_system_is_solved_where_it_can_be(rank):
    root = np.random.default_rng(rank).normal(size=(5, rank))
    matrix = root @ root.T
    right = matrix @ np.arange(5.0)
    assert matrix @ solve_semidefinite(matrix, right) == pytest.approx(right, abs=1e-9)


def test_newton_reaches_rounding():
    X, y = some_rows(3)
    solution = minimise(Objective.of(DenseMatrix(X), y, n_classes=3, l2=0.01), Settings(solver="newton", tol=1e-13))
    assert solution.certificate.relative <= 1e-13
    assert math.isclose(solution.certificate.value, float(Written(X, y, 0.01).optimum()[1]), rel_tol=1e-13)


@pytest.mark.parametrize(
    ("factor", "l2", "error", "message"),
    [
        (1e200, 0.01, DataError, "numbers as large as .*scale its columns below 1e"),
        (1.0, 1e-300, UsageError, "found 1e-300; choose 0"),
    ],
)
def test_what_leaves_the_range_of_float64_is_refused(factor, l2, error, message):
    X, y = some_rows(2)
    with pytest.raises(error, match=message):
        LogisticRegression(l2=l2).fit(X * factor, y)


@pytest.mark.filterwarnings("ignore::vikt.errors.ConvergenceWarning")
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("l2", [0.0, 1e-90, 1e-3, 1e20])
@pytest.mark.parametrize("factor", [1e29, 1e20, 1e-20, 1e-100, 5e-324])
def test_the_ends_of_the_range_are_finite(factor, l2, classes):
    X, y = some_rows(classes)
    X = scaled_first(X, factor)
    model = LogisticRegression(l2=l2).fit(X, y)
    log_p = model.predict_log_proba(X)
    assert np.isfinite(model.theta_).all()
    assert np.isfinite(log_p).all()
    assert -log_p[np.arange(ROWS), y].mean() <= np.log(classes)
