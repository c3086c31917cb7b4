"""From a text to its terms in Python, step by step: for users' own steps, and to show what compiled code does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from numpy.typing import DTypeLike

from vikt.corpus.texts import Texts
from vikt.errors import DataError, UsageError, check_known, known
from vikt.features.ngrams.ngrams import Ngrams
from vikt.features.ngrams.normalise import ACCENT_STRIPPERS
from vikt.features.ngrams.weighting import Weighting

Span = tuple[int, int]

TOKEN_PATTERN = r"(?u)\b\w\w+\b"
CUT_INTO_WORDS = ("pattern", "word")
ANALYZERS = (*CUT_INTO_WORDS, "char", "char_wb")


class Steps:
    """scikit-learn's options, and the steps from a text to its terms under its names.

    `vikt.vectorizer.TextVectorizer` documents the options.
    """

    input: str
    encoding: str
    decode_error: str
    strip_accents: str | Callable[[str], str] | None
    lowercase: bool
    preprocessor: Callable[[Any], str] | None
    tokenizer: Callable[[str], Iterable[str]] | None
    analyzer: Any
    stop_words: str | Iterable[str] | None
    token_pattern: str | None
    ngram_range: Span
    max_df: float
    min_df: float
    max_features: int | None
    vocabulary: Mapping[str, int] | Iterable[str] | None
    binary: bool
    dtype: DTypeLike
    norm: str | None
    use_idf: bool
    smooth_idf: bool
    sublinear_tf: bool
    hashing: int | None
    threads: int

    def decode(self, doc: Any) -> Any:
        """The text of an item: the item itself, or a path or file, as `input` says; bytes become a string."""
        if self.input == "filename":
            with open(doc, "rb") as file:
                doc = file.read()
        elif self.input == "file":
            doc = doc.read()
        return doc.decode(self.encoding, self.decode_error) if isinstance(doc, bytes) else doc

    def build_preprocessor(self) -> Callable[[Any], str]:
        """The function that is applied to a text before it is cut."""
        if self.preprocessor is not None:
            return self.preprocessor
        strip = _as_it_is if self.strip_accents is None else self.strip_accents
        if not callable(strip):
            strip = known("strip_accents", strip, STRIPPERS)
        return partial(preprocess, lowercase=self.lowercase, strip=strip)

    def build_tokenizer(self) -> Callable[[str], Iterable[str]]:
        """The function that cuts a string into words."""
        if self.tokenizer is not None:
            return self.tokenizer
        if self.analyzer == "word":
            return vikt_words
        try:
            pattern = re.compile(str(self.token_pattern))
        except re.error as error:
            raise UsageError(
                f"token_pattern: {self.token_pattern!r} is not a regular expression of Python's: {error}"
            ) from None
        if pattern.groups > 1:
            raise UsageError(
                f"token_pattern: More than 1 capturing group in token pattern {self.token_pattern!r}; write (?:...) "
                "for the others"
            )
        return pattern.findall

    def build_analyzer(self) -> Callable[[Any], Sequence[str]]:
        """The function from a text to its terms: the slow definition of what compiled code does."""
        if callable(self.analyzer):
            return partial(analyze, steps=(self.decode, self.analyzer))
        check_known("analyzer", self.analyzer, ANALYZERS)
        before = (self.decode, self.build_preprocessor())
        if self.analyzer not in CUT_INTO_WORDS:
            form = {"char": character_ngrams, "char_wb": bounded_character_ngrams}[self.analyzer]
            return partial(analyze, steps=(*before, partial(form, span=self.ngram_range)))
        form_words = partial(word_ngrams, span=self.ngram_range, stop_words=self.get_stop_words() or frozenset())
        return partial(analyze, steps=(*before, self.build_tokenizer(), form_words))

    def get_stop_words(self) -> frozenset[str] | None:
        """The words that are left out."""
        if self.stop_words is None:
            return None
        if not isinstance(self.stop_words, str):
            return frozenset(self.stop_words)
        if self.stop_words != "english":
            raise UsageError(f"stop_words: expected 'english' or a collection of words, found {self.stop_words!r}")
        try:
            from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
        except ImportError:
            raise UsageError("stop_words: 'english' is scikit-learn's list; install it, or list words") from None
        return frozenset(ENGLISH_STOP_WORDS)


def analyze(document: Any, steps: tuple[Callable[[Any], Any], ...]) -> Any:
    """The result of one step after the other."""
    for step in steps:
        document = step(document)
    return document


def preprocess(text: str, lowercase: bool, strip: Callable[[str], str]) -> str:
    """A text in lower case, if asked for, and without accents."""
    return strip(text.lower() if lowercase else text)


def _as_it_is(text: str) -> str:
    return text


def _by_character(text: str, strip: Callable[[str], str]) -> str:
    return text if text.isascii() else "".join(map(strip, text))


STRIPPERS: dict[str, Callable[[str], str]] = {
    name: partial(_by_character, strip=strip) for name, strip in ACCENT_STRIPPERS.items()
}


def vikt_words(text: str) -> list[str]:
    """vikt's words of one text."""
    words = Ngrams("word", (1, 1), Weighting(), lowercase=False)
    return [word for word, _ in words.places(Texts.from_strings([text]))]


def _spans(units: Sequence[str], span: Span) -> list[Sequence[str]]:
    """All runs of span[0] to span[1] units, the shortest first."""
    longest = min(span[1], len(units))
    return [units[i : i + n] for n in range(span[0], longest + 1) for i in range(len(units) - n + 1)]


def word_ngrams(words: Iterable[str], span: Span, stop_words: frozenset[str]) -> list[str]:
    """N-grams of words without stop words."""
    kept = [word for word in words if word not in stop_words]
    return kept if tuple(span) == (1, 1) else [" ".join(run) for run in _spans(kept, span)]


def character_ngrams(text: str, span: Span) -> list[str]:
    """N-grams of characters, runs of white space as one space."""
    return list(map(str, _spans(re.sub(r"\s\s+", " ", text), span)))


def bounded_character_ngrams(text: str, span: Span) -> list[str]:
    """N-grams of characters within each word and the spaces around it."""
    words = [f" {word} " for word in text.split()]
    return [run for word in words for run in map(str, _spans(word, (min(span[0], len(word)), span[1])))]


# Stands before each term that Python cuts.
MARK = " "

_to_json = json.JSONEncoder(ensure_ascii=False).encode


def spelled(terms: Iterable[str]) -> str:
    """Terms as one text, a list in JSON. MARK before each lets the empty string be a term."""
    try:
        return _to_json([MARK + term for term in terms])
    except TypeError as error:
        raise DataError(f"the analyzer or tokenizer returned a term that is not a string: {error}") from None
