"""Tables that learn: ids of keys, in the order in which these first occur, and their document frequencies."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from vikt.arrays import Bytes, Ids, Ints
from vikt.compiled import compiled
from vikt.errors import UsageError
from vikt.features.ngrams import learning_kernels
from vikt.features.ngrams.learning_kernels import (
    HIGH,
    KEY,
    LOW,
    MARK,
    NEVER,
    STATE,
    Block,
    Counting,
    Learning,
    LongUnits,
)
from vikt.features.ngrams.table_kernels import BLOCK
from vikt.features.ngrams.tables import Nodes, Units
from vikt.features.ngrams.token_kernels import LONG, LOW_MASK, NONE, TokenArrays
from vikt.features.rows import longer

_FEWEST_SLOTS, _MOST_SLOTS = 1 << 10, 1 << 31
_MOST_PLACES = LOW_MASK


class Records:
    """A record of each id, as `learning_kernels` describes it: (n, numbers)."""

    def __init__(self, n: int, n_numbers: int, kernels: SimpleNamespace) -> None:
        self.n, self.kernels = n, kernels
        self.records: Ints = np.zeros((n, n_numbers), dtype=np.int64)
        self._next_place = 1

    def __getstate__(self) -> dict[str, Any]:
        """What was learnt, without room for more."""
        state = vars(self) | {"records": self.records[: self.n]}
        del state["kernels"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.kernels = compiled(learning_kernels.__name__)

    @property
    def frequencies(self) -> Ints:
        """In how many documents each id is."""
        return self.records[: self.n, STATE] >> 32

    def counting(self, documents: Ints, room: Ids, edges: Ints, first: int, which: int) -> Counting:
        """How to count a portion whose documents have these tokens, from entry `first` on, in `room` for entries."""
        n = room.shape[1]
        if self._next_place + n > _MOST_PLACES:
            self.records[:, STATE] &= ~LOW_MASK
            self._next_place = 1
        base = self._next_place - first
        self._next_place += n
        return Counting(documents, room[0], room[1], edges, first, base, which)

    def add_frequencies(self, ids: Ids | slice, others: Records) -> None:
        """Add those of others, whose ids are these here."""
        self.records[ids, STATE] += others.records[: others.n, STATE] & ~LOW_MASK


class LearningBuckets(Records):
    """Buckets: ids that need not be looked up."""

    def __init__(self, n: int, kernels: SimpleNamespace) -> None:
        super().__init__(n, 2, kernels)

    def learn(self, hashes: Ints, counting: Counting) -> None:
        self.kernels.learn_buckets(hashes, self.n - 1, self.records, counting)

    def absorb(self, others: LearningBuckets) -> None:
        """Learn what other buckets have learnt."""
        own, marks = self.records[:, MARK], others.records[:, MARK]
        differ = (own != 0) & (marks != 0) & (own | 1 != marks | 1)
        own |= np.where(own == 0, marks, marks & 1 | differ)
        self.add_frequencies(slice(None), others)

    @property
    def n_shared(self) -> int:
        """How many buckets have several n-grams."""
        return int(np.count_nonzero(self.records[:, MARK] & 1))


class LearningTable(Records):
    """Keys that are looked up, and learnt where they are new; of the records, n are in use."""

    def __init__(self, n_numbers: int, kernels: SimpleNamespace) -> None:
        super().__init__(_FEWEST_SLOTS // 2, n_numbers, kernels)
        self.n = 0
        self.slots: Ids = np.full(_FEWEST_SLOTS, NONE, dtype=np.int32)
        self.block = _new_block()

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        del state["slots"], state["block"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.slots, self.block = np.empty(0, dtype=np.int32), _new_block()
        self.reserve(0)

    def reserve(self, n: int) -> None:
        """Make room for n new keys; half of the slots stay empty."""
        size = 1 << (2 * (self.n + n)).bit_length()
        if size <= len(self.slots):
            return
        if size > _MOST_SLOTS:
            raise UsageError("more than 2^30 different n-grams; use shorter ones, a higher min_df, or hashing=BITS")
        self.records = longer(self.records[: self.n], size // 2)
        self.slots = np.full(size, NONE, dtype=np.int32)
        self.fill()

    def fill(self) -> None:
        """Put the ids into empty slots."""
        raise NotImplementedError

    def uncounted(self, n: int) -> Counting:
        """How n keys are learnt without being counted."""
        return self.counting(np.array([0, n]), np.empty((2, 1), dtype=np.int32), np.empty(2, dtype=np.int64), 0, NEVER)


def _new_block() -> Block:
    return Block(*np.empty((3, BLOCK), dtype=np.int64))


class LearningUnits(LearningTable):
    """Single tokens; the bytes of long ones are in `pool`, those of the k-th at offsets[k]..offsets[k + 1]."""

    def __init__(self, kernels: SimpleNamespace) -> None:
        super().__init__(4, kernels)
        self.pool: Bytes = np.zeros(0, dtype=np.uint8)
        self.offsets: Ints = np.zeros(1, dtype=np.int64)
        self.n_long = 0

    def __getstate__(self) -> dict[str, Any]:
        offsets = self.offsets[: self.n_long + 1]
        return super().__getstate__() | {"pool": self.pool[: int(offsets[-1])], "offsets": offsets}

    def fill(self) -> None:
        self.kernels.place_units(self.records, self.n, self.block, self.slots)

    def reserve_bytes(self, n_bytes: int) -> None:
        """Make room for long units that have n_bytes in all."""
        used, n_long = int(self.offsets[self.n_long]), n_bytes // LONG
        if used + n_bytes > len(self.pool):
            self.pool = longer(self.pool[:used], 2 * (used + n_bytes))
        if self.n_long + n_long >= len(self.offsets):
            self.offsets = longer(self.offsets[: self.n_long + 1], 2 * (self.n_long + n_long) + 1)

    def learn(self, tokens: TokenArrays, counting: Counting) -> tuple[Ids, int]:
        """The unit of each token, and how many entries there are now."""
        n = len(tokens.low)
        self.reserve(n)
        self.reserve_bytes(len(tokens.text))
        units = np.empty(n, dtype=np.int32)
        table, long = Learning(self.slots, self.records, self.n), LongUnits(self.pool, self.offsets, self.n_long)
        self.n, self.n_long, n_entries = self.kernels.learn_units(tokens, table, long, self.block, counting, units)
        return units, n_entries

    def absorb(self, later: LearningUnits) -> Ids:
        """Learn others' units. Returns their ids here."""
        low, high = later.records[: later.n, LOW].copy(), later.records[: later.n, HIGH].copy()
        starts, ends = np.zeros((2, later.n), dtype=np.int64)
        is_long = high >> 56 == LONG
        starts[is_long], ends[is_long] = later.offsets[: later.n_long], later.offsets[1 : later.n_long + 1]
        counting = self.uncounted(later.n)
        ids, _ = self.learn(TokenArrays(later.pool, starts, ends, low, high, counting.documents), counting)
        self.add_frequencies(ids, later)
        return ids

    def table(self) -> Units:
        """The units, which nobody looks up yet."""
        low, high = self.records[: self.n, LOW].copy(), self.records[: self.n, HIGH].copy()
        return Units(low, high, self.pool, self.offsets[: self.n_long + 1])


