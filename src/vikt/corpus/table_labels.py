"""The labels of a table: one per row, or several, or shares of classes, or levels of an order.

Equal values are read once: what a value says is found for the different ones, and each row has the number of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vikt.arrays import Floats, Ints
from vikt.corpus.columns import composed
from vikt.corpus.label_order import levels_of
from vikt.corpus.label_reading import LabelReading, shared_labels
from vikt.corpus.label_sets import sets_of_matrix, sets_of_pairs
from vikt.corpus.label_shares import ROUNDED, shares_by_label, shares_of_matrix
from vikt.corpus.numbers import exact_number_of, number_of
from vikt.corpus.read_json import DECODER, Number, spell
from vikt.corpus.read_labelled import PAIRS, set_problem
from vikt.corpus.read_tables import Table
from vikt.corpus.targets import Place, ReadTargets, TargetRows
from vikt.errors import DataError, UsageError
from vikt.names import TargetKind
from vikt.tables import counted, quoted

# Values hold several labels where this share of them holds a comma, and nearly all of these only labels that recur.
_MANY, _NEARLY_ALL = 0.05, 0.9
# Kinds of one label per row, whatever the column holds.
_OF_ONE = ("classes", "ordered")
# Forms of one value per row.
_ONE_VALUE = ("column", "lines")
# 0 and 1 as other programs write them.
_MARKS = {"true": 1.0, "false": 0.0}


class _Values(NamedTuple):
    """The different values of a column, the number of each row's value, and the place of a value's first row."""

    different: list[str]
    y: Ints
    place: Place

    def targets(self, of_different: TargetRows) -> TargetRows:
        """The targets of rows, from those of the different values."""
        return replace(of_different, y=of_different.y[self.y])


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
    form = "columns" if len(columns) > 1 else "column" if reading.kind in _OF_ONE else _form(table, columns[0])
    kind = _kind(form, table, columns, reading)
    reader = _READERS.get((form, kind))
    if reader is not None:
        return reader(table, columns, reading)
    if len(columns) > 1:
        raise UsageError(f"{table.path}: targets={kind!r} takes one column, found {len(columns)}; name one")
    if kind in _EXPECTED and form in _ONE_VALUE:
        raise UsageError(_EXPECTED[kind].format(path=table.path, column=columns[0]))
    labels = one_label(table, columns[0], keeps_unlabelled)
    if kind == "classes":
        return ReadTargets(labels)
    return ReadTargets(levels_of(labels, reading.order or None, table.place))


def _kind(form: str, table: Table, columns: Sequence[str], reading: LabelReading) -> TargetKind:
    if reading.or_one_class and form in _ONE_VALUE:
        return "classes"
    return _KIND_OF[form](table, columns, reading) if reading.kind == "auto" else reading.kind


_EXPECTED = {
    "several": "{path}: each value of column {column!r} is one label; say what separates several, as in "
    "labels_separator=',', or name one column of 0 and 1 for each label",
    "soft": "{path}: column {column!r} holds no shares of classes; name columns such as P(ham) and P(spam), or write "
    "JSON objects of shares by class",
}


def one_label(table: Table, name: str, keeps_unlabelled: bool = False) -> NDArray[Any]:
    """A label for each row. A row without one is refused, or else kept with the label ""."""
    if keeps_unlabelled and name not in table.problems and not pa.types.is_nested(table.native(name).type):
        spelled = table.spelled(name).fill_null("").to_pylist()
    else:
        spelled = table.column(name).to_pylist()
    composed_of = {label: composed(label) for label in set(spelled)}
    labels = np.array([composed_of[label] for label in spelled], dtype=object)
    blank = np.flatnonzero(np.isin(labels, [label for label in composed_of.values() if not label.strip()]))
    if len(blank) and not keeps_unlabelled:
        raise DataError(
            f"{table.place(int(blank[0]))} has an empty label in column {name!r} "
            f"({counted(len(blank), 'such row')}); label the row or drop it"
        )
    _refuse_respelled_numbers(table, labels, _numbers(table, name))
    return labels


def paired_columns(table: Table) -> list[str]:
    """The columns that hold svmlight's pairs."""
    return [name for name in table.names if table.arrow.column(name).type == PAIRS]


def _numbers(table: Table, name: str) -> set[str]:
    """The values of a column that a file holds as numbers rather than as strings."""
    found = set[str]()
    for part in table.parts or (table,):
        kind = part.native(name).type
        tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
        if any(test(kind) for test in tests) or paired_columns(part):
            found |= set(pc.unique(part.spelled(name)).to_pylist())
        elif name in part.json_columns:
            spellings = part.json_columns[name].spellings.items()
            found |= {spelling for spelling, (is_string, _) in spellings if not is_string}
    return found


