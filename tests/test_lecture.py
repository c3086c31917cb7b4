"""Every number that the lecture states, under the lecture's own term."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import vikt
import vikt.errors
from vikt.estimators import LogisticRegression, NaiveBayes
from vikt.matrix import DenseMatrix
from vikt.model.functions import log_logistic, log_softmax, logistic, softmax, softmax_jacobian
from vikt.model.linear import LinearModel, decision_line, h, is_positive
from vikt.model.losses import (
    add_dummy_feature,
    cross_entropy,
    cross_entropy_gradient,
    likelihood,
    log_likelihood,
)
from vikt.model.objective import Objective, midpoint_convex
from vikt.model.penalties import L2
from vikt.solvers.gradient_descent import (
    SAMPLINGS,
    batch,
    gradient_descent,
    minibatch,
    simultaneous_update,
    stochastic,
)
from vikt.solvers.stopping import EarlyStopping, convergence_epsilon

DOCUMENTS = [
    "This is a great film!",
    "Worst crap I've ever seen.",
    "Great plot but bad acting.",
    "The film was made in 2008.",
]
FEATURE_VECTORS = [[1, 1, 0], [1, 0, 1], [1, 1, 1], [1, 0, 0]]
THETA = np.array([-1.0, 2.0, -3.0])


def numerical_gradient(f, x, step=1e-6):
    gradient = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[k] += step
        down[k] -= step
        gradient[k] = (f(up) - f(down)) / (2 * step)
    return gradient


def data(classes=2, m=30, n=4, seed=0):
    random = np.random.default_rng(seed)
    x = add_dummy_feature(random.normal(size=(m, n)))
    y = np.arange(m) % classes
    theta = random.normal(size=n + 1 if classes == 2 else (classes, n + 1))
    return x, y, theta


def objective(classes=2, l2=0.01, seed=0, m=30):
    x, y, _ = data(classes, m=m, seed=seed)
    return Objective.of(DenseMatrix(x[:, 1:]), y, n_classes=classes, l2=l2)


def test_logistic_function():
    assert logistic(-2) == pytest.approx(0.12, abs=5e-3)
    assert logistic(0) == 0.5


def test_feature_vectors_dummy_feature_first():
    positive, negative = {"great"}, {"worst", "crap", "bad"}

    def contains(words, document):
        return int(any(word in words for word in document.lower().replace("!", " ").split()))

    found = add_dummy_feature([[contains(positive, d), contains(negative, d)] for d in DOCUMENTS])
    assert found.tolist() == FEATURE_VECTORS


def test_decision_boundary():
    assert [is_positive(x, THETA) for x in FEATURE_VECTORS] == [True, False, False, False]
    assert h(FEATURE_VECTORS, THETA) == pytest.approx([0.731, 0.018, 0.119, 0.269], abs=1e-3)
    model = LinearModel(THETA)
    X = DenseMatrix(np.array(FEATURE_VECTORS)[:, 1:].astype(float))
    assert model.predict(X).tolist() == [1, 0, 0, 0]
    assert model.predict_proba(X)[:, 1] == pytest.approx(h(FEATURE_VECTORS, THETA))


def test_decision_boundary_tie():
    assert not is_positive([1, 0.5, 0], THETA)
    assert LinearModel(THETA).predict(DenseMatrix(np.array([[0.5, 0.0]]))).tolist() == [0]


def test_decision_boundary_as_a_line():
    assert decision_line(THETA) == "-1 + 2·x1 - 3·x2 = 0"
    # Both ends of a stretch of that line have a score of 0.
    assert LinearModel(THETA).scores(DenseMatrix(np.array([[0.5, 0.0], [2.0, 1.0]]))) == pytest.approx([0, 0])


def test_accuracy_precision_recall():
    real = ["pos"] * 7 + ["neg"] * 2 + ["pos"] * 3 + ["neg"] * 4
    predicted = ["pos"] * 9 + ["neg"] * 7
    assert vikt.confusion_matrix(real, predicted, ["pos", "neg"]).tolist() == [[7, 3], [2, 4]]
    assert vikt.accuracy(real, predicted) == 11 / 16
    assert vikt.precision(real, predicted, "pos") == 7 / 9
    assert vikt.recall(real, predicted, "pos") == 7 / 10
    assert vikt.f1(real, predicted, "pos") == pytest.approx(2 * (7 / 9) * 0.7 / (7 / 9 + 0.7))


@pytest.mark.parametrize("classes", [2, 3])
def test_likelihood_and_cross_entropy(classes):
    x, y, theta = data(classes, m=8)
    product = 1.0
    for row, label in zip(x, y, strict=True):
        if classes == 2:
            p = h(row, theta)
            product *= p**label * (1 - p) ** (1 - label)
        else:
            product *= softmax(theta @ row)[label]
    assert likelihood(x, y, theta) == pytest.approx(product, rel=1e-12)
    assert log_likelihood(x, y, theta) == pytest.approx(np.log(product), rel=1e-12)
    assert cross_entropy(x, y, theta) == pytest.approx(-np.log(product) / len(x), rel=1e-12)


def test_likelihood_underflows_and_its_logarithm_does_not():
    x, y = np.ones((5000, 1)), np.zeros(5000, dtype=int)
    assert likelihood(x, y, [1.0]) == 0.0
    assert log_likelihood(x, y, [1.0]) == pytest.approx(5000 * np.log(1 - logistic(1.0)))


@pytest.mark.parametrize("z", [-1000.0, 1000.0])
def test_log_forms_are_exact_at_a_thousand(z):
    assert log_logistic(z) == min(z, 0.0)
    assert log_softmax([z, 0.0]).tolist() == [min(z, 0.0), min(-z, 0.0)]
    assert cross_entropy([[1.0]], [1], [z]) == max(-z, 0.0)
    assert cross_entropy([[1.0]], [0], [z]) == max(z, 0.0)
    assert cross_entropy([[1.0]], [0], [[z], [0.0]]) == max(-z, 0.0)
    assert 0.0 <= logistic(z) <= 1.0


@pytest.mark.parametrize("classes", [2, 4])
def test_gradient(classes):
    x, y, theta = data(classes)
    gradient = cross_entropy_gradient(x, y, theta)
    assert gradient.shape == theta.shape
    assert np.allclose(gradient, numerical_gradient(lambda t: cross_entropy(x, y, t), theta), atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_gradient_of_the_regularised_objective(classes, weighted):
    x, y, theta = data(classes)
    weights = np.random.default_rng(1).uniform(0, 2, len(y)) if weighted else None
    of = Objective.of(DenseMatrix(x[:, 1:]), y, n_classes=classes, l2=0.3, sample_weight=weights)
    assert np.allclose(of.gradient(theta), numerical_gradient(of.value, theta), atol=1e-6)
    _, part = of.row_gradient(theta, np.arange(len(y)))
    assert np.allclose(part + of.penalty.gradient(theta), of.gradient(theta))


def test_one_step_of_stochastic_gradient_descent():
    x, y, theta = [[1, 0.82]], [1], np.array([0.04, 0.5])
    gradient = cross_entropy_gradient(x, y, theta)
    assert gradient == pytest.approx([-0.39, -0.32], abs=5e-3)
    assert gradient == pytest.approx([-0.389361, -0.319276], abs=1e-6)
    simultaneous_update(theta, gradient, learning_rate=0.01)
    assert theta == pytest.approx([0.0439, 0.5032], abs=1e-4)


def test_simultaneous_update():
    x, y, theta = data()
    together = theta.copy()
    simultaneous_update(together, cross_entropy_gradient(x, y, theta), 1.0)
    one_by_one = theta.copy()
    for k in range(len(theta)):
        one_by_one[k] -= cross_entropy_gradient(x, y, one_by_one)[k]
    assert np.allclose(together, theta - cross_entropy_gradient(x, y, theta))
    assert not np.allclose(together, one_by_one)


def test_convergence():
    of = objective()
    solution = batch(of, tol=1e-3, max_iter=5000)
    squares = np.sum(of.gradient(solution.theta) ** 2)
    assert solution.converged
    assert squares < convergence_epsilon(of.l2, of.value(solution.theta), 1e-3, 0)
    # The rule is the proof: 4·λ·L̂·tol/(1+tol) means L̂ ≤ (1+tol)·L̂*.
    assert solution.certificate.relative <= 1e-3


def test_batch_descent_comes_closer_in_every_step():
    losses = [record.training_loss for record in batch(objective(l2=0.0), max_iter=200).loss_curve]
    assert all(after < before for before, after in itertools.pairwise(losses))


def test_a_large_learning_rate_diverges_and_says_so():
    of = objective(l2=1.0)
    with pytest.raises(vikt.errors.DivergenceError, match="learning_rate=5"):
        batch(of, learning_rate=5.0)


def test_early_stopping():
    stopping = EarlyStopping(patience=2)
    validation = [0.9, 0.7, 0.8, 0.85, 0.9, 1.0]
    stops = [stopping.measure(1.0 / (t + 1), loss, np.array([float(t)])) for t, loss in enumerate(validation)]
    assert stops == [False, False, False, False, True, True]
    assert stopping.best_loss == 0.7
    assert stopping.best_theta.tolist() == [1.0]


def test_early_stopping_while_both_losses_rise_is_no_overfitting():
    stopping = EarlyStopping(patience=0)
    assert not any(stopping.measure(loss, loss, np.zeros(1)) for loss in (0.1, 0.2, 0.3))


def test_early_stopping_returns_the_best_weights():
    training, validation = objective(l2=0.0, m=30), objective(l2=0.0, m=12, seed=5)
    solution = batch(training, validation=validation, early_stopping=EarlyStopping(1), max_iter=5000)
    best = min(record.validation_loss for record in solution.loss_curve)
    assert "stopped early" in str(solution.reason)
    assert validation.value(solution.theta) == best


@pytest.mark.parametrize("sampling", list(SAMPLINGS))
def test_minibatch_of_size_one_is_stochastic(sampling):
    options = {"sampling": sampling, "max_iter": 3, "learning_rate": 0.1, "random_state": 4}
    one = minibatch(objective(), batch_size=1, **options)
    other = stochastic(objective(), **options)
    assert np.abs(one.theta - other.theta).max() < 1e-12


def test_minibatch_of_all_rows_is_batch():
    options = {"max_iter": 20, "learning_rate": 0.1, "random_state": 4}
    one, other = minibatch(objective(), batch_size=30, **options), batch(objective(), **options)
    assert np.abs(one.theta - other.theta).max() < 1e-12


def test_samplings_by_name():
    random = np.random.default_rng(0)
    rows = np.concatenate(list(SAMPLINGS["epochs"](10, 3, random)))
    assert sorted(rows) == list(range(10))
    drawn = np.concatenate(list(SAMPLINGS["replacement"](1000, 1, random)))
    assert len(drawn) == 1000
    assert 500 < len(set(drawn.tolist())) < 750  # 1 - 1/e of them, not all


def test_regularisation():
    theta = np.array([7.0, 1.0, -2.0])
    assert L2(0.5).value(theta) == 0.5 * (1 + 4)
    assert L2(0.5).gradient(theta).tolist() == [0.0, 1.0, -2.0]
    assert L2(0.5, has_dummy=False).value(theta) == 0.5 * (49 + 1 + 4)
    of = objective(l2=0.0)
    regularised = objective(l2=0.25)
    wide = np.ones(5)
    assert regularised.value(wide) == pytest.approx(of.value(wide) + 0.25 * 4)


def test_softmax():
    found = softmax([1.45, 0.33, -0.12, 0.01])
    assert found == pytest.approx([0.5647, 0.1842, 0.1175, 0.1338], abs=2e-4)
    assert found == pytest.approx([0.564572, 0.184208, 0.117457, 0.133763], abs=1e-6)
    assert found.sum() == pytest.approx(1.0)


def test_jacobian_of_softmax():
    z = np.array([1.45, 0.33, -0.12, 0.01])
    columns = [numerical_gradient(lambda v, k=k: softmax(v)[k], z) for k in range(4)]
    assert np.allclose(softmax_jacobian(z), columns, atol=1e-8)


def test_multinomial_classification():
    theta = np.array([[0.45, -0.12, 0.14, 1.3], [-0.7, 0.9, 0.68, -0.31], [-0.26, 0.05, 0.12, 0.51]])
    X = DenseMatrix(np.array([[1.0, 1.0, 0.0]]))
    model = LinearModel(theta)
    assert model.scores(X)[0] == pytest.approx([0.47, 0.88, -0.09], abs=1e-4)
    assert model.predict_proba(X)[0] == pytest.approx([0.3249, 0.4895, 0.1856], abs=1e-4)
    assert model.predict(X).tolist() == [1]  # the second class, "class 2" on the slide


def test_multinomial_cross_entropy_gradient():
    x, y, theta = data(3)
    by_hand = np.zeros_like(theta)
    for row, label in zip(x, y, strict=True):
        for j in range(3):
            by_hand[j] += row * (softmax(theta @ row)[j] - (j == label)) / len(x)
    assert np.allclose(cross_entropy_gradient(x, y, theta), by_hand, atol=1e-12)


def test_two_classes():
    z = np.random.default_rng(0).normal(size=(50, 2)) * 20
    assert np.allclose(softmax(z)[:, 1], logistic(z[:, 1] - z[:, 0]), atol=1e-12)


def test_gradient_descent_local_and_global_minimum():
    convex = gradient_descent(lambda x: 2 * (x - 3), -7.0, learning_rate=0.1)
    assert convex.converged
    assert convex.x == pytest.approx(3.0, abs=1e-5)

    def slope(x):  # f(x) = x⁴ - 3x² + x has two minima, the left one lower
        return 4 * x**3 - 6 * x + 1

    left, right = gradient_descent(slope, -2.0), gradient_descent(slope, 2.0)
    assert left.x < 0 < right.x
    assert slope(left.x) == pytest.approx(0, abs=1e-5)
    assert slope(right.x) == pytest.approx(0, abs=1e-5)


def test_gradient_descent_in_two_variables():
    found = gradient_descent(lambda z: np.array([2 * z[0], 20 * z[1]]), [1.0, 1.0], learning_rate=0.05)
    assert found.x == pytest.approx([0, 0], abs=1e-5)


def test_gradient_descent_that_does_not_get_there_says_so():
    assert not gradient_descent(lambda x: 2 * x, 1.0, learning_rate=1.0, max_steps=50).converged


def test_convexity_by_the_midpoint():
    x, y, _ = data()
    random = np.random.default_rng(3)
    for _ in range(50):
        a, b = random.normal(size=(2, 5)) * 5
        assert midpoint_convex(lambda theta: cross_entropy(x, y, theta), a, b)
    assert not midpoint_convex(lambda v: v**4 - 3 * v**2, -1.0, 1.0)


def test_generative_and_discriminative():
    """Both are trained on the same features, side by side; each is linear in x."""
    X = np.array([[3, 0, 1], [2, 1, 0], [0, 3, 1], [1, 4, 0]])
    y = ["a", "a", "b", "b"]
    generative, discriminative = NaiveBayes().fit(X, y), LogisticRegression().fit(X, y)
    assert generative.predict(X).tolist() == discriminative.predict(X).tolist() == y
    # P(x, y) = P(y)·P(x | y): the scores of Naive Bayes are logs of it, which the classes' shares of a word make up.
    share = (np.array([5, 1, 1]) + 1) / (7 + 3)
    joint = np.log(0.5) + np.array([1, 1, 1]) @ np.log(share)
    assert LinearModel(generative.theta_).scores(DenseMatrix(np.ones((1, 3))))[0, 0] == pytest.approx(joint)


NAMES = """
    logistic softmax likelihood log_likelihood cross_entropy cross_entropy_gradient gradient_descent batch stochastic
    minibatch simultaneous_update EarlyStopping h add_dummy_feature accuracy precision recall confusion_matrix
    softmax_jacobian decision_line midpoint_convex NaiveBayes LogisticRegression
"""


def test_the_lectures_names_are_found_in_the_package():
    for name in NAMES.split():
        assert callable(getattr(vikt, name))
