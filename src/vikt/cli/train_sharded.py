"""`vikt train --memory` and `--cluster`: train on files that memory cannot hold, from disk or on a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.classifier import TextClassifier
from vikt.cli.console import progress, say, say_notes
from vikt.cli.inputs import format_of_others
from vikt.cli.outputs import is_standard, save_or_print
from vikt.cli.train import (
    Request,
    TestFacts,
    Trained,
    check_request,
    label_reading,
    same_file,
    save_untested,
    show_trained,
)
from vikt.corpus.columns import Columns
from vikt.corpus.digests import ContentDigests
from vikt.corpus.label_notes import notes_on_tested_labels
from vikt.corpus.labelled import Labelled, labelled
from vikt.corpus.overlap import Overlap
from vikt.corpus.read_tables import Table
from vikt.corpus.readers import no_rows
from vikt.corpus.refused_rows import RefusedRowsError, counted_in_all
from vikt.errors import ClusterError, UsageError, ViktError
from vikt.evaluation.evaluation import evaluation_of
from vikt.evaluation.outcomes import Outcomes, outcomes
from vikt.files.work_folder import WorkFolder, has_work
from vikt.fitting.saved import SavedModel
from vikt.fitting.sharded.cluster_rows import ClusterAddress
from vikt.fitting.sharded.files import FileFit, LabelledFiles
from vikt.fitting.sharded.memory_limit import MemoryLimit
from vikt.fitting.sharded.shard_fit import check_fits_shards
from vikt.fitting.sharded.shard_work import ShardWork
from vikt.mappings import Values
from vikt.progress import Progress
from vikt.report.evaluation import model_figures
from vikt.spool.sources import Source
from vikt.spool.spool import Spool
from vikt.spool.spooling import IN_MEMORY, TextsAlone


def train(request: Request, options: Values) -> None:
    """Read, fit, test, save, report."""
    show_trained(trained(request, options), request)


def trained(request: Request, options: Values) -> Trained:
    """Spool the rows, fit them shard by shard, test, save.

    Raises
    ------
    ViktError
        Something of it fails; finished work stays, and the same command resumes from it.
    """
    reading = label_reading(request, options)
    settings = TextClassifier(**options | {"targets": reading.kind}).settings()
    otherwise = _in_memory(request)
    _refuse(request, otherwise)
    check_fits_shards(settings, otherwise)
    cluster = ClusterAddress.of(request.cluster, request.groups, request.shards)
    file_fit = FileFit(settings, MemoryLimit.of(request.memory, settings), request.threads, cluster)
    check_request(request, options)
    files = LabelledFiles(
        request.data, request.text, request.label, request.weight, reading, request.format, request.dialect
    )
    first, path, tenths = _first_of_test(request), _work_path(request), 2 if request.test is None else 1

    def spooled(folder: WorkFolder) -> Spool:
        rows = files.spooled(folder, settings.random_state, _with_speed(bar))
        say_notes(rows.notes, request.quiet)
        if first is not None:
            _check_test(request, first, rows.columns)
        return rows

    job = files.job(settings) | {"--test": request.test}
    with (
        progress(request.quiet) as bar,
        _resumable(path),
        file_fit.opened(path, job, spooled, bar, restart=request.restart, tenths=tenths) as fit,
    ):
        saved = fit.fitted()
        test = _tested(request, fit.work, saved, bar)
        evaluation = evaluation_of(test.outcomes)
        if request.refit_all and request.test is None:
            say("refitted on all rows; the figures are those of the first fit, which did not see the test rows")
            saved = fit.refitted(saved)
        record = saved.record.with_test(evaluation.n_rows, evaluation.to_json()["metrics"])
        save_or_print(SavedModel(saved.model, record), request.output, request.force)
    return Trained(saved.model, record, test.facts, model_figures(evaluation, record))


def _with_speed(bar: Progress) -> Progress:
    """What tells a bar how many bytes of a stage are done in a second."""
    start = perf_counter()

    def update(stage: str, done: int, total: int) -> None:
        bar(f"{stage}, {done / max(perf_counter() - start, 1e-9) / 1e6:.0f} MB/s; bytes", done, total)

    return update


def _refuse(request: Request, otherwise: str) -> None:
    """Refuse what needs all rows in memory, or has no place for the work. Raises UsageError."""
    for name, is_given in (
        ("--features", request.features is not None),
        ("--number", bool(request.numbers)),
        ("--category", bool(request.categories)),
        ("--group", request.group is not None),
        ("--report", request.report is not None),
        ("--labels-separator", request.labels_separator is not None),
    ):
        if is_given:
            raise UsageError(f"{name}: needs all rows in memory; leave it out, or {otherwise}")
    if is_standard(request.output) and request.work_dir is None:
        raise UsageError("-o - leaves no place for the work; name a folder for it with --work-dir")


def _in_memory(request: Request) -> str:
    """How to fit in memory instead."""
    given = {"--memory": request.memory, "--cluster": request.cluster}
    return f"train without {' and '.join(name for name, value in given.items() if value is not None)}"


def _work_path(request: Request) -> Path:
    return request.work_dir or request.output.with_name(f"{request.output.name}.work")


@contextmanager
def _resumable(path: Path) -> Iterator[None]:
    # Where nothing is wrong with the work itself, the same command can finish it.
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(*_resuming(path)) from None
    except ClusterError as error:
        raise ClusterError("; ".join([error.message, *_resuming(path)])) from error


def _resuming(path: Path) -> list[str]:
    """How to go on with what is done in a work folder, if anything is."""
    return [f"the work so far is in {path}; run the same command again to resume"] * has_work(path)


class _Test(NamedTuple):
    """What the model answers to the rows of the test, and what these share with training."""

    outcomes: Outcomes
    facts: TestFacts = TestFacts()


def _first_of_test(request: Request) -> Table | None:
    """The first rows of the test, so that what cannot be read is refused before the work; of a pipe, none."""
    first = next(_test_sources(request), None)
    return None if first is None or first.is_pipe else first.first_rows()


def _check_test(request: Request, first: Table, columns: Columns) -> None:
    """Refuse a test by its first rows. Raises DataError."""

    def read(table: Table) -> Labelled:
        return labelled(table, TextsAlone(), columns.text, columns.label)

    try:
        read(first)
    except RefusedRowsError:
        for _ in counted_in_all(_test_batches(request, [str(columns.text), str(columns.label)]), read):
            pass
        raise


def _test_batches(request: Request, columns: Sequence[str]) -> Iterator[Table]:
    """The rows of the test, some at a time."""
    for source in _test_sources(request):
        yield from (batch for batch in source.batches(columns, 0) if batch.n_rows)


def _test_sources(request: Request) -> Iterator[Source]:
    """The files of the test, if there are any."""
    names = [] if request.test is None else [request.test]
    format = format_of_others(names, request)
    return (Source(name, format, request.dialect) for name in request.sources(names))


def _tested(request: Request, work: ShardWork, saved: SavedModel, bar: Progress) -> _Test:
    """The test, on the rows held out or on those of a file."""
    if request.test is None:
        held_out = (outcomes(saved.model, own.documents, own.labels, request.threads) for own in work.held_out())
        return _Test(Outcomes.joined(list(held_out)))
    try:
        return _of_file(request, request.test, work, saved, bar)
    except (ViktError, MemoryError, KeyboardInterrupt):
        # The rows of the file are read after the training, which nothing that happens then undoes.
        work.folder.clear()
        save_untested(saved, request)
        raise


def _of_file(request: Request, test: str, work: ShardWork, saved: SavedModel, bar: Progress) -> _Test:
    """The test on the rows of a file."""
    found, digests = zip(*_answered(request, test, saved, bar), strict=True)
    answered = Outcomes.joined(found)
    say_notes(notes_on_tested_labels(test, answered.labels, saved.model.labels, IN_MEMORY), request.quiet)
    shared = Overlap(answered.n_rows, work.shards.n_shared(np.concatenate(digests)), 0)
    return _Test(answered, TestFacts(tuple(same_file(request)), shared))


def _answered(
    request: Request, test: str, saved: SavedModel, bar: Progress
) -> Iterator[tuple[Outcomes, NDArray[np.uint64]]]:
    """What the model answers to some rows of a file at a time, and the digests of their texts but for blank ones."""
    n_rows, reading = 0, saved.reading()
    text, label = (str(saved.record.columns[role]) for role in ("text", "label"))

    def read(table: Table) -> Labelled:
        return labelled(table, saved.model.features, text, label, reading=reading)

    for own in counted_in_all(_test_batches(request, [text, label]), read):
        digests = ContentDigests.of(text for text in own.documents.strings() if text.strip())
        yield outcomes(saved.model, own.documents, own.labels, request.threads), digests.halves
        n_rows += len(own.labels)
        bar("testing", n_rows, 0)
    if not n_rows:
        raise no_rows(test)
