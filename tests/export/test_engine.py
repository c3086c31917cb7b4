"""The engine of an exported page computes what the model does: in Node, and a few texts in Chromium."""

from __future__ import annotations

import csv
import random
import unicodedata
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

import models_of_kinds
import vikt
from engine_runs import as_in_a_browser, check_agreement, folded, in_chromium, in_node, read_by
from test_fuzz import HOSTILE
from vikt.corpus.documents import Documents
from vikt.decisions.decision import Decision
from vikt.decisions.rules import ClassThreshold, LeastCost
from vikt.export.html.model import encoded_model
from vikt.features.ngrams.normalise import compose
from vikt.features.text import TextFeatures
from vikt.fitting.saved import SavedModel

# Some lines of test_normalise's trouble, and emoji in parts.
MORE = [
    "\u1e9e",
    "Σ",
    "ΑΣ",
    "Σ.",
    "İı",
    "ǅ",
    "\u0345",
    "\u03b1\u0345",
    "\U00010400",
    "\U0001f3f3\ufe0f\u200d\U0001f308",
]


def drawn_texts(n: int) -> list[str]:
    chance = random.Random(0)
    anything = [chr(point) for point in range(0x20, 0x110000, 97)]
    drawn = [
        chance.choices([*HOSTILE, *MORE, *chance.choices(anything, k=20)], k=chance.randint(0, 15)) for _ in range(n)
    ]
    return [as_in_a_browser("".join(pieces)) for pieces in drawn]


def saved(classifier) -> SavedModel:
    return SavedModel(classifier.model_, classifier.record_)


@pytest.mark.parametrize(
    ("run", "step"),
    [
        (in_node, 25),
        pytest.param(in_node, 1, marks=pytest.mark.slow),
        pytest.param(in_chromium, 1, marks=pytest.mark.slow),
    ],
)
def test_every_character_is_normalised_as_in_the_model(run, step):
    points = [*range(0xD800), *range(0xE000, 0x40000), *range(0xE0000, 0xE0200), 0xF0000, 0x10FFFF][::step]
    texts = [f"\n{c}\n a{c}\u0301\u0323\n Σ{c}Σ\n {c}Σ{c}a\n" for c in map(chr, points)]
    texts = ["".join(texts[start : start + 4096]) for start in range(0, len(texts), 4096)]
    assert normalised_by(run, texts) == list(map(folded, texts))


def normalised_by(run, texts):
    """Texts as the engine normalises them for a model that composes and lower-cases."""
    model = saved(vikt.TextClassifier("word", min_df=1, l2=0.01).fit(["a b", "b c"], ["x", "y"]))
    body = """
        const { parts: [part] } = modelOf(await decoded(given.model));
        return given.texts.map((text) => normalised(text, part.tokens, part.characters));
    """
    return run(body, {"model": encoded_model(model, "model"), "texts": texts})


def test_letters_and_marks_in_any_order_are_composed_as_in_the_model():
    chance, points = random.Random(2), map(chr, [*range(0x300, 0xD800), *range(0x10000, 0x20000)])
    marks = [c for c in points if unicodedata.combining(c) or unicodedata.decomposition(c)[:1].isalnum()]
    parts = [*marks, *"aeiou", "\u1100", "\u1161", "\u11a8", "\uac00", "\uac01", "\u09c7", "\u09be", "\u0308", "\u0301"]
    texts = ["".join(chance.choices(parts, k=8)) for _ in range(5000)]
    assert normalised_by(in_node, texts) == list(map(folded, texts))


def test_long_runs_of_marks_are_put_in_order_at_once():
    runs = ["\u0301\u0323", "\u0323\u0f73\u0344", "\u0345\u0301", "\u3099\u05b0"]
    texts = [f"E{run * 40}e{run}!" for run in runs] + ["E" + "\u0301\u0323" * 100_000]
    assert normalised_by(in_node, texts) == [compose(compose(text).lower()) for text in texts]


OPTIONS = [
    {"analyzer": "word+char", "weighting": "nb"},
    {"analyzer": "char_wb", "ngrams": (4, 5), "lowercase": True},
    {"analyzer": "word+char", "hashing": 12},
]
MORE_OPTIONS = [
    {"analyzer": "word"},
    {"analyzer": "word", "ngrams": (2, 3), "weighting": "binary"},
    {"analyzer": "char", "ngrams": (2, 4), "weighting": "counts", "lowercase": True},
    {"analyzer": "char"},
]


