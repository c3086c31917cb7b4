"""`vikt train`: train on files, test and save."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vikt.classifier import TextClassifier
from vikt.cli.console import option_of, print_json, progress, say, say_notes
from vikt.cli.inputs import read_others
from vikt.cli.options import InputOptions, ReportRequest
from vikt.cli.outputs import check_one_on_stdout, check_output, save_or_print, show_beside
from vikt.cli.reports import check_report, placed, write_report
from vikt.corpus.arrow import release_memory
from vikt.corpus.class_names import ClassNames
from vikt.corpus.label_notes import notes_on_labels, unknown_label_notes
from vikt.corpus.label_reading import LabelReading
from vikt.corpus.labelled import Labelled, labelled, read_tables
from vikt.corpus.overlap import Overlap, overlap
from vikt.corpus.sources import check_read_once, find_sources
from vikt.corpus.table_labels import paired_columns
from vikt.corpus.targets import TargetRows, kind_of, names_of
from vikt.errors import UsageError
from vikt.evaluation.of_labels import LabelEvaluation
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
from vikt.names import DECISION_PARAMETERS
from vikt.progress import Progress
from vikt.report.as_json import model_json
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
    threads: int = 1
    refit_all: bool = False
    report: ReportRequest | None = None
    force: bool = False
    as_json: bool = False
    quiet: bool = False


class _Data(NamedTuple):
    """The labelled documents to fit and, where they are given, to test, and how they are fitted.

    `about_test` says why the test figures may be too optimistic.
    """

    rows: Labelled
    test: Labelled | None
    features: TextFeatures
    settings: FitSettings
    about_test: tuple[str, ...]

    def examples(self, group: str | None) -> Examples:
        rows, groups = self.rows, None if group is None else self.rows.others[group]
        documents = self.features.measure(rows.documents)
        targets, seed = self.settings.targets, self.settings.random_state
        return Examples.of(documents, rows.labels, rows.weights, seed, groups, targets.kind, targets.order)


def train(request: Request, options: dict[str, Any]) -> FittedModel:
    """Read, fit, test, report, save."""
    reading = _reading(request, options)
    options = options | {"targets": reading.kind}
    _check_request(request, options)
    with progress(request.quiet) as bar:
        data = _read(request, options, reading)
        shared, examples = _overlap(data), data.examples(request.group)
        fitted, tested = _fitted_and_tested(examples, data, request.threads, bar)
        if request.refit_all and data.test is None:
            fitted = _refitted(examples, fitted, data.settings, request.threads, bar)
            tested = replace(tested, name=f"{tested.name} from the first fit")
    fitted.warn_unless_converged()
    record = _recorded(fitted, tested.evaluation, data.rows, weight=request.weight, group=request.group)
    record = replace(record, labels_separator=reading.separator)
    save_or_print(SavedModel(fitted.model, record), request.output, request.force)
    write_report(request.report, lambda command: _page(replace(tested, record=record), data, command), request.force)
    _report(fitted.model, model_figures(tested.evaluation, record), shared, data.about_test, request)
    return fitted.model


def _reading(request: Request, options: dict[str, Any]) -> LabelReading:
    """How the labels are to be read. Raises UsageError where the options contradict one another."""
    return LabelReading(options.get("targets", "auto"), request.labels_separator, options.get("order") or ())


def _read(request: Request, options: dict[str, Any], reading: LabelReading) -> _Data:
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
    del table  # before the test is read
    release_memory()
    about_labels = notes_on_labels(rows.documents.origin, rows.labels, reading.separator)
    say_notes((*rows.notes, *about_labels, *_absent_levels(rows, settings)), request.quiet)
    test = _test_rows(request, features, rows, reading)
    release_memory()
    about_test = *_same_file(request), *_shared_groups(test, rows, request.group)
    say_notes((*_unknown_labels(test, rows), *about_test), request.quiet)
    return _Data(rows, test, features, settings.with_order(rows.order), about_test)


def _recorded(fitted: Fit, evaluation: LabelEvaluation, rows: Labelled, **others: str | None) -> FitRecord:
    """The record of a fit, with what is known of its files and its test."""
    record = fitted.record.with_test(evaluation.n_rows, evaluation.to_json()["metrics"])
    named = {role: name for role, name in others.items() if name}
    columns = {"text": rows.columns.text, "label": rows.columns.label} | named
    return replace(record, data=replace(record.data, blank_lines=rows.n_blank), columns=columns)


def _settings(options: dict[str, Any], declared: list[handmade.Feature], pairs: Sequence[str] = ()) -> FitSettings:
    """The settings of the fit; where svmlight's files bring pairs, these are features and there is no text."""
    features = [*declared, *(handmade.Numbered(name=name) for name in pairs)]
    analyzer = {"analyzer": "none"} if pairs else {}
    return TextClassifier(**options | analyzer, features=features or None).settings()


def _test_rows(request: Request, features: TextFeatures, training: Labelled, reading: LabelReading) -> Labelled | None:
    if request.test is None:
        return None
    table = read_others([request.test], request).with_fields([request.group])
    group = _named(request.group) if request.group in table.names else []
    text, label = training.columns.text, training.columns.label
    again = LabelReading.of_trained(kind_of(training.labels), reading.separator)
    return labelled(table, features, text, label, others=group, reading=again)


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


def _unknown_labels(test: Labelled | None, training: Labelled) -> tuple[str, ...]:
    if test is None:
        return ()
    known = set(names_of(training.labels))
    found = ClassNames.of(known, kind_of(training.labels)).respelled(set(names_of(test.labels)))
    return unknown_label_notes(test.documents.origin, found, known)


