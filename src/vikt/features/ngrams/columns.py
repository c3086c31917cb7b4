"""Which n-grams become features, and in which order: document frequencies, and the limits on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import NamedTuple

import numpy as np

from vikt.arrays import Ids, Ints
from vikt.errors import EmptyVocabularyError, UsageError
from vikt.features.ngrams import kernels
from vikt.features.ngrams.ids import FoundNgrams, IdSource, occurrences_of_ids, parts_of_threads
from vikt.features.ngrams.kernels import Occurrences
from vikt.features.ngrams.tokens import Tokens
from vikt.features.rows import longer
from vikt.threads import Run

_PORTIONS_PER_THREAD = 8


class ChosenColumns(NamedTuple):
    """The features: for each space the ids that were chosen and their columns; by column the document frequency."""

    ids: list[Ints]
    columns: list[Ints]
    frequency: Ints


@dataclass(frozen=True)
class Limits:
    """Which n-grams become features.

    Attributes
    ----------
    min_df, max_df : int or float
        The fewest and the most documents that a feature is in; a float is a share of the documents.
    max_features : int or None
        Only this many features of the most occurrences are kept.
    alphabetical : bool
        Columns in the order of their names, else by falling document frequency, which keeps the weights that a solver
        needs most often close together.
    """

    min_df: float
    max_df: float
    max_features: int | None
    alphabetical: bool

    def of(self, n_documents: int) -> tuple[float, float]:
        """The fewest and the most documents that a feature is in."""
        limits = (self.min_df, self.max_df)
        lowest, highest = (share * n_documents if isinstance(share, float) else share for share in limits)
        return lowest, highest

    def need_frequency(self, n_documents: int) -> bool:
        """Whether it matters in how many documents an n-gram is, beside that it occurs."""
        lowest, highest = self.of(n_documents)
        return not self.alphabetical or lowest > 1 or highest < n_documents

    def choose(
        self, source: IdSource, frequencies: list[Ints], found: Sequence[FoundNgrams], n_documents: int
    ) -> ChosenColumns:
        """Choose features by their document frequencies.

        Raises
        ------
        UsageError
            The limits exclude every number of documents.
        EmptyVocabularyError
            No feature is left.
        """
        lowest, highest = self.of(n_documents)
        if lowest > n_documents and highest >= n_documents:
            raise UsageError(
                f"min_df={self.min_df} keeps features that occur in at least {lowest:g} texts, but there are "
                f"{n_documents:,}; lower it"
            )
        if highest < lowest:
            raise UsageError(
                f"max_df={self.max_df} keeps features in at most {highest} documents, which is below "
                f"min_df={self.min_df}, at least {lowest}; raise one or lower the other"
            )
        ids = [np.flatnonzero((own > 0) & (own >= lowest) & (own <= highest)) for own in frequencies]
        frequency = np.concatenate([own[chosen] for own, chosen in zip(frequencies, ids, strict=True)])
        if not len(frequency):
            raise EmptyVocabularyError(
                f"no vocabulary is left: {sum(map(np.count_nonzero, frequencies))} different n-grams in {n_documents} "
                f"texts, none in at least min_df={self.min_df} of them; lower min_df, or look at the texts"
            )
        order = source.alphabetical(ids) if self.alphabetical else np.argsort(-frequency, kind="stable")
        if self.max_features is not None:
            of_spaces = occurrences_of_ids(found, source)
            occurrences = np.concatenate([own[chosen] for own, chosen in zip(of_spaces, ids, strict=True)])
            order = order[np.sort(np.argsort(-occurrences[order], kind="stable")[: self.max_features])]
        column = np.full(len(frequency), kernels.NONE)
        column[order] = np.arange(len(order))
        columns = np.split(column, np.cumsum([len(chosen) for chosen in ids])[:-1])
        kept = [self._kept(own) for own in columns]
        return ChosenColumns(
            [own[places] for own, places in zip(ids, kept, strict=True)],
            [own[places] for own, places in zip(columns, kept, strict=True)],
            frequency[order],
        )

    def _kept(self, columns: Ints) -> Ints:
        """Where there is a column; the most frequent first where columns are ordered so, to keep those together."""
        places = np.flatnonzero(columns != kernels.NONE)
        return places if self.alphabetical else places[np.argsort(columns[places])]


def learn_ids(
    source: IdSource,
    tokens_of: Callable[[tuple[int, int]], Tokens],
    ranges: Sequence[tuple[int, int]],
    run: Run,
    threads: int,
    counts_documents: bool,
    progress: Callable[[int, int], None] | None,
) -> tuple[list[FoundNgrams], list[Ints]]:
    """Learn the n-grams of all portions.

    Returns
    -------
    list of FoundNgrams
        By portion.
    list of arrays
        For each space by id the number of documents it is in; 1 for ids that occur where documents are not counted.
    """
    n_threads = min(threads, kernels.PARTS)
    seen = [np.zeros((0, 2), dtype=np.int32) for _ in source.spaces]
    found: list[FoundNgrams] = []
    rest = iter(ranges)
    while batch := list(islice(rest, 1 if n_threads == 1 else _PORTIONS_PER_THREAD * n_threads)):
        tokens = list(run(tokens_of, batch))
        ids = source.learn(tokens, run, n_threads)
        if counts_documents:
            seen = [longer(own, room) for own, room in zip(seen, source.rooms, strict=True)]
            list(run(partial(_count_documents, tokens, ids, source.spaces, seen), parts_of_threads(n_threads)))
        found += [
            FoundNgrams(Occurrences(own, of.edges), of.longest, of.kernels) for of, own in zip(tokens, ids, strict=True)
        ]
        if progress:
            progress(batch[-1][1], ranges[-1][1])
    if not counts_documents:
        return found, source.occurring(found)
    return found, [own[:, kernels.FREQUENCY].astype(np.int64) for own in seen]


def _count_documents(
    batch: list[Tokens], ids: list[Ids], spaces: list[slice], seen: list[Ids], parts: tuple[int, int]
) -> None:
    """Count the documents that each id of some parts is in, for each space of ids."""
    for tokens, found in zip(batch, ids, strict=True):
        for space, own in zip(spaces, seen, strict=True):
            tokens.kernels.count_documents(found[space], tokens.edges, tokens.n_documents, tokens.first, *parts, own)


def columns_of_ids(chosen: ChosenColumns, frequencies: list[Ints]) -> list[Ids]:
    """For each space the column of each id, NONE where it has none."""
    columns = [np.full(len(own), kernels.NONE, dtype=np.int32) for own in frequencies]
    for own, ids, numbers in zip(columns, chosen.ids, chosen.columns, strict=True):
        own[ids] = numbers
    return columns
