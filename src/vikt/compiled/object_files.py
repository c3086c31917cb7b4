"""Object files of kernels: those that a wheel brings, those kept in a cache, and those made where neither has one.

The name of a kept one tells all that it depends on. It starts with a digest, so that a damaged one is made again.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import os
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from vikt.compiled.loading import BuildError, processor
from vikt.compiled.scopes import source_of, with_imported
from vikt.errors import MissingPackageError, warn

_HERE = Path(__file__).parent
_MAKERS = [
    _HERE / f"{name}.py" for name in ("array_types", "building", "intrinsics", "lowering", "scopes", "signatures")
]
_DIGEST_BYTES = 32
_DIGITS = 24  # of what an object file depends on, in its name
_KEPT_UNUSED = 90 * 24 * 3600.0  # seconds


def is_at_hand(module_name: str) -> bool:
    """Whether there is an object file of a module of kernels."""
    # Unlike Path.exists, this takes a place that cannot be searched for one that is not there.
    return any(map(os.path.exists, _places(module_name)))


def object_file_of(module_name: str) -> bytes:
    """The object file of an imported module of kernels, compiled now if that was not done before.

    Raises
    ------
    BuildError
        It cannot be compiled ahead of time.
    MissingPackageError
        There is no Numba to compile it with.
    """
    for path in _places(module_name):
        code = _whole(path)
        if code is not None:
            return code
    return _made(module_name)


def _places(module_name: str) -> Iterator[Path]:
    """Where an object file may lie."""
    yield shipped(module_name, processor())
    if has_compiler():
        yield _kept(module_name)


def shipped(module_name: str, cpu: str) -> Path:
    """Where a wheel that was built without a linker brings the object file."""
    return _HERE / f"{module_name}-{cpu or 'any'}.kernels"


def framed(code: bytes) -> bytes:
    """An object file as it is kept, after its digest."""
    return hashlib.sha256(code).digest() + code


def _whole(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    code = content[_DIGEST_BYTES:]
    return code if framed(code) == content else None


def _made(module_name: str) -> bytes:
    """The object file of a module of kernels, made now and kept."""
    if not has_compiler():
        raise MissingPackageError.of_extra("compiling the hot loops", ["Numba"], "compile")
    from vikt.compiled.building import object_file

    _say_once_that_it_compiles()
    try:
        code: bytes = object_file(module_name, processor())
    except Exception as error:
        # The insides of Numba, on which this depends, may be others in another version.
        raise BuildError(f"{type(error).__name__}: {error}") from error
    _keep(_kept(module_name), framed(code))
    return code


def _kept(module_name: str) -> Path:
    """Where the object file of a module is kept, by all that it depends on."""
    return _cache_folder() / f"{module_name}-{_dependencies(module_name)}.kernels"


@functools.cache
def _dependencies(module_name: str) -> str:
    """A digest of the kernels, of what compiles them, and of the processor."""
    sources = map(source_of, with_imported(module_name))
    digest = hashlib.sha256(f"{processor()} {sys.platform} {platform.machine()}".encode())
    for path in [*sources, *_MAKERS, *map(_version_of, ("numba", "llvmlite"))]:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:_DIGITS]


@functools.cache
def has_compiler() -> bool:
    """Whether Numba is installed; it is not imported."""
    return importlib.util.find_spec("numba") is not None


def _version_of(package: str) -> Path:
    """The file that holds a package's version; the package is not imported."""
    found = importlib.util.find_spec(package)
    return Path(str(found.origin if found else None)).with_name("_version.py")


def _cache_folder() -> Path:
    """The folder of the user for what can be made again."""
    if own := os.environ.get("VIKT_CACHE_DIR"):
        return Path(own)
    if sys.platform == "darwin":
        folder = _home() / "Library" / "Caches"
    elif sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA", _home() / "AppData" / "Local"))
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or _home() / ".cache")
    return folder / "vikt"


def _home() -> Path:
    """The home of the user; a place that can hold nothing where there is none, as for a bare user id in a container."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.devnull)


def _keep(path: Path, content: bytes) -> None:
    # Slow to import, and rarely needed.
    import tempfile

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
            whole = Path(folder, path.name)
            whole.write_bytes(content)
            os.replace(whole, path)
        _remove_unused(path.parent)
    except OSError:
        _say_once_that_there_is_no_cache()


def _remove_unused(folder: Path) -> None:
    """Remove what has neither been made nor read for long: most of it is of kernels that have changed since."""
    # Users may name a folder that has files of their own.
    for path in folder.glob(f"*-{'[0-9a-f]' * _DIGITS}.kernels"):
        # Another process may remove it first, or hold it.
        with contextlib.suppress(OSError):
            times = path.stat()
            if time.time() - max(times.st_atime, times.st_mtime) > _KEPT_UNUSED:
                path.unlink()


@functools.cache
def _say_once_that_it_compiles() -> None:
    import logging

    logging.getLogger("vikt").info(
        "compiling code that this installation runs for the first time; this takes some seconds"
    )


@functools.cache
def _say_once_that_there_is_no_cache() -> None:
    warn(
        "compiled code cannot be kept on disk, so it is compiled anew in each process; "
        "set VIKT_CACHE_DIR to a folder that can be written and has room",
        RuntimeWarning,
    )
