"""Hot loops, compiled by Numba when first needed.

A kernel is a plain Python function in a module of kernels, and reads as the formula that it computes. `compiled` hands
out the functions of such a module compiled, in one shared scope, so that kernels which call each other meet their
compiled selves. Numba is imported only then: a process that needs no kernel does not pay for it.

Numba's cache is stamped with one source file only, so kernels and the constants they use live in the same module.
"""

from __future__ import annotations

import functools
import sys
import types
import warnings
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


def _jit(numba: Any, function: types.FunctionType, fastmath: Any) -> Any:
    options = {"nogil": True, "error_model": "numpy", "fastmath": fastmath}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:
        # Neither the package's folder nor the user's cache can be written.
        _say_once_that_there_is_no_cache()
        return numba.njit(**options)(function)


@functools.cache
def _say_once_that_there_is_no_cache() -> None:
    warnings.warn(
        "no folder for compiled code can be written, so it is compiled anew in this process; "
        "set NUMBA_CACHE_DIR to a folder that can be written",
        RuntimeWarning,
        stacklevel=4,
    )
