"""Examples to objectives: features learnt from the rows to fit, and what is minimised over them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Classes, ClassWeight, Floats, RowIndices, Scales
from vikt.errors import ClassesError
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.fitting.examples import Examples
from vikt.matrix import SparseMatrix
from vikt.model.classes import class_factors
from vikt.model.naive_bayes import penalty_scales
from vikt.model.objective import Objective
from vikt.progress import Progress
from vikt.selection.folds import Fold


class Prepared(NamedTuple):
    """Features learnt from the training rows of a fold, the fold's objectives with λ = 0, and the training classes.

    Validation rows of other classes are left out: all texts of a small class can be duplicates of another's.
    """

    features: TextFeatures
    fold: Fold
    present: NDArray[np.int64]


class MergedRows(NamedTuple):
    """A design matrix without equal rows, its class indices and its weights."""

    X: SparseMatrix
    y: Classes
    weights: Floats


def prepare(
    examples: Examples,
    settings: FeatureSettings,
    training: RowIndices,
    validation: RowIndices,
    class_weight: ClassWeight,
    threads: int,
    progress: Progress,
) -> Prepared:
    """Learn features from the training rows, and make the objectives of these and of the validation rows.

    Raises
    ------
    EmptyVocabularyError
        No feature is left.
    ClassesError
        The training rows have one class only.
    """
    fitted = examples.take(training)
    held_out = examples.take(validation[np.isin(examples.y[validation], fitted.y)])
    features, own = learnt_rows(fitted, settings, threads, progress)
    other = _merged(held_out, SparseMatrix(*features.transform(held_out.documents, threads=threads), threads=threads))
    # The factor of a class weights its validation rows too: the loss validated is the loss minimised.
    factors = class_factors(class_weight, examples.classes, own.y, own.weights)
    factor_of = np.ones(len(examples.classes))
    factor_of[own.y] = factors
    own = own._replace(weights=own.weights * factors)
    other = other._replace(weights=other.weights * factor_of[other.y])
    present = np.unique(own.y)
    if len(present) < 2:
        raise ClassesError("the rows to fit have fewer than two classes left; give more texts of each class")
    own, other = (rows._replace(y=np.searchsorted(present, rows.y)) for rows in (own, other))
    scales = learnt_scales(features, own, len(present))
    return Prepared(features, Fold(*(objective_of(rows, len(present), scales) for rows in (own, other))), present)


def learnt_rows(
    examples: Examples, settings: FeatureSettings, threads: int, progress: Progress
) -> tuple[TextFeatures, MergedRows]:
    """Features learnt from examples, and the merged rows of these. Raises EmptyVocabularyError where none is left."""
    features = TextFeatures(settings)
    made = features.fit_transform(
        examples.documents, lambda done, total: progress("features", done, total), threads=threads
    )
    return features, _merged(examples, SparseMatrix(*made, threads=threads))


def _merged(examples: Examples, X: SparseMatrix) -> MergedRows:
    rows, weights = examples.merged()
    return MergedRows(X if len(rows) == X.n_rows else X.take(rows), examples.y[rows], weights)


def learnt_scales(features: TextFeatures, rows: MergedRows, n_classes: int) -> Scales | None:
    """r of the penalty, for a weighting by Naive Bayes."""
    if not features.telling_columns.any():
        return None
    # Counts of presence: the values are divided by the lengths of the rows.
    presence = rows.X.with_values(np.ones_like(rows.X.values))
    return penalty_scales(presence, rows.y, n_classes, rows.weights, features.telling_columns)


def objective_of(rows: MergedRows, n_classes: int, scales: Scales | None) -> Objective:
    """What is minimised over rows, with λ = 0."""
    return Objective.of(rows.X, rows.y, n_classes=n_classes, l2=0.0, sample_weight=rows.weights, scales=scales)
