"""What the values of options are read as, and what is said of one that is wrong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NoReturn, get_args

import click

if TYPE_CHECKING:
    from vikt.arrays import ClassWeight


class NumberOf(click.ParamType[float]):
    """A number of a kind and within limits."""

    name = "number"

    def __init__(self, kind: type[int] | type[float], least: float = -math.inf, most: float = math.inf) -> None:
        self._kind, self._least, self._most = kind, least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        expected = "a whole number" if self._kind is int else "a number"
        try:
            number = self._kind(value)
        except ValueError:
            self.fail(f"expected {expected}, found {value!r:.60}", param, ctx)
        if not self._least <= number <= self._most:
            self.fail(f"expected {expected}{self._limits()}, found {value!s:.40}", param, ctx)
        return number

    def _limits(self) -> str:
        if self._most < math.inf:
            return f" from {self._least:g} to {self._most:g}"
        return f" of {self._least:g} or more" if self._least > -math.inf else ""


WHOLE, REAL, COUNT = NumberOf(int), NumberOf(float), NumberOf(int, least=1)


def one_of(names: object) -> click.Choice[str]:
    """One of the names of a Literal.

    Examples
    --------
    >>> from typing import Literal
    >>> list(one_of(Literal["csv", "tsv"]).choices)
    ['csv', 'tsv']
    """
    return click.Choice(get_args(names))


def parse_share(typed: str) -> float:
    """A number, of which % makes hundredths. Raises click.BadParameter where it is none.

    Examples
    --------
    >>> parse_share("2%"), parse_share("0.9")
    (0.02, 0.9)
    """
    try:
        return float(typed.removesuffix("%") + "e-2" * typed.endswith("%"))
    except ValueError:
        _refuse("a number such as 0.02 or 2%", typed)


def parse_delimiter(typed: str) -> str:
    """A character, or its name where it is a tab.

    Examples
    --------
    >>> parse_delimiter("tab"), parse_delimiter(";")
    ('\\t', ';')
    """
    return "\t" if typed.lower() in ("tab", "\\t") else typed


def parse_ngrams(typed: str) -> tuple[int, int]:
    """The shortest and the longest n-gram. Raises click.BadParameter where they are no two lengths.

    Examples
    --------
    >>> parse_ngrams("1-2"), parse_ngrams("3")
    ((1, 2), (3, 3))
    """
    first, _, last = typed.partition("-")
    last = last or first
    if not (first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last)):
        _refuse("two whole numbers such as 1-2, the smaller first", typed)
    return int(first), int(last)


def parse_order(typed: str) -> tuple[str, ...]:
    """The levels of an order. Raises click.BadParameter where there are not several, or one stands twice.

    Examples
    --------
    >>> parse_order("low, high")
    ('low', 'high')
    """
    from vikt.corpus.columns import composed

    if "," not in typed:
        _refuse("levels between commas, as in low,medium,high", typed)
    levels = tuple(composed(level.strip()) for level in typed.split(","))
    repeated = next((level for level in levels if levels.count(level) > 1), None)
    if repeated is not None:
        raise click.BadParameter(f"the level {repeated!r:.60} is named twice; name it once")
    return levels


def parse_number(typed: str) -> float | str:
    """A number; a word, such as "auto", stays for the rules of the parameters to take or refuse.

    Examples
    --------
    >>> parse_number("1e-4"), parse_number("auto")
    (0.0001, 'auto')
    """
    try:
        return float(typed)
    except ValueError:
        return typed


def parse_min_df(typed: str) -> float | str:
    """A number of documents, or a share of them.

    Examples
    --------
    >>> parse_min_df("2"), parse_min_df("0.1")
    (2, 0.1)
    """
    return int(typed) if typed.isdecimal() else parse_number(typed)


def parse_memory(typed: str) -> int:
    """A number of bytes, such as 1GB. Raises click.BadParameter where it is none."""
    from vikt.errors import ParameterError
    from vikt.features.memory import bytes_of

    try:
        return bytes_of(typed)
    except ParameterError as error:
        raise click.BadParameter(error.problem) from None


def parse_class_weight(typed: str) -> ClassWeight:
    """A factor for each class; "balanced" stays. Raises click.BadParameter where it is neither.

    Examples
    --------
    >>> parse_class_weight("spam=2,ham=1"), parse_class_weight("balanced")
    ({'spam': 2.0, 'ham': 1.0}, 'balanced')
    """
    from vikt.corpus.columns import composed
    from vikt.parameters import ABOVE_0

    if typed == "balanced":
        return typed
    factors = (pair.rsplit("=", 1) for pair in typed.split(","))
    try:
        return {composed(label): ABOVE_0.read(float(factor)) for label, factor in factors}
    except ValueError:
        _refuse("balanced, or factors above 0 such as spam=2,ham=1", typed)


def _refuse(expected: str, typed: str) -> NoReturn:
    raise click.BadParameter(f"expected {expected}, found {typed!r:.60}") from None
