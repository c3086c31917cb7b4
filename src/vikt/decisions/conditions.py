"""Conditions and aims as they are typed: one grammar, one parser.

::

    condition = measure [relation number]
    measure   = name [ "(" class [ "->" class ] ")" ]
    relation  = ">=" | "<=" | ">" | "<" | "="
    number    = a decimal number, with "%" for hundredths, before which blanks may stand

Names are those of JSON, such as `accuracy` or `macro_f1`. A class stands as it is, or in quotes where it holds blanks,
brackets, quotes or an arrow; in quotes, a quote is doubled. Examples: `accuracy >= 0.9`, `recall('no answer') >= 90%`,
`cost(ham->spam) = 10`. `vikt.filtering.keep` joins conditions by `and`, `or` and `not`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vikt.decisions.tokens import QUOTING, Tokens, spelled

__all__ = ["QUOTING", "RELATIONS", "Condition", "Measure", "measure", "parsed"]

# What a condition can compare.
RELATIONS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True)
class Measure:
    """The name of a figure, and the classes that it is of. As a string, it is spelled as it is typed."""

    name: str
    classes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name + (f"({'->'.join(map(spelled, self.classes))})" if self.classes else "")


@dataclass(frozen=True)
class Condition:
    """A measure, and what it is to be: `relation` and `value` are None where nothing is said.

    As a string, it is spelled so that it can be typed.

    Examples
    --------
    >>> str(parsed("recall( 'no answer' )≥90%"))
    "recall('no answer') >= 0.9"
    """

    measure: Measure
    relation: str | None = None
    value: float | None = None

    def __str__(self) -> str:
        number = "" if self.value is None else f" {self.relation} {repr(self.value).removesuffix('.0')}"
        return str(self.measure) + number

    def holds(self, found: float) -> bool:
        """Whether a value meets the condition; nan does not."""
        return self.relation is not None and self.value is not None and RELATIONS[self.relation](found, self.value)


def parsed(text: str) -> Condition:
    """A condition or an aim.

    Raises
    ------
    UsageError
        It does not follow the grammar; the message says where, what was expected and what was found.

    Examples
    --------
    >>> parsed("cost(ham->spam) = 10")
    Condition(measure=Measure(name='cost', classes=('ham', 'spam')), relation='=', value=10.0)
    """
    tokens = Tokens(text)
    found = measure(tokens, "the name of a figure, such as accuracy")
    if tokens.at_end:
        return Condition(found)
    relation = tokens.take_mark((*RELATIONS, "="), f"after {str(found)!r:.60}")
    value = tokens.take_number()
    tokens.expect_end()
    return Condition(found, relation, value)


def measure(tokens: Tokens, expected: str) -> Measure:
    """The next tokens as a measure. Raises UsageError where they are none; `expected` is what its name names."""
    name = tokens.take("word", expected)
    if not tokens.accept_mark("("):
        return Measure(name)
    classes = [tokens.take_class()]
    if tokens.accept_mark("->"):
        classes.append(tokens.take_class())
    tokens.take_mark((")",), f"after {classes[-1]!r:.60} ({QUOTING})")
    return Measure(name, tuple(classes))
