"""Records of n-grams: all that a score needs of each, in one cache line; see `scoring_kernels`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Bytes, Floats, Ids, Ints
from vikt.compiled import kernels_for
from vikt.features.ngrams import scoring_kernels
from vikt.features.ngrams.scoring_kernels import (
    AT_ONCE,
    BucketRecords,
    Chains,
    Lengths,
    Scoring,
    SearchRoom,
    VocabularyRecords,
)
from vikt.features.ngrams.tables import Nodes, Units
from vikt.features.ngrams.token_kernels import LOW_MASK, NONE, TokenArrays

# At most this share of the records is in use, so that pilots are found soon.
_LARGEST_SHARE = 0.9
_KEYS_PER_PILOT = 4
_FEWEST_PILOTS = 4

Pilots = NDArray[np.int16]


class RecordTable(Protocol):
    """The records of a vocabulary or of buckets."""

    n_records: int

    def write_scores(self, tokens: TokenArrays, longest: int, scoring: Scoring, scores: Floats) -> None:
        """Write the scores of documents, none of which has more than `longest` tokens."""
        ...


class HashedTable:
    """Records of hashed n-grams, in the order of columns; `numbers`, (n, 2), are those of each column."""

    def __init__(self, lengths: range, columns: Ids, numbers: Floats) -> None:
        self.lengths = Lengths(lengths.start, lengths.start, lengths.stop - 1)
        # That of NONE, the last one, is NOWHERE.
        places = 1 + np.append(columns, NONE).astype(np.int32)
        self.records = BucketRecords(places, np.concatenate([np.zeros((1, 2)), numbers]))
        self.n_records = len(self.records.numbers)

    def write_scores(self, tokens: TokenArrays, longest: int, scoring: Scoring, scores: Floats) -> None:
        places = _places(self.lengths, longest)
        _work().score_buckets(tokens, self.lengths, self.records, places, scoring, scores)


class VocabularyTable:
    """Records of a vocabulary."""

    def __init__(self, lengths: Lengths, records: VocabularyRecords) -> None:
        self.lengths, self.records = lengths, records
        self.n_records = len(records.keys)

    def write_scores(self, tokens: TokenArrays, longest: int, scoring: Scoring, scores: Floats) -> None:
        low, high, hashes = np.empty((3, AT_ONCE), dtype=np.int64)
        room = SearchRoom(low, high, hashes, _places(self.lengths, longest))
        _work().score_ngrams(tokens, self.lengths, self.records, room, scoring, scores)

    @classmethod
    def of(
        cls,
        units: Units,
        nodes: Sequence[Nodes],
        lengths: range,
        shortest: int,
        columns: Sequence[Ids],
        numbers: Floats,
    ) -> VocabularyTable | None:
        """The records by perfect hashing; None where there is none, as for keys that are equal.

        `numbers`, (n, 2), are those of each column; an n-gram without a column has zeros.
        """
        sizes = [units.n, *(table.n for table in nodes)]
        n_pilots = [_power_of_two(max(size // _KEYS_PER_PILOT, _FEWEST_PILOTS)) for size in sizes]
        first_pilots = np.append(0, np.cumsum(n_pilots))
        pilots = np.zeros(first_pilots[-1], dtype=np.int16)
        keys = _empty_records(1 + _power_of_two(int(sum(sizes) / _LARGEST_SHARE) + 1))
        taken = np.zeros(len(keys), dtype=np.uint8)
        found: list[Ints] = []
        for level, (low, high) in enumerate(_keys(units, nodes, found)):
            places = _placed(low, high, first_pilots[level : level + 2], pilots, taken)
            if places is None:
                return None
            keys[places, 0], keys[places, 1] = low, high
            found.append(places)
        for places, own in zip(found[lengths.start - 1 :], columns, strict=True):
            counting = own != NONE
            keys.view(np.float64)[places[counting], 2:] = numbers[own[counting]]
        ids = np.zeros(len(keys), dtype=np.int32)
        ids[found[0]] = np.arange(units.n)
        numbered = keys.view(np.float64)
        records = VocabularyRecords(keys, numbered, pilots, first_pilots, ids, units.pool, units.starts, units.ends)
        return cls(Lengths(lengths.start, shortest, lengths.stop - 1), records)


def _work() -> SimpleNamespace:
    return kernels_for(scoring_kernels.__name__)


def _places(lengths: Lengths, longest: int) -> Ints:
    """Room for the records at each token of a group of documents, and for what follows the last one."""
    return np.empty((lengths.last, max(longest, AT_ONCE) + lengths.last + 1), dtype=np.int64)


def _keys(units: Units, nodes: Sequence[Nodes], places: Sequence[Ints]) -> Iterator[tuple[Ints, Ints]]:
    """Both keys of the n-grams of each length, given the records of all shorter ones."""
    yield units.low, units.high
    for level, table in enumerate(nodes, start=1):
        shorter, last = places[level - 1][table.keys >> 32], places[0][table.keys & LOW_MASK]
        yield shorter << 32 | last, np.full(table.n, level)


def _placed(low: Ints, high: Ints, edges: Ints, pilots: Pilots, taken: Bytes) -> Ints | None:
    """The records of keys, which they take, and their pilots, from edges[0] to edges[1]."""
    first, n_chains = int(edges[0]), int(edges[1] - edges[0])
    hashes, places = np.empty((2, len(low)), dtype=np.int64)
    chains = Chains(
        np.full(n_chains, NONE, dtype=np.int32),
        np.empty(len(low), dtype=np.int32),
        np.zeros(n_chains, dtype=np.int32),
    )
    work = kernels_for(scoring_kernels.__name__, len(low))
    work.chain_keys(low, high, hashes, chains)
    longest_first = np.argsort(-chains.sizes, kind="stable")
    return places if work.place_keys(hashes, chains, longest_first, first, pilots, taken, places) else None


def _empty_records(n_records: int) -> Ints:
    """Records of four numbers, none of which crosses a cache line: (n_records, 4), -1 and 0."""
    memory = np.zeros(4 * n_records + 7, dtype=np.int64)
    first = -memory.ctypes.data // memory.itemsize % 8
    records = memory[first : first + 4 * n_records].reshape(n_records, 4)
    records[:, :2] = NONE
    return records


def _power_of_two(n: int) -> int:
    """The smallest power of two that is at least n."""
    return 1 << max(n - 1, 0).bit_length()
