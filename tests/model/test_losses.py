"""Cross-entropy of two classes and of many: exact values, scikit-learn, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from vikt.errors import UsageError
from vikt.model.losses import (
    BinaryCrossEntropy,
    MultinomialCrossEntropy,
    cross_entropy,
    cross_entropy_gradient,
    likelihood,
    log_likelihood,
)


@pytest.fixture
def scores():
    return np.random.default_rng(0).normal(size=(40, 2)) * 5


@pytest.mark.parametrize(
    ("score", "y", "loss", "residual"), [(1000, 1, 0, 0), (1000, 0, 1000, 1), (-1000, 1, 1000, -1), (-1000, 0, 0, 0)]
)
def test_binary_loss_at_a_thousand(score, y, loss, residual):
    of = BinaryCrossEntropy()
    assert of.losses(np.array([float(score)]), np.array([y])).tolist() == [loss]
    assert of.residuals(np.array([float(score)]), np.array([y])).tolist() == [residual]


def test_multinomial_loss_at_a_thousand():
    scores, y = np.array([[1000.0, 0.0, -1000.0]] * 3), np.arange(3)
    assert MultinomialCrossEntropy(3).losses(scores, y).tolist() == [0, 1000, 2000]
    assert MultinomialCrossEntropy(3).residuals(scores, y).tolist() == [[0, 0, 0], [1, -1, 0], [1, 0, -1]]


def test_scores_of_nothing_cost_log_k():
    assert BinaryCrossEntropy().losses(np.zeros(1), np.array([0])) == pytest.approx(math.log(2))
    assert MultinomialCrossEntropy(7).losses(np.zeros((1, 7)), np.array([3])) == pytest.approx(math.log(7))


def test_two_classes_are_one_loss_by_either_way(scores):
    y = np.arange(40) % 2
    one, two = BinaryCrossEntropy(), MultinomialCrossEntropy(2)
    difference = scores[:, 1] - scores[:, 0]
    assert one.losses(difference, y) == pytest.approx(two.losses(scores, y), abs=1e-12)
    assert one.residuals(difference, y) == pytest.approx(two.residuals(scores, y)[:, 1], abs=1e-12)
    assert one.probabilities(difference) == pytest.approx(two.probabilities(scores)[:, 1], abs=1e-12)


def test_mean_loss_is_scikit_learns_log_loss(scores):
    y = np.arange(40) % 2
    of = BinaryCrossEntropy()
    p = of.probabilities(scores[:, 0])
    assert np.mean(of.losses(scores[:, 0], y)) == pytest.approx(log_loss(y, p), rel=1e-9)


def test_residuals_of_a_row_sum_to_zero(scores):
    residuals = MultinomialCrossEntropy(2).residuals(scores, np.zeros(40, dtype=np.int64))
    assert residuals.sum(axis=1) == pytest.approx(np.zeros(40), abs=1e-15)


@pytest.mark.parametrize("function", [likelihood, log_likelihood, cross_entropy, cross_entropy_gradient])
@pytest.mark.parametrize(
    ("x", "y", "theta", "message"),
    [
        ([[1, 2]], [-1], [0, 0], "expected classes from 0 to 1, found -1"),
        ([[1, 2]], [2], [[0, 0], [1, 1]], "expected classes from 0 to 1, found 2"),
        ([[1, 2]], [0.5], [0, 0], "found 0.5"),
        ([[1, 2]], [1], [0, 0, 0], "add_dummy_feature"),
        ([[1, 2]], [1, 0], [0, 0], r"found \(1, 2\), \(2,\) and \(2,\)"),
        ([1, 2], [1], [0, 0], r"expected x \(m, n\+1\)"),
    ],
)
def test_what_does_not_fit_is_refused(function, x, y, theta, message):
    with pytest.raises(UsageError, match=message):
        function(x, y, theta)


def test_classes_given_as_floats_or_truths_are_the_same_classes():
    x, theta = [[1, 2], [1, 3]], [[0.1, 0.2], [0.3, -0.1]]
    expected = cross_entropy(x, [0, 1], theta)
    assert cross_entropy(x, [0.0, 1.0], theta) == cross_entropy(x, [False, True], theta) == expected
