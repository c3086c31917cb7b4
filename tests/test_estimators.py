"""The estimators keep scikit-learn's protocol, and agree with references that know nothing of them."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, csr_matrix, identity
from sklearn.naive_bayes import BernoulliNB, MultinomialNB
from sklearn.utils.estimator_checks import estimator_checks_generator

from vikt.classifier import TextClassifier
from vikt.errors import ClassesError, ConvergenceWarning, DataError, UsageError
from vikt.estimators import LogisticRegression, NaiveBayes
from vikt.fitting.rows import row_contents
from vikt.matrix import design_matrix
from vikt.names import LOOSE_TOL, TOL
from vikt.solvers import Settings

# The check itself fits negative values, which its own tag positive_only forbids. It passes over scikit-learn's own
# estimators of that kind, since they have no decision_function.
NOT_OURS = {"check_decision_proba_consistency": "NaiveBayes()"}


def checks():
    found = []
    for estimator in (LogisticRegression(), NaiveBayes(), NaiveBayes("bernoulli")):
        with warnings.catch_warnings():
            # It warns that we do not inherit from its base class, which is so on purpose.
            warnings.simplefilter("ignore")
            checks = list(estimator_checks_generator(estimator))
        for one, check in checks:
            name = check.func.__name__
            if NOT_OURS.get(name) != repr(estimator):
                found.append(pytest.param(one, check, id=f"{estimator!r}-{name}-{len(found)}"))
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "check"), checks())
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_glmnets_reference_values():
    X = np.column_stack([np.arange(-4.0, 5.0), [0, 0, 1, 0, 1, 1, 1, 0, 0]])
    model = LogisticRegression(C=1 / 9, tol=1e-14, max_iter=5000).fit(X, [0, 0, 0, 1, 1, 1, 1, 1, 1])
    assert model.intercept_[0] == pytest.approx(0.89230405539, rel=1e-5)
    assert model.coef_[0] == pytest.approx([0.44464569182, 0.01457563448], rel=1e-5)


def test_six_thousand_balanced_one_word_rows():
    """scikit-learn's default stops at its first step there: all weights zero, accuracy one half."""
    rows = np.arange(6000)
    X = csr_matrix((np.ones(6000), (rows, rows % 3000)), shape=(6000, 3000))
    y = (rows % 3000) % 2
    model = LogisticRegression().fit(X, y)
    assert model.score(X, y) == 1.0
    assert model.certificate_ <= 1e-7


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("rows", [600, 6000])
def test_rows_that_mirror_each_other_have_one_probability(rows, classes):
    """Each row has a column of its own and the classes are of one size, so no row differs from another but in name."""
    y = np.arange(rows) % classes
    p = LogisticRegression().fit(identity(rows, format="csr"), y).predict_proba(identity(rows, format="csr"))
    assert np.ptp(p[np.arange(rows), y]) < 1e-3


def test_the_default_tolerance_is_stated_where_it_is_looked_for():
    for of in (LogisticRegression, TextClassifier, Settings):
        assert f"{TOL:.0e}".replace("e-0", "e-") in inspect.getdoc(of)
        assert f"{LOOSE_TOL:.0e}".replace("e-0", "e-") in " ".join(inspect.getdoc(of).split())
    descent = LogisticRegression(C=0.1, solver="batch").fit([[0.0], [1.0], [2.0]], [0, 1, 1])
    assert TOL < descent.certificate_ <= LOOSE_TOL


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), classes=st.integers(2, 4))
def test_row_order_changes_no_bit(seed, classes):
    random = np.random.default_rng(seed)
    X, y = random.normal(size=(30, 4)).round(1), random.integers(classes, size=30)
    y[:classes] = np.arange(classes)
    order = random.permutation(30)
    first, second = LogisticRegression().fit(X, y), LogisticRegression().fit(X[order], y[order])
    assert np.array_equal(first.coef_, second.coef_)
    assert np.array_equal(first.intercept_, second.intercept_)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), classes=st.integers(2, 3))
def test_weight_two_is_the_row_twice_and_weight_zero_is_no_row(seed, classes):
    random = np.random.default_rng(seed)
    X, y = random.normal(size=(25, 3)), np.arange(25) % classes
    weights = random.integers(0, 4, size=25)
    weights[:classes] = 1
    weighted = LogisticRegression(l2=0.01).fit(X, y, weights)
    repeated = LogisticRegression(l2=0.01).fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    assert np.abs(weighted.coef_ - repeated.coef_).max() < 1e-8


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([0.25, 4.0]))
def test_features_scaled_with_the_penalty_adjusted_predict_the_same(seed, scale):
    random = np.random.default_rng(seed)
    X, y = random.normal(size=(30, 3)), np.arange(30) % 2
    plain = LogisticRegression(l2=0.02, tol=1e-10).fit(X, y)
    scaled = LogisticRegression(l2=0.02 * scale**2, tol=1e-10).fit(X * scale, y)
    assert np.abs(plain.predict_proba(X) - scaled.predict_proba(X * scale)).max() < 1e-4


def test_names_of_classes_do_not_matter_and_keep_their_type():
    X = [[0.0], [1.0], [2.0], [3.0]]
    for labels in ([0, 0, 1, 1], ["a", "a", "b", "b"], [False, False, True, True]):
        model = LogisticRegression().fit(X, labels)
        assert model.predict(X).tolist() == labels


def test_sparse_arrays_and_matrices_and_dense_are_one():
    X, y = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0], [0.0, 0.0]]), [0, 1, 0, 1]
    first = LogisticRegression(solver="dual").fit(X, y)
    for other in (csr_matrix(X), csr_array(X), X.tolist()):
        assert np.array_equal(LogisticRegression(solver="dual").fit(other, y).coef_, first.coef_)


