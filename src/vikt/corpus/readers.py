"""Labelled text in: CSV, TSV, JSONL and Parquet as tables of strings, whole or a batch at a time.

No value's type is guessed: `NA`, `null`, `007`, `true` and the empty string are what they say.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from vikt.corpus.read_parquet import read_parquet
from vikt.corpus.read_stream import STANDARD_INPUT, Lines, open_input, read_lines
from vikt.corpus.read_tables import Table
from vikt.corpus.read_text import read_csv, read_jsonl, read_tsv
from vikt.errors import DataError, InputFileError, UsageError

__all__ = ["READERS", "Lines", "Table", "open_input", "read_batches", "read_lines", "read_table"]

Reader = Callable[[BinaryIO, str, Sequence[str] | None, int], Iterator[Table]]
TextReader = Callable[[Lines, Sequence[str] | None, int], Iterator[Table]]


def _of_lines(reader: TextReader) -> Reader:
    return lambda stream, origin, wanted, rows: reader(Lines(stream, origin), wanted, rows)


READERS: dict[str, Reader] = {
    ".csv": _of_lines(read_csv),
    ".tsv": _of_lines(read_tsv),
    ".jsonl": _of_lines(read_jsonl),
    ".ndjson": _of_lines(read_jsonl),
    ".parquet": read_parquet,
}


def read_table(path: str | Path, wanted: Sequence[str] | None = None) -> Table:
    """Read a whole file.

    Parameters
    ----------
    path : str or Path
        A file in one of the formats of `READERS`, told by its suffix; "-" is standard input, in JSONL.
    wanted : sequence of str, optional
        The columns to read, in that order; all when left out. `Table.column` refuses one with nulls or nested
        values when it is asked for; wanted columns are refused at once.

    Raises
    ------
    InputFileError
        The file is missing, a folder, not to be read, damaged, or of an unknown suffix.
    DataError
        It holds no rows, a row has too few or too many fields, or a wanted column has a null or nested value.
    ColumnError
        A wanted column is missing, or two columns bear one name.
    EncodingError
        It is not UTF-8.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "mail.tsv")
    >>> _ = path.write_text('label\\ttext\\nham\\tthe "new" one\\nspam\\t007\\n')
    >>> table = read_table(path)
    >>> table.n_rows, table.n_lines, table.strings("text")
    (2, 3, ['the "new" one', '007'])
    """
    return Table.concatenate(list(read_batches(path, wanted)))


def read_batches(
    path: str | Path, wanted: Sequence[str] | None = None, rows_per_batch: int = 10_000
) -> Iterator[Table]:
    """Read a file a batch at a time, in memory that does not grow with it.

    The last batch may be empty: it then counts the lines after the last row. Parameters and errors as for
    `read_table`.
    """
    if str(path) == "-":
        lines = Lines(_only_jsonl(sys.stdin.buffer), STANDARD_INPUT)
        yield from _checked(read_jsonl(lines, wanted, rows_per_batch), STANDARD_INPUT, wanted)
        return
    path = Path(path)
    with open_input(path) as stream:
        batches = _reader_of(path)(stream, str(path), wanted, rows_per_batch)
        yield from _checked(batches, str(path), wanted)


def _reader_of(path: Path) -> Reader:
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputFileError(
            f"{path}: expected a file that ends in {', '.join(READERS)}, "
            f"found {path.suffix or 'no suffix'!r}; rename or convert it"
        )
    return reader


def _checked(batches: Iterable[Table], origin: str, wanted: Sequence[str] | None) -> Iterator[Table]:
    n_rows = 0
    for batch in batches:
        for name in wanted or ():
            if batch.n_rows:
                batch.column(name)
        n_rows += batch.n_rows
        yield batch
    if not n_rows:
        raise DataError(f"{origin}: expected rows of data, found none; the file is empty or has only a header")


def _only_jsonl(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of standard input, whose format no suffix tells."""
    begin = []
    for line in stream:
        begin.append(line)
        first = line.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if first and first != b"{":
            raise UsageError(
                f"{STANDARD_INPUT}: expected a table in JSONL, found {line!r:.60}; write CSV, TSV or Parquet "
                "to a file, whose suffix tells the format"
            )
        if first:
            break
    return chain(begin, stream)
