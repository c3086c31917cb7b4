"""`vikt update`: a model with rows added and rows forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vikt.cli.console import print_json, progress, say_notes
from vikt.cli.options import InputOptions
from vikt.cli.outputs import check_one_on_stdout, check_output, save_or_print, show_beside
from vikt.cli.trained_rows import labelled_as_trained
from vikt.corpus.label_notes import notes_on_labels
from vikt.corpus.label_reading import LabelReading
from vikt.corpus.labelled import Labelled
from vikt.corpus.sources import check_read_once, find_sources
from vikt.errors import UsageError
from vikt.evaluation.held_out import evaluated_update
from vikt.evaluation.of_kinds import answers_of, figures_of
from vikt.evaluation.of_labels import LabelEvaluation
from vikt.files.model_file import is_model
from vikt.fitting.given_rows import GivenRows
from vikt.fitting.record import FitRecord
from vikt.fitting.saved import SavedModel
from vikt.fitting.trained import load_trained
from vikt.fitting.update import Update, update
from vikt.report.as_json import fit_json, model_json
from vikt.report.evaluation import model_figures
from vikt.report.fit import data_lines, fit_lines, handmade_lines, sized, strongest_lines
from vikt.report.update import update_json, update_lines


@dataclass(frozen=True, kw_only=True)
class Request(InputOptions):
    """The arguments of `vikt update`."""

    model: Path
    output: Path
    add: Sequence[str] = ()
    forget: Sequence[str] = ()
    test: str | None = None
    weight: str | None = None
    threads: int = 1
    force: bool = False
    as_json: bool = False
    quiet: bool = False


def update_model(request: Request) -> None:
    """Read, update, test, save, report."""
    _check(request)
    saved = load_trained(request.model, request.data)
    with progress(request.quiet) as bar:
        old = _read(request, saved, request.data)
        add = _read(request, saved, request.add) if request.add else None
        forget = _read(request, saved, request.forget, weighted=False) if request.forget else None
        changes = [None if rows is None else _given(saved, rows) for rows in (add, forget)]
        updated = update(saved, _given(saved, old), *changes, threads=request.threads, progress=bar)
        evaluation = _evaluated(request, saved, updated)
    updated.fit.warn_unless_converged()
    if add is not None:
        say_notes(notes_on_labels(add.documents.origin, add.labels, request.labels_separator), request.quiet)
    blank_lines = old.n_blank + (add.n_blank if add else 0)
    record = _recorded(updated, evaluation, request.weight, blank_lines)
    after = SavedModel(updated.fit.model, record)
    save_or_print(after, request.output, request.force)
    _report(saved, after, updated, evaluation, request)


def _check(request: Request) -> None:
    """Refuse what cannot be done, before any file is read."""
    if not request.add and not request.forget:
        raise UsageError("there is nothing to update; name rows with --add or --forget")
    tests = [] if request.test is None else [request.test]
    named = [*request.data, *request.add, *request.forget, *tests]
    check_read_once([request.model, *named])
    # Rows that are named twice would count twice; those to forget are looked for in the others.
    sources = [*find_sources([*request.data, *request.add]), *find_sources(request.forget), *find_sources(tests)]
    check_output(request.output, sources, request.force, "a vikt model", is_model)
    check_one_on_stdout(request.output, request.as_json)


def _read(
    request: Request,
    saved: SavedModel,
    names: Sequence[str],
    weighted: bool = True,
    reading: LabelReading | None = None,
) -> Labelled:
    weight = request.weight or saved.record.columns.get("weight") if weighted else None
    rows = labelled_as_trained(saved, names, request, weight, reading=reading)
    say_notes(rows.notes, request.quiet)
    return rows


def _given(saved: SavedModel, rows: Labelled) -> GivenRows:
    return GivenRows.of(saved.model, rows.documents, rows.labels, rows.weights, rows.documents.place)


def _evaluated(request: Request, saved: SavedModel, updated: Update) -> LabelEvaluation | None:
    """The figures on the test that is named, or else on the rows that stay held out, if there are any."""
    if request.test is None:
        return evaluated_update(updated, request.threads)
    rows = _read(request, saved, [request.test], weighted=False, reading=saved.reading(request.labels_separator))
    return figures_of(answers_of(updated.fit.model, rows.documents, rows.labels, request.threads))


def _recorded(updated: Update, evaluation: LabelEvaluation | None, weight: str | None, blank_lines: int) -> FitRecord:
    """The record with what is known of the files and the test."""
    record = updated.fit.record
    if evaluation is not None:
        record = record.with_test(evaluation.n_rows, evaluation.to_json()["metrics"])
    columns = record.columns | ({"weight": weight} if weight else {})
    return replace(record, data=replace(record.data, blank_lines=blank_lines), columns=columns)


def _report(
    before: SavedModel, after: SavedModel, updated: Update, evaluation: LabelEvaluation | None, request: Request
) -> None:
    model, record = after.model, after.record
    if request.as_json:
        results = fit_json(record) if evaluation is None else model_figures(evaluation, record).to_json()
        changes = {"update": update_json(updated, before.model)}
        print_json(results | changes | {"model": model_json(request.output, model, record)})
        return
    tested = "none: no row is held out; name a test with --test"
    if evaluation is not None:
        rows = "the held-out rows" if request.test is None else request.test
        tested = f"{rows}\n{model_figures(evaluation, record)}"
    blocks = [
        update_lines(updated, before.model),
        data_lines(record, model),
        fit_lines(record, model),
        f"test       {tested}",
        handmade_lines(model),
        strongest_lines(model),
        f"model      {sized(request.output)}",
    ]
    show_beside(request.output, blocks, request.quiet)
