"""The labels of a table: one per row, or several, or shares of classes, or levels of an order.

Equal values are read once: what a value says is found for the different ones, and each row has the number of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vikt.arrays import Floats, Ints, LabelArray
from vikt.corpus.arrow import ArrowColumn, as_numpy, levels
from vikt.corpus.columns import composed
from vikt.corpus.joined_labels import refuse_joined, refuse_printed
from vikt.corpus.label_forms import Column, Form, GivenTargets, Lists, Mappings, Matrix
from vikt.corpus.label_reading import LabelReading, shared_labels
from vikt.corpus.numbers import exact_number_of, number_of
from vikt.corpus.read_json import DECODER, Number, spell
from vikt.corpus.read_labelled import PAIRS, set_problem
from vikt.corpus.read_tables import Table
from vikt.corpus.refused_rows import RefusedRowsError
from vikt.corpus.targets import Place, ReadTargets, TargetRows
from vikt.errors import DataError, UsageError
from vikt.mappings import Json
from vikt.tables import counted

# Kinds of one label per row, whatever the column holds.
_OF_ONE = ("classes", "ordered")
# 0 and 1 as other programs write them.
_MARKS = {"true": 1.0, "false": 0.0}


class _Values(NamedTuple):
    """The different values of a column, None where one is missing; each row's by number; the place of its first row."""

    different: list[str | None]
    y: Ints
    place: Place

    @classmethod
    def of(cls, column: ArrowColumn, place: Place) -> _Values:
        encoded = column.combine_chunks().dictionary_encode("encode")
        y = as_numpy(encoded.indices).astype(np.int64)
        first = np.unique(y, return_index=True)[1]
        return cls(encoded.dictionary.to_pylist(), y, lambda i: place(int(first[i])))


class _Given(NamedTuple):
    """Labels in a form, and the place of a row; where entries are different values, the number of each row's."""

    form: Form
    place: Place
    y: Ints | None = None

    def read(self, reading: LabelReading, origin: str) -> ReadTargets:
        kind = "classes" if reading.or_one_class and isinstance(self.form, Column) else reading.kind
        order = reading.order or None
        if self.y is not None:
            with suppress(DataError):
                return _repeated(GivenTargets.of(self.form, kind, order).read(), self.y)
        # Where a value is refused, every row is read, so that the message counts rows.
        form = self.form if self.y is None else self.form.take(self.y)
        return GivenTargets.of(form, kind, order, self.place, origin).read()


def _repeated(different: ReadTargets, y: Ints) -> ReadTargets:
    """The targets of rows from those of different values, and the number of each row's."""
    targets, votes = different
    return ReadTargets(
        replace(targets, y=targets.y[y]) if isinstance(targets, TargetRows) else targets[y],
        None if votes is None else votes[y],
    )


def table_labels(
    table: Table, columns: Sequence[str], reading: LabelReading, keeps_unlabelled: bool = False
) -> ReadTargets:
    """The labels that columns of a table hold.

    Parameters
    ----------
    columns : sequence of str
        One column, or one for each label.
    reading : LabelReading
    keeps_unlabelled : bool
        Whether a row without a label has the label "", where each row has one label; else it is refused.

    Raises
    ------
    DataError
        A value is refused, or could be of two kinds; the message has its file and row.
    UsageError
        The columns hold nothing that can be read as that kind of target.
    """
    return _given(table, columns, reading, keeps_unlabelled).read(reading, table.path)


def _given(table: Table, columns: Sequence[str], reading: LabelReading, keeps_unlabelled: bool) -> _Given:
    if len(columns) == 1:
        shape = "column" if reading.kind in _OF_ONE else _shape(table, columns[0])
        return _OF_SHAPE[shape](table, columns[0], reading, keeps_unlabelled)
    if reading.kind in _OF_ONE:
        raise UsageError(f"{table.path}: targets={reading.kind!r} takes one column, found {len(columns)}; name one")
    return _matrix(table, columns)


def _one_value(table: Table, name: str, reading: LabelReading, keeps_unlabelled: bool) -> _Given:
    """One label per row."""
    if reading.kind in _EXPECTED and not reading.or_one_class:
        raise UsageError(_EXPECTED[reading.kind].format(path=table.path, column=name))
    return _Given(Column(one_label(table, name, keeps_unlabelled)), table.place)


