"""Where the ids of n-grams come from: what a vocabulary and hashing have in common."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Ids, Ints
from vikt.features.ngrams import kernels
from vikt.features.ngrams.kernels import Occurrences
from vikt.features.ngrams.tokens import Tokens
from vikt.features.ngrams.vocabulary_spec import BucketSpec, VocabularySpec
from vikt.threads import Run, divided


class FoundNgrams(NamedTuple):
    """The n-grams found in a portion, the most tokens of a document there, and the kernels that process them."""

    occurrences: Occurrences
    longest: int
    kernels: SimpleNamespace


class IdSource(Protocol):
    """Where the ids of n-grams come from: a `Vocabulary` or `Buckets`.

    Ids lie in one or several spaces: a vocabulary has a space for each length of n-gram, buckets are one space.

    Attributes
    ----------
    lengths : range
        The lengths of n-grams that count; `ids` and `learn` give a row of ids for each.
    """

    lengths: range

    @property
    def rooms(self) -> list[int]:
        """For each space a number that its ids are below."""
        ...

    @property
    def spaces(self) -> list[slice]:
        """The rows of ids that belong to each space."""
        ...

    def ids(self, tokens: Tokens) -> Ids:
        """For each length and each token the id of the n-gram that starts there, NONE if unknown."""
        ...

    def learn(self, batch: list[Tokens], run: Run, threads: int) -> list[Ids]:
        """The same for several portions, learning n-grams that are new."""
        ...

    def occurring(self, found: Sequence[FoundNgrams]) -> list[Ints]:
        """For each space 1 for every id that occurs, else 0."""
        ...

    def alphabetical(self, ids: list[Ints]) -> Ints:
        """The order by name of ids of each space, put one after the other."""
        ...

    def kept(self, ids: list[Ints]) -> tuple[IdSource, Sequence[Ints | slice]]:
        """A source that knows these ids alone and learns no more, and the old ids of its own, for each space."""
        ...

    def ids_in(self, other: Self) -> list[Ints]:
        """For each space by id the id that the other source, of the same options, has; NONE where it has none."""
        ...

    def names(self, space: int, ids: Ints, joiner: str) -> list[str]:
        """The names of ids of one space."""
        ...

    def spec(self, columns: Sequence[Ids]) -> VocabularySpec | BucketSpec:
        """A description without code, given the column of each id of each space."""
        ...


def occurrences_of_ids(found: Sequence[FoundNgrams], source: IdSource) -> list[Ints]:
    """For each space how often each id occurs."""
    occurrences = [np.zeros(room, dtype=np.int64) for room in source.rooms]
    for portion in found:
        for space, own in zip(source.spaces, occurrences, strict=True):
            portion.kernels.count_occurrences(portion.occurrences.ids[space], own)
    return occurrences


def places_in(keys: NDArray[Any], wanted: NDArray[Any]) -> Ints:
    """Where each wanted key is among different keys, NONE where it is not.

    Examples
    --------
    >>> places_in(np.array([30, 10, 20]), np.array([20, 25, 30])).tolist()
    [2, -1, 0]
    """
    if not len(keys):
        return np.full(len(wanted), kernels.NONE, dtype=np.int64)
    order = np.argsort(keys)
    found = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
    return np.where(keys[found] == wanted, found, kernels.NONE)


def parts_of_threads(threads: int) -> list[tuple[int, int]]:
    """The parts first..last of a table that each thread works on."""
    return [(part.start, part.stop) for part in divided(kernels.PARTS, threads)]
