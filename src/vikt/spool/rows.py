"""Some rows of a spool, and the files that hold those of a run and those of a shard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from vikt.arrays import AnyArray, Classes, Floats, Ints, RowIndices
from vikt.corpus.arrow import ArrowBatch, ArrowColumn, ArrowSchema, as_numpy
from vikt.corpus.digests import ContentDigests
from vikt.corpus.texts import Texts
from vikt.errors import OutputFileError

# Rows of a text are in the bucket of the highest bits of its key, so that all of them meet, and buckets follow in the
# order of keys.
N_BUCKETS = 256
_SHIFT = np.uint64(56)

# What a row takes beside its text.
BYTES_PER_ROW = 48

_NUMBERS = {
    "label": pa.int32(),
    "weight": pa.float64(),
    "low": pa.uint64(),
    "high": pa.uint64(),
    "origin": pa.int64(),
}
# Columns of a bucket are short, so that threads to compress them cost more than they save.
_USES_THREADS = False
_COLUMNS, _DIGEST = ("text", *_NUMBERS), ("low", "high")


class SpooledRows(NamedTuple):
    """Rows: the number of the label of each, its weight, the digest of its text, and its number in the input."""

    texts: Texts
    y: Classes
    weights: Floats
    digests: ContentDigests
    origin: RowIndices

    @classmethod
    def none(cls) -> SpooledRows:
        """No rows."""
        empty = np.empty(0, dtype=np.int64)
        return cls(Texts.from_bytes([]), empty, np.empty(0), ContentDigests.of([]), empty)

    @classmethod
    def joined(cls, several: Sequence[SpooledRows]) -> SpooledRows:
        """The rows of several, one after the other."""
        texts, y, weights, digests, origin = zip(*several, strict=True)
        return cls(
            Texts.joined(list(texts)),
            np.concatenate(y),
            np.concatenate(weights),
            ContentDigests(np.concatenate([each.halves for each in digests])),
            np.concatenate(origin),
        )

    @property
    def n_rows(self) -> int:
        """How many there are."""
        return len(self.y)

    @property
    def n_bytes(self) -> int:
        """What they take in memory."""
        return self.texts.n_bytes + BYTES_PER_ROW * self.n_rows


def run_of(rows: SpooledRows, seed: int) -> memoryview:
    """The content of a run's file: rows, a batch for each bucket."""
    bucket = (rows.digests.keys(seed) >> _SHIFT).astype(np.int64)
    order = np.argsort(bucket, kind="stable")
    edges = np.searchsorted(bucket[order], np.arange(N_BUCKETS + 1))
    table = _table(rows).take(_column(order, pa.int64()))
    (batch,) = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]
    buckets = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return _content(table.schema, (batch.slice(first, last - first) for first, last in buckets))


def content_of(rows: SpooledRows) -> memoryview:
    """The content of a shard's file."""
    table = _table(rows)
    return _content(table.schema, table.to_batches())


def rows_in(content: bytes) -> SpooledRows:
    """The rows of a shard's file."""
    with pa.ipc.open_file(pa.py_buffer(content), options=pa.ipc.IpcReadOptions(use_threads=_USES_THREADS)) as file:
        return _rows(file.read_all())


def _content(schema: ArrowSchema, batches: Iterable[ArrowBatch]) -> memoryview:
    options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=_USES_THREADS)
    content = pa.BufferOutputStream()
    with pa.ipc.new_file(content, schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return memoryview(content.getvalue())


def read_buckets(paths: Sequence[Path], first: int, last: int) -> SpooledRows:
    """The rows of the buckets first..last of some runs. Raises OutputFileError where one is damaged."""
    return _rows(pa.Table.from_batches([batch for path in paths for batch in _batches(path, first, last)]))


def read_digests(paths: Sequence[Path], first: int, last: int) -> ContentDigests:
    """The digests of the same rows, without their texts. Raises OutputFileError where a run is damaged."""
    return _digests(pa.Table.from_batches([batch for path in paths for batch in _batches(path, first, last, _DIGEST)]))


def _batches(path: Path, first: int, last: int, columns: Sequence[str] = _COLUMNS) -> list[pa.RecordBatch]:
    with _opened(path, columns) as run:
        return [run.get_batch(bucket) for bucket in range(first, last)]


@contextmanager
def _opened(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatchFileReader]:
    fields = [_COLUMNS.index(name) for name in columns]
    options = pa.ipc.IpcReadOptions(included_fields=fields, use_threads=_USES_THREADS)
    try:
        # Read, not mapped: what is mapped counts as memory of the process.
        with pa.OSFile(str(path)) as file, pa.ipc.open_file(file, options=options) as run:
            yield run
    except (pa.ArrowException, OSError, LookupError, ValueError) as error:
        reason = f"{' '.join(str(error).split()):.200}"
        raise OutputFileError(f"{path}: spooled rows cannot be read ({reason}); start anew", restart=True) from None


def _table(rows: SpooledRows) -> pa.Table:
    texts = [None, pa.py_buffer(rows.texts.offsets), pa.py_buffer(rows.texts.content)]
    low, high = np.ascontiguousarray(rows.digests.halves.T)
    numbers = dict(zip(_NUMBERS, (rows.y.astype(np.int32), rows.weights, low, high, rows.origin), strict=True))
    return pa.table(
        {"text": pa.Array.from_buffers(pa.large_string(), rows.n_rows, texts)}
        | {name: _column(numbers[name], kind) for name, kind in _NUMBERS.items()}
    )


def _rows(table: pa.Table) -> SpooledRows:
    numbers = {name: as_numpy(table.column(name)) for name in _NUMBERS}
    return SpooledRows(
        Texts.from_arrow(table.column("text")),
        numbers["label"].astype(np.int64),
        numbers["weight"].astype(np.float64, copy=False),
        _digests(table),
        numbers["origin"].astype(np.int64, copy=False),
    )


def _digests(table: pa.Table) -> ContentDigests:
    return ContentDigests(np.column_stack([as_numpy(table.column(name)) for name in _DIGEST]))


def _column(numbers: AnyArray | Ints, kind: pa.DataType) -> ArrowColumn:
    # From their bytes: to read an array, PyArrow imports pandas.
    return pa.Array.from_buffers(kind, len(numbers), [None, pa.py_buffer(numbers)])
