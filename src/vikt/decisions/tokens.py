"""What is typed as a condition, in tokens: words, quoted names, and marks such as `>=`."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from vikt.errors import UsageError
from vikt.tables import cut

_SAME = {"≥": ">=", "≤": "<=", "==": "=", "→": "->", "≠": "!="}
_TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*")
    |(?P<mark>->|→|>=|<=|==|!=|≥|≤|≠|[()=<>])
    |(?P<word>(?:(?!->|!=)[^\s()'"<>=≥≤≠→])+)""",
    re.VERBOSE,
)
QUOTING = "write a class that contains blanks, brackets, quotes or -> in quotes"
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+|%)?")
_BARE = re.compile(r"(?:(?!->|!=)[^\s()'\"<>=≥≤≠→])+")


@dataclass(frozen=True)
class Token:
    """A piece of what is typed, its kind ("word", "quoted", "mark" or "end"), and where it starts."""

    kind: str
    text: str
    start: int


class Tokens:
    """The tokens of a text, taken from left to right.

    Raises
    ------
    UsageError
        A quote is never closed; and from each `take`, where the next token is not what is expected. The message says
        where, what was expected and what was found.

    Examples
    --------
    >>> tokens = Tokens("P('a b') < 10%")
    >>> tokens.take("word", "a name"), tokens.take_mark(("(",), "after P"), tokens.take_class()
    ('P', '(', 'a b')
    """

    def __init__(self, text: str) -> None:
        self.text, self._i = text, 0
        self._tokens = self._split()

    @property
    def next(self) -> Token:
        """The next token."""
        return self._tokens[self._i]

    @property
    def after(self) -> Token:
        """The token after the next; the end where there is none."""
        return self._tokens[min(self._i + 1, len(self._tokens) - 1)]

    @property
    def at_end(self) -> bool:
        """Whether all tokens are taken."""
        return self.next.kind == "end"

    def is_mark(self, mark: str) -> bool:
        """Whether the next token is a mark, however it is spelled."""
        return self.next.kind == "mark" and _SAME.get(self.next.text, self.next.text) == mark

    def is_word(self, word: str) -> bool:
        """Whether the next token is a word."""
        return self.next.kind == "word" and self.next.text == word

    def accept_mark(self, mark: str) -> bool:
        """Take the next token if it is a mark, however it is spelled."""
        found = self.is_mark(mark)
        self._i += found
        return found

    def accept_word(self, word: str) -> bool:
        """Take the next token if it is a word."""
        found = self.is_word(word)
        self._i += found
        return found

    def take(self, kind: str, expected: str) -> str:
        """The text of the next token, which is to be of a kind."""
        token = self.next
        if token.kind != kind:
            raise self.unexpected(expected)
        self._i += 1
        return token.text

    def take_mark(self, marks: Sequence[str], where: str) -> str:
        """One of some marks, as it is usually spelled."""
        found = next((mark for mark in marks if self.is_mark(mark)), None)
        if found is None:
            named = f"one of {' '.join(marks)}" if len(marks) > 1 else repr(marks[0])
            raise self.unexpected(f"{named} {where}")
        self._i += 1
        return found

    def take_class(self) -> str:
        """The name of a class, without its quotes."""
        if self.next.kind != "quoted":
            return self.take("word", "the name of a class")
        quoted = self.take("quoted", "")
        return quoted[1:-1].replace(2 * quoted[0], quoted[0])

    def take_number(self, example: str = "0.9 or 90%") -> float:
        """A finite number; % makes hundredths. The example is for the message where there is none."""
        has_sign = self.after.text == "%"
        spelled = self.next.text + "%" * has_sign
        if self.next.kind != "word" or not _NUMBER.fullmatch(spelled):
            raise self.unexpected(f"a number, such as {example}")
        value = float(spelled.replace("%", "e-2"))
        if math.isinf(value):
            raise self.unexpected("a finite number")
        self._i += 1 + has_sign
        return value

    def expect_end(self, expected: str = "the end") -> None:
        """Refuse tokens that are left."""
        if not self.at_end:
            raise self.unexpected(expected)

    def unexpected(self, expected: str, hint: str = "") -> UsageError:
        """The error for a next token that is not what is expected."""
        found = "the end" if self.at_end else f"{self.next.text!r:.60}"
        return self.error(self.next, f"expected {expected}, found {found}{hint}")

    def error(self, token: Token, problem: str) -> UsageError:
        """The error for a problem with a token."""
        return self._error(token.start, problem)

    def _error(self, start: int, problem: str) -> UsageError:
        return UsageError(f"{cut(self.text, 100)!r}, character {start + 1}: {problem}")

    def _split(self) -> list[Token]:
        tokens, start = list[Token](), 0
        while start < len(self.text):
            found = _TOKEN.match(self.text, start)
            if found is None:
                raise self._error(start, f"the quote {self.text[start]} is never closed ({QUOTING})")
            if found.lastgroup != "blank":
                tokens.append(Token(str(found.lastgroup), found[0], start))
            start = found.end()
        return [*tokens, Token("end", "", len(self.text))]


def spelled(name: str) -> str:
    """The name of a class as it is typed: in quotes where it must be."""
    return name if _BARE.fullmatch(name) else "'" + name.replace("'", "''") + "'"
