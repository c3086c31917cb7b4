"""Where the ids of n-grams come from: what a vocabulary and hashing have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, Self

import numpy as np

from vikt.arrays import AnyArray, Floats, Ids, Ints
from vikt.features.ngrams.records import RecordTable
from vikt.features.ngrams.row_kernels import Occurrences
from vikt.features.ngrams.token_kernels import NONE
from vikt.features.ngrams.tokens import Tokens
from vikt.features.ngrams.vocabulary_spec import BucketSpec, VocabularySpec


class FoundNgrams(NamedTuple):
    """The n-grams found in a portion, and the most tokens of a document there."""

    occurrences: Occurrences
    longest: int


class IdSource(Protocol):
    """Where the ids of n-grams come from: a `Vocabulary` or `Buckets`.

    Ids lie in one or several spaces: a vocabulary has a space for each length of n-gram, buckets are one space.

    Attributes
    ----------
    lengths : range
        The lengths of n-grams that count; `ids` gives a row for each.
    """

    lengths: range

    @property
    def spaces(self) -> list[slice]:
        """The rows of ids that belong to each space."""
        ...

    def ids(self, tokens: Tokens) -> Ids:
        """For each length and each token the id of the n-gram that starts there, NONE if unknown."""
        ...

    def alphabetical(self, ids: list[Ints]) -> Ints:
        """The order by name of ids of each space, put one after the other."""
        ...

    def kept(self, ids: list[Ints]) -> tuple[IdSource, Sequence[Ints | slice]]:
        """A source that knows these ids alone, and the old ids of its own, for each space."""
        ...

    def ids_in(self, other: Self) -> list[Ints]:
        """For each space by id the id that the other source, of the same options, has; NONE where it has none."""
        ...

    def names(self, space: int, ids: Ints, joiner: str) -> list[str]:
        """The names of ids of one space."""
        ...

    def record_table(self, columns: Sequence[Ids], numbers: Floats) -> RecordTable | None:
        """Records of two numbers of each column, (n, 2); None where none can be made."""
        ...

    def spec(self, columns: Sequence[Ids]) -> VocabularySpec | BucketSpec:
        """A description without code, given the column of each id of each space."""
        ...


def places_in(keys: AnyArray, wanted: AnyArray) -> Ints:
    """Where each wanted key is among different keys, NONE where it is not.

    Examples
    --------
    >>> places_in(np.array([30, 10, 20]), np.array([20, 25, 30])).tolist()
    [2, -1, 0]
    """
    if not len(keys):
        return np.full(len(wanted), NONE, dtype=np.int64)
    order = np.argsort(keys)
    found = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
    return np.where(keys[found] == wanted, found, NONE)


def order_of(numbers: Ints, n_bits: int) -> Ints:
    """The order in which numbers of n_bits rise, stable: to sort them with their places appended is faster.

    Examples
    --------
    >>> order_of(np.array([3, 1, 3, 0]), 2).tolist()
    [3, 1, 0, 2]
    """
    n_more = len(numbers).bit_length()
    if n_bits + n_more > 63:
        return np.argsort(numbers, kind="stable")
    # In the same memory throughout, since there may be millions.
    places = numbers << n_more
    places |= np.arange(len(numbers))
    places.sort()
    places &= (1 << n_more) - 1
    return places
