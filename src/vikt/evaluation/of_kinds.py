"""One way to test a model, whatever the kind of its targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from vikt.arrays import LabelArray
from vikt.corpus.given_targets import given_targets
from vikt.corpus.label_forms import Column
from vikt.corpus.targets import Labels, TargetRows
from vikt.errors import DataError
from vikt.evaluation.evaluation import evaluation_of
from vikt.evaluation.of_labels import LabelEvaluation
from vikt.evaluation.outcomes import Answers, Outcomes, check_some_rows, outcomes
from vikt.evaluation.several import SetOutcomes, set_evaluation_of, set_outcomes
from vikt.features.measured import Measured
from vikt.fitting.model import FittedModel, Inputs
from vikt.model.classes import check_one_label_per_row
from vikt.names import TargetKind


def answers_of(model: FittedModel, inputs: Inputs, labels: Labels, threads: int = 1) -> Answers:
    """What a model answers to labelled texts.

    Parameters
    ----------
    labels : (m,) or (m, K)
        What the texts are labelled with, in a form that the model's kind of target takes; or one class per text
        where the model was trained with soft labels.

    Raises
    ------
    DataError
        There are no texts, there is not one entry for each, or entries are of another kind.
    """
    measured = model.measured(inputs)
    check_some_rows(len(measured))
    return _ANSWERS[model.kind](model, measured, labels, threads)


def figures_of(found: Answers) -> LabelEvaluation:
    """The figures of what a model answered."""
    return _FIGURES[type(found)](found)


def given_labels(labels: Labels, kind: TargetKind, columns: LabelArray, n_rows: int) -> LabelArray | TargetRows:
    """Labels to test a model on, read once: they may come from a generator.

    Parameters
    ----------
    kind : {"classes", "several", "soft"}
        The kind of targets that the model is compared with; one class per text is taken for "soft" too.
    columns : (K,)
        The labels of the columns of a matrix without names.
    n_rows : int
        How many texts there are.

    Raises
    ------
    DataError
        There is not one entry for each text, or entries are of another kind.
    """
    given = given_targets(labels, kind, columns=columns)
    check_one_label_per_row(given, n_rows)
    if kind == "several" and isinstance(given.form, Column):
        raise DataError(
            "labels: this model answers several labels for each text, found one label for each; give a list of labels "
            "for each text, such as [['spam'], []], or a matrix of 0 and 1"
        )
    return given.form.labels if kind == "soft" and isinstance(given.form, Column) else given.read().targets


def labels_for(model: FittedModel, labels: Labels, n_rows: int) -> LabelArray | TargetRows:
    """Labels to test one model on, as `given_labels` reads them."""
    return given_labels(labels, "classes" if model.kind == "ordered" else model.kind, model.classes, n_rows)


def _of_sets(model: FittedModel, measured: Measured, labels: Labels, threads: int) -> SetOutcomes:
    # Only one label per row is read as an array.
    rows = cast(TargetRows, labels_for(model, labels, len(measured)))
    return set_outcomes(model, measured, rows, threads)


def _of_shares(model: FittedModel, measured: Measured, labels: Labels, threads: int) -> Outcomes:
    return outcomes(model, measured, labels_for(model, labels, len(measured)), threads)


_ANSWERS: Mapping[TargetKind, Callable[[FittedModel, Measured, Labels, int], Answers]] = {
    "classes": outcomes,
    "several": _of_sets,
    "soft": _of_shares,
    "ordered": outcomes,
}
_FIGURES: Mapping[type, Callable[[Any], LabelEvaluation]] = {
    Outcomes: evaluation_of,
    SetOutcomes: set_evaluation_of,
}
