"""Tables in Parquet and Arrow, one batch of rows at a time, every column in its own type."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vikt.corpus.arrow import ArrowBatch, ArrowColumn, ArrowSchema, ArrowType, ParquetFile
from vikt.corpus.columns import composed, wanted_columns
from vikt.corpus.decompression import ExpansionError, check_expansion
from vikt.corpus.read_stream import reading_failed
from vikt.corpus.read_tables import Table, refuse_doubled
from vikt.corpus.read_text import BYTES_PER_BATCH
from vikt.errors import InputFileError, ViktError

# The schema of a file, and a function from the names of columns to its batches, each in pieces.
Opened = tuple[ArrowSchema, Callable[[list[str]], Iterator[list[ArrowBatch]]]]
# Rows decoded at once: many rows may share one long value, and only then show what they take.
_ROWS_AT_ONCE = 1000
# Columns of Parquet are read through buffers of this size, rather than whole.
_BUFFER = 1 << 20
# The offset of a string, which a row takes even where its file holds nothing for it.
_BYTES_PER_ROW = 8


def read_parquet(stream: BinaryIO, origin: str, wanted: Sequence[str] | None, rows_per_batch: int) -> Iterator[Table]:
    """Parquet."""

    def opened() -> Opened:
        source, n_bytes = seekable(stream)
        file = open_parquet(source)
        return file.schema_arrow, lambda names: parquet_batches(file, n_bytes, rows_per_batch, names)

    return _tables(opened, "Parquet", origin, wanted)


def read_arrow(stream: BinaryIO, origin: str, wanted: Sequence[str] | None, rows_per_batch: int) -> Iterator[Table]:
    """Arrow's IPC format, as a file (Feather) or as a stream."""

    def opened() -> Opened:
        source, n_bytes = seekable(stream)
        try:
            file = pa.ipc.open_file(source)
            found = (file.get_batch(i) for i in range(file.num_record_batches))
        except pa.ArrowInvalid:
            source.seek(0)
            file = found = pa.ipc.open_stream(source)
        pieces = bounded((piece for batch in found for piece in _slices(batch, rows_per_batch)), n_bytes)
        return file.schema, lambda names: ([piece.select(names)] for piece in pieces)

    return _tables(opened, "Arrow", origin, wanted)


def _tables(opened: Callable[[], Opened], kind: str, origin: str, wanted: Sequence[str] | None) -> Iterator[Table]:
    with refusing_damage(kind, origin):
        schema, batches = opened()
        refuse_doubled(list(map(composed, schema.names)), origin)
        name_of = {composed(name): name for name in schema.names}
        names = wanted_columns(wanted, list(name_of), origin)
        first_row = 1
        for pieces in batches([name_of[name] for name in names]):
            table = pa.Table.from_batches(pieces).rename_columns(names)
            yield Table(table, origin, first_row)
            first_row += table.num_rows
        if first_row == 1:
            empty = schema.empty_table().select([name_of[name] for name in names])
            yield Table(empty.rename_columns(names), origin)


@contextmanager
def refusing_damage(kind: str, origin: str) -> Iterator[None]:
    """Turn what PyArrow raises for a file that is damaged, or of another format than `kind`, into InputFileError."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        if isinstance(error, ViktError):
            raise
        if isinstance(error, ExpansionError):
            raise reading_failed(origin, error) from None
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputFileError(
            f"{origin}: expected {kind}, found a file that cannot be read as such ({reason:.200}); write it again"
        ) from None


def open_parquet(stream: BinaryIO) -> ParquetFile:
    """A `ParquetFile`, of which no group of rows is in memory as a whole."""
    # Imported here, since it takes as long as NumPy.
    import pyarrow.parquet as pq

    return pq.ParquetFile(stream, buffer_size=_BUFFER, pre_buffer=False)


def parquet_batches(
    file: ParquetFile, n_bytes: int, rows_per_batch: int, names: list[str] | None = None
) -> Iterator[list[ArrowBatch]]:
    """The rows of a `ParquetFile` of `n_bytes` bytes in batches, each in pieces. Raises ExpansionError."""
    rows = _rows_per_batch(file.metadata, rows_per_batch)
    at_once = min(rows, _ROWS_AT_ONCE)
    pieces = (
        piece
        for groups in _groups_read_together(file)
        for piece in file.iter_batches(at_once, row_groups=groups, columns=names)
    )
    return _grouped(bounded(pieces, n_bytes), rows)


def _groups_read_together(file: ParquetFile) -> list[list[int]]:
    """The row groups of a `ParquetFile`; Arrow reads no batch of two dictionaries where these are within a type."""
    groups = list(range(file.num_row_groups))
    is_nested = any(pa.types.is_nested(kind) and _has_dictionary(kind) for kind in file.schema_arrow.types)
    return [[group] for group in groups] if is_nested else [groups]


def _has_dictionary(kind: ArrowType) -> bool:
    fields = [kind.field(i) for i in range(kind.num_fields)]
    return pa.types.is_dictionary(kind) or any(_has_dictionary(field.type) for field in fields)


def bounded(pieces: Iterator[ArrowBatch], n_bytes: int) -> Iterator[ArrowBatch]:
    """The same, as long as they are in proportion to the size of the file. Raises ExpansionError."""
    expanded = 0
    for piece in pieces:
        expanded += _n_bytes(piece)
        check_expansion(expanded, n_bytes)
        yield piece


def _n_bytes(piece: ArrowBatch) -> int:
    """What a batch takes once each row has a value of its own."""
    columns = [_n_bytes_of_dictionary(own) if pa.types.is_dictionary(own.type) else own.nbytes for own in piece.columns]
    return sum(columns, _BYTES_PER_ROW * int(piece.num_rows))


def _n_bytes_of_dictionary(column: ArrowColumn) -> int:
    values = column.dictionary
    try:
        lengths = np.asarray(pc.fill_null(pc.binary_length(values), 0))
    except pa.ArrowNotImplementedError:
        return int(column.nbytes)
    return int(lengths[np.asarray(column.indices.drop_null())].sum(dtype=np.int64))


def _grouped(pieces: Iterator[ArrowBatch], n_rows: int) -> Iterator[list[ArrowBatch]]:
    """Pieces in groups of `n_rows` rows, or a few more."""
    group, held = list[ArrowBatch](), 0
    for piece in pieces:
        group.append(piece)
        held += piece.num_rows
        if held >= n_rows:
            yield group
            group, held = [], 0
    if group:
        yield group


def seekable(stream: BinaryIO) -> tuple[BinaryIO, int]:
    """The stream, or what it holds, and how many bytes these are."""
    source = stream if stream.seekable() else io.BytesIO(stream.read())
    n_bytes = source.seek(0, io.SEEK_END)
    source.seek(0)
    return source, n_bytes


def _rows_per_batch(metadata: Any, most: int) -> int:
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    row = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=1.0)
    return max(1, min(most, int(BYTES_PER_BATCH / max(row, 1.0))))


def _slices(batch: ArrowBatch, n_rows: int) -> Iterator[ArrowBatch]:
    # The file is mapped as it is, and its offsets may point outside of it.
    batch.validate(full=True)
    return (batch.slice(first, n_rows) for first in range(0, batch.num_rows, n_rows))
