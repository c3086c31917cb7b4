"""Calls of compiled kernels, with arrays and numbers of Python."""

from __future__ import annotations

import ctypes
import struct
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from vikt.compiled.array_types import ArrayType
from vikt.compiled.loading import AddressOf
from vikt.compiled.signatures import Leaf, Signature, Variant, entries_in

# Of the addresses of arguments and of room for results.
_FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
# From a capsule to the address of the PyArrayInterface in it; no other way to an array's memory is as fast.
_INTERFACE = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
_interface_in = _INTERFACE(("PyCapsule_GetPointer", ctypes.pythonapi))


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
    packed = struct.Struct("".join("d" if leaf is float else "q" for leaf in leaves)).pack
    function_for = _chosen(signature, lambda variant: _FUNCTION(address_of(variant.symbol(module_name, name))))
    room, result_in = _results(signature)

    def run(*args: Any) -> Any:
        flat = list(_flattened(args) if has_tuples else args)
        words, found = flat.copy(), room()
        try:
            # A capsule keeps an array's description alive until the call is over.
            capsules = [flat[i].__array_struct__ for i in arrays]
            for i, capsule in zip(arrays, capsules, strict=True):
                words[i] = _interface_in(capsule, None)
            status = function_for(flat)(packed(*words), found)
        except (AttributeError, IndexError, TypeError, struct.error):
            raise _refused(name, leaves, flat) from None
        if status > 0:
            raise _refused(name, leaves, flat)
        if status < 0:
            raise RuntimeError(f"kernel {name} failed")
        return result_in(found)

    return run


def _results(signature: Signature) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    """What makes room for the results of a kernel, and what reads them from there."""
    kinds = signature.returns
    if not kinds:
        return lambda: None, lambda found: None
    room = ctypes.c_int64 * len(kinds)
    unpacked = struct.Struct("".join("d" if kind is float else "q" for kind in kinds)).unpack

    def results(found: Any) -> Any:
        return tuple(kind(number) for kind, number in zip(kinds, unpacked(found), strict=True))

    return room, (lambda found: results(found)[0]) if signature.returns_one else results


def _flattened(args: Any) -> Iterator[Any]:
    for own in args:
        if isinstance(own, tuple):
            yield from _flattened(own)
        else:
            yield own


def _chosen(signature: Signature, function_of: Callable[[Variant], Any]) -> Callable[[Any], Any]:
    """From arguments to the function for their types."""
    choices = {choice.name: choice for choice in signature.choices}
    if not choices:
        only = function_of(signature.variants[0])
        return lambda args: only
    functions = {variant.places: function_of(variant) for variant in signature.variants}
    leaves = signature.leaves
    places: dict[str, tuple[int, dict[Any, int]]] = {}
    for i, leaf in enumerate(leaves):
        if isinstance(leaf, ArrayType) and not isinstance(leaf.dtype, str):
            own = {np.dtype(dtype): place for place, dtype in enumerate(leaf.dtype.dtypes)}
            places.setdefault(leaf.dtype.name, (i, own))

    def function_for(args: Any) -> Any:
        # Another type is refused by the function.
        return functions[tuple((name, own.get(args[i].dtype, 0)) for name, (i, own) in places.items())]

    return function_for


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
