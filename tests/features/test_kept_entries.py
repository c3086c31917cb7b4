"""Rows packed from the entries that learners found are, byte for byte, those packed from the texts."""

from __future__ import annotations

import functools
from itertools import pairwise

import numpy as np
import pytest

from vikt.corpus.texts import Texts
from vikt.errors import InputFileError
from vikt.features.ngrams import kept_entries, tokens
from vikt.features.ngrams.kept_entries import EntryWriter, KeptEntries, LearntNgrams
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.ngrams.sieve import Sieve
from vikt.features.ngrams.turns import OneTurn, ShardTexts
from vikt.features.ngrams.weighting import WEIGHTINGS
from vikt.features.packed import packed, packed_entries
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures

TFIDF = WEIGHTINGS["tfidf"]
MADE = {
    "words": functools.partial(Ngrams, "word", (1, 1), TFIDF),
    "words 1-2": functools.partial(Ngrams, "word", (1, 2), TFIDF),
    "words 1-3, counted": functools.partial(Ngrams, "word", (1, 3), WEIGHTINGS["counts"]),
    "words 2-3 in order": functools.partial(Ngrams, "pattern", (2, 3), TFIDF, alphabetical=True),
    "characters 4-5 and whole words of 3": functools.partial(Ngrams, "char_wb", (4, 5), TFIDF),
    "without stop words": functools.partial(Ngrams, "word", (1, 2), TFIDF, stop_words=frozenset(["the", "a", "to"])),
    "hashed": functools.partial(Ngrams, "word", (1, 2), TFIDF, hashing=8),
}
LIMITS = [{"min_df": 1}, {"min_df": 3}, {"min_df": 2, "max_df": 0.1}]


@pytest.fixture
def texts(emails, monkeypatch):
    """Texts that make several portions and files, some of them empty, repeated, or with an n-gram many times."""
    monkeypatch.setattr(tokens, "_BYTES_AT_A_TIME", 2000)
    monkeypatch.setattr(kept_entries, "_ENTRIES_PER_FILE", 700)
    return Texts.from_strings([*emails[0], "", "spam " * 300, "spam " * 300, "", "spam " * 70_000, "spam eggs"])


def in_shards(texts, n_shards):
    edges = [len(texts) * shard // n_shards for shard in range(n_shards + 1)]
    return [ShardTexts(number, texts.run(*ends)) for number, ends in enumerate(pairwise(edges))]


def learnt(features, shards, folder, threads):
    """The n-grams that are learnt while the entries of each part and shard are kept in a folder."""
    columns = features.learn_over(
        OneTurn(lambda stage: shards),
        sum(len(texts) for _, texts in shards),
        sum(texts.n_bytes for _, texts in shards),
        threads=threads,
        keeper_of=lambda part, shard: EntryWriter(folder / f"{shard}" / f"{part}"),
    )
    return [LearntNgrams(part, own) for part, own in zip(features.parts, columns, strict=True)]


def kept(folder, shard, ngrams):
    return [KeptEntries.found(folder / f"{shard}" / f"{part}") for part in range(len(ngrams))]


def bits(rows):
    return {name: (array.dtype.str, array.shape, array.tobytes()) for name, array in rows.to_arrays().items()}


def assert_same_rows(features, shards, folder, threads):
    ngrams = learnt(features, shards, folder, threads)
    for number, texts in shards:
        n = len(texts)
        for documents in (np.arange(n), np.arange(n // 3, n - n // 3), np.flatnonzero(np.arange(n) % 3), np.arange(0)):
            found = packed_entries(ngrams, kept(folder, number, ngrams), documents, threads=threads)
            assert bits(found) == bits(packed(features, texts.take(documents)))


def alone(ngrams):
    """The features that are the n-grams."""
    features = TextFeatures(FeatureSettings())
    features._ngrams = (ngrams,)
    return features


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_rows_of_entries_are_those_of_the_texts(texts, tmp_path, made, limits):
    for n_shards, threads in ((1, 1), (3, 1), (2, 3)):
        features = alone(made(**limits))
        assert_same_rows(features, in_shards(texts, n_shards), tmp_path / f"{n_shards}", threads)


def test_a_sieve_that_lets_rare_ngrams_pass(texts, tmp_path, monkeypatch):
    monkeypatch.setattr(Sieve, "of", lambda longest, fewest, *_: Sieve(longest, fewest, 1 << 8))
    features = alone(MADE["words 1-2"](min_df=3))
    ngrams = learnt(features, in_shards(texts, 2), tmp_path, 2)
    assert sum(map(len, ngrams[0].columns)) > 1.5 * features.n_features
    assert_same_rows(alone(MADE["words 1-2"](min_df=3)), in_shards(texts, 2), tmp_path, 2)


@pytest.mark.parametrize("analyzer", ["nb+word+char", "word+char"])
def test_parts_side_by_side(texts, tmp_path, analyzer):
    assert_same_rows(TextFeatures(FeatureSettings(analyzer)), in_shards(texts, 2), tmp_path, 2)


def test_a_file_that_is_missing_or_damaged(texts, tmp_path):
    (shard,) = in_shards(texts, 1)
    ngrams = learnt(TextFeatures(FeatureSettings("word")), [shard], tmp_path, 2)
    files = sorted((tmp_path / "0" / "0").iterdir())
    assert len(files) > 3
    everything = np.arange(len(texts))
    for file in files:
        content = file.read_bytes()
        for altered in (content[:-50], content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]):
            file.write_bytes(altered)
            with pytest.raises(InputFileError, match=f"{file.name}: was truncated or altered; remove it"):
                packed_entries(ngrams, kept(tmp_path, 0, ngrams), everything)
        file.unlink()
        assert kept(tmp_path, 0, ngrams) == [None]
        file.write_bytes(content)


def test_entries_take_five_bytes(texts, tmp_path):
    ngrams = learnt(TextFeatures(FeatureSettings("word", min_df=1)), in_shards(texts, 1), tmp_path, 1)
    (found,) = kept(tmp_path, 0, ngrams)
    portions = [portion for _, portion, _ in found.portions(np.arange(len(texts)))]
    assert sum(portion.n_documents for portion in portions) == len(texts)
    small = [portion for portion in portions if portion.counts.max() < 256]
    assert len(small) > len(portions) / 2
    for portion in small:
        assert portion.ids.nbytes + portion.counts.nbytes == 5 * portion.edges[-1, -1]
