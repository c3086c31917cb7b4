"""Parquet and Arrow: the same schema, metadata and compression; row groups of about the same size as before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vikt.corpus.arrow import ArrowBatch, ArrowColumn, ArrowSchema, ArrowTable, ArrowWriter
from vikt.corpus.columns import composed
from vikt.corpus.dialect import Dialect
from vikt.corpus.read_arrow import bounded, open_parquet, parquet_batches, refusing_damage, seekable
from vikt.corpus.read_tables import Table, refuse_doubled
from vikt.corpus.read_text import BYTES_PER_BATCH
from vikt.errors import DataError, ViktError
from vikt.filtering.row_filter import KeptRows
from vikt.filtering.source import ROWS_PER_PIECE

# Rows are gathered up to the number in the input's largest row group, or up to this number of bytes.
_BYTES_PER_GROUP = 1 << 26
_ROWS_PER_BATCH = 1 << 16
_FRAMES = {b"\x04\x22\x4d\x18": "lz4", b"\x28\xb5\x2f\xfd": "zstd"}
# Where PyArrow takes another name for a codec than it gives.
_SPELLED = {"UNCOMPRESSED": "none"}
_FIRST_FRAME = slice(8, 12)
_ARROW_MAGIC = b"ARROW1\0\0"


class ArrowFile(Protocol):
    """A file of Arrow's types that is open: its schema, its batches, and what writes one like it."""

    schema: ArrowSchema
    rows_per_group: int

    def batches(self) -> Iterator[list[ArrowBatch]]:
        """The rows, each batch in pieces. Raises ExpansionError where they are out of proportion to the file."""
        ...

    def writer(self, stream: IO[bytes], schema: ArrowSchema) -> ArrowWriter:
        """What has `write_table` and `close`."""
        ...


@dataclass(frozen=True)
class ArrowPiece:
    """Rows in Arrow's types, and the same as the model reads them, by composed names."""

    table: Table
    rows: ArrowTable

    def kept(self, kept: KeptRows) -> ArrowTable:
        with _refusing_types(self.table.path):
            found = _with_texts(self.rows, kept)
        found = _taken(found, kept)
        for name, values in kept.scores.items():
            kind = pa.list_(pa.float64()) if kept.in_parts else pa.float64()
            found = found.append_column(name, pa.array(values, kind))
        return found


class ArrowSource:
    """A file of Parquet or of Arrow."""

    def __init__(self, stream: BinaryIO, origin: str, format: str, dialect: Dialect) -> None:
        self.origin = origin
        self._kind, opened = _OPENED[format]
        with refusing_damage(self._kind, origin):
            self._file = opened(*seekable(stream))
        self._names = [composed(name) for name in self._file.schema.names]
        refuse_doubled(self._names, origin)

    def pieces(self) -> Iterator[ArrowPiece]:
        first_row = 1
        with refusing_damage(self._kind, self.origin):
            for batches in self._file.batches():
                rows = pa.Table.from_batches(batches)
                yield self._piece(rows, first_row)
                first_row += rows.num_rows
            if first_row == 1:
                yield self._piece(self._file.schema.empty_table(), 1)

    def _piece(self, rows: ArrowTable, first_row: int) -> ArrowPiece:
        return ArrowPiece(Table(rows.rename_columns(self._names), self.origin, first_row), rows)

    @contextmanager
    def writing(self, stream: IO[bytes]) -> Iterator[Callable[[ArrowTable], object]]:
        gathered = _Gathered(self._file, stream, self.origin)
        try:
            yield gathered.write
            gathered.close()
        except BaseException:
            gathered.drop()
            raise


