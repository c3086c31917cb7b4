"""Kernels as plain Python."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from vikt.compiled.scopes import copied


@functools.cache
def plain(module_name: str) -> types.SimpleNamespace:
    """The functions of a module of kernels as plain Python, over memoryviews and Python's own numbers."""
    kernels = copied(module_name, _as_python, lambda kernel: kernel)
    return types.SimpleNamespace(**{name: _over_memory(kernel) for name, kernel in kernels.items()})


def _over_memory(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel that receives arrays as memoryviews: NumPy's own scalars are slow, and wrap with a warning."""

    @functools.wraps(kernel)
    def run(*args: Any) -> Any:
        return kernel(*map(_as_python, args))

    return run


def _as_python(argument: Any) -> Any:
    if isinstance(argument, np.ndarray):
        return argument.data
    if isinstance(argument, tuple) and hasattr(argument, "_make"):
        return argument._make(map(_as_python, argument))
    return argument.item() if isinstance(argument, np.generic) else argument
