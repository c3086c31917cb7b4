"""The report that a command writes with --report."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from vikt.arrays import RowIndices
from vikt.cli.options import ReportRequest
from vikt.cli.outputs import check_output, is_standard
from vikt.corpus.documents import Documents
from vikt.errors import UsageError

if TYPE_CHECKING:
    from vikt.report.html.blocks import Page


def check_report(
    wanted: ReportRequest | None, inputs: Iterable[str], force: bool, outputs: Iterable[Path] = ()
) -> None:
    """Refuse a report that cannot or must not be written, before the work rather than after it.

    Raises
    ------
    UsageError
        The report is stdout, has no ending of HTML, or is one of the inputs or another output of the command.
    OutputFileError
        It cannot be written, or must not be replaced.
    MissingPackageError
        A package that it needs is not installed.
    """
    if wanted is None:
        return
    from vikt.report.html.writing import KIND, check_installed, is_report

    path = wanted.path
    if is_standard(path):
        raise UsageError("--report: expected a file such as report.html, found -; results are written to stdout")
    if os.path.realpath(path) in map(os.path.realpath, outputs):
        raise UsageError(f"{path}: is both the report and another output; choose another file with --report")
    check_output(path, inputs, force, KIND, is_report, option="--report")
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"--report: expected a file such as report.html, found {path}; a report is HTML")
    check_installed()


def placed(documents: Documents, origin: RowIndices) -> Callable[[int], str]:
    """The place of the document of each row; without the folders of its file, which are no part of the work."""
    return lambda row: documents.place(int(origin[row])).rpartition("/")[2]


def write_report(wanted: ReportRequest | None, page: Callable[[str], Page], force: bool) -> None:
    """Make the page of a command and write it, where it is wanted."""
    if wanted is not None:
        from vikt.report.html.writing import write_page

        write_page(wanted.path, page(wanted.command), force=force)
