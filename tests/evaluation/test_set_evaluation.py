"""The figures of several labels per text: equal to scikit-learn's, with labels that only training or the test has."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from vikt.corpus.targets import TargetRows
from vikt.errors import DataError, ParameterError
from vikt.evaluation.requirements import checked_requirements, parsed_requirements
from vikt.evaluation.several import SetOutcomes, set_evaluation_of
from vikt.evaluation.slices import slices_of
from vikt.model.functions import log_logistic

KNOWN = ["joy", "love", "pride", "grief"]


def drawn(seed, m, n_labels=4):
    rng = np.random.default_rng(seed)
    real = rng.random((m, n_labels)) < rng.uniform(0.1, 0.6, n_labels)
    return real, rng.normal(size=(m, n_labels)) + 2 * real - 1


def outcomes(real, scores, names=None):
    names = KNOWN[: scores.shape[1]] if names is None else names
    rows = TargetRows.of_sets(real, np.array(names))
    return SetOutcomes.of(rows, names, KNOWN[: scores.shape[1]], scores > 0, log_logistic(scores))


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(30, 80))
def test_the_figures_are_scikit_learns(seed, m):
    real, scores = drawn(seed, m)
    real[:4] = np.eye(4)
    scores[:4] = 1.0
    answered, figures = scores > 0, set_evaluation_of(outcomes(real, scores)).figures
    for name, expected in {
        "micro_f1": oracle.f1_score(real, answered, average="micro"),
        "micro_precision": oracle.precision_score(real, answered, average="micro"),
        "micro_recall": oracle.recall_score(real, answered, average="micro"),
        "macro_f1": oracle.f1_score(real, answered, average="macro"),
        "macro_precision": oracle.precision_score(real, answered, average="macro"),
        "macro_recall": oracle.recall_score(real, answered, average="macro"),
        "subset_accuracy": oracle.accuracy_score(real, answered),
        "hamming_loss": oracle.hamming_loss(real, answered),
        "label_ranking_average_precision": oracle.label_ranking_average_precision_score(real, scores),
        "precision_at_1": real[np.arange(m), scores.argmax(axis=1)].mean(),
    }.items():
        figure = figures[name]
        assert figure.value == pytest.approx(expected, abs=1e-12), name
        assert figure.low <= figure.value <= figure.high or "the same in every bootstrap draw" in figure.reason, name
    assert "precision_at_5" not in figures


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_any_order_of_the_rows_gives_the_same_figures_to_the_last_bit(seed, m):
    real, scores = drawn(seed, m)
    order = np.random.default_rng(seed).permutation(m)
    found, again = (set_evaluation_of(outcomes(real[rows], scores[rows])) for rows in (slice(None), order))
    assert again.to_json() == found.to_json()


def test_each_label_is_a_binary_test():
    real, scores = drawn(1, 90)
    found = set_evaluation_of(outcomes(real, scores))
    for k, row in enumerate(found.per_class.values()):
        expected = oracle.precision_recall_fscore_support(real[:, k], scores[:, k] > 0, average="binary")
        assert (row["precision"], row["recall"], row["f1"]) == pytest.approx(expected[:3], abs=1e-12)
        assert row["support"] == real[:, k].sum()
        assert row["mean_probability"] == pytest.approx(np.mean(1 / (1 + np.exp(-scores[:, k]))), abs=1e-9)


def test_labels_that_only_the_test_has_are_missed_and_named():
    real, scores = drawn(2, 60)
    # Columns in another order than the model's, without its last label, and with one that it never saw.
    names = ["pride", "awe", "joy", "love"]
    given_rows = real[:, [2, 3, 0, 1]]
    found = set_evaluation_of(outcomes(given_rows, scores, names))
    assert found.labels == [*KNOWN, "awe"]
    assert found.unseen == {"awe": int(real[:, 3].sum())}
    assert found.absent == ["grief"]
    whole = np.column_stack([real[:, :3], np.zeros(60, dtype=bool), real[:, 3]])
    answered = np.column_stack([scores > 0, np.zeros(60, dtype=bool)])
    low = np.column_stack([scores, np.full(60, -1e6)])
    for name, expected in {
        "micro_recall": oracle.recall_score(whole, answered, average="micro"),
        "macro_f1": oracle.f1_score(whole, answered, average="macro", labels=[0, 1, 2, 4]),
        "subset_accuracy": oracle.accuracy_score(whole, answered),
        "hamming_loss": oracle.hamming_loss(whole, answered),
        "label_ranking_average_precision": oracle.label_ranking_average_precision_score(whole, low),
    }.items():
        assert found.figures[name].value == pytest.approx(expected, abs=1e-12), name
    assert found.figures["log_loss"].reason == "leaves out 1 label unseen in training"
    assert found.figures["macro_precision"].reason == "leaves out 1 label: awe, never predicted"


def test_the_interval_of_a_mean_is_of_the_same_labels_as_the_mean():
    rng = np.random.default_rng(3)
    known = rng.random((200, 2)) < 0.5
    # Thirty labels of one row each that training did not have, so that most are missing in a draw.
    real = np.column_stack([known, np.eye(200, 30, dtype=bool)])
    scores = 2.0 * (known ^ (rng.random((200, 2)) < 0.1)) - 1
    figure = set_evaluation_of(outcomes(real, scores, [*KNOWN[:2], *map(str, range(30))])).figures["macro_f1"]
    # It is 2/32 of the mean F1 of the two known labels, whose interval it has.
    known_alone = set_evaluation_of(outcomes(known, scores)).figures["macro_f1"]
    for side in ("value", "low", "high"):
        assert getattr(figure, side) == pytest.approx(getattr(known_alone, side) / 16, rel=0.02), side


def test_a_label_that_no_row_has_any_more_is_not_unseen():
    both = TargetRows.of_sets(np.array([[True, False], [False, True]]), np.array(["awe", "joy"]))
    rows = TargetRows(both.table, both.y[1:])
    found = SetOutcomes.of(rows, ["awe", "joy"], ["joy"], np.ones((1, 1), dtype=bool), np.zeros((1, 1)))
    assert (found.labels, found.unseen) == (["joy"], {})


def test_undefined_is_said_and_never_zero():
    none = np.zeros((6, 4), dtype=bool)
    found = set_evaluation_of(outcomes(none, np.full((6, 4), -1.0)))
    assert (found.n_without, found.n_answered_none) == (6, 6)
    for name, reason in {
        "micro_f1": "no row has a label, and no label is answered",
        "micro_precision": "no label is answered",
        "micro_recall": "no row has a label",
        "macro_f1": "no label has a row",
    }.items():
        assert math.isnan(found.figures[name].value)
        assert found.figures[name].reason == reason
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    for name, entry in document["metrics"].items():
        assert (entry["value"] is not None and entry["low"] is not None) or entry["reason"], name
    assert document["sets"]["labels_per_row"] == 0


def test_one_row_and_one_label():
    found = set_evaluation_of(outcomes(np.array([[True]]), np.array([[2.0]])))
    assert found.figures["micro_f1"].value == 1.0
    assert "precision_at_3" not in found.figures
    json.dumps(found.to_json(), allow_nan=False)


def test_probabilities_that_are_none_are_refused():
    real, scores = drawn(3, 5)
    rows = TargetRows.of_sets(real, np.array(KNOWN))
    values = np.full((5, 4), -1.0)
    values[2, 1] = 0.5
    with pytest.raises(DataError, match=r"at most 0, found 0\.5 in row 2"):
        set_evaluation_of(SetOutcomes.of(rows, KNOWN, KNOWN, scores > 0, values))
    with pytest.raises(DataError, match="found shape"):
        set_evaluation_of(SetOutcomes.of(rows, KNOWN, KNOWN, scores > 0, np.zeros((3, 4))))
    with pytest.raises(DataError, match="found none"):
        set_evaluation_of(outcomes(np.zeros((0, 4), dtype=bool), np.zeros((0, 4))))


def test_slices_are_of_whole_sets():
    real, scores = drawn(5, 80)
    values = ["a" if i % 3 else "b" for i in range(80)]
    for part in slices_of(outcomes(real, scores), {"by": values})[0].slices:
        rows = np.array(values) == part.name
        assert part.accuracy.value == pytest.approx(oracle.accuracy_score(real[rows], scores[rows] > 0))
        assert part.macro_f1 == pytest.approx(oracle.f1_score(real[rows], scores[rows] > 0, average="macro"))


def test_requirements_know_labels():
    real, scores = drawn(6, 80)
    found = set_evaluation_of(outcomes(real, scores))
    texts = ["micro_f1 >= .5", "macro_recall >= .99", "recall(love) > 0.1", "hamming_loss < 0.5"]
    checked = checked_requirements(parsed_requirements(texts), found)
    assert [each.is_met for each in checked] == [True, False, True, True]
    assert checked[0].found == found.figures["micro_f1"]
    for text, message in {
        "accuracy >= 0.5": r"no figure is called 'accuracy' \(did you mean 'subset_accuracy'\?\)",
        "recall >= 0.5": r"recall is a figure of one label, found none; write recall\(LABEL\), or macro_recall",
        "f1(hate) >= 0.5": "no label is called 'hate'",
        "roc_auc(love) >= 0.5": "expected precision, recall or f1 of one label",
    }.items():
        with pytest.raises(ParameterError, match=message):
            checked_requirements(parsed_requirements([text]), found)