_EXPECTED = {
    "several": "{path}: each value of column {column!r} is one label; say what separates several, as in "
    "labels_separator=',', or name one column of 0 and 1 for each label",
    "soft": "{path}: column {column!r} holds no shares of classes; name columns such as P(ham) and P(spam), or write "
    "JSON objects of shares by class",
}


def one_label(table: Table, name: str, keeps_unlabelled: bool = False) -> LabelArray:
    """A label for each row. A row without one is refused, or else kept with the label ""."""
    spelled = table.labels(name)
    composed_of = {label: composed(label) for label in set(spelled)}
    labels = np.array([composed_of[label] for label in spelled], dtype=object)
    blank = np.flatnonzero(np.isin(labels, [label for label in composed_of.values() if not label.strip()]))
    if len(blank) and not keeps_unlabelled:
        first = f"{table.place(int(blank[0]))} has no label in column {name!r}"
        raise RefusedRowsError(first, name, len(blank), "label it or drop the row")
    refuse_respelled_numbers(
        set(labels), numbers_of(table, name), lambda label: table.place(int(np.argmax(labels == label)))
    )
    return labels


def own_order(table: Table, name: str) -> tuple[str, ...]:
    """The levels of a column that Arrow or Parquet holds as an ordered dictionary, the same in all files; else none."""
    found = [levels(part.arrow.column(name)) for part in table.all_parts if name in part.names]
    return tuple(map(_spelled, found[0])) if found and found[0] and all(other == found[0] for other in found) else ()


def paired_columns(table: Table) -> list[str]:
    """The columns that hold svmlight's pairs."""
    return [name for name in table.names if table.arrow.column(name).type == PAIRS]


def numbers_of(table: Table, name: str) -> set[str]:
    """The values of a column that a file holds as numbers rather than as strings."""
    found = set[str]()
    for part in table.all_parts:
        kind = part.native(name).type
        tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
        if any(test(kind) for test in tests) or paired_columns(part):
            found |= set(pc.unique(part.spelled(name)).to_pylist())
        elif name in part.json_columns:
            spellings = part.json_columns[name].spellings.items()
            found |= {spelling for spelling, (is_string, _) in spellings if not is_string}
    return found


def refuse_respelled_numbers(labels: Collection[str], numbers: Collection[str], place_of: Callable[[str], str]) -> None:
    """Refuse 1 and 1.0, or +1 and 1, where both mean one class: a file holds one of them as a number.

    `place_of` says where a label stands first. Raises DataError.
    """
    spellings: dict[Decimal, str] = {}
    # What is a number by its file comes before strings that only read like it.
    for label in sorted(labels if numbers else (), key=lambda label: (label not in numbers, label)):
        value = exact_number_of(label)
        before = label if value is None else spellings.setdefault(value, label)
        if before != label and before in numbers:
            raise DataError(
                f"{place_of(label)}: the labels {before!r} ({place_of(before)}) and {label!r} are the same number; "
                "write it the same way everywhere"
            )


def _shape(table: Table, name: str) -> str:
    """What a column holds: "column" of one value per row, "lists", "objects", or "lines" of fastText's labels."""
    parts = table.all_parts
    shapes = {part.path: shape_of(part, name) for part in parts}
    if set(shapes.values()) == {"column", "lines"} and not _have_several(table, name):
        return "column"
    different = list(dict.fromkeys(shapes.values()))
    if len(different) > 1:
        paths = {shape: path for path, shape in reversed(shapes.items())}
        first, second = different[:2]
        raise DataError(
            f"column {name!r} holds {_HELD[first]} in {paths[first]} and {_HELD[second]} in {paths[second]}; write "
            "labels the same way in all files"
        )
    return different[0]


_HELD = {"column": "one value per row", "lists": "lists", "objects": "objects", "lines": "fastText's labels"}


def shape_of(table: Table, name: str) -> str:
    """What a column of one file holds, as `_shape` says it, lines of one label each included."""
    kind = table.native(name).type
    if name in table.separators:
        return "lines"
    if pa.types.is_struct(kind):
        return "objects"
    if kind != PAIRS and pa.types.is_nested(kind):
        return "lists"
    if name in table.json_columns and table.json_columns[name].is_nested:
        return "objects" if _is_first_an_object(table, name) else "lists"
    return "column"


