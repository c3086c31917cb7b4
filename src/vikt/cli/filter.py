"""`vikt filter`: files in, the same files out with the rows that a condition keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vikt.cli.console import print_json, progress, say_notes, show
from vikt.corpus.dialect import Dialect
from vikt.errors import ParameterError, UsageError
from vikt.filtering.inputs import find_inputs
from vikt.filtering.keep import KeepCondition
from vikt.filtering.row_filter import RowFilter
from vikt.filtering.run import Outcome, filter_files
from vikt.fitting.trained import load_with_digest
from vikt.mappings import Json
from vikt.tables import columns, counted, visible

_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\r": "\r"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """The arguments of `vikt filter`."""

    data: Sequence[str]
    out: str
    keep: str
    text: str | None
    split: str | None
    scores: bool
    dialect: Dialect
    threads: int
    force: bool
    as_json: bool
    quiet: bool


def filter_corpus(path: Path, request: Request) -> None:
    """Filter files, and print how many documents were kept."""
    saved, digest = load_with_digest(path, request.data)
    inputs = find_inputs(request.data, request.out)
    keep = KeepCondition.of(request.keep, saved.model)
    separator = _separator(request.split)
    if request.scores and not keep.labels:
        raise UsageError("--scores adds the probabilities of the labels in the condition, which names none")
    row_filter = RowFilter(
        saved.model, keep, request.text, saved.record.columns.get("text"),
        separator, keep.labels if request.scores else (),
    )  # fmt: skip
    job = {
        "model": digest,
        "condition": keep.typed,
        "--split": None if separator is None else separator.decode(),
        "--scores": request.scores,
        "--text": request.text,
        "--delimiter": request.dialect.delimiter,
        "--quoting": request.dialect.quoting,
        "--header": request.dialect.header,
    }
    with progress(request.quiet) as report, _resumable():
        outcome = filter_files(
            row_filter, inputs, request.out, job,
            dialect=request.dialect, threads=request.threads, force=request.force, progress=report,
        )  # fmt: skip
    say_notes([*outcome.notes, *_doubts(outcome)], request.quiet)
    if request.as_json:
        print_json(_as_json(outcome))
    else:
        show(_as_text(outcome, in_parts=separator is not None))


@contextmanager
def _resumable() -> Iterator[None]:
    # Ctrl-C is told with what to do about it.
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt("run the same command again to resume") from None


def _separator(typed: str | None) -> bytes | None:
    """The separator that is typed, if any, with \\n, \\t and \\r for a line feed, a tab and a carriage return."""
    if typed is None:
        return None
    for escape, meant in _ESCAPES.items():
        typed = typed.replace(escape, meant)
    if not typed:
        raise ParameterError("split", r"expected what stands between paragraphs, such as '\n', found nothing")
    return typed.encode()


def _doubts(outcome: Outcome) -> list[str]:
    """What may not be meant."""
    return ["no document is kept; check the condition"] * (outcome.tally.kept == 0 < outcome.tally.documents)


def _as_json(outcome: Outcome) -> Json:
    return {
        "files": outcome.files,
        "finished_before": outcome.finished_before,
        **outcome.tally.to_json(),
        "seconds": outcome.seconds,
    }


def _as_text(outcome: Outcome, in_parts: bool) -> str:
    tally = outcome.tally
    before = f" ({outcome.finished_before:,} finished before)" * bool(outcome.finished_before)
    read = f"{counted(outcome.files, 'file')}{before}, {counted(tally.documents, 'document')}"
    lines = [f"{read}: kept {_kept(tally.kept, tally.documents)}"]
    if in_parts:
        lines.append(f"{counted(tally.parts, 'part')}: kept {_kept(tally.kept_parts, tally.parts)}")
    by_label = sorted(tally.by_label.items(), key=lambda item: -item[1][0])
    unanswered = [("(none)", tally.unanswered)] * bool(tally.unanswered[0])
    rows = [
        [visible(label), f"{n:,}", f"{kept:,}", f"{kept / n:.1%}" if n else "-"]
        for label, (n, kept) in [*by_label, *unanswered]
    ]
    return "\n".join(
        [*lines, "", columns([["answered", "parts read" if in_parts else "read", "kept", "share"], *rows])]
    )


def _kept(kept: int, total: int) -> str:
    return f"{kept:,}" + (f" ({kept / total:.1%})" if total else "")
