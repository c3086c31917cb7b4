"""Audits of texts that have several labels, soft labels or levels of an order."""

from __future__ import annotations

import json

import numpy as np
import pytest

import vikt
from vikt.errors import ParameterError

TEXTS = [f"text number {word} {i}" for i, word in enumerate(["one", "two", "three", "four"] * 6)]
SETS = [["joy"], ["joy", "love"], [], ["anger"]] * 6


def of_code(found, code):
    return [finding for finding in found.findings if finding.code == code]


def messages(found, code):
    return [finding.message for finding in of_code(found, code)]


def test_labels_are_counted_by_row_and_by_label():
    found = vikt.audit(TEXTS, SETS)
    assert found.classes == {"training": {"anger": 6, "joy": 12, "love": 6}}
    assert found.n_rows == {"training": 24}
    assert found.shares["joy"] == [(12, 0.5)]
    assert "24 rows, 3 labels" in repr(found)
    told = json.loads(json.dumps(found.to_json()))
    assert told["rows"] == {"training": 24}
    matrix = np.array([[label in row for label in ("anger", "joy", "love")] for row in SETS])
    labelled = vikt.audit(TEXTS, matrix)
    assert list(labelled.classes["training"].values()) == [6, 12, 6]


def test_texts_alike_are_compared_by_their_sets():
    texts, sets = [*TEXTS, TEXTS[0], TEXTS[1], TEXTS[2]], [*SETS, ["joy"], ["love", "joy"], ["joy"]]
    found = vikt.audit(texts, sets)
    assert of_code(found, "V102")[0].rows == (24, 25)
    assert of_code(found, "V104")[0].rows == (2, 26)
    assert [example.label for example in of_code(found, "V104")[0].examples] == ["no labels", "joy"]


def test_a_test_is_compared_with_training_by_sets_and_labels():
    found = vikt.audit(
        TEXTS, SETS, test_texts=[TEXTS[0], TEXTS[1], "new"], test_labels=[["love"], ["joy", "love"], ["eel"]]
    )
    [seen] = of_code(found, "V111")
    assert "1 of them under another label" in seen.message
    assert [example.remark for example in seen.examples] == [
        "as index 0, labelled joy",
        "as index 1, labelled joy, love",
    ]
    assert messages(found, "V123") == [
        "1 label of 1 test row is not in the training data: 'eel'; the rows count as wrong"
    ]


def test_small_labels_misspelt_ones_and_those_like_missing_are_found():
    sets = [["question", "nan"], ["qestion"], *SETS[2:]]
    found = vikt.audit(TEXTS, sets)
    assert "labels have fewer than 10 different texts: nan (1), qestion (1), question (1)" in messages(found, "V121")[0]
    assert of_code(found, "V122")[0].rows == (1,)
    assert of_code(found, "V126")[0].rows == (0,)
    assert messages(found, "V126")[0].endswith("here it is a label like any other")


def test_labels_of_every_row_of_the_same_rows_and_rows_of_none():
    sets = [[*row, "all"] + ["tender"] * ("love" in row) for row in SETS]
    found = vikt.audit(TEXTS, sets)
    assert messages(found, "V127") == ["1 label is on every training row and always answered: 'all'"]
    assert messages(found, "V128") == [
        "2 labels never occur without another: 'love' and 'tender' (6); one of them may be enough"
    ]
    assert of_code(found, "V129") == []
    [without] = of_code(vikt.audit(TEXTS, SETS), "V129")
    assert without.rows == tuple(range(2, 24, 4))
    assert without.message.startswith("6 training texts have no label; they are")
    assert of_code(vikt.audit(TEXTS, ["a", "b"] * 12), "V129") == []


def test_labels_that_tell_nothing_apart_are_an_error():
    found = vikt.audit(TEXTS, [["a", "b"]] * len(TEXTS))
    assert messages(found, "V125") == ["no label distinguishes the training rows: each is on every row or on none"]


def test_a_word_that_gives_one_of_several_labels_away():
    random = np.random.default_rng(0)
    words = [" ".join(random.choice(list("abcdefghijklmnop"), 6)) for _ in range(400)]
    sets = [[label for label in ("x", "y", "z") if random.random() < 0.4] for _ in words]
    texts = [
        f"{word} {'zap' if 'x' in own else 'dull'} {i}" for i, (word, own) in enumerate(zip(words, sets, strict=True))
    ]
    [leak] = of_code(vikt.audit(texts, sets), "V151")
    assert "'zap' in 100.0% of x and 0.0% of the rest" in leak.message
    assert of_code(vikt.audit(words, sets), "V151") == []


def test_soft_labels_are_audited_by_the_most_probable_class():
    shares = np.tile([[0.9, 0.1], [0.2, 0.8]], (12, 1))
    found = vikt.audit([*TEXTS, TEXTS[0], TEXTS[1]], np.vstack([shares, [[0.6, 0.4], [0.6, 0.4]]]))
    assert found.classes == {"training": {"0": 14, "1": 12}}
    assert of_code(found, "V102")[0].rows == (24,)
    assert of_code(found, "V104")[0].rows == (1, 25)


def test_levels_of_an_order_are_audited_as_classes():
    found = vikt.audit(TEXTS, ["low", "high"] * 12, targets="ordered")
    assert found.classes == {"training": {"high": 12, "low": 12}}
    with pytest.raises(ParameterError, match="targets: expected one of"):
        vikt.audit(TEXTS, ["low", "high"] * 12, targets="levels")


def test_rows_that_a_model_was_trained_on_are_known_by_their_targets():
    shares = np.tile([[0.9, 0.1], [0.2, 0.8]], (12, 1))
    model = vikt.TextClassifier(analyzer="word", l2=0.01).fit(TEXTS, shares)
    assert len(of_code(vikt.audit(TEXTS, shares, model=model), "V162")) == 1
    assert of_code(vikt.audit(TEXTS, shares[::-1], model=model), "V162") == []
