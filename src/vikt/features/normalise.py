"""Text made equal where it means the same: one way of writing each letter, one case."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from vikt.corpus.texts import Texts


def compose(text: str) -> str:
    """NFC: a letter and its accent are one character, however they were typed."""
    return unicodedata.normalize("NFC", text)


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


def normalise(texts: Texts, *, lowercase: bool, composed: bool) -> Texts:
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
