"""Reports from Python."""

from __future__ import annotations

from pathlib import Path

from vikt.auditing.audit import Audit
from vikt.evaluation.comparison import Comparison
from vikt.report.html.pages import audit_page, comparison_page
from vikt.report.html.writing import write_page


def write_report(path: str | Path, result: Audit | Comparison, *, force: bool = False) -> None:
    """Write what `vikt.audit` or `vikt.compare` found to an HTML file, as the option --report does.

    `TextClassifier.report` writes that of a model.

    Parameters
    ----------
    path : path
        A report that is there is replaced.
    result : Audit or ModelComparison
    force : bool
        Replace any other file as well.

    Raises
    ------
    OutputFileError
        The file cannot be written, or is no report.
    MissingPackageError
        Jinja2 or Matplotlib is not installed: pip install 'vikt[report]'.
    """
    if isinstance(result, Audit):
        page = audit_page(result, "vikt.audit(texts, labels)")
    else:
        page = comparison_page(result, "vikt.compare(a, b, texts, labels)")
    write_page(path, page, force=force)
