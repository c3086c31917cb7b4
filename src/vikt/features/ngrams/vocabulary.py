"""The vocabulary: units by their keys, and for each length of n-gram a table of those that were met."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Ids, Ints
from vikt.compiled import kernels_for
from vikt.errors import DamagedModelError, UsageError
from vikt.features.ngrams import kernels
from vikt.features.ngrams.tokens import Tokens
from vikt.features.rows import longer
from vikt.threads import Run, divided

_FEWEST_SLOTS = 16 * kernels.PARTS
_FEWEST_BYTES = 256 * kernels.PARTS
_MOST_IDS = 1 << 31
_SAMPLED = 100


class Table:
    """Ids by key. While it learns, an id belongs to a part of the table; later it is a number like any other."""

    def __init__(self) -> None:
        self.slots: Ids = np.full(_FEWEST_SLOTS, kernels.NONE, dtype=np.int32)
        self.counts: Ints = np.zeros(kernels.PARTS, dtype=np.int64)

    @property
    def n(self) -> int:
        """How many ids there are once they are numbers."""
        raise NotImplementedError

    @property
    def most(self) -> int:
        """How many ids a part may have before the table must grow."""
        return len(self.slots) // kernels.PARTS // 2

    @property
    def room(self) -> int:
        """Ids are below this number."""
        return kernels.id_in_part(kernels.PARTS - 1, self.most - 1) + 1

    @property
    def ids(self) -> Ints:
        """The ids that were given."""
        of_parts = [kernels.id_in_part(part, np.arange(n)) for part, n in enumerate(self.counts.tolist())]  # type: ignore[arg-type]
        return np.concatenate(of_parts)

    def grow(self) -> None:
        self.slots = np.empty(2 * len(self.slots), dtype=np.int32)
        if self.room > _MOST_IDS:
            raise UsageError("more than 2^31 different n-grams; use shorter ones, a higher min_df, or hashing")
        self.fill(self.ids)
        self.make_room()

    def fill(self, ids: Ints) -> None:
        """Put these ids into the slots, more slots where these are too few."""
        self.slots.fill(kernels.NONE)
        while not (self.filled(ids) and self._has_gaps()):
            self.slots = np.full(2 * len(self.slots), kernels.NONE, dtype=np.int32)

    def _has_gaps(self) -> bool:
        """Whether each part has an empty slot, at which the search for an unknown key ends."""
        return bool((self.slots.reshape(kernels.PARTS, -1) == kernels.NONE).any(axis=1).all())

    def numbered(self, n: int) -> None:
        """Let ids be 0..n-1, to be looked up and no longer learnt."""
        size = max(_FEWEST_SLOTS, 1 << (n * 8 // 3).bit_length())
        self.slots = np.empty(size, dtype=np.int32)
        self.fill(np.arange(n))

    def check_slots(self, n: int) -> None:
        """Refuse slots that would let a kernel read beyond its arrays, search for ever, or find nothing.

        Raises
        ------
        DamagedModelError
            They are such, or the first ids stand where other hashes than these put them.
        """
        slots = self.slots
        shapes = slots.dtype == np.int32 and slots.ndim == 1 and len(slots) >= _FEWEST_SLOTS
        if not shapes or len(slots) & (len(slots) - 1) or slots.min() < kernels.NONE or slots.max() >= n:
            raise DamagedModelError(f"a table of {len(slots)} slots is none of {n} ids")
        if not self._has_gaps():
            raise DamagedModelError("a table has no empty slot")
        if not all(map(self._is_found, range(min(n, _SAMPLED)))):
            raise DamagedModelError("a table was filled by another version of vikt")

    def _is_found(self, number: int) -> bool:
        value, region = self.hash_of(number), len(self.slots) // kernels.PARTS
        of_part = self.slots.reshape(kernels.PARTS, region)[kernels.part_of(value)]
        while (found := of_part[value % region]) not in (number, kernels.NONE):
            value += 1
        return bool(found == number)

    def hash_of(self, number: int) -> int:
        """Where the search for an id's key begins."""
        raise NotImplementedError

    def filled(self, ids: Ints) -> bool:
        raise NotImplementedError

    def make_room(self) -> None:
        raise NotImplementedError


