"""Checks of the labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vikt
from vikt.corpus.label_spelling import misspelt, respelled
from vikt.errors import DataError


def found_in(labels, code, texts=None, **kwargs):
    texts = texts or [f"text {i}" for i in range(len(labels))]
    return [finding for finding in vikt.audit(texts, labels, **kwargs).findings if finding.code == code]


def test_classes_of_few_different_texts_are_found():
    texts = [f"text {i}" for i in range(20)] + ["same"] * 15
    [finding] = found_in(["a"] * 10 + ["b"] * 9 + ["a"] + ["c"] * 15, "V121", texts)
    assert finding.message == "2 classes have fewer than 10 different texts: c (1), b (9)"
    assert finding.rows == (*range(10, 19), *range(20, 35))
    assert found_in(["a", "b"] * 10, "V121") == []


def test_labels_of_other_spelling_are_found():
    [finding] = found_in(["positive"] * 9 + ["postive", "Negative", "negative", "negative"], "V122")
    assert finding.rows == (9, 10)
    assert "'postive' (1) and 'positive' (9)" in finding.message
    assert "'Negative' (1) and 'negative' (2)" in finding.message


def test_spellings_of_training_and_test_are_compared():
    [finding] = found_in(["ham", "spam"] * 5, "V122", test_texts=["a"], test_labels=["Ham"])
    assert (finding.side, finding.rows) == ("test", (0,))


@pytest.mark.parametrize(
    ("counts", "pairs"),
    [
        ({"spam": 100, "spma": 3}, [("spma", "spam")]),
        ({"question": 5, "qestion": 5}, [("qestion", "question")]),
        ({"question": 5, "questions": 9}, [("question", "questions")]),
        ({"Question": 5, "Qestions": 9}, []),
        ({"like": 50, "lime": 50}, []),
        ({"like": 50, "lime": 2}, [("lime", "like")]),
        ({"da": 90, "de": 1}, []),
        ({"neg": 90, "negg": 1, "pos": 90, "poss": 80}, [("negg", "neg")]),
        ({"class 1": 90, "class 2": 1}, []),
        ({"import": 9, "export": 9}, []),
        ({"aaaaaaaa": 4, "aaaaaaa": 5}, [("aaaaaaaa", "aaaaaaa")]),
    ],
)
def test_labels_one_letter_apart(counts, pairs):
    assert misspelt(counts) == pairs


@given(st.text("abcdefgh", min_size=8, max_size=12), st.integers(0, 7), st.sampled_from("xyz"))
def test_any_single_slip_of_a_long_label_is_found(label, place, letter):
    slips = {
        label[:place] + label[place + 1 :],
        label[:place] + letter + label[place:],
        label[:place] + letter + label[place + 1 :],
        label[:place] + label[place : place + 2][::-1] + label[place + 2 :],
    }
    for slip in slips - {label}:
        assert misspelt({label: 9, slip: 1}) == [(slip, label)]


def test_respelled_labels_come_in_groups():
    assert respelled(["a b", "A  B", "a b ", "c", "ß", "SS"]) == [["A  B", "a b", "a b "], ["SS", "ß"]]


def test_sorted_rows_are_found_and_shuffled_ones_are_not():
    assert len(found_in(["a"] * 50 + ["b"] * 50, "V124")) == 1
    assert found_in(["a", "b"] * 50, "V124") == []
    assert found_in(["a"] * 5 + ["b"] * 5, "V124") == []


def test_labels_of_the_test_that_training_lacks_are_found():
    [finding] = found_in(["a", "b"] * 5, "V123", test_texts=["x", "y", "z"], test_labels=["c", "a", "c"])
    assert finding.rows == (0, 2)
    assert "1 label of 2 test rows is not in the training data: 'c'" in finding.message


def test_rows_without_a_label_are_an_error_and_the_others_are_checked():
    texts, labels = ["a b", "a b", "c d", "e f", "g h"], ["x", "y", None, " ", "y"]
    found = vikt.audit(texts, labels)
    of = {finding.code: finding for finding in found.findings}
    assert of["V120"].severity == "error"
    assert of["V120"].rows == (2, 3)
    assert of["V104"].rows == (0, 1)
    assert found.classes["training"] == {"x": 1, "y": 2}
    assert of["V121"].rows == (0, 1, 4)
    with pytest.raises(DataError, match="none of its 2 rows has a label"):
        vikt.audit(["a", "b"], [None, ""])


def test_one_class_is_an_error_and_a_label_like_a_missing_value_a_note():
    [finding] = found_in(["a"] * 20, "V125")
    assert finding.severity == "error"
    assert found_in(["a", "b"] * 10, "V125") == []
    [finding] = found_in(["a"] * 10 + ["NaN", "n/a", "a"], "V126")
    assert (finding.severity, finding.rows) == ("note", (10, 11))


def test_a_file_with_empty_labels_is_audited_reviewed_and_told_by_its_rows(run, tmp_path):
    rows = [f"{word} number {i % 9},{label}" for i in range(40) for word, label in (("win", "spam"), ("lunch", "ham"))]
    rows[2], rows[60] = "lost,", "win number 3,ham"
    path, review = tmp_path / "mails.csv", tmp_path / "review.csv"
    path.write_text("\n".join(["text,label", *rows]) + "\n")
    code, out, _ = run("audit", path, "-o", review, "-q")
    assert code == 3
    assert "1 training row has no label, which training refuses: row 3; " in out
    assert f"review     {review}, 1 suspected row, the most suspected first" in out
    assert review.read_text().splitlines()[1].startswith("win number 3,ham,spam,")
    assert review.read_text().splitlines()[1].endswith(",61")
