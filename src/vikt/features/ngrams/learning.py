"""N-grams and their frequencies learnt from texts: by several threads, from documents of their own, then as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from mmap import ACCESS_COPY, mmap
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Ids, Ints
from vikt.compiled import kernels_for
from vikt.features.ngrams import learning_kernels
from vikt.features.ngrams.entry_kernels import Entries
from vikt.features.ngrams.hashing import Buckets
from vikt.features.ngrams.ids import IdSource
from vikt.features.ngrams.learning_kernels import ALWAYS, NEVER, WHOLE
from vikt.features.ngrams.learning_tables import LearningBuckets, LearningNodes, LearningUnits
from vikt.features.ngrams.sieve import Sieve
from vikt.features.ngrams.tokens import Tokens
from vikt.features.ngrams.vocabulary import Vocabulary
from vikt.threads import Run, divided

# Between reports of progress, on each thread.
_PORTIONS_AT_A_TIME = 8

# What the ids of a space are among those of another learner.
IdsThere = Ids | slice


class CountedPortion(NamedTuple):
    """The `Entries` of a portion, with counts of as few bytes as they need."""

    ids: Ids
    counts: NDArray[np.unsignedinteger[Any]]
    edges: Ints

    @classmethod
    def of(cls, entries: Entries) -> CountedPortion:
        """Copied from arrays that have room for more."""
        n = int(entries.edges[-1, -1])
        ids, counts = entries.ids[:n], entries.counts[:n]
        return cls(_in_own_pages(ids), counts.astype(np.min_scalar_type(counts.max(initial=0))), entries.edges)

    @property
    def entries(self) -> Entries:
        return Entries(self.ids, self.counts.astype(np.int32), self.edges)

    @property
    def n_documents(self) -> int:
        return int(self.edges.shape[1] - 1)

    @property
    def longest(self) -> int:
        """The most entries of a document."""
        return int(np.diff(self.edges).sum(axis=0).max(initial=0))


def _in_own_pages(ids: Ids) -> Ids:
    """A copy whose memory is the system's again once it is dropped, as memory of the heap need not be."""
    pages = mmap(-1, max(ids.nbytes, 1), access=ACCESS_COPY)
    copy = np.frombuffer(pages, dtype=ids.dtype, count=len(ids))
    copy[:] = ids
    return copy


class Learnt(NamedTuple):
    """N-grams that were learnt, and for each space by id how many documents an n-gram is in."""

    source: IdSource
    frequencies: list[Ints]


class Learner(Protocol):
    """Learns n-grams on one thread."""

    def learn(self, tokens: Tokens, sieve: Sieve | None = None) -> Entries:
        """Learn and count the n-grams of a portion, but for those that a sieve holds back.

        Returns
        -------
        Entries
            In arrays that have room for more.
        """
        ...

    def absorb(self, later: Self) -> Sequence[IdsThere]:
        """Learn what another learner has learnt from later documents. Returns for each space what its ids are here."""
        ...

    def learnt(self) -> Learnt:
        """All that was learnt."""
        ...


class VocabularyLearner:
    """Learns a `Vocabulary`, with ids in the order in which n-grams first occur.

    What a sieve holds back does not change the order of the others.
    """

    def __init__(self, lengths: range, shortest: int, kernels: SimpleNamespace) -> None:
        self._lengths, self._shortest = lengths, shortest
        self._units = LearningUnits(kernels)
        self._nodes = [LearningNodes(depth, kernels) for depth in range(2, lengths.stop)]

    def _which(self, length: int) -> int:
        """Which n-grams of a length count."""
        if length not in self._lengths:
            return NEVER
        return WHOLE if length < self._shortest else ALWAYS

    def learn(self, tokens: Tokens, sieve: Sieve | None = None) -> Entries:
        # An entry more, since an n-gram that is not new is written too.
        room = np.empty((2, len(self._lengths) * tokens.n + 1), dtype=np.int32)
        edges = np.empty((1 + len(self._nodes), tokens.n_documents + 1), dtype=np.int64)
        sift = sieve.over(tokens) if sieve else None
        # Which n-gram is a whole word is told by the units around it; these are characters then, and so are few.
        arrays = sift.units() if sift and self._lengths.start == self._shortest else tokens.arrays
        counting = self._units.counting(tokens.edges, room, edges[0], 0, self._which(1))
        units, n_entries = self._units.learn(arrays, counting)
        parents = units
        for level, nodes in enumerate(self._nodes, start=1):
            if sift:
                parents = sift.parents(parents, nodes.depth)
            counting = nodes.counting(tokens.edges, room, edges[level], n_entries, self._which(nodes.depth))
            parents, n_entries = nodes.learn(parents, units, nodes.depth, counting)
        return Entries(room[0], room[1], edges[self._lengths.start - 1 :])

    def absorb(self, later: VocabularyLearner) -> list[Ids]:
        units = self._units.absorb(later._units)
        ids = [units]
        for own, others in zip(self._nodes, later._nodes, strict=True):
            ids.append(own.absorb(others, ids[-1], units))
        return ids[self._lengths.start - 1 :]

    def learnt(self) -> Learnt:
        return Learnt(self.vocabulary(), self.frequencies)

    @property
    def frequencies(self) -> list[Ints]:
        """For each length that counts and each id, in how many documents it is."""
        return [table.frequencies for table in [self._units, *self._nodes][self._lengths.start - 1 :]]

    def vocabulary(self) -> Vocabulary:
        """The n-grams that were learnt, which nobody looks up yet."""
        nodes = [nodes.table() for nodes in self._nodes]
        return Vocabulary(self._lengths, self._shortest, self._units.table(), nodes)


