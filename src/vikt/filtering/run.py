"""Filter many files: pieces of them are filtered on several threads, and written in order."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, TypeVar

from vikt.corpus.columns import Columns
from vikt.corpus.compression import compressing
from vikt.corpus.dialect import DEFAULT_DIALECT, Dialect
from vikt.corpus.storage import opened_or_refused, storage_of
from vikt.filtering.finished_files import FinishedFiles, Job, alone
from vikt.filtering.formats import SOURCES
from vikt.filtering.inputs import Input, Inputs
from vikt.filtering.row_filter import RowFilter
from vikt.filtering.source import Content, Piece, Source
from vikt.filtering.tally import Tally
from vikt.progress import Progress, no_progress
from vikt.tables import counted, listed
from vikt.threads import Run, running

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome:
    """What a run has done: the files, how many of them were finished before, and the counts of all."""

    files: int
    finished_before: int
    tally: Tally
    seconds: float
    notes: tuple[str, ...] = ()


class _Opened(NamedTuple):
    """A file that is being read, and its version before."""

    input_file: Input
    version: str
    source: Source


class _Written(NamedTuple):
    """A piece that is filtered, and ready to be written."""

    content: Content
    tally: Tally


@dataclass
class _Notes:
    """Sentences for the user, each once."""

    sentences: dict[str, None] = field(default_factory=dict)

    def add(self, sentences: Iterable[str]) -> None:
        self.sentences |= dict.fromkeys(sentences)


def filter_files(
    row_filter: RowFilter,
    inputs: Inputs,
    out: str,
    job: Job,
    *,
    dialect: Dialect = DEFAULT_DIALECT,
    threads: int = 1,
    force: bool = False,
    progress: Progress = no_progress,
) -> Outcome:
    """Write each file to its place below a folder, with the rows that are kept; files that are finished stay.

    Memory does not grow with the files: 2 pieces for each thread are in it, a piece being up to 4,000 rows or about
    16 MB, and of a Parquet or Arrow output up to 64 MB. A single row is in memory as a whole.

    Parameters
    ----------
    job : mapping
        What makes the results what they are: a folder of another job is refused.
    force : bool
        Start anew: remove what other runs have written there, and overwrite files.

    Raises
    ------
    DataError
        A row is malformed, a text missing, or an input was changed since it was finished. Files that are finished
        stay; no row is dropped because it cannot be read.
    InputFileError, OutputFileError
        A file cannot be read or written, or holds something else.
    """
    storage = storage_of(out)
    target = storage.resolved(out).rstrip("/")
    with alone(storage, target):
        finished_files, start = FinishedFiles.opened(storage, target, job, force), time.perf_counter()
        finished_files.check_folders(inputs.files)
        before = {input_file: finished_files.tally_of(input_file, force) for input_file in inputs.files}
        todo = [input_file for input_file, tally in before.items() if tally is None]
        total, notes = sum(filter(None, before.values()), Tally()), _Notes()
        notes.add(inputs.notes)
        others = finished_files.others(inputs.files)
        if others:
            notes.add([f"{out}: also holds {counted(len(others), 'file')} of other inputs: {listed(others, 3)}"])
        report = _Reporter(progress, len(inputs.files), len(inputs.files) - len(todo))
        with running(threads) as run, closing(_work(todo, row_filter, dialect, notes)) as work:
            ready = streamed(run, _done, work, 2 * (threads - 1))
            for opened, pieces in groupby(ready, key=itemgetter(0)):
                total += _write(finished_files, opened, (report.seen(piece) for _, piece in pieces))
                report.finished()
        n_before = len(inputs.files) - len(todo)
        return Outcome(len(inputs.files), n_before, total, time.perf_counter() - start, tuple(notes.sentences))


def streamed(run: Run, work: Callable[[Item], Result], items: Iterable[Item], ahead: int) -> Iterator[Result]:
    """The results of work on items, in their order; on several threads, up to `ahead` of them are worked on ahead.

    What goes wrong with the items is raised once those before it are done.

    Examples
    --------
    >>> with running(2) as run:
    ...     list(streamed(run, abs, [-1, -2, -3], 2))
    [1, 2, 3]
    """
    pending, remaining = deque[Iterator[Result]](), iter(items)
    failure: Exception | None = None
    while failure is None:
        try:
            pending.append(iter(run(work, [next(remaining)])))
        except Exception as error:
            failure = error
        if len(pending) > ahead:
            yield next(pending.popleft())
    for result in pending:
        yield next(result)
    if not isinstance(failure, StopIteration):
        raise failure


def _work(
    todo: Iterable[Input], row_filter: RowFilter, dialect: Dialect, notes: _Notes
) -> Generator[tuple[_Opened, Callable[[], _Written]]]:
    """For each piece of each file the work to be done on it."""
    for input_file in todo:
        with opened_or_refused(input_file.storage, input_file.address) as stream:
            version = input_file.version
            source = SOURCES[input_file.format](stream, input_file.address, input_file.format, dialect)
            opened, columns = _Opened(input_file, version, source), None
            for piece in source.pieces():
                notes.add(piece.table.notes)
                if columns is None and piece.table.names:
                    columns = row_filter.columns(piece.table)
                    notes.add(columns.guesses)
                yield opened, partial(_filtered, piece, row_filter, columns)


def _done(work: tuple[_Opened, Callable[[], _Written]]) -> tuple[_Opened, _Written]:
    opened, piece = work
    return opened, piece()


def _filtered(piece: Piece, row_filter: RowFilter, columns: Columns | None) -> _Written:
    if columns is None or not piece.table.n_rows:
        return _Written(piece.kept(row_filter.nothing), Tally())
    kept, tally = row_filter.kept(piece.table, columns)
    return _Written(piece.kept(kept), tally)


def _write(finished_files: FinishedFiles, opened: _Opened, pieces: Iterable[_Written]) -> Tally:
    """Write the pieces of a file, record it, and put it into place."""
    input_file, tally = opened.input_file, Tally()
    with finished_files.storage.writing(finished_files.output(input_file.place)) as file:
        with compressing(file, input_file.place) as stream, opened.source.writing(stream) as write:
            for content, counts in pieces:
                write(content)
                tally += counts
        finished_files.finish(input_file, opened.version, file.tell(), tally)
    return tally


class _Reporter:
    """Reports files that are finished, and documents and bytes a second, to somebody's progress."""

    def __init__(self, progress: Progress, files: int, done: int) -> None:
        self._progress, self._files, self._done = progress, files, done
        self._documents = self._bytes = 0
        self._start = time.perf_counter()
        self._show()

    def seen(self, piece: _Written) -> _Written:
        """The same piece, which is counted."""
        self._documents += piece.tally.documents
        self._bytes += piece.tally.n_bytes
        self._show()
        return piece

    def finished(self) -> None:
        """Count a file."""
        self._done += 1
        self._show()

    def _show(self) -> None:
        seconds = max(time.perf_counter() - self._start, 1e-9)
        stage = (
            f"{self._documents:,} documents, {self._documents / seconds:,.0f} a second, "
            f"{self._bytes / seconds / 1e6:.1f} MB/s; files"
        )
        self._progress(stage, self._done, self._files)
