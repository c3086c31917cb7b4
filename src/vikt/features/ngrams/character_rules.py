"""Facts of characters by Unicode data: which make words, their lower case, how they compose.

Each function makes one table, indexed by code point, of its first `n_points` ones: asking for every character takes a
while.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Bytes, Ids
from vikt.features.ngrams.normalising_kernels import CLASS_SHIFT, FOLLOWS, LEADS
from vikt.features.ngrams.pictographs import PICTOGRAPHS
from vikt.features.ngrams.token_kernels import (
    EXTENDS,
    JOINER,
    KEYCAP,
    MODIFIER,
    NONE,
    PICTOGRAPH,
    REGIONAL,
    SEPARATES,
    SINGLE,
    SYMBOL,
    TAG,
    WORD,
)

# The class of each code point, of those that the kernels name.
CharacterClasses = Bytes


class UnicodeData(NamedTuple):
    """What a version of Unicode says of a character, or of a text."""

    version: str
    category: Callable[[str], str]
    combining: Callable[[str], int]
    normalize: Callable[[Literal["NFC", "NFD"], str], str]
    lower: Callable[[str], str]
    is_alphanumeric: Callable[[str], bool]
    is_space: Callable[[str], bool]


PYTHON = UnicodeData(
    unicodedata.unidata_version,
    unicodedata.category,
    unicodedata.combining,
    unicodedata.normalize,
    str.lower,
    str.isalnum,
    str.isspace,
)

# Makes a table of the first code points, given how many.
Rule = Callable[[int, UnicodeData], NDArray[Any]]

ALL_POINTS = 0x110000

# No character is assigned between here and the tags of plane 14; after those there is only private use.
_END_OF_PLANES = 0x34000
_TAGS = range(0xE0000, 0xE0200)
_BEYOND_ASCII = np.arange(0x80, _END_OF_PLANES, dtype="<u4")

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
# What else emoji are made of, by code points fixed for all versions of Unicode.
_PARTS_OF_EMOJI = {
    range(0x200C, 0x200D): EXTENDS,  # the zero-width non-joiner
    range(0x200D, 0x200E): JOINER,
    range(0x20E3, 0x20E4): KEYCAP,
    range(0x1F1E6, 0x1F200): REGIONAL,
    range(0x1F3FB, 0x1F400): MODIFIER,
    range(0xE0020, 0xE0080): TAG,
}


def word_characters(n_points: int, data: UnicodeData) -> CharacterClasses:
    """vikt's words: runs of letters, marks and digits; any other character is a token of its own.

    A mark or a zero-width joiner extends the token before it, so that a vowel sign never splits a word. A letter of a
    script without spaces is a token of its own. Control and format characters separate. The parts of an emoji, such as
    a flag or a family, are one token.
    """
    table = np.full(n_points, SYMBOL, dtype=np.uint8)
    for points in (range(_END_OF_PLANES), _TAGS):
        table[points.start : points.stop] = [_word_class(chr(point), data) for point in _first(n_points, points)]
    for points in _UNSPACED:
        _replace(table, points, WORD, SINGLE)
    for points in PICTOGRAPHS:
        _replace(table, points, SYMBOL, PICTOGRAPH)
    for points, part in _PARTS_OF_EMOJI.items():
        table[points.start : points.stop] = part
    return table


def _replace(table: CharacterClasses, points: range, before: int, after: int) -> None:
    block = table[points.start : points.stop]
    block[block == before] = after


def pattern_characters(n_points: int, data: UnicodeData) -> CharacterClasses:
    r"""scikit-learn's words: runs of ``\w``, that is of alphanumeric characters and underscores."""
    table = np.full(n_points, SEPARATES, dtype=np.uint8)
    table[:_END_OF_PLANES] = [data.is_alphanumeric(chr(point)) for point in _first(n_points, range(_END_OF_PLANES))]
    table[ord("_")] = WORD
    return table


