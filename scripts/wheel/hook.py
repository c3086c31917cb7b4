"""Hatchling's hook: wheels bring the kernels compiled, so that they need no compiler where they are installed.

The kernels of all modules are one library where there is a linker, else one object file each, which llvmlite loads. The
linker of the package `ziglang` is taken first: what it links works with older versions of the C library too. Without
Numba the wheel is one for any platform, and asks for Numba, as an editable install does.
"""

from __future__ import annotations

import importlib.util
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# The C library that ziglang links for: manylinux's name for a wheel, and zig's.
_OLDEST_GLIBC = (2, 28)


class KernelsHook(BuildHookInterface):
    """Compiles the kernels and adds them to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compiler = self.metadata.core.optional_dependencies["compile"]
        if version == "editable" or not importlib.util.find_spec("numba"):
            build_data["dependencies"] += compiler
            return
        self.folder = tempfile.TemporaryDirectory()
        objects = _compiled(Path(self.root) / "src", Path(self.folder.name))
        linker, tag = _linker()
        build_data["pure_python"], build_data["tag"] = False, f"py3-none-{tag}"
        if linker:
            included = [_linked(linker, cpu, list(own.values())) for cpu, own in objects.items()]
        else:
            build_data["dependencies"].append("llvmlite>=0.44")
            included = [_framed(name, cpu, path) for cpu, own in objects.items() for name, path in own.items()]
        build_data["force_include"] |= {str(path): f"vikt/compiled/{path.name}" for path in included}

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()


def _compiled(sources: Path, folder: Path) -> dict[str, dict[str, Path]]:
    """For each processor the object files of the modules of kernels."""
    sys.path.insert(0, str(sources))
    from vikt.compiled.building import object_file
    from vikt.compiled.loading import processors

    objects: dict[str, dict[str, Path]] = {cpu: {} for cpu in processors()}
    for path in sorted(sources.rglob("*kernels.py")):
        name = ".".join(path.relative_to(sources).with_suffix("").parts)
        _import_alone(name, sources)
        for cpu, own in objects.items():
            own[name] = folder / f"{name}-{cpu}.o"
            own[name].write_bytes(object_file(name, cpu))
    return objects


def _import_alone(name: str, sources: Path) -> None:
    """Import a module of kernels without its package, which would import what is not needed to build."""
    from vikt.compiled.scopes import imported_by

    if name in sys.modules:
        return
    path = sources.joinpath(*name.split(".")).with_suffix(".py")
    for imported in imported_by(path):
        _import_alone(imported, sources)
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])


def _framed(name: str, cpu: str, path: Path) -> Path:
    """An object file as it is installed."""
    from vikt.compiled.object_files import framed, shipped

    own = path.with_name(shipped(name, cpu).name)
    own.write_bytes(framed(path.read_bytes()))
    return own


def _linker() -> tuple[list[str], str]:
    """The command that links a library, empty where there is none, and the platform that it links for."""
    tag = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    if sys.platform == "linux" and importlib.util.find_spec("ziglang"):
        machine, version = platform.machine(), ".".join(map(str, _OLDEST_GLIBC))
        target = ["-target", f"{machine}-linux-gnu.{version}"]
        return [sys.executable, "-m", "ziglang", "cc", *target], f"manylinux_{version.replace('.', '_')}_{machine}"
    return [] if sys.platform == "win32" or not shutil.which("cc") else ["cc"], tag


def _linked(linker: list[str], cpu: str, objects: list[Path]) -> Path:
    from vikt.compiled.loading import library_for

    library = objects[0].with_name(library_for(cpu).name)
    kind = "-dynamiclib" if sys.platform == "darwin" else "-shared"
    subprocess.run([*linker, kind, "-s", "-o", library, *objects, "-lm"], check=True)
    return library
