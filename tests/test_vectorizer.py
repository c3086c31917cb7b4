"""`TextVectorizer` is scikit-learn's CountVectorizer and TfidfVectorizer, to the column and the value."""

from __future__ import annotations

import io
import logging
import pickle
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import sklearn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer, TfidfVectorizer

import sklearn_yardstick
from vikt import TextVectorizer
from vikt.errors import DataError, EmptyVocabularyError, NotFittedError, UsageError

COUNTS = {"use_idf": False, "norm": None, "dtype": np.int64}


def spelled(options):
    return re.sub(" at 0x[0-9A-Fa-f]+", "", str(options))


def pair(**options):
    """Both with the same options; scikit-learn's "word", which is its default, is vikt's "pattern"."""
    return TfidfVectorizer(**options), TextVectorizer(**options)


def assert_same_rows(found, expected):
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    assert found.indices.dtype == found.indptr.dtype == np.int32
    assert found.has_sorted_indices
    assert np.array_equal(found.indptr, expected.indptr)
    expected = expected.sorted_indices()
    assert np.array_equal(found.indices, expected.indices)
    assert np.allclose(found.data, expected.data, rtol=0, atol=1e-6)


def assert_same(theirs, ours, texts, others=()):
    """The same columns and values, or both refuse."""
    try:
        expected = theirs.fit_transform(texts)
    except ValueError:
        with pytest.raises(ValueError, match=r"vocabulary|no terms remain|max_df corresponds"):
            theirs.fit(texts)
        with pytest.raises((EmptyVocabularyError, UsageError)):
            ours.fit_transform(texts)
        return
    assert_same_rows(ours.fit_transform(texts), expected)
    assert ours.get_feature_names_out().tolist() == theirs.get_feature_names_out().tolist()
    assert_same_rows(ours.transform(texts), expected)
    if len(others):
        assert_same_rows(ours.transform(others), theirs.transform(others))


# Real texts.


def imdb(corpus):
    parquet = pytest.importorskip("pyarrow.parquet")
    return parquet.read_table(corpus("imdb/train.parquet"), columns=["text"])["text"].to_pylist()


def column_of(name, column, separator="\t"):
    def texts(corpus):
        lines = corpus(name).read_text(encoding="utf-8").split("\n")[1:]
        return [line.split(separator)[column] for line in lines if line]

    return texts