def space_characters(n_points: int, data: UnicodeData) -> CharacterClasses:
    """White space separates; every other character stands for itself."""
    table = np.full(n_points, WORD, dtype=np.uint8)
    table[[point for point in _first(n_points, range(0x3001)) if data.is_space(chr(point))]] = SEPARATES
    return table


def _first(n_points: int, points: range) -> range:
    """The points that a table of n_points holds."""
    return range(points.start, min(points.stop, n_points))


def _word_class(character: str, data: UnicodeData) -> int:
    category = data.category(character)
    if category[0] in "LN" or character == "_":
        return WORD
    if category[0] == "M":
        return EXTENDS
    if category[0] == "Z" or category in ("Cc", "Cf", "Cs") or data.is_space(character):
        return SEPARATES
    return SYMBOL


def distance_to_lower_case(n_points: int, data: UnicodeData) -> Ids:
    """The distance from each code point to its lower case, or to NONE where that has another number of bytes.

    Capital sigma has NONE as well: its lower case depends on its neighbours.
    """
    table = np.zeros(ALL_POINTS, dtype=np.int32)
    for point, lowered in _changed(data.lower, _BEYOND_ASCII).items():
        fits = len(lowered) == 1 and _n_bytes(lowered) == _n_bytes(chr(point))
        table[point] = (ord(lowered) if fits else NONE) - point
    table[ord("Σ")] = NONE - ord("Σ")
    return table[:n_points]


def joining(n_points: int, data: UnicodeData) -> NDArray[np.int16]:
    """How each code point behaves in NFC: its combining class, LEADS and FOLLOWS; NONE where NFC never contains it.

    A letter with an accent LEADS too, since an accent that is placed below it decomposes it.
    """
    table = np.zeros(ALL_POINTS, dtype=np.int16)
    classes = map(data.combining, map(chr, _BEYOND_ASCII.tolist()))
    table[_BEYOND_ASCII] = np.fromiter(classes, np.int16, len(_BEYOND_ASCII)) << CLASS_SHIFT
    parts_of = _changed(partial(data.normalize, "NFD"), _BEYOND_ASCII)
    never = list(_changed(partial(data.normalize, "NFC"), np.array(list(parts_of), dtype="<u4")))
    for point in never:
        del parts_of[point]
    table[list(parts_of)] |= LEADS
    table[[ord(parts[0]) for parts in parts_of.values()]] |= LEADS
    table[list(map(ord, set("".join(parts[1:] for parts in parts_of.values()))))] |= FOLLOWS
    table[never] = NONE
    # One pass checks for NFC before and after lower-casing, so a letter also has the flags of its lower case.
    lower_of = _changed(data.lower, _BEYOND_ASCII)
    table[list(lower_of)] |= table[[ord(lowered[0]) for lowered in lower_of.values()]]
    return table[:n_points]


def _changed(change: Callable[[str], str], points: NDArray[np.uint32]) -> dict[int, str]:
    """The characters that a function changes, and what each becomes; one call, with one character per line."""
    lines = np.full((len(points), 2), ord("\n"), dtype="<u4")
    lines[:, 0] = points
    after = change(lines.tobytes().decode("utf-32-le", "surrogatepass"))
    codes = np.frombuffer(after.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    ends = np.flatnonzero(codes == ord("\n"))
    starts = np.append(0, ends[:-1] + 1)
    changed = np.flatnonzero((codes[starts] != points) | (ends - starts != 1))
    return {int(points[i]): after[starts[i] : ends[i]] for i in changed}


def _n_bytes(character: str) -> int:
    return len(character.encode("utf-8"))


# Each rule, with the type of its entries, in the order in which a file holds the tables.
RULES: tuple[tuple[Rule, type[np.integer[Any]]], ...] = (
    (word_characters, np.uint8),
    (pattern_characters, np.uint8),
    (space_characters, np.uint8),
    (distance_to_lower_case, np.int32),
    (joining, np.int16),
)
