"""The kernels of a module, and what their annotations say: what each is compiled for and called with.

The kernels that no other kernel calls are the entries: Python calls them, and nothing else.
"""

from __future__ import annotations

import itertools
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_origin, get_type_hints

from vikt.compiled.array_types import ArrayType, Choice

# int, float or bool; a class of NamedTuples stands with the types of its fields.
Number = type[int] | type[float] | type[bool]
Leaf = ArrayType | Number
# A call's words before its arrays, the head: the size of the head of any object, and the address of the type of arrays.
HEADER, NDARRAY = range(2)
N_HEAD = 2
Parameter = Leaf | tuple[type, tuple["Parameter", ...]]


def kernels_in(module_name: str) -> dict[str, types.FunctionType]:
    """The kernels of an imported module: its functions."""
    return {
        name: value
        for name, value in vars(sys.modules[module_name]).items()
        if isinstance(value, types.FunctionType) and value.__module__ == module_name
    }


def entries_in(module_name: str) -> dict[str, types.FunctionType]:
    """The kernels that no other kernel of the module calls."""
    kernels = kernels_in(module_name)
    called = {name for kernel in kernels.values() for name in kernel.__code__.co_names}
    return {name: kernel for name, kernel in kernels.items() if name not in called}


def symbol_of(module_name: str, kernel_name: str) -> str:
    """The name of the function of C for an entry."""
    return f"{module_name.replace('.', '_')}_{kernel_name}"


@dataclass(frozen=True)
class Variant:
    """One choice of types: which of its dtypes each `Choice` stands for, by the choice's name."""

    places: tuple[tuple[str, int], ...]

    def dtype(self, array_type: ArrayType) -> str:
        dtype = array_type.dtype
        return dtype if isinstance(dtype, str) else dtype.dtypes[dict(self.places)[dtype.name]]


@dataclass(frozen=True)
class Signature:
    """The types of a kernel's parameters and of what it returns; `returns_one` unless that is a tuple."""

    parameters: tuple[Parameter, ...]
    returns: tuple[Number, ...]
    returns_one: bool

    @classmethod
    def of(cls, kernel: types.FunctionType) -> Signature:
        """As annotated. Raises TypeError for an annotation that is no type of kernels."""
        hints = get_type_hints(kernel, include_extras=True)
        returned = hints.pop("return")
        try:
            parameters = tuple(map(_parameter, hints.values()))
            if returned is type(None):
                return cls(parameters, (), True)
            if get_origin(returned) is tuple:
                return cls(parameters, tuple(map(_number, get_args(returned))), False)
            return cls(parameters, (_number(returned),), True)
        except TypeError as error:
            raise TypeError(f"{kernel.__module__}.{kernel.__qualname__}: {error}") from None

    @property
    def leaves(self) -> list[Leaf]:
        """The types of arrays and numbers, those within NamedTuples included."""
        return list(_leaves(self.parameters))

    @property
    def tuples(self) -> list[int]:
        """Where NamedTuples stand once those before them have given way to their fields."""
        return list(_places_of_tuples(self.parameters, 0))

    @property
    def places(self) -> list[int]:
        """Where each of them stands in a call: arrays before numbers."""
        is_number = [not isinstance(leaf, ArrayType) for leaf in self.leaves]
        order = sorted(range(len(is_number)), key=is_number.__getitem__)
        return sorted(range(len(order)), key=order.__getitem__)

    @property
    def variants(self) -> list[Variant]:
        """What the kernel is compiled for."""
        choices = {name: choice for choice in self.choices for name in [choice.name]}
        places = (range(len(choice.dtypes)) for choice in choices.values())
        return [Variant(tuple(zip(choices, chosen, strict=True))) for chosen in itertools.product(*places)]

    @property
    def choices(self) -> list[Choice]:
        dtypes = [leaf.dtype for leaf in self.leaves if isinstance(leaf, ArrayType)]
        return [dtype for dtype in dtypes if isinstance(dtype, Choice)]


def _parameter(hint: Any) -> Parameter:
    (annotated,) = getattr(hint, "__metadata__", (hint,))
    if isinstance(annotated, ArrayType):
        return annotated
    if isinstance(hint, type) and hasattr(hint, "_make"):
        return hint, tuple(map(_parameter, get_type_hints(hint, include_extras=True).values()))
    return _number(hint)


def _number(hint: Any) -> Number:
    if hint in (int, float, bool):
        return hint  # type: ignore[no-any-return]
    raise TypeError(f"{hint} is no type of kernels")


def _leaves(parameters: tuple[Parameter, ...]) -> Iterator[Leaf]:
    for parameter in parameters:
        if isinstance(parameter, tuple):
            yield from _leaves(parameter[1])
        else:
            yield parameter


def _places_of_tuples(parameters: tuple[Parameter, ...], place: int) -> Iterator[int]:
    for parameter in parameters:
        if isinstance(parameter, tuple):
            yield place
            yield from _places_of_tuples(parameter[1], place)
        place += len(list(_leaves((parameter,))))
