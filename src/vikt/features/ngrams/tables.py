"""Hash tables of ids: single units, and n-grams of one length."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Bytes, Ids, Ints
from vikt.compiled import kernels_for
from vikt.errors import DamagedModelError
from vikt.features.ngrams import filling_kernels, table_kernels
from vikt.features.ngrams.table_kernels import BLOCK, PARTS, Search, hash_node, hash_unit, part_of
from vikt.features.ngrams.token_kernels import LONG, LOW_MASK, NONE, PADDING, SEVEN_BYTES
from vikt.features.ngrams.tokens import Tokens
from vikt.features.ngrams.vocabulary_spec import NodeTable, UnitTable

_FEWEST_SLOTS = 16 * PARTS
_SAMPLED = 100


def new_search() -> Search:
    """Room for a block of tokens that are looked up."""
    return Search(*np.empty((2, BLOCK), dtype=np.int64))


class HashTable:
    """Ids by key: 0, 1, ..."""

    def __init__(self) -> None:
        self.slots: Ids = np.full(_FEWEST_SLOTS, NONE, dtype=np.int32)

    @property
    def n(self) -> int:
        """How many ids there are."""
        raise NotImplementedError

    def number(self, n: int) -> None:
        """Fill the slots with the ids 0..n-1, adding slots if there are too few."""
        self.slots = np.full(max(_FEWEST_SLOTS, 1 << (n * 8 // 3).bit_length()), NONE, dtype=np.int32)
        while not (self.filled() and self._has_gaps()):
            self.slots = np.full(2 * len(self.slots), NONE, dtype=np.int32)

    def _has_gaps(self) -> bool:
        """Whether each part has an empty slot, where the search for an unknown key ends."""
        return bool((self.slots.reshape(PARTS, -1) == NONE).any(axis=1).all())

    def check_slots(self, n: int) -> None:
        """Refuse slots with which a kernel would read beyond its arrays, search forever, or find nothing.

        Raises
        ------
        DamagedModelError
            The slots are invalid, or other hashes than these put the first ids where they stand.
        """
        slots = self.slots
        shapes = slots.dtype == np.int32 and slots.ndim == 1 and len(slots) >= _FEWEST_SLOTS
        if not shapes or len(slots) & (len(slots) - 1) or slots.min() < NONE or slots.max() >= n:
            raise DamagedModelError(f"{len(slots)} slots are invalid for a table of {n} ids")
        if not self._has_gaps():
            raise DamagedModelError("a table has no empty slot")
        if not all(map(self._is_found, range(min(n, _SAMPLED)))):
            raise DamagedModelError("a table was filled by another version of vikt")

    def _is_found(self, number: int) -> bool:
        value, region = self.hash_of(number), len(self.slots) // PARTS
        of_part = self.slots.reshape(PARTS, region)[part_of(value)]
        while (found := of_part[value % region]) not in (number, NONE):
            value += 1
        return bool(found == number)

    def hash_of(self, number: int) -> int:
        """The hash of an id's key, where the search for it starts."""
        raise NotImplementedError

    def filled(self) -> bool:
        """Whether all ids could be put into the slots."""
        raise NotImplementedError


