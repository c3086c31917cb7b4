"""Hot loops, compiled by Numba when first needed.

A kernel is a plain Python function in a module of kernels, and reads as the formula that it computes. `compiled` hands
out the functions of such a module compiled, in one shared scope, so that kernels which call each other meet their
compiled selves. Numba is imported only then: a process that needs no kernel does not pay for it.

Numba's cache is stamped with one source file only, so kernels and the constants they use live in the same module.
"""

from __future__ import annotations

import functools
import pickle
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any


@functools.cache
def compiled(module_name: str) -> Any:
    """The functions of a module of kernels, compiled when first called and cached on disk.

    Parameters
    ----------
    module_name : str
        The full name of an imported module whose functions are kernels. Its constant FASTMATH, if there is one, names
        what the compiler may do to sums.

    Returns
    -------
    types.SimpleNamespace
        The compiled functions, by name.
    """
    import numba

    module = sys.modules[module_name]
    scope: dict[str, Any] = dict(vars(module))
    kernels = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, types.FunctionType) and value.__module__ == module_name
    }
    for name, kernel in kernels.items():
        function = types.FunctionType(kernel.__code__, scope, name, kernel.__defaults__)
        function.__module__ = module_name
        function.__qualname__ = kernel.__qualname__
        scope[name] = _jit(numba, function, scope.get("FASTMATH", False))
    return types.SimpleNamespace(**{name: scope[name] for name in kernels})


def kernels_for(module_name: str, size: int) -> Any:
    return compiled(module_name)


def _jit(numba: Any, function: types.FunctionType, fastmath: Any) -> Any:
    options = {"nogil": True, "error_model": "numpy", "fastmath": fastmath}
    try:
        dispatcher = numba.njit(cache=True, **options)(function)
    except RuntimeError:
        # Neither the package's folder nor the user's cache can be written.
        _say_once_that_there_is_no_cache()
        return numba.njit(**options)(function)
    cache = dispatcher._cache
    cache.load_overload, cache.save_overload = _forgiving(cache.load_overload), _forgiving(cache.save_overload)
    return dispatcher


def _forgiving(use: Callable[..., Any]) -> Callable[..., Any]:
    """The use of a cache, but that a full disk or a damaged file in it costs time and not the result."""

    def run(*args: Any) -> Any:
        try:
            return use(*args)
        except (OSError, EOFError, pickle.UnpicklingError):
            _say_once_that_there_is_no_cache()
            return None

    return run


@functools.cache
def _say_once_that_there_is_no_cache() -> None:
    warnings.warn(
        "compiled code cannot be kept on disk, so it is compiled anew in each process; "
        "set NUMBA_CACHE_DIR to a folder that can be written and has room",
        RuntimeWarning,
        stacklevel=4,
    )