def _refuse_respelled_numbers(table: Table, labels: NDArray[Any], numbers: set[str]) -> None:
    """Refuse 1 and 1.0, or +1 and 1, where both mean one class: a file holds one of them as a number."""
    spellings: dict[Decimal, str] = {}
    # What is a number by its file comes before strings that only read like it.
    for label in sorted(set(labels) if numbers else (), key=lambda label: (label not in numbers, label)):
        value = exact_number_of(label)
        before = label if value is None else spellings.setdefault(value, label)
        if before != label and before in numbers:
            first, second = (table.place(int(np.argmax(labels == spelling))) for spelling in (before, label))
            raise DataError(
                f"{second}: the labels {before!r} ({first}) and {label!r} are the same number; "
                "write it the same way everywhere"
            )


def _form(table: Table, name: str) -> str:
    """What a column holds: "column" of one value per row, "lists", "objects", or "lines" of fastText's labels."""
    parts = table.parts or (table,)
    forms = {part.path: _form_of_part(part, name) for part in parts}
    if set(forms.values()) == {"column", "lines"} and not any(_has_several(part, name) for part in parts):
        return "column"
    different = sorted(set(forms.values()), key=list(forms.values()).index)
    if len(different) > 1:
        paths = {form: path for path, form in reversed(forms.items())}
        first, second = different[:2]
        raise DataError(
            f"column {name!r} holds {_HELD[first]} in {paths[first]} and {_HELD[second]} in {paths[second]}; write "
            "labels the same way in all files"
        )
    return different[0]


_HELD = {"column": "one value per row", "lists": "lists", "objects": "objects", "lines": "fastText's labels"}


def _form_of_part(table: Table, name: str) -> str:
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


def _values_of(table: Table, name: str) -> _Values:
    """The values of a column as strings, of which none is missing."""
    column = table.spelled(name)
    if column.null_count:
        raise DataError(
            f"{table.place(int(np.argmax(column.is_null())))}: expected labels in column {name!r}, found a null or no "
            "value; write an empty list for a text without any label, or drop the row"
        )
    return _different(column, table.place)


def _different(column: Any, place: Place) -> _Values:
    encoded = column.combine_chunks().dictionary_encode()
    y = np.asarray(encoded.indices).astype(np.int64)
    first = np.unique(y, return_index=True)[1]
    return _Values(encoded.dictionary.to_pylist(), y, lambda i: place(int(first[i])))


def _sets(values: _Values, labels_of: Callable[[int, str], list[str]]) -> ReadTargets:
    """Several labels per row, where a function says which each different value holds."""
    lists = [labels_of(i, value) for i, value in enumerate(values.different)]
    owner = np.repeat(np.arange(len(lists)), [len(labels) for labels in lists])
    flat = np.array([composed(label) for label in chain.from_iterable(lists)], dtype=object)
    return ReadTargets(values.targets(sets_of_pairs(owner, flat, len(lists), values.place)))


def _read_separated(table: Table, columns: Sequence[str], reading: LabelReading) -> ReadTargets:
    """Values such as "joy, love"; an empty one is a text without any label."""
    separator = reading.separator
    if separator is None:
        raise UsageError(_EXPECTED["several"].format(path=table.path, column=columns[0]))
    values = _different(table.column(columns[0]), table.place)

    def labels_of(i: int, value: str) -> list[str]:
        labels = [label.strip() for label in value.split(separator)] if value.strip() else []
        if "" in labels:
            raise DataError(
                f"{values.place(i)} has an empty label among others, in {value!r:.60}; remove the extra {separator!r} "
                "(a text without any label has an empty value)"
            )
        return labels

    return _sets(values, labels_of)


def _read_lines(table: Table, columns: Sequence[str], reading: LabelReading) -> ReadTargets:
    """fastText's labels; a line without one is a text without any label."""
    none = "\n"  # no line holds it
    values = _different(table.spelled(columns[0]).fill_null(none), table.place)

    def labels_of(i: int, value: str) -> list[str]:
        labels = [] if value == none else value.split(_between(table, columns[0]))
        problem = set_problem(labels)
        if problem:
            raise DataError(f"{values.place(i)}: {problem}")
        return labels

    return _sets(values, labels_of)


def _between(table: Table, name: str) -> str:
    return (table.parts or (table,))[0].separators[name]


