"""Hatchling, but that wheels also ask for what compiles kernels, which editable installs and sdists do not need."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

from hatchling.build import *  # noqa: F403
from hatchling.build import get_requires_for_build_wheel as of_hatchling


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    # A linker, where the machine has none of its own.
    linker = [] if shutil.which("cc") else ["ziglang"]
    return [*of_hatchling(config_settings), *project["optional-dependencies"]["compile"], *linker]
