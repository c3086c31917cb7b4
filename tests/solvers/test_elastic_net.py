"""L1 and elastic net: the optimum that others find, zeros that are exact, a proof that holds; offsets; warm starts."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import expit, logsumexp
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.linear_model import LogisticRegression as Reference

from vikt import TextClassifier, load
from vikt.errors import DataError, UsageError
from vikt.estimators import LogisticRegression
from vikt.matrix import DenseMatrix, SparseMatrix
from vikt.model.objective import Objective
from vikt.solvers import Settings, minimise
from vikt.solvers.certificate import gradient_certificate
from vikt.solvers.elastic_net import elastic_net


def problem(seed, m=40, n=8, classes=2, l2=0.0, l1=0.02, intercept=True, weighted=False, far=0.0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(m, n)) * (random.random((m, n)) < 0.6) + far
    y = random.integers(classes, size=m)
    y[-classes:] = np.arange(classes)
    weights = random.uniform(0.1, 3.0, m) if weighted else None
    return Objective.of(DenseMatrix(X, intercept), y, n_classes=classes, l2=l2, l1=l1, sample_weight=weights)


def least(objective):
    """By a general minimiser on positive and negative parts, where |θ| is smooth, and with code of its own."""
    X, y, w = objective.rows.X.values, objective.rows.y, objective.rows.weights / objective.rows.weights.sum()
    if objective.rows.X.has_dummy:
        # The intercept makes up for it, which is free; far from zero the minimiser would take long.
        X = X - X.mean(axis=0)
    first, n = int(objective.rows.X.has_dummy), objective.rows.X.n_features
    K = 1 if len(objective.shape) == 1 else objective.loss.n_classes

    def value_and_gradient(flat):
        b, plus, minus = flat[:K], flat[K : K + K * n].reshape(K, n), flat[K + K * n :].reshape(K, n)
        theta = plus - minus
        z = X @ theta.T + b * first
        if K == 1:
            z = np.column_stack([np.zeros(len(X)), z])
        total = logsumexp(z, axis=1)
        residuals = np.exp(z - total[:, None])
        residuals[np.arange(len(y)), y] -= 1
        residuals = (residuals * w[:, None])[:, -K:]
        slope = residuals.T @ X + 2 * objective.l2 * theta
        value = w @ (total - z[np.arange(len(y)), y]) + objective.l2 * np.sum(theta**2)
        value += objective.l1 * np.sum(plus + minus)
        parts = [residuals.sum(axis=0) * first, (slope + objective.l1).ravel(), (objective.l1 - slope).ravel()]
        return value, np.concatenate(parts)

    bounds = [(None, None)] * K + [(0, None)] * (2 * K * n)
    options = {"maxiter": 100_000, "maxfun": 200_000, "ftol": 1e-16, "gtol": 1e-11}
    start = np.full(K + 2 * K * n, 1e-3)
    return minimize(value_and_gradient, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).fun


def slopes(objective, theta):
    """∂(mean loss)/∂θ_j of the weights that are penalised, by the formula as it is written."""
    X, w = objective.rows.X.values, objective.rows.weights / objective.rows.weights.sum()
    first = int(objective.rows.X.has_dummy)
    by_class = np.atleast_2d(theta)
    z = X @ by_class[:, first:].T + (by_class[:, 0] if first else 0)
    p = expit(z) if len(by_class) == 1 else np.exp(z - logsumexp(z, axis=1, keepdims=True))
    truth = objective.rows.y[:, None] if len(by_class) == 1 else np.eye(objective.loss.n_classes)[objective.rows.y]
    return ((p - truth) * w[:, None]).T @ X, by_class[:, first:]


def fitted_by_scikit_learn(X, y, **options):
    """Its versions differ in what they call for L1, and in which of both names they warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Reference(**options).fit(X, y)