class Units(Table):
    """Single tokens.

    Attributes
    ----------
    low, high : NDArray[np.int64]
        Their keys.
    pool, starts, ends : NDArray
        The bytes of long unit u are pool[starts[u]:ends[u]]; short ones are spelled by their keys. While it learns,
        each part has a region of its own.
    used : NDArray[np.int64]
        How many bytes of each region are taken.
    """

    def __init__(self) -> None:
        super().__init__()
        self.low, self.high, self.starts, self.ends = (np.empty(0, dtype=np.int64) for _ in range(4))
        self.pool: NDArray[np.uint8] = np.zeros(_FEWEST_BYTES, dtype=np.uint8)
        self.used: Ints = np.zeros(kernels.PARTS, dtype=np.int64)
        self.make_room()

    @property
    def n(self) -> int:
        return len(self.low)

    def hash_of(self, number: int) -> int:
        return kernels.hash_unit(int(self.low[number]), int(self.high[number]))

    def make_room(self) -> None:
        self.low, self.high, self.starts, self.ends = (
            longer(array, self.room) for array in (self.low, self.high, self.starts, self.ends)
        )

    def filled(self, ids: Ints) -> bool:
        return bool(kernels_for(kernels.__name__, len(ids)).fill_with_units(self.low, self.high, ids, self.slots))

    def guess(self, tokens: Tokens, unknown: int, units: Ids) -> None:
        tokens.kernels.guess_units(tokens.low, tokens.high, tokens.n, self.slots, self.low, self.high, unknown, units)

    def find(self, tokens: Tokens, begin: int, parts: tuple[int, int], learns: bool, units: Ids) -> int:
        most = self.most if learns else 0
        return int(
            tokens.kernels.find_units(
                tokens.low, tokens.high, tokens.text, tokens.starts, tokens.ends, begin, tokens.n, self.slots, self.low,
                self.high, self.pool, self.starts, self.ends, self.used, self.counts, most, *parts, units,
            )
        )  # fmt: skip

    def grow(self) -> None:
        """More slots, or, where no part has run out of them, more room for bytes."""
        if self.counts.max() >= self.most:
            super().grow()
            return
        regions = self.pool.reshape(kernels.PARTS, -1)
        shift = regions.shape[1] * kernels.part_of_id(np.arange(len(self.starts)))  # type: ignore[arg-type]
        self.starts += shift
        self.ends += shift
        self.pool = np.concatenate([regions, np.zeros_like(regions)], axis=1).ravel()

    def kept(self, ids: Ints) -> Units:
        """These units alone, numbered in this order."""
        units = Units()
        units.low, units.high = self.low[ids], self.high[ids]
        is_long = units.high >> 56 == kernels.LONG
        starts, ends = self.starts[ids[is_long]], self.ends[ids[is_long]]
        offsets = np.concatenate([[0], np.cumsum(ends - starts)])
        units.pool = np.zeros(int(offsets[-1]) + kernels.PADDING, dtype=np.uint8)
        kernels_for(kernels.__name__, int(offsets[-1])).copy_bytes(self.pool, starts, ends, units.pool)
        units.set_places(is_long, offsets)
        units.numbered(len(ids))
        return units

    def set_places(self, is_long: NDArray[np.bool_], offsets: Ints) -> None:
        self.starts, self.ends = np.zeros((2, len(is_long)), dtype=np.int64)
        self.starts[is_long], self.ends[is_long] = offsets[:-1], offsets[1:]

    def to_arrays(self) -> dict[str, Any]:
        is_long = self.high >> 56 == kernels.LONG
        offsets = np.concatenate([[0], self.ends[is_long]])
        pool = self.pool[: int(offsets[-1])]
        return {"low": self.low, "high": self.high, "pool": pool, "pool_offsets": offsets, "slots": self.slots}

    @classmethod
    def from_file(cls, low: Any, high: Any, pool: Any, pool_offsets: Any, slots: Any) -> Units:
        """Units from arrays that nobody vouches for. Raises DamagedModelError where they are none."""
        kinds = [(array.dtype, array.ndim) for array in (low, high, pool_offsets, pool)]
        if kinds != [(np.int64, 1)] * 3 + [(np.uint8, 1)] or len(low) != len(high):
            raise DamagedModelError(f"the vocabulary's arrays are of kinds {kinds}")
        lengths = high >> 56
        is_long = lengths == kernels.LONG
        if np.any((low >> 56 != 0) | (lengths < 1) | (lengths > kernels.LONG)):
            raise DamagedModelError("the keys of the vocabulary are none")
        if len(pool_offsets) != is_long.sum() + 1 or pool_offsets[0] != 0 or pool_offsets[-1] != len(pool):
            raise DamagedModelError(f"the vocabulary's offsets are not those of {is_long.sum()} units")
        if np.any(pool_offsets[1:] < pool_offsets[:-1]) or np.any(np.diff(pool_offsets) < kernels.LONG):
            raise DamagedModelError("the vocabulary's long units are too short")
        units = cls()
        units.low, units.high, units.slots = low, high, slots
        units.check_slots(len(low))
        units.pool = np.concatenate([pool, np.zeros(kernels.PADDING, dtype=np.uint8)])
        units.set_places(is_long, pool_offsets)
        return units

    def spellings(self, ids: Ints) -> list[str]:
        keys = zip(*(array[ids].tolist() for array in (self.low, self.high, self.starts, self.ends)), strict=True)
        return [self._spelling(*key).decode("utf-8", "surrogatepass") for key in keys]

    def _spelling(self, low: int, high: int, start: int, end: int) -> bytes:
        length = high >> 56
        if length == kernels.LONG:
            return self.pool[start:end].tobytes()
        return (low.to_bytes(8, "little")[:7] + high.to_bytes(8, "little")[:7])[:length]

    def ranks(self, ids: Ints) -> Ints:
        """The place of each id in the order of the spellings: by code point, since UTF-8 bytes compare as they do."""
        high, starts = self.high[ids], self.starts[ids]
        length = high >> 56
        is_long = length == kernels.LONG
        second = high & kernels.SEVEN_BYTES
        places = starts[is_long, None] + np.arange(7, 14)
        second[is_long] = (self.pool[places].astype(np.int64) << 8 * np.arange(7)).sum(axis=1)
        first, then = (key.astype(np.uint64).byteswap() for key in (self.low[ids], second))
        order = np.lexsort((length, then, first))
        same = is_long[order[1:]] & is_long[order[:-1]]
        same &= (first[order[1:]] == first[order[:-1]]) & (then[order[1:]] == then[order[:-1]])
        edges = np.flatnonzero(np.diff(np.concatenate([[0], same, [0]]).astype(np.int8)))
        for begin, end in zip(edges[::2], edges[1::2] + 1, strict=True):
            run = order[begin:end]
            spelled = [self.pool[a:b].tobytes() for a, b in zip(starts[run], self.ends[ids[run]], strict=True)]
            order[begin:end] = run[sorted(range(len(run)), key=spelled.__getitem__)]
        ranks = np.zeros(int(ids.max(initial=-1)) + 1, dtype=np.int64)
        ranks[ids[order]] = np.arange(len(ids))
        return ranks


