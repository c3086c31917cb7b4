"""`vikt predict`: lines of text to lines of answers, or a table to a table; only tables need PyArrow."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import IO

from vikt.answers import Answers, one_line
from vikt.cli.console import say
from vikt.corpus.compression import compressing
from vikt.corpus.fasttext import texts_without_labels
from vikt.corpus.read_arrived import read_arrived
from vikt.corpus.read_stream import STANDARD_INPUT, open_input, suffix_of
from vikt.corpus.sources import find_sources
from vikt.corpus.texts import Texts
from vikt.errors import UsageError
from vikt.files.replacement import replacing
from vikt.files.trained import load_trained


def predict(
    path: Path, data: str, output: Path | None, text: str | None, format: str | None, threads: int, top: int,
    threshold: float, proba: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Answer lines of text line by line, or write a table with the answers added."""
    saved = load_trained(path)
    answers = Answers(saved.model, threads, top, threshold, proba)
    sources = find_sources([data])
    _refuse_to_overwrite(output, [*sources, str(path)])
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
            trained = saved.record.columns.get("text")
            with TableWriter(stream, name) as writer:
                for note in predict_table(answers, sources, text, trained, format, writer):
                    if not quiet:
                        say(note)


def _refuse_to_overwrite(output: Path | None, inputs: list[str]) -> None:
    for name in inputs:
        if output is not None and output.is_file() and output.resolve() == Path(name).resolve():
            raise UsageError(f"{output}: is an input, so it cannot be the output too; choose another file with -o")


def _holds_lines(source: str, format: str | None) -> bool:
    """Whether a source holds a text per line rather than a table."""
    is_lines = source == "-" or (suffix_of(source) == ".txt" and not Path(source).is_dir())
    return format == "txt" or (format is None and is_lines)


def _predict_lines(
    answers: Answers, source: IO[bytes], origin: str, stream: IO[bytes], as_json: bool, quiet: bool
) -> None:
    features = answers.model.features
    if features.columns or not features.reads_text:
        raise UsageError(
            f"{origin}: the model reads the columns {', '.join(features.columns)}, which lines lack; pass a table"
        )
    if answers.proba and not as_json and not quiet:
        say("columns: " + " TAB ".join(map(one_line, answers.columns)))
    batches = read_arrived(source, origin)
    for texts in filter(None, [Texts.joined(list(batches))] if features.is_running else batches):
        stream.write(answers.lines(texts_without_labels(texts), as_json))
        stream.flush()


def _suffix(data: str, format: str | None, as_json: bool) -> str:
    """The suffix of a table on stdout: that of the input if it is CSV or TSV, else JSONL."""
    suffix = f".{format}" if format else suffix_of(data)
    return suffix if suffix in (".csv", ".tsv") and not as_json else ".jsonl"
