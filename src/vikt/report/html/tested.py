"""A model and what it answered to labelled documents: what the sections of a report are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vikt.arrays import Floats, Ints
from vikt.corpus.targets import Labels
from vikt.evaluation.evaluation import Evaluation
from vikt.evaluation.of_kinds import answers_of, figures_of
from vikt.evaluation.of_labels import LabelEvaluation
from vikt.evaluation.outcomes import NO_ANSWER, Answers, Outcomes
from vikt.evaluation.requirements import Requirement
from vikt.evaluation.several import SetEvaluation, SetOutcomes
from vikt.evaluation.slices import NO_COLUMNS, Slicing, Values, slices_of
from vikt.features.measured import Measured
from vikt.fitting.model import FittedModel, Inputs
from vikt.fitting.record import FitRecord
from vikt.names import TargetKind
from vikt.tables import index_place


@dataclass(frozen=True)
class Tested:
    """Labelled documents, what a model answered to them, and the figures of its answers.

    Attributes
    ----------
    name : str
        What the documents are, such as "a tenth of the rows, held out".
    place : callable
        The place of document i in the data.
    slices : tuple of Slicing
        The figures by slice of each column that was asked for.
    requirements : tuple of Requirement
        The conditions on the figures, and whether they are met.
    notes : tuple of str
        Why the figures may be too optimistic.
    """

    model: FittedModel
    record: FitRecord
    documents: Measured
    outcomes: Answers
    evaluation: LabelEvaluation
    name: str
    place: Callable[[int], str]
    slices: tuple[Slicing, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> TargetKind:
        """What the documents are labelled with."""
        return self.model.kind

    @classmethod
    def of(
        cls,
        model: FittedModel,
        record: FitRecord,
        inputs: Inputs,
        labels: Labels,
        *,
        name: str = "the rows given",
        place: Callable[[int], str] = index_place,
        by: Mapping[str, Values] = NO_COLUMNS,
        threads: int = 1,
    ) -> Tested:
        """Test a model on labelled texts, and by slice of these columns.

        Raises DataError where there are no texts, or not one label for each.
        """
        documents = model.measured(inputs)
        found = answers_of(model, documents, labels, threads)
        return _TESTED[type(found)](
            model, record, documents, found, figures_of(found), name, place, slices_of(found, by)
        )


@dataclass(frozen=True)
class TestedClasses(Tested):
    """Documents of one label each, and what a model answered to them."""

    outcomes: Outcomes
    evaluation: Evaluation

    @property
    def kind(self) -> TargetKind:
        return self.outcomes.kind

    @cached_property
    def confidence(self) -> Floats:
        """P(answer) of each row; 0 where there is none."""
        answers = self.outcomes.predicted
        own = self.outcomes.log_probabilities[np.arange(len(answers)), answers]
        return np.where(answers == NO_ANSWER, 0.0, np.exp(own))

    @cached_property
    def mistakes(self) -> Ints:
        """The rows answered with another label than theirs, the most confident first."""
        wrong = np.flatnonzero(self.outcomes.is_wrong)
        return wrong[np.argsort(-self.confidence[wrong], kind="stable")]

    def answer(self, row: int) -> str:
        """The label answered to a row."""
        return self.outcomes.classes[int(self.outcomes.predicted[row])]


@dataclass(frozen=True)
class TestedSets(Tested):
    """Documents of several labels each, and what a model answered to them."""

    outcomes: SetOutcomes
    evaluation: SetEvaluation


_TESTED: Mapping[type, type[Tested]] = {Outcomes: TestedClasses, SetOutcomes: TestedSets}
