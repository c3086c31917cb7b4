"""JSON values as strings, as they were written."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NoReturn

from vikt.corpus.columns import composed
from vikt.errors import ColumnError, DataError

# A column with more spellings of numbers than this does not hold labels, and remembering more would cost memory.
_MANY_SPELLINGS = 100_000
# Deeper values are refused, since Python writes them by recursion.
_DEEPEST = 100
_ON_LINES = "write one object per line, or name an array of objects .json"
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
        value = _DECODER.decode(line)
    except ColumnError as error:
        raise ColumnError(f"{where}: {error}") from None
    except (ValueError, RecursionError) as error:
        reason = f"{error.msg} at character {error.colno}" if isinstance(error, json.JSONDecodeError) else error
        raise DataError(
            f"{where}: expected a JSON object, found {line.strip()!r:.60} ({reason}); correct the line"
        ) from None
    if not isinstance(value, dict):
        raise DataError(f"{where}: expected a JSON object, found {line.strip()!r:.60}; {advice}")
    if line.count("[") + line.count("{") > _DEEPEST and _depth(value) > _DEEPEST:
        raise DataError(f"{where}: expected values at most {_DEEPEST} deep, found a deeper one; flatten it")
    return value


def parse_array(content: str, where: str) -> Iterator[dict[str, object]]:
    """The objects of an array.

    Raises
    ------
    DataError
        It is not one array of objects.
    ColumnError
        An object has a name twice.

    Examples
    --------
    >>> list(parse_array('[{"text": "a"}, {"text": "b"}]', "a.json"))
    [{'text': 'a'}, {'text': 'b'}]
    """
    place = _after_blanks(content, _after_blanks(content, 0) + 1)
    row, mark = 0, ","
    if content.startswith("]", place):
        mark, place = "]", _after_blanks(content, place + 1)
    while mark == ",":
        row += 1
        try:
            end = _SCANNER.raw_decode(content, place)[1]
        except (ValueError, RecursionError):
            end = len(content)  # parsing says what is wrong
        yield parse_object(content[place:end], f"{where}, row {row}", "write an object for each row")
        end = _after_blanks(content, end)
        mark, place = content[end : end + 1], _after_blanks(content, end + 1)
    rest = content[place:] if mark == "]" else mark or "the end"
    if rest:
        raise DataError(f"{where}: expected one array of objects, found {rest!r:.60} after row {row}; correct the file")


def _after_blanks(content: str, start: int) -> int:
    return _BLANKS.match(content, start).end()  # type: ignore[union-attr]


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level:
        level = [item for held in level for item in _items(held)]
        depth += 1
    return depth


def _items(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        name = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ColumnError(f"column names must differ, found {name!r:.60} twice; rename one")
    return row


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_no_json, object_pairs_hook=_once)

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
    value: object = None if spelled is None or spelled[:1] != "{" else _DECODER.decode(spelled)
    for name in path:
        fields = value if isinstance(value, dict) else {}
        value = next((item for field, item in fields.items() if composed(field) == name), None)
    return value


class JsonColumn:
    """The values of one name as strings, and the reason why they cannot be texts or labels.

    Attributes
    ----------
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
        self._seen: dict[str, tuple[bool, int]] = {}

    def strings(self, values: Iterable[object], first_row: int) -> list[str | None]:
        """The values as strings, null as None."""
        return [self._string(value, row) for row, value in enumerate(values, first_row)]

    def _string(self, value: object, row: int) -> str | None:
        if value is None:
            return None
        if isinstance(value, (dict, list)):
            field = next(iter(value), None) if isinstance(value, dict) else None
            remedy = (
                f"name one of its fields, such as {self.name}.{field}" if field else "take the wanted part out of it"
            )
            self._note(row, f"expected a string, found {spell(value):.60}; {remedy}")
            return spell(value)
        if type(value) is str:
            if value[:1] in "-0123456789tf" and _LITERAL.fullmatch(value):
                self._compare(value, True, row)
            return value
        string = spell(value)
        self._compare(string, False, row)
        return str(string)

    def _compare(self, string: str, quoted: bool, row: int) -> None:
        if len(self._seen) < _MANY_SPELLINGS:
            self._seen.setdefault(string, (quoted, row))
        before, first = self._seen.get(string, (quoted, row))
        if before != quoted:
            pair = f'{string} and the string "{string}", in rows {first} and {row}'
            self._note(row, f"two different values print alike, {pair}; write all as strings, or none")

    def _note(self, row: int, problem: str) -> None:
        self.problem = self.problem or f"{self.origin}, row {row}, column {self.name!r}: {problem}"