class Units(HashTable):
    """Single tokens.

    Attributes
    ----------
    low, high : NDArray[np.int64]
        Their keys.
    pool, starts, ends : NDArray
        The bytes of a long unit u are pool[starts[u]:ends[u]]; short units are spelled by their keys.
    """

    def __init__(self, low: Ints, high: Ints, pool: Bytes, offsets: Ints) -> None:
        """Units that nobody looks up yet; the bytes of the k-th long one are pool[offsets[k]:offsets[k + 1]]."""
        super().__init__()
        self.low, self.high, self.pool = low, high, pool
        self.starts, self.ends = np.zeros((2, len(low)), dtype=np.int64)
        is_long = high >> 56 == LONG
        self.starts[is_long], self.ends[is_long] = offsets[:-1], offsets[1:]

    @property
    def n(self) -> int:
        return len(self.low)

    @property
    def pairs(self) -> NDArray[np.bytes_]:
        """Both keys of each unit as one."""
        return np.stack([self.low, self.high], axis=1).view("S16")[:, 0]

    def hash_of(self, number: int) -> int:
        return hash_unit(int(self.low[number]), int(self.high[number]))

    def filled(self) -> bool:
        n = len(self.low)
        return bool(kernels_for(filling_kernels.__name__, n).fill_with_units(self.low, self.high, self.slots))

    def find(self, tokens: Tokens, search: Search, units: Ids) -> None:
        """The unit of each token, but for long ones that `compare` must find; see `table_kernels.find_units`."""
        table = self.slots, self.low, self.high
        _work().find_units(tokens.low, tokens.high, tokens.n, *table, search, units)

    def compare(self, tokens: Tokens, units: Ids) -> None:
        """The units that `find` left open; see `table_kernels.compare_units`."""
        _work().compare_units(
            tokens.low, tokens.high, tokens.text, tokens.starts, tokens.ends, tokens.n, self.slots, self.low,
            self.high, self.pool, self.starts, self.ends, units,
        )  # fmt: skip

    def kept(self, ids: Ints) -> Units:
        """A table of these units alone, numbered in this order."""
        is_long = self.high[ids] >> 56 == LONG
        starts, ends = self.starts[ids[is_long]], self.ends[ids[is_long]]
        offsets = np.concatenate([[0], np.cumsum(ends - starts)])
        pool = np.zeros(int(offsets[-1]) + PADDING, dtype=np.uint8)
        kernels_for(filling_kernels.__name__, int(offsets[-1])).copy_bytes(self.pool, starts, ends, pool)
        units = Units(self.low[ids], self.high[ids], pool, offsets)
        units.number(len(ids))
        return units

    def spec(self) -> UnitTable:
        is_long = self.high >> 56 == LONG
        offsets = np.concatenate([[0], self.ends[is_long]])
        pool = self.pool[: int(offsets[-1])]
        return UnitTable(self.low, self.high, pool, offsets, self.slots)

    @classmethod
    def of_spec(cls, spec: UnitTable) -> Units:
        """Units from arrays that may be damaged. Raises DamagedModelError if they are."""
        low, high, pool, pool_offsets = spec.low, spec.high, spec.pool, spec.pool_offsets
        kinds = [(array.dtype.str, array.ndim) for array in (low, high, pool_offsets, pool)]
        if kinds != [("<i8", 1)] * 3 + [("|u1", 1)] or len(low) != len(high):
            raise DamagedModelError(f"the vocabulary's arrays are of kinds {kinds}")
        lengths = high >> 56
        is_long = lengths == LONG
        if np.any((low >> 56 != 0) | (lengths < 1) | (lengths > LONG)):
            raise DamagedModelError("the keys of the vocabulary are invalid")
        if len(pool_offsets) != is_long.sum() + 1 or pool_offsets[0] != 0 or pool_offsets[-1] != len(pool):
            raise DamagedModelError(f"the vocabulary's offsets do not fit {is_long.sum()} long units")
        if np.any(pool_offsets[1:] < pool_offsets[:-1]) or np.any(np.diff(pool_offsets) < LONG):
            raise DamagedModelError("the vocabulary's long units are too short")
        units = cls(low, high, np.concatenate([pool, np.zeros(PADDING, dtype=np.uint8)]), pool_offsets)
        units.slots = spec.slots
        units.check_slots(len(low))
        return units

    def spellings(self, ids: Ints) -> list[str]:
        """The units as strings. Raises DamagedModelError where one is not UTF-8, as only a file made to harm has it."""
        keys = zip(*(array[ids].tolist() for array in (self.low, self.high, self.starts, self.ends)), strict=True)
        try:
            return [self._spelling(*key).decode("utf-8", "surrogatepass") for key in keys]
        except UnicodeDecodeError:
            raise DamagedModelError("the model's vocabulary holds units that are not UTF-8; train it again") from None

    def _spelling(self, low: int, high: int, start: int, end: int) -> bytes:
        length = high >> 56
        if length == LONG:
            return self.pool[start:end].tobytes()
        return (low.to_bytes(8, "little")[:7] + high.to_bytes(8, "little")[:7])[:length]

    def ranks(self, ids: Ints) -> Ints:
        """The rank of each id by its spelling: by code point, since UTF-8 bytes compare as code points do."""
        high, starts = self.high[ids], self.starts[ids]
        length = high >> 56
        is_long = length == LONG
        second = high & SEVEN_BYTES
        places = starts[is_long, None] + np.arange(7, 14)
        second[is_long] = (self.pool[places].astype(np.int64) << 8 * np.arange(7)).sum(axis=1)
        first, then = (key.astype(np.uint64).byteswap() for key in (self.low[ids], second))
        order = np.lexsort((length, then, first))
        same = is_long[order[1:]] & is_long[order[:-1]]
        same &= (first[order[1:]] == first[order[:-1]]) & (then[order[1:]] == then[order[:-1]])
        edges = np.flatnonzero(np.diff(np.concatenate([[0], same, [0]]).astype(np.int8)))
        for first, end in zip(edges[::2], edges[1::2] + 1, strict=True):
            run = order[first:end]
            spelled = [self.pool[a:b].tobytes() for a, b in zip(starts[run], self.ends[ids[run]], strict=True)]
            order[first:end] = run[sorted(range(len(run)), key=spelled.__getitem__)]
        ranks = np.zeros(int(ids.max(initial=-1)) + 1, dtype=np.int64)
        ranks[ids[order]] = np.arange(len(ids))
        return ranks


