"""What is learnt over shards is, to the last bit, what is learnt from all of their texts in memory."""

from __future__ import annotations

import functools
import pickle
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vikt.compiled
from test_vectorizer import TEXT
from vikt.corpus.documents import Documents
from vikt.corpus.readers import read_table
from vikt.corpus.texts import Texts
from vikt.errors import EmptyVocabularyError, UsageError
from vikt.features.handmade.declarations import features_declared
from vikt.features.ngrams import hashing, learning_tables, ngrams, over_shards, sieve, sieve_kernels, tokens
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.ngrams.sieve import Sieve
from vikt.features.ngrams.token_kernels import NONE
from vikt.features.ngrams.turns import OneTurn, ShardTexts
from vikt.features.ngrams.weighting import WEIGHTINGS
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.threads import divided

TFIDF = WEIGHTINGS["tfidf"]
MADE = {
    "words 1-2": functools.partial(Ngrams, "word", (1, 2), TFIDF),
    "words 1-3": functools.partial(Ngrams, "word", (1, 3), TFIDF),
    "words 2-3 in order": functools.partial(Ngrams, "pattern", (2, 3), TFIDF, alphabetical=True),
    "characters 1-5": functools.partial(Ngrams, "char_wb", (1, 5), TFIDF),
    "characters 4-5 and whole words of 3": functools.partial(Ngrams, "char_wb", (4, 5), TFIDF),
    "any characters 2-3": functools.partial(Ngrams, "char", (2, 3), TFIDF),
    "without stop words": functools.partial(Ngrams, "word", (1, 2), TFIDF, stop_words=frozenset(["the", "a", "to"])),
    "hashed": functools.partial(Ngrams, "word", (1, 2), TFIDF, hashing=16),
    "hashed into few": functools.partial(Ngrams, "char_wb", (1, 3), TFIDF, hashing=9),
}
LIMITS = [{"min_df": 1}, {"min_df": 2}, {"min_df": 3}, {"min_df": 7}, {"min_df": 0.01}, {"min_df": 2, "max_df": 0.1}]


def in_shards(texts, n_shards):
    """The texts in shards of unequal size, some of them empty."""
    edges = [0, *sorted(np.random.default_rng(n_shards).integers(0, len(texts) + 1, n_shards - 1).tolist()), len(texts)]
    return [texts.run(first, last) for first, last in pairwise(edges)]


def bits(arrays):
    return {name: (array.dtype.str, array.tobytes()) for name, array in arrays.items()}


def learnt_in_memory(options, texts):
    try:
        return bits(options.fit_transform(texts)[0].to_arrays())
    except (EmptyVocabularyError, UsageError) as error:
        return str(error)


def one_turn(shards):
    return OneTurn(lambda stage: numbered(shards))


def numbered(shards):
    return [ShardTexts(number, texts) for number, texts in enumerate(shards)]


def several_turns(shards, n_turns):
    """Turns as workers of a cluster take them: whatever goes from one to another is pickled, and none ends first."""

    def turns(stage, work, start, *arguments):
        runs = [numbered(shards)[part] for part in divided(len(shards), n_turns)]
        states = [pickle.dumps(start) for _ in runs]
        for place in range(max(map(len, runs))):
            for turn in reversed(range(n_turns)):
                for shard in runs[turn][place : place + 1]:
                    states[turn] = pickle.dumps(pickled(work)(shard, pickle.loads(states[turn]), *pickled(arguments)))
        return list(map(pickle.loads, states))

    return turns


def pickled(value):
    return pickle.loads(pickle.dumps(value))


def learnt_over(options, shards, threads=1, turns=one_turn):
    n_bytes = sum(texts.n_bytes for texts in shards)
    try:
        fitted, _ = over_shards.learnt_over(turns(shards), options, sum(map(len, shards)), n_bytes, threads=threads)
        return bits(fitted.to_arrays())
    except (EmptyVocabularyError, UsageError) as error:
        return str(error)


