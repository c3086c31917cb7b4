"""Fitted n-grams as plain values and arrays, without code: for exports and readers in other languages."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from vikt.arrays import Bytes, Floats, Ints
from vikt.errors import UsageError
from vikt.features.ngrams.analyzers import ANALYZERS, Analyzer
from vikt.features.ngrams.character_rules import ALL_POINTS
from vikt.features.ngrams.token_kernels import CLOSES, NEXT, OPENS
from vikt.features.ngrams.tokens import Tokeniser
from vikt.features.ngrams.vocabulary_spec import BucketSpec, VocabularySpec
from vikt.features.ngrams.weighting import Weighting


@dataclass(frozen=True, eq=False)
class TokenSpec:
    """How texts are cut into units.

    A text is put into NFC if `composed`, lower-cased if `lowercase`, put into NFC again if `composed`; then accents are
    stripped, if they are. Character classes and lower case are those of one version of Unicode.

    Attributes
    ----------
    analyzer : str
        A name in `ANALYZERS`.
    kernel : str
        How units are found, by the name of the kernel: "word_edges" runs the automaton; "character_edges" makes a unit
        of each character, and of each run of white space one space; "bounded_character_edges" takes word by word a
        space, the characters of the word and a space, and no n-gram crosses words.
    joiner : str
        What units are joined by in the name of an n-gram.
    lowercase, composed : bool
    strip_accents : {None, "unicode", "ascii"}
    stop_words : tuple of str
        Units that are dropped before n-grams are formed.
    first_points, classes : (r,)
        Code points from first_points[r] up to the next have the class classes[r].
    automaton : (classes, states, 3)
        For each class and state: the next state, 1 if a unit opens before the character, 1 if one closes there. A text
        starts in state 0 and ends as by a character of class 0. A unit that opens replaces one that is open.
    unicode_version : str
    """

    analyzer: str
    kernel: str
    joiner: str
    lowercase: bool
    composed: bool
    strip_accents: str | None
    stop_words: tuple[str, ...]
    first_points: Ints
    classes: Bytes
    automaton: Ints
    unicode_version: str


@dataclass(frozen=True, eq=False)
class NgramSpec:
    """Fitted n-grams of one analyzer.

    The value of a column is w(count)·idf, divided by the length of the row if normalised; see `Weighting`.

    Attributes
    ----------
    tokens : TokenSpec
    ngrams : tuple of int
        The shortest and the longest n-gram.
    shortest_whole : int or None
        A word with at least this many units, but fewer than the shortest n-gram, counts as one n-gram.
    ids : VocabularySpec or BucketSpec
    weighting : Weighting
    idf : (n,)
    dtype : str
        The type of values.
    """

    tokens: TokenSpec
    ngrams: tuple[int, int]
    shortest_whole: int | None
    ids: VocabularySpec | BucketSpec
    weighting: Weighting
    idf: Floats
    dtype: str


def token_spec(tokeniser: Tokeniser, stop_words: frozenset[str]) -> TokenSpec:
    """How a tokeniser cuts texts.

    Raises
    ------
    UsageError
        A function of Python's does.

    Examples
    --------
    >>> spec = token_spec(Tokeniser("char", lowercase=False), frozenset())
    >>> spec.kernel, [hex(point) for point in spec.first_points[:4]], spec.classes[:4].tolist()
    ('character_edges', ['0x0', '0x9', '0xe', '0x1c'], [1, 0, 1, 0])
    """
    if tokeniser.cut is not None:
        raise UsageError("these texts are cut by a function of Python's, which has no description without code")
    analyzer = ANALYZERS[tokeniser.analyzer]
    class_of = analyzer.characters(ALL_POINTS)
    first_points = np.flatnonzero(np.diff(class_of, prepend=class_of[:1] + 1))
    return TokenSpec(
        tokeniser.analyzer,
        analyzer.edges.__name__,
        analyzer.joiner,
        tokeniser.lowercase,
        analyzer.composed,
        tokeniser.strip_accents,
        tuple(sorted(stop_words)),
        first_points,
        class_of[first_points],
        _automaton(analyzer),
        unicodedata.unidata_version,
    )


def _automaton(analyzer: Analyzer) -> Ints:
    """For each class and state: the next state, whether a unit opens, whether one closes."""
    automaton = np.array(
        [
            [
                ((action & NEXT) // 8, action >> OPENS & 1, action >> CLOSES & 1)
                for action in (of_class >> 8 * state for state in range(8))
            ]
            for of_class in analyzer.actions
        ]
    )
    return automaton[:, : automaton[..., 0].max() + 1]
