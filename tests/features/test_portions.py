"""Features depend on the texts alone: not on threads, portions, growth, collisions, nor on how kernels run."""

from __future__ import annotations

import concurrent.futures
import functools

import numpy as np
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

import vikt.compiled
from test_vectorizer import COUNTS, TEXT, assert_same
from vikt import TextClassifier, TextVectorizer
from vikt.corpus.texts import Texts
from vikt.errors import EmptyVocabularyError
from vikt.features.ngrams import (
    hashing,
    learning,
    learning_tables,
    ngrams,
    records,
    scoring,
    table_kernels,
    tables,
    token_kernels,
    tokens,
    vocabulary,
    weighing,
)
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.ngrams.scoring import NgramScorer
from vikt.features.ngrams.token_kernels import NONE
from vikt.features.ngrams.weighting import WEIGHTINGS
from vikt.features.rows import CompressedRows, RowPiece, joined
from vikt.matrix import SparseMatrix

MADE = {
    "words 1-2": functools.partial(Ngrams, "word", (1, 2)),
    "words 1-3 in order": functools.partial(Ngrams, "pattern", (1, 3), alphabetical=True, min_df=2),
    "char_wb 2-4": functools.partial(Ngrams, "char_wb", (2, 4)),
    "char_wb 5-6": functools.partial(Ngrams, "char_wb", (5, 6)),
    "hashed words": functools.partial(Ngrams, "word", (1, 2), hashing=20),
    "hashed into few": functools.partial(Ngrams, "char_wb", (1, 3), hashing=9),
    "without stop words": functools.partial(Ngrams, "word", (1, 2), stop_words=frozenset(["the", "a", "to"])),
}


def bits(made, texts, others, threads=1):
    """All that is learnt from texts, and what becomes of others, to the last bit."""
    ngrams, rows = made(WEIGHTINGS["tfidf"]).fit_transform(texts, threads=threads)
    arrays = rows._asdict()
    arrays |= {f"other {name}": array for name, array in ngrams.transform(others, threads=threads)._asdict().items()}
    arrays |= ngrams.to_arrays()
    for n_classes, dtype in ((1, np.float32), (3, np.float32), (1, np.float64)):
        theta = np.random.default_rng(0).normal(size=(ngrams.n_columns, n_classes)).astype(dtype)
        by_ids, by_records = (scored(ngrams, theta, others, threads, limit) for limit in (1 << 60, 1))
        assert by_ids.tobytes() == by_records.tobytes()
        arrays[f"scores of {n_classes}, {dtype}"] = by_ids
    return {name: (np.asarray(array).dtype.str, np.asarray(array).tobytes()) for name, array in arrays.items()}