class Nodes(HashTable):
    """N-grams of one length.

    Attributes
    ----------
    depth : int
        How many units they have.
    keys : NDArray[np.int64]
        parent << 32 | unit: the id of the n-gram without its last unit, and the id of the last unit.
    """

    def __init__(self, depth: int, keys: Ints) -> None:
        """N-grams that nobody looks up yet."""
        super().__init__()
        self.depth, self.keys = depth, keys

    @property
    def n(self) -> int:
        return len(self.keys)

    def hash_of(self, number: int) -> int:
        return hash_node(int(self.keys[number]))

    def filled(self) -> bool:
        return bool(kernels_for(filling_kernels.__name__, self.n).fill_with_nodes(self.keys, self.slots))

    def find(self, tokens: Tokens, search: Search, parents: Ids, units: Ids, wanted: Ints, nodes: Ids) -> None:
        """The n-gram at each token; see `table_kernels.find_nodes`."""
        table = self.slots, self.keys
        _work().find_nodes(parents, units, self.depth, tokens.n, *table, search, wanted, nodes)

    @classmethod
    def of_keys(cls, depth: int, keys: Ints) -> Nodes:
        """A table of n-grams with these keys, numbered in this order."""
        nodes = cls(depth, keys)
        nodes.number(len(keys))
        return nodes

    @classmethod
    def of_spec(cls, depth: int, spec: NodeTable, n_parents: int, n_units: int) -> Nodes:
        """N-grams from arrays that may be damaged. Raises DamagedModelError if they are."""
        keys = spec.keys
        if keys.dtype.str != "<i8" or keys.ndim != 1:
            raise DamagedModelError(f"keys of n-grams of shape {keys.shape} and {keys.dtype}")
        parents, units = keys >> 32, keys & LOW_MASK
        if np.any((parents < 0) | (parents >= n_parents) | (units >= n_units)):
            raise DamagedModelError(f"an n-gram of {depth} units has no place in the vocabulary")
        nodes = cls(depth, keys)
        nodes.slots = spec.slots
        nodes.check_slots(len(keys))
        return nodes


def _work() -> SimpleNamespace:
    return kernels_for(table_kernels.__name__)
