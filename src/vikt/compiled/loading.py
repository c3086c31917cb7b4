"""Compiled kernels brought into this process, without Numba: from the library of a wheel, or from an object file."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# From the name of a compiled function to its address.
AddressOf = Callable[[str], int]
# What kernels may need from outside: every process has the C library's own.
OUTSIDE = frozenset({"exp", "log", "log1p", "memcpy", "memmove", "memset", "sqrt"})
# Processors that code is made for, the best first, and how Linux names what they have; "" is any of an architecture.
_X86 = {
    "x86-64-v3": frozenset({"abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"}),
    "x86-64-v2": frozenset(),
}
_LIBRARY = {"win32": "kernels{}.dll", "darwin": "kernels{}.dylib"}.get(sys.platform, "kernels{}.so")
# Engines hold the code that they have loaded.
_engines: list[Any] = []


class BuildError(Exception):
    """A module of kernels cannot be compiled ahead of time."""


def is_x86() -> bool:
    """Whether this is an x86-64 processor."""
    return platform.machine().lower() in ("x86_64", "amd64")


def processors() -> list[str]:
    """The processors of this architecture that a wheel brings code for. All code gives the same bits."""
    return list(_X86) if is_x86() else [""]


@functools.cache
def processor() -> str:
    """The best of `processors` that this one is; where nothing tells, the least."""
    found: set[str] = set()
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
        # Line by line: with many cores the file is long.
        found = set(next((line for line in lines if line.startswith("flags")), "").split())
    return next(own for own in processors() if _X86.get(own, frozenset()) <= found)


def library_for(cpu: str) -> Path:
    """Where a wheel brings the kernels of all modules, linked."""
    return Path(__file__).with_name(_LIBRARY.format(cpu and f"-{cpu}"))


@functools.cache
def is_linked() -> bool:
    """Whether the kernels came as a library, which is loaded in no time."""
    return library_for(processor()).exists()


def of_library() -> AddressOf:
    """The functions of the library."""
    library = ctypes.CDLL(str(library_for(processor())))
    return lambda symbol: ctypes.cast(library[symbol], ctypes.c_void_p).value or 0


def of_object(code: bytes) -> AddressOf:
    """The functions of an object file, which stay in this process."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    # LLVM would end the process.
    if missing := [name for name in sorted(OUTSIDE) if not llvm.address_of_symbol(name)]:
        raise BuildError(f"this process has no {', '.join(missing)}")
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
    return engine.get_function_address  # type: ignore[no-any-return]
