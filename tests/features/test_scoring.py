"""Scores are products of rows and weights, however n-grams are looked up."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import scipy.sparse
from test_portions import MADE, real, run_by, scored  # noqa: F401

import vikt.compiled
from vikt import TextClassifier
from vikt.corpus.texts import Texts
from vikt.features.ngrams import hashing_kernels, scoring, token_kernels
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.ngrams.scoring import NgramScorer
from vikt.features.ngrams.weighting import WEIGHTINGS

BY_RECORDS = 1


def random_theta(ngrams, n_classes=1):
    return np.random.default_rng(n_classes).normal(size=(ngrams.n_columns, n_classes))


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize(
    "made",
    [
        *MADE.values(),
        partial(Ngrams, "word", (2, 3), max_df=0.5),
        partial(Ngrams, "word", (1, 3), max_features=50),
        partial(Ngrams, "char", (1, 5), min_df=2),
    ],
    ids=[*MADE, "max_df", "max_features", "min_df"],
)
@pytest.mark.parametrize("n_classes", [1, 4])
def test_scores_are_products_of_rows_and_weights(real, made, weighting, n_classes):  # noqa: F811
    texts, others = real
    ngrams, _ = made(WEIGHTINGS[weighting]).fit_transform(texts)
    indptr, indices, values, n_columns = ngrams.transform(others, np.float64)
    rows = scipy.sparse.csr_matrix((values, indices, indptr), (len(others), n_columns))
    theta = random_theta(ngrams, n_classes)
    scores = scored(ngrams, theta, others, 1, BY_RECORDS)
    np.testing.assert_allclose(scores, rows @ theta, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("n_words", [1, 255, 256, 257, 3000])
def test_documents_of_any_length(n_words):
    """Whether they are looked up together, alone, or block by block."""
    rng = np.random.default_rng(n_words)
    texts = [" ".join(f"w{i}" for i in rng.zipf(1.3, size=size) % 999) for size in (n_words, 5, n_words, 0, 300, 1)]
    ngrams, _ = Ngrams("word", (1, 3), WEIGHTINGS["tfidf"]).fit_transform(Texts.from_strings(texts[::2]))
    theta = random_theta(ngrams)
    together = scored(ngrams, theta, Texts.from_strings(texts), 1, BY_RECORDS)
    alone = [scored(ngrams, theta, Texts.from_strings([text, "end"]), 1, BY_RECORDS)[0] for text in texts]
    assert together.tolist() == np.array(alone).tolist()


def test_threads_score_while_another_makes_the_records(monkeypatch):
    """As does a child that a process forks at this moment: it has no thread that would finish them."""
    texts = Texts.from_strings(["one two", "two three three"])
    ngrams, _ = Ngrams("word", (1, 2), WEIGHTINGS["tfidf"]).fit_transform(texts)
    theta, making, go_on = random_theta(ngrams), threading.Event(), threading.Event()
    made = type(ngrams).record_table

    def slowly_made(*args):
        making.set()
        assert go_on.wait(60)
        return made(*args)

    expected = NgramScorer(ngrams, theta).scores(texts).tolist()
    monkeypatch.setattr(type(ngrams), "record_table", slowly_made)
    monkeypatch.setattr(scoring, "_FEWEST_BYTES", 1)
    monkeypatch.setattr(scoring, "_BYTES_PER_COLUMN", 0)
    scorer = NgramScorer(ngrams, theta)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(scorer.scores, texts)
        assert making.wait(60)
        try:
            assert pool.submit(scorer.scores, texts).result(60).tolist() == expected
        finally:
            go_on.set()
        assert first.result(60).tolist() == scorer.scores(texts).tolist() == expected


def test_where_memory_is_too_short_for_records_scores_are_made_otherwise(monkeypatch, real):  # noqa: F811
    texts, others = real
    ngrams, _ = Ngrams("word", (1, 2), WEIGHTINGS["tfidf"]).fit_transform(texts)
    theta = random_theta(ngrams)
    expected = scored(ngrams, theta, others, 1, BY_RECORDS)

    def refused(*_):
        raise MemoryError

    monkeypatch.setattr(type(ngrams), "record_table", refused)
    assert scored(ngrams, theta, others, 1, BY_RECORDS).tolist() == expected.tolist()


def let_collide(monkeypatch, name):
    """Let a hash be 0 for all that is hashed."""

    def colliding(*_):
        return 0

    module = hashing_kernels if name == "hash_pair" else token_kernels
    colliding.__module__, colliding.__name__ = module.__name__, name
    monkeypatch.setattr(module, name, colliding)
    run_by(monkeypatch, vikt.compiled.plain.__wrapped__)


@pytest.mark.parametrize("name", ["hash_pair", "hash_bytes", "mix"])
def test_keys_that_no_record_can_be_found_for_are_looked_up_otherwise(monkeypatch, name):
    let_collide(monkeypatch, name)
    learnt = [f"prefixofsixteenbytes{i} w{i}" for i in range(40)]
    texts = Texts.from_strings([*learnt, "prefixofsixteenbytesA w1 prefixofsixteenbytes7"])
    ngrams, _ = Ngrams("word", (1, 2), WEIGHTINGS["tfidf"]).fit_transform(Texts.from_strings(learnt))
    theta = random_theta(ngrams)
    by_records, by_ids = (scored(ngrams, theta, texts, 1, limit) for limit in (BY_RECORDS, 1 << 60))
    assert ngrams.record_table(theta) is None
    assert by_records.tolist() == by_ids.tolist()


def test_a_long_word_is_compared_byte_by_byte(monkeypatch):
    let_collide(monkeypatch, "hash_bytes")
    ngrams, _ = Ngrams("word", (1, 1), WEIGHTINGS["counts"]).fit_transform(
        Texts.from_strings(["antidisestablishment a"])
    )
    texts = Texts.from_strings(
        ["antidisestablishment", "antidisestablishmenT!", "antidisestablishmeng", "antidisestablish"]
    )
    theta = np.ones((2, 1))
    assert ngrams.record_table(theta) is not None
    assert scored(ngrams, theta, texts, 1, BY_RECORDS)[:, 0].tolist() == [1, 1, 0, 0]


def test_a_pickled_classifier_holds_no_records(emails, monkeypatch):
    texts, labels = emails
    classifier = TextClassifier(l2=0.01).fit(texts, labels)
    again = pickle.loads(pickle.dumps(classifier))
    expected, by_ids = classifier.predict_proba(texts), len(pickle.dumps(classifier))
    monkeypatch.setattr(scoring, "_FEWEST_BYTES", 1)
    monkeypatch.setattr(scoring, "_BYTES_PER_COLUMN", 0)
    assert again.predict_proba(texts).tolist() == expected.tolist()
    assert len(pickle.dumps(again)) <= by_ids + 1000
    assert pickle.loads(pickle.dumps(again)).predict_proba(texts).tolist() == expected.tolist()
