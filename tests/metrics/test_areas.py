"""Curves and areas against scikit-learn; their derivatives against weights, their errors against the bootstrap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from vikt.errors import DataError, UsageError
from vikt.metrics.areas import average_precision, precision_recall_area, roc_area, roc_auc
from vikt.metrics.curves import precision_recall_curve, ranking, roc_curve

# Few different scores, so that many rows tie.
scored = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=50).filter(
    lambda rows: len({is_positive for is_positive, _ in rows}) == 2
)


@given(scored)
def test_curves_and_areas_are_scikit_learns(rows):
    y, scores = np.array([row[0] for row in rows]), np.array([row[1] / 7 for row in rows])
    assert roc_auc(y, scores, True) == pytest.approx(oracle.roc_auc_score(y, scores), abs=1e-12)
    assert average_precision(y, scores, True) == pytest.approx(oracle.average_precision_score(y, scores), abs=1e-12)
    false, true, thresholds = oracle.roc_curve(y, scores, drop_intermediate=False)
    ours = roc_curve(y, scores, True)
    assert ours.false_positive_rate == pytest.approx(false, abs=1e-12)
    assert ours.true_positive_rate == pytest.approx(true, abs=1e-12)
    assert ours.thresholds.tolist() == thresholds.tolist()
    precision, recall, thresholds = oracle.precision_recall_curve(y, scores)
    ours = precision_recall_curve(y, scores, True)
    assert ours.precision == pytest.approx(precision[::-1], abs=1e-12)
    assert ours.recall == pytest.approx(recall[::-1], abs=1e-12)
    assert ours.thresholds.tolist() == [math.inf, *thresholds[::-1]]


@given(scored, st.permutations(range(4)))
def test_any_order_gives_the_same_area_to_the_last_bit(rows, start):
    y, scores = np.array([row[0] for row in rows]), np.array([row[1] / 7 for row in rows])
    order = np.random.default_rng(start).permutation(len(y))
    for area in (roc_auc, average_precision):
        assert area(y[order], scores[order], True) == area(y, scores, True)


@pytest.mark.parametrize(
    ("area", "score"), [(roc_area, oracle.roc_auc_score), (precision_recall_area, oracle.average_precision_score)]
)
def test_the_influence_of_a_row_is_the_derivative_by_its_weight(area, score):
    rng = np.random.default_rng(4)
    y = rng.random(40) < 0.4
    scores = np.round(rng.normal(size=40) + y, 1)
    found = area(y, ranking(y, scores))
    weights, step = np.ones(40), 1e-5
    for i in range(40):
        change = np.eye(40)[i] * step
        slope = score(y, scores, sample_weight=weights + change) - score(y, scores, sample_weight=weights - change)
        assert found.influence[i] == pytest.approx(slope / (2 * step), abs=1e-8)


def test_the_standard_error_is_delongs():
    rng = np.random.default_rng(5)
    y = rng.random(300) < 0.3
    scores = np.round(rng.normal(size=300) + y, 1)
    above = (scores[y][:, None] > scores[~y]) + 0.5 * (scores[y][:, None] == scores[~y])
    of_positive, of_negative = above.mean(axis=1), above.mean(axis=0)
    delong = of_positive.var() / y.sum() + of_negative.var() / (~y).sum()
    assert roc_area(y, ranking(y, scores)).standard_error == pytest.approx(math.sqrt(delong), rel=1e-12)


def test_the_standard_error_of_average_precision_is_the_bootstraps():
    rng = np.random.default_rng(6)
    y = rng.random(800) < 0.3
    scores = rng.normal(size=800) + y
    drawn = [average_precision(y[i], scores[i], True) for i in rng.integers(800, size=(400, 800))]
    assert precision_recall_area(y, ranking(y, scores)).standard_error == pytest.approx(np.std(drawn), rel=0.1)


def test_undefined_areas_and_bad_scores():
    assert math.isnan(roc_auc(["a", "a"], [0.1, 0.2], "a"))
    assert math.isnan(roc_auc(["a", "a"], [0.1, 0.2], "b"))
    assert math.isnan(average_precision(["a", "a"], [0.1, 0.2], "b"))
    assert average_precision(["a", "a"], [0.1, 0.2], "a") == 1.0
    assert math.isnan(roc_auc([], [], "b"))
    with pytest.raises(UsageError, match=r"found shape \(1,\); give \(m,\)"):
        roc_auc(["a", "b"], [0.1], "a")
    with pytest.raises(DataError, match="NaN in row 1"):
        roc_auc(["a", "b"], [0.1, math.nan], "a")
    with pytest.raises(DataError, match="never equal"):
        roc_auc(["a", "b"], [0.1, 0.2], 1)


def test_a_thinned_curve_keeps_its_ends_and_its_area():
    rng = np.random.default_rng(7)
    y = rng.random(20_000) < 0.2
    scores = rng.normal(size=20_000) + 2 * y
    full, thin = roc_curve(y, scores, True), roc_curve(y, scores, True).thinned(200)
    assert len(thin.thresholds) <= 200 < len(full.thresholds)
    assert (thin.false_positive_rate[[0, -1]].tolist(), thin.true_positive_rate[[0, -1]].tolist()) == ([0, 1], [0, 1])
    area = np.trapezoid(thin.true_positive_rate, thin.false_positive_rate)
    assert area == pytest.approx(roc_auc(y, scores, True), abs=1e-3)
    even = roc_curve(y, scores, True).resampled()
    area = np.trapezoid(even.true_positive_rate, even.false_positive_rate)
    assert area == pytest.approx(roc_auc(y, scores, True), abs=5e-3)
    even = precision_recall_curve(y, scores, True).resampled()
    assert even.precision[1:].mean() == pytest.approx(average_precision(y, scores, True), abs=5e-3)
