"""Rows of counts at four bytes an entry: the rows that they are unpacked to are those of the texts, to the last bit."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vikt.compiled.plain_python import plain
from vikt.corpus.documents import Documents
from vikt.corpus.texts import Texts
from vikt.errors import UsageError
from vikt.features import packed as packing
from vikt.features.handmade.features import Length
from vikt.features.ngrams import tokens
from vikt.features.packed import PackedRows, RowDecoder, packed
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures

SETTINGS = {
    "tfidf": FeatureSettings(min_df=1),
    "characters": FeatureSettings("char_wb", min_df=1),
    "binary": FeatureSettings(weighting="binary", min_df=1),
    "counts": FeatureSettings(weighting="counts", min_df=1),
    "nb": FeatureSettings("nb", min_df=1),
    "hashed": FeatureSettings("word", hashing=8),
    "side by side": FeatureSettings("nb+word+char", min_df=1),
    "side by side, hashed": FeatureSettings("word+char", weighting="counts", hashing=10),
}
LEARNT_FROM = ["good film , good fun", "bad film !", "", "a b c d e f g", "åäö æ ß good"]
TEXTS = [
    "fun " * 70_000,
    "",
    "good",
    "unseen",
    "film good film",
    "a b a b c " * 40,
    "good " * 255,
    "bad " * 256 + "film",
    "fun " * 70_000,
]


def fitted(setting):
    features = TextFeatures(setting)
    features.fit_transform(features.measure(Documents.of(LEARNT_FROM)))
    return features


FITTED = {name: fitted(setting) for name, setting in SETTINGS.items()}


def unpacked(decoder, rows, dtype=np.float32):
    indices, values = np.full(rows.n_entries, -1, np.int32), np.full(rows.n_entries, np.nan, dtype)
    return decoder.write_rows(rows.to_arrays(), indices, values), indices, values


def assert_same_rows(features, texts, threads=1):
    measured = features.measure(Documents.of(texts))
    for dtype in (np.float32, np.float64):
        expected = features.transform(measured, dtype)
        rows = packed(features, measured.texts, threads=threads)
        found = unpacked(RowDecoder.of(features), rows, dtype)
        assert [array.tobytes() for array in found] == [array.tobytes() for array in expected[:3]]
        assert RowDecoder.of(features).n_features == expected.n_features


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", SETTINGS)
def test_rows_are_those_of_the_texts(name, threads):
    assert_same_rows(FITTED[name], TEXTS, threads)


@pytest.mark.parametrize("name", SETTINGS)
def test_no_rows_and_empty_ones(name):
    assert_same_rows(FITTED[name], [""])
    none = packed(FITTED[name], Texts.from_bytes([]))
    assert unpacked(RowDecoder.of(FITTED[name]), none)[0].tolist() == [0]


WORD = st.sampled_from(["good", "bad", "film", "fun", "a", "b", "å", "zzz", "!"])
COUNTED = st.tuples(WORD, st.one_of(st.integers(1, 3), st.integers(250, 260), st.integers(1, 100_000)))
TEXT = st.lists(COUNTED, max_size=4).map(lambda counted: " ".join(f"{word} " * count for word, count in counted))


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=4), st.sampled_from(sorted(SETTINGS)))
def test_rows_of_any_counts(texts, name):
    assert_same_rows(FITTED[name], texts)


def test_the_rows_of_several_portions(monkeypatch):
    monkeypatch.setattr(tokens, "_BYTES_AT_A_TIME", 64)
    assert_same_rows(FITTED["side by side"], TEXTS * 3, threads=2)


def test_more_different_idfs_than_16_bits_can_number(monkeypatch):
    monkeypatch.setattr(packing, "_MOST_NARROW", 1)
    assert_same_rows(FITTED["side by side"], TEXTS)


def test_arrays_hold_everything():
    features = FITTED["side by side"]
    rows = packed(features, features.measure(Documents.of(TEXTS)).texts)
    again = PackedRows.from_arrays(rows.to_arrays())
    decoder = pickle.loads(pickle.dumps(RowDecoder.of(features)))
    for one, other in zip(unpacked(RowDecoder.of(features), rows), unpacked(decoder, again), strict=True):
        assert one.tobytes() == other.tobytes()


def test_an_entry_takes_four_bytes():
    features = FITTED["tfidf"]
    rows = packed(features, features.measure(Documents.of(["good film fun bad"] * 1000)).texts)
    assert rows.n_entries == 5000
    assert sum(array.nbytes for array in rows.to_arrays().values()) == 4 * 5000 + (4 + 8) * 1000


def test_plain_and_compiled_kernels_agree(monkeypatch):
    features = FITTED["side by side"]
    rows = packed(features, features.measure(Documents.of(TEXTS)).texts)
    expected = unpacked(RowDecoder.of(features), rows, np.float64)
    monkeypatch.setattr(packing, "compiled", plain)
    found = unpacked(RowDecoder.of(features), rows, np.float64)
    assert [array.tobytes() for array in found] == [array.tobytes() for array in expected]


def test_more_columns_than_24_bits_can_number_are_refused(monkeypatch):
    features = FITTED["tfidf"]
    n = features.n_features
    monkeypatch.setattr(packing, "MOST_COLUMNS", n)
    packing.check_packable(features)
    monkeypatch.setattr(packing, "MOST_COLUMNS", n - 1)
    with pytest.raises(UsageError, match=rf"room for {n - 1} different n-grams, found {n}; .* min_df, or hash them"):
        packed(features, features.measure(Documents.of(TEXTS)).texts)


def test_hand_made_features_are_refused():
    features = fitted(FeatureSettings(min_df=1, handmade=(Length(name="length"),)))
    with pytest.raises(UsageError, match="hold n-grams alone, found hand-made features: length; leave them out"):
        packed(features, Texts.from_strings(TEXTS))
