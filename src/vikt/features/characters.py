"""Which characters make words: one table a rule, indexed by code point, for the kernels."""

from __future__ import annotations

import functools
import sys
import unicodedata

import numpy as np
from numpy.typing import NDArray

from vikt.features.kernels import EXTENDS, SEPARATES, SINGLE, SYMBOL, WORD

Table = NDArray[np.uint8]

# No character is assigned from here to the tags of plane 14, and none after those but for private use.
_END_OF_PLANES = 0x34000
_TAGS = range(0xE0000, 0xE0200)
_ASCII = range(0x80)

# Scripts written without spaces: a letter is a token, and n-grams of letters stand in for words.
_UNSPACED = (
    range(0x0E00, 0x0F00),  # Thai, Lao
    range(0x1000, 0x10A0),  # Myanmar
    range(0x1780, 0x1800),  # Khmer
    range(0x3040, 0x3100),  # Hiragana, Katakana
    range(0x31F0, 0x3200),  # Katakana extensions
    range(0x3400, 0xA000),  # Han
    range(0xF900, 0xFB00),  # Han, compatibility
    range(0xFF66, 0xFFA0),  # Katakana, half width
    range(0x1B000, 0x1B170),  # Kana supplements
    range(0x20000, 0x33480),  # Han, extensions
)
_JOINERS = (0x200C, 0x200D)


@functools.cache
def word_characters(ascii_only: bool = False) -> Table:
    """vikt's words: runs of letters, marks and digits; else single symbols.

    A mark, or a zero-width joiner, goes with the token before it, so that a vowel sign never breaks a word; a letter
    of a script without spaces is a token of its own; control and format characters separate.
    """
    if ascii_only:
        return np.array([_word_class(chr(point)) for point in _ASCII], dtype=np.uint8)
    table = np.full(sys.maxunicode + 1, SYMBOL, dtype=np.uint8)
    for points in (range(_END_OF_PLANES), _TAGS):
        table[points.start : points.stop] = [_word_class(chr(point)) for point in points]
    for points in _UNSPACED:
        block = table[points.start : points.stop]
        block[block == WORD] = SINGLE
    table[list(_JOINERS)] = EXTENDS
    return table


@functools.cache
def pattern_characters(ascii_only: bool = False) -> Table:
    r"""scikit-learn's words: runs of ``\w``, that is of alphanumeric characters and underscores."""
    points = _ASCII if ascii_only else range(_END_OF_PLANES)
    table = np.full(len(_ASCII) if ascii_only else sys.maxunicode + 1, SEPARATES, dtype=np.uint8)
    table[points.start : points.stop] = [chr(point).isalnum() for point in points]
    table[ord("_")] = WORD
    return table


@functools.cache
def space_characters(ascii_only: bool = False) -> Table:
    """White space separates; every other character stands for itself."""
    table = np.full(len(_ASCII) if ascii_only else sys.maxunicode + 1, WORD, dtype=np.uint8)
    table[[point for point in range(min(len(table), 0x3001)) if chr(point).isspace()]] = SEPARATES
    return table


def _word_class(character: str) -> int:
    category = unicodedata.category(character)
    if category[0] in "LN" or character == "_":
        return WORD
    if category[0] == "M":
        return EXTENDS
    if category[0] == "Z" or category in ("Cc", "Cf", "Cs") or character.isspace():
        return SEPARATES
    return SYMBOL
