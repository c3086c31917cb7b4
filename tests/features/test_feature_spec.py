"""Features without code: a small reader in plain Python makes the same columns and values from `spec()` alone."""

from __future__ import annotations

import math
import unicodedata
from bisect import bisect_right
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

import vikt
from vikt.corpus.documents import Documents
from vikt.corpus.readers import read_table
from vikt.corpus.texts import Texts
from vikt.errors import UsageError
from vikt.features.handmade import Category, Number
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.ngrams.vocabulary_spec import BucketSpec
from vikt.features.ngrams.weighting import WEIGHTINGS
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures


class Reader:
    """Rows of texts by an `NgramSpec`, without anything of vikt's."""

    def __init__(self, spec):
        self.spec, self.tokens = spec, spec.tokens
        self.first_points = self.tokens.first_points.tolist()
        ids = spec.ids
        self.column_of = bucket_columns(ids) if isinstance(ids, BucketSpec) else ngram_columns(ids)

    def row(self, text):
        counts = Counter(
            column for ngram in self.ngrams(self.units(self.normalised(text))) if (column := self.column(ngram)) >= 0
        )
        row = {column: self.weight(n) * self.spec.idf[column] for column, n in counts.items()}
        length = math.sqrt(sum(value * value for value in row.values())) if self.spec.weighting.normalised else 1.0
        return {column: value / length for column, value in row.items()}

    def weight(self, count):
        count = 1 if self.spec.weighting.binary else count
        return 1 + math.log(count) if self.spec.weighting.sublinear else count

    def normalised(self, text):
        nfc = (lambda text: unicodedata.normalize("NFC", text)) if self.tokens.composed else str
        return nfc(nfc(text).lower()) if self.tokens.lowercase else nfc(text)

    def class_of(self, character):
        return self.tokens.classes[bisect_right(self.first_points, ord(character)) - 1]

    def units(self, text):
        """Lists of units that n-grams do not cross."""
        separates = [self.class_of(character) == 0 for character in text]
        if self.tokens.kernel == "character_edges":
            spaced = zip(text, separates, [False, *separates], strict=False)
            # A run of white space of one character stays that character.
            runs = [character for character, is_space, was_space in spaced if not (is_space and was_space)]
            assert all(not (a and b) for a, b in pairwise(separates)), "runs of spaces are not tested here"
            return [runs]
        if self.tokens.kernel == "bounded_character_edges":
            words = "".join(" " if space else c for c, space in zip(text, separates, strict=True)).split(" ")
            return [[" ", *word, " "] for word in words if word]
        units, state, start = [], 0, 0
        for i, character in enumerate([*text, None]):
            following, opens, closes = self.tokens.automaton[self.class_of(character) if character else 0][state]
            if closes:
                units.append(text[start:i])
            start = i if opens else start
            state = following
        return [units]

    def ngrams(self, lists):
        shortest, longest = self.spec.ngrams
        for units in lists:
            for n in range(1, longest + 1):
                is_short_word = n == len(units) and self.spec.shortest_whole and n >= self.spec.shortest_whole
                if n >= shortest or is_short_word:
                    yield from (tuple(units[i : i + n]) for i in range(len(units) - n + 1))

    def column(self, ngram):
        if isinstance(self.spec.ids, BucketSpec):
            return self.column_of.get(hashed(ngram) & (1 << self.spec.ids.bits) - 1, -1)
        return self.column_of.get(ngram, -1)


def spelled_units(table):
    """The units of a table, as strings."""
    is_long = (table.high >> 56 == 15).tolist()
    offsets = iter(pairwise(table.pool_offsets.tolist()))
    for low, high, long in zip(table.low.tolist(), table.high.tolist(), is_long, strict=True):
        first, then = low.to_bytes(8, "little")[:7], high.to_bytes(8, "little")[:7]
        unit = table.pool[slice(*next(offsets))].tobytes() if long else (first + then)[: high >> 56]
        yield unit.decode("utf-8", "surrogatepass")


def ngram_columns(vocabulary):
    """The column of each n-gram, a tuple of its units."""
    units = [(unit,) for unit in spelled_units(vocabulary.units)]
    of_length = [units]
    for table in vocabulary.nodes:
        of_length.append([of_length[-1][key >> 32] + units[key & 0xFFFFFFFF] for key in table.keys.tolist()])
    columns = {}
    for length, own in zip(vocabulary.lengths, vocabulary.columns, strict=True):
        columns |= {ngram: c for ngram, c in zip(of_length[length - 1], own.tolist(), strict=True) if c >= 0}
    return columns


def bucket_columns(buckets):
    return {bucket: column for column, bucket in enumerate(buckets.buckets.tolist())}


def mix(v):
    t = (v & 0xFFFFFFFF) * 0x278DDE6D + (v >> 32) * 0x2545F491
    return t ^ t >> 31


