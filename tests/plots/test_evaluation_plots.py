"""Pictures of how good a model is."""

from __future__ import annotations

import numpy as np
import pytest

import vikt.errors
from vikt import plots


def words(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def columns(figure):
    return [text.get_text() for text in figure.axes[0].get_xticklabels()]


def thousands(text):
    return int(text.replace(",", "").replace("k", "000"))


def test_a_cell_for_each_count_and_its_share_of_the_row():
    figure = plots.confusion_matrix([[965, 1], [13, 121]], ["ham", "spam"])
    assert len(figure.axes[0].patches) == 4
    assert words(figure) == ["965", "99.9%", "1", "0.1%", "13", "9.7%", "121", "90.3%"]


def test_a_class_without_rows_has_no_shares():
    assert words(plots.confusion_matrix([[2, 0], [0, 0]], ["a", "b"]))[-3:] == ["-", "0", "-"]


def test_many_classes_are_gathered_and_no_row_is_lost():
    random = np.random.default_rng(0)
    counts = random.integers(0, 50, (60, 60))
    figure = plots.confusion_matrix(counts, [f"c{k}" for k in range(60)], most=10)
    assert len(figure.axes[0].patches) == 100
    assert sum(thousands(text) for text in words(figure)) == pytest.approx(counts.sum(), abs=500)
    largest = set(np.argsort(-counts.sum(axis=1))[:9].tolist())
    assert columns(figure) == [*(f"c{k}" for k in sorted(largest)), "51 others"]


def test_gathered_counts_keep_every_row():
    random = np.random.default_rng(0)
    entries = np.column_stack([random.integers(0, 30, 200), random.integers(-1, 30, 200), random.integers(1, 9, 200)])
    labels = [f"c{k}" for k in range(30)]
    for most in (2, 12, 29, 30, 40):
        counts, names = plots.gathered(entries, labels, most)
        assert counts.shape == (min(most, 30), min(most, 30) + 1)
        assert len(names) == len(counts)
        assert counts.sum() == entries[:, 2].sum()
        assert counts[:, -1].sum() == entries[entries[:, 1] == -1, 2].sum()


def test_no_answer_is_a_column_of_its_own():
    counts = np.ones((20, 21), dtype=int)
    labels = [f"c{k}" for k in range(20)]
    figure = plots.confusion_matrix(counts, labels, most=8)
    assert columns(figure)[-2:] == ["13 others", "no answer"]
    assert sum(int(text) for text in words(figure)) == counts.sum()


def test_names_that_do_not_fit_are_refused():
    with pytest.raises(vikt.errors.UsageError, match="each of 3 labels, found shape"):
        plots.confusion_matrix([[1, 2], [3, 4]], ["a", "b", "c"])
