"""What a model answered to labelled rows: the value that every figure is computed from."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vikt.arrays import Bools, Floats, Ints
from vikt.corpus.targets import Labels
from vikt.decisions.decision import NO_ANSWER as NO_ANSWER
from vikt.decisions.decision import NO_CLASS as NO_CLASS
from vikt.fitting.model import FittedModel, Inputs
from vikt.model.classes import check_one_label_a_row


@dataclass(frozen=True)
class Outcomes:
    """The real label of each row, and what the model says of it.

    Attributes
    ----------
    labels : list of str, (m,)
        The real labels; one that is a class of the model is spelled as that class is.
    classes : list of str, (K,)
        The classes of the model.
    log_probabilities : ndarray, (m, K)
        log P(class | text).
    predicted : ndarray of int, (m,)
        The index of the class that is answered; NO_ANSWER where there is none.
    sets : ndarray of bool, (m, K), or None
        Which classes are in the set of labels, where the model makes sets.
    """

    labels: list[str]
    classes: list[str]
    log_probabilities: Floats
    predicted: Ints
    sets: Bools | None = None

    @cached_property
    def real(self) -> Ints:
        """The index of the class that is the real label; NO_CLASS where there is none: (m,)."""
        place_of = {name: place for place, name in enumerate(self.classes)}
        return np.array([place_of.get(label, NO_CLASS) for label in self.labels], dtype=np.int64)

    @property
    def is_right(self) -> Bools:
        """Whether the class that is answered is the real label: (m,)."""
        return np.asarray(self.real == self.predicted)

    @property
    def is_wrong(self) -> Bools:
        """Whether another class than the real label is answered: (m,)."""
        return np.asarray(~self.is_right & (self.predicted != NO_ANSWER))

    @property
    def unseen(self) -> dict[str, int]:
        """The labels that training did not have, sorted, and their rows."""
        known = set(self.classes)
        return dict(sorted(Counter(label for label in self.labels if label not in known).items()))

    @property
    def losses(self) -> Floats:
        """-log P(label), nan where the label is no class: (m,)."""
        own = self.log_probabilities[np.arange(len(self.real)), self.real]
        # Plus zero: -log 1 is 0, not -0.
        return np.where(self.real == NO_CLASS, math.nan, 0.0 - own)


def outcomes(model: FittedModel, inputs: Inputs, labels: Labels, threads: int = 1) -> Outcomes:
    """The answers of a model to labelled texts; labels are compared as `FittedModel.spelled` has them."""
    names, answered = model.spelled(labels), model.answered(inputs, threads)
    check_one_label_a_row(names, len(answered.choices))
    sets = None if model.decision.set_threshold is None else model.decision.sets(answered.log_probabilities)
    return Outcomes(names, model.labels, answered.log_probabilities, answered.predicted, sets)
