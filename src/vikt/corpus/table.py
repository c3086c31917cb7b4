"""A table of strings, as read: no value is taken for anything but what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from vikt.errors import ColumnError, DataError


@dataclass
class Table:
    """Rows of a file: every column is a PyArrow large_string array.

    Attributes
    ----------
    path : str
        Where the rows came from, for messages.
    columns : dict
        Arrays by column name, in the file's order; null where a record lacks the value.
    first_row : int
        The number, from 1, of the first row among all those of the file.
    """

    path: str
    columns: dict[str, Any]
    first_row: int = 1

    @property
    def names(self) -> list[str]:
        return list(self.columns)

    @property
    def n_rows(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def column(self, name: str) -> Any:
        """The strings of a column.

        Raises
        ------
        ColumnError
            There is no such column.
        DataError
            A row has no value there.
        """
        if name not in self.columns:
            raise ColumnError(missing_column(self.path, name, self.names))
        array = self.columns[name]
        if array.null_count:
            row = self.first_row + array.is_null().to_pylist().index(True)
            raise DataError(
                f"{self.path}: row {row} has no value in column {name!r} ({array.null_count} such rows); "
                "fill it in or drop the row"
            )
        return array


def concatenated(tables: list[Table]) -> Table:
    """Tables of the same columns as one."""
    first = tables[0]
    columns = {name: pa.concat_arrays([table.columns[name] for table in tables]) for name in first.names}
    return Table(first.path, columns, first.first_row)


def missing_column(path: str, name: str, names: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "; name one of them"
    return f"{path}: no column {name!r}; its columns are {', '.join(map(repr, names))}{hint}"
