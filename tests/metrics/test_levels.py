"""Figures of ordered answers against scikit-learn and SciPy, their bootstrap by brute force, and where they end."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn import metrics as oracle

from vikt.errors import UsageError
from vikt.evaluation.level_figures import level_figures
from vikt.metrics.bootstrap import cells_of
from vikt.metrics.ordered import mean_absolute_error, quadratic_kappa, rank_correlation

pairs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=60)


@given(pairs)
def test_equal_to_scikit_learn_and_scipy(rows):
    real, answers = map(np.array, zip(*rows, strict=True))
    numbers = np.array([1, 2, 3, 7, 9.5, 10])
    assert mean_absolute_error(real, answers) == pytest.approx(oracle.mean_absolute_error(real, answers))
    assert mean_absolute_error(real, answers, numbers) == pytest.approx(
        oracle.mean_absolute_error(numbers[real], numbers[answers])
    )
    is_one, of_one, answered_one = len({*real, *answers}) == 1, len({*real}) == 1, len({*answers}) == 1
    kappa = math.nan if is_one else oracle.cohen_kappa_score(real, answers, weights="quadratic", labels=range(6))
    assert quadratic_kappa(real, answers) == pytest.approx(kappa, abs=1e-12, nan_ok=True)
    rho = math.nan if of_one or answered_one else spearmanr(real, answers).statistic
    assert rank_correlation(real, answers) == pytest.approx(rho, abs=1e-12, nan_ok=True)


def test_no_rows_have_no_figure_and_shapes_must_fit():
    for figure in (mean_absolute_error, quadratic_kappa, rank_correlation):
        assert math.isnan(figure([], []))
        with pytest.raises(UsageError, match="one level and one answer of each row"):
            figure([0, 1], [0])


def test_intervals_are_those_of_rows_drawn_with_replacement():
    random = np.random.default_rng(0)
    real = random.integers(5, size=400)
    answers = np.clip(real + random.integers(-1, 2, size=400), 0, 4)
    figures = level_figures(cells_of(real, answers), 5, numbers=[1, 2, 4, 8, 16])
    draws = [random.integers(400, size=400) for _ in range(400)]
    numbers = np.array([1, 2, 4, 8, 16])
    by_hand = {
        "mean_absolute_error": lambda y, a: np.mean(np.abs(y - a)),
        "mean_absolute_error_in_numbers": lambda y, a: np.mean(np.abs(numbers[y] - numbers[a])),
        "quadratic_kappa": lambda y, a: oracle.cohen_kappa_score(y, a, weights="quadratic"),
        "spearman": lambda y, a: spearmanr(y, a).statistic,
    }
    assert figures.keys() == by_hand.keys()
    for name, value in by_hand.items():
        figure = figures[name]
        assert figure.value == pytest.approx(value(real, answers))
        low, high = np.quantile([value(real[rows], answers[rows]) for rows in draws], [0.025, 0.975])
        width = high - low
        assert figure.low == pytest.approx(low, abs=width / 8)
        assert figure.high == pytest.approx(high, abs=width / 8)
        assert not figure.reason


def test_the_order_of_the_rows_does_not_matter():
    random = np.random.default_rng(1)
    real, answers = random.integers(4, size=(2, 100))
    rows = random.permutation(100)
    assert level_figures(cells_of(real, answers), 4) == level_figures(cells_of(real[rows], answers[rows]), 4)


def test_figures_of_one_level_are_undefined_with_a_note():
    figures = level_figures(np.array([[2, 2, 30]]), 4)
    assert figures["mean_absolute_error"].value == 0
    for name in ("quadratic_kappa", "spearman"):
        assert math.isnan(figures[name].value)
        assert "all rows are of one level" in figures[name].reason


def test_rows_without_an_answer_and_of_unseen_levels_are_left_out():
    entries = np.array([[0, 0, 10], [1, 1, 10], [0, 1, 5], [1, -1, 3], [2, 1, 4]])
    figures = level_figures(entries, 2)
    assert figures["mean_absolute_error"].value == 0.2
    assert figures["mean_absolute_error"].facts == {"rows": 25, "left_out": 7}
    assert "leaves out 7 rows" in figures["quadratic_kappa"].reason
    none = level_figures(entries[3:], 2)["spearman"]
    assert math.isnan(none.value)
    assert "no row has both an answer" in none.reason


def test_unseen_levels_that_are_numbers_have_a_distance_and_a_rank():
    real, answers = np.array([0, 0, 1, 1, 2, 3, 3, 4]), np.array([0, 1, 1, 1, 1, 0, 1, 0])
    numbers = np.array([1.0, 5.0, 4.0, 9.0, math.nan])  # training had the first two; the last is no number
    figures = level_figures(cells_of(real, answers), 2, numbers)
    known = real < 4
    y, a = numbers[real[known]], numbers[answers[known]]
    assert figures["mean_absolute_error_in_numbers"].value == np.abs(y - a).mean()
    assert figures["spearman"].value == pytest.approx(spearmanr(y, a).statistic)
    for name, left_out in (("spearman", 1), ("mean_absolute_error_in_numbers", 1), ("quadratic_kappa", 4)):
        assert figures[name].facts == {"rows": 8 - left_out, "left_out": left_out}
    assert figures["mean_absolute_error"].value == 0.25
