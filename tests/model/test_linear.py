"""The linear model: probabilities by hand, ties, the line, and intercepts that sum to zero."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vikt.errors import UsageError
from vikt.matrix import DenseMatrix
from vikt.model.linear import LinearModel, centred_intercepts, decision_line, h, is_positive
from vikt.model.losses import cross_entropy_for

shapes = st.sampled_from([(4,), (2, 4), (5, 4)])
thetas = shapes.flatmap(lambda shape: arrays(np.float64, shape, elements=st.floats(-1e4, 1e4)))
ROWS = np.array([[0.0, 0.0, 0.0], [1.0, -2.0, 0.5], [100.0, 3.0, -70.0]])


@given(thetas)
def test_probabilities_are_probabilities(theta):
    model, X = LinearModel(theta), DenseMatrix(ROWS)
    p = model.predict_proba(X)
    assert p.shape == (3, 2 if theta.ndim == 1 else len(theta))
    assert np.all((p >= 0) & (p <= 1))
    assert p.sum(axis=1) == pytest.approx(np.ones(3))
    assert np.isfinite(model.log_probabilities(X)).all()


@given(thetas)
def test_the_predicted_class_is_a_most_probable_one(theta):
    model, X = LinearModel(theta), DenseMatrix(ROWS)
    p = model.predict_proba(X)
    assert np.array_equal(p[np.arange(3), model.predict(X)], p.max(axis=1))


def test_probability_by_hand():
    p = LinearModel(np.array([0.5, 2.0])).predict_proba(DenseMatrix(np.array([[-1.0]])))
    assert p[0, 1] == pytest.approx(1 / (1 + math.exp(1.5)))


def test_without_a_dummy_feature():
    assert LinearModel(np.array([2.0])).scores(DenseMatrix(np.array([[3.0]]), has_dummy=False)).tolist() == [6.0]


def test_ties_go_to_the_first_class():
    X = DenseMatrix(np.array([[1.0]]))
    assert LinearModel(np.zeros(2)).predict(X).tolist() == LinearModel(np.zeros((3, 2))).predict(X).tolist() == [0]
    assert not is_positive([1, 1], [1, -1])


def test_positive_is_a_probability_above_one_half():
    random = np.random.default_rng(0)
    for x, theta in random.normal(size=(50, 2, 3)):
        assert is_positive(x, theta) == (h(x, theta) > 0.5)


def test_the_line_of_whole_and_broken_weights():
    assert decision_line([0.25, -1.5, 2]) == "0.25 - 1.5·x1 + 2·x2 = 0"
    with pytest.raises(UsageError, match=r"3 weights .* found shape \(4,\)"):
        decision_line([1, 2, 3, 4])


def test_centred_intercepts_are_the_same_model():
    theta = np.random.default_rng(0).normal(size=(4, 4))
    centred = centred_intercepts(theta, cross_entropy_for(4))
    assert centred[:, 0].sum() == pytest.approx(0, abs=1e-15)
    X = DenseMatrix(ROWS)
    assert LinearModel(centred).predict_proba(X) == pytest.approx(LinearModel(theta).predict_proba(X), abs=1e-12)
    assert np.array_equal(centred_intercepts(theta[0], cross_entropy_for(2)), theta[0])
