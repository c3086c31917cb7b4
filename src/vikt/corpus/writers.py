"""Tables out, in the formats that come in: a batch at a time, to any stream."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import IO, Any

from vikt.errors import DataError, UsageError

Rows = list[dict[str, Any]]
Writer = Callable[[Rows, bool], bytes]


def _csv(rows: Rows, first: bool) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    if first:
        table.writerow(rows[0])
    table.writerows(row.values() for row in rows)
    return text.getvalue().encode()


def _tsv(rows: Rows, first: bool) -> bytes:
    lines = [list(rows[0])] if first else []
    lines += [["" if value is None else str(value) for value in row.values()] for row in rows]
    for line in lines:
        torn = next((field for field in line if "\t" in field or "\n" in field), None)
        if torn is not None:
            raise DataError(f"TSV cannot hold a tab or line end inside a value, found {torn!r:.60}; write CSV or JSONL")
    return "".join("\t".join(line) + "\n" for line in lines).encode()


def _jsonl(rows: Rows, first: bool) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


WRITERS: dict[str, Writer] = {".csv": _csv, ".tsv": _tsv, ".jsonl": _jsonl, ".ndjson": _jsonl}


class TableWriter:
    """Writes rows to a stream in the format of a suffix.

    Raises
    ------
    UsageError
        No writer knows the suffix.

    Examples
    --------
    >>> stream = io.BytesIO()
    >>> TableWriter(stream, ".csv").write([{"text": "a, b", "n": 1}])
    >>> stream.getvalue()
    b'text,n\\n"a, b",1\\n'
    """

    def __init__(self, stream: IO[bytes], suffix: str) -> None:
        if suffix not in WRITERS:
            raise UsageError(f"cannot write {suffix or 'a file without suffix'!r}; known are {', '.join(WRITERS)}")
        self.stream, self._encode, self._first = stream, WRITERS[suffix], True

    def write(self, rows: Rows) -> None:
        if rows:
            self.stream.write(self._encode(rows, self._first))
            self.stream.flush()
            self._first = False
