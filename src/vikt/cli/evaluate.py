"""`vikt evaluate`: test a trained model on labelled texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from vikt.cli.console import AIM_MISSED, print_json, progress, say, say_notes, show
from vikt.cli.inputs import known_columns
from vikt.cli.options import InputOptions, ReportRequest
from vikt.cli.reports import check_report, placed, write_report
from vikt.cli.trained_rows import notes_on_test
from vikt.corpus.labelled import labelled, read_tables
from vikt.corpus.sources import check_read_once, find_sources
from vikt.evaluation.aim_figures import tested_aim
from vikt.evaluation.requirements import checked_requirements, parsed_requirements
from vikt.evaluation.slices import LENGTH, length_values
from vikt.fitting.trained import load_trained
from vikt.report.evaluation import model_figures
from vikt.report.html.pages import model_page
from vikt.report.html.tested import Tested
from vikt.tables import listed


def evaluate_file(
    path: Path,
    given: InputOptions,
    *,
    by: Sequence[str] = (),
    require: Sequence[str] = (),
    threads: int,
    as_json: bool,
    quiet: bool,
    report: ReportRequest | None = None,
    force: bool = False,
) -> int:
    """Test a model on labelled texts and print its figures, and those by slice of each column in `by`.

    Returns
    -------
    int
        The exit code: AIM_MISSED where a condition in `require` is not met, else 0.
    """
    conditions = parsed_requirements(require)
    check_read_once([path, *given.data])
    check_report(report, [str(path), *find_sources(given.data)], force)
    saved = load_trained(path, given.data)
    model, record = saved.model, saved.record
    with progress(quiet) as bar:
        bar("evaluating", 0, 0)
        table = read_tables(given.data, given.format, given.dialect).with_fields([*record.columns.values(), *by])
        known = known_columns(saved, table)
        text, label = given.text or known.get("text"), given.label or known.get("label")
        sliced = [name for name in by if name != LENGTH or name in table.names]
        reading = saved.reading(given.labels_separator)
        rows = labelled(table, model.features, text, label, others=sliced, reading=reading)
        say_notes((*rows.notes, *notes_on_test([saved], [rows])), quiet)
        measured = model.measured(rows.documents)
        columns = {name: rows.others.get(name) or length_values(measured.texts) for name in by}
        place = placed(rows.documents, np.arange(table.n_rows))
        name = listed([Path(source).name for source in given.data])
        tested = Tested.of(model, record, measured, rows.labels, name=name, by=columns, place=place, threads=threads)
    required = checked_requirements(conditions, tested.evaluation)
    write_report(report, lambda command: model_page(replace(tested, requirements=tuple(required)), command), force)
    evaluation = model_figures(tested.evaluation, record, tested.slices)
    if as_json:
        about = {"requirements": [each.to_json() for each in required]} if required else {}
        print_json(evaluation.to_json() | about | {"model": {"path": str(path)}})
    else:
        aim = tested_aim(model, record, tested.evaluation)
        about_aim = "" if aim is None else f"aim        {aim}\n"
        show(f"test       {table.path}, {table.n_rows:,} rows\n{about_aim}{evaluation}")
    missed = [each for each in required if not each.is_met]
    for each in missed:
        say(f"vikt: {each}")
    return AIM_MISSED if missed else 0
