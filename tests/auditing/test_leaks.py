"""The check for a leak: what tells the label by itself is found, natural texts are not suspected."""

from __future__ import annotations

import numpy as np
import pytest

import vikt
from vikt.corpus.labelled import labelled, read_tables
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures

WORDS = [
    "red",
    "green",
    "blue",
    "round",
    "square",
    "long",
    "short",
    "heavy",
    "light",
    "old",
    "new",
    "fast",
    "slow",
    "warm",
    "cold",
]


def leaks(texts, labels):
    return [finding for finding in vikt.audit(texts, labels).findings if finding.name == "label-leak"]


def read(path, text="text", label="label"):
    rows = labelled(read_tables([path], None), TextFeatures(FeatureSettings()), text, label)
    return rows.documents.strings().strings(), rows.labels.tolist()


@pytest.fixture(scope="module")
def natural():
    """Texts of random words, two of which go with a label in most cases, and labels."""
    draw = np.random.default_rng(1)
    labels = draw.integers(3, size=300)
    words = [[*draw.choice(WORDS, 8), WORDS[label] if draw.random() < 0.8 else "thing"] for label in labels]
    return [" ".join(draw.permutation(own)) for own in words], [f"class {label}" for label in labels]


def test_texts_of_words_that_go_with_a_label_are_not_suspected(natural):
    assert leaks(*natural) == []


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("{label} {text}", "the 1st word"),
        ("{label}: {text}", "the 1st"),
        ("{digit}{text}", "the 1st character"),
        ("{text} ({label})", "last"),
        ("{text}|{digit}", "last character"),
        ("id {digit} {text}", "the 2nd"),
    ],
)
def test_a_label_at_a_certain_place_is_found(natural, written, place):
    texts, labels = natural
    digits = [label.split()[1] for label in labels]
    names = ["one", "two", "three"]
    told = [
        written.format(text=text, digit=digit, label=names[int(digit)])
        for text, digit in zip(texts, digits, strict=True)
    ]
    found = leaks(told, labels)
    assert found
    assert place in found[0].message
    assert found[0].severity == "error"


def test_a_word_that_only_one_class_has_is_found_wherever_it_stands(natural):
    texts, labels = natural
    draw = np.random.default_rng(2)
    told = []
    for text, label in zip(texts, labels, strict=True):
        words = text.split()
        words.insert(draw.integers(8), "xyzzy" if label == "class 1" else "plugh")
        told.append(" ".join(words))
    [finding] = leaks(told, labels)
    assert "'xyzzy' in 100.0% of class 1 and 0.0% of the rest" in finding.message
    assert finding.rows == tuple(i for i, label in enumerate(labels) if label == "class 1")


def test_texts_of_one_word_have_no_place_that_leaks():
    assert leaks([f"word{i % 40}" for i in range(400)], [str(i % 40 % 2) for i in range(400)]) == []


@pytest.mark.parametrize("label", ["label", "fine"])
def test_the_fine_label_in_front_of_each_question_is_found(corpus, label):
    texts, labels = read(corpus("trec/train.tsv"), label=label)
    _, fine = read(corpus("trec/train.tsv"), label="fine")
    told = [f"{name} {text}" for name, text in zip(fine, texts, strict=True)]
    assert any("the 1st word" in finding.message and "alone" in finding.message for finding in leaks(told, labels))
    assert leaks(texts, labels) == []


@pytest.mark.parametrize(
    ("path", "text", "label"),
    [
        ("sms/sms.tsv", "text", "label"),
        ("languages/test.tsv", "text", "label"),
        ("names/tokens.csv", "token", "tag"),
    ],
)
def test_real_corpora_are_not_suspected(corpus, path, text, label):
    assert leaks(*read(corpus(path), text, label)) == []


def test_comments_of_several_labels_are_not_suspected(corpus):
    texts, labels = read(corpus("emotions/test.tsv"), label="labels")
    assert leaks(texts, [emotions.split(",") for emotions in labels]) == []


@pytest.mark.slow
@pytest.mark.parametrize("label", ["label", "rating"])
def test_film_reviews_are_not_suspected(corpus, label):
    assert leaks(*read(corpus("imdb/train.parquet"), label=label)) == []
