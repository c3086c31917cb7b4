"""Intervals against published values, statsmodels and simulation."""

import math

import numpy as np
import pytest

from vikt.errors import UsageError
from vikt.metrics.classification import macro_f1
from vikt.metrics.intervals import macro_f1_interval, mean_interval, wilson_interval


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (1, 10), (11, 16), (10, 10), (4980, 5000)])
def test_wilson_equals_statsmodels(successes, trials, confidence):
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    expected = proportion.proportion_confint(successes, trials, alpha=1 - confidence, method="wilson")
    assert wilson_interval(successes, trials, confidence) == pytest.approx(expected, abs=1e-12)


def test_wilsons_published_example():
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3: 81 of 263 and 0 of 20.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_wilsons_ends():
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert wilson_interval(0, 7).low == 0.0
    assert wilson_interval(7, 7).high == 1.0
    for bad in [(3, 2), (-1, 2)]:
        with pytest.raises(UsageError, match="successes"):
            wilson_interval(*bad)
    with pytest.raises(UsageError, match="confidence"):
        wilson_interval(1, 2, confidence=1.0)


def test_mean_interval_covers_the_mean_as_often_as_it_says():
    samples = np.random.default_rng(0).exponential(size=(2000, 200))
    covered = np.mean([low <= 1.0 <= high for low, high in map(mean_interval, samples)])
    assert 0.93 < covered < 0.965


def test_mean_interval_of_too_little():
    assert math.isnan(mean_interval([1.0]).low)
    assert math.isnan(mean_interval([1.0, math.inf]).high)
    assert mean_interval([2.0, 2.0]) == (2.0, 2.0)


def test_bootstrap_equals_drawing_rows():
    rng = np.random.default_rng(3)
    y_true = rng.integers(4, size=150)
    y_pred = np.where(rng.random(150) < 0.7, y_true, rng.integers(4, size=150))
    confusion = np.zeros((4, 4), dtype=int)
    np.add.at(confusion, (y_true, y_pred), 1)
    drawn = [macro_f1(y_true[i], y_pred[i]) for i in rng.integers(150, size=(1500, 150))]
    expected = np.quantile(drawn, [0.025, 0.975])
    assert macro_f1_interval(confusion, draws=4000) == pytest.approx(expected, abs=0.012)


def test_bootstrap_repeats_itself_and_stays_within_bounds():
    confusion = [[5, 0, 1], [0, 0, 0], [2, 0, 0]]
    low, high = macro_f1_interval(confusion)
    assert (low, high) == macro_f1_interval(confusion)
    assert 0.0 <= low < high <= 1.0
    assert macro_f1_interval(np.diag([5, 6])) == (1.0, 1.0)
    assert math.isnan(macro_f1_interval([[0, 0], [0, 0]]).low)


def test_bootstrap_of_many_classes_in_parts_equals_itself_in_one(monkeypatch):
    confusion = np.random.default_rng(0).integers(3, size=(20, 20))
    whole = macro_f1_interval(confusion)
    monkeypatch.setattr("vikt.metrics.bootstrap._AT_ONCE", 5000)
    assert macro_f1_interval(confusion) == whole
