"""Tables in Parquet, every column cast to strings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vikt.corpus.columns import missing_column
from vikt.corpus.read_tables import Table, refuse_doubled
from vikt.corpus.read_text import BYTES_PER_BATCH
from vikt.errors import EncodingError, InputFileError


def read_parquet(stream: BinaryIO, origin: str, wanted: Sequence[str] | None, rows_per_batch: int) -> Iterator[Table]:
    """Parquet, a batch of rows at a time; dictionaries decoded, numbers as JSON writes them."""
    try:
        file = pq.ParquetFile(stream)
        present = file.schema_arrow.names
        refuse_doubled(present, origin)
        for name in wanted or ():
            if name not in present:
                raise missing_column(name, present, origin)
        names = present if wanted is None else list(wanted)
        first_row = 1
        for batch in file.iter_batches(_rows_of_a_batch(file.metadata, rows_per_batch), columns=names):
            yield _table(batch, names, origin, first_row)
            first_row += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise InputFileError(
            f"{origin}: expected Parquet, found a file that cannot be read as such ({reason:.200}); write it again"
        ) from None


def _rows_of_a_batch(metadata: Any, most: int) -> int:
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    row = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=1.0)
    return max(1, min(most, int(BYTES_PER_BATCH / max(row, 1.0))))


def _table(batch: Any, names: Sequence[str], origin: str, first_row: int) -> Table:
    problems: dict[str, str] = {}
    columns = []
    for name in names:
        column = batch.column(name)
        try:
            columns.append(_strings(column, f"{origin}, column {name!r}", first_row))
        except pa.ArrowNotImplementedError:
            problems[name] = (
                f"{origin}, column {name!r}: expected strings, found {column.type}; take the wanted part out of it"
            )
            columns.append(_as_json(column))
    return Table(pa.table(columns, names=list(names)), origin, first_row, problems=problems)


def _strings(column: Any, where: str, first_row: int) -> Any:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _strings(column.dictionary_decode(), where, first_row)
    if _holds_bytes(kind):
        return _decoded(column.cast(pa.large_binary()), where, first_row)
    strings = column.cast(pa.large_string())
    if pa.types.is_floating(kind):
        # Arrow writes 1.0 as 1; the other formats have it as 1.0.
        return pc.replace_substring_regex(strings, r"^(-?\d+)$", r"\1.0")
    return strings


def _holds_bytes(kind: Any) -> bool:
    types = pa.types
    tests = (
        types.is_string,
        types.is_large_string,
        types.is_binary,
        types.is_large_binary,
        types.is_fixed_size_binary,
    )
    return any(test(kind) for test in tests)


def _decoded(column: Any, where: str, first_row: int) -> Any:
    # Arrow trusts a file that says UTF-8; the cast from bytes tests it.
    try:
        return column.cast(pa.large_string())
    except pa.ArrowInvalid:
        for row, value in enumerate(column.to_pylist(), first_row):
            try:
                (value or b"").decode()
            except UnicodeDecodeError as error:
                raise EncodingError(
                    f"{where}, row {row}: expected UTF-8, found byte 0x{value[error.start]:02x} at offset "
                    f"{error.start} of the value; decode the column before writing it"
                ) from None
        raise


def _as_json(column: Any) -> Any:
    values = (
        None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in column.to_pylist()
    )
    return pa.array(list(values), pa.large_string())
