"""From a text to its terms in Python, step by step: for the steps that are the user's own, and to see what is done."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from vikt.corpus.texts import Texts
from vikt.errors import DataError
from vikt.features.ngrams import Ngrams
from vikt.features.weighting import Weighting

Span = tuple[int, int]


def analyze(document: Any, steps: tuple[Callable[[Any], Any], ...]) -> Any:
    for step in steps:
        document = step(document)
    return document


def preprocess(text: str, lowercase: bool, strip: Callable[[str], str]) -> str:
    return strip(text.lower() if lowercase else text)


def _as_it_is(text: str) -> str:
    return text


def _without_marks(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _without_all_but_ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


STRIPPERS: dict[Any, Callable[[str], str]] = {
    None: _as_it_is,
    "unicode": _without_marks,
    "ascii": _without_all_but_ascii,
}


def vikt_words(text: str) -> list[str]:
    """vikt's words, one text at a time."""
    words = Ngrams("word", (1, 1), Weighting(), lowercase=False)
    return [word for word, _ in words.occurrences(Texts.from_strings([text]))]


def _spans(units: Sequence[str], span: Span) -> list[Sequence[str]]:
    """All runs of so many units, the shortest first."""
    longest = min(span[1], len(units))
    return [units[i : i + n] for n in range(span[0], longest + 1) for i in range(len(units) - n + 1)]


def word_ngrams(words: Iterable[str], span: Span, stop_words: frozenset[str]) -> list[str]:
    kept = [word for word in words if word not in stop_words]
    return kept if tuple(span) == (1, 1) else [" ".join(run) for run in _spans(kept, span)]


def character_ngrams(text: str, span: Span) -> list[str]:
    return list(map(str, _spans(re.sub(r"\s\s+", " ", text), span)))


def bounded_character_ngrams(text: str, span: Span) -> list[str]:
    words = [f" {word} " for word in text.split()]
    return [run for word in words for run in map(str, _spans(word, (min(span[0], len(word)), span[1])))]


class ListedTerms(Ngrams):
    """Terms that Python has cut: each text is a list of them in JSON, as `spelled` writes it."""

    def names(self, columns: Any = None) -> list[str]:
        return [name[1:] for name in super().names(columns)]


_to_json = json.JSONEncoder(ensure_ascii=False).encode


def spelled(terms: Iterable[str]) -> str:
    """Terms as one text. A space before each lets the empty one be a term, which as a unit it could not."""
    try:
        return _to_json([" " + term for term in terms])
    except TypeError as error:
        raise DataError(f"the analyzer or tokenizer gave a term that is no string: {error}") from None
