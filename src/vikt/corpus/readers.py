"""Labelled text in: files, folders and standard input as tables, whole or one batch at a time.

The types of values are never guessed: `NA`, `null`, `007`, `true` and the empty string are strings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from vikt.corpus.dialect import DEFAULT_DIALECT, Dialect
from vikt.corpus.fasttext import LABEL_MARK
from vikt.corpus.formats import DELIMITED, FORMATS, format_of
from vikt.corpus.read_arrow import read_arrow, read_parquet
from vikt.corpus.read_delimited import read_csv, read_tsv
from vikt.corpus.read_folder import read_folder
from vikt.corpus.read_labelled import drop_blank_lines, read_documents, read_svmlight
from vikt.corpus.read_stream import (
    STANDARD_INPUT,
    Lines,
    lines_of,
    open_input,
    read_lines,
    reading_failed,
    standard_input,
    suffix_of,
)
from vikt.corpus.read_tables import Table
from vikt.corpus.read_text import read_json, read_jsonl
from vikt.errors import DataError, InputFileError, UsageError, ViktError, check_known

__all__ = ["READERS", "Lines", "Table", "open_input", "open_table", "read_batches", "read_lines", "read_table"]

Reader = Callable[[Any, str, Sequence[str] | None, int, Dialect], Iterator[Table]]


def _of_lines(reader: Callable[[Lines, Sequence[str] | None, int], Iterator[Table]]) -> Reader:
    return lambda stream, origin, wanted, rows, dialect: reader(Lines(stream, origin), wanted, rows)


def _in_dialect(reader: Callable[[Lines, Sequence[str] | None, int, Dialect], Iterator[Table]]) -> Reader:
    return lambda stream, origin, wanted, rows, dialect: reader(Lines(stream, origin), wanted, rows, dialect)


def _of_columns(reader: Callable[[Any, str, Sequence[str] | None, int], Iterator[Table]]) -> Reader:
    return lambda stream, origin, wanted, rows, dialect: reader(stream, origin, wanted, rows)


READERS: dict[str, Reader] = {
    "csv": _in_dialect(read_csv),
    "tsv": _in_dialect(read_tsv),
    "jsonl": _of_lines(read_jsonl),
    "json": _of_lines(read_json),
    "parquet": _of_columns(read_parquet),
    "arrow": _of_columns(read_arrow),
    "txt": _of_lines(read_documents),
    "svmlight": _of_lines(read_svmlight),
}
# The first bytes of formats that are recognised without a suffix.
_SIGNATURES = {b"{": "jsonl", b"[": "json", LABEL_MARK.encode(): "txt"}
_BLANK = b"\xef\xbb\xbf \t\r\n"


def read_table(
    source: str | Path,
    wanted: Sequence[str] | None = None,
    format: str | None = None,
    dialect: Dialect = DEFAULT_DIALECT,
) -> Table:
    """Read a whole file, for training or testing.

    Parameters
    ----------
    source : str or Path
        A file in one of the formats of `READERS`, recognised by its suffix or its start, perhaps compressed by gzip or
        Zstandard; a folder of documents, with one folder per class; "-" is standard input.
    wanted : sequence of str, optional
        The columns to read, in that order; all by default. Wanted columns with nulls or nested values are refused at
        once, others by `Table.column`.
    format : str, optional
        A name in `READERS`, where neither the suffix nor the start shows the format.
    dialect : Dialect, optional
        How the values of a CSV or TSV file are divided. A delimiter also shows that a file of another name is
        a table.

    Raises
    ------
    UsageError
        The format is unknown, or a dialect is given for a format other than CSV and TSV.
    InputFileError
        The file is missing, not permitted to be read, damaged, or of an unknown format.
    DataError
        The file has no rows, a row has too few or too many fields, or a wanted column has a null or nested value.
    ColumnError
        A wanted column is missing, or two columns have the same name.
    EncodingError
        The file is not UTF-8.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "mail.tsv")
    >>> _ = path.write_text('label\\ttext\\nham\\tthe "new" one\\nspam\\t007\\n')
    >>> table = read_table(path)
    >>> table.n_rows, table.n_lines, table.strings("text")
    (2, 3, ['the "new" one', '007'])
    """
    return _whole(source, _complete(read_batches(source, wanted, format=format, dialect=dialect), wanted))


def open_table(
    source: str | Path,
    wanted: Sequence[str] | None = None,
    format: str | None = None,
    dialect: Dialect = DEFAULT_DIALECT,
) -> tuple[Table, Callable[[], Table]]:
    """The first rows of a file, and what reads the whole of it, once.

    Parameters and errors are those of `read_table`; those of later rows are raised when the whole is read.
    """
    batches = _complete(read_batches(source, wanted, format=format, dialect=dialect), wanted)
    first = _whole(source, islice(batches, 1))
    if Path(source).is_file():
        # A file can be read again, and holding its rows until then takes memory; a pipe cannot.
        return first, partial(read_table, source, wanted, format, dialect)
    return first, lambda: _whole(source, chain([first], batches))


def _whole(source: str | Path, batches: Iterator[Table]) -> Table:
    """Batches of a file as one table, without blank lines. Raises DataError where there are no rows."""
    first = next(batches, None)
    table = None if first is None else Table.concatenate(chain([first], batches))
    if table is None or not table.n_rows:
        raise no_rows(source)
    return drop_blank_lines(table)


def no_rows(source: str | Path) -> DataError:
    """The error for a source without rows."""
    origin = STANDARD_INPUT if str(source) == "-" else source
    return DataError(f"{origin}: expected rows of data, found none; the file is empty or has only a header")


def read_batches(
    source: str | Path,
    wanted: Sequence[str] | None = None,
    rows_per_batch: int = 10_000,
    format: str | None = None,
    dialect: Dialect = DEFAULT_DIALECT,
    opening: Callable[[str], BinaryIO] = open_input,
) -> Iterator[Table]:
    """Read a file one batch at a time, in memory that does not grow with it; blank lines of text are rows.

    The last batch may be empty: it counts the lines after the last row. A file without rows is not an error: it gives
    an empty batch that has the columns of its header. `opening` opens the file, as `open_input` does. Other parameters
    and errors are those of `read_table`, but wanted columns may lack values.
    """
    if format is not None:
        check_known("format", format, READERS)
    format = format_of(source, format, dialect)
    if str(source) == "-":
        yield from _read(standard_input(), STANDARD_INPUT, format, dialect, wanted, rows_per_batch)
    elif Path(source).is_dir():
        yield from read_folder(Path(source), wanted, rows_per_batch)
    else:
        with opening(str(source)) as stream:
            yield from _read(stream, str(source), format, dialect, wanted, rows_per_batch)


def _read(
    stream: BinaryIO, origin: str, format: str | None, dialect: Dialect, wanted: Sequence[str] | None, rows: int
) -> Iterator[Table]:
    start = list[bytes]()
    if format is None:
        start = _first_lines(stream, origin)
        first = start[-1].lstrip(_BLANK) if start else b""
        format = next((name for mark, name in _SIGNATURES.items() if first.startswith(mark)), None)
        if format is None and first:
            raise _unknown(origin, first)
        # Nothing but blank lines: no rows in any format.
        format = format or "jsonl"
    if dialect != DEFAULT_DIALECT and format not in DELIMITED:
        raise UsageError(
            f"{origin}: delimiter, quoting and header apply only to CSV and TSV, but the format is {format}; leave "
            "them out"
        )
    return READERS[format](chain(start, lines_of(stream)) if start else stream, origin, wanted, rows, dialect)


def _first_lines(stream: BinaryIO, origin: str) -> list[bytes]:
    """The lines up to the first that is not blank."""
    first_lines = []
    try:
        for line in lines_of(stream):
            first_lines.append(line)
            if line.strip(_BLANK):
                break
    except OSError as error:
        raise reading_failed(origin, error) from None
    return first_lines


# Files of spreadsheets.
_WORKBOOKS = frozenset({".xlsx", ".xls", ".xlsm", ".ods"})


def _unknown(origin: str, line: bytes) -> ViktError:
    if origin == STANDARD_INPUT:
        return UsageError(
            f"{origin}: expected JSONL or fastText lines, found {line.decode('utf-8', 'replace').strip()!r:.60}; "
            "name the format",
            format="tsv" if b"\t" in line else "csv",
        )
    suffix = suffix_of(origin)
    if suffix in _WORKBOOKS:
        return InputFileError(f"{origin}: is a workbook, which vikt does not read; save the sheet as CSV in UTF-8")
    return InputFileError(
        f"{origin}: expected a file that ends in {', '.join(sorted(FORMATS))} (also with .gz or .zst), "
        f"found {repr(suffix) if suffix else 'no suffix'}; convert it, or, if it has one of these formats, name that",
        format=...,
    )


def _complete(batches: Iterable[Table], wanted: Sequence[str] | None) -> Iterator[Table]:
    """Batches of which every row has a value in each wanted column."""
    for batch in batches:
        for name in wanted or ():
            if batch.n_rows:
                batch.column(name)
        yield batch