def _is_first_an_object(table: Table, name: str) -> bool:
    strings = table.json_columns[name].braced
    values = enumerate(table.native(name).to_pylist(), table.first_row)
    nested = (value[0] for row, value in values if value and value[0] in "[{" and row not in strings)
    return next(nested, None) == "{"


def _have_several(table: Table, name: str) -> bool:
    """Whether a line of fastText has several labels."""
    parts = [part for part in table.all_parts if name in part.separators]
    return any(pc.any(pc.match_substring(part.spelled(name), part.separators[name])).as_py() for part in parts)


def _column(table: Table, name: str, reading: LabelReading, keeps_unlabelled: bool) -> _Given:
    """Values such as "joy, love", of which an empty one is a text without any label; else one label per row."""
    if reading.kind not in _OF_ONE:
        _refuse_several_in_one(table, name, reading)
    if reading.separator is not None:
        values = _Values.of(table.column(name), table.place)
        lists = [_parted(value or "", reading.separator) for value in values.different]
        return _Given(Lists(lists, object), table.place, values.y)
    return _one_value(table, name, reading, keeps_unlabelled)


def _refuse_several_in_one(table: Table, name: str, reading: LabelReading) -> None:
    """Refuse a column of printed lists, or of several labels in a value where nothing says what separates them."""
    values = _Values.of(table.filled(name), table.place)
    n_rows = {value or "": n for value, n in zip(values.different, np.bincount(values.y).tolist(), strict=True)}
    where = f"{table.path}: values of column {name!r}"
    refuse_printed(n_rows, where, "write lists as JSON or Parquet, or join their labels by a separator")
    if reading.kind == "auto":
        refuse_joined(n_rows, where, "read several labels with labels_separator={mark!r}")


def _parted(value: str, separator: str) -> list[str]:
    return [composed(label.strip()) for label in value.split(separator)] if value.strip() else []


def _lines(table: Table, name: str, reading: LabelReading, keeps_unlabelled: bool) -> _Given:
    """fastText's labels: several, so that a line without one is a text without any label; else one per row."""
    if reading.kind != "several" and not (reading.kind == "auto" and _have_several(table, name)):
        return _one_value(table, name, reading, keeps_unlabelled)
    values, between = _Values.of(table.spelled(name), table.place), table.all_parts[0].separators[name]
    lists = [[] if value is None else value.split(between) for value in values.different]
    for i, labels in enumerate(lists):
        problem = set_problem(labels)
        if problem:
            raise DataError(f"{values.place(i)}: {problem}")
    return _Given(Lists([list(map(composed, labels)) for labels in lists], object), table.place, values.y)


def _lists(table: Table, name: str, *_: object) -> _Given:
    """Lists in JSON, Parquet and Arrow."""
    _refuse_strings(table, name, "list of labels")
    values = _Values.of(table.spelled(name), table.place)
    decoded = [_decoded(value, "[") for value in values.different]
    kinds: dict[str, bool] = {}
    for i, labels in enumerate(decoded):
        for label in labels if isinstance(labels, list) else ():
            problem = _label_problem(label, kinds.setdefault(_spelled(label), type(label) is str))
            if problem:
                raise DataError(f"{values.place(i)}, column {name!r}: {problem}")
    if _are_members(decoded):
        raise DataError(
            f"{table.place(0)}, column {name!r}: lists of 0 and 1 could be lists of the labels 0 and 1, or the rows of "
            "a matrix with a column for each label; write the labels that a row has as strings, or a column for each"
        )
    lists = [[_spelled(label) for label in labels] if isinstance(labels, list) else labels for labels in decoded]
    return _Given(Lists(lists, object), table.place, values.y)


def _are_members(decoded: list[object]) -> bool:
    """Whether values are lists of 0 and 1, or of booleans, that are as long as a matrix has columns."""
    lists = [labels for labels in decoded if isinstance(labels, list)]
    held = [label for labels in lists for label in labels]
    is_wide = len({len(labels) for labels in lists}) == 1 and len(held) > len(lists)
    return is_wide and all(type(label) is not str and _spelled(label) in {"0", "1", *_MARKS} for label in held)


