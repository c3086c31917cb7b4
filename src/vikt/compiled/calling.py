"""Calls of compiled kernels, with arrays and numbers of Python."""

from __future__ import annotations

import ctypes
import functools
import struct
import types
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from vikt.compiled.array_types import ArrayType
from vikt.compiled.loading import AddressOf, BuildError
from vikt.compiled.signatures import N_HEAD, Leaf, Signature, entries_in, symbol_of

# Of the address of the words that a kernel takes; see `building`.
_FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
_TYPE_NUMBER = 12  # the place of a type's number, after its head
_HEADER, _NDARRAY = object.__basicsize__, id(np.ndarray)


# The words of a call: an array of C.
Words = ctypes.Array[ctypes.c_int64]


class Kernels(types.SimpleNamespace):
    """The entries of a module of kernels, by name, each ready to be called once it is asked for.

    Parameters
    ----------
    module_name : str
    address_of : callable
        From the name of a compiled function to its address.

    Raises
    ------
    BuildError
        This NumPy lays out its arrays in another way than the kernels read them.
    """

    def __init__(self, module_name: str, address_of: AddressOf) -> None:
        _check_layout()
        self._module_name, self._address_of = module_name, address_of
        self._entries = entries_in(module_name)

    def __getattr__(self, name: str) -> Any:
        entries = vars(self).get("_entries", {})
        if name not in entries:
            raise AttributeError(f"{name} is no kernel that Python calls")
        kernel = _called(self._module_name, entries[name], self._address_of)
        setattr(self, name, kernel)
        return kernel


class _ArrayObject(ctypes.Structure):
    """What `building` reads of an array, after its head."""

    _fields_: ClassVar = [
        ("data", ctypes.c_void_p),
        ("n_dimensions", ctypes.c_int),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("base", ctypes.c_void_p),
        ("dtype", ctypes.c_void_p),
        ("flags", ctypes.c_int),
    ]


@functools.cache
def _check_layout() -> None:
    """Compiled extensions of NumPy rely on the same layout, so it changes hardly ever, but then it must not crash."""
    array = np.zeros((2, 3), dtype=np.int32)
    found = _ArrayObject.from_address(id(array) + _HEADER)
    # Addresses are followed only where all else is as expected.
    if not (
        (found.data, found.n_dimensions, found.flags) == (array.ctypes.data, 2, array.flags.num)
        and (found.shape[:2], found.strides[:2]) == ([2, 3], [12, 4])
        and found.dtype == id(array.dtype)
        and ctypes.c_int.from_address(found.dtype + _HEADER + _TYPE_NUMBER).value == array.dtype.num
    ):
        raise BuildError(f"NumPy {np.__version__} lays out its arrays in another way than is known here")


def _called(module_name: str, kernel: types.FunctionType, address_of: AddressOf) -> Callable[..., Any]:
    """A kernel as a function of Python."""
    signature, name = Signature.of(kernel), kernel.__name__
    leaves, tuples = signature.leaves, signature.tuples
    n_leaves = len(leaves)
    arrays = [i for i, leaf in enumerate(leaves) if isinstance(leaf, ArrayType)]
    numbers = [i for i, leaf in enumerate(leaves) if not isinstance(leaf, ArrayType)]
    kinds = "".join("d" if leaves[i] is float else "q" for i in numbers)
    pack = struct.Struct("q" * (N_HEAD + len(arrays)) + kinds).pack_into
    function = _FUNCTION(address_of(symbol_of(module_name, name)))
    room, result_in = ctypes.c_int64 * (N_HEAD + n_leaves + len(signature.returns)), _results(signature)

    def run(*args: Any) -> Any:
        flat = list(args)
        words = room()
        try:
            for i in tuples:
                flat[i : i + 1] = flat[i]
            pack(words, 0, _HEADER, _NDARRAY, *[id(flat[i]) for i in arrays], *[flat[i] for i in numbers])
        except (IndexError, TypeError, struct.error):
            raise _refused(name, leaves, flat) from None
        status = function(words) if len(flat) == n_leaves else 1
        if status > 0:
            if any(map(_is_of_subclass, flat)):
                return run(*map(_without_subclass, args))
            raise _refused(name, leaves, flat)
        if status < 0:
            raise RuntimeError(f"kernel {name} failed")
        return result_in(words)

    return run


def _results(signature: Signature) -> Callable[[Words], Any]:
    """What reads the results of a kernel from its words."""
    kinds, start = signature.returns, 8 * (N_HEAD + len(signature.leaves))
    if not kinds:
        return lambda words: None
    unpacked = struct.Struct("".join("d" if kind is float else "q" for kind in kinds)).unpack_from

    def results(words: Words) -> Any:
        return tuple(kind(number) for kind, number in zip(kinds, unpacked(words, start), strict=True))

    return (lambda words: results(words)[0]) if signature.returns_one else results


def _is_of_subclass(value: object) -> bool:
    """Whether a value is an array such as NumPy's memmap, whose own type a kernel does not know."""
    return isinstance(value, np.ndarray) and type(value) is not np.ndarray


def _without_subclass(argument: Any) -> Any:
    if isinstance(argument, tuple | list):
        return tuple(map(_without_subclass, argument))
    return np.asarray(argument) if _is_of_subclass(argument) else argument


def _refused(name: str, leaves: list[Leaf], args: Sequence[object]) -> TypeError:
    """What is wrong with the arguments of a kernel."""
    if len(args) != len(leaves):
        return TypeError(f"kernel {name} takes {len(leaves)} arrays and numbers, found {len(args)}")
    for i, (leaf, own) in enumerate(zip(leaves, args, strict=True)):
        if not _fits(leaf, own):
            return TypeError(f"kernel {name}: argument {i} must be {_told(leaf)}, found {_found(own)}")
    return TypeError(f"kernel {name} cannot take these arguments together")


def _fits(leaf: Leaf, value: object) -> bool:
    if not isinstance(leaf, ArrayType):
        return isinstance(value, float | int | np.generic) and (leaf is float or hasattr(value, "__index__"))
    if not isinstance(value, np.ndarray) or value.ndim != leaf.n_dimensions:
        return False
    dtypes = [leaf.dtype] if isinstance(leaf.dtype, str) else leaf.dtype.dtypes
    has_layout = value.flags.aligned and (leaf.strided or value.flags.c_contiguous)
    return value.dtype in map(np.dtype, dtypes) and value.dtype.isnative and has_layout


def _told(leaf: Leaf) -> str:
    if not isinstance(leaf, ArrayType):
        return leaf.__name__
    dtypes = leaf.dtype if isinstance(leaf.dtype, str) else " or ".join(leaf.dtype.dtypes)
    layout = "aligned" if leaf.strided else "contiguous, aligned"
    return f"an array ({layout}) of {dtypes} with {leaf.n_dimensions} dimension(s)"


def _found(value: object) -> str:
    if not isinstance(value, np.ndarray):
        return f"{value!r:.100}"
    layout = "" if value.flags.c_contiguous else ", not contiguous"
    aligned = "" if value.flags.aligned else ", not aligned"
    return f"one of {value.dtype.str} and shape {value.shape}{layout}{aligned}"