def standardised(load):
    X, y = load(return_X_y=True)
    return (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-9), y


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize(
    ("load", "C"),
    [
        pytest.param(load_iris, 1.0, id="iris"),
        pytest.param(load_breast_cancer, 0.1, id="cancer"),
        pytest.param(load_digits, 0.02, id="digits", marks=pytest.mark.slow),
    ],
)
def test_the_optimum_is_scikit_learns(load, C, l1_ratio):
    X, y = standardised(load)
    ours = LogisticRegression(C, l1_ratio=l1_ratio, tol=1e-8).fit(X, y)
    options = {"solver": "saga", "tol": 1e-6, "max_iter": 20_000}
    reference = fitted_by_scikit_learn(X, y, C=C, penalty="elasticnet", l1_ratio=l1_ratio, **options)
    l2, l1 = (1 - l1_ratio) / (2 * C * len(y)), l1_ratio / (C * len(y))
    of = Objective.of(DenseMatrix(X), y, n_classes=len(ours.classes_), l2=l2, l1=l1)
    found = np.column_stack([reference.intercept_, reference.coef_]).reshape(of.shape)
    assert of.value(ours.theta_) == pytest.approx(of.value(found), rel=1e-6, abs=0)
    assert np.abs(ours.coef_ - reference.coef_).max() < 1e-2
    assert ours.certificate_ <= 1e-8


def test_the_optimum_without_an_intercept_is_liblinears():
    X, y = standardised(load_breast_cancer)
    ours = LogisticRegression(1.0, l1_ratio=1.0, tol=1e-9, fit_intercept=False).fit(X, y)
    options = {"solver": "liblinear", "fit_intercept": False, "tol": 1e-10, "max_iter": 100_000}
    reference = fitted_by_scikit_learn(X, y, C=1.0, penalty="l1", l1_ratio=1.0, **options)
    assert np.abs(ours.coef_ - reference.coef_).max() < 1e-4
    assert np.array_equal(ours.coef_ == 0, reference.coef_ == 0)
    assert ours.intercept_.tolist() == [0.0]


