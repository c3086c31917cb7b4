"""Thresholds of several labels: by F1 as scikit-learn has it, close to the common one where a label has few rows."""

from __future__ import annotations

import json
from importlib import import_module

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

import vikt
from vikt.decisions.aims import parsed_aim
from vikt.decisions.label_aims import LabelAim
from vikt.decisions.label_thresholds import LabelThresholds
from vikt.decisions.threshold_counts import GRID, ThresholdCounts
from vikt.errors import AimMissedError, ParameterError


def rows(m, sizes, seed=0, shift=0.0):
    """Rows of labels with these shares, and probabilities that tell them apart, rarer ones worse and lower."""
    random = np.random.default_rng(seed)
    shares = np.asarray(sizes)
    truth = random.random((m, len(shares))) < shares
    scores = np.log(shares / (1 - shares)) + random.normal(size=truth.shape) + truth * (3 + np.log10(shares)) + shift
    return 1 / (1 + np.exp(-scores)), truth


def chosen(probabilities, truth, rule="label"):
    return LabelThresholds.chosen(ThresholdCounts.of_labels(probabilities, truth), rule)


def micro(thresholds, probabilities, truth):
    return f1_score(truth, thresholds.answered(probabilities), average="micro", zero_division=0)


def macro(thresholds, probabilities, truth):
    return f1_score(truth, thresholds.answered(probabilities), average="macro", zero_division=0)


def test_the_grid_rises_and_the_counts_are_those_of_its_thresholds():
    assert np.all(np.diff(GRID) > 0)
    assert 0 < GRID[0] < 1e-5
    assert GRID[-1] < 1
    assert 0.5 in GRID
    probabilities, truth = rows(300, [0.3, 0.05])
    probabilities[:40] = GRID[80:120, None]  # on a threshold is above it
    counts = ThresholdCounts.of_labels(probabilities, truth)
    reached = probabilities[:, :, None] >= GRID
    np.testing.assert_array_equal(counts.answered, reached.sum(axis=0))
    np.testing.assert_array_equal(counts.correct, (reached & truth[:, :, None]).sum(axis=0))
    np.testing.assert_array_equal(counts.real, truth.sum(axis=0))


def test_f1_is_that_of_scikit_learn():
    probabilities, truth = rows(300, [0.3, 0.05, 0.1])
    counts = ThresholdCounts.of_labels(probabilities, truth)
    for g in range(0, len(GRID), 20):
        answered = probabilities >= GRID[g]
        np.testing.assert_allclose(
            counts.f1[:, g], f1_score(truth, answered, average=None, zero_division=0), atol=1e-12
        )
        assert counts.pooled.f1[g] == pytest.approx(f1_score(truth, answered, average="micro", zero_division=0))


def test_a_row_that_stands_for_several_counts_as_often():
    probabilities, truth = rows(50, [0.3])
    times = np.random.default_rng(1).integers(1, 4, size=50)
    once = ThresholdCounts.of_label(probabilities[:, 0], truth[:, 0], times)
    repeated = ThresholdCounts.of_label(np.repeat(probabilities[:, 0], times), np.repeat(truth[:, 0], times))
    np.testing.assert_array_equal(once.answered, repeated.answered)
    np.testing.assert_array_equal(once.correct, repeated.correct)
    assert once.real == repeated.real


def test_the_common_threshold_has_the_best_micro_f1():
    probabilities, truth = rows(1000, [0.3, 0.1, 0.02])
    thresholds = chosen(probabilities, truth, "common")
    assert len(set(thresholds.thresholds)) == 1
    best = max(f1_score(truth, probabilities >= t, average="micro", zero_division=0) for t in GRID)
    assert micro(thresholds, probabilities, truth) == pytest.approx(best, abs=1e-12)


def test_a_single_frequent_label_has_the_threshold_of_its_best_f1():
    # Its own F1 is the micro F1 then, and the common threshold its own.
    probabilities, truth = rows(2000, [0.3])
    thresholds = chosen(probabilities, truth)
    best = max(f1_score(truth[:, 0], probabilities[:, 0] >= t, zero_division=0) for t in GRID)
    assert f1_score(truth[:, 0], thresholds.answered(probabilities)[:, 0]) == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("shift", [-2.0, 2.0])
