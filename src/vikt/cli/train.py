"""`vikt train`: train on files, test and save."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vikt.arrays import RowIndices
from vikt.classifier import TextClassifier
from vikt.cli.console import option_of, print_json, progress, say, say_notes
from vikt.cli.inputs import open_others
from vikt.cli.options import InputOptions, ReportRequest
from vikt.cli.outputs import check_one_on_stdout, check_output, is_standard, save_or_print, show_beside
from vikt.cli.reports import check_report, placed, write_report
from vikt.corpus.arrow import release_memory
from vikt.corpus.class_names import ClassNames
from vikt.corpus.label_notes import notes_on_labels, notes_on_tested_labels
from vikt.corpus.label_reading import LabelReading
from vikt.corpus.labelled import Labelled, labelled, read_tables
from vikt.corpus.overlap import Overlap, overlap
from vikt.corpus.read_tables import Table
from vikt.corpus.refused_rows import RefusedRowsError
from vikt.corpus.sources import check_read_once, find_sources
from vikt.corpus.table_labels import paired_columns
from vikt.corpus.targets import TargetRows, kind_of, names_of
from vikt.errors import UsageError, ViktError
from vikt.features import handmade
from vikt.features.settings import handmade_features
from vikt.features.text import TextFeatures
from vikt.files.model_file import is_model
from vikt.fitting.examples import Examples, check_testable
from vikt.fitting.fit import Fit, fit
from vikt.fitting.model import FittedModel, measured
from vikt.fitting.record import FitRecord
from vikt.fitting.saved import SavedModel
from vikt.fitting.settings import FitSettings
from vikt.mappings import Json, Values
from vikt.names import DECISION_PARAMETERS
from vikt.progress import Progress
from vikt.report.as_json import fit_json, model_json
from vikt.report.decision import decision_lines
from vikt.report.evaluation import ModelFigures, model_figures
from vikt.report.fit import data_lines, fit_lines, handmade_lines, sized, strongest_lines
from vikt.report.html.tested import Tested
from vikt.tables import counted, quoted

if TYPE_CHECKING:
    from vikt.auditing.audit import Audit
    from vikt.report.html.blocks import Page

_HELD_OUT = "a tenth of the rows, held out"


@dataclass(frozen=True, kw_only=True)
class Request(InputOptions):
    """The arguments of `vikt train` other than the options of the model."""

    weight: str | None = None
    group: str | None = None
    test: str | None = None
    features: Path | None = None
    numbers: Sequence[str] = ()
    categories: Sequence[str] = ()
    output: Path = Path("model.vikt")
    memory: int | None = None
    work_dir: Path | None = None
    restart: bool = False
    cluster: str | None = None
    groups: int | None = None
    shards: str | None = None
    threads: int = 1
    refit_all: bool = False
    report: ReportRequest | None = None
    force: bool = False
    as_json: bool = False
    quiet: bool = False

    @property
    def spools(self) -> bool:
        """Whether the rows are spooled, rather than read into memory."""
        return self.memory is not None or self.cluster is not None

    def sources(self, names: Sequence[str]) -> list[str]:
        """The files of some names, which can be at addresses where rows are spooled."""
        return find_sources(names, reads_addresses=self.spools)


class _Data(NamedTuple):
    """The labelled documents to fit, how they are read and fitted, and what reads the test, where it has a file."""

    rows: Labelled
    reading: LabelReading
    features: TextFeatures
    settings: FitSettings
    read_test: Callable[[], Labelled] | None

    def examples(self, group: str | None) -> Examples:
        rows, groups = self.rows, None if group is None else self.rows.others[group]
        documents = self.features.measure(rows.documents)
        targets, seed = self.settings.targets, self.settings.random_state
        return Examples.of(documents, rows.labels, rows.weights, seed, groups, targets.kind, targets.order)


class TestFacts(NamedTuple):
    """What a test shares with training; `notes` say why the figures may be too optimistic."""

    notes: tuple[str, ...] = ()
    shared: Overlap | None = None


class _Test(NamedTuple):
    """The test of a fit: `rows` are those of its file."""

    tested: Tested
    rows: Labelled | None = None
    facts: TestFacts = TestFacts()


class Trained(NamedTuple):
    """A model that is saved, with the record of its fit, its test and the figures of that, if it could be tested."""

    model: FittedModel
    record: FitRecord
    test: TestFacts | None = None
    figures: ModelFigures | None = None


def train(request: Request, options: Values) -> None:
    """Read, fit, test, save, report."""
    _refuse_options_of_work(request)
    show_trained(trained(request, options), request)


def _refuse_options_of_work(request: Request) -> None:
    """Refuse what is for rows elsewhere than in memory. Raises UsageError."""
    disk, cluster = "work on disk; give --memory or --cluster", "rows on a cluster; give --cluster ADDRESS"
    for name, is_given, purpose in (
        ("--work-dir", request.work_dir is not None, disk),
        ("--restart", request.restart, disk),
        ("--groups", request.groups is not None, cluster),
        ("--shards", request.shards is not None, cluster),
    ):
        if is_given:
            raise UsageError(f"{name}: is for {purpose} too, or leave it out")


def trained(request: Request, options: Values) -> Trained:
    """Read, fit, test, save.

    Raises
    ------
    ViktError
        Something of it fails. Where it is the reading of the test, the model is saved and reported all the same.
    """
    reading = label_reading(request, options)
    options = options | {"targets": reading.kind}
    check_request(request, options)
    with progress(request.quiet) as bar:
        data = _read(request, options, reading)
        examples = data.examples(request.group)
        training, validation, *held_out = examples.split(2 if data.read_test is None else 1)
        for rows in held_out:
            check_testable(examples, rows)
        fitted = fit(examples, (training, validation), data.settings, threads=request.threads, progress=bar)
        test = _tested(examples, held_out, fitted, data, request)
        if request.refit_all and held_out:
            fitted = _refitted(examples, fitted, data.settings, request.threads, bar)
            test = test._replace(tested=replace(test.tested, name=f"{test.tested.name} from the first fit"))
    fitted.warn_unless_converged()
    evaluation = test.tested.evaluation
    record = _recorded(fitted, data, request).with_test(evaluation.n_rows, evaluation.to_json()["metrics"])
    save_or_print(SavedModel(fitted.model, record), request.output, request.force)
    write_report(request.report, lambda command: _page(test, record, data, command), request.force)
    return Trained(fitted.model, record, test.facts, model_figures(evaluation, record))


def save_untested(saved: SavedModel, request: Request) -> None:
    """Save a model whose test fails or is interrupted, say so, and report the fit."""
    save_or_print(saved, request.output, request.force)
    show_trained(Trained(saved.model, saved.record), request)
    output = "standard output" if is_standard(request.output) else request.output
    say(
        f"{output}: the model is saved, without figures of the test; to test it, type: "
        f"vikt evaluate {'MODEL' if is_standard(request.output) else shlex.quote(str(output))} "
        f"{shlex.quote(str(request.test))}"
    )


def label_reading(request: Request, options: Values) -> LabelReading:
    """How the labels are to be read. Raises UsageError where the options contradict one another."""
    return LabelReading(options.get("targets", "auto"), request.labels_separator, options.get("order") or ())


def _read(request: Request, options: Values, reading: LabelReading) -> _Data:
    declared = [
        *handmade_features(request.features),
        *(handmade.Number(name=name) for name in request.numbers),
        *(handmade.Category(name=name, column=name) for name in request.categories),
    ]
    # Invalid options are refused before any file is read; svmlight's files bring features of their own.
    if declared or options.get("analyzer") != "none":
        _settings(options, declared)
    table = read_tables(request.data, request.format, request.dialect)
    settings = _settings(options, declared, paired_columns(table))
    features = TextFeatures(settings.features)
    group = _named(request.group)
    rows = labelled(table, features, request.text, request.label, request.weight, group, reading=reading)
    about_labels = notes_on_labels(rows.documents.origin, rows.labels, reading.separator)
    say_notes((*rows.notes, *about_labels, *_absent_levels(rows, settings)), request.quiet)
    read_test = None if request.test is None else _opened_test(request.test, request, features, rows, reading)
    del table
    release_memory()
    return _Data(rows, reading, features, settings.with_order(rows.order), read_test)


def _recorded(fitted: Fit, data: _Data, request: Request) -> FitRecord:
    """The record of a fit, with what is known of its files."""
    record, rows = fitted.record, data.rows
    others = {role: name for role, name in (("weight", request.weight), ("group", request.group)) if name}
    return replace(
        record,
        data=replace(record.data, blank_lines=rows.n_blank),
        columns={"text": rows.columns.text, "label": rows.columns.label, **others},
        labels_separator=data.reading.separator,
    )


def _settings(options: Values, declared: list[handmade.Feature], pairs: Sequence[str] = ()) -> FitSettings:
    """The settings of the fit; where svmlight's files bring pairs, these are features and there is no text."""
    features = [*declared, *(handmade.Numbered(name=name) for name in pairs)]
    analyzer = {"analyzer": "none"} if pairs else {}
    return TextClassifier(**options | analyzer, features=features or None).settings()


