"""JSON values as strings, as they were written."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NoReturn

from vikt.corpus.columns import composed, doubled_column
from vikt.corpus.read_stream import check_length
from vikt.errors import DataError

# A column with more spellings of numbers than this does not hold labels, and remembering more would cost memory.
_MANY_SPELLINGS = 100_000
# Deeper values are refused, since Python writes them by recursion.
_DEEPEST = 100
# Characters of an array that are held while its objects are shorter.
_LEAST_HELD = 1 << 20
# Characters of what is wrong that a message shows.
_SHOWN = 60
_ON_LINES = "write one object per line, or name an array of objects .json"
_BLANK = " \t\r\n"
_LITERAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false")


class Number(str):
    """A number as the file spells it: 1.0 stays 1.0, and no digit is lost."""

    __slots__ = ()


def parse_object(line: str, where: str, advice: str = _ON_LINES) -> dict[str, object]:
    """One line of JSONL, or an object of an array; what is not one is refused with advice.

    Raises
    ------
    DataError
        The line is not one JSON object.
    ColumnError
        The object has a name twice.
    """
    try:
        value = DECODER.decode(line.rstrip(_BLANK))
    except _DoubledNameError as error:
        raise doubled_column(error.name, error.n, where) from None
    except (ValueError, RecursionError) as error:
        reason: object = error
        if isinstance(error, json.JSONDecodeError):
            # Some of Python's sentences end as the place begins.
            reason = f"{error.msg.removesuffix(' at')} at character {error.pos + 1}"
        raise DataError(
            f"{where}: expected a JSON object, found {line.strip()!r:.60} ({reason}); correct the line"
        ) from None
    if not isinstance(value, dict):
        raise DataError(f"{where}: expected a JSON object, found {line.strip()!r:.60}; {advice}")
    if line.count("[") + line.count("{") > _DEEPEST and _depth(value) > _DEEPEST:
        raise DataError(f"{where}: expected values at most {_DEEPEST} deep, found a deeper one; flatten it")
    return value


def parse_array(pieces: Iterable[str], where: str) -> Iterator[dict[str, object]]:
    """The objects of an array, whose text comes in pieces; of it, no more is held than an object needs.

    Raises
    ------
    DataError
        It is not one array of objects.
    ColumnError
        An object has a name twice.
    InputFileError
        An object is too long.

    Examples
    --------
    >>> list(parse_array(['[{"text": "a"}, {"te', 'xt": "b"}]'], "a.json"))
    [{'text': 'a'}, {'text': 'b'}]
    """
    text = _Unparsed(pieces)
    text.mark()
    row, mark = 0, "," if text.peek() != "]" else text.mark()
    while mark == ",":
        row += 1
        of_row = f"{where}, row {row}"
        yield parse_object(text.value(of_row), of_row, "write an object for each row")
        mark = text.mark()
    rest = text.rest() if mark == "]" else mark or "the end"
    if rest:
        raise DataError(
            f"{where}: expected one array of objects, found {rest!r:.{_SHOWN}} after row {row}; correct the file"
        )


class _Unparsed:
    """A text that comes in pieces, of which what is not parsed yet is held."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces, self._held, self._place = iter(pieces), "", 0

    def peek(self) -> str:
        """The next character that is not blank; none at the end."""
        while True:
            self._place = _BLANKS.match(self._held, self._place).end()  # type: ignore[union-attr]
            if self._place < len(self._held) or not self._hold_more():
                return self._held[self._place : self._place + 1]

    def mark(self) -> str:
        """The same, and go past it."""
        mark = self.peek()
        self._place += len(mark)
        return mark

    def value(self, where: str) -> str:
        """The next value, or what is held where it is none. Raises InputFileError where it is too long."""
        self.peek()
        while True:
            end, is_wrong = len(self._held), False
            try:
                end = _SCANNER.raw_decode(self._held, self._place)[1]
            except (ValueError, RecursionError) as error:
                is_wrong = _is_wrong_before(end - _SHOWN, error)  # parsing says what is wrong
            if end == len(self._held):
                check_length(end - self._place, where)
            if is_wrong or end < len(self._held) or not self._hold_more():
                value, self._place = self._held[self._place : end], end
                return value

    def rest(self) -> str:
        """The start of what is left, but for blanks."""
        self.peek()
        while len(self._held) - self._place < _SHOWN and self._hold_more():
            pass
        return self._held[self._place :]

    def _hold_more(self) -> bool:
        """Hold at least twice as much as is not parsed yet, as far as there is more."""
        held = [self._held[self._place :]]
        n, wanted = len(held[0]), max(2 * len(held[0]), _LEAST_HELD)
        while n < wanted and (piece := next(self._pieces, "")):
            held.append(piece)
            n += len(piece)
        self._held, self._place = "".join(held), 0
        return len(held) > 1


def _is_wrong_before(place: int, error: Exception) -> bool:
    """Whether an error is one whatever follows: a string may still end, and other tokens are short."""
    if isinstance(error, json.JSONDecodeError):
        return error.pos < place and not error.msg.startswith("Unterminated string")
    return False


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level:
        level = [item for held in level for item in _items(held)]
        depth += 1
    return depth


