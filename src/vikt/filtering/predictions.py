"""What a model says of some texts, as far as it is asked: nothing is worked out before that, or twice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vikt.arrays import Bools, Floats, Ints
from vikt.corpus.documents import Documents
from vikt.decisions.decision import NO_ANSWER, Answered
from vikt.fitting.model import AnsweredSets, FittedModel


@dataclass(frozen=True)
class Predictions:
    """Documents, m of them, and what a model of K labels says of them."""

    model: FittedModel
    documents: Documents

    @cached_property
    def log_probabilities(self) -> Floats:
        """log P(label | text): (m, K)."""
        return self._answers.log_probabilities

    @cached_property
    def answers(self) -> Bools:
        """Whether each label is answered: (m, K)."""
        if isinstance(self._answers, AnsweredSets):
            return self._answers.members
        return np.asarray(self.predicted[:, None] == np.arange(len(self.model.classes)))

    @cached_property
    def predicted(self) -> Ints:
        """The index of the label that is answered, NO_ANSWER where there is none; of a model of one label: (m,)."""
        return self._answered.predicted

    @cached_property
    def confidence(self) -> Floats:
        """P of the label that is answered, or of the most probable one where there is none: (m,)."""
        best = np.where(self.predicted == NO_ANSWER, self.log_probabilities.argmax(axis=1), self.predicted)
        return np.asarray(np.exp(np.take_along_axis(self.log_probabilities, best[:, None], axis=1)[:, 0]))

    @cached_property
    def lengths(self) -> Ints:
        """The number of characters of each text: (m,)."""
        return self.documents.strings().lengths

    def probability(self, k: int) -> Floats:
        """P of a label: (m,)."""
        return np.asarray(np.exp(self.log_probabilities[:, k]))

    @cached_property
    def _answers(self) -> Answered | AnsweredSets:
        return self.model.answered_sets(self.documents) if self.model.kind == "several" else self._answered

    @cached_property
    def _answered(self) -> Answered:
        return self.model.answered(self.documents)