class _Gathered:
    """Writes tables once they are large enough for a row group."""

    def __init__(self, file: ArrowFile, stream: IO[bytes], origin: str) -> None:
        self._file, self._stream, self._origin = file, stream, origin
        self._writer: ArrowWriter = None
        self._tables, self._rows, self._bytes = list[ArrowTable](), 0, 0

    def write(self, table: ArrowTable) -> None:
        with _refusing_types(self._origin):
            if self._writer is None:
                added = [table.schema.field(i) for i in range(len(self._file.schema), len(table.schema))]
                schema = pa.schema([*self._file.schema, *added], self._file.schema.metadata)
                self._writer = self._file.writer(self._stream, schema)
            while table.num_rows:
                head = table.slice(0, self._file.rows_per_group - self._rows)
                self._tables.append(head)
                self._rows, self._bytes = self._rows + head.num_rows, self._bytes + head.nbytes
                if self._rows >= self._file.rows_per_group or self._bytes >= _BYTES_PER_GROUP:
                    self._flush()
                table = table.slice(head.num_rows)

    def close(self) -> None:
        """Write what is gathered, and the end of the file."""
        with _refusing_types(self._origin):
            self._flush()
            if self._writer is not None:
                self._writer.close()

    def drop(self) -> None:
        """Leave the file as it is: else PyArrow would end it later, when the stream is gone."""
        if self._writer is not None:
            with suppress(pa.ArrowException, OSError, ValueError):
                self._writer.close()

    def _flush(self) -> None:
        if self._tables:
            self._writer.write_table(_combined(pa.concat_tables(self._tables)))
            self._tables, self._rows, self._bytes = [], 0, 0


@contextmanager
def _refusing_types(origin: str) -> Iterator[None]:
    """Turn what PyArrow raises for types or codecs that it cannot write into DataError."""
    try:
        yield
    except (pa.ArrowException, ValueError) as error:
        if isinstance(error, (ViktError, OSError)):
            raise
        reason = " ".join(str(error).split())
        raise DataError(
            f"{origin}: rows cannot be written again as they are ({reason:.200}); convert the file first"
        ) from None


def _combined(table: ArrowTable) -> ArrowTable:
    """A table in one piece, unless it has a type that PyArrow cannot join."""
    with suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return table.combine_chunks()
    return table


class _Parquet:
    def __init__(self, stream: BinaryIO, n_bytes: int) -> None:
        self._n_bytes = n_bytes
        self._file = open_parquet(stream)
        self.schema = self._file.schema_arrow
        groups = [self._file.metadata.row_group(i) for i in range(self._file.metadata.num_row_groups)]
        self.rows_per_group = max((group.num_rows for group in groups), default=0) or _ROWS_PER_BATCH

    def batches(self) -> Iterator[list[ArrowBatch]]:
        return parquet_batches(self._file, self._n_bytes, ROWS_PER_PIECE)

    def writer(self, stream: IO[bytes], schema: ArrowSchema) -> ArrowWriter:
        metadata = self._file.metadata
        columns = (
            [metadata.row_group(0).column(i) for i in range(metadata.num_columns)] if metadata.num_row_groups else []
        )
        codecs = {column.path_in_schema: _SPELLED.get(column.compression, column.compression) for column in columns}
        has_schema = b"ARROW:schema" in (metadata.metadata or {})
        return pq.ParquetWriter(
            stream,
            schema,
            version="1.0" if metadata.format_version == "1.0" else "2.6",
            compression=(codecs if len(set(codecs.values())) > 1 else next(iter(codecs.values()), "snappy")),
            use_deprecated_int96_timestamps=any(column.physical_type == "INT96" for column in columns),
            store_schema=has_schema,
        )