class BucketLearner:
    """Learns which `Buckets` are in use; an id is a bucket. It needs no sieve, since rare n-grams take no memory."""

    def __init__(self, lengths: range, bits: int, kernels: SimpleNamespace) -> None:
        self._buckets, self._table = Buckets(lengths, bits), LearningBuckets(1 << bits, kernels)

    def learn(self, tokens: Tokens, sieve: Sieve | None = None) -> Entries:
        hashes = self._buckets.hashes(tokens)
        room = np.empty((2, hashes.size + 1), dtype=np.int32)
        edges = np.empty((1, tokens.n_documents + 1), dtype=np.int64)
        self._table.learn(hashes, self._table.counting(tokens.edges, room, edges[0], 0, ALWAYS))
        return Entries(room[0], room[1], edges)

    def absorb(self, later: BucketLearner) -> list[slice]:
        self._table.absorb(later._table)
        return [slice(None)]

    def learnt(self) -> Learnt:
        buckets = Buckets(self._buckets.lengths, self._buckets.bits, self._table.n_shared)
        return Learnt(buckets, [self._table.frequencies])


class EntryKeeper(Protocol):
    """Keeps what the learners of a shard find, each on a thread of its own; they have numbers from 0 on."""

    def keep(self, learner: int, portion: CountedPortion) -> None:
        """Keep the next portion of a learner."""
        ...

    def finish(self, ids: Sequence[Sequence[IdsThere]]) -> None:
        """Keep what the ids of each learner but the first are in the first one, for each space: all is learnt."""
        ...


class CountedNgrams(NamedTuple):
    """What a learner found: its portions, and for each space what its ids are among all that was learnt."""

    portions: list[CountedPortion]
    ids: Sequence[IdsThere]


def learn(
    learners: list[Learner],
    tokens_of: Callable[[tuple[int, int]], Tokens],
    ranges: Sequence[tuple[int, int]],
    run: Run,
    progress: Callable[[int, int], None] | None,
) -> tuple[Learnt, list[CountedNgrams]]:
    """Learn the n-grams of all portions, each learner those of its own run of them, then all by the first one.

    Ids and frequencies do not depend on the number of learners, which are used up: their memory is free at the end.
    """
    runs = [ranges[part] for part in divided(len(ranges), len(learners))]
    found: list[list[CountedPortion]] = [[] for _ in learners]

    def learn_some(thread: int) -> None:
        first = len(found[thread])
        for documents in runs[thread][first : first + _PORTIONS_AT_A_TIME]:
            found[thread].append(CountedPortion.of(learners[thread].learn(tokens_of(documents))))

    while sum(map(len, found)) < len(ranges):
        list(run(learn_some, range(len(learners))))
        if progress:
            progress(sum(portion.n_documents for own in found for portion in own), ranges[-1][1])
    first = learners.pop(0)
    others = []
    while learners:
        others.append(first.absorb(learners.pop(0)))
    learnt = first.learnt()
    ids = [[slice(None)] * len(learnt.frequencies), *others]
    return learnt, [CountedNgrams(*own) for own in zip(found, ids, strict=True)]


def learn_more(
    learners: Sequence[Learner],
    tokens_of: Callable[[tuple[int, int]], Tokens],
    ranges: Sequence[tuple[int, int]],
    sieve: Sieve | None,
    run: Run,
    keeper: EntryKeeper | None,
) -> None:
    """Let the first learner, which may know n-grams already, learn those of all portions; the others help, and are new.

    N-grams that a sieve holds back are left out. Entries are for the keeper, if there is one.
    """

    def learn_run(number: int, learner: Learner, part: slice) -> None:
        for documents in ranges[part]:
            entries = learner.learn(tokens_of(documents), sieve)
            if keeper:
                keeper.keep(number, CountedPortion.of(entries))

    list(run(learn_run, range(len(learners)), learners, divided(len(ranges), len(learners))))
    first, *others = learners
    ids = [first.absorb(later) for later in others]
    if keeper:
        keeper.finish(ids)


def occurrences_of_ids(found: Sequence[CountedNgrams], frequencies: Sequence[Ints]) -> list[Ints]:
    """For each space how often each id occurs."""
    occurrences = [np.zeros_like(own) for own in frequencies]
    for portions, ids in found:
        for space, (of_all, places) in enumerate(zip(occurrences, ids, strict=True)):
            own = np.zeros_like(of_all[places])
            for portion in portions:
                entries = slice(*portion.edges[space, [0, -1]])
                np.add.at(own, portion.ids[entries], portion.counts[entries])
            of_all[places] += own
    return occurrences


def vocabulary_of(tokens: Tokens, lengths: range, shortest: int) -> Vocabulary:
    """A vocabulary of all n-grams of some tokens."""
    learner = VocabularyLearner(lengths, shortest, kernels_for(learning_kernels.__name__, tokens.n))
    learner.learn(tokens)
    kept, _ = learner.vocabulary().kept([np.flatnonzero(own) for own in learner.frequencies])
    return kept
