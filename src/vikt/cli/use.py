"""A trained model at work: `vikt evaluate`, `predict`, `explain`, `inspect`."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

import numpy as np

from vikt.classifier import TextClassifier, load
from vikt.cli import show
from vikt.cli.console import figure, print_json, progress
from vikt.cli.train import columns_of, labels_of
from vikt.corpus.read_stream import STANDARD_INPUT, Lines, read_lines, without_end
from vikt.corpus.readers import read_batches, read_table
from vikt.corpus.texts import Texts
from vikt.corpus.writers import TableWriter
from vikt.errors import EncodingError, UsageError
from vikt.evaluation.report import evaluate
from vikt.explanation.linear import strongest_features
from vikt.storage import replacing

_BYTES_AT_A_TIME = 1 << 20


def evaluate_file(
    model: Path, data: Path, text: str | None, label: str | None, threads: int, as_json: bool, quiet: bool
) -> None:
    classifier = load(model)
    classifier.threads = threads
    table = read_table(data)
    trained = classifier.about_.get("columns", {})
    found = columns_of(
        table, text or _if_there(trained.get("text"), table), label or _if_there(trained.get("label"), table)
    )
    with progress(quiet) as tell:
        tell("evaluating", 0, 0)
        texts = Texts.from_arrow(table.column(str(found.text)))
        evaluation = evaluate(labels_of(table, found), classifier.class_names, classifier.predict_log_proba(texts))
    if as_json:
        print_json(show.evaluation_json(evaluation, classifier) | {"model": {"path": str(model)}})
    else:
        figures = show.evaluation_lines(evaluation, classifier.data_.get("weighted", False))
        print(f"test       {data}, {table.n_rows:,} rows\n{figures}")


def predict_stream(
    model: Path, data: str, output: Path | None, text: str | None, proba: bool, threads: int, as_json: bool
) -> None:
    classifier = load(model)
    classifier.threads = threads
    answer = _Answer(classifier, proba)
    with replacing(output) if output else nullcontext(sys.stdout.buffer) as stream:
        if data == "-" and text is None:
            _predict_lines(answer, stream, as_json)
        else:
            _predict_table(answer, data, text, stream, _suffix(data, output, as_json))


def explain_text(model: Path, text: str | None, top: int, as_json: bool) -> None:
    classifier = load(model)
    if text is None:
        text = "\n".join(read_lines(sys.stdin.buffer))
    explanation = classifier.explain(text)
    if as_json:
        print_json(explanation.to_json())
        return
    show.print_highlighted(explanation)
    print()
    print(show.explanation_lines(explanation, top))


def inspect_model(model: Path, as_json: bool) -> None:
    classifier = load(model)
    if as_json:
        strongest = strongest_features(classifier.features_, classifier.model_, classifier.class_names)
        print_json(_header(classifier, model) | {"strongest": {k: [list(f) for f in v] for k, v in strongest.items()}})
        return
    metrics = classifier.about_.get("metrics", {})
    figures = [f"{name:<10} {figure(entry['value'])}" for name, entry in metrics.items()]
    head = f"model      {model} ({model.stat().st_size / 1e6:.1f} MB), {classifier!r}"
    print("\n\n".join([head, show.data_lines(classifier), show.fit_lines(classifier)]))
    print("\ntest figures\n" + "\n".join(figures) + "\n")
    print(show.strongest_lines(classifier))


class _Answer:
    """What is said of each text: label, probability, and the probability of each class if asked."""

    def __init__(self, classifier: TextClassifier, proba: bool) -> None:
        self.classifier, self.labels = classifier, classifier.class_names
        self.columns = ["predicted", "probability"] + ([f"P({label})" for label in self.labels] if proba else [])
        self.proba = proba

    def rows(self, texts: Texts) -> Iterator[list[Any]]:
        probabilities = self.classifier.predict_proba(texts)
        best = np.argmax(probabilities, axis=1).tolist()
        for row, k in zip(probabilities.tolist(), best, strict=True):
            yield [self.labels[k], row[k], *(row if self.proba else ())]


def _predict_lines(answer: _Answer, stream: IO[bytes], as_json: bool) -> None:
    for lines in filter(None, _lines_as_they_come(sys.stdin.buffer)):
        texts = Texts.from_strings(lines)
        said = [
            json.dumps(dict(zip(answer.columns, row, strict=True)), ensure_ascii=False)
            if as_json
            else "\t".join([_one_line(row[0]), *(f"{p:.12g}" for p in row[1:])])
            for row in answer.rows(texts)
        ]
        stream.write(("\n".join(said) + "\n").encode())
        stream.flush()


def _lines_as_they_come(stream: Any) -> Iterator[list[str]]:
    """The lines that have arrived, without waiting for more: a slow pipe is answered at once, a fast one in bulk."""
    lines, pieces = Lines((), STANDARD_INPUT), []
    while chunk := stream.read1(_BYTES_AT_A_TIME):
        whole, end, rest = chunk.rpartition(b"\n")
        if not end:
            pieces.append(chunk)
            continue
        yield from _decoded(lines, b"".join([*pieces, whole, end]))
        pieces = [rest] if rest else []
    if pieces:
        yield from _decoded(lines, b"".join(pieces))


def _decoded(lines: Lines, content: bytes) -> Iterator[list[str]]:
    """The next lines, up to the first that is not UTF-8: those before it are still answered."""
    lines.stream = io.BytesIO(content)
    texts: list[str] = []
    try:
        for line in lines:
            texts.append(without_end(line))
    except EncodingError:
        yield texts
        raise
    yield texts


def _predict_table(answer: _Answer, data: str, text: str | None, stream: IO[bytes], suffix: str) -> None:
    writer = TableWriter(stream, suffix)
    trained = answer.classifier.about_.get("columns", {})
    column = None
    for table in read_batches(data):
        if not table.n_rows:
            continue
        if column is None:
            column = columns_of(table, text or _if_there(trained.get("text"), table), None, need_label=False).text
        rows = table.arrow.to_pylist()
        for row, said in zip(rows, answer.rows(Texts.from_arrow(table.column(str(column)))), strict=True):
            row |= zip(answer.columns, said, strict=True)
        writer.write(rows)


def _suffix(data: str, output: Path | None, as_json: bool) -> str:
    if as_json or data == "-":
        return ".jsonl"
    suffix = (output or Path(data)).suffix.lower()
    if output is None and suffix == ".parquet":
        raise UsageError(
            f"{data}: a table of Parquet cannot go to stdout; name a file with -o, such as -o labelled.jsonl"
        )
    return suffix


def _if_there(name: str | None, table: Any) -> str | None:
    return name if name in table.names else None


def _one_line(label: str) -> str:
    return label.replace("\t", "\\t").replace("\n", "\\n")


def _header(classifier: TextClassifier, model: Path) -> dict[str, Any]:
    return {
        "path": str(model),
        "bytes": model.stat().st_size,
        "params": classifier.get_params(),
        "classes": classifier.class_names,
        "features": classifier.features_.n_features,
        "l2": classifier.l2_,
        "loss": classifier.loss_,
        "choice": classifier.choice_.said,
        "data": classifier.data_,
        "certificate": show.certificate_json(classifier),
        **classifier.about_,
    }
