"""Labelled documents to objectives: features learnt from the rows to fit, and what is minimised over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.errors import ClassesError
from vikt.features.text import FeatureSettings, Measured, TextFeatures
from vikt.matrix import SparseMatrix
from vikt.model.classes import class_factors
from vikt.model.functions import Floats
from vikt.model.naive_bayes import column_scales
from vikt.model.objective import Objective

# Told (stage, done, total); total is 0 where it cannot be known.
Progress = Callable[[str, int, int], None]


@dataclass
class Corpus:
    """Labelled documents in canonical order."""

    documents: Measured
    y: NDArray[np.int64]
    weights: Floats

    def take(self, rows: NDArray[np.int64]) -> Corpus:
        return Corpus(self.documents.take(rows), self.y[rows], self.weights[rows])

    def merged(self) -> tuple[NDArray[np.int64], Floats]:
        """The first of each run of equal rows, and their joint weights: weight 2 is the row twice, to the last bit."""
        if not len(self.y):
            return self.y, self.weights
        rows = zip(self.documents.contents(), self.y.tolist(), strict=True)
        first = np.flatnonzero([True] + [row != before for before, row in pairwise(rows)])
        return first, np.add.reduceat(self.weights, first)


@dataclass
class Prepared:
    """Rows to fit and rows kept apart, over the features learnt from the former.

    Attributes
    ----------
    features : TextFeatures
    fitted, apart : Objective
        With λ = 0 as yet.
    present : (K,)
        Which classes the rows to fit are of; rows kept apart of any other are left out: it can be that all texts of a
        small class are doubles of another's.
    scales : (n,), optional
        By what columns were multiplied.
    """

    features: TextFeatures
    fitted: Objective
    apart: Objective
    present: NDArray[np.int64]
    scales: Floats | None

    def folded(self, theta: NDArray[Any]) -> NDArray[Any]:
        """Weights of scaled columns as weights of the columns that features make: x_j·s_j·θ_j is x_j·(s_j·θ_j)."""
        return theta if self.scales is None else _times(theta, self.scales)

    def unfolded(self, theta: NDArray[Any]) -> NDArray[Any]:
        """The contrary; a column of scale 0 has no weight."""
        if self.scales is None:
            return theta
        inverse = np.divide(1, self.scales, out=np.zeros_like(self.scales), where=self.scales > 0)
        return _times(theta, inverse)


@dataclass
class Source:
    """Where objectives come from.

    Attributes
    ----------
    corpus : Corpus
    labels : (K,)
        The classes.
    class_weight : None, "balanced" or dict
    threads : int
    tell : Progress
    """

    corpus: Corpus
    labels: NDArray[Any]
    class_weight: Any
    threads: int
    tell: Progress

    def prepare(self, settings: FeatureSettings, training: NDArray[np.int64], apart: NDArray[np.int64]) -> Prepared:
        """Learn features from the rows to fit.

        Raises
        ------
        EmptyVocabularyError
            No feature is left.
        ClassesError
            The rows to fit are of one class.
        """
        features = TextFeatures(settings)
        features.use_threads(self.threads)
        fitted = self.corpus.take(training)
        held = self.corpus.take(apart[np.isin(self.corpus.y[apart], fitted.y)])
        made = features.fit_transform(fitted.documents, lambda done, total: self.tell("features", done, total))
        X, X_apart = SparseMatrix(*made), SparseMatrix(*features.transform(held.documents))
        rows, weights = fitted.merged()
        rows_apart, weights_apart = held.merged()
        factors = class_factors(self.class_weight, self.labels, fitted.y[rows], weights)
        # Factors of classes are weights of rows, kept apart or not: the loss validated is the loss that is minimised.
        factor_of = np.ones(len(self.labels))
        factor_of[fitted.y[rows]] = factors
        weights, weights_apart = weights * factors, weights_apart * factor_of[held.y[rows_apart]]
        present, y = np.unique(fitted.y[rows], return_inverse=True)
        if len(present) < 2:
            raise ClassesError("the rows to fit have fewer than two classes left; give more texts of each class")
        X = X if len(rows) == X.n_rows else X.take(rows)
        X_apart = X_apart if len(rows_apart) == X_apart.n_rows else X_apart.take(rows_apart)
        y = y.astype(np.int64)
        scaled, scales = features.scaled_columns, None
        if scaled.any():
            scales = column_scales(X, y, len(present), weights, scaled)
            X, X_apart = _scaled(X, scales), _scaled(X_apart, scales)
        options: dict[str, Any] = {"n_classes": len(present), "l2": 0.0}
        return Prepared(
            features,
            Objective(X, y, sample_weight=weights, **options),
            Objective(X_apart, np.searchsorted(present, held.y[rows_apart]), sample_weight=weights_apart, **options),
            present,
            scales,
        )


def _scaled(X: SparseMatrix, scales: Floats) -> SparseMatrix:
    return SparseMatrix(X.indptr, X.indices, X.values * scales.astype(X.values.dtype)[X.indices], X.n_features)


def _times(theta: NDArray[Any], scales: Floats) -> NDArray[Any]:
    product = np.array(theta, dtype=np.float64)
    product[..., 1:] *= scales
    return product
