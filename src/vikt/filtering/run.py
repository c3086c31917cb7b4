"""Filter many files: pieces of them are judged on several threads, and written in order."""

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
from vikt.filtering.formats import SOURCES
from vikt.filtering.inputs import Input, Inputs
from vikt.filtering.judge import Judge
from vikt.filtering.ledger import Job, Ledger, alone
from vikt.filtering.source import Content, Piece, Source
from vikt.filtering.storage import opened_or_refused, storage_of
from vikt.filtering.tally import Tally
from vikt.progress import Progress, no_progress
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

    given: Input
    version: str
    source: Source


class _Written(NamedTuple):
    """A piece that is judged, and ready to be written."""

    content: Content
    tally: Tally


@dataclass
class _Notes:
    """Sentences for the user, each once."""

    sentences: dict[str, None] = field(default_factory=dict)

    def add(self, sentences: Iterable[str]) -> None:
        self.sentences |= dict.fromkeys(sentences)


def filter_files(
    judge: Judge,
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
        ledger, start = Ledger.opened(storage, target, job, force), time.perf_counter()
        before = {given: ledger.finished(given, force) for given in inputs.files}
        todo = [given for given, tally in before.items() if tally is None]
        total, notes = sum(filter(None, before.values()), Tally()), _Notes()
        notes.add(inputs.notes)
        report = _Reporter(progress, len(inputs.files), len(inputs.files) - len(todo))
        with running(threads) as run, closing(_work(todo, judge, dialect, notes)) as work:
            ready = streamed(run, _done, work, 2 * (threads - 1))
            for opened, pieces in groupby(ready, key=itemgetter(0)):
                total += _write(ledger, opened, (report.seen(piece) for _, piece in pieces))
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
    todo: Iterable[Input], judge: Judge, dialect: Dialect, notes: _Notes
) -> Generator[tuple[_Opened, Callable[[], _Written]]]:
    """For each piece of each file the work to be done on it."""
    for given in todo:
        with opened_or_refused(given.storage, given.address) as stream:
            version = given.storage.version(given.address)
            source = SOURCES[given.format](stream, given.address, given.format, dialect)
            opened, columns = _Opened(given, version, source), None
            for piece in source.pieces():
                notes.add(piece.table.notes)
                if columns is None and piece.table.names:
                    columns = judge.columns(piece.table)
                    notes.add(columns.guesses)
                yield opened, partial(_judged, piece, judge, columns)


def _done(work: tuple[_Opened, Callable[[], _Written]]) -> tuple[_Opened, _Written]:
    opened, judged = work
    return opened, judged()


def _judged(piece: Piece, judge: Judge, columns: Columns | None) -> _Written:
    if columns is None or not piece.table.n_rows:
        return _Written(piece.kept(judge.nothing), Tally())
    verdict, tally = judge.verdict(piece.table, columns)
    return _Written(piece.kept(verdict), tally)


def _write(ledger: Ledger, opened: _Opened, pieces: Iterable[_Written]) -> Tally:
    """Write the pieces of a file, record it, and put it into place."""
    given, tally = opened.given, Tally()
    with ledger.storage.writing(ledger.output(given.place)) as file:
        with compressing(file, given.place) as stream, opened.source.writing(stream) as write:
            for content, counts in pieces:
                write(content)
                tally += counts
        ledger.finish(given, opened.version, file.tell(), tally)
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