CASES = [
    {},
    {"classes": 3},
    {"l2": 0.01},
    {"l2": 1e-5, "classes": 4},
    {"intercept": False},
    {"classes": 3, "intercept": False},
    {"weighted": True},
    {"classes": 3, "weighted": True, "l2": 0.02},
    {"far": 50.0},
    {"l1": 0.001},
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_certificate_holds_the_truth_and_zeros_are_right(case):
    for seed in range(3):
        objective = problem(seed, **case)
        best = least(objective)
        for tol in (1e-1, 1e-3, 1e-8):
            solution = elastic_net(objective, tol=tol)
            value = objective.value(solution.theta)
            assert solution.converged
            assert value == pytest.approx(solution.certificate.value, rel=1e-12)
            assert value - best <= solution.certificate.bound + 1e-12
            assert value <= (1 + tol) * best + 1e-12
        slope, weights = slopes(objective, solution.theta)
        assert np.all(np.abs(slope[weights == 0]) <= objective.l1 * (1 + 1e-6))
        there = weights != 0
        kink = slope + 2 * objective.l2 * weights + objective.l1 * np.sign(weights)
        assert np.abs(kink[there]).max(initial=0.0) < 1e-5


@pytest.mark.parametrize("l2", [0.0, 1e-6, 0.01])
@pytest.mark.parametrize("classes", [2, 3])
def test_the_bound_holds_anywhere(classes, l2):
    for seed in range(5):
        objective = problem(seed, classes=classes, l2=l2)
        best = least(objective)
        for spread in (0.0, 0.1, 3.0):
            theta = np.random.default_rng(seed).normal(0, spread + 1e-12, objective.shape)
            theta, proof = gradient_certificate(objective, theta)
            assert objective.value(theta) - best <= proof.bound + 1e-12


def test_a_strong_penalty_leaves_the_base_rate_alone():
    objective = problem(3, weighted=True)
    rate = np.average(objective.rows.y, weights=objective.rows.weights)
    X, w = objective.rows.X.values, objective.rows.weights
    strongest = np.abs(X.T @ (w * (rate - objective.rows.y))).max() / w.sum()
    for l1, some in ((strongest * (1 + 1e-9), False), (strongest * 0.99, True)):
        theta = elastic_net(objective.with_l2(0.0, l1), tol=1e-10).theta
        assert bool(theta[1:].any()) == some
        if not some:
            assert theta[0] == pytest.approx(np.log(rate / (1 - rate)), rel=1e-12)


def test_glmnets_reference_values_hold_as_l1_vanishes():
    X = np.column_stack([np.arange(-4.0, 5.0), [0, 0, 1, 0, 1, 1, 1, 0, 0]])
    model = LogisticRegression(C=1 / 9, solver="elastic_net", tol=1e-14).fit(X, [0, 0, 0, 1, 1, 1, 1, 1, 1])
    assert model.intercept_[0] == pytest.approx(0.89230405539, rel=1e-5)
    assert model.coef_[0] == pytest.approx([0.44464569182, 0.01457563448], rel=1e-5)


@pytest.mark.parametrize("classes", [2, 3])
def test_sparse_is_dense(classes):
    dense = problem(1, classes=classes)
    rows = SparseMatrix(*dense.rows.X.compressed_rows(), dense.rows.X.n_features)
    sparse = Objective.of(rows, dense.rows.y, n_classes=classes, l2=dense.l2, l1=dense.l1)
    assert np.allclose(elastic_net(dense, tol=1e-9).theta, elastic_net(sparse, tol=1e-9).theta, rtol=0, atol=1e-10)


@pytest.mark.parametrize("classes", [2, 3])
def test_weight_two_is_the_row_twice_and_classes_weigh(classes):
    random = np.random.default_rng(0)
    X, y = random.normal(size=(60, 6)), np.arange(60) % classes
    weights = random.integers(0, 3, 60).astype(float)
    weighted = LogisticRegression(l1_ratio=0.7, tol=1e-9).fit(X, y, weights)
    rows = np.repeat(np.arange(60), weights.astype(int))
    assert np.array_equal(weighted.theta_, LogisticRegression(l1_ratio=0.7, tol=1e-9).fit(X[rows], y[rows]).theta_)
    by_class = LogisticRegression(l1_ratio=0.7, tol=1e-9, class_weight={0: 3.0}).fit(X, y)
    by_row = LogisticRegression(l1_ratio=0.7, tol=1e-9).fit(X, y, np.where(y == 0, 3.0, 1.0))
    assert np.array_equal(by_class.theta_, by_row.theta_)


def test_l2_given_is_the_strength_of_both():
    X, y = standardised(load_breast_cancer)
    by_C = LogisticRegression(0.3, l1_ratio=0.4).fit(X, y)
    assert by_C.l2_ == pytest.approx(1 / (2 * 0.3 * len(y)))
    assert by_C.l1_ == pytest.approx(0.4 / (0.3 * len(y)))
    assert np.array_equal(LogisticRegression(l2=by_C.l2_, l1_ratio=0.4).fit(X, y).theta_, by_C.theta_)


@pytest.mark.parametrize("solver", ["dual", "newton", "batch", "minibatch"])
def test_solvers_that_cannot_say_so(solver):
    with pytest.raises(UsageError, match="cannot take L1"):
        LogisticRegression(l1_ratio=0.5, solver=solver).fit([[0.0], [1.0]], [0, 1])
    if solver == "dual":
        with pytest.raises(UsageError, match="cannot take an offset"):
            LogisticRegression(solver=solver).fit([[0.0], [1.0]], [0, 1], offset=[0.0, 1.0])


@pytest.mark.parametrize("l1_ratio", [-0.1, 1.1, np.nan])
def test_a_ratio_is_from_0_to_1(l1_ratio):
    with pytest.raises(UsageError, match="l1_ratio"):
        LogisticRegression(l1_ratio=l1_ratio).fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(UsageError, match="l1_ratio"):
        TextClassifier(l1_ratio=l1_ratio).fit(["a", "b"], [0, 1])


def test_no_penalty_at_all_is_refused():
    with pytest.raises(UsageError, match="needs a penalty"):
        minimise(problem(0, l1=0.0), Settings(solver="elastic_net"))


@pytest.mark.parametrize("options", [{"l2": 0.0}, {"C": 1.0}, {"C": 1.0, "l1_ratio": 0.5}], ids=str)
@pytest.mark.parametrize("form", [np.asarray, csr_matrix])
def test_an_offset_is_a_column_of_fixed_weight(options, form):
    """Checked by the optimum's own equations, at the scores with the offset in them."""
    random = np.random.default_rng(0)
    X, known = random.normal(size=(200, 4)), random.normal(size=200)
    y = (random.random(200) < expit(X[:, 0] + known)).astype(int)
    model = LogisticRegression(tol=1e-12, **options).fit(form(X), y, offset=known)
    p = expit(X @ model.coef_[0] + model.intercept_[0] + known)
    assert np.allclose(model.predict_proba(form(X), offset=known)[:, 1], p)
    assert np.array_equal(model.predict(form(X), offset=known), p > 0.5)
    assert np.allclose(model.decision_function(form(X), known) - model.decision_function(form(X)), known)
    ratio, coefficients = options.get("l1_ratio", 0.0), model.coef_[0]
    slope = X.T @ (p - y) / 200 + 2 * (1 - ratio) * model.l2_ * coefficients
    assert abs(np.mean(p - y)) < 1e-6
    there = coefficients != 0
    assert np.abs(slope + model.l1_ * np.sign(coefficients))[there].max() < 1e-6
    assert np.all(np.abs(slope[~there]) <= model.l1_ + 1e-6)


def test_an_offset_equals_statsmodels():
    statsmodels = pytest.importorskip("statsmodels.api", reason="statsmodels is not installed")
    random = np.random.default_rng(1)
    X, known = random.normal(size=(300, 3)), random.normal(size=300)
    y = (random.random(300) < expit(X[:, 0] + known)).astype(int)
    model = LogisticRegression(l2=0.0, tol=1e-12).fit(X, y, offset=known)
    fitted = statsmodels.GLM(y, statsmodels.add_constant(X), family=statsmodels.families.Binomial(), offset=known).fit()
    assert np.allclose(model.theta_, fitted.params, rtol=0, atol=1e-6)


def test_an_offset_of_many_classes_and_of_the_rows_it_belongs_to():
    random = np.random.default_rng(2)
    X, known, y = random.normal(size=(90, 3)), random.normal(size=(90, 3)), np.arange(90) % 3
    X[:30] = X[30:60]  # equal rows, apart by their offsets
    model = LogisticRegression(l1_ratio=0.5, tol=1e-9).fit(X, y, offset=known)
    order = random.permutation(90)
    again = LogisticRegression(l1_ratio=0.5, tol=1e-9).fit(X[order], y[order], offset=known[order])
    assert np.array_equal(model.theta_, again.theta_)
    constant = LogisticRegression(l1_ratio=0.5, tol=1e-9).fit(X, y, offset=np.tile([1.0, 0.0, -1.0], (90, 1)))
    plain = LogisticRegression(l1_ratio=0.5, tol=1e-9).fit(X, y)
    assert np.allclose(constant.intercept_ + np.array([1.0, 0.0, -1.0]), plain.intercept_, atol=1e-4)
    assert np.allclose(constant.coef_, plain.coef_, atol=1e-4)


@pytest.mark.parametrize(
    ("offset", "message"), [([1.0], "expected shape"), ([np.nan, 0.0], "NaN"), (["a", "b"], "expected numbers")]
)
def test_offsets_that_cannot_be_are_refused(offset, message):
    with pytest.raises(DataError, match=message):
        LogisticRegression().fit([[0.0], [1.0]], [0, 1], offset=offset)


@pytest.mark.parametrize(
    "options",
    [
        {"l1_ratio": 0.8},
        {"l1_ratio": 0.8, "fit_intercept": False},
        {"solver": "dual"},
        {"solver": "dual", "fit_intercept": False},
        {"solver": "newton"},
        {"solver": "batch"},
    ],
)
def test_a_warm_start_takes_fewer_passes_to_the_same_optimum(options):
    X, y = standardised(load_iris)
    model = LogisticRegression(0.2, tol=1e-6, warm_start=True, max_iter=20_000, **options).fit(X, y)
    cold, theta = model.n_iter_[0], model.theta_
    model.fit(X, y)
    assert model.n_iter_[0] < cold
    assert np.allclose(model.theta_, theta, atol=1e-2)
    assert model.certificate_ <= 1e-6
    model.fit(X[:, :2], y)
    assert model.coef_.shape == (3, 2)
    model.fit(X[:, :2], np.where(y == 2, 1, y))
    assert model.coef_.shape == (1, 2)


def test_a_text_classifier_keeps_few_words_and_its_penalty(tmp_path):
    texts = ["a great film", "great fun", "a bad film", "bad and dull", "a great day", "a bad day"] * 4
    labels = ["pos", "pos", "neg", "neg", "pos", "neg"] * 4
    model = TextClassifier(min_df=1, l2=0.01, l1_ratio=1.0).fit(texts, labels)
    assert 0 < np.count_nonzero(model.theta_[1:]) < len(model.theta_) / 2
    assert (model.l2_, model.l1_) == (0.01, 0.02)
    assert model.certificate_ <= 1e-4
    model.save(tmp_path / "model.vikt")
    again = load(tmp_path / "model.vikt")
    assert (again.l1_, again.l1_ratio) == (0.02, 1.0)
    assert np.array_equal(again.predict_proba(texts), model.predict_proba(texts))
