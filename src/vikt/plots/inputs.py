"""What a picture is drawn from, checked before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Floats
from vikt.errors import UsageError

Key = TypeVar("Key")
Value = TypeVar("Value")
Function = TypeVar("Function", bound=Callable[..., object])


def instance(argument: str, value: object, kind: type[Value], remedy: str) -> Value:
    """A value of the type that a picture is drawn from.

    Raises UsageError where it is of another.
    """
    if not isinstance(value, kind):
        raise UsageError(f"{argument}: expected {_with_article(kind)}, found {_with_article(type(value))}; {remedy}")
    return value


def instances(argument: str, values: Iterable[object], kind: type[Value], remedy: str) -> list[Value]:
    """A list of values of one type. Raises UsageError where it is not a list or a value is of another type."""
    return [instance(argument, value, kind, remedy) for value in items(argument, values)]


def mapping(argument: str, values: Mapping[Key, Value]) -> Mapping[Key, Value]:
    """Values by name. Raises UsageError where they have no names."""
    if not isinstance(values, Mapping):
        raise UsageError(
            f"{argument}: expected a dict, found {_with_article(type(values))}; give a value for each name"
        )
    return values


def function(argument: str, value: Function) -> Function:
    """A function. Raises UsageError where the value is none."""
    if not callable(value):
        raise UsageError(f"{argument}: expected a function, found {_with_article(type(value))}; give a function")
    return value


def items(argument: str, values: Iterable[Value]) -> list[Value]:
    """The values of a sequence. Raises UsageError where it is none."""
    try:
        return list(values)
    except TypeError:
        raise UsageError(f"{argument}: expected a sequence, found {_with_article(type(values))}; give a list") from None


def numbers(argument: str, values: ArrayLike) -> Floats:
    """An array of numbers. Raises UsageError where the values are none, or are rows of unequal length."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        found = _with_article(type(values))
        raise UsageError(f"{argument}: expected an array of numbers, found {found}: {error}; give numbers") from None


def _with_article(kind: type) -> str:
    name = kind.__name__
    return name if name == "NoneType" else f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
