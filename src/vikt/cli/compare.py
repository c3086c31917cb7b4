"""`vikt compare`: two trained models on the same labelled texts."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from vikt.cli.console import print_json, progress, say_notes, show
from vikt.cli.inputs import known_columns
from vikt.cli.options import InputOptions, ReportRequest
from vikt.cli.reports import check_report, placed, write_report
from vikt.cli.trained_rows import notes_on_test
from vikt.corpus.label_reading import LabelReading, column_parts
from vikt.corpus.labelled import Labelled, labelled, read_tables
from vikt.corpus.read_tables import Table
from vikt.corpus.sources import check_read_once, find_sources
from vikt.errors import UsageError
from vikt.evaluation.comparison import check_comparable, compared
from vikt.fitting.saved import SavedModel
from vikt.fitting.trained import load_trained
from vikt.report.comparison import ModelComparison
from vikt.report.html.pages import comparison_page


def compare_files(
    paths: tuple[Path, Path],
    given: InputOptions,
    *,
    threads: int,
    report: ReportRequest | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Test two models on the same labelled texts and print how they differ."""
    check_read_once([*paths, *given.data])
    check_report(report, [*map(str, paths), *find_sources(given.data)], force)
    saved = [load_trained(path, given.data) for path in paths]
    check_comparable(saved[0].model, saved[1].model)
    with progress(quiet) as bar:
        bar("comparing", 0, 0)
        table = read_tables(given.data, given.format, given.dialect)
        label = given.label or _label_column(saved, table)
        reading = _reading(saved, given.labels_separator)
        rows = [_read(model, table, given.text, label, reading) for model in saved]
        read = [note for own in rows for note in own.notes]
        say_notes(dict.fromkeys((*_same_file(paths), *read, *notes_on_test(saved, rows))), quiet)
        a, b = (model.model for model in saved)
        found = compared(a, b, (rows[0].documents, rows[1].documents), rows[0].labels, threads)
    comparison = ModelComparison.of(found)
    place = placed(rows[0].documents, np.arange(comparison.n_rows))
    named = [(path.name, model) for path, model in zip(paths, saved, strict=True)]
    write_report(report, lambda command: comparison_page(comparison, command, named, place), force)
    if as_json:
        print_json(comparison.to_json() | {"models": {name: str(path) for name, path in zip("ab", paths, strict=True)}})
    else:
        show(f"test       {table.path}\nA          {paths[0]}\nB          {paths[1]}\n\n{comparison}")


def _label_column(saved: list[SavedModel], table: Table) -> str | None:
    """The column that held the labels of both models in training, if the table has it."""
    trained = [name for model in saved if (name := model.record.columns.get("label"))]
    table = table.with_fields([*trained, *(part for name in trained for part in column_parts(name))])
    known = sorted({name for model in saved if (name := known_columns(model, table).get("label"))})
    if len(known) > 1:
        raise UsageError(
            f"{table.path}: the models learnt the labels of two columns, {known[0]!r} and {known[1]!r}; "
            "name the one to compare them on",
            label=...,
        )
    return next(iter(known), None)


def _reading(saved: list[SavedModel], labels_separator: str | None) -> LabelReading:
    """How both models read labels: of two that answer one per row, as shares if either was trained with them."""
    readings = [model.reading(labels_separator) for model in saved]
    return next((reading for reading in readings if reading.kind == "soft"), readings[0])


def _read(saved: SavedModel, table: Table, text: str | None, label: str | None, reading: LabelReading) -> Labelled:
    trained = saved.record.columns.get("text")
    table = table.with_fields([trained])
    known = text or (trained if trained in table.names else None)
    return labelled(table, saved.model.features, known, label, reading=reading)


def _same_file(paths: tuple[Path, Path]) -> list[str]:
    same = os.path.realpath(paths[0]) == os.path.realpath(paths[1])
    return [f"{paths[1]}: given as both A and B, so nothing can differ; name two models"] * same
