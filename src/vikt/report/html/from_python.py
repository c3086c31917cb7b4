"""Reports from Python."""

from __future__ import annotations

from pathlib import Path

from numpy.typing import ArrayLike

from vikt.auditing.audit import Audit
from vikt.corpus.frames import frame_of
from vikt.errors import UsageError
from vikt.evaluation.comparison import Comparison
from vikt.evaluation.slices import By, values_by
from vikt.explanation.label_errors import LabelErrors
from vikt.fitting.model import Inputs
from vikt.fitting.saved import SavedModel
from vikt.report.html.pages import audit_page, comparison_page, label_errors_page, model_page
from vikt.report.html.tested import Tested
from vikt.report.html.writing import check_writable, write_page


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
        The file cannot be written, or is not a report.
    MissingPackageError
        Jinja2 or Matplotlib is not installed: in a clone of vikt, ``pip install '.[report]'``.
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


def write_model_report(
    path: str | Path,
    saved: SavedModel,
    texts: Inputs,
    labels: ArrayLike,
    by: By,
    *,
    command: str,
    threads: int,
    force: bool,
) -> None:
    """Write what `TextClassifier.report` describes; `command` is what the page says of how the model was trained."""
    check_writable(path, force)
    frame = frame_of(texts)
    measured = saved.model.measured(texts if frame is None else frame)
    columns = values_by(by, frame, measured.texts)
    tested = Tested.of(saved.model, saved.record, measured, labels, by=columns, threads=threads)
    write_page(path, model_page(tested, command), force=force)
