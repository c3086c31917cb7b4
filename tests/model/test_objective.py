"""The objective: weights as repeated rows, expectation of a row's gradient, sparse as dense, convexity."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from vikt.matrix import design_matrix
from vikt.model.objective import Objective, midpoint_convex

CASES = [(classes, has_dummy) for classes in (2, 4) for has_dummy in (True, False)]


def make(classes, has_dummy, *, m=20, weights=None, sparse=True, l2=0.1):
    random = np.random.default_rng(classes)
    x = random.normal(size=(m, 5)) * (random.random((m, 5)) < 0.5)
    X = design_matrix(sp.csr_matrix(x) if sparse else x, has_dummy=has_dummy)
    return Objective.of(X, np.arange(m) % classes, n_classes=classes, l2=l2, sample_weight=weights)


def some_theta(of, seed=1):
    return np.random.default_rng(seed).normal(size=of.shape)


@pytest.mark.parametrize(("classes", "has_dummy"), CASES)
def test_sparse_rows_give_what_dense_rows_give(classes, has_dummy):
    of, dense = make(classes, has_dummy), make(classes, has_dummy, sparse=False)
    theta = some_theta(of)
    assert of.value(theta) == pytest.approx(dense.value(theta), rel=1e-13)
    assert of.gradient(theta) == pytest.approx(dense.gradient(theta), abs=1e-13)


@pytest.mark.parametrize(("classes", "has_dummy"), CASES)
def test_weight_two_is_the_row_twice_and_zero_is_no_row(classes, has_dummy):
    weights = np.tile([2.0, 0.0, 1.0, 1.0, 3.0], 4)
    of = make(classes, has_dummy, weights=weights)
    rows = np.repeat(np.arange(20), weights.astype(int))
    repeated = Objective.of(of.rows.X.take(rows), of.rows.y[rows], n_classes=classes, l2=0.1)
    theta = some_theta(of)
    assert of.value(theta) == pytest.approx(repeated.value(theta), rel=1e-13)
    assert of.gradient(theta) == pytest.approx(repeated.gradient(theta), abs=1e-13)


@pytest.mark.parametrize(("classes", "has_dummy"), CASES)
def test_gradient_by_central_differences(classes, has_dummy):
    of = make(classes, has_dummy, weights=np.linspace(0, 3, 20))
    theta, step = some_theta(of), 1e-6
    for k in np.ndindex(theta.shape):
        nudge = np.zeros(theta.shape)
        nudge[k] = step
        slope = (of.value(theta + nudge) - of.value(theta - nudge)) / (2 * step)
        assert of.gradient(theta)[k] == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize(("classes", "has_dummy"), CASES)
def test_the_mean_of_the_rows_gradients_is_the_gradient(classes, has_dummy):
    of = make(classes, has_dummy, weights=np.linspace(0.5, 3, 20), l2=0.0)
    theta = some_theta(of)
    mean = np.zeros(of.shape)
    for i in range(20):
        columns, values = of.row_gradient(theta, np.array([i]))
        mean[..., columns] += values / 20
    assert mean == pytest.approx(of.gradient(theta), abs=1e-13)


def test_a_row_of_text_touches_its_own_columns_only():
    of = make(2, True)
    columns, values = of.row_gradient(some_theta(of), np.array([3]))
    indptr, indices, _ = of.rows.X.compressed_rows()
    assert columns.tolist() == [0, *(indices[indptr[3] : indptr[4]] + 1)]
    assert values.shape == columns.shape


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_objective_is_convex(seed):
    of = make(4, True)
    assert midpoint_convex(of.value, some_theta(of, seed) * 10, some_theta(of, seed + 1) * 10)


def test_nothing_is_changed():
    of = make(4, True)
    theta = some_theta(of)
    before = theta.copy()
    of.value_and_gradient(theta)
    of.row_gradient(theta, np.array([0, 1]))
    assert np.array_equal(theta, before)


def test_finite_at_scores_of_thousands():
    of = make(4, True)
    value, gradient = of.value_and_gradient(some_theta(of) * 1e4)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
