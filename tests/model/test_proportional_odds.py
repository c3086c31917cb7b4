"""Proportional odds: closed forms, finite differences of the written formula, and scores of any size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikt.errors import UsageError
from vikt.model.losses import BinaryCrossEntropy
from vikt.model.ordered import ProportionalOdds, median_levels

T = np.array([-1.3, 0.2, 0.9, 2.5])
LOSS = ProportionalOdds(T)


def drawn(m=200, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=m) * 3, random.integers(5, size=m)


def test_probabilities_are_differences_of_logistic_functions():
    z, y = drawn()
    up_to = 1 / (1 + np.exp(-(T - z[:, None])))
    expected = np.diff(up_to, axis=1, prepend=0.0, append=1.0)
    assert LOSS.probabilities(z) == pytest.approx(expected, abs=1e-14)
    assert LOSS.losses(z, y) == pytest.approx(-np.log(expected[np.arange(len(y)), y]), rel=1e-9)
    assert LOSS.most_probable(z).tolist() == expected.argmax(axis=1).tolist()


def test_residuals_are_the_derivative_by_the_score():
    z, y = drawn()
    h = 1e-6
    slopes = (LOSS.losses(z + h, y) - LOSS.losses(z - h, y)) / (2 * h)
    assert LOSS.residuals(z, y) == pytest.approx(slopes, abs=1e-8)
    assert LOSS.residuals_at(LOSS.probabilities(z), y) == pytest.approx(LOSS.residuals(z, y), abs=1e-14)


def test_curvatures_are_the_second_derivative():
    z, y = drawn()
    h = 1e-6
    bends = (LOSS.residuals(z + h, y) - LOSS.residuals(z - h, y)) / (2 * h)
    above, below = LOSS.sides(z, y).curvatures
    assert above + below == pytest.approx(bends, abs=1e-8)
    assert np.all(bends <= LOSS.steepest)


@pytest.mark.parametrize("score", [0.0, 40.0, -40.0, 1e3, -1e3, 1e300, -1e300])
def test_scores_of_any_size_have_finite_logarithms(score):
    z = np.full(5, score)
    log_p = LOSS.log_probabilities(z)
    assert np.isfinite(log_p).all()
    assert np.exp(log_p).sum(axis=1) == pytest.approx(np.ones(5))
    assert np.isfinite(LOSS.losses(z, np.arange(5))).all()
    if abs(score) == 1e3:
        # Far from all thresholds log P is linear in the score: -(distance to the nearer threshold), less the gap's.
        far = -(1e3 - T[-1]) if score > 0 else -(1e3 + T[0])
        assert log_p[0, 0 if score > 0 else -1] == pytest.approx(-(1e3 - T[0]) if score > 0 else -(1e3 + T[-1]))
        assert log_p[0, -1 if score > 0 else 0] == pytest.approx(-np.exp(far), abs=1e-300)


def test_thresholds_close_together_lose_no_digits():
    gap = 1e-13
    loss = ProportionalOdds(np.array([1.0, 1.0 + gap]))
    slope = np.exp(-1.0) / (1 + np.exp(-1.0)) ** 2
    assert loss.probabilities(np.zeros(1))[0, 1] == pytest.approx(slope * (1.0 + gap - 1.0), rel=1e-9)


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=20))
def test_two_levels_are_two_classes(scores):
    z, y = np.array(scores), np.arange(len(scores)) % 2
    ordered, binary = ProportionalOdds(np.array([0.7])), BinaryCrossEntropy()
    assert ordered.losses(z, y) == pytest.approx(binary.losses(z - 0.7, y), rel=1e-12, abs=1e-15)
    assert ordered.residuals(z, y) == pytest.approx(binary.residuals(z - 0.7, y), abs=1e-15)
    assert ordered.probabilities(z)[:, 1] == pytest.approx(binary.probabilities(z - 0.7), abs=1e-15)


def test_the_median_has_half_the_probability_on_either_side():
    z, _ = drawn()
    level = median_levels(LOSS.log_probabilities(z))
    up_to = np.cumsum(LOSS.probabilities(z), axis=1)
    rows = np.arange(len(z))
    assert np.all(up_to[rows, level] >= 0.5 - 1e-12)
    assert np.all(up_to[rows, level] - LOSS.probabilities(z)[rows, level] < 0.5 + 1e-12)
    assert median_levels(LOSS.log_probabilities(z)).tolist() == level.tolist()


def test_the_median_has_the_least_expected_distance():
    z, _ = drawn()
    p = LOSS.probabilities(z)
    levels = np.arange(5)
    distance = np.einsum("ik,kl->il", p, np.abs(levels[:, None] - levels))
    assert distance[np.arange(len(z)), median_levels(LOSS.log_probabilities(z))] == pytest.approx(
        distance.min(axis=1), abs=1e-12
    )


def test_margins_are_positive_within_the_bounds_of_the_level():
    z, y = drawn()
    assert np.array_equal(LOSS.margins(z, y) > 0, np.searchsorted(T, z) == y)


def test_shares_make_thresholds():
    shares = np.array([0.1, 0.05, 0.6, 0.25])
    assert ProportionalOdds.of_shares(shares).probabilities(np.zeros(1))[0] == pytest.approx(shares, rel=1e-12)


@pytest.mark.parametrize("thresholds", [[], [1.0, 1.0], [2.0, 1.0], [0.0, np.nan], [0.0, np.inf]])
def test_thresholds_must_rise(thresholds):
    with pytest.raises(UsageError, match="thresholds: expected one or more finite numbers that rise"):
        ProportionalOdds(np.array(thresholds))
