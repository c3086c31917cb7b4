"""Intervals and tests of differences, against SciPy, statsmodels and brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from vikt.metrics.differences import bootstrapped_cells, bootstrapped_mean, mcnemar, newcombe_interval

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


def test_a_side_without_rows_has_no_difference():
    d, (low, high) = newcombe_interval((0, 0), (3, 4))
    assert math.isnan(d + low)
    assert math.isnan(high)


def test_the_bootstrap_of_a_mean_is_that_of_brute_force():
    values = np.random.default_rng(1).exponential(size=300)
    drawn = [np.mean(np.random.default_rng(seed).choice(values, 300)) for seed in range(4000)]
    interval = bootstrapped_mean(values, draws=4000)
    assert interval == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.01)


def test_the_bootstrap_of_a_mean_does_not_depend_on_the_order():
    values = np.random.default_rng(2).normal(size=501)
    assert bootstrapped_mean(values) == bootstrapped_mean(values[::-1])
    assert bootstrapped_mean(values, seed=1) != bootstrapped_mean(values)


def test_the_bootstrap_of_cells_is_that_of_rows():
    counts = np.array([60, 25, 15])
    rows = np.repeat([0.0, 1.0, 4.0], counts)
    by_cell = bootstrapped_cells(counts, lambda drawn: drawn @ [0.0, 1.0, 4.0] / 100, draws=4000)
    assert by_cell == pytest.approx(bootstrapped_mean(rows, draws=4000), abs=0.05)