def scored(ngrams, theta, texts, threads, limit):
    """Scores by ids below a limit of bytes, else by records."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "_BYTES_PER_COLUMN", 0)
        patch.setattr(scoring, "_FEWEST_BYTES", limit)
        return NgramScorer(ngrams, theta).scores(texts, threads=threads)


@pytest.fixture(scope="module")
def real(emails):
    """E-mails with words too long to be their own keys, and others."""
    long = [f"prefixofsixteenbytes{i % 40}é{i % 7} prefixofsixteenbytes{i % 11}" for i in range(100)]
    return Texts.from_strings(emails[0][::2] + long), Texts.from_strings(["", *emails[0][1::2], *long[::3]])


# Threads and portions.


@pytest.mark.parametrize("n_bytes", [300, 1 << 18])
@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_threads_and_portions_change_no_bit(real, monkeypatch, made, n_bytes):
    expected = bits(made, *real)
    monkeypatch.setattr(tokens, "_BYTES_AT_A_TIME", n_bytes)
    for threads in (1, 2, 3, 8, 19):
        assert bits(made, *real, threads) == expected


def test_tables_grow_within_a_thread_and_where_threads_meet(real, monkeypatch):
    # Else the test above would test little.
    grown = []
    for table in (learning_tables.LearningUnits, learning_tables.LearningNodes):
        fill = table.fill
        monkeypatch.setattr(table, "fill", lambda table, fill=fill: grown.append(type(table)) or fill(table))
    monkeypatch.setattr(tokens, "_BYTES_AT_A_TIME", 300)
    monkeypatch.setattr(learning_tables, "_FEWEST_SLOTS", 8)
    expected = bits(MADE["words 1-2"], *real)
    assert grown.count(learning_tables.LearningUnits) > 3
    assert grown.count(learning_tables.LearningNodes) > 5
    assert bits(MADE["words 1-2"], *real, threads=3) == expected


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_places_of_entries_that_start_anew_change_no_bit(real, monkeypatch, made):
    expected = bits(made, *real)
    monkeypatch.setattr(tokens, "_BYTES_AT_A_TIME", 300)
    monkeypatch.setattr(learning_tables, "_MOST_PLACES", 3000)
    assert bits(made, *real) == expected


def test_columns_are_ordered_by_document_frequency_then_first_occurrence():
    texts = Texts.from_strings(["d c c c", "b d", "a d", "a b"])
    fitted, _ = Ngrams("word", (1, 1), WEIGHTINGS["counts"]).fit_transform(texts)
    assert fitted.names() == ["d", "b", "a", "c"]


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_rows_learnt_from_are_those_of_the_same_texts_later(real, made):
    fitted, rows = made(WEIGHTINGS["tfidf"]).fit_transform(real[0], threads=2)
    for own, later in zip(rows, fitted.transform(real[0]), strict=True):
        assert np.asarray(own).tobytes() == np.asarray(later).tobytes()


def test_long_words_find_room_for_their_bytes(monkeypatch):
    monkeypatch.setattr(tokens, "_BYTES_AT_A_TIME", 3000)
    words = [f"{'prefix' * (i % 50)}{'é' * (i % 13)}{i}" for i in range(3000)] + ["x" * 100_000]
    texts = Texts.from_strings([" ".join(words[i : i + 7]) for i in range(0, len(words), 3)])
    expected = CountVectorizer().fit(text.decode() for text in texts).get_feature_names_out().tolist()
    for threads in (1, 3):
        ngrams = Ngrams("pattern", (1, 1), WEIGHTINGS["counts"], alphabetical=True)
        ngrams, _ = ngrams.fit_transform(texts, threads=threads)
        assert ngrams.names() == expected


@pytest.mark.parametrize("options", [{}, {"analyzer": "char_wb", "ngrams": (2, 4)}, {"hashing": 18}], ids=str)
def test_the_model_file_is_the_same_at_any_number_of_threads(emails, tmp_path, monkeypatch, options):
    used = []

    class Recorded(concurrent.futures.ThreadPoolExecutor):
        def __init__(self, threads, **options):
            used.append(threads)
            super().__init__(threads, **options)

    monkeypatch.setattr(concurrent.futures, "ThreadPoolExecutor", Recorded)
    files = []
    for threads in (1, 2, 8):
        classifier = TextClassifier(l2=0.01, **options)
        classifier.threads = threads
        classifier.fit(*emails).save(tmp_path / "m.vikt")
        files.append((tmp_path / "m.vikt").read_bytes())
        files.append(classifier.predict_proba(emails[0]).tobytes())
    assert files[:2] == files[2:4] == files[4:]
    assert set(used) == {2, 8}


def test_classes_of_equal_weights_have_equal_scores(emails):
    texts = Texts.from_strings(emails[0])
    ngrams, _ = Ngrams("word", (1, 2), WEIGHTINGS["tfidf"]).fit_transform(texts)
    theta = np.repeat(np.random.default_rng(0).normal(size=(ngrams.n_columns, 1)), 3, axis=1)
    scores = NgramScorer(ngrams, theta).scores(texts)
    assert (scores == scores[:, :1]).all()


# Plain and compiled.


def run_by(monkeypatch, kernels_of):
    for module in (tokens, tables, vocabulary, hashing, weighing, learning, ngrams, records):
        monkeypatch.setattr(module, "kernels_for", lambda name, work=0: kernels_of(name))


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(TEXT, min_size=20, max_size=20))
def test_plain_and_compiled_kernels_give_the_same_bits(made, texts):
    texts, others = Texts.from_strings(texts[:12]), Texts.from_strings(texts[8:])
    found = []
    for kernels_of in (vikt.compiled.plain, vikt.compiled.compiled):
        with pytest.MonkeyPatch.context() as monkeypatch:
            run_by(monkeypatch, kernels_of)
            try:
                found.append(bits(made, texts, others))
            except EmptyVocabularyError as error:
                found.append(str(error))
    assert found[0] == found[1]


# What looks alike.

LONG = [
    " ".join(prefix[: i + j] + end for i in range(9) for end in ("", "a", "b", "é", "aaaaaaa", "a" * 30))
    for prefix in ("prefixofthirtybytes" * 2, "ordförlängdåäö" * 2)
    for j in (5, 12)
]
NUMBERS = [" ".join(f"w{i * j % 97}" for j in range(12)) for i in range(60)]


@pytest.fixture(params=["plain", "compiled"])
def both_ways(request, monkeypatch):
    run_by(monkeypatch, getattr(vikt.compiled, request.param))


@pytest.mark.parametrize(
    "options", [{"ngram_range": (1, 3)}, {"analyzer": "char_wb", "ngram_range": (13, 17)}], ids=str
)
def test_long_tokens_that_begin_alike(both_ways, options):
    assert_same(CountVectorizer(**options), TextVectorizer(**options, **COUNTS), LONG + LONG[1:], LONG[::-1])


def spelled_ngrams(words, length):
    return [" ".join(words[i : i + length]) for i in range(len(words) - length + 1)]


@pytest.mark.parametrize("n_words", [0, 1, 255, 256, 257, 600])
def test_ids_are_those_of_the_ngrams_that_the_text_spells(both_ways, n_words):
    """Whatever the number of tokens that are looked up together."""
    rng = np.random.default_rng(n_words)
    words = [f"w{i}" if i % 4 else f"of more than fifteen bytes {i}".replace(" ", "") for i in range(300)]
    learnt = rng.choice(words[:200], size=900).tolist()
    ngrams, _ = Ngrams("word", (1, 2), WEIGHTINGS["counts"]).fit_transform(Texts.from_strings([" ".join(learnt)]))
    text = rng.choice(words, size=n_words).tolist()
    ids = ngrams.source.ids(ngrams.options.tokens_of_one(Texts.from_strings([" ".join(text)])))
    for space, length in enumerate((1, 2)):
        spelled, known = spelled_ngrams(text, length), set(spelled_ngrams(learnt, length))
        expected = [name if name in known else None for name in spelled]
        found = ids[space, : len(expected)]
        names = iter(ngrams.source.names(space, found[found != NONE], " "))
        assert [None if number == NONE else next(names) for number in found] == expected
        assert (ids[space, len(expected) :] == NONE).all()


@pytest.mark.parametrize(
    "colliding",
    [lambda *_: 0, pytest.param(lambda *_: 0x7FFFFFFF, marks=pytest.mark.slow)],
    ids=["first part", "last part"],
)
@pytest.mark.parametrize("name", ["last_bits", "hash_unit", "hash_node", "hash_bytes", "mix"])
def test_hashes_that_all_collide_mix_nothing_up(monkeypatch, name, colliding):
    """Tables compare whole keys, so a bad hash costs time and no more."""
    module = table_kernels if hasattr(table_kernels, name) else token_kernels
    colliding.__module__, colliding.__name__ = module.__name__, name
    monkeypatch.setattr(module, name, colliding)
    run_by(monkeypatch, vikt.compiled.plain.__wrapped__)
    texts = LONG + NUMBERS
    assert_same(CountVectorizer(ngram_range=(1, 2)), TextVectorizer(ngram_range=(1, 2), **COUNTS), texts, texts[::-1])


@pytest.mark.parametrize("options", [{"analyzer": "char_wb"}, {"analyzer": "char"}, {"token_pattern": r"\w+"}], ids=str)
@pytest.mark.parametrize(
    "texts", [["a"] * 50, [*"abcdefghij"] * 9, ["a b"] * 30, ["é", "e f", ""] * 30, [" ", "!"] * 9]
)
def test_documents_of_one_character(options, texts):
    options |= {"ngram_range": (1, 2)}
    assert_same(CountVectorizer(**options), TextVectorizer(**options, **COUNTS), texts)


# More than 2^31 entries.

MANY = 1 << 31


@pytest.fixture
def room(tmp_path, monkeypatch):
    """Let large arrays be files with nothing in them, which take no memory before they are touched."""
    empty = np.empty

    def in_a_file(shape, dtype=float):
        if np.prod(shape) < MANY:
            return empty(shape, dtype)
        with open(tmp_path / str(len(list(tmp_path.iterdir()))), "wb+") as file:
            return np.asarray(np.memmap(file, dtype, "w+", shape=shape))

    monkeypatch.setattr(np, "empty", in_a_file)
    return in_a_file


def test_rows_of_more_than_2_to_the_31_entries_are_joined_and_read(room):
    nothing, last = np.empty(0), np.array([1.0, 2.0])
    # The first piece says that it is long, and is not, since it would take gigabytes.
    pieces = [RowPiece(np.array([MANY]), nothing, nothing), RowPiece(np.array([2]), np.array([0, 4]), last)]
    rows = joined(pieces, 5, np.float32, MANY + 2)
    assert rows.indptr.tolist() == [0, MANY, MANY + 2]
    assert rows.indptr.dtype == np.int64
    assert rows.indices.shape == rows.values.shape == (MANY + 2,)
    matrix = SparseMatrix(*rows)
    assert matrix.scores(np.array([1.0, 10, 0, 0, 0, 100]), rows=[1]).tolist() == [211.0]
    taken = matrix.take([1, 1])
    assert (taken.indptr.tolist(), taken.indices.tolist()) == ([0, 2, 4], [0, 4, 0, 4])


def test_rows_are_joined_whatever_room_there_was_at_first():
    pieces = [
        RowPiece(np.array([1]), np.array([3]), np.array([0.5])),
        RowPiece(np.array([0, 2]), np.array([0, 4]), np.array([1.0, 2])),
    ]
    indptr, indices, values, n_features = joined(pieces * 9, 5, np.float32, 1)
    assert indptr.tolist() == [0, *np.cumsum([1, 0, 2] * 9)]
    assert indices.tolist() == [3, 0, 4] * 9
    assert values.tolist() == [0.5, 1, 2] * 9
    assert (values.dtype, n_features) == (np.float32, 5)
    assert joined([], 5, np.float64, 1).indptr.tolist() == [0]


# Public since SciPy 1.15.
get_index_dtype = getattr(scipy.sparse, "get_index_dtype", None) or scipy.sparse._sputils.get_index_dtype


@pytest.mark.parametrize(("n", "expected"), [(MANY - 1, np.int32), (MANY, np.int64)])
def test_indices_of_a_scipy_matrix_are_wide_only_where_they_must(monkeypatch, n, expected):
    """What SciPy makes of the arrays it is given, without the gigabytes that it takes to make it."""
    chosen = []

    class Recorded:
        def __init__(self, arrays, shape):
            _, indices, indptr = arrays
            chosen.append(get_index_dtype((indices, indptr), max(shape), check_contents=True))

        def sort_indices(self):
            pass

    monkeypatch.setattr(scipy.sparse, "csr_matrix", Recorded)
    vectorizer = TextVectorizer()
    vectorizer._matrix(vectorizer, CompressedRows(np.array([0, n]), np.empty(0, np.int32), np.empty(0), 10))
    assert chosen == [expected]
