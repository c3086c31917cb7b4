"""Temperature, sets of labels, and bounded errors: what they promise, by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom

from vikt.decisions.abstention import bounded, least_rows
from vikt.decisions.conformal import least_rows as least_rows_of_coverage
from vikt.decisions.conformal import set_threshold
from vikt.decisions.decision import NO_CLASS, Decision
from vikt.decisions.held_out import HeldOut
from vikt.decisions.temperature import best_temperature, fitted_temperature
from vikt.errors import AimMissedError
from vikt.metrics.intervals import clopper_pearson_upper
from vikt.model.functions import log_softmax

CLASSES = ("a", "b", "c", "d")


def drawn(n, random, sharpness=1.0):
    """Rows whose classes are drawn from their probabilities; a sharpness above 1 is over-confident."""
    scores = random.normal(size=(n, len(CLASSES))) * 2
    chances = np.exp(log_softmax(scores))
    y = (random.random((n, 1)) > chances.cumsum(axis=1)).sum(axis=1).clip(0, len(CLASSES) - 1)
    return HeldOut(CLASSES, log_softmax(scores * sharpness), y, np.ones(n, dtype=bool))


# Temperature.


@pytest.mark.parametrize("sharpness", [0.3, 1.0, 3.0])
def test_the_temperature_is_where_the_log_loss_is_least(sharpness):
    rows = drawn(4000, np.random.default_rng(0), sharpness)

    def loss(log_temperature):
        own = log_softmax(rows.log_probabilities / np.exp(log_temperature))
        return -own[np.arange(len(rows)), rows.y].mean()

    best = minimize_scalar(loss, bounds=(-4, 4), method="bounded", options={"xatol": 1e-9})
    found = best_temperature(rows.log_probabilities, rows.y)
    # Targets that are not quite certain move it a little.
    assert np.log(found) == pytest.approx(best.x, abs=0.01)
    assert found == pytest.approx(sharpness, rel=0.1)


def test_a_temperature_is_kept_where_it_gains_and_only_there():
    sharp = fitted_temperature(drawn(500, np.random.default_rng(1), 3.0))
    assert sharp.is_kept
    assert sharp.temperature == pytest.approx(3.0, rel=0.25)
    kept = [fitted_temperature(drawn(n, np.random.default_rng(seed))).is_kept for seed in range(100) for n in (30, 200)]
    # Five in a hundred by chance.
    assert sum(kept) <= 20


def test_rows_that_are_all_right_do_not_make_the_model_certain():
    probabilities = np.full((20, 2), [0.8, 0.2])
    temperature = best_temperature(np.log(probabilities), np.zeros(20, dtype=np.int64))
    # Platt's: as sure as 21 of 22.
    assert np.exp(log_softmax(np.log(probabilities[0]) / temperature))[0] == pytest.approx(21 / 22)


def test_no_rows_of_known_labels_have_no_temperature():
    rows = HeldOut(CLASSES, log_softmax(np.zeros((3, 4))), np.full(3, NO_CLASS), np.ones(3, dtype=bool))
    assert not fitted_temperature(rows).is_kept


# Sets of labels.


def coverages(coverage, n, simulations, seed):
    random = np.random.default_rng(seed)
    found = []
    for _ in range(simulations):
        decision = Decision(set_threshold=set_threshold(coverage, drawn(n, random, 2.0)))
        new = drawn(200, random, 2.0)
        found.append(decision.sets(new.log_probabilities)[np.arange(len(new)), new.y].mean())
    return np.array(found)


def check_coverage(coverage, n, simulations, seed):
    found = coverages(coverage, n, simulations, seed)
    margin = 4 * found.std() / np.sqrt(simulations)
    assert found.mean() >= coverage - margin
    # No more than 1/(n + 1) above, but for the most probable class, which is always a member.
    assert found.mean() <= coverage + 1 / (n + 1) + margin + 0.01


def test_sets_hold_the_real_label_as_often_as_they_say():
    check_coverage(0.9, 50, 300, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("coverage", "n"), [(0.95, 19), (0.95, 100), (0.95, 1000), (0.9, 15), (0.8, 400)])
def test_sets_hold_the_real_label_as_often_as_they_say_at_many_sizes(coverage, n):
    check_coverage(coverage, n, 4000, 1)


def test_the_quantile_is_that_of_one_row_more():
    # Of 19 rows, a coverage of 0.95 takes the 19th: (19 + 1)·0.95 = 19.
    own = np.linspace(0.05, 0.95, 19)
    rows = HeldOut(("a", "b"), np.log(np.column_stack([own, 1 - own])), np.zeros(19, np.int64), np.ones(19, bool))
    assert set_threshold(0.95, rows) == pytest.approx(0.05)
    assert set_threshold(0.9, rows) == pytest.approx(0.1)
    assert least_rows_of_coverage(0.95) == 19
    fewer = HeldOut(("a", "b"), rows.log_probabilities[1:], rows.y[1:], rows.is_known[1:])
    with pytest.raises(AimMissedError, match="needs 19 held-out rows or more, found 18"):
        set_threshold(0.95, fewer)


def test_too_many_labels_that_the_model_does_not_have():
    rows = drawn(100, np.random.default_rng(0))
    y = np.where(np.arange(100) < 10, NO_CLASS, rows.y)
    with pytest.raises(AimMissedError, match="10 of 100 held-out rows have a label that the model does not have"):
        set_threshold(0.95, HeldOut(CLASSES, rows.log_probabilities, y, rows.is_known))


def test_a_set_always_holds_the_answer():
    assert Decision(set_threshold=0.9).sets(np.log([[0.6, 0.4], [0.05, 0.95]])).tolist() == [
        [True, False],
        [False, True],
    ]


# Bounded errors.


@pytest.mark.parametrize("errors", [0, 1, 7, 50])
def test_clopper_and_pearson_s_bound_is_where_so_few_errors_have_the_probability_left(errors):
    bound = clopper_pearson_upper(errors, 100, 0.95)
    assert binom.cdf(errors, 100, bound) == pytest.approx(0.05)
    assert clopper_pearson_upper(100, 100) == 1.0


def violations(max_error, n, simulations, seed, risk_of=lambda confidence: 1 - confidence):
    """How often the error above the confidence that was found is larger than allowed; and how often none was found."""
    random = np.random.default_rng(seed)
    # The error of everything above a confidence, by a fine grid: confidences are drawn evenly from 0.5 to 1.
    grid = np.linspace(0.5, 1, 20001)[:-1]
    above = np.cumsum(risk_of(grid)[::-1])[::-1] / np.arange(len(grid), 0, -1)
    wrong, missed = 0, 0
    for _ in range(simulations):
        confidences = random.uniform(0.5, 1, size=n)
        is_wrong = random.random(n) < risk_of(confidences)
        try:
            found = bounded(max_error, confidences, is_wrong, n)
        except AimMissedError:
            missed += 1
        else:
            wrong += bool(above[np.searchsorted(grid, max(found.confidence, 0.5)).clip(0, len(grid) - 1)] > max_error)
    return wrong / simulations, missed / simulations


def check_violations(simulations, **options):
    wrong, _ = violations(simulations=simulations, **options)
    assert wrong <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / simulations)


def test_the_error_is_bounded():
    check_violations(400, max_error=0.1, n=200, seed=0)


def bump(confidence):
    """The most confident answers are wrong more often than others, and nearly all are just too wrong."""
    return np.where(confidence > 0.9, 0.3, 0.101)


@pytest.mark.slow
@pytest.mark.parametrize("risk_of", [lambda confidence: 1 - confidence, bump, lambda confidence: 0.1 + 0 * confidence])
@pytest.mark.parametrize("n", [60, 300, 2000])
def test_the_error_is_bounded_at_many_sizes_and_shapes(risk_of, n):
    check_violations(5000, max_error=0.0999, n=n, seed=1, risk_of=risk_of)


def test_the_largest_share_that_is_good_enough_is_answered():
    confidences = np.linspace(0.5, 1, 1000)
    is_wrong = confidences < 0.7
    found = bounded(0.02, confidences, is_wrong, 1100)
    answered = confidences > found.confidence
    assert (found.answered, found.errors, found.rows) == (answered.sum(), (answered & is_wrong).sum(), 1100)
    assert found.answered == 600
    assert found.bound == pytest.approx(clopper_pearson_upper(found.errors, found.answered, 1 - 0.05 / found.tried))
    assert found.bound <= 0.02
    everything = bounded(0.5, confidences, is_wrong, 1000)
    assert (everything.confidence, everything.answered) == (0.0, 1000)


def test_rows_of_one_confidence_are_answered_together_or_not_at_all():
    confidences = np.repeat([0.6, 0.9], [500, 500])
    found = bounded(0.02, confidences, confidences < 0.9, 1000)
    assert (found.confidence, found.answered, found.errors) == (0.6, 500, 0)


def test_too_few_rows_and_too_many_errors():
    assert least_rows(0.02, 1) == 149
    with pytest.raises(AimMissedError, match="needs 149 held-out rows or more, found 148"):
        bounded(0.02, np.ones(148), np.zeros(148, dtype=bool), 148)
    with pytest.raises(AimMissedError, match="the error of even the surest answers"):
        bounded(0.02, np.linspace(0.5, 1, 500), np.arange(500) % 2 == 0, 500)