def _opened_test(
    test: str, request: Request, features: TextFeatures, training: Labelled, reading: LabelReading
) -> Callable[[], Labelled]:
    """What reads the rows of the test. Its columns and its first rows are checked at once, before the work."""
    text, label = training.columns.text, training.columns.label
    again = LabelReading.of_trained(kind_of(training.labels), reading.separator)

    def rows_of(table: Table) -> Labelled:
        table = table.with_fields([request.group])
        group = _named(request.group) if request.group in table.names else []
        return labelled(table, features, text, label, others=group, reading=again)

    first, whole = open_others([test], request)
    try:
        rows_of(first)
    except RefusedRowsError:
        rows_of(whole())  # counts such rows in all of the file
        raise
    return lambda: rows_of(whole())


def _absent_levels(rows: Labelled, settings: FitSettings) -> tuple[str, ...]:
    """A note where the order names levels that no row has, as a misspelt one is."""
    labels = rows.labels
    if settings.targets.order is None or not isinstance(labels, TargetRows):
        return ()
    counts = labels.table.counts(labels.y).tolist()
    absent = [name for name, count in zip(labels.names, counts, strict=True) if not count]
    if not absent:
        return ()
    return (f"{rows.documents.origin}: the order names {quoted(absent)}, which no row has; check the spelling",)