class Nodes(Table):
    """N-grams of one length.

    Attributes
    ----------
    depth : int
        How many units they have.
    keys : NDArray[np.int64]
        parent << 32 | unit: the id of the n-gram without its last unit, and the id of that unit.
    """

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.depth = depth
        self.keys: Ints = np.empty(0, dtype=np.int64)
        self.make_room()

    @property
    def n(self) -> int:
        return len(self.keys)

    def hash_of(self, number: int) -> int:
        return kernels.hash_node(int(self.keys[number]))

    def make_room(self) -> None:
        self.keys = longer(self.keys, self.room)

    def filled(self, ids: Ints) -> bool:
        return bool(kernels_for(kernels.__name__, len(ids)).fill_with_nodes(self.keys, ids, self.slots))

    def guess(self, tokens: Tokens, unknown: int, parents: Ids, units: Ids, wanted: Ints, nodes: Ids) -> None:
        tokens.kernels.guess_nodes(parents, units, self.depth, tokens.n, self.slots, self.keys, unknown, wanted, nodes)

    def find(self, tokens: Tokens, begin: int, parts: tuple[int, int], learns: bool, wanted: Ints, nodes: Ids) -> int:
        most = self.most if learns else 0
        return int(
            tokens.kernels.find_nodes(wanted, begin, tokens.n, self.slots, self.keys, self.counts, most, *parts, nodes)
        )

    @classmethod
    def from_keys(cls, depth: int, keys: Ints) -> Nodes:
        nodes = cls(depth)
        nodes.keys = keys
        nodes.numbered(len(keys))
        return nodes

    @classmethod
    def from_file(cls, depth: int, keys: Any, slots: Any, n_parents: int, n_units: int) -> Nodes:
        """N-grams from arrays that nobody vouches for. Raises DamagedModelError where they are none."""
        if (keys.dtype, keys.ndim) != (np.int64, 1):
            raise DamagedModelError(f"keys of n-grams of shape {keys.shape} and {keys.dtype}")
        parents, units = keys >> 32, keys & 0xFFFFFFFF
        if np.any((parents < 0) | (parents >= n_parents) | (units >= n_units)):
            raise DamagedModelError(f"an n-gram of {depth} has no place in the vocabulary")
        nodes = cls(depth)
        nodes.keys, nodes.slots = keys, slots
        nodes.check_slots(len(keys))
        return nodes


