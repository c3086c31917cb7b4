"""Rows that a model has not learnt from, by which a decision is made, and what is estimated on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from vikt.arrays import Bools, Floats, Ints
from vikt.decisions.decision import NO_ANSWER
from vikt.decisions.rules import Rule
from vikt.errors import ParameterError
from vikt.model.classes import class_position
from vikt.model.functions import log_softmax
from vikt.names import suggestion
from vikt.tables import plural, quoted


@dataclass(frozen=True)
class HeldOut:
    """Held-out rows, and what the plain model says of them. Each counts once, whatever its weight.

    Attributes
    ----------
    classes : tuple of str, (K,)
        The classes of the model.
    log_probabilities : ndarray, (m, K)
        log P(class | text).
    y : ndarray of int, (m,)
        The index of the real class; NO_CLASS for a label that the model does not have.
    is_known : ndarray of bool, (m,)
        Whether the text has a feature that the model knows; others are not answered.
    """

    classes: tuple[str, ...]
    log_probabilities: Floats
    y: Ints
    is_known: Bools

    def __len__(self) -> int:
        return len(self.y)

    @property
    def probabilities(self) -> Floats:
        """P(class | text): (m, K)."""
        return np.exp(self.log_probabilities)

    def n_of(self, names: tuple[str, ...]) -> dict[str, int]:
        """The rows of these classes."""
        places = {name: position(self.classes, name) for name in names}
        return {self.classes[k]: int(np.count_nonzero(self.y == k)) for k in places.values()}

    def at_temperature(self, temperature: float) -> Self:
        """The same rows, their scores divided by a temperature."""
        if temperature == 1:
            return self
        return replace(self, log_probabilities=log_softmax(self.log_probabilities / temperature))

    def predicted(self, rule: Rule) -> Ints:
        """The class that a rule answers for each row, NO_ANSWER where no feature is known: (m,)."""
        return np.where(self.is_known, rule.choices(self.log_probabilities), NO_ANSWER)


def position(classes: tuple[str, ...], name: str, what: str = "class") -> int:
    """The index of a class, or of a label, however its accents are typed.

    Raises
    ------
    ParameterError
        There is none of this name.
    """
    k = class_position(classes, name)
    if k is None:
        hint = suggestion(name, classes)
        raise ParameterError("aim", f"there is no {what} {name!r:.60}{hint}; the {plural(what)} are {quoted(classes)}")
    return k
