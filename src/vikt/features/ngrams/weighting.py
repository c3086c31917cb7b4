"""What a count is worth: as it is, as one, or by term frequency and inverse document frequency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vikt.errors import check_known


@dataclass(frozen=True)
class Weighting:
    """A weight for each count: w(count)·idf(column), each row divided by its length if `normalised`.

    Attributes
    ----------
    binary : bool
        Presence alone counts.
    sublinear : bool
        w = 1 + ln(count) instead of the count.
    inverse_document_frequency : bool
        idf = ln((1 + m) / (1 + df)) + 1, else 1.
    normalised : bool
        Whether rows have length 1.
    log_count_ratio : bool
        Whether a fit, which knows the labels, penalises a column by how little it tells of a class. See
        `vikt.model.naive_bayes.penalty_scales`.
    """

    binary: bool = False
    sublinear: bool = False
    inverse_document_frequency: bool = False
    normalised: bool = False
    log_count_ratio: bool = False

    def count_weights(self, largest: int) -> NDArray[np.float64]:
        """w of each count from 0 to `largest`.

        Examples
        --------
        >>> WEIGHTINGS["tfidf"].count_weights(2).round(4).tolist()
        [0.0, 1.0, 1.6931]
        """
        counts = np.arange(largest + 1, dtype=np.float64)
        if self.binary:
            counts = np.minimum(counts, 1.0)
        if self.sublinear:
            counts[1:] = 1 + np.log(counts[1:])
        return counts

    def idf(self, document_frequency: NDArray[np.int64], n_documents: int) -> NDArray[np.float64]:
        if not self.inverse_document_frequency:
            return np.ones(len(document_frequency))
        return np.log((1 + n_documents) / (1 + document_frequency)) + 1


WEIGHTINGS: dict[str, Weighting] = {
    "tfidf": Weighting(sublinear=True, inverse_document_frequency=True, normalised=True),
    "counts": Weighting(),
    "binary": Weighting(binary=True),
    "nb": Weighting(binary=True, normalised=True, log_count_ratio=True),
}


def weighting_named(name: str) -> Weighting:
    """The weighting of that name.

    Raises
    ------
    UsageError
        There is none; the message lists those there are.
    """
    check_known("weighting", name, WEIGHTINGS)
    return WEIGHTINGS[name]
