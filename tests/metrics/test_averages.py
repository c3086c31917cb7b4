"""Means over the classes and Matthews' coefficient against scikit-learn and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from vikt.metrics.averages import (
    Counts,
    balanced_accuracy,
    balanced_accuracy_of,
    macro_precision,
    matthews_correlation,
    matthews_of,
    micro_f1_of,
    weighted_f1,
    weighted_precision,
)

pairs = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=60)


@given(pairs)
def test_equal_to_scikit_learn(rows):
    real, predicted = map(list, zip(*rows, strict=True))
    present = sorted(set(real))
    options = {"labels": present, "zero_division": np.nan}
    # scikit-learn's balanced accuracy is this too, with a warning about classes that are only predicted.
    recall = oracle.recall_score(real, predicted, average="macro", **options)
    assert balanced_accuracy(real, predicted) == pytest.approx(recall, abs=1e-12)
    if len(present) > 1 and len(set(predicted)) > 1:
        expected = oracle.matthews_corrcoef(real, predicted)
        assert matthews_correlation(real, predicted) == pytest.approx(expected, abs=1e-12)
    for ours, theirs, average in [
        (macro_precision, oracle.precision_score, "macro"),
        (weighted_precision, oracle.precision_score, "weighted"),
        (weighted_f1, oracle.f1_score, "weighted"),
    ]:
        expected = theirs(real, predicted, average=average, **options)
        assert ours(real, predicted) == pytest.approx(expected, abs=1e-12, nan_ok=True)


@given(pairs)
def test_micro_averages_and_weighted_recall_are_the_accuracy(rows):
    real, predicted = map(list, zip(*rows, strict=True))
    accuracy = oracle.accuracy_score(real, predicted)
    for score in (oracle.precision_score, oracle.recall_score, oracle.f1_score):
        assert score(real, predicted, average="micro") == pytest.approx(accuracy, abs=1e-12)
    recall = oracle.recall_score(real, predicted, average="weighted", labels=sorted(set(real)))
    assert recall == pytest.approx(accuracy, abs=1e-12)


def test_balanced_accuracy_is_scikit_learns_where_the_classes_are_the_same():
    real, predicted = list("aaaabbc"), list("aabbbac")
    assert balanced_accuracy(real, predicted) == pytest.approx(oracle.balanced_accuracy_score(real, predicted))


def test_what_no_row_can_tell_is_undefined():
    assert math.isnan(balanced_accuracy([], []))
    assert math.isnan(weighted_f1([], []))
    assert math.isnan(matthews_correlation(["a", "a"], ["a", "b"]))
    assert math.isnan(matthews_correlation(["a", "b"], ["a", "a"]))
    # No class that rows have is predicted.
    assert math.isnan(macro_precision(["a"], ["b"]))


def test_many_confusion_matrices_at_once():
    draws = np.random.default_rng(0).integers(0, 9, (5, 3, 3))
    counts = Counts(np.diagonal(draws, axis1=1, axis2=2), draws.sum(axis=2), draws.sum(axis=1))
    for figure in (balanced_accuracy_of, matthews_of, micro_f1_of):
        one_by_one = [float(figure(Counts(*(side[i] for side in counts)))) for i in range(5)]
        assert figure(counts).tolist() == pytest.approx(one_by_one)


def test_no_answer_is_a_prediction_of_no_class():
    # Real a a b b, answered a - b -.
    counts = Counts(np.array([1, 1]), np.array([2, 2]), np.array([1, 1]))
    expected = oracle.matthews_corrcoef(list("aabb"), list("a-b-"))
    assert matthews_of(counts) == pytest.approx(expected, abs=1e-12)
    micro = oracle.f1_score(list("aabb"), list("a-b-"), labels=["a", "b"], average="micro")
    assert micro_f1_of(counts) == pytest.approx(micro, abs=1e-12)


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=6))
def test_matthews_of_perfect_and_of_exchanged_answers_is_one_and_minus_one(rows):
    rows = np.array(rows)
    assert matthews_of(Counts(rows, rows, rows)) == 1
    assert matthews_of(Counts(np.zeros(2, np.int64), rows[:2], rows[1::-1])) == -1
