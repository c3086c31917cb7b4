"""Examples to objectives: features learnt from the rows to fit, and what is minimised over them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import ClassWeight, Floats, Ints, RowIndices, Scales
from vikt.corpus.targets import TargetRows
from vikt.errors import ClassesError
from vikt.features.rows import CompressedRows, moved_together
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.fitting.examples import Examples
from vikt.matrix import SparseMatrix
from vikt.model.classes import class_factors
from vikt.model.loss import Loss
from vikt.model.naive_bayes import counts_by_class, penalty_scales
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.model.targets import loss_of, loss_truth
from vikt.parts import InMemory, Part
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
    """A design matrix without equal rows of one target, the targets and the weights of its rows."""

    X: SparseMatrix
    targets: TargetRows
    weights: Floats

    @property
    def y(self) -> Ints:
        """The number of each row's target."""
        return self.targets.y

    def take(self, rows: RowIndices) -> MergedRows:
        return MergedRows(self.X.take(rows), self.targets[rows], self.weights[rows])

    def restricted(self, labels: Ints) -> MergedRows:
        """The same rows, their targets restricted to some labels."""
        return self._replace(targets=self.targets.restricted(labels))


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
    present = examples.targets.present(fitted.y)
    held_out = examples.take(validation[examples.targets.is_within(examples.y[validation], present)])
    features, own = learnt_rows(fitted, settings, threads, progress)
    other = _merged(held_out, features.transform(held_out.documents, threads=threads), threads)
    # The factor of a class weights its validation rows too: the loss validated is the loss minimised.
    if class_weight is not None:
        factors = class_factors(class_weight, examples.classes, own.y, own.weights)
        factor_of = np.ones(len(examples.classes))
        factor_of[own.y] = factors
        own = own._replace(weights=own.weights * factors)
        other = other._replace(weights=other.weights * factor_of[other.y])
    if len(present) < 2 and examples.targets.kind != "several":
        raise ClassesError("the rows to fit have fewer than two classes left; give more texts of each class")
    own, other = own.restricted(present), other.restricted(present)
    return Prepared(features, scaled(Fold(objective_of(own), objective_of(other)), features), present)


def scaled(fold: Fold, features: TextFeatures) -> Fold:
    """The fold under the penalty of its features: with scales learnt from the training rows, if any has them."""
    scales = learnt_scales(features, fold.training)
    return fold if scales is None else Fold(*(with_scales(objective, scales) for objective in fold))


def with_scales(objective: Objective, scales: Scales | None) -> Objective:
    """The same rows and loss, with λ = 0, under a penalty with scales."""
    return Objective(objective.parts, objective.loss, penalty_of(0.0, 0.0, objective.has_dummy, scales))


def learnt_rows(
    examples: Examples, settings: FeatureSettings, threads: int, progress: Progress
) -> tuple[TextFeatures, MergedRows]:
    """Features learnt from examples, and the merged rows of these. Raises EmptyVocabularyError where none is left."""
    features = TextFeatures(settings)
    made = features.fit_transform(
        examples.documents, lambda done, total: progress("features", done, total), threads=threads
    )
    return features, _merged(examples, made, threads)


def _merged(examples: Examples, made: CompressedRows, threads: int) -> MergedRows:
    """The rows without those that repeat another; `made` is used up."""
    rows, weights = examples.merged()
    targets = TargetRows(examples.targets, examples.y[rows])
    kept = made if len(rows) == len(examples) else moved_together(made, rows)
    return MergedRows(SparseMatrix(*kept, threads=threads), targets, weights)


def learnt_scales(features: TextFeatures, objective: Objective) -> Scales | None:
    """r of the penalty, for a weighting by Naive Bayes."""
    telling = features.telling_columns
    return penalty_scales(objective.parts.sums(_presence, objective.loss), telling) if telling.any() else None


def objective_of(rows: MergedRows) -> Objective:
    """What is minimised over rows, with λ = 0."""
    table = rows.targets.table
    part = Part(rows.X, loss_truth(table.kind, rows.targets.truth), rows.weights)
    return Objective(InMemory(part), loss_of(table.kind, table.n_labels), penalty_of(0.0, 0.0, rows.X.has_dummy))


def _presence(part: Part, loss: Loss) -> Floats:
    """The weight of the rows of each class that have each feature."""
    indptr, indices, values = part.X.compressed_rows()
    # Values are divided by the lengths of the rows.
    X = SparseMatrix(indptr, indices, np.ones_like(values), part.X.n_features, part.X.has_dummy)
    return counts_by_class(X, loss.totals_by_group(part.y, part.weights, np.arange(X.n_rows), X.n_rows))
