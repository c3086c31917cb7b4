"""Hot loops: one definition, run as plain Python or compiled by Numba.

A kernel is a plain Python function in a module of kernels, and reads as the formula that it computes. `compiled`
returns the functions of such a module compiled, in one shared scope, so that kernels which call each other call their
compiled versions. `kernels_for` returns them as plain Python while there is little to do, since Numba takes longer to
start than a text takes to label: a process that labels one line never imports it.

Numba's cache is stamped with one source file only, so kernels and the constants they use live in the same module. Where
the cache is empty, the logger "vikt" says so at level INFO before compilation starts.
"""

from __future__ import annotations

import functools
import os
import pickle
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from vikt import interruption
from vikt.compiled import intrinsics
from vikt.errors import warn

# Where running plainly, some 750 ns a byte of text, takes as long as Numba's import and what it loads from its cache.
_MOST_PLAIN_WORK = 1_000_000
_plain_work = 0


def kernels_for(module_name: str, work: int) -> types.SimpleNamespace:
    """The functions of a module of kernels, plain or compiled, whichever is faster for the work ahead.

    They run as plain Python until the work of this process adds up to what Numba takes to start, or `compiled` has been
    called. From then on all are compiled, so no process takes much more than twice the time of the better choice.

    Both give the same results, to the last bit, if the kernels keep to what plain and compiled Python have in common:

    - Arrays are indexed, one item at a time (`a[i]`, `a[i, j]`), and asked for their `shape`, no more: a plain kernel
      gets them as memoryviews, whose items are Python's own numbers. Arrays that belong together may come as one
      NamedTuple, whose class stands in the module of kernels.
    - Integers stay within 64 bits with their sign. Where they would not, as in hashing, all that meets is unsigned, so
      that compiled code wraps: constants of the module are given as `np.uint64(...)`, which plain kernels get as
      Python's own, and the result is masked to 64 bits. To mask a signed product does not help: compiled code takes it
      for granted that none overflows, and may leave the mask out.
    - What is stored fits the array's type, and a float is never stored among integers.
    - Floats are Python's, so of double precision. Compiled, float32 times float32 is float32: begin each such product
      with a float64, `1.0 * x * y`.
    - Roots are `math.sqrt(x)`, which rounds correctly in both ways; `x**0.5` need not. Nothing is divided by zero.
    - The module has no FASTMATH.

    Parameters
    ----------
    module_name : str
        As for `compiled`.
    work : int
        Bytes of text to process, or as many steps of about that effort. It is added up, so pass it once for each piece
        of work.

    Returns
    -------
    types.SimpleNamespace
        The functions, by name; they take NumPy's arrays and scalars, and return Python's numbers.

    Examples
    --------
    >>> from vikt.matrix import kernels
    >>> norms = np.empty(1)
    >>> kernels_for(kernels.__name__, 2).row_squared_norms(np.array([0, 2]), np.array([3.0, 4.0]), norms)
    >>> norms.tolist()
    [25.0]
    """
    global _plain_work
    if compiled.cache_info().currsize or _plain_work + work > _MOST_PLAIN_WORK:
        return compiled(module_name)
    _plain_work += work
    return _plain(module_name)


@functools.cache
def compiled(module_name: str) -> types.SimpleNamespace:
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

    from vikt.compiled import lowering

    scope = {
        name: getattr(lowering, value.__name__) if getattr(value, "__module__", None) == intrinsics.__name__ else value
        for name, value in vars(sys.modules[module_name]).items()
    }
    kernels = _copied(module_name, scope)
    for name, kernel in kernels.items():
        scope[name] = _jit(numba, kernel, scope.get("FASTMATH", False))
    return types.SimpleNamespace(**{name: scope[name] for name in kernels})


