"""Logistic and softmax at any score, against exact values, identities and central differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vikt.model.functions import log_logistic, log_softmax, logistic, softmax, softmax_jacobian

any_score = st.floats(-1e4, 1e4)
score_rows = arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 6)), elements=any_score)


@given(any_score)
def test_logistic_is_a_probability_and_symmetric(z):
    assert 0 <= logistic(z) <= 1
    assert logistic(z) + logistic(-z) == pytest.approx(1, abs=1e-15)


@given(any_score, any_score)
def test_logistic_never_falls(a, b):
    low, high = sorted((a, b))
    assert logistic(low) <= logistic(high)


@pytest.mark.parametrize(("z", "exact"), [(0.0, 0.5), (1000.0, 1.0), (-1000.0, 0.0), (-700.0, math.exp(-700))])
def test_logistic_at_exact_values(z, exact):
    assert logistic(z) == pytest.approx(exact, rel=1e-14)


@pytest.mark.parametrize("z", [-700.0, -30.0, -1.0, 0.0, 1.0, 30.0])
def test_logarithms_agree_with_functions_where_both_can_be_held(z):
    assert log_logistic(z) == pytest.approx(math.log(float(logistic(z))), rel=1e-12)
    assert log_softmax([0.0, z])[1] == pytest.approx(float(log_logistic(z)), rel=1e-12)


def test_shapes_are_kept():
    for shape in ((), (3,), (2, 3), (0,)):
        assert logistic(np.zeros(shape)).shape == log_logistic(np.zeros(shape)).shape == shape


@given(score_rows)
def test_softmax_is_a_distribution(z):
    p = softmax(z)
    assert p.shape == z.shape
    assert np.all((p >= 0) & (p <= 1))
    assert p.sum(axis=-1) == pytest.approx(np.ones(len(z)))
    assert np.all(np.isfinite(log_softmax(z)))
    assert np.exp(log_softmax(z)) == pytest.approx(p, abs=1e-12)


@given(score_rows, st.floats(-1e3, 1e3))
def test_softmax_does_not_see_a_common_shift(z, shift):
    assert softmax(z + shift) == pytest.approx(softmax(z), abs=1e-9)


def test_softmax_at_a_thousand():
    assert softmax([1000.0, 0.0, -1000.0]).tolist() == [1.0, 0.0, 0.0]
    assert softmax([1000.0, 1000.0]).tolist() == [0.5, 0.5]
    assert log_softmax([-1000.0, 1000.0]).tolist() == [-2000.0, 0.0]


@given(arrays(np.float64, st.integers(1, 6), elements=st.floats(-5, 5)))
def test_softmax_jacobian_by_central_differences(z):
    step = 1e-5
    numerical = np.stack([(softmax(z + step * e) - softmax(z - step * e)) / (2 * step) for e in np.eye(len(z))], axis=1)
    assert softmax_jacobian(z) == pytest.approx(numerical, abs=1e-8)
    # Probability only moves from class to class.
    assert softmax_jacobian(z).sum(axis=0) == pytest.approx(np.zeros(len(z)), abs=1e-15)
