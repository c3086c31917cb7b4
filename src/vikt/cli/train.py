"""`vikt train`: files to a tested model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vikt.classifier import Given, TextClassifier
from vikt.cli import show
from vikt.cli.console import print_json, progress, say
from vikt.cli.data import Labelled, labelled, paired_columns, read_tables
from vikt.corpus.read_stream import suffix_of
from vikt.corpus.read_tables import Table
from vikt.corpus.readers import FORMATS
from vikt.corpus.sources import find_sources
from vikt.errors import OutputFileError, UsageError
from vikt.evaluation.evaluation import Evaluation, evaluate
from vikt.features.description import sentences
from vikt.features.handmade import Category, Feature, Number, Numbered
from vikt.features.handmade.declarations import features_declared
from vikt.files.model_file import check_replaceable


@dataclass
class Request:
    """What `vikt train` is asked to do, the model's own options apart."""

    data: list[str]
    text: str | None = None
    label: str | None = None
    weight: str | None = None
    test: str | None = None
    format: str | None = None
    features: Path | None = None
    numbers: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    output: Path = Path("model.vikt")
    threads: int = 1
    refit_all: bool = False
    force: bool = False
    as_json: bool = False
    quiet: bool = False


def train(request: Request, options: dict[str, Any]) -> TextClassifier:
    """Read, fit, test, report, save."""
    check_output(request.output, request.force)
    declared = [
        *features_declared(request.features),
        *(Number(name=name) for name in request.numbers),
        *(Category(name=name, column=name) for name in request.categories),
    ]
    classifier = TextClassifier(**options, features=declared or None)
    # Refused before any file is read, but that svmlight's files bring their own features.
    if declared or options.get("analyzer") != "none":
        classifier.check_settings()
    with progress(request.quiet) as tell:
        table = read_tables(request.data, request.format)
        _take_pairs(classifier, table, declared)
        rows = labelled(table, classifier.features_, request.text, request.label, request.weight)
        test = _test_rows(request, classifier, rows) if request.test is not None else None
        for sentence in (*rows.said, *_same_file(request)) if not request.quiet else ():
            say(sentence)
        del table
        classifier.threads = request.threads
        held_out: tuple[Given, Any]
        if test is None:
            held_out = classifier.fit_and_hold_out(rows.documents, rows.labels, rows.weights, progress=tell)
        else:
            classifier.fit(rows.documents, rows.labels, rows.weights, progress=tell)
            held_out = test.documents, test.labels
        classifier.data_ |= {"test_rows": len(held_out[1]), "blank_lines": rows.n_blank}
        evaluation = evaluate(held_out[1], classifier.classes_, classifier.predict_log_proba(held_out[0]))
        if request.refit_all and test is None:
            classifier = refitted(classifier, rows, tell)
    report = show.evaluation_json(evaluation, classifier)
    about = {
        "columns": {"text": rows.columns.text, "label": rows.columns.label},
        "metrics": report["metrics"],
    }
    classifier.save(request.output, force=request.force, about=about)
    _report(classifier, evaluation, report, request)
    return classifier


def _take_pairs(classifier: TextClassifier, table: Table, declared: list[Feature]) -> None:
    """Let the features that svmlight's files hold be those of the classifier."""
    pairs = [Numbered(name=name) for name in paired_columns(table)]
    if pairs:
        classifier.set_params(analyzer="none", features=[*declared, *pairs])
    classifier.check_settings()


def _test_rows(request: Request, classifier: TextClassifier, rows: Labelled) -> Labelled:
    told = suffix_of(str(request.test)) in FORMATS
    table = read_tables([str(request.test)], None if told else request.format)
    return labelled(table, classifier.features_, rows.columns.text, rows.columns.label)


def _same_file(request: Request) -> Iterator[str]:
    if request.test is not None and os.path.realpath(request.test) in map(os.path.realpath, find_sources(request.data)):
        yield f"{request.test}: is trained on and tested on, so the figures flatter; test on other texts"


def refitted(classifier: TextClassifier, rows: Labelled, tell: Any) -> TextClassifier:
    """A model of all rows, at the λ chosen before; the figures are of the model it replaces."""
    say("refitted on all rows: the figures are of the model before, which had not seen the test rows")
    chosen = {"l2": classifier.l2_, "folds": None, "one_standard_error": False}
    again = TextClassifier(**classifier.get_params() | chosen)
    again.threads = classifier.threads
    if classifier.feature_choice_:
        again.settled = classifier.settled_choice()
    again.fit(rows.documents, rows.labels, rows.weights, progress=tell)
    again.data_ |= {name: classifier.data_[name] for name in ("test_rows", "blank_lines")}
    again.choice_, again.feature_choice_ = classifier.choice_, classifier.feature_choice_
    return again


def check_output(path: Path, force: bool) -> None:
    """Refuse a place that cannot be written before the work is done, not after.

    Raises
    ------
    OutputFileError
        The folder is missing or cannot be written, or the path is a folder or a file that is no model.
    """
    if not path.parent.is_dir():
        raise OutputFileError(f"{path}: there is no folder {path.parent}; make it first, or choose another with -o")
    if path.is_dir():
        raise OutputFileError(f"{path}: is a folder; name a file with -o, such as {path / 'model.vikt'}")
    if not os.access(path.parent, os.W_OK):
        raise OutputFileError(f"{path}: the folder {path.parent} cannot be written; choose another with -o")
    check_replaceable(path, force)


def parse_ngrams(given: str | None) -> tuple[int, int] | None:
    """ "1-2" as (1, 2), "3" as (3, 3)."""
    if given is None:
        return None
    first, _, last = given.partition("-")
    try:
        return int(first), int(last or first)
    except ValueError:
        raise UsageError(f"--ngrams: expected two numbers such as 1-2, found {given!r}") from None


def parse_number(option: str, given: str) -> float | str:
    if given == "auto":
        return given
    try:
        return float(given)
    except ValueError:
        raise UsageError(f"{option}: expected a number or auto, found {given!r}") from None


def parse_class_weight(given: str | None) -> Any:
    """ "balanced", or "a=2,b=1" as a dict."""
    if given is None or given == "balanced":
        return given
    try:
        return {label: float(factor) for label, factor in (pair.rsplit("=", 1) for pair in given.split(","))}
    except ValueError:
        raise UsageError(f"--class-weight: expected balanced or spam=2,ham=1, found {given!r}") from None


def _report(classifier: TextClassifier, evaluation: Evaluation, report: dict[str, Any], request: Request) -> None:
    size = request.output.stat().st_size
    if request.as_json:
        model: dict[str, Any] = {
            "path": str(request.output),
            "bytes": size,
            "l2": classifier.l2_,
            "loss": classifier.loss_,
        }
        model |= {"features": classifier.features_.n_features, "told": sentences(classifier.features_.facts())}
        model["choice_of_features"] = classifier.feature_choice_ and classifier.feature_choice_.to_json()
        model["parts"] = classifier.parts_
        model["path_of_l2"] = show.path_json(classifier)
        print_json({**report, "model": model})
        return
    tested = "a tenth of the rows, kept apart" if request.test is None else request.test
    blocks = [
        show.data_lines(classifier),
        show.fit_lines(classifier),
        f"test       {tested}\n" + show.evaluation_lines(evaluation, classifier.data_["weighted"]),
        show.handmade_lines(classifier),
        show.strongest_lines(classifier),
        f"model      {request.output} ({size / 1e6:.1f} MB)",
    ]
    print("\n\n".join(filter(None, blocks)))