CORPORA = {
    "imdb": imdb,
    "languages": column_of("languages/train.tsv", 1),
    "names": column_of("names/tokens.csv", 0, ","),
    "sms": column_of("sms/sms.tsv", 1),
    "trec": column_of("trec/train.tsv", 2),
}
CUTS = [
    {"ngram_range": (1, 1)},
    {"ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True},
    {"ngram_range": (1, 3)},
    {"analyzer": "char_wb", "ngram_range": (2, 4)},
]
CUT_NAMES = ["words", "1-2-grams", "1-3-grams", "char_wb 2-4"]


@pytest.mark.parametrize("options", CUTS, ids=CUT_NAMES)
@pytest.mark.parametrize("name", CORPORA)
def test_real_texts_in_part(corpus, name, options):
    texts = CORPORA[name](corpus)
    most = 100 if name == "imdb" else 500
    step = max(1, len(texts) // most)
    assert_same(*pair(**options), texts[::step], texts[1::step])


@pytest.mark.slow
@pytest.mark.parametrize("options", CUTS, ids=CUT_NAMES)
@pytest.mark.parametrize("name", CORPORA)
def test_real_texts_in_full(corpus, name, options):
    assert_same(*pair(**options), CORPORA[name](corpus))


WEIGHTS = [
    {"use_idf": False},
    {"smooth_idf": False},
    {"norm": None},
    {"norm": "l1", "sublinear_tf": True},
    {"binary": True, "sublinear_tf": True},
    {"dtype": np.float32},
    COUNTS,
    COUNTS | {"binary": True},
]
LIMITS = [
    {"min_df": 3},
    {"min_df": 0.01, "max_df": 0.2},
    {"max_df": 5},
    {"max_features": 50},
    {"max_features": 500, "min_df": 2, "ngram_range": (1, 2)},
    {"max_features": 100, "analyzer": "char_wb", "ngram_range": (1, 3)},
    {"max_features": 10**6},
    {"stop_words": "english", "ngram_range": (1, 2)},
    {"stop_words": ["you", "to"], "max_features": 300, "ngram_range": (2, 3)},
    {"strip_accents": "unicode"},
    {"strip_accents": "ascii", "analyzer": "char", "ngram_range": (1, 2)},
    {"lowercase": False},
    {"token_pattern": r"(?u)\b\w+\b", "ngram_range": (1, 2)},
    {"token_pattern": r"\b\w\w+\b"},
    {"token_pattern": r"(\w)\w*", "max_features": 10},
    {"analyzer": str.split},
    {"preprocessor": str.upper, "ngram_range": (1, 2)},
    {"preprocessor": str.upper, "analyzer": "char_wb", "ngram_range": (2, 3)},
    {"strip_accents": str.casefold, "lowercase": False},
    {"tokenizer": re.compile(r"\W").split, "token_pattern": None, "ngram_range": (1, 2), "min_df": 2},
]


@pytest.mark.parametrize("options", [*WEIGHTS, *LIMITS], ids=spelled)
@pytest.mark.parametrize("name", ["sms", "languages"])
def test_every_option(corpus, name, options):
    texts = CORPORA[name](corpus)
    theirs, ours = pair(**options)
    if options.get("dtype") is np.int64:
        theirs = CountVectorizer(binary=options.get("binary", False))
    assert_same(theirs, ours, texts[:800], texts[800:1200])


@pytest.mark.parametrize("weights", WEIGHTS, ids=spelled)
@pytest.mark.parametrize(
    "cut",
    [
        {"ngram_range": (1, 2)},
        {"analyzer": "char", "ngram_range": (2, 3)},
        {"analyzer": "char_wb", "ngram_range": (1, 3)},
        {"tokenizer": str.split, "token_pattern": None, "ngram_range": (1, 2)},
    ],
    ids=spelled,
)
def test_a_vocabulary_that_is_given(cut, weights):
    texts = ["A bc, bc d.", "bc (d) bc  bc", "d é d", "x"]
    vocabulary = {"bc": 2, "bc bc": 0, " d": 3, "bc,": 4, " ": 1, "a": 5, "never met": 6, "é": 7, "": 8}
    for terms in (vocabulary, ["d", "bc", "d é"], {"é", "bc"}):
        theirs, ours = pair(**cut, **weights, vocabulary=terms)
        if weights.get("dtype") is np.int64:
            theirs = CountVectorizer(**cut, vocabulary=terms, binary=weights.get("binary", False))
        if weights.get("smooth_idf") is False:
            with np.errstate(divide="ignore"):
                assert_same(theirs, ours, texts[:3])
        else:
            assert_same(theirs, ours, texts[:3], texts)
        assert ours.vocabulary_ == theirs.vocabulary_
        assert ours.fixed_vocabulary_


# Hostile texts.

HOSTILE = (
    *" \t\n\x00\x1c\x85\u2028\u00a0\u3000aAbB_'-!éÉ\u0301\u0327İıΣςσßŉǅﬁᴬ²½\u200d\u0e33ก漢字カ\u0903\u093f٣𝟘",
    *("\ud83d", "\ude00", "\U0001f469", "\U0001f3fd", "👩\u200d👩\u200d👧", "e\u0301\u0327", "ΑΣ", "ΑΣ'", "i\u0307"),
    *("prefix-of-16-byte", "prefixofsixteenbytes", "prefixofsixteenbytesA", "prefixofsixteenbytesB", "x" * 40),
)
TEXT = st.one_of(
    st.lists(st.sampled_from(HOSTILE), max_size=30).map("".join),
    st.text(st.characters(), max_size=12),
    st.lists(st.sampled_from(["prefixofsixteenbytes" + end for end in "aAbBéÉ"]), max_size=6).map(" ".join),
)
FUZZ_CUTS = st.sampled_from(
    [
        {"ngram_range": (1, 1)},
        {"ngram_range": (1, 3)},
        {"ngram_range": (2, 2)},
        {"token_pattern": r"\w+", "ngram_range": (1, 2)},
        {"token_pattern": r"\w+|[^\w\s]", "ngram_range": (1, 2)},
        {"tokenizer": re.compile(r"\s").split, "token_pattern": None, "ngram_range": (1, 2)},
        {"stop_words": ["prefixofsixteenbytesa", "éé", "ας"], "ngram_range": (1, 2)},
        {"analyzer": "char", "ngram_range": (1, 3)},
        {"analyzer": "char_wb", "ngram_range": (1, 1)},
        {"analyzer": "char_wb", "ngram_range": (2, 4)},
        {"analyzer": "char_wb", "ngram_range": (5, 6)},
    ]
)
FUZZ_OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "lowercase": st.just(False),
        "strip_accents": st.sampled_from(["ascii", "unicode"]),
        "binary": st.just(True),
        "sublinear_tf": st.just(True),
        "max_features": st.integers(1, 30),
        "min_df": st.integers(1, 3),
    },
)