@pytest.fixture(scope="module", params=["sms/sms.tsv", "trec/train.tsv", "imdb/test.parquet"])
def real(corpus, request):
    texts = Texts.from_strings(read_table(corpus(request.param)).strings("text"))
    return texts.run(0, min(len(texts), 2000 if texts.n_bytes < 10**6 else 300))


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_real_texts_over_shards(real, made, limits):
    options = made(**limits)
    assert learnt_over(options, in_shards(real, 5)) == learnt_in_memory(options, real)


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_shards_threads_and_portions_change_no_bit(emails, monkeypatch, made):
    texts, options = Texts.from_strings(emails[0]), made(min_df=2)
    expected = learnt_in_memory(options, texts)
    monkeypatch.setattr(tokens, "_BYTES_AT_A_TIME", 300)
    for n_shards, threads in ((1, 1), (1, 3), (4, 2), (len(texts), 3)):
        assert learnt_over(options, in_shards(texts, n_shards), threads) == expected


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_turns_at_the_same_time_change_no_bit(emails, made):
    texts = Texts.from_strings(emails[0])
    for min_df, n_turns, n_shards in ((2, 1, 3), (3, 2, 5), (1, 3, 7), (2, 3, 3), (2, 5, 7), (0.02, 5, 4)):
        options = made(min_df=min_df)
        expected = learnt_in_memory(options, texts)
        turns = functools.partial(several_turns, n_turns=n_turns)
        assert learnt_over(options, in_shards(texts, n_shards), turns=turns) == expected


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(TEXT, max_size=20), n_shards=st.integers(1, 4), min_df=st.sampled_from([1, 2, 3, 0.2]))
def test_any_texts_over_shards_by_plain_and_compiled_kernels(made, texts, n_shards, min_df):
    # Some texts again, so that n-grams are in several.
    texts, options = Texts.from_strings(texts + texts[::3]), made(min_df=min_df)
    expected = learnt_in_memory(options, texts)
    for kernels_of in (vikt.compiled.plain, vikt.compiled.compiled):
        with pytest.MonkeyPatch.context() as monkeypatch:
            for module in (tokens, hashing, ngrams):
                monkeypatch.setattr(module, "kernels_for", lambda name, work=0, of=kernels_of: of(name))
            for module in (sieve, over_shards, learning_tables):
                monkeypatch.setattr(module, "compiled", kernels_of)
            assert learnt_over(options, in_shards(texts, n_shards)) == expected