def _unknown_labels(test: Labelled, training: Labelled) -> tuple[str, ...]:
    known = set(names_of(training.labels))
    found = ClassNames.of(known, kind_of(training.labels)).respelled(set(names_of(test.labels)))
    return notes_on_tested_labels(test.documents.origin, found, known)


def _named(column: str | None) -> list[str]:
    return [] if column is None else [column]


def _shared_groups(test: Labelled, training: Labelled, group: str | None) -> Iterator[str]:
    """A note where the rows of a group stand on both sides of the split that the user has made."""
    if group is None or group not in test.others:
        return
    known = set(training.others[group]) - {None}
    shared = [value for value in test.others[group] if value in known]
    if shared:
        yield (
            f"{test.documents.origin}: {counted(len(shared), 'row')} of {counted(len(set(shared)), 'group')} in column "
            f"{group!r:.60} that training has too, so the test figures may be too optimistic; move each group to one "
            "side"
        )


def _overlap(test: Labelled, data: _Data) -> Overlap | None:
    """The test texts that occur in the training data; tokens in order recur, and are not counted."""
    training = data.rows.documents.texts
    if training is None or test.documents.texts is None or data.features.is_running:
        return None
    return overlap(training, test.documents.texts)


def _page(test: _Test, record: FitRecord, data: _Data, command: str) -> Page:
    """The report of the training."""
    from vikt.report.html.pages import model_page

    tested = replace(test.tested, record=record, notes=test.facts.notes)
    return model_page(tested, command, _audited(data, test.rows))


def _audited(data: _Data, test_rows: Labelled | None) -> Audit | None:
    """What an audit finds in the texts, for the report; tokens in order recur, and are not audited."""
    from vikt.auditing.audit import audited
    from vikt.auditing.subject import LabelledTexts, Subject

    texts, test = data.rows.documents.texts, None
    if texts is None or data.features.is_running:
        return None
    if test_rows is not None and test_rows.documents.texts is not None:
        test = LabelledTexts.of("test", test_rows.documents, test_rows.labels)
    return audited(Subject(LabelledTexts.of("training", data.rows.documents, data.rows.labels), test))


def same_file(request: Request) -> Iterator[str]:
    """A note where the test is one of the files trained on."""
    tested = [] if request.test is None else request.sources([request.test])
    if set(map(os.path.realpath, tested)) & set(map(os.path.realpath, request.sources(request.data))):
        yield (
            f"{request.test}: is used both for training and for the test, so the test figures are too optimistic; "
            "use different texts"
        )


