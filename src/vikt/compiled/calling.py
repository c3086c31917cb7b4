"""Calls of compiled kernels, with arrays and numbers of Python."""

from __future__ import annotations

import ctypes
import struct
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from vikt.compiled.array_types import ArrayType, Choice
from vikt.compiled.loading import AddressOf
from vikt.compiled.signatures import N_HEAD, Leaf, Signature, Variant, entries_in, interfaces_symbol

# Of the address of the words that a kernel takes; see `building`.
_FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
# Called while Python's lock is held. NumPy's capsules are the fastest way to an array's memory that is documented.
_INTERFACES = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
_pointer_in = ctypes.cast(ctypes.pythonapi.PyCapsule_GetPointer, ctypes.c_void_p).value


class Kernels(types.SimpleNamespace):
    """The entries of a module of kernels, by name, each ready to be called once it is asked for.

    Parameters
    ----------
    module_name : str
    address_of : callable
        From the name of a compiled function to its address.
    """

    def __init__(self, module_name: str, address_of: AddressOf) -> None:
        self._module_name, self._address_of = module_name, address_of
        self._entries = entries_in(module_name)

    def __getattr__(self, name: str) -> Any:
        entries = vars(self).get("_entries", {})
        if name not in entries:
            raise AttributeError(f"{name} is no kernel that Python calls")
        kernel = _called(self._module_name, entries[name], self._address_of)
        setattr(self, name, kernel)
        return kernel


def _called(module_name: str, kernel: types.FunctionType, address_of: AddressOf) -> Callable[..., Any]:
    """A kernel as a function of Python."""
    signature, name = Signature.of(kernel), kernel.__name__
    leaves, has_tuples = signature.leaves, any(isinstance(own, tuple) for own in signature.parameters)
    arrays = [i for i, leaf in enumerate(leaves) if isinstance(leaf, ArrayType)]
    numbers = [i for i, leaf in enumerate(leaves) if not isinstance(leaf, ArrayType)]
    kinds = "".join("d" if leaves[i] is float else "q" for i in numbers)
    pack = struct.Struct("q" * (N_HEAD + len(arrays)) + kinds).pack_into
    function_for = _chosen(signature, lambda variant: _FUNCTION(address_of(variant.symbol(module_name, name))))
    find_interfaces = _INTERFACES(address_of(interfaces_symbol(module_name)))
    room, result_in = ctypes.c_int64 * (N_HEAD + len(leaves) + len(signature.returns)), _results(signature)
    n_leaves, n_arrays = len(leaves), len(arrays)

    def run(*args: Any) -> Any:
        flat = tuple(_flattened(args)) if has_tuples else args
        if len(flat) != n_leaves:
            raise _refused(name, leaves, flat)
        words = room()
        try:
            # A capsule keeps an array's description alive until the call is over.
            capsules = [flat[i].__array_struct__ for i in arrays]
            pack(words, 0, _pointer_in, n_arrays, *map(id, capsules), *[flat[i] for i in numbers])
            function = function_for(flat)
        except (AttributeError, TypeError, struct.error):
            raise _refused(name, leaves, flat) from None
        find_interfaces(words)
        status = function(words)
        if status > 0:
            raise _refused(name, leaves, flat)
        if status < 0:
            raise RuntimeError(f"kernel {name} failed")
        return result_in(words)

    return run


def _results(signature: Signature) -> Callable[[Any], Any]:
    """What reads the results of a kernel from its words."""
    kinds, start = signature.returns, 8 * (N_HEAD + len(signature.leaves))
    if not kinds:
        return lambda words: None
    unpacked = struct.Struct("".join("d" if kind is float else "q" for kind in kinds)).unpack_from

    def results(words: Any) -> Any:
        return tuple(kind(number) for kind, number in zip(kinds, unpacked(words, start), strict=True))

    return (lambda words: results(words)[0]) if signature.returns_one else results


def _flattened(args: Any) -> Iterator[Any]:
    for own in args:
        if isinstance(own, tuple):
            yield from _flattened(own)
        else:
            yield own


def _chosen(signature: Signature, function_of: Callable[[Variant], Any]) -> Callable[[Any], Any]:
    """From arguments to the function for their types."""
    choosing: dict[str, tuple[int, Choice]] = {}
    for i, leaf in enumerate(signature.leaves):
        if isinstance(leaf, ArrayType) and isinstance(leaf.dtype, Choice):
            choosing.setdefault(leaf.dtype.name, (i, leaf.dtype))
    functions = {}
    for variant in signature.variants:
        dtypes = tuple(np.dtype(choosing[name][1].dtypes[place]) for name, place in variant.places)
        functions[dtypes] = function_of(variant)
    some, places = next(iter(functions.values())), [i for i, _ in choosing.values()]
    # Other types are refused by any function.
    return lambda args: functions.get(tuple([args[i].dtype for i in places]), some) if places else some


def _refused(name: str, leaves: list[Leaf], args: Any) -> TypeError:
    """What is wrong with the arguments of a kernel."""
    if len(args) != len(leaves):
        return TypeError(f"kernel {name} takes {len(leaves)} arrays and numbers, found {len(args)}")
    for i, (leaf, own) in enumerate(zip(leaves, args, strict=True)):
        if not _fits(leaf, own):
            return TypeError(f"kernel {name}: argument {i} must be {_told(leaf)}, found {_found(own)}")
    return TypeError(f"kernel {name} cannot take these arguments together")


def _fits(leaf: Leaf, value: Any) -> bool:
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


def _found(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return f"{value!r:.100}"
    layout = "" if value.flags.c_contiguous else ", not contiguous"
    aligned = "" if value.flags.aligned else ", not aligned"
    return f"one of {value.dtype.str} and shape {value.shape}{layout}{aligned}"