def test_l2_is_one_over_two_c_w():
    X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1]
    assert LogisticRegression(C=5).fit(X, y).l2_ == pytest.approx(1 / (2 * 5 * 4))
    assert LogisticRegression(C=5, l2=0.3).fit(X, y).l2_ == 0.3


def test_balanced_classes_move_the_mean_probability_to_one_half():
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 2))
    y = np.arange(200) % 10 == 0
    plain, balanced = LogisticRegression().fit(X, y), LogisticRegression(class_weight="balanced").fit(X, y)
    assert plain.predict_proba(X)[:, 1].mean() == pytest.approx(0.1, abs=0.01)
    assert balanced.predict_proba(X)[:, 1].mean() == pytest.approx(0.5, abs=0.05)
    by_hand = LogisticRegression(l2=balanced.l2_, class_weight={True: 9.0}).fit(X, y)
    assert np.abs(by_hand.coef_ - balanced.coef_).max() < 1e-2


def test_early_stopping_holds_rows_back():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(400, 60)), np.arange(400) % 2
    model = LogisticRegression(l2=0.0, solver="batch", patience=2, max_iter=2000).fit(X, y)
    assert "stopped early" in model.stopping_reason_
    losses = [record.validation_loss for record in model.loss_curve_]
    assert losses[-1] > min(losses)


def test_a_fit_that_ends_too_soon_says_so():
    random = np.random.default_rng(0)
    with pytest.warns(ConvergenceWarning, match="max_iter = 1"):
        LogisticRegression(C=1e4, max_iter=1).fit(random.normal(size=(50, 5)), np.arange(50) % 2)


@pytest.mark.parametrize(
    ("options", "X", "y", "error", "message"),
    [
        ({"l2": -1.0}, [[1.0], [2.0]], [0, 1], UsageError, "a number of at least 0"),
        ({"C": 0.0}, [[1.0], [2.0]], [0, 1], UsageError, "above 0"),
        ({"solver": "sgd"}, [[1.0], [2.0]], [0, 1], UsageError, "solver: expected one of 'auto', .* found 'sgd'"),
        ({"tol": 0.0}, [[1.0], [2.0]], [0, 1], UsageError, "tol"),
        ({"patience": 3}, [[1.0], [2.0]], [0, 1], UsageError, "early stopping needs gradient descent"),
        ({"class_weight": {"x": 1}}, [[1.0], [2.0]], [0, 1], UsageError, "no class 'x'"),
        ({}, [[1.0], [2.0]], [1, 1], ClassesError, "at least two classes"),
        ({}, [[1.0], [np.nan]], [0, 1], DataError, "NaN"),
        ({}, [[1.0], [2.0]], [0.5, 1], DataError, "Unknown label type"),
        ({}, [[1.0], [2.0]], [None, "a"], DataError, r"row 0 has no label \(1 such row\)"),
    ],
)
def test_what_cannot_be_is_refused_by_name(options, X, y, error, message):
    with pytest.raises(error, match=message):
        LogisticRegression(**options).fit(X, y)


@pytest.mark.parametrize(("kind", "reference"), [("multinomial", MultinomialNB()), ("bernoulli", BernoulliNB())])
@pytest.mark.parametrize("form", [np.asarray, csr_matrix])
def test_naive_bayes_equals_scikit_learns(kind, reference, form):
    random = np.random.default_rng(0)
    X, y = random.poisson(0.7, size=(60, 9)).astype(float), np.arange(60) % 3
    weights = random.uniform(0.5, 2, 60)
    ours = NaiveBayes(kind).fit(form(X), y, weights)
    reference.fit(X, y, weights)
    assert np.abs(ours.predict_proba(form(X)) - reference.predict_proba(X)).max() < 1e-10


def test_presence_is_a_number_above_0_as_scikit_learn_has_it():
    X, y = np.random.default_rng(0).normal(size=(60, 9)), np.arange(60) % 3
    ours, theirs = NaiveBayes("bernoulli").fit(X, y), BernoulliNB().fit(X, y)
    assert np.abs(ours.predict_proba(X) - theirs.predict_proba(X)).max() < 1e-10
    with pytest.raises(DataError, match="Negative values"):
        NaiveBayes().fit(X, y)


def test_probabilities_are_probabilities_at_any_score():
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    model.theta_ = np.array([0.0, 1e3])
    p = model.predict_proba([[1e3], [-1e3]])
    assert p.tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert model.predict_log_proba([[1e3]])[0, 0] == -1e6


@pytest.mark.parametrize("differs", ["row", "offset", "nothing"])
def test_rows_of_one_hash_are_told_apart_by_what_they_say(monkeypatch, differs):
    X = np.array([[1.0, 0.0], [0.0, 2.0] if differs == "row" else [1.0, 0.0]])
    offset = np.array([0.5, 1.5 if differs == "offset" else 0.5])
    matrix = design_matrix(csr_matrix(X))
    monkeypatch.setattr(matrix, "row_hashes", lambda: np.zeros(2, dtype=np.int64))
    _, content_of = row_contents(matrix, 0, offset)
    assert (content_of(0) == content_of(1)) == (differs == "nothing")


@pytest.mark.parametrize(
    "estimator", [LogisticRegression(), LogisticRegression(C=2.0, tol=1e-8), NaiveBayes("bernoulli")]
)
def test_the_repr_lists_what_differs_from_the_defaults_also_after_pickling(estimator):
    import pickle

    assert repr(pickle.loads(pickle.dumps(estimator))) == repr(estimator)
    assert repr(LogisticRegression(C=1.0, solver="auto")) == "LogisticRegression()"