def _tested(examples: Examples, held_out: Sequence[RowIndices], fitted: Fit, data: _Data, request: Request) -> _Test:
    """The test, on a file of its own or on the rows that are held out."""
    if data.read_test is None:
        return _held_out(examples, held_out[0], fitted, data, request)
    try:
        return _of_file(data.read_test(), fitted, data, request)
    except (ViktError, MemoryError, KeyboardInterrupt):
        # The rows of the file are read after the training, which nothing that happens then undoes.
        fitted.warn_unless_converged()
        save_untested(SavedModel(fitted.model, _recorded(fitted, data, request)), request)
        raise


def _held_out(examples: Examples, rows: RowIndices, fitted: Fit, data: _Data, request: Request) -> _Test:
    """The test on a tenth of the rows, held out."""
    held_out = examples.take(rows)
    return _Test(
        Tested.of(
            fitted.model,
            fitted.record,
            held_out.documents,
            held_out.labels,
            name=_HELD_OUT,
            place=placed(data.rows.documents, held_out.origin),
            threads=request.threads,
        )
    )


def _of_file(rows: Labelled, fitted: Fit, data: _Data, request: Request) -> _Test:
    """The test on the rows of a file of its own."""
    notes = *same_file(request), *_shared_groups(rows, data.rows, request.group)
    say_notes((*_unknown_labels(rows, data.rows), *notes), request.quiet)
    documents = measured(rows.documents, TextFeatures(data.settings.features))
    tested = Tested.of(
        fitted.model,
        fitted.record,
        documents,
        rows.labels,
        name="the test data",
        place=placed(rows.documents, np.arange(len(documents))),
        threads=request.threads,
    )
    return _Test(tested, rows, TestFacts(notes, _overlap(rows, data)))


def _refitted(examples: Examples, fitted: Fit, settings: FitSettings, threads: int, bar: Progress) -> Fit:
    """A model of all rows, by the plan of the first fit; the figures stay those of the first fit."""
    say("refitted on all rows; the figures are those of the first fit, which did not see the test rows")
    training, validation = examples.split(1)
    again = fit(examples, (training, validation), settings, plan=fitted.plan, threads=threads, progress=bar)
    data = replace(fitted.record.data, fitted_rows=again.record.data.fitted_rows)
    return replace(again, record=replace(again.record, data=data))


def check_request(request: Request, options: Values) -> None:
    """Refuse what cannot be done, before any file is read."""
    test = [] if request.test is None else [request.test]
    check_read_once([*request.data, *test])
    inputs = [*request.sources(request.data), *request.sources(test), str(request.features or "")]
    check_output(request.output, inputs, request.force, "a vikt model", is_model)
    check_report(request.report, inputs, request.force, [request.output])
    check_one_on_stdout(request.output, request.as_json)
    holding_out = next((name for name in ("patience", *DECISION_PARAMETERS) if options.get(name)), None)
    if request.refit_all and holding_out is not None:
        option = option_of(holding_out)
        raise UsageError(f"--refit-all fits all rows, but {option} needs held-out rows; drop one of them")


def _tested_lines(test: TestFacts, name: str) -> str:
    """What is tested on, and what the test shares with training."""
    shared = test.shared
    lines = [f"test       {name}", *([f"overlap    {shared}"] if shared and shared.shared else [])]
    return "".join(f"{line}\n" for line in (*lines, *(f"warning    {note}" for note in test.notes)))


def show_trained(made: Trained, request: Request) -> None:
    """Print what is known of a training, as text or JSON."""
    if request.as_json:
        print_json(trained_json(made, request))
        return
    tested = ""
    if made.test is not None:
        tested = _tested_lines(made.test, request.test or _HELD_OUT) + str(made.figures)
    blocks = [
        data_lines(made.record, made.model),
        fit_lines(made.record, made.model),
        decision_lines(made.model, made.record, made.figures),
        tested,
        handmade_lines(made.model),
        strongest_lines(made.model),
        f"model      {sized(request.output)}",
    ]
    show_beside(request.output, blocks, request.quiet)


def trained_json(made: Trained, request: Request) -> Json:
    """What is known of a training; the metrics are empty where there are none."""
    results = fit_json(made.record) if made.figures is None else made.figures.to_json()
    if made.test is not None:
        results["data"] |= made.test.shared.to_json() if made.test.shared else {}
        results |= {"notes": list(made.test.notes)} if made.test.notes else {}
    return {**results, "model": model_json(request.output, made.model, made.record)}
