"""The figures of probabilities against shares of classes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as oracle

from vikt.corpus.targets import TargetRows
from vikt.decisions.decision import PLAIN
from vikt.evaluation.evaluation import evaluation_of
from vikt.evaluation.outcomes import Outcomes
from vikt.evaluation.slices import slices_of
from vikt.model.functions import log_softmax

NAMES = ["ham", "spam", "work"]


def drawn(seed, m, n_classes=3):
    rng = np.random.default_rng(seed)
    shares = rng.integers(0, 5, (m, n_classes)).astype(float)
    shares[:, 0] += shares.sum(axis=1) == 0
    shares /= shares.sum(axis=1, keepdims=True)
    return shares, log_softmax(rng.normal(size=(m, n_classes)) + 2 * shares)


def outcomes(shares, scores, names=NAMES, known=NAMES):
    rows = TargetRows.of_shares(shares, np.array(names))
    answered = PLAIN.answered(scores, np.ones(len(scores), dtype=bool))
    return Outcomes.of_shares(rows, list(names), list(known), answered)


def test_loss_and_brier_score_are_those_of_rows_written_once_for_each_class():
    shares, scores = drawn(0, 80)
    figures = evaluation_of(outcomes(shares, scores)).figures
    repeated, p = np.tile(np.arange(3), 80), np.repeat(np.exp(scores), 3, axis=0)
    weights = shares.ravel()
    expected = oracle.log_loss(repeated, p, sample_weight=weights, labels=[0, 1, 2])
    assert figures["log_loss"].value == pytest.approx(expected, abs=1e-12)
    assert figures["brier"].value == pytest.approx(np.sum((np.exp(scores) - shares) ** 2) / 80, abs=1e-12)
    assert figures["accuracy"].value == np.mean(shares.argmax(axis=1) == scores.argmax(axis=1))
    for name in ("log_loss", "brier", "accuracy"):
        assert figures[name].low < figures[name].value < figures[name].high


def test_shares_of_0_and_1_give_the_figures_of_classes_to_the_last_bit():
    shares, scores = drawn(1, 60)
    y = shares.argmax(axis=1)
    soft = evaluation_of(outcomes(np.eye(3)[y], scores))
    hard = evaluation_of(Outcomes([NAMES[k] for k in y], NAMES, scores, scores.argmax(axis=1)))
    assert soft.to_json() == hard.to_json()


def test_a_model_that_gives_the_shares_themselves_is_calibrated_and_loses_no_more_than_their_entropy():
    shares, _ = drawn(6, 300)
    with np.errstate(divide="ignore"):
        found = evaluation_of(outcomes(shares, np.log(shares)))
    assert found.figures["calibration_error"].value == pytest.approx(0, abs=1e-12)
    loss, entropy = found.figures["log_loss"], stats.entropy(shares, axis=1).mean()
    assert loss.value == pytest.approx(entropy, abs=1e-12)
    assert loss.facts["entropy"] == pytest.approx(entropy, abs=1e-12)
    assert f"the entropy of the shares, its least value, is {entropy:.4f}" in loss.reason


def test_calibration_compares_the_confidence_of_answers_with_their_mean_share():
    shares, scores = drawn(7, 200)
    excess = np.exp(scores.max(axis=1)) - shares[np.arange(200), scores.argmax(axis=1)]
    bins = np.ceil(np.exp(scores.max(axis=1)) * 15)
    expected = sum(abs(excess[bins == b].sum()) for b in range(1, 16)) / 200
    figure = evaluation_of(outcomes(shares, scores)).figures["calibration_error"]
    assert figure.value == pytest.approx(expected, abs=1e-12)


def test_any_order_of_the_rows_gives_the_same_figures():
    shares, scores = drawn(2, 50)
    order = np.random.default_rng(0).permutation(50)
    found, again = evaluation_of(outcomes(shares, scores)), evaluation_of(outcomes(shares[order], scores[order]))
    assert found.to_json() == again.to_json()


def test_of_equal_shares_the_first_class_is_the_label():
    found = outcomes(np.array([[0.0, 0.5, 0.5]]), np.log([[0.2, 0.4, 0.4]]))
    assert found.labels == ["spam"]
    assert found.is_right.tolist() == [True]


def test_of_equal_shares_the_order_of_the_columns_does_not_matter():
    # All ties of two and three classes, one of them unseen.
    shares, names = (
        np.array([[0, 1, 1, 0], [1, 1, 1, 0], [0, 0, 1, 1], [1, 0, 0, 1]]) / [[2], [3], [2], [2]],
        [*NAMES, "eel"],
    )
    for order in itertools.permutations(range(4)):
        found = outcomes(shares[:, order], np.log(np.full((4, 3), 1 / 3)), [names[k] for k in order])
        assert found.labels == ["spam", "ham", "work", "ham"]
        assert np.isnan(found.shares).all(axis=1).tolist() == [False, False, True, True]


def test_rows_with_a_share_of_an_unseen_class_have_no_loss():
    shares, scores = drawn(3, 40)
    names = ["work", "eel", "spam"]
    found = evaluation_of(outcomes(shares, scores, names))
    known = shares[:, 1] == 0
    facts = found.figures["log_loss"].facts
    assert (facts["rows"], facts["left_out"]) == (known.sum(), (~known).sum())
    expected = -np.sum(shares[:, [2, 0]] * scores[:, 1:], axis=1)[known].mean()
    assert found.figures["log_loss"].value == pytest.approx(expected, abs=1e-12)
    by_model = [2, 0, 1]  # among equals the classes of the model come first, in its order
    modes = np.array(["spam", "work", "eel"])[shares[:, by_model].argmax(axis=1)]
    assert found.unseen == {"eel": int((modes == "eel").sum())}
    right = modes == np.array(NAMES)[scores.argmax(axis=1)]
    assert found.accuracy.value == right.mean()


def test_slices_have_the_losses_of_their_rows():
    shares, scores = drawn(4, 60)
    values = ["a" if i % 2 else "b" for i in range(60)]
    parts = slices_of(outcomes(shares, scores), {"by": values})[0].slices
    for part in parts:
        rows = np.array(values) == part.name
        expected = -np.sum(shares[rows] * scores[rows]) / rows.sum()
        assert part.log_loss.value == pytest.approx(expected, abs=1e-12)
