"""Batch, stochastic and minibatch descent: their steps by hand, the optimum that others find, and why they stop."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import scipy.sparse as sp

from vikt.errors import DivergenceError, UsageError
from vikt.matrix import DenseMatrix, design_matrix
from vikt.model.objective import Objective
from vikt.model.penalties import L2
from vikt.solvers.dual import dual
from vikt.solvers.gradient_descent import batch, gradient_descent, minibatch, simultaneous_update, stochastic
from vikt.solvers.learning_rate import automatic_learning_rate
from vikt.solvers.rounding import in_float32
from vikt.solvers.sampling import SAMPLINGS
from vikt.solvers.stopping import EarlyStopping

DESCENTS = {"batch": batch, "minibatch": minibatch, "stochastic": stochastic}


def make(classes=2, *, l2=0.01, m=60, seed=0, sparse=False, weights=None, scale=1.0):
    random = np.random.default_rng(seed)
    x = random.normal(size=(m, 6)) * (random.random((m, 6)) < 0.6) * scale
    best = random.normal(size=(6, classes))
    y = np.argmax(x @ best / scale + random.gumbel(size=(m, classes)), axis=1)
    y[:classes] = np.arange(classes)
    X = design_matrix(sp.csr_matrix(x) if sparse else x)
    return Objective.of(X, y, n_classes=classes, l2=l2, sample_weight=weights)


# The lecture's general method


@pytest.mark.parametrize("x0", [5.0, [5.0, -1.0], [[5.0, 0.0], [1.0, 2.0]]])
def test_any_shape_of_x(x0):
    found = gradient_descent(lambda x: 2 * x, x0, learning_rate=0.1)
    assert found.x.shape == np.shape(x0)
    assert found.x == pytest.approx(np.zeros(np.shape(x0)), abs=1e-6)


def test_it_stops_where_the_gradient_is_short():
    found = gradient_descent(lambda x: 2 * x, [3.0, 4.0], learning_rate=0.1, epsilon=0.5)
    assert np.linalg.norm(2 * found.x) < 0.5
    assert np.linalg.norm(2 * found.x) / 0.8 >= 0.5  # one step earlier it was not


def test_x0_is_left_as_it_is():
    x0 = np.array([3.0, 4.0])
    gradient_descent(lambda x: 2 * x, x0)
    assert x0.tolist() == [3.0, 4.0]


def test_running_off_to_infinity_is_an_error():
    with pytest.raises(DivergenceError, match=r"learning_rate=1\.1; try 0\.11"):
        gradient_descent(lambda x: 2 * x, 1.0, learning_rate=1.1)


# The update


def test_the_penalty_is_taken_at_the_old_weights():
    theta, gradient, penalty = np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.25, -1.0]), L2(0.1)
    expected = theta - 0.3 * (gradient + penalty.gradient(theta))
    simultaneous_update(theta, gradient, 0.3, penalty=penalty)
    assert theta == pytest.approx(expected, abs=1e-15)


def test_a_part_of_the_gradient_moves_its_columns_only():
    theta = np.ones((2, 4))
    simultaneous_update(theta, np.array([[1.0, 2.0], [3.0, 4.0]]), 0.5, columns=np.array([0, 3]))
    assert theta.tolist() == [[0.5, 1, 1, 0], [-0.5, 1, 1, -1]]


# Step for step


def test_batch_is_the_lectures_loop():
    of = make(m=30)
    theta = np.full(of.shape, 0.1)
    found = batch(of, learning_rate=0.5, theta=theta, max_iter=25).theta
    for _ in range(25):
        theta = theta - 0.5 * of.gradient(theta)
    assert found == pytest.approx(theta, abs=1e-14)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 2, 60)])
def test_sizes_of_a_batch(classes, weights):
    """Size 1 is stochastic and size m is batch, and sparse rows take the steps of dense ones."""
    dense, sparse = (make(classes, sparse=sparse, weights=weights) for sparse in (False, True))
    options = {"learning_rate": 0.2, "max_iter": 4, "random_state": 7}
    for sampling in SAMPLINGS:
        expected = stochastic(dense, sampling=sampling, **options).theta
        for of in (dense, sparse):
            found = minibatch(of, batch_size=1, sampling=sampling, **options).theta
            assert np.abs(found - expected).max() < 1e-12
    expected = batch(dense, **options).theta
    for size in (60, 1000):
        assert np.abs(minibatch(sparse, batch_size=size, **options).theta - expected).max() < 1e-12


def test_with_replacement_the_steps_are_the_rows_drawn():
    of = make(m=10)
    theta = np.zeros(of.shape)
    found = stochastic(of, learning_rate=0.1, theta=theta, max_iter=1, random_state=3).theta
    for i in np.concatenate(list(SAMPLINGS["replacement"](10, 1, np.random.default_rng(3)))):
        row = Objective.of(of.rows.X.take(np.array([i])), of.rows.y[[i]], n_classes=2, l2=of.l2)
        theta = theta - 0.1 * row.gradient(theta)
    assert found == pytest.approx(theta, abs=1e-14)


@pytest.mark.parametrize("name", list(DESCENTS))
def test_the_seed_decides_everything(name):
    def run(seed):
        return DESCENTS[name](make(4), max_iter=2, random_state=seed).theta

    assert np.array_equal(run(1), run(1))
    assert not np.array_equal(run(1), run(2))


def test_a_warm_start_that_is_the_optimum_takes_no_step():
    of = make()
    best = batch(of, tol=1e-6, max_iter=5000)
    again = batch(of, theta=best.theta, tol=1e-5)
    assert best.converged
    assert [record.passes for record in again.loss_curve] == [0]
    assert np.array_equal(again.theta, best.theta)


# The learning rate


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0])
def test_the_automatic_rate_brings_batch_closer_in_every_step(classes, scale):
    of = make(classes, scale=scale, weights=np.linspace(0, 3, 60), l2=0.01)
    rate = automatic_learning_rate(of, 60)
    theta = np.random.default_rng(0).normal(size=of.shape)
    for _ in range(100):
        value, gradient = of.value_and_gradient(theta)
        simultaneous_update(theta, gradient, rate)
        # The descent lemma, which holds where α ≤ 1/curvature: each step gains at least α/2·‖∇L̂‖².
        assert of.value(theta) <= value - rate / 2 * np.sum(gradient**2) + 1e-12


def test_the_automatic_rate_falls_as_batches_shrink():
    of = make()
    rates = [automatic_learning_rate(of, size) for size in (60, 30, 10, 1)]
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize(("name", "passes"), [("batch", 600), ("minibatch", 100), ("stochastic", 50)])
@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0])
def test_every_descent_comes_near_the_optimum_whatever_the_scale_of_features(name, passes, scale):
    # No nearer than 5% where scales differ much from the dummy feature's: that is gradient descent's own weakness.
    of = make(3, l2=0.05 * scale**2, scale=scale, m=200)
    best = dual(of, tol=1e-8).certificate.value
    found = DESCENTS[name](of, tol=1e-3, max_iter=passes)
    assert of.value(found.theta) <= (1.001 if scale == 1 else 1.05) * best
    assert of.value(found.theta) <= (1 + found.certificate.relative) * best * (1 + 1e-7)


# Why it stops


def test_reasons():
    of = make()
    assert "the sum of squares of the gradient" in str(batch(of, tol=1e-2, max_iter=5000).reason)
    ended = batch(of, tol=1e-9, max_iter=3)
    assert not ended.converged
    assert str(ended.reason) == "max_iter = 3 passes reached before convergence"
    assert [record.passes for record in ended.loss_curve] == [0, 1, 2, 3]


def test_without_a_penalty_epsilon_alone_decides():
    of = make(l2=0.0)
    found = batch(of, epsilon=1e-8, max_iter=20_000)
    assert found.converged
    assert np.sum(of.gradient(found.theta) ** 2) < 1e-8
    assert np.isnan(found.certificate.relative)
    assert "λ = 0" in str(found.certificate.reason)


@pytest.mark.parametrize("name", list(DESCENTS))
def test_divergence_names_the_rate_and_a_smaller_one(name):
    with pytest.raises(DivergenceError, match="learning_rate=10000; try 1000"):
        DESCENTS[name](make(l2=0.1), learning_rate=1e4)


@pytest.mark.parametrize("name", list(DESCENTS))
def test_weights_that_overshoot_the_penalty_diverge_though_the_loss_is_small(name):
    # The first step of this length classifies every row with certainty.
    x = np.array([[1.0, 0.0], [0.0, 1.0]] * 20)
    of = Objective.of(DenseMatrix(x), np.array([0, 1] * 20), n_classes=2, l2=1e-3)
    with pytest.raises(DivergenceError, match=r"with its penalty .* in 1 pass with learning_rate=1e\+30; try 1e\+29"):
        DESCENTS[name](of, learning_rate=1e30, max_iter=1)


def test_weights_too_large_for_a_model_are_refused():
    assert in_float32(np.array([1e38, -1e-50])).tolist() == [float(np.float32(1e38)), 0.0]
    with pytest.raises(
        DivergenceError, match=r"weights of up to 1e\+39, more than a model can hold; lower the learning"
    ):
        in_float32(np.array([0.0, -1e39]))


def test_a_loss_that_swings_is_told():
    x = np.array([[10.0], [1.0], [-1.0], [-10.0]])
    of = Objective.of(DenseMatrix(x), np.array([1, 0, 1, 0]), n_classes=2, l2=0.0)
    swinging = batch(of, learning_rate=1.0, max_iter=60)
    assert "learning_rate=1 is too large" in str(swinging.reason)
    assert "too large" not in str(batch(of, max_iter=60).reason)


def test_each_record_of_the_curve_is_handed_on():
    records = []
    solution = minibatch(make(), max_iter=3, on_record=records.append)
    assert records == solution.loss_curve
    assert all(record.validation_loss is None for record in records)


@pytest.mark.parametrize("name", list(DESCENTS))
@pytest.mark.parametrize("max_iter", [0, 1, 30])
def test_early_stopping_returns_the_best_weights_however_it_ends(name, max_iter):
    training, validation = make(4, l2=0.0, m=30), make(4, l2=0.0, m=30, seed=9)
    rule = EarlyStopping(2)
    found = DESCENTS[name](training, validation=validation, early_stopping=rule, max_iter=max_iter)
    losses = [record.validation_loss for record in found.loss_curve]
    assert validation.value(found.theta) == pytest.approx(min(losses), rel=1e-12)
    # The rule can be used again: it remembers nothing of this descent.
    again = DESCENTS[name](training, validation=validation, early_stopping=rule, max_iter=max_iter)
    assert np.array_equal(again.theta, found.theta)


def test_no_patience_is_lost_while_both_losses_fall():
    stopping = EarlyStopping(1)
    losses = [(1.0, 1.0), (0.9, 1.1), (0.8, 1.0), (0.7, 1.1), (0.6, 1.05)]  # rises, but never twice in a row
    assert not any(stopping.measure(*pair, np.zeros(1)) for pair in losses)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate: expected a number above 0, or 'auto', found 0.0"),
        ({"learning_rate": "fast"}, "found 'fast'"),
        ({"learning_rate": np.nan}, "found nan"),
        ({"batch_size": 0}, "batch_size: expected a whole number of 1 or more"),
        ({"sampling": "luck"}, "sampling: 'luck' is not known; choose from 'replacement', 'epochs'"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(UsageError, match=message):
        minibatch(make(), **options)
    with pytest.raises(UsageError, match="patience"):
        EarlyStopping(-1)


# Real text


@pytest.fixture(scope="module")
def questions(corpus):
    """1,500 of TREC's questions as TF-IDF rows, and the objective where scikit-learn stops at C = 0.3, within 1e-4."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    with corpus("trec/train.tsv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))[:1500]
    x = TfidfVectorizer().fit_transform([row["text"] for row in rows])
    labels = [row["label"] for row in rows]
    reference = LogisticRegression(C=0.3, max_iter=1000).fit(x, labels)
    y = np.searchsorted(reference.classes_, labels)
    of = Objective.of(design_matrix(x), y, n_classes=6, l2=1 / (2 * 0.3 * len(y)))
    return of, of.value(np.column_stack([reference.intercept_, reference.coef_]))


@pytest.mark.parametrize(
    ("name", "passes", "within"), [("batch", 500, 0.05), ("minibatch", 120, 0.01), ("stochastic", 5, 0.03)]
)
def test_descents_come_near_scikit_learns_optimum(questions, name, passes, within):
    of, best = questions
    found = DESCENTS[name](of, max_iter=passes)
    value = of.value(found.theta)
    assert value <= (1 + within) * best
    assert value <= (1 + found.certificate.relative) * best * (1 + 1e-4)
