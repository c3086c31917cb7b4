"""Examples: ordered by what they say, merged and split once, with the way back to the rows that came in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vikt
from vikt.corpus.documents import Documents
from vikt.errors import ClassesError, DataError
from vikt.features.handmade import Category
from vikt.features.text import TextFeatures
from vikt.fitting.examples import Examples
from vikt.fitting.fit import fit
from vikt.fitting.model import measured

LABELLED = st.lists(
    st.tuples(st.sampled_from(["a", "b b", "c", "d e"]), st.sampled_from("xyz"), st.sampled_from([0.0, 1.0, 2.5])),
    min_size=2,
    max_size=40,
)


def examples_of(texts, labels, weights=None, **options):
    settings = vikt.TextClassifier(**options).settings()
    return Examples.of(measured(texts, TextFeatures(settings.features)), labels, weights)


@given(LABELLED)
def test_every_row_leads_back_to_the_row_that_came_in(rows):
    texts, labels, weights = (list(column) for column in zip(*rows, strict=True))
    kept = [label for label, weight in zip(labels, weights, strict=True) if weight]
    if len(set(kept)) < 2:
        return
    examples = examples_of(texts, labels, weights)
    assert sorted(examples.origin.tolist()) == [i for i, weight in enumerate(weights) if weight]
    assert [text.decode() for text in examples.documents.texts] == [texts[i] for i in examples.origin]
    assert examples.labels.tolist() == [labels[i] for i in examples.origin]
    assert examples.weights.tolist() == [weights[i] for i in examples.origin]
    assert examples.n_input == len(texts)
    assert examples.n_duplicates == len(examples) - len({texts[i] for i in examples.origin})


@given(LABELLED)
def test_merged_rows_are_the_different_ones_and_their_weights_add_up(rows):
    texts, labels, _ = (list(column) for column in zip(*rows, strict=True))
    if len(set(labels)) < 2:
        return
    examples = examples_of(texts, labels, [1.0 + i % 3 for i in range(len(texts))])
    first, weights = examples.merged()
    merged = [(texts[i], labels[i]) for i in examples.origin[first]]
    assert sorted(merged) == sorted(set(zip(texts, labels, strict=True)))
    total = dict.fromkeys(merged, 0.0)
    for i, row in enumerate(zip(texts, labels, strict=True)):
        total[row] += 1.0 + i % 3
    assert weights == pytest.approx([total[row] for row in merged])


def test_equal_texts_with_other_columns_move_together_and_are_not_merged():
    senders = [f"s{i % 7}" for i in range(80)]
    texts = [f"text {i // 2}" for i in range(80)]
    documents = Documents.of({"text": texts, "sender": senders})
    examples = examples_of(documents, ["a", "b"] * 40, features=[Category(name="sender")])
    assert len(examples.merged()[0]) == 80
    sides = [{texts[i] for i in examples.origin[part]} for part in examples.split(2)]
    assert sum(map(len, sides)) == len(set().union(*sides))


def test_a_fit_changes_neither_examples_nor_an_earlier_model(emails):
    texts, labels = emails
    settings = vikt.TextClassifier(analyzer="word", l2=0.01).settings()
    examples = examples_of(texts, labels)
    first = fit(examples, examples.split(1), settings)
    before = first.model.probabilities(texts)
    again = fit(examples, examples.split(1), settings, threads=2)
    assert np.array_equal(again.model.theta, first.model.theta)
    assert np.array_equal(first.model.probabilities(texts), before)
    assert again.record == first.record


@pytest.mark.parametrize(
    ("labels", "weights", "error"),
    [(["a"], None, DataError), (["a", "a"], None, ClassesError), (["a", "b"], [1, 0], ClassesError)],
)
def test_labels_that_cannot_be_learnt_are_refused(labels, weights, error):
    with pytest.raises(error):
        examples_of(["one", "two"], labels, weights)


@pytest.mark.parametrize(
    ("texts", "labels", "said", "unsaid"),
    [
        ([f"text {i}" for i in range(40)], [f"l{i}" for i in range(40)], "40 classes .*check the column", "duplicates"),
        (["one"] * 8, ["a", "b"] * 4, "7 of them duplicates", "check the column"),
    ],
)
def test_the_message_on_too_few_texts_names_their_cause(texts, labels, said, unsaid):
    with pytest.raises(DataError, match=said) as refused:
        vikt.TextClassifier(min_df=1).fit_and_hold_out(texts, labels)
    assert unsaid not in str(refused.value)