def fuzz(n_lists):
    @settings(max_examples=n_lists, deadline=None, suppress_health_check=list(HealthCheck))
    @given(texts=st.lists(TEXT, min_size=50, max_size=50), cut=FUZZ_CUTS, options=FUZZ_OPTIONS)
    def hostile(texts, cut, options):
        assert_same(*pair(**cut, **options), texts[:40], texts[40:])

    return hostile


@pytest.mark.filterwarnings("ignore:Your stop_words")
def test_2000_hostile_texts():
    fuzz(60)()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Your stop_words")
def test_50000_hostile_texts():
    fuzz(1400)()


@pytest.mark.slow
def test_one_text_of_50_million_bytes():
    numbers = np.random.default_rng(0).zipf(1.3, size=10_800_000) % 1_000_000
    text = " ".join(map("é{}".format, numbers.tolist()))
    assert len(text.encode()) > 5e7
    assert_same(*pair(ngram_range=(1, 2)), [text])


@pytest.mark.slow
def test_a_million_texts_of_one_word():
    texts = [f"word{i % 700_000}" for i in range(1_000_000)]
    assert_same(*pair(), texts)
    assert_same(*pair(max_features=1000), texts)


# What goes in.


class Document:
    def __init__(self, text):
        self.text = text


@pytest.mark.parametrize(
    ("options", "documents"),
    [
        ({"analyzer": list}, [["to", "be", ""], ["not to be", "be"], []]),
        (
            {"tokenizer": list, "preprocessor": tuple, "token_pattern": None, "ngram_range": (1, 2)},
            [["a b", "c"], "xy"],
        ),
        ({"preprocessor": lambda document: document.text}, [Document("one two"), Document("two")]),
        ({"encoding": "latin-1"}, ["naïve".encode("latin-1"), "naïve text"]),
        ({"decode_error": "ignore"}, [b"caf\xff\xc3\xa9 noir", b"noir"]),
    ],
)
def test_documents_of_any_kind(options, documents):
    assert_same(*pair(**options), documents)


def test_paths_and_files(tmp_path):
    paths = [tmp_path / name for name in ("a.txt", "b.txt")]
    for path, text in zip(paths, ("ett två", "två tre"), strict=True):
        path.write_text(text, encoding="utf-8")
    expected = TextVectorizer().fit_transform(["ett två", "två tre"])
    assert abs(TextVectorizer(input="filename").fit_transform(paths) - expected).max() == 0
    files = [io.StringIO("ett två"), io.BytesIO("två tre".encode())]
    assert abs(TextVectorizer(input="file").fit_transform(files) - expected).max() == 0


@pytest.mark.parametrize(
    ("documents", "error", "message"),
    [
        ("one text", DataError, r"found one str; write \[text\]"),
        (["a text", None], DataError, "text 1 is missing"),
        (["a text", float("nan")], DataError, "text 1 is missing"),
        ([b"\xff text"], UnicodeDecodeError, "utf-8"),
        (["a", "!"], EmptyVocabularyError, "vocabulary"),
        ([], EmptyVocabularyError, "vocabulary"),
    ],
)
def test_documents_that_cannot_be(documents, error, message):
    with pytest.raises(error, match=message):
        TextVectorizer().fit(documents)


def test_a_term_that_is_no_string():
    with pytest.raises(DataError, match="not a string"):
        TextVectorizer(analyzer=lambda text: [1, 2]).fit(["a"])


