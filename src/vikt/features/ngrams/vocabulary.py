"""The vocabulary: units by their keys, and for each length a table of the n-grams that occur."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vikt.arrays import Floats, Ids, Ints, distinct
from vikt.compiled import kernels_for
from vikt.errors import DamagedModelError
from vikt.features.ngrams import table_kernels
from vikt.features.ngrams.ids import order_of, places_in
from vikt.features.ngrams.records import VocabularyTable
from vikt.features.ngrams.tables import Nodes, Units, new_search
from vikt.features.ngrams.token_kernels import LOW_MASK, NONE
from vikt.features.ngrams.tokens import Tokens
from vikt.features.ngrams.vocabulary_spec import NodeTable, VocabularySpec


class Vocabulary:
    """Units, and n-grams of several lengths, found by hashing, each exact; `nodes` are of 2, 3, ... units.

    The n-grams that count have `lengths`, each with its own space of ids; those shorter than `shortest` count only
    where they are a whole word.
    """

    def __init__(self, lengths: range, shortest: int, units: Units, nodes: Sequence[Nodes]) -> None:
        self.lengths, self.shortest, self.units, self.nodes = lengths, shortest, units, nodes

    @property
    def tables(self) -> list[Units | Nodes]:
        """The table of each length of n-gram, from 1."""
        return [self.units, *self.nodes]

    @property
    def spaces(self) -> list[slice]:
        """The row of ids of each length that counts."""
        return [slice(row, row + 1) for row in range(len(self.lengths))]

    def ids(self, tokens: Tokens) -> Ids:
        """For each length that counts and each token the id of the n-gram that starts there, NONE if unknown."""
        ids = np.empty((len(self.tables), tokens.n), dtype=np.int32)
        wanted = np.empty(tokens.n, dtype=np.int64)
        search = new_search()
        self.units.find(tokens, search, ids[0])
        self.units.compare(tokens, ids[0])
        for nodes, parents, found in zip(self.nodes, ids, ids[1:], strict=False):
            nodes.find(tokens, search, parents, ids[0], wanted, found)
        return self._counted(ids, tokens)

    def _counted(self, ids: Ids, tokens: Tokens) -> Ids:
        for length in range(self.lengths.start, self.shortest):
            whole = np.empty_like(ids[length - 1])
            kernels_for(table_kernels.__name__).only_whole(ids[0], ids[length - 1], length, tokens.n, whole)
            ids[length - 1] = whole
        return ids if self.lengths.start == 1 else ids[self.lengths.start - 1 :].copy()

    def kept(self, ids: list[Ints]) -> tuple[Vocabulary, list[Ints]]:
        """The vocabulary of these n-grams of each length, numbered in this order, and of the shorter ones they need.

        With it return, for each length that counts, the old ids of its n-grams in the order of the new ones.
        """
        needed = [np.empty(0, dtype=np.int64)] * (self.lengths.start - 1) + ids
        for level in range(len(self.nodes), 0, -1):
            keys = self.nodes[level - 1].keys[needed[level]]
            needed[level - 1] = _union(needed[level - 1], keys >> 32)
            needed[0] = _union(needed[0], keys & LOW_MASK)
        new_ids, kept_nodes = [_new_ids(own) for own in needed[: len(self.nodes)]], []
        for level, nodes in enumerate(self.nodes, start=1):
            keys = nodes.keys[needed[level]]
            new_keys = new_ids[level - 1][keys >> 32] << 32 | new_ids[0][keys & LOW_MASK]
            kept_nodes.append(Nodes.of_keys(nodes.depth, new_keys))
        kept = Vocabulary(self.lengths, self.shortest, self.units.kept(needed[0]), kept_nodes)
        return kept, needed[self.lengths.start - 1 :]

    def ids_in(self, other: Vocabulary) -> list[Ints]:
        """For each length that counts by id the id that the other vocabulary has, NONE where it has none.

        Long units count as equal where their hashes are.
        """
        units = places_in(other.units.pairs, self.units.pairs)
        found = [units]
        for own, others in zip(self.nodes, other.nodes, strict=True):
            parents, last = found[-1][own.keys >> 32], units[own.keys & LOW_MASK]
            is_known = (parents != NONE) & (last != NONE)
            found.append(places_in(others.keys, np.where(is_known, parents << 32 | last, NONE)))
        return found[self.lengths.start - 1 :]

    def paths(self, depth: int, ids: Ints) -> Ints:
        """The units of n-grams of one length, from first to last: (len(ids), depth)."""
        backwards = []
        for nodes in reversed(self.nodes[: depth - 1]):
            keys = nodes.keys[ids]
            backwards.append(keys & LOW_MASK)
            ids = keys >> 32
        return np.stack([ids, *reversed(backwards)], axis=1)

    def names(self, space: int, ids: Ints, joiner: str) -> list[str]:
        paths = self.paths(self.lengths[space], ids)
        used = distinct(paths)
        spelled = dict(zip(used.tolist(), self.units.spellings(used), strict=True))
        return [joiner.join(map(spelled.__getitem__, path)) for path in paths.tolist()]

    def alphabetical(self, ids: list[Ints]) -> Ints:
        """The order by name of n-grams of each length that counts, put one after the other.

        An n-gram comes before the longer ones that start with it. As many ranks of units as fit share a number.
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
        return order_of(words[0], n_bits * in_a_word) if len(words) == 1 else np.lexsort(words[::-1])

    def record_table(self, columns: Sequence[Ids], numbers: Floats) -> VocabularyTable | None:
        """Records of two numbers of each column, (n, 2); None where none can be made."""
        return VocabularyTable.of(self.units, self.nodes, self.lengths, self.shortest, columns, numbers)

    def spec(self, columns: Sequence[Ids]) -> VocabularySpec:
        """The vocabulary without code, given the column of each id of each length that counts."""
        nodes = tuple(NodeTable(table.keys, table.slots) for table in self.nodes)
        return VocabularySpec(self.units.spec(), nodes, self.lengths, tuple(columns))

    @classmethod
    def of_spec(cls, spec: VocabularySpec, shortest: int, n_columns: int) -> Vocabulary:
        """A vocabulary from arrays that may be damaged.

        Raises DamagedModelError where kernels would read beyond the arrays or search forever, or where the columns are
        not n_columns, each once.
        """
        units, nodes = Units.of_spec(spec.units), []
        n_parents = units.n
        for depth, table in enumerate(spec.nodes, start=2):
            nodes.append(Nodes.of_spec(depth, table, n_parents, units.n))
            n_parents = len(table.keys)
        vocabulary = cls(spec.lengths, shortest, units, nodes)
        for length, own in zip(spec.lengths, spec.columns, strict=True):
            if own.dtype != np.int32 or own.shape != (vocabulary.tables[length - 1].n,):
                raise DamagedModelError(f"columns of shape {own.shape} and {own.dtype}")
        used = np.concatenate(spec.columns)
        if used.min(initial=0) < NONE or used.max(initial=-1) >= n_columns:
            raise DamagedModelError(f"columns beyond the {n_columns} features")
        if np.any(np.bincount(used[used != NONE], minlength=n_columns) != 1):
            raise DamagedModelError(f"columns that are not the {n_columns} features, each once")
        return vocabulary


def _union(one: Ints, other: Ints) -> Ints:
    """The numbers of `one`, all different, in their order, then those of `other` alone, rising."""
    alone = np.zeros(int(max(one.max(initial=-1), other.max(initial=-1))) + 1, dtype=bool)
    alone[other] = True
    alone[one] = False
    return np.concatenate([one, np.flatnonzero(alone)])


def _new_ids(kept: Ints) -> Ints:
    new_ids = np.zeros(int(kept.max(initial=-1)) + 1, dtype=np.int64)
    new_ids[kept] = np.arange(len(kept))
    return new_ids
