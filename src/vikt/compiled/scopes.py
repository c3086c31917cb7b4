"""Copies of the kernels of modules, which look names up in scopes of their own."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vikt.compiled.signatures import kernels_in

_IMPORT = re.compile(r"^from (\S*kernels) import ", re.MULTILINE)


def source_of(module_name: str) -> Path:
    """The file of an imported module."""
    return Path(str(sys.modules[module_name].__file__))


def imported_by(source: Path) -> list[str]:
    """The modules of kernels from which a module of kernels imports."""
    return _IMPORT.findall(source.read_text(encoding="utf-8"))


def with_imported(module_name: str) -> list[str]:
    """An imported module of kernels, after all those on which it depends."""
    names: dict[str, None] = {}
    for imported in imported_by(source_of(module_name)):
        names.update(dict.fromkeys(with_imported(imported)))
    return [*names, module_name]


def copied(
    module_name: str, value_of: Callable[[Any], Any], kernel_of: Callable[[types.FunctionType], Any]
) -> dict[str, Any]:
    """The kernels of a module, each of which `kernel_of` makes of a copy.

    The copies meet what `value_of` makes of other values of their modules, and what `kernel_of` makes of each other.
    """
    scopes: dict[str, dict[str, Any]] = {}
    kernels: dict[str, Any] = {}
    for module in with_imported(module_name):
        scope = {name: _met(value, scopes, value_of) for name, value in vars(sys.modules[module]).items()}
        kernels = {name: kernel_of(_copy(kernel, scope)) for name, kernel in kernels_in(module).items()}
        scope.update(kernels)
        scopes[module] = scope
    return kernels


def _met(value: Any, scopes: dict[str, dict[str, Any]], value_of: Callable[[Any], Any]) -> Any:
    """What stands for a value in a scope, given those of the modules from which it may be imported."""
    if isinstance(value, types.FunctionType) and value.__module__ in scopes:
        return scopes[value.__module__][value.__name__]
    return value_of(value)


def _copy(kernel: types.FunctionType, scope: dict[str, Any]) -> types.FunctionType:
    own = types.FunctionType(kernel.__code__, scope, kernel.__name__, kernel.__defaults__)
    own.__module__, own.__qualname__ = kernel.__module__, kernel.__qualname__
    return own
