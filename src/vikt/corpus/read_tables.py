"""A table of strings, and where in its file it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vikt.corpus.columns import missing_column
from vikt.errors import ColumnError, DataError, EncodingError

_HALF_A_PAIR = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Table:
    """Rows of a file, every value a string as it was written.

    Attributes
    ----------
    arrow : pyarrow.Table
        All columns large_string; null where a value is null or missing (JSONL and Parquet only).
    path : str
        The file's name in messages.
    first_row : int
        Number of the first row here; the file's first row of data is row 1.
    n_lines : int or None
        Lines these rows were read from, header and blank lines among them; None where a file has no lines.
    n_blank : int
        Blank lines passed over.
    problems : mapping of str to str
        Columns that must not be used as text or label, and why.

    Examples
    --------
    >>> table = Table.from_columns(["label", "text"], [["ham", "spam"], ["hello", "NA"]], path="mail.tsv")
    >>> table.n_rows, table.column("text").to_pylist()
    (2, ['hello', 'NA'])
    """

    arrow: Any
    path: str
    first_row: int = 1
    n_lines: int | None = None
    n_blank: int = 0
    problems: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_columns(
        cls,
        names: Sequence[str],
        columns: Iterable[Sequence[str | None]],
        path: str,
        first_row: int = 1,
        **about: Any,
    ) -> Table:
        """Build a table from a sequence of strings (or None) a column.

        Raises
        ------
        EncodingError
            A string holds half a surrogate pair, which is no character.
        """
        arrays = [
            _strings(column, f"{path}, column {name!r}", first_row) for name, column in zip(names, columns, strict=True)
        ]
        arrow = pa.Table.from_arrays(arrays, schema=pa.schema([(name, pa.large_string()) for name in names]))
        return cls(arrow, path, first_row, **about)

    @classmethod
    def concatenate(cls, tables: Sequence[Table]) -> Table:
        """Batches of one file, in order, as one table; a column that a batch lacks is null there."""
        first = tables[0]
        arrow = pa.concat_tables([table.arrow for table in tables], promote_options="default")
        problems = {name: why for table in reversed(tables) for name, why in table.problems.items()}
        lines = None if first.n_lines is None else sum(table.n_lines or 0 for table in tables)
        return cls(arrow, first.path, first.first_row, lines, sum(table.n_blank for table in tables), problems)

    @property
    def n_rows(self) -> int:
        return int(self.arrow.num_rows)

    def __len__(self) -> int:
        return self.n_rows

    @property
    def names(self) -> list[str]:
        return list(self.arrow.column_names)

    def row_number(self, i: int) -> int:
        """The number in the file of row i here, counted from 1."""
        return self.first_row + i

    def column(self, name: str) -> Any:
        """A column as a pyarrow ChunkedArray of large_string without nulls, for `Texts.from_arrow`.

        Raises
        ------
        ColumnError
            There is no such column.
        DataError
            A value is null, missing, nested, or prints like a value of another type.
        """
        if name not in self.names:
            raise missing_column(name, self.names, self.path)
        if name in self.problems:
            raise DataError(self.problems[name])
        column = self.arrow.column(name)
        if column.null_count:
            row = self.row_number(pc.index(pc.is_null(column), True).as_py())
            raise DataError(
                f"{self.path}, row {row}: expected a string in column {name!r}, found a null or no value; "
                "fill it in or drop the row"
            )
        return column

    def strings(self, name: str) -> list[str]:
        """A column as strings. Raises as `column` does."""
        return list(self.column(name).to_pylist())

    def mean_length(self, name: str) -> float:
        """Mean number of characters of a column's values; 0 where there are none."""
        return float(pc.mean(pc.utf8_length(self.arrow.column(name))).as_py() or 0.0)


def refuse_doubled(names: Sequence[str], origin: str) -> None:
    """Raise ColumnError where two columns bear one name."""
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ColumnError(
            f"{origin}: column names must differ, found {doubled[0]!r} {names.count(doubled[0])} times; "
            "rename all but one"
        )


def _strings(column: Sequence[str | None], where: str, first_row: int) -> Any:
    try:
        return pa.array(column, pa.large_string())
    except UnicodeEncodeError:
        row = next(row for row, value in enumerate(column, first_row) if _HALF_A_PAIR.search(value or ""))
        raise EncodingError(
            f"{where}, row {row}: found half a surrogate pair (an escape such as \\ud800), "
            "which is no character; write the whole pair, or remove it"
        ) from None
