"""Names for PyArrow's types, which it does not declare itself; columns without its encodings."""

from __future__ import annotations

from typing import Any

import numpy as np

from vikt.arrays import AnyArray

# pyarrow.Array or pyarrow.ChunkedArray
ArrowColumn = Any
# pyarrow.Table
ArrowTable = Any
# pyarrow.RecordBatch
ArrowBatch = Any
# pyarrow.Schema
ArrowSchema = Any
# pyarrow.DataType
ArrowType = Any
# pyarrow.RecordBatchFileWriter, pyarrow.csv.CSVWriter or pyarrow.parquet.ParquetWriter
ArrowWriter = Any
# pyarrow.parquet.ParquetFile
ParquetFile = Any


def levels(column: ArrowColumn) -> list[object] | None:
    """The values of an ordered dictionary, from the lowest to the highest; None where a column has no such order."""
    import pyarrow as pa

    if not (pa.types.is_dictionary(column.type) and column.type.ordered):
        return None
    found = [chunk.dictionary.drop_null().to_pylist() for chunk in getattr(column, "chunks", [column])]
    return found[0] if found and all(other == found[0] for other in found) else None


def plain(column: ArrowColumn) -> ArrowColumn:
    """A column without dictionaries or views. A null among the values of a dictionary is one of the column."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        chunks = getattr(column, "chunks", [column])
        values = [plain(chunk.dictionary) for chunk in chunks]
        taken = [own.take(chunk.indices) for own, chunk in zip(values, chunks, strict=True)]
        return pa.chunked_array(taken, None if taken else column.type.value_type)
    is_view = str(column.type) in ("string_view", "utf8_view")
    return column.cast(pa.large_string()) if is_view else column


def as_numpy(column: ArrowColumn) -> AnyArray:
    """A column of numbers or booleans without nulls as an array; PyArrow's own way to make one imports pandas."""
    import pyarrow as pa

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_boolean(array.type):
        return np.from_dlpack(array.cast(pa.uint8())).astype(bool)
    return np.from_dlpack(array)


def release_memory() -> None:
    """Give back to the system what PyArrow keeps of the memory of tables that are gone."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