class Vocabulary:
    """Units, and n-grams of several lengths, found by hashing, each exact.

    Parameters
    ----------
    lengths : range
        Of the n-grams that count: each has its own ids.
    shortest : int
        N-grams shorter than this count only where they are a whole word.

    Attributes
    ----------
    units : Units
    nodes : list of Nodes
        Of n-grams of 2, 3, ... units.
    """

    def __init__(self, lengths: range, shortest: int) -> None:
        self.lengths, self.shortest = lengths, shortest
        self.units = Units()
        self.nodes = [Nodes(depth) for depth in range(2, lengths.stop)]

    @property
    def tables(self) -> list[Units | Nodes]:
        """By the length of their n-grams, from 1."""
        return [self.units, *self.nodes]

    @property
    def rooms(self) -> list[int]:
        """What the ids of each length that counts are below."""
        return [self.tables[length - 1].room for length in self.lengths]

    @property
    def groups(self) -> list[slice]:
        """The rows of `ids` that have their ids in common."""
        return [slice(row, row + 1) for row in range(len(self.lengths))]

    def ids(self, tokens: Tokens) -> Ids:
        """For each length that counts, and each token, the id of the n-gram that begins there, NONE if unknown."""
        ids = np.empty((len(self.tables), tokens.n), dtype=np.int32)
        wanted = np.empty(tokens.n, dtype=np.int64)
        everything = (0, kernels.PARTS)
        self.units.guess(tokens, kernels.NONE, ids[0])
        self.units.find(tokens, 0, everything, False, ids[0])
        for nodes, parents, found in zip(self.nodes, ids, ids[1:], strict=False):
            nodes.guess(tokens, kernels.NONE, parents, ids[0], wanted, found)
            nodes.find(tokens, 0, everything, False, wanted, found)
        return self._counted(ids, tokens)

    def learn(self, batch: list[Tokens], run: Run, threads: int) -> list[Ids]:
        """The same of several portions, learning what is new; each thread learns parts of the tables."""
        ids = [np.empty((len(self.tables), tokens.n), dtype=np.int32) for tokens in batch]
        wanted = [np.empty(tokens.n, dtype=np.int64) for tokens in batch]
        portions = range(len(batch))
        list(run(lambda p: self.units.guess(batch[p], kernels.UNSURE, ids[p][0]), portions))
        _learn(self.units, batch, run, threads, [(found[0],) for found in ids])
        for nodes in self.nodes:
            row = nodes.depth - 1
            list(run(partial(_guess, nodes, batch, ids, wanted), portions))
            _learn(nodes, batch, run, threads, [(keys, found[row]) for keys, found in zip(wanted, ids, strict=True)])
        return [self._counted(found, tokens) for found, tokens in zip(ids, batch, strict=True)]

    def _counted(self, ids: Ids, tokens: Tokens) -> Ids:
        for length in range(self.lengths.start, self.shortest):
            whole = np.empty_like(ids[length - 1])
            tokens.kernels.only_whole(ids[0], ids[length - 1], length, tokens.n, whole)
            ids[length - 1] = whole
        return ids if self.lengths.start == 1 else ids[self.lengths.start - 1 :].copy()

    def kept(self, ids: list[Ints]) -> tuple[Vocabulary, list[Ints]]:
        """The vocabulary of these n-grams of each length, numbered in this order, and those that lead to them.

        Returns
        -------
        tuple
            It, and the old ids of its n-grams of each length that counts, in the order of the new.
        """
        needed = [np.empty(0, dtype=np.int64)] * (self.lengths.start - 1) + ids
        for level in range(len(self.nodes), 0, -1):
            keys = self.nodes[level - 1].keys[needed[level]]
            needed[level - 1] = _union(needed[level - 1], keys >> 32)
            needed[0] = _union(needed[0], keys & 0xFFFFFFFF)
        kept = Vocabulary(self.lengths, self.shortest)
        kept.units = self.units.kept(needed[0])
        new_ids = [_new_ids(own) for own in needed]
        for level, nodes in enumerate(self.nodes, start=1):
            keys = nodes.keys[needed[level]]
            new_keys = new_ids[level - 1][keys >> 32] << 32 | new_ids[0][keys & 0xFFFFFFFF]
            kept.nodes[level - 1] = Nodes.from_keys(nodes.depth, new_keys)
        return kept, needed[self.lengths.start - 1 :]

    def paths(self, depth: int, ids: Ints) -> Ints:
        """The units of n-grams of one length, first to last: (len(ids), depth)."""
        backwards = []
        for nodes in reversed(self.nodes[: depth - 1]):
            keys = nodes.keys[ids]
            backwards.append(keys & 0xFFFFFFFF)
            ids = keys >> 32
        return np.stack([ids, *reversed(backwards)], axis=1)

    def names(self, depth: int, ids: Ints, joiner: str) -> list[str]:
        """N-grams of one length, spelled out."""
        paths = self.paths(depth, ids)
        used = np.unique(paths)
        spelled = dict(zip(used.tolist(), self.units.spellings(used), strict=True))
        return [joiner.join(map(spelled.__getitem__, path)) for path in paths.tolist()]

    def alphabetical(self, ids: list[Ints]) -> Ints:
        """The order of n-grams of each length that counts, put one after the other, by their names.

        A shorter one stands before those that begin with it. Ranks of units are packed, as many as fit into a number.
        """
        paths = [self.paths(length, own) for length, own in zip(self.lengths, ids, strict=True)]
        ranks = self.units.ranks(np.flatnonzero(np.bincount(np.concatenate([path.ravel() for path in paths]))))
        n_bits = len(ranks).bit_length()
        in_a_word = min(63 // n_bits, self.lengths.stop - 1)
        words = np.zeros((-(-(self.lengths.stop - 1) // in_a_word), sum(map(len, ids))), dtype=np.int64)
        first = 0
        for path in paths:
            for place, units in enumerate(path.T):
                shift = n_bits * (in_a_word - 1 - place % in_a_word)
                words[place // in_a_word, first : first + len(path)] |= ranks[units] + 1 << shift
            first += len(path)
        return _sorting(words[0], n_bits * in_a_word) if len(words) == 1 else np.lexsort(words[::-1])

    def to_arrays(self) -> dict[str, Any]:
        arrays = self.units.to_arrays()
        for nodes in self.nodes:
            arrays |= {f"keys{nodes.depth}": nodes.keys, f"slots{nodes.depth}": nodes.slots}
        return arrays

    @classmethod
    def from_file(cls, lengths: range, shortest: int, arrays: dict[str, Any]) -> Vocabulary:
        """A vocabulary from arrays that nobody vouches for.

        Raises
        ------
        DamagedModelError
            They are none: kernels would read beyond their ends, or search for ever.
        """
        vocabulary = cls(lengths, shortest)
        of_units = ("low", "high", "pool", "pool_offsets", "slots")
        vocabulary.units = Units.from_file(*(arrays[name] for name in of_units))
        n_units = n_parents = len(vocabulary.units.low)
        for level, nodes in enumerate(vocabulary.nodes):
            keys, slots = arrays[f"keys{nodes.depth}"], arrays[f"slots{nodes.depth}"]
            vocabulary.nodes[level] = Nodes.from_file(nodes.depth, keys, slots, n_parents, n_units)
            n_parents = len(keys)
        return vocabulary


def _guess(nodes: Nodes, batch: list[Tokens], ids: list[Ids], wanted: list[Ints], portion: int) -> None:
    of_portion = ids[portion]
    parents, found = of_portion[nodes.depth - 2], of_portion[nodes.depth - 1]
    nodes.guess(batch[portion], kernels.UNSURE, parents, of_portion[0], wanted[portion], found)


def parts_of_threads(threads: int) -> list[tuple[int, int]]:
    """The parts first..last of a table that each thread looks after."""
    return [(part.start, part.stop) for part in divided(kernels.PARTS, threads)]


def _learn(table: Any, batch: list[Tokens], run: Run, threads: int, arrays: list[tuple[Any, ...]]) -> None:
    """Let each thread go through a batch and learn what belongs to its parts; where one is full, all wait and go on."""
    parts = parts_of_threads(threads)
    reached = [(0, 0)] * threads

    def walk(thread: int) -> tuple[int, int]:
        portion, token = reached[thread]
        while portion < len(batch):
            token = table.find(batch[portion], token, parts[thread], True, *arrays[portion])
            if token < batch[portion].n:
                return portion, token
            portion, token = portion + 1, 0
        return portion, 0

    while any(portion < len(batch) for portion, _ in reached):
        reached = list(run(walk, range(threads)))
        if any(portion < len(batch) for portion, _ in reached):
            table.grow()


def _sorting(numbers: Ints, n_bits: int) -> Ints:
    """The order in which numbers rise: with their places behind them they are sorted faster than by reference."""
    n_more = len(numbers).bit_length()
    if n_bits + n_more > 63:
        return np.argsort(numbers)
    return np.sort(numbers << n_more | np.arange(len(numbers))) & (1 << n_more) - 1


def _union(one: Ints, other: Ints) -> Ints:
    """Numbers in either: different ones, as they are, then those of the other alone, rising."""
    alone = np.zeros(int(max(one.max(initial=-1), other.max(initial=-1))) + 1, dtype=bool)
    alone[other] = True
    alone[one] = False
    return np.concatenate([one, np.flatnonzero(alone)])


def _new_ids(kept: Ints) -> Ints:
    new_ids = np.zeros(int(kept.max(initial=-1)) + 1, dtype=np.int64)
    new_ids[kept] = np.arange(len(kept))
    return new_ids
