"""What each n-gram adds to the scores of a typical document, by the model alone: a model file holds no rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, Ints
from vikt.features.ngrams.ngrams import FittedNgrams
from vikt.features.rows import Scalar
from vikt.features.text import TextFeatures
from vikt.fitting.saved import SavedModel

# The exponent of the law by which frequencies fall, where a model does not hold them.
_FALL = 0.9


@dataclass(frozen=True, eq=False)
class TypicalRows:
    """What the rows of one part's n-grams are like.

    Attributes
    ----------
    presence : (n,)
        The share of the documents that have each n-gram.
    values : (n,)
        The value of each n-gram in a document that has it once, before rows are normalised.
    normalised : bool
    """

    presence: Floats
    values: Floats
    normalised: bool

    @classmethod
    def of(cls, ngrams: FittedNgrams, n_documents: int) -> TypicalRows:
        counts = ngrams.weighting.document_frequency(ngrams.idf, n_documents)
        if counts is None:
            presence = _falling(ngrams.n_columns, n_documents, ngrams.options.min_df)
        else:
            presence = np.clip(counts / n_documents, 0.0, 1.0)
        return cls(presence, ngrams.idf, ngrams.weighting.normalised)

    def length(self, columns: Ints | slice = slice(None)) -> float:
        """The typical length of a row that has these columns alone; 1 where rows are not normalised."""
        if not self.normalised:
            return 1.0
        return float(np.sqrt(np.sum(self.presence[columns] * self.values[columns] ** 2)))

    def spreads(self, theta: Floats) -> Floats:
        """The root of the mean square of what each column adds to the score of one class: (n,).

        That class is the one for which its weight, in (n, K), is the largest.
        """
        weights = np.max(np.abs(theta), axis=1)
        return np.asarray(weights * self.values * np.sqrt(self.presence) / (self.length() or 1.0))

    def means(self, theta: Floats, columns: Ints) -> Floats:
        """What some columns together add to the scores on average: (K,)."""
        each = self.values[columns] * self.presence[columns] / (self.length() or 1.0)
        return np.asarray(each @ theta[columns])


def typical_rows(saved: SavedModel) -> list[TypicalRows]:
    """The rows of each part of a model."""
    return [TypicalRows.of(part, saved.record.data.fitted_rows) for part in saved.model.features.parts]


def by_part(features: TextFeatures, of_columns: NDArray[Scalar]) -> list[NDArray[Scalar]]:
    """What each column of n-grams has, part by part."""
    ends = np.cumsum([part.n_columns for part in features.parts])
    # What follows the last end is of hand-made features.
    return np.split(of_columns, ends)[: len(features.parts)]


def _falling(n: int, n_documents: int, min_df: float) -> Floats:
    """The shares of documents by Mandelbrot's law, (1 + rank/q)^-a, that ends at min_df: columns fall by frequency."""
    least = max(min_df if isinstance(min_df, float) else min_df / n_documents, 1 / n_documents)
    q = n / max(least ** (-1 / _FALL) - 1, 1.0)
    return np.asarray((1 + np.arange(n) / q) ** -_FALL)