def test_a_frequent_label_goes_its_own_way_and_a_rare_one_does_not(shift):
    probabilities, truth = rows(4000, [0.3, 0.2, 0.1])
    moved, _ = rows(4000, [0.3, 0.2, 0.1], shift=shift)
    probabilities[:, 2] = moved[:, 2]
    often = chosen(probabilities, truth)
    # The same label, on so few rows that they say little.
    few = np.flatnonzero(truth[:, 2])[3:]
    own = probabilities[:, 2].copy(), truth[:, 2].copy()
    own[0][few], own[1][few] = 1e-6, False
    rarely = chosen(np.column_stack([probabilities[:, :2], own[0]]), np.column_stack([truth[:, :2], own[1]]))

    def log_odds(p):
        return np.log(p / (1 - p))

    far = abs(log_odds(often.thresholds[2]) - log_odds(often.common))
    assert far > 0.5
    assert np.sign(log_odds(often.thresholds[2]) - log_odds(often.common)) == np.sign(shift)
    # With 3 rows, 3/13 of the way at most.
    lowest, highest = log_odds(GRID[[0, -1]])
    reach = max(log_odds(rarely.common) - lowest, highest - log_odds(rarely.common))
    assert abs(log_odds(rarely.thresholds[2]) - log_odds(rarely.common)) <= 3 / 13 * reach + 0.051


def test_a_label_that_cannot_be_judged_has_the_common_threshold():
    probabilities, truth = rows(500, [0.3, 0.2])
    probabilities = np.column_stack([probabilities, np.full(500, 0.9)])
    truth = np.column_stack([truth, np.zeros(500, dtype=bool)])
    thresholds = chosen(probabilities, truth)
    assert thresholds.thresholds[2] == thresholds.common
    assert thresholds.n_rows[2] == 0


def test_without_any_label_the_threshold_is_a_half():
    thresholds = chosen(np.full((5, 2), 0.3), np.zeros((5, 2), dtype=bool))
    assert thresholds.thresholds == (0.5, 0.5)


@pytest.mark.parametrize("seed", range(3))
def test_many_rare_labels_lose_nothing_to_the_common_threshold(seed):
    # Of 90 topics on 2,000 rows, half have fewer than ten rows: by plain F1 each would have a threshold of its own.
    shares = 0.35 / np.arange(1, 91) ** 1.3
    probabilities, truth = rows(2000, shares, seed)
    assert np.sum(truth.sum(axis=0) < 10) >= 40
    new = rows(20_000, shares, 100 + seed)
    common, label = (chosen(probabilities, truth, rule) for rule in ("common", "label"))
    assert micro(label, *new) >= micro(common, *new)
    assert macro(label, *new) >= macro(common, *new)


def test_no_order_of_rows_or_labels_matters():
    probabilities, truth = rows(800, [0.3, 0.1, 0.02, 0.005])
    thresholds = np.array(chosen(probabilities, truth).thresholds)
    random = np.random.default_rng(0)
    order, labels = random.permutation(800), random.permutation(4)
    mixed = chosen(probabilities[order][:, labels], truth[order][:, labels])
    np.testing.assert_array_equal(thresholds[labels], mixed.thresholds)


NAMES = ("joy", "anger, or worse", "fear")


def test_json_and_back():
    probabilities, truth = rows(300, [0.3, 0.1, 0.02])
    for thresholds in (chosen(probabilities, truth), LabelThresholds.given(0.25, 3)):
        kept = json.loads(json.dumps(thresholds.to_json(NAMES)))
        assert LabelThresholds.from_json(kept, NAMES) == thresholds
        other = LabelThresholds.from_json(kept, NAMES[::-1])
        assert other.thresholds == thresholds.thresholds[::-1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"rule": "best"},
        {"common": 1.5},
        {"common": None},
        {"thresholds": {"joy": 0.1, "fear": 0.2}},
        {"thresholds": {"joy": 0.1, "anger, or worse": -0.1, "fear": 0.2}},
        {"thresholds": {"joy": 0.1, "anger, or worse": True, "fear": 0.2}},
        {"rows": {"joy": 1}},
        {"rows": {"joy": 1, "anger, or worse": 2.5, "fear": 1}},
    ],
)
def test_a_damaged_file_is_refused(wrong):
    kept = chosen(*rows(300, [0.3, 0.1, 0.02])).to_json(NAMES)
    with pytest.raises((ValueError, KeyError, TypeError)):
        LabelThresholds.from_json({**kept, **wrong}, NAMES)


