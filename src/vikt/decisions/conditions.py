"""Conditions and aims as they are typed: one grammar, one parser.

::

    condition = measure [relation number]
    measure   = name [ "(" class [ "->" class ] ")" ]
    relation  = ">=" | "<=" | ">" | "<" | "="
    number    = a decimal number, with "%" for hundredths, before which blanks may stand

Names are those of JSON, such as `accuracy` or `macro_f1`. A class stands as it is, or in quotes where it holds blanks,
brackets, quotes or an arrow; in quotes, a quote is doubled. Examples: `accuracy >= 0.9`, `recall('no answer') >= 90%`,
`cost(ham->spam) = 10`.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vikt.errors import UsageError
from vikt.tables import cut

# What a condition can compare.
RELATIONS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_SAME = {"≥": ">=", "≤": "<=", "==": "=", "→": "->"}
_TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*")
    |(?P<mark>->|→|>=|<=|==|≥|≤|[()=<>])
    |(?P<word>(?:(?!->)[^\s()'"<>=≥≤→])+)""",
    re.VERBOSE,
)
QUOTING = "a class that holds blanks, brackets, quotes or -> stands in quotes"
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+|%)?")
_BARE = re.compile(r"(?:(?!->)[^\s()'\"<>=≥≤→])+")


@dataclass(frozen=True)
class Measure:
    """The name of a figure, and the classes that it is of. As a string, it is spelled as it is typed."""

    name: str
    classes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name + (f"({'->'.join(map(_spelled, self.classes))})" if self.classes else "")


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


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int


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
    return _Parser(text).condition()


class _Parser:
    """Reads a condition from left to right; `i` is the number of the next token."""

    def __init__(self, text: str) -> None:
        self.text, self.i = text, 0
        self.tokens = list(self._split())

    def condition(self) -> Condition:
        measure = self._measure()
        if self._next.kind == "end":
            return Condition(measure)
        relation = _SAME.get(self._next.text, self._next.text)
        if self._next.kind != "mark" or relation not in (*RELATIONS, "="):
            raise self._unexpected(f"one of {' '.join(RELATIONS)} = after {str(measure)!r:.60}")
        self.i += 1
        value = self._number()
        if self._next.kind != "end":
            raise self._unexpected("the end")
        return Condition(measure, relation, value)

    def _measure(self) -> Measure:
        name = self._taken("word", "the name of a figure, such as accuracy")
        if not self._is_mark("("):
            return Measure(name)
        self.i += 1
        classes = [self._class()]
        if self._is_mark("->"):
            self.i += 1
            classes.append(self._class())
        if not self._is_mark(")"):
            raise self._unexpected(f"')' after {classes[-1]!r:.60} ({QUOTING})")
        self.i += 1
        return Measure(name, tuple(classes))

    def _class(self) -> str:
        if self._next.kind != "quoted":
            return self._taken("word", "the name of a class")
        quoted = self._taken("quoted", "")
        return quoted[1:-1].replace(2 * quoted[0], quoted[0])

    def _number(self) -> float:
        has_sign = [token.text for token in self.tokens[self.i + 1 : self.i + 2]] == ["%"]
        spelled = self._next.text + "%" * has_sign
        if self._next.kind != "word" or not _NUMBER.fullmatch(spelled):
            raise self._unexpected("a number, such as 0.9 or 90%")
        value = float(spelled.replace("%", "e-2"))
        if math.isinf(value):
            raise self._unexpected("a finite number")
        self.i += 1 + has_sign
        return value

    @property
    def _next(self) -> _Token:
        return self.tokens[self.i]

    def _is_mark(self, mark: str) -> bool:
        return self._next.kind == "mark" and _SAME.get(self._next.text, self._next.text) == mark

    def _taken(self, kind: str, expected: str) -> str:
        token = self._next
        if token.kind != kind:
            raise self._unexpected(expected)
        self.i += 1
        return token.text

    def _unexpected(self, expected: str) -> UsageError:
        token = self._next
        found = "the end" if token.kind == "end" else f"{token.text!r:.60}"
        return self._error(token.start, f"expected {expected}, found {found}")

    def _error(self, start: int, problem: str) -> UsageError:
        return UsageError(f"{cut(self.text, 100)!r}, character {start + 1}: {problem}")

    def _split(self) -> list[_Token]:
        tokens, start = list[_Token](), 0
        while start < len(self.text):
            found = _TOKEN.match(self.text, start)
            if found is None:
                raise self._error(start, f"the quote {self.text[start]} is never closed ({QUOTING})")
            if found.lastgroup != "blank":
                tokens.append(_Token(str(found.lastgroup), found[0], start))
            start = found.end()
        return [*tokens, _Token("end", "", len(self.text))]


def _spelled(name: str) -> str:
    return name if _BARE.fullmatch(name) else "'" + name.replace("'", "''") + "'"
