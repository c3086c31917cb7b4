"""Hot loops: one definition, run as plain Python or compiled by Numba, as a rule ahead of time.

A kernel is a plain Python function in a module of kernels, and reads as the formula that it computes. Its annotations
are types of `array_types`. `compiled` returns the entries of such a module, which are the kernels that no other kernel
calls. `kernels_for` returns them as plain Python where there is little to do and to load them would take longer.

A wheel brings the compiled kernels. Elsewhere they are compiled when first used, which the logger "vikt" tells at level
INFO, and kept in the cache of the user. All that a kernel uses lies in modules of kernels, whose names end in `kernels`
and which import from each other by `from ... import`, or in `intrinsics`.
"""

from __future__ import annotations

import os
import threading
import types

from vikt.compiled.calling import Kernels
from vikt.compiled.loading import BuildError, is_linked, of_library, of_object
from vikt.compiled.object_files import is_at_hand, object_file_of
from vikt.compiled.plain_python import plain
from vikt.errors import warn

# What plain Python processes, some 750 ns a byte of text, in the time that it takes to load llvmlite and an object
# file, or to load Numba and compile.
_MOST_PLAIN_WORK, _MOST_PLAIN_WORK_UNCOMPILED = 50_000, 1_000_000
_plain_work = 0
# The compiled kernels of this process, by module.
_loaded: dict[str, types.SimpleNamespace] = {}
_loading = threading.RLock()
if hasattr(os, "register_at_fork"):
    # A child of a fork has no thread that would finish what another was loading, here or within the compiler.
    os.register_at_fork(before=_loading.acquire, after_in_parent=_loading.release, after_in_child=_loading.release)


def kernels_for(module_name: str, work: int = 0) -> types.SimpleNamespace:
    """The functions of a module of kernels, plain or compiled, whichever is faster for the work ahead.

    They are compiled where they came as a library, which is loaded in no time. Else they run as plain Python until the
    work of this process adds up to what it takes to load them, or to compile them if that was never done. From then on
    all are compiled, so no process takes much more than twice the time of the better choice.

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

    Parameters
    ----------
    module_name : str
        As for `compiled`.
    work : int
        Bytes of text to process, or as many steps of about that effort. It is added up, so pass it once for each piece
        of work, however many modules take part in it.

    Returns
    -------
    types.SimpleNamespace
        The functions, by name; they take NumPy's arrays and scalars, and return Python's numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from vikt.matrix import kernels
    >>> norms = np.empty(1)
    >>> kernels_for(kernels.__name__, 2).row_squared_norms(np.array([0, 2]), np.array([3.0, 4.0]), norms)
    >>> norms.tolist()
    [25.0]
    """
    global _plain_work
    if own := _loaded.get(module_name):
        return own
    if _loaded or is_linked():
        return compiled(module_name)
    _plain_work += work
    if _plain_work <= _MOST_PLAIN_WORK:
        return plain(module_name)
    return (compiled if is_at_hand(module_name) or _plain_work > _MOST_PLAIN_WORK_UNCOMPILED else plain)(module_name)


def compiled(module_name: str) -> types.SimpleNamespace:
    """The entries of a module of kernels, compiled.

    Parameters
    ----------
    module_name : str
        The full name of an imported module whose functions are kernels.

    Returns
    -------
    types.SimpleNamespace
        The compiled functions, by name. They take contiguous, aligned arrays of the types annotated, and numbers, and
        return Python's numbers. Other arguments raise TypeError.
    """
    with _loading:
        if module_name not in _loaded:
            _loaded[module_name] = _kernels(module_name)
        return _loaded[module_name]


def _kernels(module_name: str) -> types.SimpleNamespace:
    try:
        return Kernels(module_name, of_library() if is_linked() else of_object(object_file_of(module_name)))
    except BuildError as error:
        from vikt.compiled.building import jit

        warn(f"compiling anew in each process, since it cannot be done ahead of time: {error}", RuntimeWarning)
        return jit(module_name)
