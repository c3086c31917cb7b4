"""A trained model as one HTML page that classifies and explains texts by itself."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from vikt.export.html.model import encoded_model
from vikt.fitting.saved import SavedModel
from vikt.web.page import MARK, one_file

KIND = "a page that vikt exported"
_FIRST_BYTES = 4096
# They share one scope. In the order in which they build on each other.
_SCRIPTS = (
    "payload.js", "composition.js", "characters.js", "units.js", "ngrams.js", "model.js", "explanation.js", "local.js"
)  # fmt: skip


def is_classifier_page(path: Path) -> bool:
    """Whether a file is a page that vikt exported."""
    with path.open("rb") as file:
        return MARK.encode() in file.read(_FIRST_BYTES)


def page_of(saved: SavedModel, name: str) -> bytes:
    """A page that classifies and explains texts by itself.

    Raises
    ------
    UsageError
        The model has features that a page does not compute.
    """
    script = f'(() => {{\n"use strict";\n{engine()}\nstart();\n}})();\n'
    return one_file([script], [("model", encoded_model(saved, name))]).encode()


@cache
def engine() -> str:
    """The scripts that read an encoded model, classify and explain."""
    folder = files("vikt.export.html") / "engine"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in _SCRIPTS)
