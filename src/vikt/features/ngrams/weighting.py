"""The weight of a count: the count itself, presence, or term frequency and inverse document frequency."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from vikt.arrays import Floats, Ints

# The weights of counts up to this one, which few documents exceed, are kept.
_FEW_COUNTS = 1 << 15


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
        idf = ln((s + m) / (s + df)) + 1, else 1.
    normalised : bool
        Whether rows have length 1.
    log_count_ratio : bool
        Whether a fit, which knows the labels, penalises a column by how little it says of a class. See
        `vikt.model.naive_bayes.penalty_scales`.
    smooth : bool
        Whether s is 1, as if one more document held every term, or 0.
    """

    binary: bool = False
    sublinear: bool = False
    inverse_document_frequency: bool = False
    normalised: bool = False
    log_count_ratio: bool = False
    smooth: bool = True

    def count_weights(self, largest: int) -> Floats:
        """w of each count from 0 to `largest`.

        Examples
        --------
        >>> WEIGHTINGS["tfidf"].count_weights(2).round(4).tolist()
        [0.0, 1.0, 1.6931]
        """
        if largest <= _FEW_COUNTS:
            return _weights_of_few(self)[: largest + 1]
        return self.weights(np.arange(largest + 1))

    def weights(self, counts: Ints) -> Floats:
        """w of each count."""
        weights = counts.astype(np.float64)
        if self.binary:
            weights = np.minimum(weights, 1.0)
        if self.sublinear:
            weights[counts > 0] = 1 + np.log(weights[counts > 0])
        return weights

    def idf(self, document_frequency: Ints, n_documents: int) -> Floats:
        if not self.inverse_document_frequency:
            return np.ones(len(document_frequency))
        added = int(self.smooth)
        return np.asarray(np.log((added + n_documents) / (added + document_frequency)) + 1)

    def document_frequency(self, idf: Floats, n_documents: int) -> Ints | None:
        """The inverse of `idf`; None where it does not hold the frequencies.

        Examples
        --------
        >>> tfidf = WEIGHTINGS["tfidf"]
        >>> tfidf.document_frequency(tfidf.idf(np.array([2, 7]), 9), 9).tolist()
        [2, 7]
        """
        if not self.inverse_document_frequency:
            return None
        added = int(self.smooth)
        return np.rint((added + n_documents) / np.exp(idf - 1) - added).astype(np.int64)


@functools.cache
def _weights_of_few(weighting: Weighting) -> Floats:
    weights = weighting.weights(np.arange(_FEW_COUNTS + 1))
    weights.setflags(write=False)
    return weights


WEIGHTINGS: dict[str, Weighting] = {
    "tfidf": Weighting(sublinear=True, inverse_document_frequency=True, normalised=True),
    "counts": Weighting(),
    "binary": Weighting(binary=True),
    "nb": Weighting(binary=True, normalised=True, log_count_ratio=True),
}
