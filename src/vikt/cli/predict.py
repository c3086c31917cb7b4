"""`vikt predict`: a text a line in and an answer a line out, or a table in and out; PyArrow is for tables alone."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from vikt.classifier import load
from vikt.cli.console import say
from vikt.corpus.compression import compressing
from vikt.corpus.fasttext import texts_without_labels
from vikt.corpus.read_arrived import read_arrived
from vikt.corpus.read_json import spell
from vikt.corpus.read_stream import STANDARD_INPUT, open_input, suffix_of
from vikt.corpus.sources import find_sources
from vikt.corpus.texts import Texts
from vikt.errors import UsageError
from vikt.files.replacement import replacing


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

    def of(self, documents: Any) -> dict[str, list[Any]]:
        """The columns of the answer; a class below the threshold is None."""
        return dict(zip(self.columns, self._rows(documents, [*self.labels, None]).T.tolist(), strict=True))

    def lines(self, documents: Any, as_json: bool) -> bytes:
        """The answers as lines: of fields between tabs, or of JSON."""
        labels = [*self.labels, None]
        holds_labels = [name.startswith("predicted") for name in self.columns]
        if as_json:
            spelled = [spell(label) for label in labels]
            names = [spell(name).replace("%", "%%") for name in self.columns]
            values = ["%b" if is_label else "%a" for is_label in holds_labels]
            line = "{" + ", ".join(map("{}: {}".format, names, values)) + "}\n"
        else:
            spelled = [_one_line(label or "") for label in labels]
            line = "\t".join("%b" if is_label else "%.12g" for is_label in holds_labels) + "\n"
        rows = self._rows(documents, [label.encode("utf-8", "surrogatepass") for label in spelled])
        # One pattern for all lines: to format each by itself takes twice the time.
        return (line.encode("utf-8", "surrogatepass") * len(rows)) % tuple(rows.ravel().tolist())

    def _rows(self, documents: Any, labels: list[Any]) -> Any:
        """A row of the answer for each document; a class below the threshold is the last of the labels."""
        probabilities = self.classifier.predict_proba(documents)
        n_top = min(self.top, len(self.labels))
        best = np.argsort(-probabilities, axis=1, kind="stable")[:, :n_top]
        largest = np.take_along_axis(probabilities, best, axis=1)
        predicted = np.where(largest >= self.threshold, best, len(self.labels))
        rows = np.empty((len(probabilities), len(self.columns)), dtype=object)
        rows[:, 0 : 2 * n_top : 2] = np.array(labels, dtype=object)[predicted]
        rows[:, 1 : 2 * n_top : 2] = largest
        if self.proba:
            rows[:, 2 * n_top :] = probabilities
        return rows


def predict(
    answers: Answers, data: str, output: Path | None, text: str | None, format: str | None, as_json: bool, quiet: bool
) -> None:
    """Lines of text to lines of answers, or a table to a table."""
    sources = find_sources([data])
    _refuse_to_overwrite(output, [*sources, str(answers.model)])
    takes_lines = text is None and all(_holds_lines(source, format) for source in sources)
    if takes_lines:
        text, format = "text", "txt"
    with (
        replacing(output) if output else nullcontext(sys.stdout.buffer) as file,
        compressing(file, str(output)) as stream,
    ):
        if takes_lines and (output is None or suffix_of(output) in ("", ".txt")):
            for source in sources:
                with nullcontext(sys.stdin.buffer) if source == "-" else open_input(Path(source)) as lines:
                    _predict_lines(answers, lines, STANDARD_INPUT if source == "-" else source, stream, as_json, quiet)
        else:
            from vikt.cli.predict_table import predict_table
            from vikt.corpus.writers import TableWriter

            name = str(output or f"table{_suffix(data, format, as_json)}")
            with TableWriter(stream, name) as writer:
                for sentence in predict_table(answers, sources, text, format, writer):
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
    batches = read_arrived(source, origin)
    for texts in filter(None, [Texts.joined(list(batches))] if features.is_running else batches):
        stream.write(answers.lines(texts_without_labels(texts), as_json))
        stream.flush()


def _suffix(data: str, format: str | None, as_json: bool) -> str:
    """The format of a table on stdout: that of the table read where it can be written there, else JSONL."""
    suffix = f".{format}" if format else suffix_of(data)
    return suffix if suffix in (".csv", ".tsv") and not as_json else ".jsonl"


def _one_line(label: str) -> str:
    return label.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
