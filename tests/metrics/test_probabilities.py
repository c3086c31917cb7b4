"""Brier score, top-k accuracy and calibration against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle
from sklearn.calibration import calibration_curve

from vikt.errors import UsageError
from vikt.metrics.calibration import calibration_error, reliability_curve
from vikt.metrics.classification import log_loss, log_losses
from vikt.metrics.probabilities import brier_score, brier_scores, top_k_accuracy, top_k_hits

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(1, 40), st.integers(2, 6))
def test_brier_score_is_scikit_learns(seed, m, n_classes):
    rng = np.random.default_rng(seed)
    y, probabilities = rng.integers(n_classes, size=m), rng.dirichlet(np.ones(n_classes), m)
    expected = oracle.brier_score_loss(y, probabilities, labels=range(n_classes))
    assert brier_score(y, probabilities) == pytest.approx(expected, abs=1e-12)


@given(seeds, st.integers(1, 40), st.integers(3, 6), st.integers(1, 4))
def test_top_k_accuracy_is_scikit_learns(seed, m, n_classes, k):
    rng = np.random.default_rng(seed)
    y, scores = rng.integers(n_classes, size=m), rng.integers(0, 4, (m, n_classes)) / 4
    # Of equals scikit-learn takes the last, so its classes are counted from the end.
    k = min(k, n_classes - 1)
    expected = oracle.top_k_accuracy_score(n_classes - 1 - y, scores[:, ::-1], k=k, labels=range(n_classes))
    assert top_k_accuracy(y, scores, k) == pytest.approx(expected, abs=1e-12)


@given(seeds, st.integers(1, 60), st.integers(1, 20))
def test_the_reliability_curve_is_scikit_learns(seed, m, bins):
    rng = np.random.default_rng(seed)
    # Some of them on the edges of bins.
    confidence = np.where(rng.random(m) < 0.3, rng.integers(0, bins + 1, m) / bins, rng.random(m))
    correct = rng.random(m) < confidence
    share, mean = calibration_curve(correct, confidence, n_bins=bins)
    curve = reliability_curve(correct, confidence, bins)
    assert curve.accuracy == pytest.approx(share, abs=1e-12)
    assert curve.confidence == pytest.approx(mean, abs=1e-12)
    assert curve.rows.sum() == m
    expected = np.average(np.abs(share - mean), weights=curve.rows)
    assert calibration_error(correct, confidence, bins) == pytest.approx(expected, abs=1e-12)
    order = rng.permutation(m)
    assert calibration_error(correct[order], confidence[order], bins) == calibration_error(correct, confidence, bins)


def test_a_model_as_right_as_it_is_confident_has_no_error():
    assert calibration_error([True, True, False, True], [0.75] * 4) == 0.0
    assert calibration_error([True] * 3, [1.0] * 3) == 0.0


@given(seeds, st.integers(1, 40), st.integers(2, 6))
def test_shares_cost_the_mean_of_their_classes(seed, m, n_classes):
    rng = np.random.default_rng(seed)
    # Each row once for each of four annotators.
    votes, p = rng.integers(n_classes, size=(4, m)), rng.dirichlet(np.ones(n_classes), m)
    shares = np.mean(votes[..., None] == np.arange(n_classes), axis=0)
    expected = oracle.log_loss(votes.ravel(), np.tile(p, (4, 1)), labels=range(n_classes))
    assert log_loss(shares, np.log(p)) == pytest.approx(expected, abs=1e-12)
    halved = 0.5 if n_classes == 2 else 1.0
    assert brier_score(shares, p) == pytest.approx(halved * np.sum((p - shares) ** 2) / m, abs=1e-12)


@given(seeds, st.integers(1, 40), st.integers(2, 6))
def test_shares_of_0_and_1_are_classes_to_the_last_bit(seed, m, n_classes):
    rng = np.random.default_rng(seed)
    y, p = rng.integers(n_classes, size=m), rng.dirichlet(np.full(n_classes, 0.1), m)
    with np.errstate(divide="ignore"):
        log_p = np.log(p)
    shares = np.eye(n_classes)[y]
    assert log_losses(shares, log_p).tobytes() == log_losses(y, log_p).tobytes()
    assert brier_scores(shares, p).tobytes() == brier_scores(y, p).tobytes()


def test_shares_of_another_shape_are_refused():
    with pytest.raises(UsageError, match=r"\(m, K\)"):
        log_losses(np.full((2, 3), 1 / 3), np.zeros((2, 2)))


def test_of_equal_classes_the_first_is_the_answer():
    assert top_k_hits([0, 1, 2], np.ones((3, 3)), 2).tolist() == [True, True, False]


def test_without_rows_and_with_shapes_that_do_not_fit():
    assert math.isnan(brier_score([], np.zeros((0, 2))))
    assert math.isnan(top_k_accuracy([], np.zeros((0, 3)), 2))
    assert math.isnan(calibration_error([], []))
    with pytest.raises(UsageError, match=r"\(m, K\)"):
        brier_score([0, 1], [[0.5, 0.5]])
    with pytest.raises(UsageError, match="that of correct"):
        calibration_error([True], [0.5, 0.5])
    with pytest.raises(UsageError, match="from 0 to 1"):
        calibration_error([True], [1.5])
    with pytest.raises(UsageError, match="bins"):
        calibration_error([True], [0.5], bins=0)