@pytest.mark.parametrize(
    "options",
    [*OPTIONS, *(pytest.param(options, marks=pytest.mark.slow) for options in MORE_OPTIONS)],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_hostile_texts_have_the_same_units_features_and_answers(options):
    texts = drawn_texts(300)
    labels = ["odd" if len(text) % 2 else "even" for text in texts]
    model = saved(vikt.TextClassifier(min_df=1, l2=0.001, **options).fit(texts[:150], labels[:150]))
    check_agreement(in_node, model, texts)
    for text, own in zip(texts, read_by(in_node, model, texts, len(texts)), strict=True):
        check_features(model.model.features, text, own)


def check_features(features: TextFeatures, text: str, found: dict) -> None:
    """Check that the units of a text and the values of its features are those of the model."""
    measured = features.measure(Documents.of([text]))
    rows = features.transform(measured, np.float64)
    assert sorted(value for part in found["values"] for value in part) == pytest.approx(sorted(rows.values))
    for part, units in zip(features.parts, found["units"], strict=True):
        tokens = part.options.tokens_of_one(measured.texts)
        spelled = [tokens.text[a:b].tobytes() for a, b in zip(tokens.starts, tokens.ends, strict=True)]
        own = [unit.encode("utf-8", "surrogatepass") for unit in units]
        assert [unit for unit in own if unit] == [unit for unit in spelled if unit]


def kinds(tmp_path, emails):
    """A model of each kind of targets, and of each kind of decision."""
    texts, labels = models_of_kinds.TEXTS, ["joy", "grief", "love"] * 4
    shares = np.random.default_rng(0).dirichlet(np.ones(3), len(texts))
    plain = models_of_kinds.fitted(labels)
    rules = [ClassThreshold(1, 0.2), LeastCost((1.0, 2.0, 1.0), ((0, 1, 10.0), (1, 2, 0.5)))]
    decisions = [
        *(Decision(rule) for rule in rules),
        Decision(temperature=2.5, set_threshold=0.3),
        Decision(confidence=0.4, answers_unknown=False),
    ]
    yield saved(models_of_kinds.several(tmp_path / "several.vikt"))
    yield saved(models_of_kinds.ordered(tmp_path / "ordered.vikt"))
    yield saved(vikt.TextClassifier("word+char", min_df=1, l2=0.01, targets="soft").fit(texts, shares))
    yield from (SavedModel(replace(plain.model_, decision=decision), plain.record_) for decision in decisions)
    yield saved(vikt.TextClassifier("word", min_df=1, l2=0.01).fit(*emails))


def test_every_kind_of_targets_and_decision_answers_and_explains_alike(tmp_path, emails):
    texts = [*models_of_kinds.TEXTS, "", "unknown", "day", "glad smile love rain angry", "HAPPY; Ra\u0131n"]
    for model in kinds(tmp_path, emails):
        check_agreement(in_node, model, texts)


def columns_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ",", quoting=QUOTING[path.suffix])
        return list(reader)


QUOTING = {".tsv": csv.QUOTE_NONE, ".csv": csv.QUOTE_MINIMAL}
CORPORA = [
    ("sms/sms.tsv", "text", "label"), ("trec/train.tsv", "text", "label"), ("languages/train.tsv", "text", "label"),
    ("emotions/dev.tsv", "text", "labels"), ("names/tokens.csv", "token", "tag"),
    ("imdb/test.parquet", "text", "label"),
]  # fmt: skip


def rows_of(path, text, label, n):
    """The texts and labels of n rows from all over a corpus."""
    rows = pq.read_table(path, columns=[text, label]).to_pylist() if path.suffix == ".parquet" else columns_of(path)
    drawn = random.Random(1).sample(rows, n)
    labels = [row[label].split(",") if label == "labels" else row[label] for row in drawn]
    return [row[text] for row in drawn], labels


@pytest.mark.slow
@pytest.mark.parametrize("run", [in_node, in_chromium])
@pytest.mark.parametrize(("name", "text", "label"), CORPORA)
def test_two_thousand_texts_of_a_corpus(run, corpus, name, text, label):
    texts, labels = rows_of(corpus(name), text, label, 2000)
    model = saved(vikt.TextClassifier().fit(texts[:1000], labels[:1000]))
    assert check_agreement(run, model, texts, explained=200) < 1e-9
