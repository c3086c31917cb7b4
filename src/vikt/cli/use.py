"""A trained model at work: `vikt evaluate`, `predict`, `explain`, `inspect`."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any

import numpy as np

from vikt.classifier import TextClassifier, load
from vikt.cli import show
from vikt.cli.console import figure, print_json, progress, say
from vikt.cli.data import blank_lines, documents_of, labelled, read_tables, text_column
from vikt.corpus.read_json import spell
from vikt.corpus.read_labelled import without_labels
from vikt.corpus.read_stream import (
    STANDARD_INPUT,
    Lines,
    open_input,
    read_lines,
    reading_failed,
    suffix_of,
    without_end,
)
from vikt.corpus.readers import Table, read_batches
from vikt.corpus.sources import find_sources
from vikt.corpus.texts import Texts
from vikt.corpus.writers import TableWriter, packing
from vikt.errors import EncodingError, UsageError
from vikt.evaluation.report import evaluate
from vikt.explanation.linear import strongest_features
from vikt.storage import replacing

_BYTES_AT_A_TIME = 1 << 20


def evaluate_file(
    model: Path, data: list[str], text: str | None, label: str | None, format: str | None, threads: int,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    classifier = load(model)
    classifier.threads = threads
    trained = classifier.about_.get("columns", {})
    with progress(quiet) as tell:
        tell("evaluating", 0, 0)
        table = read_tables(data, format)
        known = {role: name for role, name in trained.items() if name in table.names}
        rows = labelled(table, classifier.features_, text or known.get("text"), label or known.get("label"))
        for sentence in rows.said if not quiet else ():
            say(sentence)
        evaluation = evaluate(rows.labels, classifier.class_names, classifier.predict_log_proba(rows.documents))
    if as_json:
        print_json(show.evaluation_json(evaluation, classifier) | {"model": {"path": str(model)}})
    else:
        weighted = classifier.data_.get("weighted", False)
        lines = show.evaluation_lines(evaluation, weighted)
        print(f"test       {table.path}, {table.n_rows:,} rows\n{lines}")


@dataclass
class Answers:
    """What is said of each document: the most probable classes, and every probability if asked."""

    model: Path
    threads: int = 1
    top: int = 1
    threshold: float = 0.0
    proba: bool = False

    def __post_init__(self) -> None:
        self.classifier = load(self.model)
        self.classifier.threads = self.threads
        self.labels = self.classifier.class_names
        ranks = ["", *(f"_{rank}" for rank in range(2, min(self.top, len(self.labels)) + 1))]
        self.columns = [name + rank for rank in ranks for name in ("predicted", "probability")]
        self.columns += [f"P({label})" for label in self.labels] if self.proba else []
        self._labels = np.array([*self.labels, None], dtype=object)

    def of(self, documents: Any) -> dict[str, list[Any]]:
        """The columns of the answer; a class below the threshold is None."""
        probabilities = self.classifier.predict_proba(documents)
        n_top = min(self.top, len(self.labels))
        best = np.argsort(-probabilities, axis=1, kind="stable")[:, :n_top]
        largest = np.take_along_axis(probabilities, best, axis=1)
        predicted = self._labels[np.where(largest >= self.threshold, best, len(self.labels))]
        columns: list[Any] = [side[:, rank] for rank in range(n_top) for side in (predicted, largest)]
        columns += list(probabilities.T) if self.proba else []
        return dict(zip(self.columns, (column.tolist() for column in columns), strict=True))


def predict_stream(
    answers: Answers, data: str, output: Path | None, text: str | None, format: str | None, as_json: bool, quiet: bool
) -> None:
    """Lines of text to lines of answers, or a table to a table."""
    sources = find_sources([data])
    _refuse_to_overwrite(output, [*sources, str(answers.model)])
    takes_lines = text is None and all(_holds_lines(source, format) for source in sources)
    if takes_lines:
        text, format = "text", "txt"
    with replacing(output) if output else nullcontext(sys.stdout.buffer) as file, packing(file, str(output)) as stream:
        if takes_lines and (output is None or suffix_of(output) in ("", ".txt")):
            for source in sources:
                with nullcontext(sys.stdin.buffer) if source == "-" else open_input(Path(source)) as lines:
                    _predict_lines(answers, lines, STANDARD_INPUT if source == "-" else source, stream, as_json, quiet)
        else:
            name = str(output or f"table{_suffix(data, format, as_json)}")
            with TableWriter(stream, name) as writer:
                for sentence in _predict_table(answers, sources, text, format, writer):
                    if not quiet:
                        say(sentence)


def _refuse_to_overwrite(output: Path | None, inputs: list[str]) -> None:
    for name in inputs:
        if output is not None and output.is_file() and output.resolve() == Path(name).resolve():
            raise UsageError(f"{output}: is read, so the answer cannot take its place; name another with -o")


def _holds_lines(source: str, format: str | None) -> bool:
    """Whether it is texts a line, and no table."""
    told = source == "-" or (suffix_of(source) == ".txt" and not Path(source).is_dir())
    return format == "txt" or (format is None and told)


def _predict_lines(
    answers: Answers, source: IO[bytes], origin: str, stream: IO[bytes], as_json: bool, quiet: bool
) -> None:
    features = answers.classifier.features_
    if features.columns or not features.reads_text:
        raise UsageError(f"{origin}: the model reads the columns {', '.join(features.columns)}; give it a table")
    if answers.proba and not as_json and not quiet:
        say("columns: " + " TAB ".join(map(_one_line, answers.columns)))
    batches = _lines_as_they_come(source, origin)
    for lines in filter(None, [list(chain.from_iterable(batches))] if features.is_running else batches):
        columns = answers.of(Texts.from_strings(map(without_labels, lines)))
        rows = zip(*columns.values(), strict=True)
        said = (
            spell(dict(zip(answers.columns, row, strict=True)))
            if as_json
            else "\t".join(f"{value:.12g}" if isinstance(value, float) else _one_line(value or "") for value in row)
            for row in rows
        )
        stream.write(("\n".join(said) + "\n").encode("utf-8", "surrogatepass"))
        stream.flush()


def _lines_as_they_come(stream: Any, origin: str) -> Iterator[list[str]]:
    """The lines that have arrived, without waiting for more: a slow pipe is answered at once, a fast one in bulk."""
    lines, pieces = Lines((), origin), []
    while chunk := _arrived(stream, origin):
        whole, end, rest = chunk.rpartition(b"\n")
        if not end:
            pieces.append(chunk)
            continue
        yield from _decoded(lines, b"".join([*pieces, whole, end]))
        pieces = [rest] if rest else []
    if pieces:
        yield from _decoded(lines, b"".join(pieces))


def _arrived(stream: Any, origin: str) -> bytes:
    try:
        return bytes(stream.read1(_BYTES_AT_A_TIME))
    except OSError as error:
        raise reading_failed(origin, error) from None


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


def _predict_table(
    answers: Answers, sources: list[str], text: str | None, format: str | None, writer: TableWriter
) -> Iterator[str]:
    """Write the rows of tables with their answers; yields what the user should be told of columns and other rows."""
    features = answers.classifier.features_
    trained = answers.classifier.about_.get("columns", {})
    for source in sources:
        batches: Iterable[Table] = read_batches(source, format=format)
        if features.is_running:
            # Neighbours may stand in the next batch.
            batches = [Table.concatenate(batches, keep_objects=True)]
        columns, n_blank, notes = None, 0, dict[str, None]()
        for table in batches:
            n_blank += table.n_blank
            notes |= dict.fromkeys(table.notes)
            if table.n_rows:
                if columns is None:
                    columns = text_column(table, features, text, trained.get("text"))
                    yield from columns.said
                writer.write(table, answers.of(documents_of(table, features, columns.text)))
        yield from notes
        yield from blank_lines(source, n_blank)


def _suffix(data: str, format: str | None, as_json: bool) -> str:
    """The format of a table on stdout: that of the table read where it can be written there, else JSONL."""
    suffix = f".{format}" if format else suffix_of(data)
    return suffix if suffix in (".csv", ".tsv") and not as_json else ".jsonl"


def _one_line(label: str) -> str:
    return label.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def explain_text(model: Path, text: str | None, columns: list[str], top: int, as_json: bool) -> None:
    classifier = load(model)
    if text is None:
        text = "\n".join(read_lines(sys.stdin.buffer)) if classifier.features_.reads_text else ""
    given = {"text": text} | dict(map(_named_value, columns))
    missing = [name for name in classifier.features_.columns if name not in given]
    if missing:
        raise UsageError(f"the model reads {missing[0]!r} beside the text; give it with --column '{missing[0]}=VALUE'")
    explanation = classifier.explain(given)
    if as_json:
        print_json(explanation.to_json())
        return
    show.print_highlighted(explanation)
    print()
    print(show.explanation_lines(explanation, top))


def _named_value(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals:
        raise UsageError(f"--column: expected NAME=VALUE, found {given!r}")
    return name, value


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
    print("\n\n".join(filter(None, [show.handmade_lines(classifier), show.strongest_lines(classifier)])))


def _header(classifier: TextClassifier, model: Path) -> dict[str, Any]:
    return {
        "path": str(model),
        "bytes": model.stat().st_size,
        "params": classifier.get_params(),
        "classes": classifier.class_names,
        "features": classifier.features_.n_features,
        "told": classifier.features_.said,
        "l2": classifier.l2_,
        "loss": classifier.loss_,
        "choice": classifier.choice_.said,
        "data": classifier.data_,
        "certificate": show.certificate_json(classifier),
        **classifier.about_,
    }
