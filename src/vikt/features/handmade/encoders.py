"""Values to columns of features, learnt from the rows to fit: as they are, scaled, one column a value, given by number.

Each encoder is told once what values there are (`fit`), then makes rows of any others (`rows`).
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats
from vikt.corpus.documents import LARGEST, Pairs
from vikt.corpus.texts import Texts
from vikt.errors import DamagedModelError, DataError
from vikt.features.rows import Rows

Values = Floats | Texts | Pairs
Arrays = dict[str, NDArray[Any]]


def take_values(values: Values, rows: NDArray[np.int64]) -> Values:
    """The values of the rows named, in that order."""
    if isinstance(values, Texts):
        return values.take(rows)
    if not isinstance(values, Pairs):
        return values[rows]
    lengths = values.offsets[rows + 1] - values.offsets[rows]
    offsets = np.r_[0, np.cumsum(lengths)].astype(np.int64)
    places = np.repeat(values.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
    return Pairs(offsets, values.indices[places], values.values[places])


def spelled_values(values: Values) -> Texts:
    """The values as bytes, a text a row; equal values are spelled alike."""
    if isinstance(values, Texts):
        return values
    if not isinstance(values, Pairs):
        width = int(np.prod(values.shape[1:]))
        rows = np.ascontiguousarray(values.reshape(len(values), width) + 0.0)  # plus zero: -0 is 0
        return Texts(rows.tobytes(), np.arange(len(rows) + 1, dtype=np.int64) * rows.strides[0])
    edges = zip(values.offsets[:-1].tolist(), values.offsets[1:].tolist(), strict=True)
    return Texts.from_bytes([values.indices[a:b].tobytes() + values.values[a:b].tobytes() for a, b in edges])


class Encoder(Protocol):
    """What a hand-made feature learns."""

    @property
    def n_columns(self) -> int: ...

    def fit(self, values: Any) -> None:
        """Learn from the rows to fit."""
        ...

    def rows(self, values: Any) -> Rows:
        """The columns of these values, indices rising within a row."""
        ...

    def names(self, name: str) -> list[str]:
        """The columns' names, of a feature of that name."""
        ...

    def said(self, name: str) -> str:
        """What the user should be told of what was learnt; nothing where there is nothing to tell."""
        ...

    def to_arrays(self) -> Arrays: ...

    def restore(self, arrays: Arrays) -> None: ...


class AsItIs:
    """One column, a number as it is: yes or no.

    Examples
    --------
    >>> AsItIs().rows(np.array([1.0, 0.0])).indptr.tolist()
    [0, 1, 1]
    """

    n_columns = 1

    def fit(self, values: Floats) -> None:
        pass

    def rows(self, values: Floats) -> Rows:
        return _dense_rows(values[:, None])

    def names(self, name: str) -> list[str]:
        return [name]

    def said(self, name: str) -> str:
        return ""

    def to_arrays(self) -> Arrays:
        return {}

    def restore(self, arrays: Arrays) -> None:
        pass


class Scaled(AsItIs):
    """One column: (value - mean) / (2·standard deviation), so that λ treats it as it does a yes or no.

    A yes or no of even odds has a standard deviation of ½: divided by two of its own, any number moves a score as much.
    A yes or no, 1 or 0, is left as it is. A feature that is the same in all rows says nothing, and is left at 0.

    Source: Gelman 2008, Scaling regression inputs by dividing by two standard deviations.

    Examples
    --------
    >>> scaled = Scaled()
    >>> scaled.fit(np.array([2.0, 4.0]))
    >>> scaled.rows(np.array([2.0, 5.0])).values.tolist()
    [-0.5, 1.0]
    """

    mean, scale = 0.0, 0.0

    def fit(self, values: Floats) -> None:
        if len(np.unique(values)) == 2 and np.isin(values, (0.0, 1.0)).all():
            self.mean, self.scale = 0.0, 1.0
            return
        # Summed after a shift by one of the values, so that huge values that differ little keep their digits.
        shift = float(values[0]) if len(values) else 0.0
        centre = float(np.mean(values - shift)) if len(values) else 0.0
        self.mean = shift + centre
        self.scale = 2 * float(np.sqrt(np.mean((values - shift - centre) ** 2))) if len(values) else 0.0

    def rows(self, values: Floats) -> Rows:
        scaled = (values - self.mean) / self.scale if self.scale > 0 else np.zeros(len(values))
        return _dense_rows(scaled[:, None])

    def said(self, name: str) -> str:
        if not self.scale > 0:
            return f"{name}: {self.mean:.6g} in every row, so it says nothing"
        if (self.mean, self.scale) == (0.0, 1.0):
            return ""
        return f"{name}: (value - {self.mean:.6g}) / {self.scale:.6g}, its mean and two standard deviations"

    def to_arrays(self) -> Arrays:
        return {"mean_and_scale": np.array([self.mean, self.scale])}

    def restore(self, arrays: Arrays) -> None:
        self.mean, self.scale = arrays["mean_and_scale"].tolist()


class Block:
    """d columns of one scale, such as an embedding: divided so that the mean square length of a row is 1.

    Examples
    --------
    >>> block = Block()
    >>> block.fit(np.array([[3.0, 4.0]]))
    >>> block.rows(np.array([[3.0, 4.0]])).values.round(2).tolist()
    [0.6000000238418579, 0.800000011920929]
    """

    width, scale = 0, 0.0

    @property
    def n_columns(self) -> int:
        return self.width

    def fit(self, values: Floats) -> None:
        self.width = values.shape[1]
        self.scale = float(np.sqrt(np.mean(np.sum(values**2, axis=1)))) if len(values) else 0.0

    def rows(self, values: Floats) -> Rows:
        if values.shape[1] != self.width and len(values):
            raise DataError(f"expected rows of {self.width} numbers, as in training, found {values.shape[1]}")
        return _dense_rows(values.reshape(len(values), self.width) / (self.scale or 1.0))

    def names(self, name: str) -> list[str]:
        return [f"{name}[{i}]" for i in range(self.width)]

    def said(self, name: str) -> str:
        return f"{name}: {self.width} numbers, divided by {self.scale:.6g}, the root of their mean square length"

    def to_arrays(self) -> Arrays:
        return {"width_and_scale": np.array([self.width, self.scale])}

    def restore(self, arrays: Arrays) -> None:
        width, self.scale = arrays["width_and_scale"].tolist()
        self.width = int(width)


