"""Which n-grams become features, and in which order: document frequencies, and the limits on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vikt.arrays import Ids, Ints
from vikt.errors import EmptyVocabularyError, UsageError
from vikt.features.ngrams.ids import order_of
from vikt.features.ngrams.learning import CountedNgrams, Learnt, occurrences_of_ids
from vikt.features.ngrams.token_kernels import NONE


class ChosenColumns(NamedTuple):
    """The features.

    Attributes
    ----------
    ids : list of arrays
        For each space the ids that were chosen: the most frequent first where columns are ordered so.
    columns : list of arrays
        For each space the column of each id, NONE where it has none.
    frequency : (n,)
        The document frequency of each column.
    """

    ids: list[Ints]
    columns: list[Ids]
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

    def choose(self, learnt: Learnt, found: Sequence[CountedNgrams], n_documents: int) -> ChosenColumns:
        """Choose features by their document frequencies.

        Raises
        ------
        UsageError
            The limits exclude every number of documents.
        EmptyVocabularyError
            No feature is left.
        """
        frequencies = learnt.frequencies
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
                f"no vocabulary is left: no n-gram is in at least min_df={self.min_df} of {n_documents:,} texts; lower "
                "min_df, or look at the texts"
            )
        order = learnt.source.alphabetical(ids) if self.alphabetical else _most_first(frequency)
        if self.max_features is not None:
            occurrences = occurrences_of_ids(found, frequencies)
            of_ids = np.concatenate([own[chosen] for own, chosen in zip(occurrences, ids, strict=True)])
            order = order[np.sort(_most_first(of_ids[order])[: self.max_features])]
        column = np.empty(len(frequency), dtype=np.int32)
        column[order] = np.arange(len(order))
        kept, columns, first = [], [], 0
        for own_ids, own in zip(ids, frequencies, strict=True):
            places = order[(order >= first) & (order < first + len(own_ids))]
            if self.alphabetical:
                places.sort()
            kept.append(own_ids[places - first])
            columns.append(np.full(len(own), NONE, dtype=np.int32))
            columns[-1][kept[-1]] = column[places]
            first += len(own_ids)
        return ChosenColumns(kept, columns, frequency[order])


def _most_first(numbers: Ints) -> Ints:
    """The order in which numbers fall, stable."""
    most = int(numbers.max(initial=0))
    return order_of(most - numbers, most.bit_length())
