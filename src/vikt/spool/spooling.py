"""Spool the rows of files: read them once, and write them to disk in runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar

import numpy as np

from vikt.corpus.columns import Columns
from vikt.corpus.dialect import DEFAULT_DIALECT, Dialect
from vikt.corpus.digests import ContentDigests
from vikt.corpus.formats import format_of
from vikt.corpus.header import refuse_doubtful_header
from vikt.corpus.joined_labels import refuse_joined, refuse_printed
from vikt.corpus.label_notes import label_notes
from vikt.corpus.label_reading import ONE_LABEL, LabelReading
from vikt.corpus.labelled import Labelled, blank_lines, labelled, labelled_columns
from vikt.corpus.read_stream import COMPRESSED_SUFFIXES
from vikt.corpus.read_tables import Table
from vikt.corpus.refused_rows import RefusedRowsError
from vikt.corpus.sources import find_sources
from vikt.corpus.table_labels import paired_columns, refuse_respelled_numbers, shape_of
from vikt.corpus.texts import Texts
from vikt.errors import DataError, OutputFileError, UsageError
from vikt.files.work_folder import check_room
from vikt.names import KIND_NAMES, TargetKind
from vikt.progress import Progress, no_progress
from vikt.spool.journal import Journal
from vikt.spool.rows import SpooledRows
from vikt.spool.sources import Source
from vikt.spool.spool import Spool
from vikt.spool.tally import Tally
from vikt.version import __version__

# A run ends at this many bytes of text; a batch, of which it takes whole ones, is no longer itself.
_BYTES_PER_RUN = 1 << 24
# What spooled rows take for each byte of a file, about.
_OF_TEXT, _OF_COLUMNS, _OF_COMPRESSED = 0.7, 1.1, 1.8
# What helps where a text has several labels.
IN_MEMORY = "fit all rows in memory"
_KIND_OF_SHAPE: dict[str, TargetKind] = {"lists": "several", "objects": "soft"}


def spool(
    data: Iterable[str | Path],
    folder: Path,
    *,
    text: str | None = None,
    label: str | None = None,
    weight: str | None = None,
    reading: LabelReading = ONE_LABEL,
    format: str | None = None,
    dialect: Dialect = DEFAULT_DIALECT,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Spool:
    """Spool the rows of files, in memory that does not grow with them; resume where an earlier call ended.

    A single row is in memory as a whole.

    Parameters
    ----------
    data : iterable of str or Path
        Files, folders and patterns, here or at addresses; "-" is standard input, from which an interrupted call
        cannot resume.
    folder : Path
        A folder of the spool alone, which is made if it is missing.
    text, label, weight : str, optional
        The columns; those of text and label are found by the first rows if they are not named.
    reading : LabelReading
        How the labels are read, which are one class per row.
    format, dialect
        See `vikt.corpus.readers.read_table`.
    seed : int
        Of the keys, by which rows are ordered.
    progress : callable
        Called with the bytes that are read, and those of all files where these are known.

    Raises
    ------
    ViktError
        A row or a file is refused, as `vikt.corpus.readers.read_table` and `vikt.corpus.labelled.labelled` do; such
        rows are counted as far as the files were read, which the message says.
    UsageError
        The labels are of another kind.
    OutputFileError
        The folder holds something else, or rows of another input; or the disk is full. The rows spooled before stay.
    """
    sources = [Source(name, format, dialect) for name in find_sources(data, reads_addresses=True)]
    asked = {
        "input": [[source.origin, source.version] for source in sources],
        "text": text,
        "label": label,
        "weight": weight,
        "format": format,
        "dialect": asdict(dialect),
        "seed": seed,
        "version": __version__,
    }
    journal = Journal(folder, seed)
    columns, tally = journal.opened(asked), journal.whole
    not_again = [source.origin for source in sources if source.is_pipe] if tally is not None else []
    if columns is None or tally is None:
        tally = journal.tally
        left = sources[tally.source :]
        _refuse_broken_pipe(left, tally, folder)
        columns = _checked(left, columns, text, label, weight, reading)
        _check_room(sources, journal)
        journal.begin(asked, columns)
        _write_runs(sources, columns, weight, journal, tally, progress)
        journal.end(tally)
    _check_labels(_origin(sources), tally, columns, reading)
    notes = (
        *columns.guesses,
        *tally.notes,
        *blank_lines(_origin(sources), tally.blank_lines),
        *label_notes(_origin(sources), tally.labels, IN_MEMORY),
        *(f"{origin}: is not read again, since all of its rows were spooled before" for origin in not_again),
    )
    return Spool.of(journal.runs, tally, columns, weight, seed, notes)


class TextsAlone:
    """What reads texts and no other column."""

    reads_text = True
    columns: ClassVar[list[str]] = []


def _checked(
    sources: Sequence[Source],
    columns: Columns | None,
    text: str | None,
    label: str | None,
    weight: str | None,
    reading: LabelReading,
) -> Columns:
    """The columns of the text and the label, by the first rows of the first file; those of all files are checked."""
    for source in sources:
        first = source.first_rows().with_fields([text, label, weight])
        if not any((text, label, weight)):
            refuse_doubtful_header(first, need_label=True)
        if columns is None:
            columns = _found(first, text, label, reading)
        _labelled(first, columns, weight, 0)
    if columns is None:
        raise DataError("expected files, found none; name one")
    return columns


def _found(first: Table, text: str | None, label: str | None, reading: LabelReading) -> Columns:
    """The columns of a file. Raises UsageError where its rows have no text, or labels of another kind."""
    if paired_columns(first):
        raise UsageError(f"{first.path}: holds numbered features, and only texts are spooled; read it in memory")
    columns, holding_labels = labelled_columns(first, TextsAlone(), text, label, reading)
    kind = "classes" if reading.kind == "auto" else reading.kind
    if reading.kind == "auto":
        shape = shape_of(first, holding_labels[0])
        kind = "several" if len(holding_labels) > 1 else _KIND_OF_SHAPE.get(shape, "classes")
    if kind != "classes":
        raise UsageError(
            f"{first.path}: only texts of one class each are spooled, found {KIND_NAMES[kind]}; read them in memory"
        )
    return columns


def _refuse_broken_pipe(left: Sequence[Source], tally: Tally, folder: Path) -> None:
    if tally.batches and left[0].is_pipe:
        raise OutputFileError(
            f"{folder}: the rows of {left[0].origin} were spooled only in part, and it cannot be read again from where "
            "that ended; name a file, or start anew",
            restart=True,
        )


def _check_room(sources: Sequence[Source], journal: Journal) -> None:
    """Refuse a disk that has too little room for what is left of the files whose size is known."""
    needed = sum((source.n_bytes or 0) * _share_spooled(source) for source in sources)
    needed -= sum(run.stat().st_size for run in journal.runs)
    check_room(journal.folder, needed, "rows", "or choose a folder on another disk")


def _share_spooled(source: Source) -> float:
    """What spooled rows take for each byte of a source, about."""
    if Path(source.name).suffix.lower() in COMPRESSED_SUFFIXES:
        return _OF_COMPRESSED
    return _OF_COLUMNS if format_of(source.name, source.format, source.dialect) == "parquet" else _OF_TEXT


def _write_runs(
    sources: Sequence[Source],
    columns: Columns,
    weight: str | None,
    journal: Journal,
    tally: Tally,
    progress: Progress,
) -> None:
    """Read what is left of the sources, and write it in runs."""
    sizes = [source.n_bytes for source in sources]
    total = 0 if None in sizes else sum(filter(None, sizes))
    held = list[SpooledRows]()
    for number in range(tally.source, len(sources)):
        source, before = sources[number], sum(filter(None, sizes[:number]))
        for batch in source.batches([str(columns.text), str(columns.label), *filter(None, [weight])], tally.batches):
            held.append(_read(batch, columns, weight, tally))
            tally.end_batch()
            if sum(rows.n_bytes for rows in held) >= _BYTES_PER_RUN:
                journal.write(SpooledRows.joined(held), tally)
                held = []
            progress("spooling", before + source.position, total)
        tally.end_source()
        # What can be read once is all in runs before anything else is read.
        if source.is_pipe or number + 1 == len(sources):
            journal.write(SpooledRows.joined([SpooledRows.none(), *held]), tally)
            held = []


def _read(batch: Table, columns: Columns, weight: str | None, tally: Tally) -> SpooledRows:
    """The rows of a batch whose weight is above 0, counted."""
    tally.note(batch.notes, batch.n_blank)
    if not batch.n_rows:
        return SpooledRows.none()
    rows = _labelled(batch, columns, weight, tally.rows)
    weights = np.ones(batch.n_rows) if rows.weights is None else rows.weights
    y, kept = tally.numbered(batch, str(columns.label), np.asarray(rows.labels)), np.flatnonzero(weights > 0)
    origin = tally.rows + kept
    texts = Texts.from_strings([]) if rows.documents.texts is None else rows.documents.texts.take(kept)
    tally.count(y, kept, texts.n_bytes)
    return SpooledRows(texts, y[kept], weights[kept], ContentDigests.of(texts), origin)


def _labelled(table: Table, columns: Columns, weight: str | None, n_before: int) -> Labelled:
    """The rows of a table, which come after others. Raises DataError."""
    try:
        return labelled(table, TextsAlone(), columns.text, columns.label, weight)
    except RefusedRowsError as error:
        raise error.among(n_before + table.n_rows) from None


def _check_labels(origin: str, tally: Tally, columns: Columns, reading: LabelReading) -> None:
    """Refuse labels as they are refused where all of them are in memory. Raises DataError."""
    labels = tally.labels
    numbers = [label for label, found in labels.items() if found.is_number]
    refuse_respelled_numbers(labels, numbers, lambda label: labels[label].place)
    if reading.kind == "auto":
        n_rows = {label: found.rows for label, found in labels.items()}
        for refuse in (refuse_printed, refuse_joined):
            refuse(n_rows, f"{origin}: values of column {columns.label!r}", f"for several labels per text {IN_MEMORY}")


def _origin(sources: Sequence[Source]) -> str:
    """The name of the input in messages."""
    first, *others = (source.origin for source in sources)
    return f"{first} and {len(others)} more" if others else first
