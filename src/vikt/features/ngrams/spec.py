"""Fitted n-grams as plain values and arrays, without code: for model files, exports and readers in other languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Bytes, Floats, Ids, Ints
from vikt.errors import DamagedModelError
from vikt.features.ngrams.weighting import Weighting

# By name, for a file.
Arrays = dict[str, NDArray[Any]]


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
class UnitTable:
    """Single units and their ids, 0, 1, ...

    Attributes
    ----------
    low, high : (u,)
        A key of two numbers. The upper byte of `high` is the unit's length in bytes, 15 for any longer unit. The lower
        seven bytes of `low`, then those of `high`, little-endian, are its UTF-8; of a long unit, `high` is a hash.
    pool, pool_offsets
        The bytes of long units, in the order of their ids.
    slots : (a power of two,)
        A hash table of ids, -1 where empty; see `vikt.features.ngrams.kernels.find_units`.
    """

    low: Ints
    high: Ints
    pool: Bytes
    pool_offsets: Ints
    slots: Ids


@dataclass(frozen=True, eq=False)
class NodeTable:
    """N-grams of one length and their ids, 0, 1, ...

    Attributes
    ----------
    keys : (n,)
        id of the n-gram without its last unit << 32 | id of the last unit.
    slots : (a power of two,)
        A hash table of ids, -1 where empty; see `vikt.features.ngrams.kernels.find_nodes`.
    """

    keys: Ints
    slots: Ids


@dataclass(frozen=True, eq=False)
class VocabularySpec:
    """A vocabulary: exact n-grams and their columns.

    Attributes
    ----------
    units : UnitTable
    nodes : tuple of NodeTable
        N-grams of 2, 3, ... units.
    lengths : range
        The lengths of n-grams that count.
    columns : tuple of arrays
        For each length that counts the column of each id, -1 where it has none.
    """

    units: UnitTable
    nodes: tuple[NodeTable, ...]
    lengths: range
    columns: tuple[Ids, ...]

    def to_arrays(self) -> Arrays:
        """The arrays by their names in a file."""
        columns = {f"columns{length}": own for length, own in zip(self.lengths, self.columns, strict=True)}
        nodes = {
            f"{name}{depth}": array
            for depth, table in enumerate(self.nodes, start=2)
            for name, array in vars(table).items()
        }
        return {**columns, **vars(self.units), **nodes}

    @classmethod
    def from_arrays(cls, lengths: range, arrays: Mapping[str, NDArray[Any]]) -> VocabularySpec:
        """The vocabulary of a file, not checked."""
        return cls(
            UnitTable(*(arrays[name] for name in ("low", "high", "pool", "pool_offsets", "slots"))),
            tuple(NodeTable(arrays[f"keys{depth}"], arrays[f"slots{depth}"]) for depth in range(2, lengths.stop)),
            lengths,
            tuple(arrays[f"columns{length}"] for length in lengths),
        )


@dataclass(frozen=True, eq=False)
class BucketSpec:
    """Hashed n-grams: the column of an n-gram is that of its bucket.

    mix(v) = t ^ t >> 31, where t = (v & (2^32 - 1))·0x278dde6d + (v >> 32)·0x2545f491. A unit of keys low and high has
    the hash mix(mix(low) ^ high), an n-gram mix(mix(hash without its last unit) ^ hash of its last unit); the `high` of
    a unit of 15 bytes or more is h | 15 << 56, h = mix(h ^ byte) over its bytes from h = 0, its lower 56 bits. The last
    `bits` bits of a hash are the bucket.

    Attributes
    ----------
    bits : int
    buckets : (n,)
        The bucket of each column.
    n_shared : int
        How many buckets several different n-grams of the training texts share.
    """

    bits: int
    buckets: Ints
    n_shared: int

    def to_arrays(self) -> Arrays:
        """The arrays by their names in a file."""
        return {"buckets": self.buckets, "shared": np.array([self.n_shared])}

    @classmethod
    def from_arrays(cls, bits: int, arrays: Mapping[str, NDArray[Any]]) -> BucketSpec:
        """The buckets of a file. Raises DamagedModelError if its number of shared ones is invalid."""
        shared = arrays["shared"]
        if shared.dtype != np.int64 or shared.shape != (1,) or not 0 <= shared[0] <= 1 << bits:
            raise DamagedModelError(f"{shared} is an invalid number of buckets")
        return cls(bits, arrays["buckets"], int(shared[0]))


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
