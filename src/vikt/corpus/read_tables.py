"""A table, and the place of its rows in a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypedDict, Unpack

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vikt.corpus.arrow import ArrowColumn, ArrowTable, ArrowType, plain
from vikt.corpus.column_values import spelled, string_array
from vikt.corpus.columns import check_width, composed, doubled_column, missing_column
from vikt.corpus.dialect import Dialect
from vikt.corpus.read_json import JsonColumn, clash, field_of
from vikt.errors import DataError
from vikt.mappings import Json


class TableFacts(TypedDict, total=False):
    """Attributes of a `Table` beside its columns and its place."""

    n_lines: int | None
    n_blank: int
    problems: Mapping[str, str]
    json_columns: Mapping[str, JsonColumn]
    separators: Mapping[str, str]
    lines: Sequence[int] | None
    objects: list[Json] | None
    notes: tuple[str, ...]
    dialect: Dialect | None
    spans: NDArray[np.int64] | None


@dataclass(frozen=True)
class Places:
    """The places of the rows of a table, from 1: "mails.tsv, row 7", or "mails.txt, line 9". They hold no values.

    Examples
    --------
    >>> Places("mails.tsv", n_rows=9)(6)
    'mails.tsv, row 7'
    """

    path: str
    n_rows: int
    first_row: int = 1
    lines: Sequence[int] | None = None
    parts: tuple[Places, ...] = ()

    def __call__(self, i: int) -> str:
        for part in self.parts:
            if i < part.n_rows:
                return part(i)
            i -= part.n_rows
        return f"{self.path}, " + (f"row {self.first_row + i}" if self.lines is None else f"line {self.lines[i]}")


@dataclass(frozen=True)
class Table:
    """Rows of a file, with every value as it was written.

    Attributes
    ----------
    arrow : pyarrow.Table
        The columns: large_string from a file of text, any type from Parquet and Arrow.
    path : str
        The file's name in messages.
    first_row : int
        The number of the first row here; the file's first row of data is row 1.
    n_lines : int or None
        How many lines these rows were read from, header and blank lines among them; None where a file has no lines.
    n_blank : int
        How many blank lines were skipped.
    problems : mapping of str to str
        Columns that are refused as text or label, and why.
    json_columns : mapping of str to JsonColumn
        What was noticed in the columns of JSON.
    separators : mapping of str to str
        Columns whose values may hold several labels by their format, and what separates these.
    lines : sequence of int, optional
        The line of each row, where messages name lines instead of rows.
    objects : list of dict, optional
        The rows of JSONL as parsed; only in a batch, for writing them out unchanged.
    notes : tuple of str
        Sentences for the user.
    dialect : Dialect, optional
        How the user says that the values of a CSV or TSV file are divided.
    spans : int array of shape (rows, 2), optional
        The numbers of the first and the last line of each row; only in a batch that is read from lines.
    parts : sequence of Table
        The tables that this one is made of, one per file, where there are several.

    Examples
    --------
    >>> table = Table.from_columns(["label", "text"], [["ham", "spam"], ["hello", "NA"]], path="mail.tsv")
    >>> table.n_rows, table.column("text").to_pylist()
    (2, ['hello', 'NA'])
    """

    arrow: ArrowTable
    path: str
    first_row: int = 1
    n_lines: int | None = None
    n_blank: int = 0
    problems: Mapping[str, str] = field(default_factory=dict)
    json_columns: Mapping[str, JsonColumn] = field(default_factory=dict)
    separators: Mapping[str, str] = field(default_factory=dict)
    lines: Sequence[int] | None = None
    objects: list[Json] | None = None
    notes: tuple[str, ...] = ()
    dialect: Dialect | None = None
    spans: NDArray[np.int64] | None = field(default=None, compare=False)
    parts: Sequence[Table] = ()

    @classmethod
    def from_columns(
        cls,
        names: Sequence[str],
        columns: Iterable[Sequence[str | None]],
        path: str,
        first_row: int = 1,
        **facts: Unpack[TableFacts],
    ) -> Table:
        """A table of one sequence of strings (or None) per column, and other attributes of it.

        Raises
        ------
        EncodingError
            A string contains half a surrogate pair, which is not a character.
        """
        string_array(names, f"{path}, the names of columns", 1)
        arrays = [
            string_array(column, f"{path}, column {name!r}", first_row)
            for name, column in zip(names, columns, strict=True)
        ]
        arrow = pa.Table.from_arrays(arrays, schema=pa.schema([(name, pa.large_string()) for name in names]))
        return cls(arrow, path, first_row, **facts)

    @classmethod
    def of_files(cls, tables: Sequence[Table]) -> Table:
        """Tables of several files as one; a column of several types becomes strings."""
        if len(tables) == 1:
            return tables[0]
        names = dict.fromkeys(name for table in tables for name in table.names)
        types = {name: {table.native(name).type for table in tables if name in table.names} for name in names}
        alike = [
            pa.table({n: table.native(n) if len(types[n]) == 1 else table.spelled(n) for n in table.names})
            for table in tables
        ]
        json_columns = {name: [t.json_columns[name] for t in tables if name in t.json_columns] for name in names}
        clashes = {name: why for name, columns in json_columns.items() if (why := clash(columns))}
        return cls(
            pa.concat_tables(alike, promote_options="default"),
            f"{tables[0].path} and {len(tables) - 1} more",
            n_blank=sum(table.n_blank for table in tables),
            problems=clashes | {name: why for table in reversed(tables) for name, why in table.problems.items()},
            notes=tuple(note for table in tables for note in table.notes),
            parts=tables,
        )

    @classmethod
    def concatenate(cls, tables: Iterable[Table], keep_objects: bool = False) -> Table:
        """Batches of one file, in order, as one table; a column that a batch lacks is null in its rows."""
        batches = [table if keep_objects else replace(table, objects=None) for table in tables]
        first = batches[0]
        return cls(
            pa.concat_tables([batch.arrow for batch in batches], promote_options="default"),
            first.path,
            first.first_row,
            None if first.n_lines is None else sum(batch.n_lines or 0 for batch in batches),
            sum(batch.n_blank for batch in batches),
            {name: why for batch in reversed(batches) for name, why in batch.problems.items()},
            batches[-1].json_columns,
            first.separators,
            None if first.lines is None else [line for batch in batches for line in batch.lines or ()],
            None if first.objects is None else [row for batch in batches for row in batch.objects or ()],
            tuple(dict.fromkeys(note for batch in batches for note in batch.notes)),
            first.dialect,
        )

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(self.arrow.num_rows)

    def __len__(self) -> int:
        return self.n_rows

    @property
    def all_parts(self) -> Sequence[Table]:
        """The tables that this one is made of: itself where it is of one file."""
        return self.parts or (self,)

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return list(self.arrow.column_names)

    @cached_property
    def place(self) -> Places:
        """The place of row i in its file is `place(i)`, also when the table itself is gone."""
        return Places(self.path, self.n_rows, self.first_row, self.lines, tuple(part.place for part in self.parts))

    def select(self, rows: NDArray[np.int64]) -> Table:
        """Some rows, which keep their places in the file."""
        lines = [self.first_row + int(i) if self.lines is None else self.lines[i] for i in rows]
        objects = None if self.objects is None else [self.objects[i] for i in rows]
        return replace(self, arrow=self.arrow.take(pa.array(rows)), lines=lines, objects=objects, spans=None)

    def with_fields(self, names: Iterable[str | None]) -> Table:
        """The table with a column more for each name such as "doc.text": the field `text` of the column `doc`.

        A name stays missing where there is a column of that name, or no such field.
        """
        if self.parts:
            return Table.of_files([part.with_fields(list(names)) for part in self.parts])
        table = self
        for name in map(composed, filter(None, names)):
            head = next((head for head in _heads(name) if head in self.names), None)
            if head is not None and name not in table.names:
                table = table._with_field(name, head)
        return table

    def _with_field(self, name: str, head: str) -> Table:
        column, path = self.native(head), name[len(head) + 1 :].split(".")
        problems, json_columns = dict(self.problems), dict(self.json_columns)
        if pa.types.is_struct(column.type):
            places = _places(column.type, path)
            if places is None:
                return self
            values = pc.struct_field(column, places)
        elif head in json_columns and json_columns[head].is_nested:
            fields = JsonColumn(name, self.path)
            strings = json_columns[head].braced
            objects = (
                None if row in strings else value for row, value in enumerate(column.to_pylist(), self.first_row)
            )
            found = fields.strings((field_of(value, path) for value in objects), self.first_row)
            values = string_array(found, self.path, 1)
            if values.null_count == len(values):
                return self
            problems |= {name: fields.problem} if fields.problem else {}
            json_columns[name] = fields
        else:
            return self
        return replace(self, arrow=self.arrow.append_column(name, values), problems=problems, json_columns=json_columns)

    def column(self, name: str) -> ArrowColumn:
        """A column as a pyarrow ChunkedArray of large_string without nulls, for `Texts.from_arrow`.

        Raises
        ------
        ColumnError
            The column is missing.
        DataError
            A value is null, missing, nested, or prints like a value of another type.
        """
        column = self._plain(name)
        if column.null_count:
            raise DataError(
                f"{self.place(int(np.argmax(column.is_null())))}: expected a string in "
                f"column {name!r}, found a null or no value; complete the row or drop it"
            )
        return self.spelled(name)

    def labels(self, name: str) -> list[str]:
        """A column of one label per row, "" where it is null or NaN. Raises as `column` does, except for these."""
        column = self._plain(name)
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        strings = spelled(column, name, self.place)
        return list((strings.fill_null("") if strings.null_count else strings).to_pylist())

    def _plain(self, name: str) -> ArrowColumn:
        """A column in its own type. Raises as `column` does, except for a missing value."""
        column = self.native(name)
        if name in self.problems:
            raise DataError(self.problems[name])
        if pa.types.is_nested(column.type):
            raise DataError(
                f"{self.path}, column {name!r}: expected strings, found {column.type}; take the wanted part out of it"
            )
        return column

    def native(self, name: str) -> ArrowColumn:
        """A column in its own type, which no dictionary is. Raises ColumnError if it is missing."""
        name = composed(name)
        for table in self.all_parts:
            if name not in table.names:
                raise missing_column(name, table.names, table.path)
        return plain(self.arrow.column(name))

    def spelled(self, name: str) -> ArrowColumn:
        """A column as strings: nested values as JSON, nulls unchanged.

        Raises
        ------
        EncodingError
            A value is not UTF-8.
        DataError
            A value cannot be read.
        """
        return spelled(self.native(name), name, self.place)

    def filled(self, name: str) -> ArrowColumn:
        """A column as strings, "" in the place of nulls. Raises as `spelled` does."""
        column = self.spelled(name)
        # Only where there is one: PyArrow imports pandas to read the string.
        return column.fill_null("") if column.null_count else column

    def strings(self, name: str) -> list[str]:
        """A column as strings. Raises as `column` does."""
        return list(self.column(name).to_pylist())

    def mean_length(self, name: str) -> float:
        """The mean number of characters of a column's values; 0 if there are none, or a file lacks the column."""
        if any(name not in part.names for part in self.parts):
            return 0.0
        return float(pc.mean(pc.utf8_length(self.spelled(name))).as_py() or 0.0)


def _places(kind: ArrowType, path: Sequence[str]) -> list[int] | None:
    """The place of a field among those of its struct, for each name of a path; None where there is none."""
    places = list[int]()
    for name in path:
        fields = [composed(field.name) for field in kind] if pa.types.is_struct(kind) else []
        if name not in fields:
            return None
        places.append(fields.index(name))
        kind = kind.field(places[-1]).type
    return places


def _heads(name: str) -> Iterator[str]:
    """What may stand before a dot of a name, the longest first."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def refuse_doubled(names: Sequence[str], origin: str) -> None:
    """Raise ColumnError where two columns have the same name, or there are too many."""
    check_width(len(names), origin)
    counts = Counter(names)
    doubled = min((name for name, n in counts.items() if n > 1), default=None)
    if doubled is not None:
        raise doubled_column(doubled, counts[doubled], origin)
