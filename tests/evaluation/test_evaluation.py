"""The figures of a test do not depend on the order of its rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vikt
from vikt.errors import DataError
from vikt.evaluation.evaluation import evaluate, evaluation_of
from vikt.evaluation.outcomes import NO_ANSWER, Outcomes
from vikt.metrics.classification import exact_mean
from vikt.model.functions import log_softmax


@given(seed=st.integers(0, 2**32 - 1), m=st.integers(1, 60), K=st.integers(2, 5))
def test_any_order_of_the_rows_gives_the_same_figures_to_the_last_bit(seed, m, K):
    rng = np.random.default_rng(seed)
    names = np.array(["ham", "spam", "work", "eel", "owl"])[:K]
    scores, labels = log_softmax(rng.normal(0, 9, (m, K))), rng.choice([*names, "unseen"], m)
    order = rng.permutation(m)
    found, again = evaluate(labels, names, scores), evaluate(labels[order], names, scores[order])
    assert again.to_json() == found.to_json()
    for curve in ("roc", "precision_recall", "reliability"):
        values, others = (repr(getattr(evaluation, curve)) for evaluation in (found, again))
        assert values == others


def test_a_mean_is_the_exact_sum_rounded_once():
    assert exact_mean([0.1] * 10) == 0.1
    assert exact_mean([1e16, 1.0, -1e16, 1.0]) == 0.5


def test_labels_that_differ_by_a_nul_at_their_end_are_two():
    real = ["a", "a\0", "a\0", "b\0"]
    found = evaluate(real, ["a", "a\0"], np.log([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.7, 0.3]]))
    assert found.labels == ["a", "a\0", "b\0"]
    assert found.accuracy.value == 0.75
    assert found.matrix.tolist() == [[1, 0, 0], [0, 2, 0], [1, 0, 0]]
    assert found.unseen == {"b\0": 1}
    texts = ["win free money", "lunch at noon"] * 6
    model = vikt.TextClassifier(min_df=1, l2=0.01, analyzer="word").fit(texts, ["a", "a\0"] * 6)
    assert model.evaluate(texts, ["a", "a\0"] * 6).accuracy.value == 1.0
    assert vikt.confusion_matrix(["a", "a"], ["a\0", "a"]).tolist() == [[1, 1], [0, 0]]
    assert vikt.precision(["a\0", "a"], ["a\0", "a\0"], "a\0") == 0.5
    with pytest.raises(DataError, match="found 'a'"):
        vikt.confusion_matrix(["a"], ["a"], labels=["a\0", "b"])


def test_rows_without_an_answer_are_wrong_and_have_a_column_of_their_own():
    scores = np.log([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]])
    found = evaluation_of(Outcomes(["a", "a", "b", "b"], ["a", "b"], scores, np.array([0, NO_ANSWER, 1, NO_ANSWER])))
    assert found.matrix.tolist() == [[1, 0, 1], [0, 1, 1]]
    assert found.support.tolist() == [2, 2]
    assert found.predicted.tolist() == [1, 1]
    values = {name: figure.value for name, figure in found.figures.items()}
    assert (values["accuracy"], values["answered"], values["accuracy_answered"]) == (0.5, 0.5, 1.0)
    # 2·1/(2 + 1) of both classes.
    assert values["macro_f1"] == pytest.approx(2 / 3)
    assert found.to_json()["confusion"]["columns"] == ["a", "b", None]
    everything = evaluate(["a", "a", "b", "b"], ["a", "b"], scores)
    assert everything.log_loss == found.log_loss
    assert "answered" not in everything.figures
    assert "columns" not in everything.to_json()["confusion"]


def test_figures_say_where_the_model_was_trained_on_exactly_these_rows():
    texts, labels = ["red rose", "blue sky", "red sun", "blue sea"] * 3, ["a", "b"] * 6
    model = vikt.TextClassifier(min_df=1, l2=0.01).fit(texts, labels)
    remark = "the model was trained on exactly these rows"
    assert remark in repr(model.evaluate(texts[::-1], labels[::-1]))
    assert remark in model.evaluate(texts, iter(labels))._repr_html_()
    assert remark not in repr(model.evaluate(texts[1:], labels[1:]))
    assert remark not in repr(model.evaluate(texts, labels[1:] + labels[:1]))


@pytest.mark.parametrize(
    ("labels", "targets"),
    [([["a"], ["a", "b"], ["b"], []] * 3, "several"), ([{"a": 0.25, "b": 0.75}, {"a": 1.0}] * 6, "soft")],
)
def test_figures_of_other_kinds_say_so_too(labels, targets):
    texts = ["red rose", "blue sky", "red sun", "blue sea"] * 3
    model = vikt.TextClassifier(min_df=1, l2=0.01, targets=targets).fit(texts, labels)
    assert "trained on exactly these rows" in repr(model.evaluate(texts, labels))
    assert "trained on exactly these rows" not in repr(model.evaluate(texts[:8], labels[:8]))