def _named(column: str | None) -> list[str]:
    return [] if column is None else [column]


def _shared_groups(test: Labelled | None, training: Labelled, group: str | None) -> Iterator[str]:
    """A note where the rows of a group stand on both sides of the split that the user has made."""
    if test is None or group is None or group not in test.others:
        return
    known = set(training.others[group]) - {None}
    shared = [value for value in test.others[group] if value in known]
    if shared:
        yield (
            f"{test.documents.origin}: {counted(len(shared), 'row')} of {counted(len(set(shared)), 'group')} in column "
            f"{group!r:.60} that training has too, so the test figures may be too optimistic; move each group to one "
            "side"
        )


def _overlap(data: _Data) -> Overlap | None:
    """The test texts that occur in the training data; tokens in order recur, and are not counted."""
    training = data.rows.documents.texts
    if data.test is None or training is None or data.test.documents.texts is None or data.features.is_running:
        return None
    return overlap(training, data.test.documents.texts)


def _page(tested: Tested, data: _Data, command: str) -> Page:
    """The report of the training."""
    from vikt.report.html.pages import model_page

    return model_page(replace(tested, notes=data.about_test), command, _audited(data))


def _audited(data: _Data) -> Audit | None:
    """What an audit finds in the texts, for the report; tokens in order recur, and are not audited."""
    from vikt.auditing.audit import audited
    from vikt.auditing.subject import LabelledTexts, Subject

    texts, test = data.rows.documents.texts, None
    if texts is None or data.features.is_running:
        return None
    if data.test is not None and data.test.documents.texts is not None:
        test = LabelledTexts.of("test", data.test.documents, data.test.labels)
    return audited(Subject(LabelledTexts.of("training", data.rows.documents, data.rows.labels), test))


def _same_file(request: Request) -> Iterator[str]:
    if request.test is not None and os.path.realpath(request.test) in map(os.path.realpath, find_sources(request.data)):
        yield (
            f"{request.test}: is used both for training and for the test, so the test figures are too optimistic; "
            "use different texts"
        )


def _fitted_and_tested(examples: Examples, data: _Data, threads: int, bar: Progress) -> tuple[Fit, Tested]:
    """A fit, and what it answers to the test rows, or else to a tenth that is held out."""
    test, settings = data.test, data.settings
    if test is None:
        training, validation, test_rows = examples.split(2)
        check_testable(examples, test_rows)
        held_out = examples.take(test_rows)
        documents, labels, origin = held_out.documents, held_out.labels, held_out.origin
    else:
        training, validation = examples.split(1)
        documents, labels = measured(test.documents, TextFeatures(settings.features)), test.labels
        origin = np.arange(len(documents))
    fitted = fit(examples, (training, validation), settings, threads=threads, progress=bar)
    return fitted, Tested.of(
        fitted.model,
        fitted.record,
        documents,
        labels,
        name=_HELD_OUT if test is None else "the test data",
        place=placed((data.rows if test is None else test).documents, origin),
        threads=threads,
    )


def _refitted(examples: Examples, fitted: Fit, settings: FitSettings, threads: int, bar: Progress) -> Fit:
    """A model of all rows, by the plan of the first fit; the figures stay those of the first fit."""
    say("refitted on all rows; the figures are those of the first fit, which did not see the test rows")
    training, validation = examples.split(1)
    again = fit(examples, (training, validation), settings, plan=fitted.plan, threads=threads, progress=bar)
    data = replace(fitted.record.data, fitted_rows=again.record.data.fitted_rows)
    return replace(again, record=replace(again.record, data=data))


def _check_request(request: Request, options: dict[str, Any]) -> None:
    """Refuse what cannot be done, before any file is read."""
    test = [] if request.test is None else [request.test]
    check_read_once([*request.data, *test])
    inputs = [*find_sources(request.data), *find_sources(test), str(request.features or "")]
    check_output(request.output, inputs, request.force, "a vikt model", is_model)
    check_report(request.report, inputs, request.force, [request.output])
    check_one_on_stdout(request.output, request.as_json)
    holding_out = next((name for name in ("patience", *DECISION_PARAMETERS) if options.get(name)), None)
    if request.refit_all and holding_out is not None:
        option = option_of(holding_out)
        raise UsageError(f"--refit-all fits all rows, but {option} needs held-out rows; drop one of them")


def _tested_lines(tested: str, shared: Overlap | None, about_test: tuple[str, ...]) -> str:
    """What is tested on, and what the test shares with training."""
    lines = [f"test       {tested}", *([f"overlap    {shared}"] if shared and shared.shared else [])]
    return "".join(f"{line}\n" for line in (*lines, *(f"warning    {note}" for note in about_test)))


def _report(
    model: FittedModel,
    evaluation: ModelFigures,
    shared: Overlap | None,
    about_test: tuple[str, ...],
    request: Request,
) -> None:
    record = evaluation.record
    if request.as_json:
        results = evaluation.to_json()
        results["data"] |= shared.to_json() if shared else {}
        results |= {"notes": list(about_test)} if about_test else {}
        print_json({**results, "model": model_json(request.output, model, record)})
        return
    tested = _HELD_OUT if request.test is None else request.test
    blocks = [
        data_lines(record, model),
        fit_lines(record, model),
        decision_lines(model, record, evaluation),
        _tested_lines(tested, shared, about_test) + str(evaluation),
        handmade_lines(model),
        strongest_lines(model),
        f"model      {sized(request.output)}",
    ]
    show_beside(request.output, blocks, request.quiet)
