"""Intervals and tests of differences, against SciPy, statsmodels and brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest, fisher_exact, norm

from vikt.metrics.averages import balanced_accuracy_of
from vikt.metrics.differences import bootstrap_p_value, drawn_differences, fisher, holm, mcnemar, newcombe_interval

statsmodels = pytest.importorskip("statsmodels.stats.contingency_tables")
proportion = pytest.importorskip("statsmodels.stats.proportion")


@pytest.mark.parametrize("only", [(0, 0), (0, 1), (3, 3), (1, 8), (12, 37), (250, 310), (40_000, 40_500)])
def test_mcnemar_is_that_of_scipy_and_statsmodels(only):
    expected = statsmodels.mcnemar([[5, only[0]], [only[1], 7]], exact=True).pvalue if sum(only) else 1.0
    assert mcnemar(*only) == pytest.approx(expected, rel=1e-9)
    assert mcnemar(*only) == mcnemar(*reversed(only))
    if sum(only):
        assert mcnemar(*only) == pytest.approx(binomtest(only[0], sum(only)).pvalue, rel=1e-9)


@pytest.mark.parametrize("first", [(0, 5), (5, 5), (56, 70), (3, 900)])
@pytest.mark.parametrize("second", [(0, 9), (9, 9), (48, 80), (870, 1000)])
@pytest.mark.parametrize("confidence", [0.95, 0.999])
def test_newcombes_interval_is_that_of_statsmodels(first, second, confidence):
    low, high = proportion.confint_proportions_2indep(
        *first, *second, method="newcomb", compare="diff", alpha=1 - confidence
    )
    d, interval = newcombe_interval(first, second, confidence)
    assert d == first[0] / first[1] - second[0] / second[1]
    assert interval == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize("first", [(0, 5), (5, 5), (56, 70), (3, 900)])
@pytest.mark.parametrize("second", [(0, 9), (9, 9), (48, 80), (870, 1000), (90_000, 100_000)])
def test_fishers_test_is_twice_the_smaller_tail_of_scipy(first, second):
    table = [[k, n - k] for k, n in (first, second)]
    tails = [fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
    assert fisher(first, second) == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-6, abs=1e-300)


def test_holms_correction_finds_what_its_steps_find():
    for seed in range(50):
        p_values = (np.random.default_rng(seed).random(7).round(1) ** 3).tolist()
        steps = [p * (7 - step) < 0.05 for step, p in enumerate(sorted(p_values))]
        n_found = steps.index(False) if False in steps else 7
        assert sum(corrected < 0.05 for corrected in holm(p_values)) == n_found
        assert np.argsort(holm(p_values), kind="stable")[:1].tolist() == [int(np.argmin(p_values))]


def test_the_p_value_of_a_bootstrap_is_that_of_the_normal_distribution():
    drawn = np.random.default_rng(0).normal(1.5, 1.0, 200_000)
    assert bootstrap_p_value(drawn) == pytest.approx(2 * norm.cdf(-1.5), rel=0.02)
    assert bootstrap_p_value(-drawn) == bootstrap_p_value(drawn)
    assert bootstrap_p_value(np.full(99, 1.0)) == 0.02
    assert bootstrap_p_value(np.array([math.nan, math.nan])) == bootstrap_p_value(np.zeros(9)) == 1.0


def test_a_side_without_rows_has_no_difference():
    d, (low, high) = newcombe_interval((0, 0), (3, 4))
    assert math.isnan(d + low)
    assert math.isnan(high)


def test_the_draws_of_a_difference_are_those_of_rows_drawn_together():
    rng = np.random.default_rng(1)
    real, first, second = (rng.integers(0, 3, 200) for _ in range(3))
    second = np.where(rng.random(200) < 0.5, real, second)
    triples, cells = np.unique(np.column_stack([real, first, second]), axis=0, return_counts=True)
    found = drawn_differences(np.column_stack([triples, cells]), 3, {"recall": balanced_accuracy_of}, draws=4000)
    expected = []
    for _ in range(4000):
        rows = rng.integers(200, size=200)
        recalls = [[np.mean(answers[rows][real[rows] == k] == k) for k in range(3)] for answers in (first, second)]
        expected.append(np.mean(recalls[1]) - np.mean(recalls[0]))
    ends = [np.quantile(draws, [0.025, 0.5, 0.975]) for draws in (found["recall"], expected)]
    assert ends[0] == pytest.approx(ends[1], abs=0.01)


def test_rows_without_an_answer_are_not_right():
    entries = np.array([[0, 0, -1, 30], [1, 1, 1, 30]])
    found = drawn_differences(entries, 2, {"correct": lambda counts: counts.correct.sum(axis=-1)})["correct"]
    assert (found < 0).all()
    assert found.mean() == pytest.approx(-30, abs=0.5)
