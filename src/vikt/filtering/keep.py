"""The condition on what is kept: a small language, of which nothing is ever run.

::

    condition  = and-part { "or" and-part }
    and-part   = not-part { "and" not-part }
    not-part   = "not" not-part | "(" condition ")" | comparison | class "in" "labels"
    comparison = quantity relation value
    quantity   = "P(" class ")" | "predicted" | "probability" | "length"
    relation   = ">=" | "<=" | ">" | "<" | "==" | "!="

Classes and numbers are written as in `vikt.decisions.conditions`. Examples: `P(spam) < 0.1`, `predicted == 'ham'`,
`P(math) >= 90% and not length < 200`, `'joy' in labels`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vikt.arrays import Bools, LabelArray
from vikt.corpus.columns import composed
from vikt.decisions.decision import NO_ANSWER
from vikt.decisions.tokens import Token, Tokens, spelled
from vikt.errors import ParameterError, UsageError
from vikt.filtering.condition import COMPARISONS, EQUALITIES, Compares, Condition, HasLabel, Joined, Not
from vikt.filtering.predictions import Predictions
from vikt.fitting.model import FittedModel
from vikt.model.classes import class_position
from vikt.names import KIND_NAMES, LABEL_NOUNS, TargetKind, suggestion
from vikt.tables import listed

_MOST_LISTED = 40
_DEEPEST = 50
_ONE_LABEL: tuple[TargetKind, ...] = ("classes", "soft", "ordered")


@dataclass(frozen=True)
class KeepCondition:
    """A condition on texts that is read for a model.

    Attributes
    ----------
    typed : str
        How it was typed.
    labels : tuple of int
        The positions of the labels that it names, each once.

    Examples
    --------
    >>> import vikt
    >>> model = vikt.TextClassifier(min_df=1, l2=0.1).fit(["good fun", "bad"], ["pos", "neg"]).model_
    >>> keep = KeepCondition.of("P(pos) > 0.5 and not predicted == neg", model)
    >>> keep.typed, keep.labels
    ('P(pos) > 0.5 and not predicted == neg', (1, 0))
    """

    typed: str
    condition: Condition

    @property
    def labels(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self.condition.labels))

    @classmethod
    def of(cls, typed: str, model: FittedModel) -> KeepCondition:
        """A condition as it is typed.

        Raises
        ------
        ParameterError
            It does not follow the grammar, or names what the model does not have; the message says where.
        """
        try:
            tokens = Tokens(typed)
            condition = _Parser(tokens, model.labels, model.kind).condition()
            tokens.expect_end("'and', 'or' or the end")
        except UsageError as error:
            raise ParameterError("keep", error.message) from None
        return cls(typed.strip(), condition)


class _Quantity(NamedTuple):
    """What a comparison can start with: which kinds of targets have it, and how the rest of the comparison is read."""

    kinds: Sequence[TargetKind]
    read: Callable[[_Parser], Condition]


class _Parser:
    """Reads a condition for a model of some labels."""

    def __init__(self, tokens: Tokens, labels: Sequence[str], kind: TargetKind) -> None:
        self.tokens, self.names, self.kind, self.depth = tokens, labels, kind, 0

    def condition(self) -> Condition:
        return self._joined("or", np.logical_or, lambda: self._joined("and", np.logical_and, self._negation))

    def _joined(self, word: str, join: Callable[..., Bools], part: Callable[[], Condition]) -> Condition:
        parts = [part()]
        while self.tokens.accept_word(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Joined(join, tuple(parts))

    def _negation(self) -> Condition:
        tokens = self.tokens
        self.depth += 1
        if self.depth > _DEEPEST:
            raise tokens.error(tokens.next, f"expected at most {_DEEPEST} conditions within one another")
        if tokens.accept_word("not"):
            found: Condition = Not(self._negation())
        elif tokens.accept_mark("("):
            found = self.condition()
            tokens.take_mark((")",), "after the condition that is in brackets")
        else:
            found = self._comparison()
        self.depth -= 1
        return found

    def _comparison(self) -> Condition:
        tokens = self.tokens
        name = tokens.next
        quantity = _QUANTITIES.get(name.text) if name.kind == "word" else None
        is_in = tokens.after.kind == "word" and tokens.after.text == "in"
        if name.kind == "quoted" or (is_in and (quantity is None or class_position(self.names, name.text) is not None)):
            return self._membership()
        if quantity is None:
            hint = suggestion(name.text, [*_QUANTITIES, "not"]) if name.kind == "word" else ""
            raise tokens.unexpected(
                f"P({self._noun.upper()}), {', '.join(list(_QUANTITIES)[1:])} or 'not', as in {self._example}", hint
            )
        if self.kind not in quantity.kinds:
            raise tokens.error(name, f"{name.text} {self._is_of(quantity.kinds)}; write 'LABEL' in labels")
        tokens.take("word", name.text)
        return quantity.read(self)

    def _membership(self) -> Condition:
        tokens, label = self.tokens, self.tokens.next
        k = self.label()
        if not tokens.accept_word("in"):
            raise tokens.unexpected(f"'in labels' after {label.text!r:.60}")
        if not tokens.is_word("labels"):
            raise tokens.unexpected("'labels' after 'in'")
        if self.kind != "several":
            raise tokens.error(tokens.next, f"labels {self._is_of(['several'])}; write predicted == {label.text}")
        tokens.take("word", "labels")
        return HasLabel(k)

    def probability_of_label(self) -> Condition:
        """The rest of P(class) < 0.1."""
        self.tokens.take_mark(("(",), "after P")
        k = self.label()
        self.tokens.take_mark((")",), f"after {self.names[k]!r:.60}")
        return self.compared(lambda predictions: predictions.probability(k), self.share, (k,))

    def label_predicted(self) -> Condition:
        """The rest of predicted == class; levels of an order may be above or below one."""
        relations = COMPARISONS if self.kind == "ordered" else EQUALITIES
        where = f"after 'predicted', as in predicted == {spelled(self.names[0])}"
        relation = self.tokens.take_mark(tuple(relations), where)
        k = self.label()
        return Compares(_answered, relation, k, (k,))

    def compared(
        self, of: Callable[[Predictions], LabelArray], read: Callable[[], float], labels: tuple[int, ...] = ()
    ) -> Condition:
        """The rest of a comparison with a number."""
        relation = self.tokens.take_mark(tuple(COMPARISONS), f"for a comparison, as in {self._example}")
        return Compares(of, relation, read(), labels)

    def share(self) -> float:
        """A probability."""
        token, value = self.tokens.next, self.tokens.take_number()
        if not 0 <= value <= 1:
            raise self.tokens.error(token, f"expected a probability from 0 to 1, found {value:g}; write 0.95 or 95%")
        return value

    def length(self) -> float:
        """A number of characters."""
        return self.tokens.take_number("200")

    def label(self) -> int:
        """The position of a label that the model has."""
        token = self.tokens.next
        name = self.tokens.take_class()
        k = class_position(self.names, name)
        if k is None:
            raise self._unknown(token, name)
        return k

    def _unknown(self, token: Token, name: str) -> UsageError:
        hint, known = suggestion(composed(name), self.names), listed(self.names, _MOST_LISTED)
        return self.tokens.error(token, f"the model has no {self._noun} {name!r:.60}{hint}; choose from {known}")

    def _is_of(self, kinds: Sequence[TargetKind]) -> str:
        needed = "several labels" if "several" in kinds else "one label per text"
        return f"needs a model with {needed}; this model gives {KIND_NAMES[self.kind]}"

    @property
    def _example(self) -> str:
        """A condition of this model."""
        return f"P({spelled(self.names[0])}) > 0.5"

    @property
    def _noun(self) -> str:
        return LABEL_NOUNS[self.kind]


def _answered(predictions: Predictions) -> LabelArray:
    """The position of the label of each text; where there is no answer NaN, which equals no label."""
    return np.where(predictions.predicted == NO_ANSWER, np.nan, predictions.predicted)


_QUANTITIES: Mapping[str, _Quantity] = {
    "P": _Quantity((*_ONE_LABEL, "several"), _Parser.probability_of_label),
    "predicted": _Quantity(_ONE_LABEL, _Parser.label_predicted),
    "probability": _Quantity(
        _ONE_LABEL, lambda parser: parser.compared(lambda predictions: predictions.confidence, parser.share)
    ),
    "length": _Quantity(
        (*_ONE_LABEL, "several"),
        lambda parser: parser.compared(lambda predictions: predictions.lengths, parser.length),
    ),
}
