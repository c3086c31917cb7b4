"""Groups of rows that every split keeps on one side, such as all rows of a user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vikt.arrays import Bools, Ints
from vikt.corpus.texts import Texts
from vikt.errors import DataError
from vikt.tables import counted, cut, one_line

# A group that holds more of the rows leaves too few for the other sides of a split.
_LARGEST_SHARE = 0.5
_WIDEST = 40


class Grouping(NamedTuple):
    """How rows are grouped by the values of a column.

    `values` are the different values; `groups` what is left of them once those that share a text are joined, `largest`
    the rows of the largest one; `missing` the rows without a value.
    """

    values: int
    groups: int
    largest: int
    missing: int


class Joined(NamedTuple):
    """The group of each row, as content to compare, and how many there are."""

    groups: Texts
    grouping: Grouping


def joined_groups(groups: Texts, values: Sequence[str | None]) -> Joined:
    """Join rows that share a group or a value, directly or through other rows.

    A row without a value is joined to others through its group alone. The group of rows with values is named by the
    first of the values, so that no order of the rows matters.

    Parameters
    ----------
    groups : (m,)
        What splits keep together in any case: the text, or the sentence of a token.
    values : (m,)
        The values of a column, None where one is missing.

    Raises
    ------
    DataError
        One group holds more than half of the rows.

    Examples
    --------
    >>> texts = Texts.from_strings(["ok", "ok", "noon?", "one?"])
    >>> [group.decode() for group in joined_groups(texts, ["bo", "anna", "eva", None]).groups]
    ['value:anna', 'value:anna', 'value:eva', 'group:one?']
    """
    of_group, of_value = _numbers(groups), _numbers(values)
    component = _components(of_group, of_value, np.array([value is not None for value in values]))
    # Of the values of a component, in falling order, the last is kept: the first of all.
    pairs = {(number, value) for number, value in zip(component.tolist(), values, strict=True) if value is not None}
    names = dict(sorted(pairs, reverse=True))
    named = [
        b"value:" + names[number].encode("utf-8", "surrogatepass") if number in names else b"group:" + own
        for number, own in zip(component.tolist(), groups, strict=True)
    ]
    # Rows without any value are not a group of the column's, however often their text occurs.
    sizes = np.where(np.isin(np.arange(component.max() + 1), list(names)), np.bincount(component), 0)
    if sizes.max() > _LARGEST_SHARE * len(component) and len(component) > 1:
        raise _too_large(int(sizes.argmax()), component, groups, values)
    n_values = len(set(values) - {None})
    grouping = Grouping(n_values, len(names), int(sizes.max()), sum(value is None for value in values))
    return Joined(Texts.from_bytes(named), grouping)


def _numbers(items: Texts | Sequence[str | None]) -> Ints:
    """The same number for equal items."""
    number_of: dict[bytes | str | None, int] = {}
    return np.array([number_of.setdefault(item, len(number_of)) for item in items], dtype=np.int64)


def _components(of_group: Ints, of_value: Ints, has_value: Bools) -> Ints:
    """The number of each row's connected component, in the graph whose edges are the rows: (m,)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_groups, n_values = of_group.max() + 1, of_value.max() + 1
    edges = of_group[has_value], n_groups + of_value[has_value]
    graph = coo_array((np.ones(len(edges[0]), dtype=np.int8), edges), shape=(n_groups + n_values,) * 2)
    numbers = connected_components(graph, directed=False)[1].astype(np.int64)
    return np.unique(numbers[of_group], return_inverse=True)[1]


def _too_large(number: int, component: Ints, groups: Texts, values: Sequence[str | None]) -> DataError:
    rows = np.flatnonzero(component == number).tolist()
    by_value = Counter(values[row] for row in rows if values[row] is not None)
    value, n_rows = max(by_value.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    if n_rows > _LARGEST_SHARE * len(component):
        what, remedy = f"the group {value!r:.60} holds {n_rows:,}", "group the rows by another column"
    else:
        most_shared = Counter(text for text, _ in {(groups[row], values[row]) for row in rows})
        text = max(most_shared, key=lambda text: (most_shared[text], text))
        shared = cut(one_line(text.decode("utf-8", "replace")), _WIDEST)
        what = f"{len(by_value):,} groups, joined because they share texts such as {shared!r}, hold {len(rows):,}"
        remedy = "drop the rows of such texts"
    return DataError(
        f"{what} of {counted(len(component), 'row')}, more than half, so that no split leaves enough on "
        f"both sides; {remedy}"
    )