def hashed(ngram):
    """The hash that the documentation of `BucketSpec` describes."""
    value = None
    for unit in ngram:
        content = unit.encode("utf-8", "surrogatepass")
        low = int.from_bytes(content[:7], "little")
        if len(content) < 15:
            high = int.from_bytes(content[7:], "little") | len(content) << 56
        else:
            h = 0
            for byte in content:
                h = mix(h ^ byte)
            high = h & (1 << 56) - 1 | 15 << 56
        own = mix(mix(low) ^ high)
        value = own if value is None else mix(mix(value) ^ own)
    return value


def assert_read_alike(spec, rows, texts):
    reader, entries = Reader(spec), rows.indptr.tolist()
    assert rows.n_features == len(spec.idf)
    for text, first, last in zip(texts, entries, entries[1:], strict=False):
        expected = dict(zip(rows.indices[first:last].tolist(), rows.values[first:last].tolist(), strict=True))
        found = reader.row(text)
        assert found.keys() == expected.keys()
        assert [found[column] for column in expected] == pytest.approx(list(expected.values()), rel=1e-6)


@pytest.fixture(scope="module")
def real(corpus):
    """Real texts of many languages and a few hard ones."""
    texts = [text for source in ("languages/train.tsv", "sms/sms.tsv") for text in read_texts(corpus(source))]
    hard = [
        "Cafe\u0301 İSTANBUL ΟΔΟΣ",
        "ไทย漢字カナ हिन्दी",
        "averyveryverylongwordindeed x" * 3,
        "a\u200db 👩\u200d🚀!",
    ]
    return [*texts, *hard, "", "a"]


def read_texts(path):
    return read_table(path).strings("text")[:400]


@pytest.mark.parametrize(
    "options",
    [
        {"analyzer": "word"},
        {"analyzer": "word", "ngrams": (1, 3), "hashing": 14},
        {"analyzer": "char_wb", "ngrams": (2, 5)},
        {"analyzer": "char_wb", "ngrams": (5, 6), "weighting": "counts"},
        {"analyzer": "nb", "lowercase": False},
    ],
    ids=str,
)
def test_a_reader_in_plain_python_makes_the_same_rows(real, options):
    features = TextFeatures(FeatureSettings(min_df=2, **options))
    features.fit_transform(features.measure(Documents.of(real[::2])))
    [spec] = features.spec().ngrams
    others = real[1::2] + real[-6:]
    assert_read_alike(spec, features.transform(features.measure(Documents.of(others))), others)


def test_stop_words_and_characters_are_described():
    texts = ["the cat sat", "a cat on the mat", "mats"]
    ngrams, rows = Ngrams("char", (1, 2), WEIGHTINGS["tfidf"]).fit_transform(Texts.from_strings(texts))
    assert_read_alike(ngrams.spec(), rows, texts)
    stopped, _ = Ngrams("word", (1, 2), WEIGHTINGS["tfidf"], stop_words=frozenset({"the", "a"})).fit_transform(
        Texts.from_strings(texts)
    )
    assert stopped.spec().tokens.stop_words == ("a", "the")


def test_specs_hold_plain_values_and_arrays_alone(emails):
    columns = {"text": list(emails[0][:50]), "n": list(range(50)), "sender": ["a", "b"] * 25}
    handmade = (Number(name="n"), Category(name="sender", column="sender"))
    features = TextFeatures(FeatureSettings(analyzer="word+char", min_df=1, handmade=handmade))
    features.fit_transform(features.measure(Documents.of(columns)))
    spec = features.spec()
    assert plain(spec)
    assert [one.declaration["kind"] for one in spec.handmade] == ["number", "category"]
    assert [one.names for one in spec.handmade] == [("n",), ("sender=a", "sender=b")]
    n = spec.handmade[0].arrays["mean_and_scale"]
    assert n.tolist() == pytest.approx([24.5, 2 * np.std(np.arange(50))])


def plain(value):
    """Whether a value is made of numbers, strings and arrays alone."""
    if isinstance(value, (str, int, float, type(None), np.ndarray, range)):
        return True
    if isinstance(value, (tuple, list)):
        return all(map(plain, value))
    return all(map(plain, (value if isinstance(value, dict) else vars(value)).values()))


def test_the_arrays_of_a_file_are_those_of_the_spec(emails):
    ngrams, _ = Ngrams("word", (1, 2), WEIGHTINGS["tfidf"]).fit_transform(Texts.from_strings(emails[0]))
    arrays, spec = ngrams.to_arrays(), ngrams.spec()
    assert arrays["slots"] is spec.ids.units.slots
    assert arrays["keys2"] is spec.ids.nodes[0].keys
    assert arrays["columns2"] is spec.ids.columns[1]


def test_a_vocabulary_of_the_users_is_described():
    vectorizer = vikt.TextVectorizer(analyzer="word", vocabulary=["cat", "mat"]).fit(["the cat sat", "on the mat"])
    spec = vectorizer.ngrams_.spec()
    assert sorted(spec.columns[spec.columns >= 0].tolist()) == [0, 1]
    with pytest.raises(UsageError, match="cut by a function"):
        vikt.TextVectorizer(tokenizer=str.split, token_pattern=None).fit(["a b"]).ngrams_.spec()
