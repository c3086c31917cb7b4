"""Rows that are refused, and how many there are of a kind, also where a file is read some rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from vikt.corpus.read_tables import Table
from vikt.errors import DataError
from vikt.tables import counted

T = TypeVar("T")


class RefusedRowsError(DataError):
    """Rows that lack a value in a column, or have an invalid one.

    Attributes
    ----------
    first : str
        Where the first one is, and what is wrong with it.
    column : str
    n_rows : int
        How many there are.
    advice : str
    n_read : int, optional
        Among how many rows these are, if not all rows were looked at.
    """

    def __init__(self, first: str, column: str, n_rows: int, advice: str, n_read: int | None = None) -> None:
        self.first, self.column, self.n_rows, self.advice, self.n_read = first, column, n_rows, advice, n_read
        among = "" if n_read is None else f" in the first {n_read:,}"
        super().__init__(f"{first} ({counted(n_rows, 'such row')}{among}); {advice}")
        self.args = (first, column, n_rows, advice, n_read)  # with which a copy is made

    def with_more(self, n_rows: int) -> RefusedRowsError:
        """The same with further rows."""
        return RefusedRowsError(self.first, self.column, self.n_rows + n_rows, self.advice)

    def among(self, n_read: int) -> RefusedRowsError:
        """The same, where only the first `n_read` rows were looked at."""
        return RefusedRowsError(self.first, self.column, self.n_rows, self.advice, n_read)


def counted_in_all(tables: Iterable[Table], read: Callable[[Table], T]) -> Iterator[T]:
    """What is read of each table of a sequence.

    Raises
    ------
    RefusedRowsError
        Rows of a table are refused: those of all further tables are counted too.
    """
    remaining = iter(tables)
    for table in remaining:
        try:
            own = read(table)
        except RefusedRowsError as error:
            raise error.with_more(sum(_n_refused(further, read, error.column) for further in remaining)) from None
        yield own


def _n_refused(table: Table, read: Callable[[Table], object], column: str) -> int:
    try:
        read(table)
    except RefusedRowsError as error:
        return error.n_rows if error.column == column else 0
    return 0
