"""Text made equal where it means the same: one way of writing each letter, one case."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from itertools import groupby

from vikt.corpus.texts import Texts

# A text is looked at every so many characters, and has a long run of marks where so many looks in a row meet one.
_STRIDE, _LOOKS = 256, 8
_FIRST_MARK = "\u0300"


def compose(text: str) -> str:
    """NFC: a letter and its accent are one character, however they were typed."""
    return unicodedata.normalize("NFC", _in_order(text) if _has_long_run_of_marks(text) else text)


def _has_long_run_of_marks(text: str) -> bool:
    return len(text) >= _STRIDE * _LOOKS and "1" * _LOOKS in "".join("01"[_is_mark(c)] for c in text[::_STRIDE])


def _is_mark(character: str) -> bool:
    return character >= _FIRST_MARK and unicodedata.combining(unicodedata.normalize("NFD", character)[0]) > 0


def _in_order(text: str) -> str:
    """The same text with its marks in order, since Python's NFC takes quadratic time to sort a run of them."""
    apart = "".join(unicodedata.normalize("NFD", character) for character in text)
    runs = groupby(apart, key=lambda character: unicodedata.combining(character) > 0)
    return "".join("".join(sorted(run, key=unicodedata.combining) if is_marks else run) for is_marks, run in runs)


def fold(text: str) -> str:
    """Lower case, and NFC before and after, since lower-casing may leave a letter apart from its accent."""
    return compose(compose(text).lower())


def keep(text: str) -> str:
    return text


# What is done to a text, by (lowercase, compose).
NORMALISERS: dict[tuple[bool, bool], Callable[[str], str]] = {
    (True, True): fold,
    (True, False): str.lower,
    (False, True): compose,
    (False, False): keep,
}


def normalise(texts: Texts, *, lowercase: bool, composed: bool, strip_accents: str | None = None) -> Texts:
    """Normalise each text.

    ASCII texts only change case, which bytes can do for themselves; the rest go through the running Python's own
    Unicode tables, so that the result is exact for all of Unicode.

    Examples
    --------
    >>> normalise(Texts.from_strings(["Cafe\\u0301"]), lowercase=True, composed=True)[0].decode()
    'café'
    """
    if texts.content.isascii():
        return Texts(texts.content.lower() if lowercase else texts.content, texts.offsets)
    normaliser = NORMALISERS[lowercase, composed]
    return Texts.from_bytes([_normalise_one(text, lowercase, normaliser) for text in texts])


def _normalise_one(text: bytes, lowercase: bool, normaliser: Callable[[str], str]) -> bytes:
    if text.isascii():
        return text.lower() if lowercase else text
    return normaliser(text.decode("utf-8", "surrogatepass")).encode("utf-8", "surrogatepass")
