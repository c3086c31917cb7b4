"""A page as one file of HTML: it needs no script, no font and nothing from outside."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from vikt.errors import MissingPackageError
from vikt.files.replacement import check_replaceable, replacing
from vikt.report.html.blocks import Page
from vikt.tables import escaped

if TYPE_CHECKING:
    from jinja2 import Environment

KIND = "a vikt report"
# What tells a report from any other file, near its start.
_MARK = b'<meta name="generator" content="vikt report">'
_FIRST_BYTES = 1024
_PACKAGES = {"Jinja2": "jinja2", "Matplotlib": "matplotlib"}


def check_installed() -> None:
    """Refuse a report before the work rather than after it.

    Raises
    ------
    MissingPackageError
        Jinja2 or Matplotlib is not installed.
    """
    missing = _missing_packages()
    if missing:
        raise MissingPackageError.of_extra("a report", missing, "report")


def is_installed() -> bool:
    """Whether what a report needs is installed."""
    return not _missing_packages()


def _missing_packages() -> list[str]:
    return [package for package, module in _PACKAGES.items() if find_spec(module) is None]


def check_writable(path: str | Path, force: bool) -> None:
    """Refuse a report before the work: `check_installed`, and a file that must not be replaced.

    Raises
    ------
    OutputFileError
        The file exists, is not a report, and `force` is false.
    MissingPackageError
        Jinja2 or Matplotlib is not installed.
    """
    check_installed()
    check_replaceable(Path(path), KIND, is_report, force)


def is_report(path: Path) -> bool:
    """Whether a file is a report that vikt wrote."""
    with path.open("rb") as file:
        return _MARK in file.read(_FIRST_BYTES)


def write_page(path: str | Path, page: Page, *, force: bool = False) -> None:
    """Write a page whole or not at all. A file that is not a report of vikt is replaced only with `force`.

    Raises
    ------
    OutputFileError
        The file cannot be written, or must not be replaced.
    MissingPackageError
        Jinja2 is not installed.
    """
    check_writable(path, force)
    content = page_html(page).encode("utf-8")
    with replacing(Path(path)) as file:
        file.write(content)


def page_html(page: Page) -> str:
    """A page as HTML."""
    return str(_templates().get_template("page.html.j2").render(page=page))


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("vikt.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_spelled,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _spelled(value: object) -> object:
    """A text with its control characters spelled out: no direction of writing or invisible character is the data's."""
    return escaped(value) if type(value) is str else value
