"""`vikt audit`: check labelled texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from vikt.auditing.audit import audited
from vikt.auditing.checks import chosen_checks
from vikt.auditing.subject import LabelledTexts, Subject
from vikt.cli.console import AIM_MISSED, print_json, progress, say_notes, show
from vikt.cli.options import InputOptions, ReportRequest
from vikt.cli.reports import check_report, write_report
from vikt.corpus.formats import FORMATS
from vikt.corpus.labelled import labelled, read_tables
from vikt.corpus.read_stream import suffix_of
from vikt.corpus.read_tables import Table
from vikt.corpus.sources import check_read_once, find_sources
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.files.trained import load_trained
from vikt.fitting.saved import SavedModel
from vikt.report.html.pages import audit_page


def audit_files(
    given: InputOptions,
    *,
    test: str | None,
    model: Path | None,
    ignore: Sequence[str],
    report: ReportRequest | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Check labelled texts and print what was found.

    Returns
    -------
    int
        The exit code: AIM_MISSED if a finding is an error, else 0.
    """
    chosen_checks(ignore)
    check_read_once([*given.data, *(name for name in (test, model) if name is not None)])
    others = [str(name) for name in (test, model) if name is not None]
    check_report(report, [*find_sources(given.data), *others])
    with progress(quiet) as bar:
        bar("auditing", 0, 0)
        subject = _read(given, test, None if model is None else load_trained(model, given.data), quiet)
        found = audited(subject, ignore)
    write_report(report, lambda command: audit_page(found, command))
    if as_json:
        print_json(found.to_json())
    else:
        show(repr(found))
    return AIM_MISSED if found.has_errors else 0


def _read(given: InputOptions, test: str | None, saved: SavedModel | None, quiet: bool) -> Subject:
    """The labelled texts of all files. The columns are those named, else those of the model, else guessed."""
    reader = TextFeatures(FeatureSettings()) if saved is None else saved.model.features
    table = read_tables(given.data, given.format, given.dialect)
    known = {} if saved is None else saved.record.columns
    table = table.with_fields(known.values())
    names = {role: name for role, name in known.items() if name in table.names}
    rows = labelled(table, reader, given.text or names.get("text"), given.label or names.get("label"))
    say_notes(rows.notes, quiet)
    training = LabelledTexts.of("training", rows.documents, rows.labels, partial(_number, table))
    if test is None:
        return Subject(training, model=saved)
    test_table = read_tables([test], None if suffix_of(test) in FORMATS else given.format, given.dialect)
    test_rows = labelled(test_table, reader, rows.columns.text, rows.columns.label)
    say_notes(test_rows.notes, quiet)
    tested = LabelledTexts.of("test", test_rows.documents, test_rows.labels, partial(_number, test_table))
    return Subject(training, tested, saved)


def _number(table: Table, i: int) -> int:
    """The number of row i as messages have it; rows of several files are counted through."""
    return table.first_row + i if table.lines is None or table.parts else int(table.lines[i])
