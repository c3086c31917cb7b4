"""Text to features: vikt's own words as promised, and hashing."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

import vikt
from vikt.corpus.documents import Documents
from vikt.corpus.texts import Texts
from vikt.errors import EmptyVocabularyError, UsageError
from vikt.features.description import sentence
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.ngrams.normalise import normalise
from vikt.features.ngrams.weighting import WEIGHTINGS
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures

HOSTILE = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(
            " \t\n\x1c\x85\u2028\u00a0aAbB_'-!éÉ\u0301İıΣςßŉǅ\u200d\u0e33ก漢字カ\u0903\u093f\U0001f469\U0001f3fd0٣"
        ),
    ),
    max_size=30,
)


def words(text: str) -> list[str]:
    part, _ = Ngrams("word", (1, 1), WEIGHTINGS["counts"]).fit_transform(Texts.from_strings([text]))
    return part.names()


def test_counts_and_presence():
    texts = ["a a b", "b b b"]
    _, rows = Ngrams("word", (1, 1), WEIGHTINGS["counts"], alphabetical=True).fit_transform(Texts.from_strings(texts))
    expected = CountVectorizer(token_pattern=r"\w+").fit_transform(texts)
    assert rows.values.tolist() == expected.data.tolist()
    _, rows = Ngrams("word", (1, 1), WEIGHTINGS["binary"]).fit_transform(Texts.from_strings(texts))
    assert set(rows.values.tolist()) == {1.0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I can't!", {"i", "can", "'", "t", "!"}),
        ("e\u0301t\u00e9", {"été"}),
        ("ÉTÉ", {"été"}),
        ("हिन्दी में", {"हिन्दी", "में"}),
        ("বাংলা தமிழ்", {"বাংলা", "தமிழ்"}),
        ("漢字", {"漢", "字"}),
        ("カ゛", {"カ", "゛"}),
        ("ไทย", {"ไ", "ท", "ย"}),
        ("a\x00b", {"a", "b"}),
        ("abc_1 2", {"abc_1", "2"}),
        ("❤\ufe0f", {"❤\ufe0f"}),
        ("$1,000", {"$", "1", ",", "000"}),
    ],
)
def test_vikts_words(text, expected):
    assert set(words(text)) == expected


def test_a_letter_typed_two_ways_is_one_feature():
    features = TextFeatures(FeatureSettings(min_df=2, ngrams=(1, 1)))
    features.fit_transform(features.measure(Documents.of(["caf\u00e9", "cafe\u0301"])))
    assert features.names() == ["café"]


@given(text=HOSTILE)
def test_normalising_twice_changes_nothing_and_order_of_accents_is_forgotten(text):
    once = normalise(Texts.from_strings([text]), lowercase=True, composed=True)
    assert normalise(once, lowercase=True, composed=True)[0] == once[0]


def test_features_are_fitted_once():
    features = TextFeatures(FeatureSettings(min_df=1))
    measured = features.measure(Documents.of(["a b"]))
    features.fit_transform(measured)
    with pytest.raises(UsageError, match="already fitted"):
        features.fit_transform(measured)


def test_threads_share_fitted_features(emails):
    features = TextFeatures(FeatureSettings(analyzer="word+char"))
    measured = features.measure(Documents.of(emails[0]))
    rows = features.fit_transform(measured)
    theta = np.random.default_rng(0).normal(size=(3, 1 + rows.n_features))
    expected = features.scorer(theta).scores(measured)
    again = TextFeatures.from_arrays(features.settings, features.to_arrays())
    with ThreadPoolExecutor(4) as pool:
        scorer = again.scorer(theta)
        for scores in pool.map(lambda threads: scorer.scores(measured, threads=threads), [1, 2, 1, 3] * 3):
            assert np.array_equal(scores, expected)


def test_words_and_characters_side_by_side_are_each_of_length_one():
    features = TextFeatures(FeatureSettings(analyzer="word+char", min_df=1))
    rows = features.fit_transform(features.measure(Documents.of(["good film", "bad film"])))
    assert sum(rows.values[: rows.indptr[1]] ** 2) == pytest.approx(2.0, abs=1e-6)
    assert "good" in features.names()
    assert "characters  good" in features.names()
    again = TextFeatures.from_arrays(features.settings, features.to_arrays())
    assert again.names() == features.names()


def test_columns_fall_by_document_frequency_and_rows_rise_by_column():
    part, rows = Ngrams("word", (1, 1), WEIGHTINGS["counts"]).fit_transform(Texts.from_strings(["c b a", "a b", "a"]))
    assert part.names() == ["a", "b", "c"]
    assert rows.indices.tolist() == [0, 1, 2, 0, 1, 0]


def test_an_unknown_word_and_an_empty_text_are_no_features():
    part, _ = Ngrams("word", (1, 2), WEIGHTINGS["tfidf"]).fit_transform(Texts.from_strings(["a b", "b a"]))
    assert part.transform(Texts.from_strings(["x", "", " \n", "a x b"])).indptr.tolist() == [0, 0, 0, 0, 2]


def test_min_df_counts_texts_not_words():
    with pytest.raises(EmptyVocabularyError, match="min_df=2"):
        Ngrams("word", (1, 1), WEIGHTINGS["counts"], min_df=2).fit_transform(Texts.from_strings(["a a a", "b"]))


def test_many_different_words_make_the_tables_grow():
    texts = [f"w{i} w{i + 1}" for i in range(60_000)]
    part, rows = Ngrams("word", (1, 2), WEIGHTINGS["counts"]).fit_transform(Texts.from_strings(texts))
    assert rows.n_features == 60_001 + 60_000
    assert len(set(part.names())) == rows.n_features
    again = part.transform(Texts.from_strings(texts[::1000]))
    assert again.indptr.tolist() == list(range(0, 3 * 60 + 1, 3))


# Hashing.


def shared(hashed):
    """How many buckets several n-grams share."""
    [fact] = hashed.facts()
    return fact.numbers["shared"]


def test_enough_bits_are_the_vocabulary(emails):
    texts = Texts.from_strings(emails[0][:20])
    (_, rows), (hashed, folded) = (
        Ngrams("word", (1, 3), WEIGHTINGS["tfidf"], min_df=2, hashing=bits).fit_transform(texts) for bits in (None, 24)
    )
    assert (shared(hashed), rows.n_features) == (0, folded.n_features)
    assert np.allclose(sorted(rows.values), sorted(folded.values))
    again = hashed.transform(texts)
    for name in ("indptr", "indices", "values"):
        assert np.array_equal(getattr(again, name), getattr(folded, name))


def test_collisions_are_counted_and_their_counts_add_up():
    words = [f"w{i}" for i in range(1000)]
    texts = Texts.from_strings([" ".join(words), "w1 w1 w2"])
    hashed, rows = Ngrams("word", (1, 1), WEIGHTINGS["counts"], hashing=4).fit_transform(texts)
    assert (rows.n_features, shared(hashed)) == (16, 16)
    assert (rows.values[: rows.indptr[1]].sum(), rows.values[rows.indptr[1] :].sum()) == (1000, 3)
    # Expected: buckets that none of n words meets are (1 - 2^-b)^n of all, those that one meets n/2^b times as many.
    texts = Texts.from_strings([" ".join(words)])
    hashed, rows = Ngrams("word", (1, 1), WEIGHTINGS["counts"], hashing=10).fit_transform(texts)
    n_features = rows.n_features
    empty = (1 - 1 / 1024) ** 1000
    assert n_features == pytest.approx(1024 * (1 - empty), abs=40)
    assert shared(hashed) == pytest.approx(1024 * (1 - empty * (1 + 1000 / 1023)), abs=40)
    assert f"share {shared(hashed):,} of them" in sentence(hashed.facts()[0])


def test_a_hashed_classifier_is_saved_loaded_and_explained(emails, tmp_path):
    texts, labels = emails
    classifier = vikt.TextClassifier(hashing=12, analyzer="word+char").fit(texts, labels)
    classifier.save(tmp_path / "h.vikt")
    again = vikt.load(tmp_path / "h.vikt")
    assert np.array_equal(again.predict_proba(texts), classifier.predict_proba(texts))
    explanation = again.explain("You won 1,000 tickets")
    total = explanation.intercept + sum(part.contribution for part in explanation.contributions)
    assert explanation.score == pytest.approx(total)
    assert any(re.fullmatch(r"#\d+ won( \|.*)?", part.feature) for part in explanation.contributions)
    assert any(explanation.emphasis)


@pytest.mark.parametrize("bits", [0, 29])
def test_bits_that_cannot_be(bits):
    with pytest.raises(UsageError, match=f"hashing: expected .*1 to 28 bits, found {bits}"):
        vikt.TextClassifier(hashing=bits).fit(["a", "b"], [0, 1])