@functools.cache
def _plain(module_name: str) -> types.SimpleNamespace:
    scope = {name: _as_python(value) for name, value in vars(sys.modules[module_name]).items()}
    kernels = _copied(module_name, scope)
    scope.update(kernels)
    return types.SimpleNamespace(**{name: _over_memory(kernel) for name, kernel in kernels.items()})


def _copied(module_name: str, scope: dict[str, Any]) -> dict[str, types.FunctionType]:
    """The kernels of a module, as functions that look names up in a scope of their own."""
    kernels = {}
    for name, kernel in vars(sys.modules[module_name]).items():
        if isinstance(kernel, types.FunctionType) and kernel.__module__ == module_name:
            kernels[name] = types.FunctionType(kernel.__code__, scope, name, kernel.__defaults__)
            kernels[name].__module__, kernels[name].__qualname__ = module_name, kernel.__qualname__
    return kernels


def _over_memory(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel that receives arrays as memoryviews: NumPy's own scalars are slow, and wrap with a warning."""

    @functools.wraps(kernel)
    def run(*args: Any) -> Any:
        return kernel(*map(_as_python, args))

    return run


class _Unaligned:
    """An array whose numbers are not aligned in memory, which memoryviews cannot read."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self._array = array

    def __getitem__(self, i: int) -> Any:
        return self._array.item(i)


def _as_python(argument: Any) -> Any:
    if isinstance(argument, np.ndarray):
        return argument.data if argument.flags.aligned else _Unaligned(argument)
    if isinstance(argument, tuple) and hasattr(argument, "_make"):
        return argument._make(map(_as_python, argument))
    return argument.item() if isinstance(argument, np.generic) else argument


def _jit(numba: types.ModuleType, function: types.FunctionType, fastmath: Any) -> Any:
    options = {"nogil": True, "error_model": "numpy", "fastmath": fastmath}
    try:
        dispatcher = numba.njit(cache=True, **options)(function)
        cache = dispatcher._cache
        cache.load_overload = _telling(_forgiving(cache.load_overload))
        cache.save_overload = _forgiving(_alone(cache.save_overload, cache.cache_path))
    except RuntimeError:
        # Neither the package's folder nor the user's cache can be written.
        _say_once_that_there_is_no_cache()
        dispatcher = numba.njit(**options)(function)
    # An interruption that meets one of the compiler's callbacks is lost there, and breaks the compiler.
    dispatcher.compile = interruption.postponed()(dispatcher.compile)
    return dispatcher


def _telling(load: Callable[..., Any]) -> Callable[..., Any]:
    """Load compiled code from the cache; where there is none, say that compilation follows."""

    def run(*args: Any) -> Any:
        code = load(*args)
        if code is None:
            _say_once_that_it_compiles()
        return code

    return run


@functools.cache
def _say_once_that_it_compiles() -> None:
    import logging

    logging.getLogger("vikt").info(
        "compiling code that this installation runs for the first time; this takes some seconds"
    )


def _alone(save: Callable[..., Any], folder: str) -> Callable[..., Any]:
    """The saving of compiled code, by one process at a time.

    Two at once would each give the next number to a file of their own, and the index then names for the types of one
    what was compiled for those of the other.
    """
    try:
        import fcntl
    except ImportError:
        # Windows: as Numba does it.
        return save

    def run(*args: Any) -> Any:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, ".saving"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return save(*args)

    return run


def _forgiving(use: Callable[..., Any]) -> Callable[..., Any]:
    """Use the cache; a full disk or a damaged file in it costs time, not the result."""

    def run(*args: Any) -> Any:
        try:
            return use(*args)
        except (OSError, EOFError, pickle.UnpicklingError):
            _say_once_that_there_is_no_cache()
            return None

    return run


@functools.cache
def _say_once_that_there_is_no_cache() -> None:
    warn(
        "compiled code cannot be kept on disk, so it is compiled anew in each process; "
        "set NUMBA_CACHE_DIR to a folder that can be written and has room",
        RuntimeWarning,
    )