def _read_lists(table: Table, columns: Sequence[str], reading: LabelReading) -> ReadTargets:
    """Lists in JSON, Parquet and Arrow."""
    _refuse_strings(table, columns[0], "list of labels")
    values = _values_of(table, columns[0])
    kinds: dict[str, bool] = {}

    def labels_of(i: int, value: str) -> list[str]:
        labels = DECODER.decode(value) if value.startswith("[") else None
        if labels is None or any(isinstance(label, list | dict | None) for label in labels):
            raise DataError(
                f"{values.place(i)}, column {columns[0]!r}: expected a list of labels, found {value:.60}; write a list "
                "of strings, empty for a text without any label"
            )
        for label in labels:
            if kinds.setdefault(_spelled(label), type(label) is str) != (type(label) is str):
                raise DataError(
                    f'{values.place(i)}, column {columns[0]!r}: the labels {_spelled(label)} and "{_spelled(label)}" '
                    "print alike, here and before; write all as strings, or none"
                )
            if isinstance(label, Number) and number_of(label) % 1:
                raise DataError(
                    f"{values.place(i)}, column {columns[0]!r}: expected labels, found the number {label}, which has a "
                    "fraction; write labels as strings, or shares as an object by class"
                )
        return list(map(_spelled, labels))

    return _sets(values, labels_of)


def _read_objects(table: Table, columns: Sequence[str], reading: LabelReading) -> ReadTargets:
    """Objects such as {"joy": 0.75, "love": 0.25} in JSON, and structs in Parquet and Arrow."""
    _refuse_strings(table, columns[0], "object of shares by class")
    values = _values_of(table, columns[0])
    rows = [DECODER.decode(value) if value.startswith("{") else None for value in values.different]
    for i, row in enumerate(rows):
        wrong = next((share for share in (row or {}).values() if not isinstance(share, Number | None)), None)
        if row is None or wrong is not None:
            raise DataError(
                f"{values.place(i)}, column {columns[0]!r}: expected the share of each class as a number, found "
                f"{values.different[i] if row is None else spell(wrong):.60}; correct it, or name the field that is "
                f"the label, such as {columns[0]}.{next(iter(row or ['label']))}"
            )
    named = [_shares(row) for row in rows if row is not None]
    labels = np.array(sorted(set(chain.from_iterable(named))), dtype=object)
    found, votes = shares_of_matrix(shares_by_label(named, labels), labels, values.place)
    return ReadTargets(values.targets(found), None if votes is None else votes[values.y])


def _shares(row: dict[str, Any]) -> dict[str, float | None]:
    return {composed(label): None if share is None else number_of(share) for label, share in row.items()}


def _refuse_strings(table: Table, name: str, expected: str) -> None:
    """Refuse a string of JSON among lists or objects, where it reads like one of them."""
    for part in table.parts or (table,):
        strings = part.json_columns[name].braced if name in part.json_columns else ()
        if strings:
            row = min(strings)
            raise DataError(
                f"{part.place(row - part.first_row)}, column {name!r}: expected a {expected}, found the string "
                f"{part.native(name)[row - part.first_row].as_py()!r:.60}; write it without quotation marks"
            )


def _read_members(table: Table, columns: Sequence[str], reading: LabelReading) -> ReadTargets:
    """A column of 0 and 1 for each label."""
    values = np.column_stack([_column_of_numbers(table, name, "0 or 1") for name in columns])
    if reading.kind == "auto":
        _refuse_votes(values, columns, table)
    return ReadTargets(sets_of_matrix(values, np.array(columns, dtype=object), table.place))


def _refuse_votes(values: Floats, columns: Sequence[str], table: Table) -> None:
    """Refuse numbers that may be votes for classes, or shares of them, where columns do not say it by their names."""
    is_other = (values != 0) & (values != 1)
    rows = np.flatnonzero(is_other.any(axis=1))
    if len(rows) and (values >= 0).all():
        row, k = int(rows[0]), int(is_other[rows[0]].argmax())
        raise DataError(
            f"{table.place(row)}: expected 0 or 1 for the label {columns[k]!r:.60}, found {values[row, k]:g} "
            f"({counted(len(rows), 'such row')}); if these are votes for classes, or shares, read them",
            targets="soft",
        )


def _read_shares(table: Table, columns: Sequence[str], reading: LabelReading) -> ReadTargets:
    """A column of shares for each class, such as P(ham)."""
    labels = np.array(shared_labels(columns) or columns, dtype=object)
    values = np.column_stack([_column_of_numbers(table, name, "a share") for name in columns])
    if reading.targets == "auto":
        _refuse_other_than_shares(values, columns, table)
    return ReadTargets(*shares_of_matrix(values, labels, table.place))


