"""Figures of several labels per row against scikit-learn, and intervals against draws of whole rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from vikt.errors import UsageError
from vikt.metrics import averages, several
from vikt.metrics.intervals import percentile_interval
from vikt.model.functions import log_logistic

seeds = st.integers(0, 2**32 - 1)


def drawn(seed, m, n_labels, strength=1.0):
    """Rows of some labels, some of none, that depend on one another; and scores that know something, some equal."""
    rng = np.random.default_rng(seed)
    real = rng.random((m, n_labels)) < rng.uniform(0.05, 0.6, n_labels) * rng.uniform(0.3, 1.5, (m, 1))
    scores = np.round(rng.normal(size=(m, n_labels)) + strength * (2 * real - 1), 1)
    return real, scores


@settings(max_examples=30)
@given(seeds, st.integers(1, 40), st.integers(2, 6))
def test_figures_of_sets_are_scikit_learns(seed, m, n_labels):
    real, scores = drawn(seed, m, n_labels)
    answered = scores > 0
    counts = several.label_counts(real, answered)
    for ours, theirs in [
        (averages.micro_f1_of, oracle.f1_score),
        (averages.micro_precision_of, oracle.precision_score),
        (averages.micro_recall_of, oracle.recall_score),
    ]:
        expected = theirs(real, answered, average="micro", zero_division=np.nan)
        assert float(ours(counts)) == pytest.approx(expected, abs=1e-12, nan_ok=True)
    # scikit-learn's means take in labels that no row has, unless they are left out by hand.
    present = np.flatnonzero(real.any(axis=0))
    for ours, theirs in [
        (averages.macro_f1_of, oracle.f1_score),
        (averages.macro_precision_of, oracle.precision_score),
        (averages.balanced_accuracy_of, oracle.recall_score),
    ]:
        expected = (
            theirs(real, answered, average="macro", labels=present, zero_division=np.nan) if len(present) else np.nan
        )
        assert float(ours(counts)) == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert several.subset_accuracy(real, answered) == pytest.approx(oracle.accuracy_score(real, answered), abs=1e-12)
    assert several.hamming_loss(real, answered) == pytest.approx(oracle.hamming_loss(real, answered), abs=1e-12)


@given(seeds, st.integers(1, 40), st.integers(2, 6))
def test_ranks_are_scikit_learns(seed, m, n_labels):
    real, scores = drawn(seed, m, n_labels)
    real[0] = seed % 2
    expected = oracle.label_ranking_average_precision_score(real, scores)
    assert several.label_ranking_average_precision(real, scores) == pytest.approx(expected, abs=1e-12)


@given(seeds, st.integers(1, 30), st.integers(1, 6), st.integers(1, 6))
def test_precision_at_k_sorts_each_row(seed, m, n_labels, k):
    real, scores = drawn(seed, m, n_labels)
    first = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    expected = sum(real[i, first[i]].sum() for i in range(m)) / (k * m)
    assert several.precision_at_k(real, scores, k) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=30)
@given(seeds, st.integers(1, 30), st.integers(1, 6))
def test_the_log_loss_a_label_is_the_mean_of_the_binary_ones(seed, m, n_labels):
    real, scores = drawn(seed, m, n_labels)
    p = 1 / (1 + np.exp(-scores))
    expected = np.mean([oracle.log_loss(real[:, k], p[:, k], labels=[False, True]) for k in range(n_labels)])
    assert several.label_log_loss(real, log_logistic(scores)) == pytest.approx(expected, abs=1e-12)


def test_a_confident_mistake_costs_its_score_exactly():
    log_p = log_logistic([[700.0, -700.0]])
    assert several.label_log_losses([[False, True]], log_p).tolist() == pytest.approx([700.0], rel=1e-12)
    assert several.label_log_losses([[True, False]], log_p).tolist() == pytest.approx([0.0], abs=1e-300)
    assert several.label_log_losses([[False]], [[0.0]]).tolist() == [math.inf]


def test_what_nothing_can_tell_is_undefined():
    none, answered = np.zeros((3, 2), dtype=bool), np.ones((3, 2), dtype=bool)
    counts = several.label_counts(none, answered)
    assert math.isnan(averages.micro_recall_of(counts))
    assert math.isnan(averages.macro_f1_of(counts))
    assert averages.micro_precision_of(counts) == 0
    assert math.isnan(averages.micro_precision_of(several.label_counts(answered, none)))
    assert several.label_ranking_average_precision(none, np.zeros((3, 2))) == 1
    empty = np.zeros((0, 2), dtype=bool)
    for figure in (several.subset_accuracy, several.hamming_loss):
        assert math.isnan(figure(empty, empty))
    for figure in (several.label_ranking_average_precision, several.label_log_loss):
        assert math.isnan(figure(empty, np.zeros((0, 2))))


def test_tables_of_different_shapes_are_refused():
    for bad in (np.zeros((2, 3)), np.zeros(2)):
        with pytest.raises(UsageError, match=r"two tables \(m, L\)"):
            several.label_counts(np.zeros((2, 2)), bad)


def test_draws_are_of_whole_rows():
    real, scores = drawn(3, 200, 4)
    answered = scores > 0
    figures = {"micro": averages.micro_f1_of, "macro": averages.macro_f1_of}
    found = several.drawn_label_figures(real, answered, figures, draws=4000)
    rows = np.random.default_rng(1).integers(200, size=(2000, 200))
    for name, figure in figures.items():
        expected = [figure(several.label_counts(real[i], answered[i])) for i in rows]
        assert percentile_interval(found[name]) == pytest.approx(np.quantile(expected, [0.025, 0.975]), abs=0.006)


@given(seeds, st.integers(1, 40), st.integers(1, 9))
def test_any_order_of_the_rows_gives_the_same_figures_to_the_last_bit(seed, m, n_labels):
    real, scores = drawn(seed, m, n_labels)
    order = np.random.default_rng(seed).permutation(m)
    figures = {"micro": averages.micro_f1_of, "macro": averages.macro_f1_of}
    found = several.drawn_label_figures(real, scores > 0, figures, draws=20)
    again = several.drawn_label_figures(real[order], scores[order] > 0, figures, draws=20)
    for name in figures:
        assert found[name].tobytes() == again[name].tobytes()
    for layout in (np.ascontiguousarray, np.asfortranarray):
        log_p = layout(log_logistic(scores[order]))
        assert several.label_log_loss(real[order], log_p) == several.label_log_loss(real, log_logistic(scores))
        again = several.label_ranking_average_precision(real[order], log_p)
        assert again == several.label_ranking_average_precision(real, log_logistic(scores))


def test_parts_equal_the_whole(monkeypatch):
    real, scores = drawn(5, 60, 7)
    figures = {"macro": averages.macro_f1_of}

    def found():
        return (
            several.drawn_label_figures(real, scores > 0, figures, draws=30)["macro"].tolist(),
            several.label_log_losses(real, log_logistic(scores)).tolist(),
            several.label_ranking_average_precision(real, scores),
            several.precision_at_k(real, scores, 3),
        )

    whole = found()
    monkeypatch.setattr("vikt.metrics.bootstrap._AT_ONCE", 100)
    assert found() == whole


@pytest.mark.slow
def test_intervals_cover_the_figure_of_unlimited_rows():
    figures = {"micro": averages.micro_f1_of, "macro": averages.macro_f1_of}
    real, scores = drawn(0, 100_000, 5)
    truth = {name: figure(several.label_counts(real, scores > 0)) for name, figure in figures.items()}
    covered = dict.fromkeys(figures, 0)
    for seed in range(400):
        rows = np.random.default_rng(seed).integers(len(real), size=500)
        found = several.drawn_label_figures(real[rows], scores[rows] > 0, figures)
        for name in figures:
            low, high = percentile_interval(found[name])
            covered[name] += low <= truth[name] <= high
    assert all(0.92 < n / 400 < 0.975 for n in covered.values()), covered
