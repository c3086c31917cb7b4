"""Vocabularies and buckets as plain arrays: for model files, exports and readers in other languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vikt.arrays import Arrays, Bytes, Ids, Ints
from vikt.errors import DamagedModelError


class UnitTable(NamedTuple):
    """Single units and their ids, 0, 1, ...

    Attributes
    ----------
    low, high : (u,)
        A key of two numbers. The upper byte of `high` is the unit's length in bytes, 15 for any longer unit. The lower
        seven bytes of `low`, then those of `high`, little-endian, are its UTF-8; of a long unit, `high` is a hash.
    pool, pool_offsets
        The bytes of long units, in the order of their ids.
    slots : (a power of two,)
        A hash table of ids, -1 where empty; see `vikt.features.ngrams.table_kernels.find_units`.
    """

    low: Ints
    high: Ints
    pool: Bytes
    pool_offsets: Ints
    slots: Ids


class NodeTable(NamedTuple):
    """N-grams of one length and their ids, 0, 1, ...

    Attributes
    ----------
    keys : (n,)
        id of the n-gram without its last unit << 32 | id of the last unit.
    slots : (a power of two,)
        A hash table of ids, -1 where empty; see `vikt.features.ngrams.table_kernels.find_nodes`.
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
        columns = {f"columns{length}": own for length, own in zip(self.lengths, self.columns, strict=True)}
        nodes = {
            f"{name}{depth}": array
            for depth, table in enumerate(self.nodes, start=2)
            for name, array in table._asdict().items()
        }
        return {**columns, **self.units._asdict(), **nodes}

    @classmethod
    def from_arrays(cls, lengths: range, arrays: Arrays) -> VocabularySpec:
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
        return {"buckets": self.buckets, "shared": np.array([self.n_shared])}

    @classmethod
    def from_arrays(cls, bits: int, arrays: Arrays) -> BucketSpec:
        shared = arrays["shared"]
        if shared.dtype != np.int64 or shared.shape != (1,) or not 0 <= shared[0] <= 1 << bits:
            raise DamagedModelError(f"{shared} is an invalid number of buckets")
        return cls(bits, arrays["buckets"], int(shared[0]))
