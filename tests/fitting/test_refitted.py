"""The rows of a fit found again from its record."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import vikt
from vikt.errors import DataError
from vikt.features.text import TextFeatures
from vikt.fitting.examples import Examples
from vikt.fitting.fit import fit
from vikt.fitting.model import measured
from vikt.fitting.refitted import fitted_rows, plan_of, settings_of


def examples_of(classifier, texts, labels, weights=None):
    settings = classifier.settings()
    documents = measured(texts, TextFeatures(settings.features))
    return Examples.of(documents, labels, weights, settings.random_state)


def fitted_texts(classifier, texts, labels):
    examples = examples_of(classifier, texts[::-1], labels[::-1])
    rows = fitted_rows(classifier.record_, examples)
    return [text.decode() for text in examples.documents.texts.take(rows)]


def test_the_fitted_rows_are_those_that_were_not_held_out(emails):
    texts, labels = emails
    texts, labels = texts + texts[:40], labels + labels[:40]
    classifier = vikt.TextClassifier(analyzer="word", random_state=3)
    held_out, _ = classifier.fit_and_hold_out(texts, labels)
    assert len(held_out) > 20
    assert Counter(fitted_texts(classifier, texts, labels)) == Counter(texts) - Counter(held_out)


def test_without_a_test_all_rows_are_fitted(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier(analyzer="word").fit(texts, labels)
    assert sorted(fitted_texts(classifier, texts, labels)) == sorted(texts)


@pytest.mark.parametrize("holds_out", [False, True])
def test_early_stopping_leaves_the_validation_rows_out(emails, holds_out):
    texts, labels = emails
    classifier = vikt.TextClassifier(solver="batch", patience=3, l2=1e-3, max_iter=20, min_df=1, ngrams=(1, 1))
    with pytest.warns(match="max_iter"):
        (classifier.fit_and_hold_out if holds_out else classifier.fit)(texts, labels)
    found = fitted_texts(classifier, texts, labels)
    assert len(found) == pytest.approx(len(texts) * (0.8 if holds_out else 0.9), abs=10)
    # With min_df=1 every word of the fitted texts is a feature, and no other word is.
    learnt = vikt.TextVectorizer(analyzer="word", min_df=1).fit(found)
    assert set(learnt.get_feature_names_out()) == set(classifier.get_feature_names_out())


def test_a_fit_by_the_plan_and_settings_of_a_record_is_the_same_model(emails):
    texts, labels = emails
    numbers = np.array([1 if label == "spam" else 0 for label in labels])
    classifier = vikt.TextClassifier(class_weight={1: 2.0}).fit(texts, numbers)
    examples = examples_of(classifier, texts, numbers)
    record = classifier.record_
    rows = fitted_rows(record, examples)
    again = fit(examples, (rows, rows[:0]), settings_of(record, examples), plan=plan_of(record))
    assert again.model.theta.tobytes() == classifier.theta_.tobytes()
    assert again.record.parts == record.parts


def test_other_rows_are_refused_with_what_differs(emails):
    texts, labels = emails
    classifier = vikt.TextClassifier(analyzer="word").fit(texts, labels)
    other = ["ham" if label == "spam" else "spam" for label in labels[:1]] + labels[1:]
    for wrong, match in (
        (examples_of(classifier, texts[1:], labels[1:]), f"trained on {len(texts)} rows, found {len(texts) - 1}"),
        (examples_of(classifier, texts, other), "not the rows that the model was trained on: expected the fingerprint"),
        (examples_of(classifier, texts, labels, [2.0] * len(texts)), "trained without row weights"),
    ):
        with pytest.raises(DataError, match=match):
            fitted_rows(classifier.record_, wrong)
