"""`vikt predict`: lines of text to lines of answers, or a table to a table; only tables need PyArrow."""

from __future__ import annotations

import glob
import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, get_args

from vikt.answers.columns import Answers
from vikt.answers.of_kinds import answers_by
from vikt.cli.console import say, say_notes
from vikt.cli.options import InputOptions
from vikt.cli.outputs import check_output, is_standard, writing
from vikt.corpus.compression import compressing
from vikt.corpus.fasttext import texts_without_labels
from vikt.corpus.formats import DELIMITED, FORMATS, format_of
from vikt.corpus.read_arrived import read_arrived
from vikt.corpus.read_stream import STANDARD_INPUT, open_input, standard_input, suffix_of
from vikt.corpus.sources import check_read_once, find_sources
from vikt.corpus.texts import Texts
from vikt.errors import InputFileError, UsageError
from vikt.fitting.trained import load_trained
from vikt.names import OutputFormatName
from vikt.tables import check_joinable, cut, one_line


@dataclass(frozen=True, kw_only=True)
class Request(InputOptions):
    """The arguments of `vikt predict` other than those of its answers."""

    output: Path | None
    to: str | None
    force: bool
    as_json: bool
    quiet: bool


def predict(path: Path, request: Request, **options: Any) -> None:
    """Answer lines of text line by line, or write a table with the answers added."""
    check_read_once([path, *request.data])
    _refuse_texts(path, request.data)
    sources = find_sources(request.data)
    check_output(request.output, [*sources, str(path)], request.force)
    _check_one_format(request)
    saved = load_trained(path, request.data)
    answers = answers_by(saved.model, **options)
    trained = saved.record.columns.get("text")
    holds_lines = request.text is None and all(_holds_lines(source, request) for source in sources)
    _check_writable(answers, request, sources[0], holds_lines and _takes_lines(request))
    with writing(request.output) as file, compressing(file, str(request.output)) as stream:
        if holds_lines and _takes_lines(request):
            for source in sources:
                _predict_lines(answers, source, trained, stream, request)
        else:
            from vikt.cli.predict_table import predict_table
            from vikt.corpus.writers import TableWriter

            tables = replace(request, text="text", format="txt") if holds_lines else request
            with TableWriter(stream, _name(request, sources[0])) as writer:
                say_notes(predict_table(answers, tables, trained, writer), request.quiet)


def _refuse_texts(model: Path, data: Sequence[str]) -> None:
    """Refuse a text in the place of a file, and say how it is labelled: no file has this name, and it has blanks."""
    text = next((name for name in data if len(name.split()) > 1 and not os.path.exists(name)), None)
    if text is not None and not glob.glob(text):
        raise InputFileError(
            f"{cut(text, 60)}: there is no such file; check the path, or, if it is a text, pipe it: "
            f"echo {shlex.quote(cut(text, 60))} | vikt predict {shlex.quote(str(model))}"
        )


def _check_one_format(request: Request) -> None:
    """Refuse --json where the output is asked for in another format."""
    asked = f"--to {request.to}" if request.to else f"-o {request.output}"
    format = request.to or FORMATS.get(suffix_of(str(request.output)))
    if request.as_json and format in set(get_args(OutputFormatName)) - {"jsonl"}:
        raise UsageError(f"--json writes JSON, but {asked} asks for {format}; drop one of them")


def _check_writable(answers: Answers, request: Request, source: str, as_lines: bool) -> None:
    """Refuse labels with commas where commas are to separate several labels, before anything is written."""
    format = format_of(_name(request, source), None, request.dialect)
    if answers.model.kind == "several" and (not request.as_json if as_lines else format in DELIMITED):
        check_joinable(answers.labels, to="jsonl")


def _holds_lines(source: str, request: Request) -> bool:
    """Whether a source holds a text per line rather than a table."""
    format = format_of(source, request.format, request.dialect)
    is_folder = request.format is None and Path(source).is_dir()
    return (format == "txt" and not is_folder) or (format is None and source == "-")


def _takes_lines(request: Request) -> bool:
    """Whether the output takes lines of answers rather than a table."""
    is_plain = is_standard(request.output) or suffix_of(str(request.output)) in ("", ".txt")
    return request.to is None and is_plain


def _name(request: Request, source: str) -> str:
    """The name that shows the format of a table: as asked for, the output's, or for stdout the input's or JSONL."""
    if request.to:
        return f"table.{request.to}"
    if not is_standard(request.output):
        return str(request.output)
    format = format_of(source, request.format, request.dialect)
    return f"table.{format}" if format in DELIMITED and not request.as_json else "table.jsonl"


def _predict_lines(answers: Answers, source: str, trained: str | None, stream: IO[bytes], request: Request) -> None:
    origin, features = STANDARD_INPUT if source == "-" else source, answers.model.features
    if features.columns or not features.reads_text:
        columns = "column" + "s" * (len(features.columns) > 1) + " " + ", ".join(features.columns)
        raise UsageError(
            f"{origin}: the model also needs the {columns}; pass a table, and name its format",
            format=...,
        )
    if source == "-" and sys.stdin.isatty() and not request.quiet:
        say("type a text and press Enter; Ctrl-D ends")
    if answers.proba and not request.as_json and not request.quiet:
        say("columns: " + " TAB ".join(map(one_line, answers.columns)))
    with nullcontext(standard_input()) if source == "-" else open_input(Path(source)) as lines:
        batches, is_first = read_arrived(lines, origin), True
        for texts in filter(None, [Texts.joined(list(batches))] if features.is_running else batches):
            format = table_format(texts[0], trained) if is_first else None
            if format and not request.quiet:
                say(
                    f"{origin}: the first line looks like {format.upper()}, but each line is labelled as a text; "
                    f"if it is a table, add --format {format}"
                )
            stream.write(answers.lines(texts_without_labels(texts), request.as_json))
            stream.flush()
            is_first = False


def table_format(line: bytes, text_column: str | None) -> str | None:
    """The format of a table by its first line: an object of JSON, or a header that names the column of the texts.

    Examples
    --------
    >>> table_format(b'{"text": "win"}', None), table_format(b"id,text", "text"), table_format(b"my text", "text")
    ('jsonl', 'csv', None)
    """
    if line.startswith(b"{") and line.rstrip().endswith(b"}"):
        return "jsonl"
    if text_column is None:
        return None
    delimited = {"tsv": b"\t", "csv": b","}
    fields = {format: [field.strip(b' "') for field in line.split(end)] for format, end in delimited.items()}
    named = (format for format, found in fields.items() if len(found) > 1 and text_column.encode() in found)
    return next(named, None)
