"""`vikt train`: files to a tested model."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vikt.classifier import TextClassifier
from vikt.cli import show
from vikt.cli.console import print_json, progress, say
from vikt.corpus.columns import Columns, find_columns
from vikt.corpus.read_tables import Table
from vikt.corpus.readers import read_table
from vikt.corpus.texts import Texts
from vikt.errors import DataError, OutputFileError, UsageError
from vikt.evaluation.report import Evaluation, evaluate
from vikt.storage import check_replaceable


@dataclass
class Request:
    """What `vikt train` is asked to do, the model's own options apart."""

    data: list[Path]
    text: str | None
    label: str | None
    weight: str | None
    test: Path | None
    output: Path
    threads: int
    refit_all: bool
    force: bool
    as_json: bool
    quiet: bool


@dataclass
class LabelledTexts:
    """What was read from files."""

    texts: Texts
    labels: np.ndarray[Any, Any]
    weights: np.ndarray[Any, Any] | None
    columns: Columns


def train(request: Request, options: dict[str, Any]) -> TextClassifier:
    """Read, fit, test, report, save."""
    check_output(request.output, request.force)
    classifier = TextClassifier(**options)
    classifier.threads = request.threads
    rows = read_labelled(request)
    if not request.quiet:
        for sentence in rows.columns.said:
            say(sentence)
    with progress(request.quiet) as tell:
        if request.test is None:
            texts, labels = classifier.fit_and_hold_out(rows.texts, rows.labels, rows.weights, progress=tell)
        else:
            classifier.fit(rows.texts, rows.labels, rows.weights, progress=tell)
            texts, labels = _test_rows(request.test, rows.columns)
        classifier.data_["test_rows"] = len(texts)
        evaluation = evaluate(labels, classifier.classes_, classifier.predict_log_proba(texts))
        if request.refit_all and request.test is None:
            classifier = refitted(classifier, rows, tell)
    report = show.evaluation_json(evaluation, classifier)
    about = {
        "columns": {"text": rows.columns.text, "label": rows.columns.label},
        "metrics": report["metrics"],
    }
    classifier.save(request.output, force=request.force, about=about)
    _report(classifier, evaluation, report, request)
    return classifier


def refitted(classifier: TextClassifier, rows: LabelledTexts, tell: Any) -> TextClassifier:
    """A model of all rows, at the λ chosen before; the figures are of the model it replaces."""
    say("refitted on all rows: the figures are of the model before, which had not seen the test rows")
    again = TextClassifier(**classifier.get_params() | {"l2": classifier.l2_})
    test_rows = classifier.data_["test_rows"]
    again.fit(rows.texts, rows.labels, rows.weights, progress=tell)
    again.data_["test_rows"] = test_rows
    again.choice_ = classifier.choice_
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


def read_labelled(request: Request) -> LabelledTexts:
    """The rows of all files; columns are found in the first."""
    tables = [read_table(path) for path in request.data]
    found = columns_of(tables[0], request.text, request.label)
    for table in tables:
        if table.n_blank and not request.quiet:
            say(f"{table.path}: {table.n_blank:,} blank lines passed over")
    texts = [Texts.from_arrow(table.column(str(found.text))) for table in tables]
    labels = np.concatenate([labels_of(table, found) for table in tables])
    weights = np.concatenate([_weights_of(table, request.weight) for table in tables]) if request.weight else None
    return LabelledTexts(Texts.joined(texts), labels, weights, found)


def columns_of(table: Table, text: str | None, label: str | None, need_label: bool = True) -> Columns:
    return find_columns(
        table.names,
        text=text,
        label=label,
        origin=table.path,
        need_label=need_label,
        mean_length=table.mean_length,
    )


def labels_of(table: Table, found: Columns) -> np.ndarray[Any, Any]:
    """The labels as strings.

    Raises
    ------
    DataError
        A label is empty.
    """
    assert found.label is not None
    labels = np.asarray(table.column(found.label).to_pylist())
    empty = np.flatnonzero(labels == "")
    if len(empty):
        raise DataError(
            f"{table.place(int(empty[0]))} has an empty label in column {found.label!r} "
            f"({len(empty)} such rows); label it or drop the row"
        )
    return labels


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


def _weights_of(table: Table, name: str) -> np.ndarray[Any, Any]:
    """The weights as numbers.

    Raises
    ------
    DataError
        One is no number, negative or not finite.
    """
    spelled = table.column(name).to_pylist()
    weights = np.array([_number(value) for value in spelled])
    bad = np.flatnonzero(~((weights >= 0) & np.isfinite(weights)))
    if len(bad):
        raise DataError(
            f"{table.place(int(bad[0]))} has the weight {spelled[bad[0]]!r} in column {name!r} "
            f"({len(bad)} such rows), expected a number of 0 or more; correct it or drop the row"
        )
    return weights


def _number(spelled: str) -> float:
    try:
        return float(spelled)
    except ValueError:
        return math.nan


def _test_rows(path: Path, found: Columns) -> tuple[Texts, np.ndarray[Any, Any]]:
    table = read_table(path)
    return Texts.from_arrow(table.column(str(found.text))), labels_of(table, found)


def _report(classifier: TextClassifier, evaluation: Evaluation, report: dict[str, Any], request: Request) -> None:
    size = request.output.stat().st_size
    if request.as_json:
        model = {"path": str(request.output), "bytes": size, "l2": classifier.l2_, "loss": classifier.loss_}
        model["features"] = classifier.features_.n_features
        choice = classifier.choice_
        model["path_of_l2"] = [{"l2": point.l2, "log_loss": point.log_loss} for point in choice.curve]
        print_json({**report, "model": model})
        return
    tested = "a tenth of the rows, kept apart" if request.test is None else str(request.test)
    blocks = [
        show.data_lines(classifier),
        show.fit_lines(classifier),
        f"test       {tested}\n" + show.evaluation_lines(evaluation, classifier.data_["weighted"]),
        show.strongest_lines(classifier),
        f"model      {request.output} ({size / 1e6:.1f} MB)",
    ]
    print("\n\n".join(blocks))
