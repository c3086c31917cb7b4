"""The vocabulary: units as interned byte strings, n-grams as a tree over them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.compiled import compiled
from vikt.errors import DamagedModelError
from vikt.features import kernels

Ints = NDArray[np.int64]


class Vocabulary:
    """Units and n-grams, found by hashing, each exact.

    Attributes
    ----------
    pool, pool_offsets : NDArray
        The bytes of unit u are pool[pool_offsets[u]:pool_offsets[u + 1]].
    keys : NDArray[np.int64]
        The key of node v, (parent + 1) << 32 | unit; a parent of -1 is the root.
    n_units, n_nodes : int
        How many of each there are; the arrays may be longer.
    n_columns : int
        Nodes 0..n_columns-1 are the features, in column order; later nodes only lead to them.
    """

    def __init__(self, pool: NDArray[np.uint8], pool_offsets: Ints, keys: Ints, n_columns: int) -> None:
        self.pool, self.pool_offsets, self.keys = pool, pool_offsets, keys
        self.n_units, self.n_nodes, self.n_columns = len(pool_offsets) - 1, len(keys), n_columns
        self.hashes = np.empty(self.n_units, dtype=np.int64)
        _kernels().hash_units(pool, pool_offsets, self.n_units, self.hashes)
        self.unit_slots = _slots_for(self.hashes, self.n_units)
        self.node_slots = _slots_for(keys, self.n_nodes)

    @classmethod
    def empty(cls) -> Vocabulary:
        nothing = np.empty(0, dtype=np.int64)
        return cls(np.empty(0, dtype=np.uint8), np.zeros(1, dtype=np.int64), nothing, 0)

    @classmethod
    def from_file(cls, pool: Any, pool_offsets: Any, keys: Any, n_columns: int, longest: int) -> Vocabulary:
        """A vocabulary from arrays that nobody vouches for; `longest` is its longest n-gram.

        Raises
        ------
        DamagedModelError
            They are no vocabulary: kernels would read beyond their ends, or walk in circles.
        """
        kinds = [(array.dtype, array.ndim) for array in (pool, pool_offsets, keys)]
        if kinds != [(np.uint8, 1), (np.int64, 1), (np.int64, 1)]:
            raise DamagedModelError(f"the vocabulary's arrays are of kinds {kinds}")
        ends = pool_offsets[[0, -1]].tolist() if len(pool_offsets) else []
        if ends != [0, len(pool)] or np.any(pool_offsets[1:] < pool_offsets[:-1]):
            raise DamagedModelError(f"the vocabulary's offsets do not rise from 0 to {len(pool)}")
        broken = _kernels().broken_node(keys, len(pool_offsets) - 1, longest)
        if broken != kernels.NONE:
            raise DamagedModelError(f"n-gram {broken} of the vocabulary has no place in it")
        if n_columns > len(keys):
            raise DamagedModelError(f"the vocabulary has {len(keys)} n-grams for {n_columns} features")
        return cls(pool, pool_offsets, keys, n_columns)

    def reserve(self, new_units: int, new_bytes: int, new_nodes: int) -> None:
        """Make room, so that the kernels never need to."""
        n_bytes = int(self.pool_offsets[self.n_units])
        self.pool = _grown(self.pool, n_bytes + new_bytes)
        self.pool_offsets = _grown(self.pool_offsets, self.n_units + 1 + new_units)
        self.hashes = _grown(self.hashes, self.n_units + new_units)
        self.keys = _grown(self.keys, self.n_nodes + new_nodes)
        if len(self.unit_slots) < 2 * (self.n_units + new_units):
            self.unit_slots = _slots_for(self.hashes, self.n_units, self.n_units + new_units)
        if len(self.node_slots) < 1.5 * (self.n_nodes + new_nodes):
            self.node_slots = _slots_for(self.keys, self.n_nodes, self.n_nodes + new_nodes)

    def parents_and_units(self) -> tuple[Ints, Ints]:
        keys = self.keys[: self.n_nodes]
        return (keys >> 32) - 1, keys & 0xFFFFFFFF

    def spelling(self, unit: int) -> str:
        spelled = self.pool[self.pool_offsets[unit] : self.pool_offsets[unit + 1]].tobytes()
        return spelled.decode("utf-8", "surrogatepass")

    def paths(self, nodes: Ints) -> Ints:
        """The units of each of these nodes, first to last, -1 after the last: (len(nodes), their longest n-gram)."""
        parents, units = self.parents_and_units()
        columns: list[Ints] = []
        node = nodes
        while np.any(node >= 0):
            alive = node >= 0
            columns.append(np.where(alive, units[node], -1))
            node = np.where(alive, parents[node], -1)
        backwards = np.stack(columns, axis=1) if columns else np.empty((0, 1), dtype=np.int64)
        depths = np.sum(backwards >= 0, axis=1)
        take = depths[:, None] - 1 - np.arange(backwards.shape[1])[None, :]
        return np.where(take >= 0, np.take_along_axis(backwards, np.maximum(take, 0), axis=1), -1)

    def names(self, joiner: str, nodes: Any = None) -> list[str]:
        """The n-grams of the columns (or of the nodes given), spelled out."""
        wanted = np.arange(self.n_columns) if nodes is None else np.asarray(nodes, dtype=np.int64)
        paths = self.paths(wanted)
        spelled = {unit: self.spelling(unit) for unit in np.unique(paths).tolist() if unit >= 0}
        return [joiner.join(spelled[u] for u in path if u >= 0) for path in paths.tolist()]

    def alphabetical(self, nodes: Ints) -> Ints:
        """The nodes in the order of their names, by code point: UTF-8 bytes compare as the characters they spell."""
        spellings = [
            self.pool[a:b].tobytes()
            for a, b in zip(self.pool_offsets[: self.n_units], self.pool_offsets[1:], strict=False)
        ]
        rank = np.empty(self.n_units + 1, dtype=np.int64)
        rank[sorted(range(self.n_units), key=spellings.__getitem__)] = np.arange(self.n_units)
        rank[-1] = -1
        ranks = rank[self.paths(nodes)]
        return nodes[np.lexsort(ranks.T[::-1])]

    def pruned(self, columns: Ints) -> Vocabulary:
        """The vocabulary whose columns are these nodes, in this order; nodes that lead to them are kept behind."""
        parents, units = self.parents_and_units()
        kept = np.zeros(self.n_nodes, dtype=bool)
        node = columns
        while len(node):
            kept[node] = True
            node = parents[node]
            node = node[node >= 0]
        is_column = np.zeros(self.n_nodes, dtype=bool)
        is_column[columns] = True
        order = np.concatenate([columns, np.flatnonzero(kept & ~is_column)])
        new_node = np.full(self.n_nodes + 1, -1)
        new_node[order] = np.arange(len(order))
        old_units = np.unique(units[order])
        new_unit = np.zeros(self.n_units, dtype=np.int64)
        new_unit[old_units] = np.arange(len(old_units))
        spellings = [self.pool[self.pool_offsets[u] : self.pool_offsets[u + 1]] for u in old_units]
        offsets = np.zeros(len(old_units) + 1, dtype=np.int64)
        np.cumsum([len(spelled) for spelled in spellings], out=offsets[1:])
        pool = np.concatenate([np.empty(0, dtype=np.uint8), *spellings])
        keys = (new_node[parents[order]] + 1) << 32 | new_unit[units[order]]
        return Vocabulary(pool, offsets, keys, len(columns))


def _kernels() -> Any:
    return compiled(kernels.__name__)


def _grown(array: NDArray[Any], size: int) -> NDArray[Any]:
    if len(array) >= size:
        return array
    longer = np.zeros(max(size, len(array) * 3 // 2), dtype=array.dtype)
    longer[: len(array)] = array
    return longer


def _slots_for(values: Ints, n: int, room: int = 0) -> NDArray[np.int32]:
    """A table of slots at most half full once `room` ids stand in it, holding ids 0..n-1."""
    size = 1 << max(4, int(2 * max(n, room)).bit_length())
    slots = np.full(size, kernels.NONE, dtype=np.int32)
    _kernels().fill_slots(values, n, slots)
    return slots
