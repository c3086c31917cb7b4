"""Normalising text: one encoding of each letter, one case."""

from __future__ import annotations

import functools
import itertools
import unicodedata
from collections.abc import Callable
from io import BytesIO

import numpy as np

from vikt.compiled import compiled
from vikt.corpus.texts import Texts
from vikt.errors import known
from vikt.features.ngrams import normalising_kernels
from vikt.features.ngrams.characters import joining, lower_case, no_joining, same_characters

# For fewer bytes, Python's own functions take less time than making the tables of all of Unicode.
_FEW_BYTES = 1 << 18

# Every _STRIDE-th character is sampled; _LOOKS marks in a row mean a long run of them.
_STRIDE, _LOOKS = 256, 8
_FIRST_MARK = "\u0300"


def compose(text: str) -> str:
    """NFC: a letter and its accent become one character, however they were typed."""
    return unicodedata.normalize("NFC", _in_order(text) if _has_long_run_of_marks(text) else text)


def _has_long_run_of_marks(text: str) -> bool:
    return len(text) >= _STRIDE * _LOOKS and "1" * _LOOKS in "".join("01"[_is_mark(c)] for c in text[::_STRIDE])


def _is_mark(character: str) -> bool:
    return character >= _FIRST_MARK and unicodedata.combining(unicodedata.normalize("NFD", character)[0]) > 0


def _in_order(text: str) -> str:
    """The same text with its marks in order, since Python's NFC takes quadratic time to sort a run of them."""
    apart = "".join(unicodedata.normalize("NFD", character) for character in text)
    runs = itertools.groupby(apart, key=lambda character: unicodedata.combining(character) > 0)
    return "".join("".join(sorted(run, key=unicodedata.combining) if is_marks else run) for is_marks, run in runs)


def fold(text: str) -> str:
    """Lower case, and NFC before and after, since lower-casing may leave a letter apart from its accent."""
    return compose(compose(text).lower())


# The function that normalises a text, by (lowercase, composed).
NORMALISERS: dict[tuple[bool, bool], Callable[[str], str]] = {
    (True, True): fold,
    (True, False): str.lower,
    (False, True): compose,
}


@functools.lru_cache(maxsize=1 << 14)
def _plain(character: str) -> str:
    """A character without compatibility forms and accents; one at a time: Python sorts marks in quadratic time."""
    return "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))


@functools.lru_cache(maxsize=1 << 14)
def _ascii(character: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", character) if c.isascii())


# Strips a character of its accents, by scikit-learn's names.
ACCENT_STRIPPERS: dict[str, Callable[[str], str]] = {"unicode": _plain, "ascii": _ascii}


def normalise(
    texts: Texts, *, lowercase: bool, composed: bool, strip_accents: str | None = None, n_bytes: int | None = None
) -> Texts:
    """Normalise each text: NFC(lower(NFC(text))), each step on demand; then strip accents.

    ASCII only changes case, for which bytes have a method. Other text goes through tables of the running Python's own
    Unicode data. Python's functions normalise the few texts that the tables cannot, so that the result is exact for
    all of Unicode.

    Accents are stripped as in scikit-learn: by NFKD without combining characters ("unicode"), or its ASCII alone
    ("ascii"); with `composed`, the result is put into NFC again. `n_bytes` counts the bytes of all texts where these
    are a portion.

    Examples
    --------
    >>> normalise(Texts.from_strings(["Cafe\\u0301"]), lowercase=True, composed=True)[0].decode()
    'café'
    >>> normalise(Texts.from_strings(["CAFÉ"]), lowercase=True, composed=True, strip_accents="unicode")[0].decode()
    'cafe'
    """
    strip = None if strip_accents is None else known("strip_accents", strip_accents, ACCENT_STRIPPERS)
    if texts.content.isascii() or not (lowercase or composed):
        normalised = Texts(texts.content.lower() if lowercase else texts.content, texts.offsets)
    elif max(len(texts.content), n_bytes or 0) < _FEW_BYTES:
        normalised = _one_by_one(texts, lowercase, composed)
    else:
        normalised = _by_tables(texts, lowercase, composed)
    if strip is None or texts.content.isascii():
        return normalised
    return _stripped(normalised, strip, composed)


def _one_by_one(texts: Texts, lowercase: bool, composed: bool) -> Texts:
    change = NORMALISERS[lowercase, composed]
    lower = bytes.lower if lowercase else bytes
    return Texts.from_bytes([lower(text) if text.isascii() else _through_string(text, change) for text in texts])


def _by_tables(texts: Texts, lowercase: bool, composed: bool) -> Texts:
    lower_of = lower_case() if lowercase else same_characters()
    joining_of = joining() if composed else no_joining()
    change = NORMALISERS[lowercase, composed]
    portion, work = bytearray(texts.content), compiled(normalising_kernels.__name__)
    text, undone = np.frombuffer(portion, dtype=np.uint8), np.zeros(len(texts), dtype=np.uint8)
    if lowercase:
        work.lower_ascii(text)
    work.lower_in_place(text, texts.offsets, lower_of, joining_of, undone)
    content, lengths, written = BytesIO(), np.diff(texts.offsets), 0
    for row in np.flatnonzero(undone).tolist():
        start, end = texts.offsets[row : row + 2].tolist()
        content.write(memoryview(portion)[written:start])
        lengths[row] = content.write(_through_string(texts[row], change))
        written = end
    content.write(memoryview(portion)[written:])
    return Texts(content.getvalue(), np.append(0, np.cumsum(lengths)))


def _stripped(texts: Texts, strip: Callable[[str], str], composed: bool) -> Texts:
    def change(text: str) -> str:
        plain = "".join(map(strip, text))
        return compose(plain) if composed else plain

    return Texts.from_bytes([text if text.isascii() else _through_string(text, change) for text in texts])


def _through_string(text: bytes, change: Callable[[str], str]) -> bytes:
    return change(text.decode("utf-8", "surrogatepass")).encode("utf-8", "surrogatepass")
