"""The decision of a model: which class it answers, given what its scores say, or that it answers none.

A plain model answers the most probable class. A decision learnt from held-out rows may instead answer a class from
some probability on, weigh one mistake against another, or answer only where it is confident. It is a value, part of
the model, and the one definition of "the class that is answered" for every command and method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from vikt.arrays import Bools, Classes, Floats, Ints
from vikt.decisions.rules import MostProbable, Rule, rule_from_json
from vikt.mappings import ReadJson
from vikt.model.loss import Loss
from vikt.names import number

NO_ANSWER = -1
# The index of a label that the model does not have; it differs from NO_ANSWER, which is therefore never right.
NO_CLASS = -2
# Scores divided by less could leave the range of floats.
LEAST_TEMPERATURE = 1e-3


class Answered(NamedTuple):
    """What a model says of some rows, and what it answers.

    Attributes
    ----------
    log_probabilities : ndarray, (m, K)
        log P(class | text).
    choices : ndarray of int, (m,)
        The index of the class that stands first, whether or not it is answered.
    is_answered : ndarray of bool, (m,)
    """

    log_probabilities: Floats
    choices: Classes
    is_answered: Bools

    @property
    def predicted(self) -> Ints:
        """The index of the class that is answered, NO_ANSWER where there is none: (m,)."""
        return np.where(self.is_answered, self.choices, NO_ANSWER)


@dataclass(frozen=True)
class Decision:
    """From scores to answers.

    Attributes
    ----------
    rule : Rule
        Which class stands first; of several labels, which are answered.
    temperature : float
        T: probabilities are those of the scores divided by T.
    confidence : float
        A class is answered only if its probability is above this; 0 means always.
    set_threshold : float or None
        A set of labels holds the classes whose probability is at least this; None where there are no sets.
    answers_unknown : bool
        Whether a text without any known feature is answered.

    Examples
    --------
    >>> decision = Decision(confidence=0.6)
    >>> decision.answered(np.log([[0.3, 0.7], [0.5, 0.5]]), np.array([True, True])).predicted.tolist()
    [1, -1]
    """

    rule: Rule = field(default_factory=MostProbable)
    temperature: float = 1.0
    confidence: float = 0.0
    set_threshold: float | None = None
    answers_unknown: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether the most probable class is always answered, and its probability is that of the scores."""
        return self == PLAIN

    @property
    def answers_most_probable(self) -> bool:
        """Whether the most probable class is always answered, whatever the temperature, and no set of labels."""
        return replace(self, temperature=1.0).is_plain

    @property
    def abstains(self) -> bool:
        """Whether there are texts that are not answered."""
        return self.confidence > 0 or not self.answers_unknown

    def log_probabilities(self, loss: Loss, scores: Floats) -> Floats:
        """log P(class | text) of scores: (m, K)."""
        return loss.log_probabilities(scores if self.temperature == 1 else scores / self.temperature)

    def answered(self, log_probabilities: Floats, is_known: Bools) -> Answered:
        """What is answered: (m, K) log-probabilities, and whether each text has a known feature, (m,)."""
        choices = self.rule.choices(log_probabilities)
        is_answered = is_known | self.answers_unknown
        if self.confidence > 0:
            is_answered &= np.exp(log_probabilities[np.arange(len(choices)), choices]) > self.confidence
        return Answered(log_probabilities, choices, np.asarray(is_answered))

    def sets(self, log_probabilities: Floats) -> Bools:
        """The set of labels of each row, which always holds the class that stands first: (m, K)."""
        least = 0.0 if self.set_threshold is None else self.set_threshold
        members = np.exp(log_probabilities) >= least
        np.put_along_axis(members, self.rule.choices(log_probabilities)[:, None], True, axis=1)
        return np.asarray(members)

    def to_json(self, labels: Sequence[str]) -> dict[str, object]:
        """The decision by the names of the classes."""
        return {
            "rule": self.rule.to_json(labels),
            "temperature": self.temperature,
            "confidence": self.confidence,
            "set_threshold": self.set_threshold,
            "answers_unknown": self.answers_unknown,
        }

    @classmethod
    def from_json(cls, kept: ReadJson, labels: Sequence[str]) -> Decision:
        """The inverse of `to_json`. Raises ValueError, KeyError or TypeError where it is none."""
        temperature, confidence = number(kept["temperature"]), number(kept["confidence"])
        least = None if kept["set_threshold"] is None else number(kept["set_threshold"])
        if not LEAST_TEMPERATURE <= temperature <= 1 / LEAST_TEMPERATURE:
            raise ValueError(f"a temperature of {temperature}")
        for share in (confidence, 0.0 if least is None else least):
            if not 0 <= share <= 1:
                raise ValueError(f"a probability of {share}")
        if not isinstance(kept["answers_unknown"], bool):
            raise TypeError("no truth value")
        rule = rule_from_json(kept["rule"], labels)
        return cls(rule, temperature, confidence, least, kept["answers_unknown"])


PLAIN = Decision()