class _Arrow:
    rows_per_group = _ROWS_PER_BATCH

    def __init__(self, stream: BinaryIO, n_bytes: int) -> None:
        self._n_bytes, self._is_file = n_bytes, stream.read(len(_ARROW_MAGIC)) == _ARROW_MAGIC
        self._codec = _codec_of(stream, len(_ARROW_MAGIC) * self._is_file)
        stream.seek(0)
        self._reader = pa.ipc.open_file(stream) if self._is_file else pa.ipc.open_stream(stream)
        self.schema = self._reader.schema

    def batches(self) -> Iterator[list[ArrowBatch]]:
        return ([piece] for piece in bounded(self._pieces(), self._n_bytes))

    def _pieces(self) -> Iterator[ArrowBatch]:
        reader = self._reader
        found = (reader.get_batch(i) for i in range(reader.num_record_batches)) if self._is_file else reader
        for batch in found:
            # Offsets of a damaged file may point outside of it.
            batch.validate(full=True)
            n = max(1, min(ROWS_PER_PIECE, int(BYTES_PER_BATCH / max(batch.nbytes / max(batch.num_rows, 1), 1.0))))
            yield from (batch.slice(first, n) for first in range(0, batch.num_rows, n))

    def writer(self, stream: IO[bytes], schema: ArrowSchema) -> ArrowWriter:
        options = pa.ipc.IpcWriteOptions(compression=self._codec, emit_dictionary_deltas=self._is_file)
        if not self._is_file:
            return pa.ipc.new_stream(stream, schema, options=options)
        return _GrowingDictionaries(pa.ipc.new_file(stream, schema, options=options))


class _GrowingDictionaries:
    """Writes tables to an Arrow file, whose dictionaries may grow but not be replaced, as changed texts would do."""

    def __init__(self, writer: ArrowWriter) -> None:
        self._writer, self._dictionaries = writer, dict[int, ArrowColumn]()

    def write_table(self, table: ArrowTable) -> None:
        for place, field in enumerate(table.schema):
            if pa.types.is_dictionary(field.type) and table.num_rows:
                table = table.set_column(place, field, self._grown(place, table.column(place)))
        self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()

    def _grown(self, place: int, column: ArrowColumn) -> ArrowColumn:
        """A column with the dictionary of those before it, to which its own values are added."""
        known = self._dictionaries.get(place, column.chunk(0).dictionary)
        if any(not chunk.dictionary.equals(known) for chunk in column.chunks):
            start = pa.DictionaryArray.from_arrays(
                pa.array([], column.type.index_type), known, ordered=column.type.ordered
            )
            column = pa.chunked_array([start, *column.chunks]).unify_dictionaries()
            column = pa.chunked_array(column.chunks[1:])
            known = column.chunk(0).dictionary
        self._dictionaries[place] = known
        return column


def _codec_of(stream: BinaryIO, start: int) -> str | None:
    """The codec of an Arrow file, which PyArrow does not tell: a compressed buffer is its length and then a frame."""
    stream.seek(start)
    for message in pa.ipc.MessageReader.open_stream(stream):
        if message.type in ("record batch", "dictionary"):
            return _FRAMES.get(bytes(message.body[_FIRST_FRAME]))
    return None


_OPENED: dict[str, tuple[str, Callable[[BinaryIO, int], ArrowFile]]] = {
    "parquet": ("Parquet", _Parquet),
    "arrow": ("Arrow", _Arrow),
}


def _taken(rows: ArrowTable, kept: KeptRows) -> ArrowTable:
    if len(kept.rows) == rows.num_rows:
        return rows
    try:
        return rows.take(pa.array(kept.rows))
    except pa.ArrowNotImplementedError:
        # Unions, for one, can be sliced but not taken from.
        edges = np.flatnonzero(np.diff(kept.rows) != 1) + 1
        runs = np.split(kept.rows, edges) if len(kept.rows) else []
        return pa.concat_tables([rows.slice(int(run[0]), len(run)) for run in runs] or [rows.slice(0, 0)])


def _with_texts(rows: ArrowTable, kept: KeptRows) -> ArrowTable:
    if not kept.texts:
        return rows
    place = [composed(name) for name in rows.schema.names].index(kept.column)
    field, values = rows.schema.field(place), rows.column(place).to_pylist()
    for row, text in kept.texts.items():
        values[row] = text
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    return rows.set_column(place, field, pa.array(values, kind).cast(field.type))