@pytest.mark.parametrize("n_counters", [4, 1 << 8, 1 << 13])
@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_counters_that_ngrams_share_change_no_bit(emails, monkeypatch, made, n_counters):
    texts, options = Texts.from_strings(emails[0]), made(min_df=3)
    expected = learnt_in_memory(options, texts)
    monkeypatch.setattr(Sieve, "of", lambda longest, fewest, *_: Sieve(longest, fewest, n_counters // 4))
    monkeypatch.setattr(sieve, "_N_SEEN", 2)
    monkeypatch.setattr(learning_tables, "_FEWEST_SLOTS", 8)
    assert learnt_over(options, in_shards(texts, 3)) == expected


@pytest.mark.parametrize(
    ("n_ngrams", "most_bytes", "expected"),
    [
        (0, 10**9, 1 << 10),
        (10**6, 10**9, 1 << 18),
        (10**9, 10**9, 1 << 28),
        (10**12, 300 << 20, 1 << 28),
        (10**9, 7, 4),
    ],
)
def test_counters_are_as_many_as_the_texts_need_and_memory_lets(n_ngrams, most_bytes, expected):
    made, arguments, _ = Sieve.of(2, 2, n_ngrams, most_bytes).__reduce__()
    assert arguments == (2, 2, expected)
    assert len(pickle.dumps(made(*arguments))) < 200


@pytest.mark.parametrize("fewest", [2, 3, 4])
def test_a_sieve_holds_back_what_is_rare_and_nothing_else(emails, fewest):
    options = Ngrams("word", (1, 2), TFIDF)
    portions = options.portions(Texts.from_strings(emails[0]))
    own, others = Sieve(2, fewest, 1 << 26), Sieve(2, fewest, 1 << 26)
    for documents in [(0, 150), (150, 150), (150, len(emails[0]))]:
        tokens = options.tokens(portions, documents)
        counting = own if documents[0] == 0 else others
        counting.count(own.hashes(tokens), tokens.edges)
    own.add(pickled(others))
    spelled, documents = [], Counter()
    for document in range(len(emails[0])):
        found = options.tokens(portions, (document, document + 1))
        sift, ids = own.over(found), np.zeros(found.n, dtype=np.int32)
        units, pairs = sift.units().high == 0, sift.parents(ids, 2) == NONE
        words = [bytes(found.text[a:b]) for a, b in zip(found.starts, found.ends, strict=True)]
        names = [(word,) for word in words[:-1]] + list(pairwise(words[:-1]))
        flags = [*units[:-1].tolist(), *pairs[: max(len(words) - 2, 0)].tolist()]
        spelled.append(set(zip(names, flags, strict=True)))
        documents.update({name for name, _ in spelled[-1]})
    held = dict(pair for pairs in spelled for pair in pairs)
    assert held == {name: count < min(fewest, 3) for name, count in documents.items()}


def test_a_rare_character_does_not_end_a_word():
    """Else the starts of these words would be whole words of three characters, in two texts each."""
    texts, options = Texts.from_strings(["abé abcde", "abü abcde"]), Ngrams("char_wb", (4, 5), TFIDF, min_df=2)
    fitted, _ = over_shards.learnt_over(one_turn([texts]), options, 2, texts.n_bytes)
    assert fitted.names() == [" abc", "abcd", "bcde", "cde ", " abcd", "abcde", "bcde "]
    assert learnt_over(options, [texts]) == learnt_in_memory(options, texts)


def test_a_counter_is_never_too_low_where_a_document_says_an_ngram_often():
    counters, seen = np.zeros(1, dtype=np.uint8), np.zeros(1, dtype=np.int32)
    hashes, edges = np.array([[4, 4, 8, 4, -1, 5, 5, 4, -1]]), np.array([0, 5, 9])
    vikt.compiled.compiled(sieve_kernels.__name__).count_documents(hashes, edges, seen, counters)
    # The counter of 4 and 8: three documents, 4 counted again after 8 took its place; and that of 5.
    assert [int(counters[0]) >> shift & 3 for shift in (0, 2, 4, 6)] == [3, 1, 0, 0]


@pytest.mark.parametrize("analyzer", ["nb+word+char", "char_wb"])
def test_all_parts_of_a_recipe_are_learnt_over_shards(emails, analyzer):
    own = FeatureSettings(analyzer)
    expected, found = TextFeatures(own), TextFeatures(own)
    expected.fit_transform(expected.measure(Documents.of(emails[0])))
    shards, stages = in_shards(Texts.from_strings(emails[0]), 3), []
    turn = OneTurn(lambda stage: stages.append(stage) or numbered(shards))
    found.learn_over(turn, len(emails[0]), sum(texts.n_bytes for texts in shards))
    assert bits(found.to_arrays()) == bits(expected.to_arrays())
    assert stages == ["counting n-grams", "learning n-grams"] * len(found.parts)


def test_what_cannot_be_learnt_over_shards_is_refused(emails):
    texts = Texts.from_strings(emails[0])
    turn, *numbers = given_texts = one_turn([texts]), len(texts), texts.n_bytes
    with pytest.raises(UsageError, match="max_features needs all texts in memory"):
        over_shards.learnt_over(turn, Ngrams("word", (1, 1), TFIDF, max_features=3), *numbers)
    handmade = features_declared([{"name": "money", "kind": "pattern", "pattern": "[$]"}])
    with pytest.raises(UsageError, match="hand-made"):
        TextFeatures(FeatureSettings(handmade=handmade)).learn_over(*given_texts)
    fitted = TextFeatures(FeatureSettings())
    fitted.learn_over(*given_texts)
    with pytest.raises(UsageError, match="not fitted yet"):
        fitted.learn_over(*given_texts)
