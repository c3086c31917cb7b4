"""`vikt predict`: a text a line in and an answer a line out, or a table in and out; PyArrow is for tables alone."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any

import numpy as np

from vikt.classifier import load
from vikt.cli.console import say
from vikt.corpus.fasttext import without_labels
from vikt.corpus.packing import packing
from vikt.corpus.read_json import spell
from vikt.corpus.read_stream import STANDARD_INPUT, Lines, open_input, reading_failed, suffix_of, without_end
from vikt.corpus.sources import find_sources
from vikt.corpus.texts import Texts
from vikt.errors import EncodingError, UsageError
from vikt.storage import replacing

_BYTES_AT_A_TIME = 1 << 20


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


def predict(
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


def _suffix(data: str, format: str | None, as_json: bool) -> str:
    """The format of a table on stdout: that of the table read where it can be written there, else JSONL."""
    suffix = f".{format}" if format else suffix_of(data)
    return suffix if suffix in (".csv", ".tsv") and not as_json else ".jsonl"


def _one_line(label: str) -> str:
    return label.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
