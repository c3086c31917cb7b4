"""`vikt audit`: check labelled texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from vikt.auditing.audit import audited
from vikt.auditing.checks import chosen_checks
from vikt.auditing.finding import Side
from vikt.auditing.subject import LabelledTexts, Subject
from vikt.cli.console import AIM_MISSED, print_json, progress, say_notes, show
from vikt.cli.inputs import known_columns, read_others
from vikt.cli.options import InputOptions, ReportRequest
from vikt.cli.outputs import check_output
from vikt.cli.reports import check_report, write_report
from vikt.cli.review import check_review, label_errors_in, review_line, write_review
from vikt.corpus.label_reading import LabelReading
from vikt.corpus.labelled import Labelled, labelled, read_tables
from vikt.corpus.read_tables import Table
from vikt.corpus.sources import check_read_once, find_sources
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.fitting.saved import SavedModel
from vikt.fitting.trained import load_trained
from vikt.names import TargetsName
from vikt.report.html.pages import audit_page
from vikt.report.html.sections.label_errors import label_errors_section


@dataclass(frozen=True, kw_only=True)
class Request(InputOptions):
    """The arguments of `vikt audit`; labels are checked where there is an `output`, or `mislabels` asks for it."""

    test: str | None = None
    model: Path | None = None
    ignore: Sequence[str] = ()
    mislabels: bool = False
    output: Path | None = None
    targets: TargetsName = "auto"
    analyzer: str = "auto"
    threads: int = 1
    report: ReportRequest | None = None
    force: bool = False
    as_json: bool = False
    quiet: bool = False


def audit_files(request: Request) -> int:
    """Check labelled texts and print what was found.

    Returns
    -------
    int
        The exit code: AIM_MISSED if a finding is an error, else 0.
    """
    _check(request)
    with progress(request.quiet) as bar:
        bar("auditing", 0, 0)
        saved = None if request.model is None else load_trained(request.model, request.data)
        table = read_tables(request.data, request.format, request.dialect)
        rows = _labelled(table, saved, request)
        training, label_errors = _side("training", rows, table), None
        if request.mislabels or request.output is not None:
            label_errors = label_errors_in(training, saved, request.analyzer, request.threads, bar)
        subject = Subject(training, _test(rows, saved, request), saved, label_errors)
        found = audited(subject, request.ignore)
    suspected = None if label_errors is None else label_errors_section(label_errors, subject.training.place)
    write_report(request.report, lambda command: audit_page(found, command, suspected), request.force)
    if request.output is not None and label_errors is not None:
        separator = _reading(saved, request).separator
        write_review(request.output, request, table, subject.training, label_errors, separator)
    if request.as_json:
        print_json(found.to_json())
    else:
        show("\n\n".join(filter(None, [repr(found), review_line(request.output, label_errors)])))
    return AIM_MISSED if found.has_errors else 0


def _check(request: Request) -> None:
    """Refuse what cannot be done, before any file is read."""
    chosen_checks(request.ignore)
    others = [str(name) for name in (request.test, request.model) if name is not None]
    check_read_once([*request.data, *others])
    inputs = [*find_sources(request.data), *others]
    check_review(request.output)
    check_output(request.output, inputs, request.force)
    check_report(request.report, inputs, request.force, [] if request.output is None else [request.output])


def _labelled(table: Table, saved: SavedModel | None, request: Request) -> Labelled:
    """The labelled texts of a table. The columns are those named, else those of the model, else guessed."""
    table = table if saved is None else table.with_fields(saved.record.columns.values())
    names = {} if saved is None else known_columns(saved, table)
    text, label = request.text or names.get("text"), request.label or names.get("label")
    rows = labelled(table, _reader(saved), text, label, keeps_unlabelled=True, reading=_reading(saved, request))
    say_notes(rows.notes, request.quiet)
    return rows


def _test(training: Labelled, saved: SavedModel | None, request: Request) -> LabelledTexts | None:
    if request.test is None:
        return None
    table = read_others([request.test], request)
    text, label, reading = training.columns.text, training.columns.label, _reading(saved, request)
    rows = labelled(table, _reader(saved), text, label, keeps_unlabelled=True, reading=reading)
    say_notes(rows.notes, request.quiet)
    return _side("test", rows, table)


def _reader(saved: SavedModel | None) -> TextFeatures:
    return TextFeatures(FeatureSettings()) if saved is None else saved.model.features


def _reading(saved: SavedModel | None, request: Request) -> LabelReading:
    """How labels are read: as named, else as for the model. Levels of an order are audited as classes."""
    if saved is not None and request.targets == "auto":
        return saved.reading(request.labels_separator)
    return LabelReading("classes" if request.targets == "ordered" else request.targets, request.labels_separator)


def _side(side: Side, rows: Labelled, table: Table) -> LabelledTexts:
    return LabelledTexts.of(side, rows.documents, rows.labels, partial(_number, table))


def _number(table: Table, i: int) -> int:
    """The number of row i as messages have it; rows of several files are counted through."""
    return table.first_row + i if table.lines is None or table.parts else int(table.lines[i])
