"""Facts of characters: which make words, their lower case, how they compose.

One table per rule, indexed by code point, for the kernels; a table of character classes holds only as many code points
as a text needs. The package holds the tables of some versions of Unicode, made by scripts/characters. Where the running
Python has another version, its tables are made by `character_rules`, which takes longer.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Bytes, Ids
from vikt.features.ngrams import character_rules as rules
from vikt.features.ngrams.character_rules import ALL_POINTS, PYTHON, RULES, CharacterClasses, Rule

# Where the runs of equal entries of a table start, and their entries.
Runs = tuple[NDArray[np.int32], NDArray[Any]]

ASCII = 0x80
# How many code points have a UTF-8 sequence whose bytes are all smaller than the key.
_REACHES = {0x80: ASCII, 0xE0: 0x800, 0xF0: 0x10000, 0x100: ALL_POINTS}

_FOLDER = Path(__file__).with_name("unicode")


def reach(text: Bytes) -> int:
    """How many code points a table must hold for a text in UTF-8.

    Examples
    --------
    >>> [hex(reach(np.frombuffer(text.encode(), dtype=np.uint8))) for text in ("", "och", "på", "—", "😀")]
    ['0x80', '0x80', '0x800', '0x10000', '0x110000']
    """
    largest = text.max(initial=0)
    return next(n_points for lead, n_points in _REACHES.items() if largest < lead)


@functools.cache
def word_characters(n_points: int = ALL_POINTS) -> CharacterClasses:
    """vikt's words; see `character_rules`."""
    return _table(rules.word_characters, n_points)


@functools.cache
def pattern_characters(n_points: int = ALL_POINTS) -> CharacterClasses:
    """scikit-learn's words; see `character_rules`."""
    return _table(rules.pattern_characters, n_points)


@functools.cache
def space_characters(n_points: int = ALL_POINTS) -> CharacterClasses:
    """Runs without white space; see `character_rules`."""
    return _table(rules.space_characters, n_points)


@functools.cache
def same_characters() -> Ids:
    """Each code point unchanged."""
    return np.arange(ALL_POINTS, dtype=np.int32)


@functools.cache
def lower_case() -> Ids:
    """The lower case of each code point, NONE where the kernels cannot write it; see `character_rules`."""
    lower: Ids = np.arange(ALL_POINTS, dtype=np.int32) + _table(rules.distance_to_lower_case, ALL_POINTS)
    return lower


@functools.cache
def no_joining() -> NDArray[np.int16]:
    """A table in which no character joins another, so that no text is composed."""
    return np.zeros(ALL_POINTS, dtype=np.int16)


@functools.cache
def joining() -> NDArray[np.int16]:
    """How each code point behaves in NFC; see `character_rules`."""
    return _table(rules.joining, ALL_POINTS)


def _table(rule: Rule, n_points: int) -> NDArray[Any]:
    runs = _held(PYTHON.version).get(rule)
    if runs is None:
        return rule(n_points, PYTHON)
    starts, entries = runs
    return np.repeat(entries, np.diff(np.minimum(np.append(starts, ALL_POINTS), n_points)))


@functools.cache
def _held(version: str) -> Mapping[Rule, Runs]:
    """The tables that the package holds for a version of Unicode: none, perhaps."""
    try:
        content = tables_file(version).read_bytes()
    except FileNotFoundError:
        return {}
    numbers, starts, entries = np.frombuffer(zlib.decompress(content), dtype="<i4").reshape(3, -1).astype(np.int32)
    of_rules = [np.flatnonzero(numbers == number) for number in range(len(RULES))]
    return {rule: (starts[own], entries[own].astype(dtype)) for own, (rule, dtype) in zip(of_rules, RULES, strict=True)}


def tables_file(version: str) -> Path:
    """The file that holds the tables of a version of Unicode."""
    return _FOLDER / f"{version}.zlib"
