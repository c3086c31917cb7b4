"""One way to test a model, whatever the kind of its targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from vikt.corpus.given_targets import form_of, given_targets, target_rows
from vikt.corpus.label_forms import Column
from vikt.corpus.targets import Labels, TargetRows
from vikt.errors import DataError
from vikt.evaluation.evaluation import evaluation_of
from vikt.evaluation.of_labels import LabelEvaluation
from vikt.evaluation.outcomes import Answers, Outcomes, check_some_rows, outcomes
from vikt.evaluation.several import SetOutcomes, set_evaluation_of, set_outcomes
from vikt.fitting.model import FittedModel, Inputs
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


def _of_sets(model: FittedModel, inputs: Inputs, labels: Labels, threads: int) -> SetOutcomes:
    given = given_targets(labels, "several", columns=model.classes)
    if isinstance(given.form, Column):
        raise DataError(
            "labels: this model answers several labels for each text, found one label for each; give a list of labels "
            "for each text, such as [['spam'], []], or a matrix of 0 and 1"
        )
    return set_outcomes(model, inputs, cast(TargetRows, given.read().targets), threads)


def _of_shares(model: FittedModel, inputs: Inputs, labels: Labels, threads: int) -> Outcomes:
    is_column = isinstance(form_of(labels, "auto", None), Column)
    return outcomes(model, inputs, labels if is_column else _read(labels, "soft", model), threads)


def _read(labels: Labels, kind: TargetKind, model: FittedModel) -> TargetRows:
    """Labels of a kind that is not one label per row; the columns of a matrix without names are those of the model."""
    # Only one label per row is read as an array.
    return cast(TargetRows, target_rows(labels, kind, columns=model.classes).targets)


_ANSWERS: Mapping[TargetKind, Callable[[FittedModel, Inputs, Labels, int], Answers]] = {
    "classes": outcomes,
    "several": _of_sets,
    "soft": _of_shares,
    "ordered": outcomes,
}
_FIGURES: Mapping[type, Callable[[Any], LabelEvaluation]] = {
    Outcomes: evaluation_of,
    SetOutcomes: set_evaluation_of,
}
