"""The figures of a test do not depend on the order of its rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vikt.evaluation.evaluation import evaluate
from vikt.metrics.classification import exact_mean
from vikt.model.functions import log_softmax


@given(seed=st.integers(0, 2**32 - 1), m=st.integers(1, 60), K=st.integers(2, 5))
def test_any_order_of_the_rows_gives_the_same_figures_to_the_last_bit(seed, m, K):
    rng = np.random.default_rng(seed)
    names = np.array(["ham", "spam", "work", "eel", "owl"])[:K]
    scores, labels = log_softmax(rng.normal(0, 9, (m, K))), rng.choice([*names, "unseen"], m)
    order = rng.permutation(m)
    figures = evaluate(labels, names, scores).to_json()
    assert evaluate(labels[order], names, scores[order]).to_json() == figures


def test_a_mean_is_the_exact_sum_rounded_once():
    assert exact_mean([0.1] * 10) == 0.1
    assert exact_mean([1e16, 1.0, -1e16, 1.0]) == 0.5