# Options.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"analyzer": "wrod"}, "analyzer: expected .* found 'wrod'"),
        ({"ngram_range": (2, 1)}, "ngram_range"),
        ({"ngram_range": (0, 1)}, "ngram_range"),
        ({"norm": "l3"}, "norm: expected one of 'l2', 'l1', found 'l3'"),
        ({"input": "url"}, "input: expected"),
        ({"min_df": 5, "max_df": 2}, "max_df"),
        ({"min_df": 0}, "min_df: expected"),
        ({"max_df": 1.5}, "max_df: expected"),
        ({"max_features": 0}, "max_features: expected"),
        ({"strip_accents": "latin"}, "strip_accents: expected .* found 'latin'"),
        ({"stop_words": "swedish"}, "stop_words: expected 'english'"),
        ({"token_pattern": r"(\w)(\w)"}, "More than 1 capturing group"),
        ({"token_pattern": r"(\w"}, "token_pattern: .* is not a regular expression"),
        ({"token_pattern": None}, "token_pattern: expected"),
        ({"vocabulary": ["a", "a"]}, "Duplicate term in vocabulary: 'a'"),
        ({"vocabulary": {"a": 0, "b": 0}}, "repeated indices"),
        ({"vocabulary": {"a": 0, "b": 2}}, "doesn't contain index 1"),
        ({"vocabulary": "word"}, "vocabulary: expected a mapping"),
        ({"vocabulary": [1]}, "vocabulary: expected strings"),
        ({"vocabulary": ["a"], "hashing": 8}, "hashing: keeps no vocabulary"),
        ({"hashing": 31}, "1 to 28 bits"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(UsageError, match=message):
        TextVectorizer(**options).fit(["a b"] * 9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"analyzer": "char", "stop_words": ["a"]}, "'stop_words' will not be used"),
        ({"analyzer": "word", "token_pattern": r"\w"}, "'token_pattern' will not be used since 'analyzer' is 'word'"),
        ({"analyzer": str.split, "ngram_range": (1, 2)}, "'ngram_range' will not be used"),
        ({"stop_words": ["don't"]}, r"generated tokens \['don'\]"),
        ({"dtype": np.int64}, "converted to float64"),
        ({"vocabulary": ["Ab", "ab"]}, "Upper case"),
    ],
)
def test_options_without_effect_are_told(options, message):
    with pytest.warns(UserWarning, match=message):
        TextVectorizer(**options).fit(["ab cd"])


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({}, []),
        ({"stop_words": "english", "strip_accents": "unicode", "vocabulary": ["ab"]}, []),
        ({"preprocessor": str.lower}, ["preprocessor"]),
        ({"strip_accents": str.strip}, ["strip_accents"]),
        ({"token_pattern": r"\w+"}, []),
        ({"token_pattern": r"\w+|!"}, ["token_pattern"]),
        ({"tokenizer": str.split, "preprocessor": str.lower}, ["preprocessor", "tokenizer"]),
        ({"analyzer": str.split}, ["analyzer"]),
    ],
)
def test_what_takes_python_is_said_once_a_fit(options, asked, caplog):
    with caplog.at_level(logging.INFO, logger="vikt"):
        vectorizer = TextVectorizer(**options).fit(["ab cd", "ab"])
        vectorizer.transform(["ab"])
    assert vectorizer.python_options_ == asked
    assert [record.getMessage().split(" because of ")[1] for record in caplog.records] == [", ".join(asked)] * bool(
        asked
    )


class Stemming(TextVectorizer):
    def build_tokenizer(self):
        tokenize = super().build_tokenizer()
        return lambda text: [word.removesuffix("s") for word in tokenize(text)]


def test_a_subclass_may_build_its_own_steps():
    assert Stemming().fit(["films film", "cats"]).get_feature_names_out().tolist() == ["cat", "film"]


def test_the_english_stop_words_are_scikit_learns_and_need_it(monkeypatch):
    assert TextVectorizer(stop_words="english").get_stop_words() == ENGLISH_STOP_WORDS
    monkeypatch.setitem(sys.modules, "sklearn.feature_extraction.text", None)
    with pytest.raises(UsageError, match="install it"):
        TextVectorizer(stop_words="english").fit(["a text"])


def test_vikts_own_words():
    vectorizer = TextVectorizer(analyzer="word", ngram_range=(1, 2), stop_words=["a"])
    vectorizer.fit(["A good film!", "I can't."])
    expected = ["good", "film", "!", "good film", "film !", "i", "can", "'", "t", ".", "i can", "can '", "' t", "t ."]
    assert vectorizer.get_feature_names_out().tolist() == sorted(expected)
    assert sorted(vectorizer.build_analyzer()("A good film!")) == ["!", "film", "film !", "good", "good film"]


@settings(max_examples=30, deadline=None)
@given(texts=st.lists(TEXT, min_size=20, max_size=20))
def test_vikts_own_words_that_are_chosen_are_met_again(texts):
    every, chosen = (TextVectorizer(analyzer="word", ngram_range=(1, 2), max_features=n) for n in (None, 10**6))
    try:
        expected = every.fit_transform(texts)
    except EmptyVocabularyError:
        return
    assert_same_rows(chosen.fit_transform(texts), expected)
    assert_same_rows(chosen.transform(texts), expected)


# What was learnt.


@pytest.mark.parametrize("options", [*CUTS, *LIMITS[7:]], ids=spelled)
def test_the_steps_in_python_are_scikit_learns(options):
    theirs, ours = pair(**options)
    for text in ("J'ai mangé du Kangourou  ce midi,\t\nc'était ΑΣ très bon.", "", " ", "a", "\u0301 İ\x00ﬁ you to be"):
        assert ours.build_analyzer()(text) == theirs.build_analyzer()(text)


