"""Labelled documents to objectives: features learnt from the rows to fit, and what is minimised over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats
from vikt.errors import ClassesError
from vikt.features.measured import Measured
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.matrix import SparseMatrix
from vikt.model.classes import class_factors
from vikt.model.naive_bayes import penalty_scales
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
    """

    features: TextFeatures
    fitted: Objective
    apart: Objective
    present: NDArray[np.int64]


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
        fitted = self.corpus.take(training)
        held = self.corpus.take(apart[np.isin(self.corpus.y[apart], fitted.y)])
        made = features.fit_transform(
            fitted.documents, lambda done, total: self.tell("features", done, total), threads=self.threads
        )
        X = SparseMatrix(*made, threads=self.threads)
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
        y = y.astype(np.int64)
        scales = None
        if features.telling_columns.any():
            # Counts of presence: what the rows hold is divided by their lengths.
            presence = SparseMatrix(X.indptr, X.indices, np.ones_like(X.values), X.n_features, threads=self.threads)
            scales = penalty_scales(presence, y, len(present), weights, features.telling_columns)
        X_apart = SparseMatrix(*features.transform(held.documents, threads=self.threads), threads=self.threads)
        X_apart = X_apart if len(rows_apart) == X_apart.n_rows else X_apart.take(rows_apart)
        options: dict[str, Any] = {"n_classes": len(present), "l2": 0.0, "scales": scales}
        return Prepared(
            features,
            Objective(X, y, sample_weight=weights, **options),
            Objective(X_apart, np.searchsorted(present, held.y[rows_apart]), sample_weight=weights_apart, **options),
            present,
        )