class LearningNodes(LearningTable):
    """N-grams of `depth` units."""

    def __init__(self, depth: int, kernels: SimpleNamespace) -> None:
        super().__init__(2, kernels)
        self.depth = depth

    def fill(self) -> None:
        self.kernels.place_nodes(self.records, self.n, self.block, self.slots)

    def learn(self, parents: Ids, units: Ids, depth: int, counting: Counting) -> tuple[Ids, int]:
        """The n-gram at each token, given those shorter by one, and how many entries there are now.

        Its last unit is that of the token depth - 1 further on.
        """
        self.reserve(len(units))
        nodes = np.empty(len(units), dtype=np.int32)
        table = Learning(self.slots, self.records, self.n)
        self.n, n_entries = self.kernels.learn_nodes(parents, units, depth, table, self.block, counting, nodes)
        return nodes, n_entries

    def absorb(self, later: LearningNodes, parents: Ids, units: Ids) -> Ids:
        """Learn others' n-grams, given the ids here of those shorter by one, and of units. Returns their ids here."""
        keys = later.records[: later.n, KEY]
        # The last unit stands beside its parent.
        parents, units = parents[keys >> 32], units[keys & LOW_MASK]
        ids, _ = self.learn(parents, units, 1, self.uncounted(later.n))
        self.add_frequencies(ids, later)
        return ids

    def table(self) -> Nodes:
        """The n-grams, which nobody looks up yet."""
        return Nodes(self.depth, self.records[: self.n, KEY].copy())
