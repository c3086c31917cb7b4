"""Checks of a test against the training data."""

from __future__ import annotations

import numpy as np
import pytest

import vikt
from vikt.auditing.shift import script_of

ENGLISH = [
    "the",
    "a",
    "of",
    "and",
    "one",
    "that",
    "was",
    "with",
    "film",
    "evening",
    "actor",
    "story",
    "good",
    "slow",
    "long",
    "never",
    "always",
    "somewhere",
]
SWEDISH = [
    "och",
    "att",
    "det",
    "som",
    "en",
    "på",
    "är",
    "av",
    "för",
    "med",
    "till",
    "den",
    "har",
    "inte",
    "om",
    "ett",
    "men",
    "jag",
    "sig",
    "från",
    "när",
    "skall",
]
RUSSIAN = [
    "и",
    "в",
    "не",
    "на",
    "я",
    "что",
    "он",
    "с",
    "как",
    "это",
    "по",
    "но",
    "они",
    "мы",
    "этот",
    "который",
    "весь",
    "свой",
    "такой",
    "человек",
]


def texts_of(words, n, length, seed):
    draw = np.random.default_rng(seed)
    return [" ".join(draw.choice(words, draw.integers(length, 2 * length))) for _ in range(n)]


def found_in(code, training, test):
    labels = [["a", "b"] * (len(texts) // 2) for texts in (training, test)]
    audit = vikt.audit(training, labels[0], test_texts=test, test_labels=labels[1])
    return [finding for finding in audit.findings if finding.code == code]


@pytest.mark.parametrize("code", ["V141", "V142"])
def test_texts_of_one_kind_have_no_shift(code):
    assert found_in(code, texts_of(ENGLISH, 400, 8, 0), texts_of(ENGLISH, 200, 8, 1)) == []


def test_longer_texts_are_found():
    [finding] = found_in("V141", texts_of(ENGLISH, 200, 8, 0), texts_of(ENGLISH, 100, 20, 1))
    assert finding.side == "test"
    assert "test texts differ in length" in finding.message


def test_a_few_texts_prove_no_other_length():
    assert found_in("V141", texts_of(ENGLISH, 4, 8, 0), texts_of(ENGLISH, 4, 20, 1)) == []


def test_lengths_are_counted_in_characters():
    assert found_in("V141", texts_of(["aaaa", "bbbb"], 200, 8, 0), texts_of(["жжжж", "щщщщ"], 200, 8, 1)) == []


def test_another_script_is_found_with_its_rows():
    test = texts_of(ENGLISH, 90, 8, 1) + texts_of(RUSSIAN, 10, 8, 2)
    [finding] = found_in("V142", texts_of(ENGLISH, 400, 8, 0), test)
    assert "Cyrillic" in finding.message
    assert finding.rows == tuple(range(90, 100))


def test_another_language_of_the_same_script_is_found_with_its_rows():
    test = texts_of(ENGLISH, 160, 8, 1) + texts_of(SWEDISH, 40, 8, 2)
    found = [
        finding
        for finding in found_in("V142", texts_of(ENGLISH, 400, 8, 0), test)
        if "letter sequences" in finding.message
    ]
    [finding] = found
    assert set(range(160, 200)) <= set(finding.rows)
    assert len(finding.rows) < 50


def test_a_sample_is_said_to_be_one():
    [finding] = found_in("V142", texts_of(ENGLISH, 400, 8, 0), texts_of(SWEDISH, 2100, 8, 2))
    assert "of 2,000 test texts sampled at equal distances" in finding.message


@pytest.mark.parametrize(
    ("character", "script"),
    [("a", "Latin"), ("ß", "Latin"), ("Ω", "Greek"), ("한", "Hangul"), ("漢", "Han"), ("!", "")],
)
def test_scripts(character, script):
    assert script_of(character) == script


def test_the_languages_of_a_corpus_that_was_split_at_random_do_not_differ(corpus):
    import csv

    def texts(name):
        with open(corpus(name), encoding="utf-8") as lines:
            return [row["text"] for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]

    training, test = texts("languages/train.tsv")[:20_000], texts("languages/test.tsv")[:4000]
    assert found_in("V142", training, test) == []
    assert found_in("V141", training, test) == []