@pytest.mark.parametrize(
    ("name", "score", "other", "least"),
    [("precision", precision_score, recall_score, 0.7), ("recall", recall_score, precision_score, 0.8)],
)
def test_an_aim_is_met_at_the_least_cost_and_the_other_labels_keep_their_thresholds(name, score, other, least):
    probabilities, truth = rows(500, [0.3, 0.1, 0.2])
    counts = ThresholdCounts.of_labels(probabilities, truth)
    default = LabelThresholds.chosen(counts)
    found, record = LabelAim.of(parsed_aim([f"{name}(fear) >= {least}"]), NAMES).met(default, counts, 500)
    assert found.thresholds[:2] == default.thresholds[:2]
    answers = [probabilities[:, 2] >= t for t in (found.thresholds[2], default.thresholds[2])]
    rate = score(truth[:, 2], answers[0])
    assert rate >= least
    costs = [
        other(truth[:, 2], probabilities[:, 2] >= t)
        for t in GRID
        if np.any(probabilities[:, 2] >= t) and score(truth[:, 2], probabilities[:, 2] >= t) >= least
    ]
    assert other(truth[:, 2], answers[0]) == pytest.approx(max(costs), abs=1e-12)
    first, figure = next(iter(record.estimates.items()))
    assert first == f"{name}(fear)"
    assert figure.value == pytest.approx(rate, abs=1e-12)
    assert figure.plain == pytest.approx(score(truth[:, 2], answers[1]), abs=1e-12)
    assert figure.low <= figure.value <= figure.high
    assert record.estimates["f1(fear)"].value == pytest.approx(f1_score(truth[:, 2], answers[0]), abs=1e-12)


def test_an_aim_that_no_threshold_meets_says_the_best():
    probabilities, truth = rows(500, [0.3, 0.1, 0.2])
    counts = ThresholdCounts.of_labels(probabilities, truth)
    with pytest.raises(AimMissedError, match=r"on 500 rows answered out of fold the highest is 0\.\d{4} \(95%: "):
        LabelAim.of(parsed_aim(["f1(fear) >= 0.99"]), NAMES).met(LabelThresholds.chosen(counts), counts, 500)
    empty = ThresholdCounts.of_labels(probabilities, np.zeros_like(truth))
    with pytest.raises(AimMissedError, match="cannot be judged: none of 500 rows answered out of fold"):
        LabelAim.of(parsed_aim(["recall(fear) >= 0.5"]), NAMES).met(LabelThresholds.chosen(counts), empty, 500)


@pytest.mark.parametrize(
    ("aim", "message"),
    [
        ("macro_f1", "need one class per text; with several labels, aim at the precision"),
        ("cost(joy->fear) = 2", "need one class per text"),
        ("f1(faer)", "there is no label 'faer' (did you mean 'fear'?); the labels are"),
    ],
)
def test_an_aim_that_is_not_for_a_label_is_refused(aim, message):
    with pytest.raises(ParameterError) as error:
        LabelAim.of(parsed_aim([aim]), NAMES)
    assert message in str(error.value)


def test_an_aim_for_no_label_is_refused_before_any_fit(monkeypatch):
    monkeypatch.setattr(import_module("vikt.fitting.fit"), "chosen_plan", lambda *_: pytest.fail("it was fitted"))
    with pytest.raises(ParameterError, match="there is no label 'faer'"):
        vikt.TextClassifier(aim="f1(faer)").fit(["a b", "b c", "c d"] * 4, [["joy", "fear"], ["joy"], []] * 4)
