"""Whether the first row of a CSV or TSV file names its columns, where nobody says so."""

from __future__ import annotations

import re

import pyarrow.compute as pc

from vikt.corpus.column_values import string_array
from vikt.corpus.columns import LABEL_NAMES, TEXT_NAMES, undivided
from vikt.corpus.dialect import other_delimiter
from vikt.corpus.read_tables import Table
from vikt.errors import ColumnError

# Names of columns are shorter, and rarely sentences.
_LONG_NAME, _MANY_WORDS = 40, 5
# A number, a date or a time.
_NUMERIC = re.compile(r"[-+]?[0-9][-+0-9.,:/ ]*(e[-+]?[0-9]+)?%?", re.IGNORECASE)
_SENTENCE = re.compile(r".*\s.*[.!?…]", re.DOTALL)
# The share of rows in which the first value of a column of labels recurs; few values recur where it is a name.
_RECURS, _RECURS_DESPITE_ITS_NAME = 0.002, 0.05
_ROWS_COMPARED = 20


def refuse_doubtful_header(table: Table, *, need_label: bool) -> None:
    """Refuse files whose first row is taken for names of columns, though no one named one and it looks like data.

    Raises
    ------
    ColumnError
        The message says why, and the remedy.
    """
    for part in table.all_parts:
        dialect = part.dialect
        if dialect is None or not part.n_rows:
            continue
        if dialect.delimiter is None:
            _refuse_undivided(part)
        reason = _looks_like_data(part) if dialect.header is None else None
        if reason:
            raise ColumnError(
                f"{part.path}: no column is named, and the first row looks like data ({reason}); name the columns if "
                "it is a header, else read the file",
                header=False,
                **_likely_columns(part, need_label),
            )


def _refuse_undivided(table: Table) -> None:
    if len(table.names) > 1:
        return
    other = other_delimiter(table.names[0])
    first_rows = table.spelled(table.names[0]).slice(0, _ROWS_COMPARED).to_pylist()
    if other and all(other in row for row in first_rows):
        raise undivided(table.names[0], other, table.path)


def _looks_like_data(table: Table) -> str | None:
    names = table.names
    usual = any(name.strip().casefold() in (*TEXT_NAMES, *LABEL_NAMES) for name in names)
    least = (_RECURS_DESPITE_ITS_NAME if usual else _RECURS) * table.n_rows
    for name in filter(str.strip, names):
        # As an Arrow value: to make one of a Python string, PyArrow imports pandas.
        (as_value,) = string_array([name], table.path, 1)
        count = pc.sum(pc.equal(table.arrow.column(name), as_value)).as_py() or 0
        if count and count >= least:
            return f"{name!r:.60} is also the value of {count:,} of the {table.n_rows:,} rows after it"
    if usual:
        return None
    found = next((name for name in names if _is_value(name)), None)
    # Names that only number the columns are names.
    is_numbered = any(list(map(str, range(first, first + len(names)))) == list(names) for first in (0, 1))
    return None if found is None or is_numbered else f"{found!r:.60}"


def _is_value(name: str) -> bool:
    is_long = len(name) >= _LONG_NAME or len(name.split()) >= _MANY_WORDS
    return is_long or any(pattern.fullmatch(name.strip()) for pattern in (_NUMERIC, _SENTENCE))


def _likely_columns(table: Table, need_label: bool) -> dict[str, str]:
    """The arguments that name the longest column as text, and the one of the others with the fewest values as label."""
    names = table.names
    text = max(names, key=lambda name: len(name) + table.n_rows * table.mean_length(name))
    arguments = {"text": str(names.index(text) + 1)}
    others = [name for name in names if name != text]
    if need_label and others:
        label = min(others, key=lambda name: pc.count_distinct(table.arrow.column(name)).as_py())
        arguments["label"] = str(names.index(label) + 1)
    return arguments
