"""The header of an exported model: what the engine in the browser finds of it, as JSON.

It holds what is small. The rest is in sections of bytes, to which it refers by number; `payload.js` reads them.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

# The number of a section.
Section = int


class Numbers(TypedDict):
    """Numbers of a kind, u1, u2, f4 or f8: all first bytes, then all second ones, and so on.

    Of few different numbers, `values` has these, and the section the place of each.
    """

    kind: str
    planes: Section
    values: NotRequired[Numbers]


class CharacterClasses(TypedDict):
    """Runs of characters of one class: the first of each run, and the class."""

    firstPoints: Section
    classes: Section


class Characters(TypedDict):
    """What normalising needs.

    `lower` has runs of characters whose lower case is one character: the first, the step from one to the next, how many
    there are, and how far away their lower case is. `special` has those whose lower case is longer. That of a capital
    sigma depends on the characters around it that are `cased` and not `ignorable`; of these, sections have the places
    where the property turns. `pairs` are characters that NFC composes, each with its two parts; `others`, each with one
    part or two, never occur in NFC. `combining` has the classes by which marks are ordered.
    """

    lower: list[tuple[int, int, int, int]]
    special: dict[str, str]
    cased: Section
    ignorable: Section
    pairs: list[Section]
    others: list[Section]
    combining: CharacterClasses


class Tokens(CharacterClasses):
    """How texts are cut: a kernel, and of words the automaton that finds them in the classes of characters."""

    kernel: str
    joiner: str
    lowercase: bool
    composed: bool
    automaton: Any


class Spellings(TypedDict):
    """Sorted units: how many code units each shares with the one before, how many more it has, and these."""

    text: str
    shared: Section
    more: Section


class Level(TypedDict):
    """N-grams of a length: how many start with each shorter one, and their last units, each less the one before."""

    children: Section
    steps: Section


class Tree(TypedDict):
    """N-grams by their spelling; `counted` tells which of each length have a column, None where all have."""

    units: Spellings
    levels: list[Level]
    counted: list[Section | None]


class Buckets(TypedDict):
    """Hashed n-grams: the buckets that have a column."""

    bits: int
    buckets: Section


class Part(TypedDict):
    """The n-grams of one kind, in the order of their columns.

    `lengths` are the least and the largest number of units of an n-gram; those below `shortest` count only where they
    are whole words. There are `n` columns, and weights of each for every score.
    """

    prefix: str
    tokens: Tokens
    lengths: list[int]
    shortest: int
    binary: bool
    sublinear: bool
    normalised: bool
    idf: Numbers | None
    n: int
    ids: Tree | Buckets
    weights: list[Numbers]


class Header(TypedDict):
    """A model: its parts give scores, these with `cuts` probabilities, and these with the decision answers."""

    name: str
    targets: str
    classes: list[str]
    facts: list[tuple[str, str]]
    thresholds: list[float] | None
    decision: dict[str, object] | None
    cuts: list[float]
    characters: Characters
    parts: list[Part]
    intercepts: list[float]