class Categories:
    """One column a value, sorted; a value never seen in training, and the empty one, is none of them.

    Parameters
    ----------
    least : int
        Values in fewer rows are left out.
    only : sequence of str
        Only these values, if any are given; a single one bears the feature's own name.

    Examples
    --------
    >>> categories = Categories()
    >>> categories.fit(Texts.from_strings(["kth.se", "su.se", "kth.se", ""]))
    >>> categories.names("sender"), categories.rows(Texts.from_strings(["su.se", "new.se"])).indices.tolist()
    (['sender=kth.se', 'sender=su.se'], [1])
    """

    def __init__(self, least: int = 1, only: tuple[str, ...] = ()) -> None:
        self.least, self.only = least, only
        self.values = Texts.from_bytes([])
        self._number: dict[bytes, int] = {}

    @property
    def n_columns(self) -> int:
        return len(self.values)

    def fit(self, values: Texts) -> None:
        if self.only:
            self._know(Texts.from_strings(sorted(self.only)))
            return
        counts: dict[bytes, int] = {}
        for value in values:
            counts[value] = counts.get(value, 0) + 1
        self._know(Texts.from_bytes(sorted(value for value, n in counts.items() if value and n >= self.least)))

    def _know(self, values: Texts) -> None:
        self.values = values
        self._number = {value: number for number, value in enumerate(values)}

    def rows(self, values: Texts) -> Rows:
        numbers = np.fromiter((self._number.get(value, -1) for value in values), dtype=np.int64, count=len(values))
        known = numbers >= 0
        return _rows(known.astype(np.int64), numbers[known], np.ones(int(known.sum())), len(self.values))

    def names(self, name: str) -> list[str]:
        if len(self.only) == 1:
            return [name]
        return [f"{name}={value.decode('utf-8', 'surrogatepass')}" for value in self.values]

    def said(self, name: str) -> str:
        return "" if self.only else f"{name}: {len(self.values):,} values"

    def to_arrays(self) -> Arrays:
        return {"values": np.frombuffer(self.values.content, dtype=np.uint8), "offsets": self.values.offsets}

    def restore(self, arrays: Arrays) -> None:
        offsets = arrays["offsets"]
        if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(arrays["values"]) or np.any(np.diff(offsets) < 0):
            raise DamagedModelError("the model's categories do not fit together; train it again")
        self._know(Texts(arrays["values"].tobytes(), offsets))


class Given:
    """One column an index met in training, as svmlight's pairs have them; others are no features.

    Examples
    --------
    >>> given = Given()
    >>> pairs = Pairs(np.array([0, 2]), np.array([1, 2**40]), np.array([0.5, 2.0]))
    >>> given.fit(pairs)
    >>> given.names("features"), given.rows(pairs).values.tolist()
    (['1', '1099511627776'], [0.5, 2.0])
    """

    def __init__(self) -> None:
        self.indices: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    @property
    def n_columns(self) -> int:
        return len(self.indices)

    def fit(self, values: Pairs) -> None:
        self.indices = np.unique(values.indices[values.values != 0])

    def rows(self, values: Pairs) -> Rows:
        if len(self.indices) and self.indices[0] > 0 and np.any(values.indices == 0):
            row = int(np.searchsorted(values.offsets, np.flatnonzero(values.indices == 0)[0], side="right"))
            raise DataError(
                f"the model was trained on indices from 1, found the index 0 in row {row}; count from 1 as in training"
            )
        columns = np.searchsorted(self.indices, values.indices)
        known = columns < len(self.indices)
        known[known] = self.indices[columns[known]] == values.indices[known]
        known &= values.values != 0
        ends = np.r_[0, np.cumsum(known)]
        lengths = ends[values.offsets[1:]] - ends[values.offsets[:-1]]
        return _rows(lengths, columns[known], values.values[known], len(self.indices))

    def names(self, name: str) -> list[str]:
        return [str(index) for index in self.indices.tolist()]

    def said(self, name: str) -> str:
        if not len(self.indices):
            return f"{name}: no index has a value"
        least, most = int(self.indices[0]), int(self.indices[-1])
        base = "from 0" if least == 0 else "from 1: none is 0"
        return f"{name}: {len(self.indices):,} indices, {least} to {most}, counted {base}"

    def to_arrays(self) -> Arrays:
        return {"indices": self.indices}

    def restore(self, arrays: Arrays) -> None:
        self.indices = arrays["indices"]


def _dense_rows(values: Floats) -> Rows:
    filled = values != 0
    _, columns = np.nonzero(filled)
    return _rows(filled.sum(axis=1), columns, values[filled], values.shape[1])


def _rows(lengths: NDArray[np.int64], columns: NDArray[np.int64], values: Floats, n_features: int) -> Rows:
    largest = float(np.abs(values).max(initial=0.0))
    if largest > LARGEST:
        raise DataError(f"expected features of at most {LARGEST:g}, found {largest:.6g} once scaled; mend the number")
    indptr = np.r_[0, np.cumsum(lengths)].astype(np.int64)
    return Rows(indptr, columns.astype(np.int32), values.astype(np.float32), n_features)