@pytest.mark.parametrize(
    "options",
    [{}, {"vocabulary": ["ab", "cd"]}, {"max_features": 2}, {"analyzer": str.split}, {"hashing": 8}, {"norm": "l1"}],
    ids=spelled,
)
def test_a_pickle_a_clone_and_its_parameters(options):
    texts = ["ab cd", "ab ef ab", "ef"]
    vectorizer = TextVectorizer(**options)
    expected = vectorizer.fit_transform(texts)
    for again in (pickle.loads(pickle.dumps(vectorizer)), clone(vectorizer).fit(texts)):
        assert again.get_params() == vectorizer.get_params()
        assert abs(again.transform(texts) - expected).max() == 0


def test_attributes():
    texts = ["ab cd", "ab ef ab"]
    theirs, ours = TfidfVectorizer().fit(texts), TextVectorizer().fit(texts)
    assert ours.vocabulary_ == theirs.vocabulary_
    assert ours.vocabulary_ is ours.vocabulary_
    assert np.allclose(ours.idf_, theirs.idf_)
    assert not ours.fixed_vocabulary_
    ours.fit(["xy"])
    assert ours.vocabulary_ == {"xy": 0}
    assert not hasattr(TextVectorizer(use_idf=False).fit(texts), "idf_")


def test_the_terms_of_rows():
    texts = ["cd ab cd", "", "ab\x00 ef"]
    vectorizer = TextVectorizer()
    rows = vectorizer.fit_transform(texts)
    for X in (rows, rows.toarray(), rows.tocsc()):
        assert [terms.tolist() for terms in vectorizer.inverse_transform(X)] == [["ab", "cd"], [], ["ab", "ef"]]


def test_idf_that_is_set():
    vectorizer = TextVectorizer(vocabulary=["ab", "cd"], norm=None)
    vectorizer.idf_ = [2.0, 3.0]
    assert vectorizer.transform(["ab cd cd"]).toarray().tolist() == [[2.0, 6.0]]
    with pytest.raises(UsageError, match="expected 2 numbers"):
        vectorizer.idf_ = [1.0]
    with pytest.raises(UsageError, match="use_idf"):
        TextVectorizer(use_idf=False).idf_ = [1.0]


@pytest.mark.parametrize("options", [{}, {"vocabulary": ["ab"]}])
def test_transform_before_fit(options):
    with pytest.raises(NotFittedError):
        TextVectorizer(**options).transform(["ab"])


def test_counts_of_a_given_vocabulary_need_no_fit():
    assert TextVectorizer(vocabulary=["ab"], **COUNTS).transform(["ab ab"]).toarray().tolist() == [[2]]


@pytest.mark.parametrize(
    "options", [{}, {"tokenizer": str.split, "token_pattern": None}, {"max_features": 20}], ids=spelled
)
def test_hashed_terms_are_counted_without_a_sign(options):
    texts = [" ".join(f"word{i * j % 50}" for i in range(20)) for j in range(1, 30)]
    vectorizer = TextVectorizer(hashing=20, **COUNTS, **options)
    rows = vectorizer.fit_transform(texts)
    expected = TextVectorizer(**COUNTS).fit_transform(texts)
    assert vectorizer.ngrams_.facts()[0].numbers["shared"] == 0
    if not options.get("max_features"):
        assert np.array_equal(np.sort(rows.sum(axis=0)), np.sort(expected.sum(axis=0)))
    assert rows.shape[1] <= options.get("max_features", 50)
    assert abs(vectorizer.transform(texts) - rows).max() == 0
    assert vectorizer.get_feature_names_out()[0].startswith("#")


# scikit-learn's own tests.


@pytest.mark.slow
def test_scikit_learns_own_tests():
    pytest.importorskip(sklearn_yardstick.MODULE, reason="scikit-learn is installed without its tests")
    version, listed = sklearn_yardstick.listed()
    if sklearn.__version__.split(".")[:2] != version.split("."):
        pytest.skip(f"the tests of scikit-learn {version} are listed, and {sklearn.__version__} is installed")
    found = sklearn_yardstick.run()
    passing = [name for name, outcome in listed.items() if outcome == sklearn_yardstick.PASSES]
    assert len(passing) > 70
    assert [name for name in passing if found[name] != sklearn_yardstick.PASSES] == []
    assert [name for name in found if name not in listed] == []


def test_the_page_counts_the_tests_as_listed():
    page = (Path(__file__).parents[1] / "docs" / "features.md").read_text(encoding="utf-8")
    for outcome, n in Counter(sklearn_yardstick.listed()[1].values()).items():
        assert f"| {outcome} | {n} |" in page
