"""Reports from Python."""

from __future__ import annotations

from pathlib import Path

from vikt.auditing.audit import Audit
from vikt.errors import UsageError
from vikt.evaluation.comparison import Comparison
from vikt.explanation.label_errors import LabelErrors
from vikt.report.html.pages import audit_page, comparison_page, label_errors_page
from vikt.report.html.writing import write_page


def write_report(path: str | Path, result: Audit | Comparison | LabelErrors, *, force: bool = False) -> None:
    """Write what `vikt.audit`, `vikt.compare` or `TextClassifier.label_errors` found to an HTML file.

    `TextClassifier.report` writes the report of a model.

    Parameters
    ----------
    path : path
        A report that is there is replaced.
    result : Audit, ModelComparison or LabelErrors
    force : bool
        Replace any other file as well.

    Raises
    ------
    UsageError
        The result is none of these.
    OutputFileError
        The file cannot be written, or is no report.
    MissingPackageError
        Jinja2 or Matplotlib is not installed: pip install 'vikt[report]'.
    """
    if isinstance(result, Audit):
        page = audit_page(result, "vikt.audit(texts, labels)")
    elif isinstance(result, LabelErrors):
        page = label_errors_page(result, "classifier.label_errors(texts, labels)")
    elif isinstance(result, Comparison):
        page = comparison_page(result, "vikt.compare(a, b, texts, labels)")
    else:
        raise UsageError(
            "write_report: expected what vikt.audit, vikt.compare or classifier.label_errors found, found "
            f"{type(result).__name__}; classifier.report(path, texts, labels) writes the report of a model"
        )
    write_page(path, page, force=force)
