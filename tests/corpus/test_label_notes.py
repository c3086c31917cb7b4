"""Notes on labels that make other classes than are meant."""

from __future__ import annotations

import numpy as np
import pytest

from vikt.corpus.label_notes import label_notes, target_notes, unknown_label_notes
from vikt.corpus.targets import TargetRows


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["joy", "fear", "joy,fear"], ["commas", "'joy,fear'", "3 classes"]),
        (["joy; fear", "fear", "joy"], ["semicolons", "'joy; fear'", "set labels_separator=';'"]),
        (["a|b", "b|c", "a|c"], ["bars", "3 classes"]),
        (["2.3333333333333335", "48", "7"], ["fractions", "2.3333333333333335", "3 classes"]),
        (["pos", "neg", "Neg ", "Pos "], ["case or blanks", "'Neg ', 'neg', 'Pos ', 'pos'"]),
        (["straße", "STRASSE"], ["case or blanks"]),
    ],
)
def test_labels_that_make_other_classes_than_are_meant_are_noted(labels, said):
    (note,) = label_notes("a.csv", labels)
    assert all(word in note for word in ["a.csv: ", *said]), note


@pytest.mark.parametrize(
    "labels",
    [
        ["spam", "ham"],
        ["Paris, France", "Rome, Italy", "Madrid, Spain"],
        ["1", "2", "3.0", "-4"],
        ["1.5", "version 2.5"],
        ["nan", "inf", "0.5"],
        ["a,", ",", "b"],
    ],
)
def test_usual_labels_are_not_noted(labels):
    assert label_notes("a.csv", labels) == ()


def test_labels_are_told_to_be_unknown_only_if_no_class_has_any():
    assert unknown_label_notes("a.csv", ["ham", "eel"], ["ham", "spam"]) == ()
    [note] = unknown_label_notes("a.csv", ["eel"], ["spam", "ham"])
    assert note.startswith("a.csv: no label is a class of the model ('ham', 'spam'), found 'eel'")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (
            ["happy", "sad", "sad; happy"],
            "labels hold semicolons, such as 'sad; happy', of which each part is a label too",
        ),
        (["a|b", "b|c", "a|c"], "labels hold bars, such as 'a|b', .* set labels_separator='|'"),
        (["happy", "sad, lonely"], "1 label holds a comma, .* JSON, Parquet or Arrow: 'sad, lonely'"),
    ],
)
def test_labels_that_a_separator_left_joined_or_will_join_are_noted(labels, said):
    n = len(labels)
    members = np.vstack([np.eye(n), np.eye(n), np.zeros((1, n))]).astype(bool)
    [_, note] = target_notes("a.csv", TargetRows.of_sets(members, np.array(labels)))
    assert all(part in note for part in said.split(" .* ")), note


def test_unknown_labels_that_join_those_of_the_model_are_noted():
    [note] = unknown_label_notes("a.csv", ["sad", "happy; sad", "rain; snow"], ["happy", "sad"])
    assert "labels unseen in training hold semicolons, such as 'happy; sad'" in note
    assert unknown_label_notes("a.csv", ["happy", "sad; happy"], ["happy", "sad", "sad; happy"]) == ()