def _refuse_other_than_shares(values: Floats, columns: Sequence[str], table: Table) -> None:
    """Refuse fractions that do not sum to 1, as of labels that do not exclude one another."""
    totals = values.sum(axis=1)
    wrong = np.flatnonzero((np.abs(totals - 1) > ROUNDED) & (values != np.floor(values)).any(axis=1))
    if len(wrong):
        raise DataError(
            f"{table.place(int(wrong[0]))}: expected shares of classes that sum to 1 in {quoted(columns)}, found a sum "
            f"of {totals[wrong[0]]:.4g} ({counted(len(wrong), 'such row')}); name the column of several labels, or "
            "have the shares divided by their sum",
            targets="soft",
        )


def _column_of_numbers(table: Table, name: str, expected: str) -> Floats:
    values = _different(table.spelled(name).fill_null(""), table.place)
    numbers = np.array([_MARKS.get(value.lower(), number_of(value)) for value in values.different], dtype=np.float64)
    wrong = np.flatnonzero(np.isnan(numbers[values.y]))
    if len(wrong):
        found = values.different[values.y[wrong[0]]]
        raise DataError(
            f"{table.place(int(wrong[0]))}: expected {expected} in column {name!r}, found "
            f"{f'{found!r:.60}' if found else 'no value'} ({counted(len(wrong), 'such row')}); correct it or drop the "
            "row"
        )
    return numbers[values.y]


def _kind_of_columns(table: Table, columns: Sequence[str], reading: LabelReading) -> TargetKind:
    return "several" if shared_labels(columns) is None else "soft"


def _kind_of_column(table: Table, columns: Sequence[str], reading: LabelReading) -> TargetKind:
    """One label per row, unless values look like labels between commas, which are refused."""
    joined = None if columns[0] in paired_columns(table) else joined_value(table.spelled(columns[0]).drop_null())
    if joined is not None:
        raise DataError(
            f"{table.path}: values of column {columns[0]!r} look like several labels, such as {joined!r:.60}; read "
            "several labels with labels_separator=',', or keep each value as one class",
            targets="classes",
        )
    return "classes"


def _kind_of_lines(table: Table, columns: Sequence[str], reading: LabelReading) -> TargetKind:
    has_several = any(_has_several(part, columns[0]) for part in table.parts or (table,))
    return "several" if has_several else "classes"


def _has_several(table: Table, name: str) -> bool:
    """Whether a line of fastText has several labels."""
    between = table.separators.get(name)
    return between is not None and bool(pc.any(pc.match_substring(table.spelled(name), between)).as_py())


def joined_value(column: Any) -> str | None:
    """A string that holds several labels, where enough of a column do for these not to be classes; else None.

    Examples
    --------
    >>> joined_value(pa.chunked_array([["joy,fear", "joy", "fear"]])), joined_value(pa.chunked_array([["joy", "fear"]]))
    ('joy,fear', None)
    """
    total = pc.sum(pc.match_substring(column, ",")).as_py() or 0
    if not total or total < _MANY * len(column):
        return None
    counts = pc.value_counts(column).flatten()
    values, n_rows = counts[0], np.asarray(counts[1])
    has_comma = np.asarray(pc.match_substring(values, ","), dtype=bool)
    split = pc.split_pattern(values, ",")
    parts = pc.utf8_trim_whitespace(pc.list_flatten(split)).dictionary_encode()
    owner, part = np.asarray(pc.list_parent_indices(split)), np.asarray(parts.indices)
    n_parts = len(parts.dictionary)
    pairs = np.unique(owner.astype(np.int64) * n_parts + part)
    owner, part = pairs // n_parts, pairs % n_parts
    recurs = np.bincount(part, minlength=n_parts) > 1
    recurs &= np.asarray(pc.not_equal(parts.dictionary, ""))
    all_recur = has_comma.copy()
    all_recur[owner[~recurs[part]]] = False
    if n_rows[all_recur].sum() < max(_NEARLY_ALL * total, _MANY * n_rows.sum()):
        return None
    return str(values[int(all_recur.argmax())].as_py())


def _spelled(label: Any) -> str:
    return label if isinstance(label, str) else spell(label)


_Reader = Callable[[Table, Sequence[str], LabelReading], ReadTargets]
_KIND_OF: dict[str, Callable[[Table, Sequence[str], LabelReading], TargetKind]] = {
    "column": _kind_of_column,
    "columns": _kind_of_columns,
    "lines": _kind_of_lines,
    "lists": lambda *_: "several",
    "objects": lambda *_: "soft",
}
_READERS: dict[tuple[str, str], _Reader] = {
    ("column", "several"): _read_separated,
    ("lines", "several"): _read_lines,
    ("lists", "several"): _read_lists,
    ("objects", "soft"): _read_objects,
    ("columns", "several"): _read_members,
    ("columns", "soft"): _read_shares,
}