def _items(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


class _DoubledNameError(Exception):
    """A name that an object has n times."""

    def __init__(self, name: str, n: int) -> None:
        super().__init__(name)
        self.name, self.n = name, n


def _unique_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise _DoubledNameError(*Counter(name for name, _ in pairs).most_common(1)[0])
    return row


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


# Numbers as they are spelled; an object has no name twice.
DECODER = json.JSONDecoder(
    parse_int=Number, parse_float=Number, parse_constant=_no_json, object_pairs_hook=_unique_object
)

# Finds where an object ends; Python refuses to read whole numbers of thousands of digits.
_SCANNER = json.JSONDecoder(parse_int=str, parse_float=str)
_BLANKS = re.compile(r"[ \t\r\n]*")


def spell(value: object) -> str:
    """A value in JSON; numbers that are not finite become null.

    Examples
    --------
    >>> spell({"a": [Number("1.0"), "b", None, True]})
    '{"a": [1.0, "b", null, true]}'
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{spell(name)}: {spell(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(spell, value)) + "]"
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "null"
    return json.dumps(value, ensure_ascii=False, default=str)


def field_of(spelled: str | None, path: Sequence[str]) -> object:
    """The value of a field within fields of a value as `spell` wrote it; None where there is none.

    The names of the path are composed, and fit those of the fields in any form of Unicode.

    Examples
    --------
    >>> field_of('{"doc": {"n": 1.0}}', ["doc", "n"])
    '1.0'
    """
    value: object = None if spelled is None or spelled[:1] != "{" else DECODER.decode(spelled)
    for name in path:
        fields = value if isinstance(value, dict) else {}
        value = next((item for field, item in fields.items() if composed(field) == name), None)
    return value


class JsonColumn:
    """The values of one name as strings, and the reason why they cannot be texts or labels.

    Attributes
    ----------
    is_nested : bool
        Whether a value is an object or a list.
    braced : set of int
        The rows of strings that start with a brace or a bracket, as objects and lists do.
    spellings : dict
        For strings that print like a value of another type, and such values: whether it is a string, and its first row.
    problem : str or None
        Where the first nested value is, or the first two values that differ and print alike, such as 1 and "1".

    Examples
    --------
    >>> column = JsonColumn("label", "a.jsonl")
    >>> column.strings([Number("1"), "ham", None], first_row=1)
    ['1', 'ham', None]
    >>> column.problem is None
    True
    """

    def __init__(self, name: str, origin: str) -> None:
        self.name = name
        self.origin = origin
        self.problem: str | None = None
        self.is_nested = False
        self.braced: set[int] = set()
        self.spellings: dict[str, tuple[bool, int]] = {}

    def strings(self, values: Iterable[object], first_row: int) -> list[str | None]:
        """The values as strings, null as None."""
        return [self._string(value, row) for row, value in enumerate(values, first_row)]

    def is_quoted(self, string: str) -> bool | None:
        """Whether a value that reads like a number or a truth value is a string; None where there is no such value."""
        found = self.spellings.get(string)
        return None if found is None else found[0]

    def _string(self, value: object, row: int) -> str | None:
        if value is None:
            return None
        if isinstance(value, (dict, list)):
            self.is_nested = True
            field = next(iter(value), None) if isinstance(value, dict) else None
            remedy = (
                f"name one of its fields, such as {self.name}.{field}" if field else "take the wanted part out of it"
            )
            self._note(row, f"expected a string, found {spell(value):.60}; {remedy}")
            return spell(value)
        if type(value) is str:
            if value[:1] in "-0123456789tf" and _LITERAL.fullmatch(value):
                self._compare(value, True, row)
            elif value[:1] in ("{", "["):
                self.braced.add(row)
            return value
        string = spell(value)
        self._compare(string, False, row)
        return str(string)

    def _compare(self, string: str, quoted: bool, row: int) -> None:
        if len(self.spellings) < _MANY_SPELLINGS:
            self.spellings.setdefault(string, (quoted, row))
        before, first = self.spellings.get(string, (quoted, row))
        if before != quoted:
            self._note(row, _alike(string, f"rows {first} and {row}"))

    def _note(self, row: int, problem: str) -> None:
        self.problem = self.problem or f"{self.origin}, row {row}, column {self.name!r}: {problem}"


def clash(columns: Iterable[JsonColumn]) -> str | None:
    """The reason why the values of one column in several files cannot be texts or labels: two of them print alike."""
    seen: dict[str, tuple[bool, int, JsonColumn]] = {}
    for column in columns:
        for string, (quoted, row) in column.spellings.items():
            before, first, other = seen.setdefault(string, (quoted, row, column))
            if before != quoted:
                rows = f"row {row} and in row {first} of {other.origin}"
                return f"{column.origin}, column {column.name!r}: {_alike(string, rows)}"
    return None


def _alike(string: str, rows: str) -> str:
    return (
        f'two different values print alike, {string} and the string "{string}", in {rows}; '
        "write all as strings, or none"
    )
