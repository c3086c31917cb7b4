"""Values to columns of features: unchanged, scaled, one column per value, one column per index.

An encoder is immutable: `fit` returns the encoder that has learnt from values, which makes `rows` of any values.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Arrays, Floats, Ints
from vikt.corpus.documents import LARGEST, Pairs
from vikt.corpus.texts import Texts
from vikt.errors import DamagedModelError, DataError, UsageError
from vikt.features.description import Fact
from vikt.features.rows import CompressedRows

Value = TypeVar("Value", contravariant=True)


class Encoder(Protocol[Value]):
    """What a hand-made feature learns."""

    @property
    def n_columns(self) -> int:
        """How many columns the feature has."""
        ...

    def fit(self, values: Value) -> Self:
        """The encoder that has learnt from the rows to fit."""
        ...

    def rows(self, values: Value) -> CompressedRows:
        """The columns of these values, indices rising within a row."""
        ...

    def names(self, name: str) -> list[str]:
        """The names of the columns of the feature `name`."""
        ...

    def facts(self, name: str) -> list[Fact]:
        """What users should know of what was learnt."""
        ...

    def to_arrays(self) -> Arrays:
        """What was learnt, for a file."""
        ...

    def from_arrays(self, arrays: Arrays) -> Self:
        """The encoder that has learnt what `to_arrays` gave. Raises DamagedModelError where that is impossible."""
        ...


# An encoder of values of any kind.
AnyEncoder = Encoder[Any]


class Unscaled:
    """One column, the number itself: yes or no. There is nothing to learn.

    Examples
    --------
    >>> Unscaled().rows(np.array([1.0, 0.0])).indptr.tolist()
    [0, 1, 1]
    """

    n_columns = 1

    def fit(self, values: Floats) -> Self:
        return self

    def rows(self, values: Floats) -> CompressedRows:
        return _dense_rows(values[:, None])

    def names(self, name: str) -> list[str]:
        return [name]

    def facts(self, name: str) -> list[Fact]:
        return []

    def to_arrays(self) -> Arrays:
        return {}

    def from_arrays(self, arrays: Arrays) -> Self:
        return self


@dataclass(frozen=True)
class Scaled(Unscaled):
    """One column: (value - mean) / (2·standard deviation), so that λ treats it as it does a yes or no.

    A yes or no of even odds has a standard deviation of ½, so any number divided by two of its own has the same effect.
    A yes or no, 1 or 0, is unchanged. A feature that is the same in all rows says nothing, and becomes 0.

    Source: Gelman 2008, Scaling regression inputs by dividing by two standard deviations.

    Examples
    --------
    >>> scaled = Scaled().fit(np.array([2.0, 4.0]))
    >>> scaled.rows(np.array([2.0, 5.0])).values.tolist()
    [-0.5, 1.0]
    """

    mean: float = 0.0
    scale: float = 0.0

    def fit(self, values: Floats) -> Self:
        if len(np.unique(values)) == 2 and np.isin(values, (0.0, 1.0)).all():
            return replace(self, mean=0.0, scale=1.0)
        # Summed after a shift by one of the values, so that huge values that differ little keep their digits.
        shift = float(values[0]) if len(values) else 0.0
        centre = float(np.mean(values - shift)) if len(values) else 0.0
        scale = 2 * float(np.sqrt(np.mean((values - shift - centre) ** 2))) if len(values) else 0.0
        return replace(self, mean=shift + centre, scale=scale)

    def rows(self, values: Floats) -> CompressedRows:
        scaled = (values - self.mean) / self.scale if self.scale > 0 else np.zeros(len(values))
        return _dense_rows(scaled[:, None])

    def facts(self, name: str) -> list[Fact]:
        if not self.scale > 0:
            return [Fact("constant", name, {"mean": self.mean})]
        if (self.mean, self.scale) == (0.0, 1.0):
            return []
        return [Fact("scaled", name, {"mean": self.mean, "scale": self.scale})]

    def to_arrays(self) -> Arrays:
        return {"mean_and_scale": np.array([self.mean, self.scale])}

    def from_arrays(self, arrays: Arrays) -> Self:
        mean, scale = _row(arrays, "mean_and_scale", np.float64, 2).tolist()
        if scale < 0:
            raise DamagedModelError(f"a scale of {scale}")
        return replace(self, mean=mean, scale=scale)


@dataclass(frozen=True)
class Block:
    """d columns of one scale, such as an embedding: divided so that the mean square length of a row is 1.

    Examples
    --------
    >>> block = Block().fit(np.array([[3.0, 4.0]]))
    >>> block.rows(np.array([[3.0, 4.0]])).values.round(2).tolist()
    [0.6000000238418579, 0.800000011920929]
    """

    width: int = 0
    scale: float = 0.0

    @property
    def n_columns(self) -> int:
        return self.width

    def fit(self, values: Floats) -> Self:
        scale = float(np.sqrt(np.mean(np.sum(values**2, axis=1)))) if len(values) else 0.0
        return replace(self, width=values.shape[1], scale=scale)

    def rows(self, values: Floats) -> CompressedRows:
        """The scaled numbers. Raises DataError where rows have another width."""
        if values.shape[1] != self.width and len(values):
            raise DataError(f"expected rows of {self.width} numbers, as in training, found {values.shape[1]}")
        return _dense_rows(values.reshape(len(values), self.width) / (self.scale or 1.0))

    def names(self, name: str) -> list[str]:
        return [f"{name}[{i}]" for i in range(self.width)]

    def facts(self, name: str) -> list[Fact]:
        return [Fact("block", name, {"width": self.width, "scale": self.scale})]

    def to_arrays(self) -> Arrays:
        return {"width_and_scale": np.array([self.width, self.scale])}

    def from_arrays(self, arrays: Arrays) -> Self:
        width, scale = _row(arrays, "width_and_scale", np.float64, 2).tolist()
        if width < 0 or not width.is_integer() or scale < 0:
            raise DamagedModelError(f"{width} columns of scale {scale}")
        return replace(self, width=int(width), scale=scale)


@dataclass(frozen=True, eq=False)
class Categories:
    """One column per value, sorted, without empty values, values new since training and values in few rows.

    Parameters
    ----------
    least : int
        The fewest rows of a value.
    only : tuple of str
        The only values, if not empty; the column of a single one has the feature's own name.
    text_of : str, optional
        The feature whose values are whole texts; they are refused where most have several words.
    values : Texts
        The values that were learnt.

    Examples
    --------
    >>> categories = Categories().fit(Texts.from_strings(["kth.se", "su.se", "kth.se", ""]))
    >>> categories.names("sender"), categories.rows(Texts.from_strings(["su.se", "new.se"])).indices.tolist()
    (['sender=kth.se', 'sender=su.se'], [1])
    """

    least: int = 1
    only: tuple[str, ...] = ()
    text_of: str | None = None
    values: Texts = field(default_factory=lambda: Texts.from_bytes([]))

    @property
    def n_columns(self) -> int:
        return len(self.values)

    @cached_property
    def _column_of(self) -> dict[bytes, int]:
        return {value: column for column, value in enumerate(self.values)}

    def fit(self, values: Texts) -> Self:
        """The encoder of the values that are in enough rows. Raises UsageError where they are whole texts."""
        if self.text_of is not None:
            _refuse_texts(values, self.text_of)
        if self.only:
            return replace(self, values=Texts.from_strings(sorted(self.only)))
        counts: dict[bytes, int] = {}
        for value in values:
            counts[value] = counts.get(value, 0) + 1
        frequent = sorted(value for value, n in counts.items() if value and n >= self.least)
        return replace(self, values=Texts.from_bytes(frequent))

    def rows(self, values: Texts) -> CompressedRows:
        column_of = self._column_of
        columns = np.fromiter((column_of.get(value, -1) for value in values), dtype=np.int64, count=len(values))
        known = columns >= 0
        return _rows(known.astype(np.int64), columns[known], np.ones(int(known.sum())), len(self.values))

    def names(self, name: str) -> list[str]:
        if len(self.only) == 1:
            return [name]
        return [f"{name}={value.decode('utf-8', 'surrogatepass')}" for value in self.values]

    def facts(self, name: str) -> list[Fact]:
        return [] if self.only else [Fact("categories", name, {"values": len(self.values)})]

    def to_arrays(self) -> Arrays:
        return {"values": np.frombuffer(self.values.content, dtype=np.uint8), "offsets": self.values.offsets}

    def from_arrays(self, arrays: Arrays) -> Self:
        """The encoder of the values of a file. Raises DamagedModelError where these do not fit together."""
        offsets, content = _row(arrays, "offsets", np.int64), _row(arrays, "values", np.uint8)
        if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(content) or np.any(offsets[1:] < offsets[:-1]):
            raise DamagedModelError("categories that do not fit together")
        values = Texts(content.tobytes(), offsets)
        spelled = [value.decode("utf-8", "surrogatepass") for value in values]  # ValueError where one is not UTF-8
        if len(set(spelled)) < len(spelled) or (self.only and spelled != sorted(self.only)):
            raise DamagedModelError("categories other than those declared")
        return replace(self, values=values)


def _refuse_texts(values: Texts, name: str) -> None:
    long = [value for value in values if len(value.split()) > 1]
    if 2 * len(long) > len(values):
        raise UsageError(
            f"feature {name!r}: without a column, a category uses the whole text, but most texts have several words, "
            f"such as {long[0].decode('utf-8', 'replace')!r:.60}; set its column"
        )


@dataclass(frozen=True, eq=False)
class Indices:
    """One column per index of the rows to fit, as svmlight's pairs have them; other indices are ignored.

    Examples
    --------
    >>> pairs = Pairs(np.array([0, 2]), np.array([1, 2**40]), np.array([0.5, 2.0]))
    >>> indices = Indices().fit(pairs)
    >>> indices.names("features"), indices.rows(pairs).values.tolist()
    (['1', '1099511627776'], [0.5, 2.0])
    """

    indices: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def n_columns(self) -> int:
        return len(self.indices)

    def fit(self, values: Pairs) -> Self:
        """The encoder of the indices that have a value; and of 0 where a row that is not fitted counts from it."""
        zero = np.zeros(0 if values.zero is None else 1, dtype=np.int64)
        return replace(self, indices=np.union1d(values.indices[values.values != 0], zero))

    def rows(self, values: Pairs) -> CompressedRows:
        """The values in the columns of their indices. Raises DataError where an index is 0 and none was in training."""
        if len(self.indices) and self.indices[0] > 0 and np.any(values.indices == 0):
            where = values.zero or "these rows"
            raise DataError(
                f"{where}: expected indices from 1, as in training, found the index 0; count from 1 here too"
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

    def facts(self, name: str) -> list[Fact]:
        if not len(self.indices):
            return [Fact("no indices", name)]
        ends = {"least": int(self.indices[0]), "largest": int(self.indices[-1])}
        return [Fact("indices", name, {"indices": len(self.indices), **ends})]

    def to_arrays(self) -> Arrays:
        return {"indices": self.indices}

    def from_arrays(self, arrays: Arrays) -> Self:
        indices = _row(arrays, "indices", np.int64)
        if np.any(indices < 0) or np.any(indices[1:] <= indices[:-1]):
            raise DamagedModelError("indices that do not rise")
        return replace(self, indices=indices)


def _row(arrays: Arrays, name: str, dtype: type[np.generic], n: int | None = None) -> NDArray[Any]:
    """An array of a file. Raises DamagedModelError unless it is one row of n numbers of this type."""
    own = arrays[name]
    if own.dtype != dtype or own.ndim != 1 or n not in (None, len(own)):
        raise DamagedModelError(f"{name} of shape {own.shape} and {own.dtype}")
    return own


def _dense_rows(values: Floats) -> CompressedRows:
    filled = values != 0
    _, columns = np.nonzero(filled)
    return _rows(filled.sum(axis=1), columns, values[filled], values.shape[1])


def _rows(lengths: Ints, columns: Ints, values: Floats, n_features: int) -> CompressedRows:
    largest = float(np.abs(values).max(initial=0.0))
    if largest > LARGEST:
        raise DataError(f"expected features of at most {LARGEST:g}, found {largest:.6g} once scaled; check the value")
    indptr = np.r_[0, np.cumsum(lengths)].astype(np.int64)
    return CompressedRows(indptr, columns.astype(np.int32), values.astype(np.float32), n_features)
