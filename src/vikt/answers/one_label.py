"""The answers of a model that gives a text one label: a class, or an ordered level."""

from __future__ import annotations

from typing import Any

import numpy as np

from vikt.answers.columns import Answers, Column, objects
from vikt.answers.spelling import Spelling
from vikt.arrays import Floats, Ints, LabelArray
from vikt.decisions.decision import Answered
from vikt.errors import UsageError
from vikt.fitting.model import Inputs


class AnswersOfOne(Answers):
    """The `top` best classes of each document, by default one, the one that the model's decision chooses first.

    A class is empty where its probability is below `threshold`, and all are where the model gives no answer.
    """

    def predicted(self, documents: Inputs) -> LabelArray:
        """The labels of the `top` best classes of each document: (m, min(top, K)), or (m,) where top is None.

        With a threshold, or where the model may answer none, labels are objects, and None stands for a class whose
        probability is below the threshold, and for no answer.
        """
        if self.top is None and self.threshold is None:
            return self.model.predicted(documents, self.threads)
        answered = self.model.answered(documents, self.threads)
        best, _ = self._ranked(answered, np.exp(answered.log_probabilities))
        may_be_none = self.threshold is not None or self.model.decision.abstains
        labels = self.model.classes_or_none if may_be_none else self.model.classes
        return np.asarray(labels[best[:, 0] if self.top is None else best])

    def sets(self, documents: Inputs) -> list[list[Any]]:
        """The conformal set of labels of each document, the most probable first.

        Raises
        ------
        UsageError
            The model's decision makes no sets.
        """
        if not self._has_sets:
            raise UsageError("the model makes no sets of labels; train it again", coverage=0.95)
        labels = self.model.classes.tolist()
        return [[labels[k] for k in own] for own in self._sets(self.model.answered(documents, self.threads))]

    @property
    def _answer(self) -> list[Column]:
        ranks = ["", *(f"_{rank}" for rank in range(2, self._n_top + 1))]
        ranked = [
            column
            for rank in ranks
            for column in (Column("predicted" + rank, "label"), Column("probability" + rank, "probability"))
        ]
        return ranked + [Column("set", "set")] * self._has_sets

    def _rows(self, documents: Inputs, spelling: Spelling) -> tuple[list[LabelArray], Floats]:
        answered = self.model.answered(documents, self.threads)
        probabilities = np.exp(answered.log_probabilities)
        best, largest = self._ranked(answered, probabilities)
        labels = objects(spelling.labels)[best]
        values = [column for ranked in zip(labels.T, largest.T, strict=True) for column in ranked]
        if self._has_sets:
            values.append(objects([spelling.conformal_set(own) for own in self._sets(answered)]))
        return values, probabilities

    @property
    def _n_top(self) -> int:
        return min(self.top or 1, len(self.labels))

    @property
    def _has_sets(self) -> bool:
        return self.model.decision.set_threshold is not None

    def _ranked(self, answered: Answered, probabilities: Floats) -> tuple[Ints, Floats]:
        return ranked(answered, probabilities, self._n_top, self.threshold or 0.0)

    def _sets(self, answered: Answered) -> list[list[int]]:
        """The positions of the classes in the set of each row, the most probable first."""
        members = self.model.decision.sets(answered.log_probabilities)
        order = np.argsort(-answered.log_probabilities, axis=1, kind="stable")
        return [row[own[row]].tolist() for row, own in zip(order, members, strict=True)]


def ranked(answered: Answered, probabilities: Floats, top: int, threshold: float) -> tuple[Ints, Floats]:
    """The indices of the best classes of each row and their probabilities: (m, top) each.

    First stands the class that is chosen for the row, then the others, the most probable first; a tie goes to the first
    class. The index is K in a row that is not answered, and for a class whose probability is below the threshold.

    Examples
    --------
    >>> probabilities = np.array([[0.1, 0.7, 0.2]])
    >>> answered = Answered(np.log(probabilities), np.array([1]), np.array([True]))
    >>> [found.tolist() for found in ranked(answered, probabilities, 2, 0.5)]
    [[[1, 3]], [[0.7, 0.2]]]
    """
    ranks, rows = -probabilities, np.arange(len(probabilities))
    ranks[rows, answered.choices] = -np.inf
    best = np.argsort(ranks, axis=1, kind="stable")[:, :top]
    largest = probabilities[rows[:, None], best]
    is_given = answered.is_answered[:, None] & (largest >= threshold)
    return np.where(is_given, best, probabilities.shape[1]), largest
