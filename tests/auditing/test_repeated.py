"""Checks for empty texts and texts that stand in the data again."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

import vikt


def rows_of(code, *args, **kwargs):
    return {finding.side: finding.rows for finding in vikt.audit(*args, **kwargs).findings if finding.code == code}


def test_empty_texts_are_found_whatever_white_space_they_hold():
    texts = ["a", "", " \t\n", "\u3000\u00a0", "\u200b", " " * 100 + "x"]
    assert rows_of("V101", texts, list("ababab")) == {"training": (1, 2, 3)}


def test_a_text_under_one_label_is_a_duplicate_and_under_two_a_conflict():
    texts, labels = ["same", "other", "same", "same", "other", "", ""], list("xxxyyxy")
    assert rows_of("V102", texts, labels) == {"training": (2,)}
    assert rows_of("V104", texts, labels) == {"training": (0, 1, 2, 3, 4)}


@given(st.lists(st.tuples(st.sampled_from(["a", "b b", "c", "A"]), st.sampled_from("xyz")), min_size=1, max_size=30))
def test_duplicates_and_conflicts_are_those_that_counting_finds(rows):
    texts, labels = zip(*rows, strict=True)
    seen = [i for i, row in enumerate(rows) if row in rows[:i]]
    n_labels = Counter(text for text, _ in set(rows))
    assert rows_of("V102", texts, labels).get("training", ()) == tuple(seen)
    several = [i for i, text in enumerate(texts) if n_labels[text] > 1]
    assert rows_of("V104", texts, labels).get("training", ()) == tuple(several)


def test_test_texts_in_training_are_found_as_they_are_and_but_for_case():
    training, test = ["Hi there", "Bye", "  "], ["hi  THERE", "Bye", "New", "  "]
    both = {"test_texts": test, "test_labels": list("xxyx")}
    assert rows_of("V111", training, list("xyx"), **both) == {"test": (1,)}
    assert rows_of("V112", training, list("xyx"), **both) == {"test": (0,)}


def test_a_test_text_under_another_label_is_counted():
    found = vikt.audit(["a", "b"], ["x", "y"], test_texts=["a", "b"], test_labels=["x", "x"])
    assert found.findings[0].message == (
        "2 of 2 test texts also occur in the training data, 1 of them under another label"
    )
    assert found.findings[0].examples[1].remark == "as index 1, labelled y"
