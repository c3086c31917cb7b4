"""The answers of a model that gives a text several labels, or none."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from vikt.answers.columns import Answers, Column, objects
from vikt.answers.spelling import Spelling
from vikt.arrays import Bools, Floats, Ints, LabelArray
from vikt.fitting.model import Inputs


class _Ranked(NamedTuple):
    """The labels of each document by probability: their order, which of these stand in the answer; (m, K) each."""

    order: Ints
    is_given: Bools
    probabilities: Floats

    def positions(self) -> list[list[int]]:
        """The positions of the labels that are given to each document, the most probable first."""
        return _by_row(self.order, self.is_given)

    def numbers(self) -> list[list[float]]:
        """Their probabilities."""
        return _by_row(np.take_along_axis(self.probabilities, self.order, axis=1), self.is_given)


class AnswersOfSeveral(Answers):
    """The labels of each document whose probabilities are at least their thresholds, the most probable first.

    `threshold` is that of all labels in place of the model's. With `top`, the answer is the `top` most probable labels,
    whatever the model's thresholds. Of equally probable labels the first in order comes first.
    """

    def predicted(self, documents: Inputs) -> LabelArray:
        """Whether each label is given to each document, 0 or 1, (m, K); with `top`, the labels, (m, min(top, K)).

        With `top` and a threshold, labels are objects, and None stands for one whose probability is below it.
        """
        found = self._ranked(documents)
        if self.top is None:
            members = np.zeros(found.order.shape, dtype=np.int64)
            np.put_along_axis(members, found.order, found.is_given.astype(np.int64), axis=1)
            return members
        order, classes = found.order[:, : self.top], self.model.classes
        if self.threshold is None:
            return np.asarray(classes[order])
        return np.asarray(self.model.classes_or_none[np.where(found.is_given[:, : self.top], order, len(classes))])

    def sets(self, documents: Inputs) -> list[list[Any]]:
        """The labels that are given to each document."""
        labels = self.model.classes.tolist()
        return [[labels[k] for k in own] for own in self._ranked(documents).positions()]

    @property
    def _answer(self) -> list[Column]:
        return [Column("predicted", "labels"), Column("probability", "probabilities")]

    def _rows(self, documents: Inputs, spelling: Spelling) -> tuple[list[LabelArray], Floats]:
        found = self._ranked(documents)
        given = objects([spelling.members(own) for own in found.positions()])
        return [given, objects([spelling.numbers(own) for own in found.numbers()])], found.probabilities

    def _ranked(self, documents: Inputs) -> _Ranked:
        log_probabilities, members = self.model.answered_sets(documents, self.threads)
        probabilities = np.exp(log_probabilities)
        if self.top is not None or self.threshold is not None:
            members = probabilities >= (self.threshold or 0.0)
        order = np.argsort(-log_probabilities, axis=1, kind="stable")
        is_given = np.take_along_axis(members, order, axis=1)
        if self.top is not None:
            is_given[:, self.top :] = False
        return _Ranked(order, is_given, probabilities)


def _by_row(values: LabelArray, is_given: Bools) -> list[list[Any]]:
    """Some values of each row of (m, K), as lists."""
    ends = np.cumsum(np.count_nonzero(is_given, axis=1)).tolist()
    flat = values[is_given].tolist()
    return [flat[start:end] for start, end in zip([0, *ends], ends, strict=False)]