def _label_problem(label: object, was_string: bool) -> str | None:
    """Why an entry of a list is not a label; `was_string` tells that the first one spelled so was a string."""
    spelled = _spelled(label)
    if isinstance(label, list | dict | None):
        return f"expected a list of labels, found {spelled:.60} in it; write a list of strings"
    if was_string != (type(label) is str):
        return (
            f'the labels {spelled} and "{spelled}" are spelled alike, one as a string and one not; write all labels as '
            "strings, or none"
        )
    if isinstance(label, Number) and number_of(label) % 1:
        return (
            f"expected labels, found the number {spelled}, which has a fraction; write labels as strings, or shares as "
            "an object by class"
        )
    return None


def _mappings(table: Table, name: str, *_: object) -> _Given:
    """Objects such as {"joy": 0.75, "love": 0.25} in JSON, and structs in Parquet and Arrow."""
    _refuse_strings(table, name, "object of shares by class")
    values = _Values.of(table.spelled(name), table.place)
    decoded = [_decoded(value, "{") for value in values.different]
    for i, shares in enumerate(decoded):
        for label, share in shares.items() if isinstance(shares, dict) else ():
            if not isinstance(share, Number | bool | None):
                raise DataError(
                    f"{values.place(i)}: expected the share of a class as a number, found {spell(share):.60}; correct "
                    f"it, or name the field that is the label, such as {name}.{label}"
                )
    rows = [_shares(row, i, values.place) if isinstance(row, dict) else row for i, row in enumerate(decoded)]
    return _Given(Mappings(rows, object), table.place, values.y)


def _shares(shares: Json, i: int, place: Place) -> dict[str, float | None]:
    numbers: dict[str, float | None] = {}
    for label, share in shares.items():
        if composed(label) in numbers:
            raise DataError(f"{place(i)} has the class {composed(label)!r:.60} twice, in two Unicode forms; keep one")
        numbers[composed(label)] = share if isinstance(share, bool | None) else number_of(share)
    return numbers


def _decoded(value: str | None, start: str) -> Any:
    """A value of JSON that starts as lists or objects do; else as it is spelled."""
    return DECODER.decode(value) if value is not None and value.startswith(start) else value


def _refuse_strings(table: Table, name: str, expected: str) -> None:
    """Refuse a string of JSON among lists or objects, where it reads like one of them."""
    for part in table.all_parts:
        strings = part.json_columns[name].braced if name in part.json_columns else ()
        if strings:
            row = min(strings)
            raise DataError(
                f"{part.place(row - part.first_row)}, column {name!r}: expected a {expected}, found the string "
                f"{part.native(name)[row - part.first_row].as_py()!r:.60}; write it without quotation marks"
            )


def _matrix(table: Table, columns: Sequence[str]) -> _Given:
    """A column for each label: of 0 and 1, or of shares, as those named P(class) are."""
    classes = shared_labels(columns)
    values = np.column_stack([_column_of_numbers(table, name) for name in columns])
    labels = np.array(classes or columns, dtype=object)
    return _Given(Matrix(values, labels, are_shares=classes is not None, are_named=True), table.place)


def _column_of_numbers(table: Table, name: str) -> Floats:
    values = _Values.of(table.spelled(name), table.place)
    spelled = [value or "" for value in values.different]
    numbers = np.array([_MARKS.get(value.lower(), number_of(value)) for value in spelled], dtype=np.float64)
    wrong = np.flatnonzero(np.isnan(numbers[values.y]))
    if len(wrong):
        found = spelled[values.y[wrong[0]]]
        raise DataError(
            f"{table.place(int(wrong[0]))}: expected a number in column {name!r}, found "
            f"{f'{found!r:.60}' if found else 'no value'} ({counted(len(wrong), 'such row')}); correct it or drop the "
            "row"
        )
    return numbers[values.y]


def _spelled(label: object) -> str:
    return composed(label if isinstance(label, str) else spell(label))


_OF_SHAPE: dict[str, Callable[[Table, str, LabelReading, bool], _Given]] = {
    "column": _column,
    "lines": _lines,
    "lists": _lists,
    "objects": _mappings,
}
