"""The seam between what is minimised and where its rows lie: parts of the rows, and sums over the parts.

A part is some of the rows, in memory while work is done on them. Work is a function of a part that stands at the top of
a module, so that it can be sent to where the part lies: to a file, or to another machine. What it makes is either a
sum, which is added to those of the other parts in the order of the parts, whatever made them, or belongs to the part's
rows (scores, probabilities, α) and stays where they are. Or parts take turns: each goes on from where the one before
it left off, as a pass from row to row does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from vikt.arrays import Floats, FloatType, Reals, RowIndices, Scales, Targets, Weights
from vikt.matrix import DesignMatrix

S = TypeVar("S")
T = TypeVar("T", covariant=True)
U = TypeVar("U")


@dataclass(frozen=True)
class Part:
    """Some of the rows, and the sums over them that need no loss.

    Attributes
    ----------
    X : DesignMatrix
        m rows.
    y : Targets
        What the loss is to predict of each row.
    weights : (m,)
        w.
    offset : (m,) or (m, K), optional
        Known scores, added to θᵀx.
    """

    X: DesignMatrix
    y: Targets
    weights: Floats
    offset: Floats | None = None

    def scores(self, theta: Weights, rows: RowIndices | None = None) -> Floats:
        """θᵀx + offset of each row (all, or those named): (m,) or (m, K)."""
        scores = self.X.scores(theta, rows)
        if self.offset is None:
            return scores
        return np.asarray(scores + (self.offset if rows is None else self.offset[rows]))

    def shares(self, total_weight: float) -> Floats:
        """w/W of each row."""
        return self.weights / total_weight

    def weighted_total(self, values: Floats) -> float:
        """Σ_i w_i·v_i."""
        # Not a dot product: the library behind it sums in an order that depends on its threads.
        return float(np.sum(self.weights * values))

    def weighted_sum(self, residuals: Reals, shares: Floats) -> Floats:
        """Σ_i s_i·r_i·x_i: the shape of θ."""
        return self.X.weighted_sum((residuals.T * shares).T)

    def weighted_rows(self) -> Floats:
        """Σ_i w_i·x_i."""
        return self.X.weighted_sum(self.weights)

    def square_norms(self, scales: Scales | None) -> float:
        """Σ_i w_i·‖r·x_i‖², of all classes."""
        return self.weighted_total(self.X.squared_norms(scales).reshape(self.X.n_rows, -1).mean(axis=1))


@dataclass(frozen=True)
class PerPart(Generic[T]):
    """What belongs to the rows of each part; only the parts that made it can use it, as an argument.

    Attributes
    ----------
    elements : tuple
        One for each part, or, for parts elsewhere, where it lies.
    """

    elements: tuple[T, ...]

    @property
    def only(self) -> T:
        """The element of rows that are one part in memory."""
        (element,) = self.elements
        return element


@dataclass(frozen=True)
class Largest:
    """A value whose sum over the parts is the largest, number by number."""

    value: Floats

    def __add__(self, other: Largest) -> Largest:
        return Largest(np.maximum(self.value, other.value))


class Parts(Protocol):
    """All rows of an objective, a part at a time; `n_features`, `by_library` and the like are as of `DesignMatrix`.

    `only` is the single part in memory, if there is one, for solvers that go from row to row or column to column.
    `n_turns` is how many turns are taken at the same time.
    """

    @property
    def n_parts(self) -> int: ...
    @property
    def n_turns(self) -> int: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def n_features(self) -> int: ...
    @property
    def has_dummy(self) -> bool: ...
    @property
    def total_weight(self) -> float: ...
    @property
    def has_offset(self) -> bool: ...
    @property
    def by_library(self) -> bool: ...
    @property
    def quick_dtype(self) -> FloatType: ...
    @property
    def only(self) -> Part | None: ...

    def sums(self, work: Callable[..., S], *arguments: object) -> S:
        """work(part, *arguments) of every part, added in the order of the parts.

        A `PerPart` among the arguments gives each part its own element; every other argument is shared.
        """
        ...

    def each(self, work: Callable[..., T], *arguments: object) -> PerPart[T]:
        """work(part, *arguments) of every part, each left where its part lies. Arguments as for `sums`.

        It may be made only when it is first needed: until then, none of the arguments may change.
        """
        ...

    def derived(self, work: Callable[..., T], *arguments: object) -> PerPart[T]:
        """As `each`, for what is only ever an argument: it may be made anew at each use instead of being kept."""
        ...

    def turns(
        self,
        work: Callable[..., tuple[S, T]],
        carried: Sequence[S],
        orders: Sequence[Sequence[int]],
        *arguments: object,
    ) -> tuple[list[S], PerPart[T]]:
        """Parts in turn: work(part, carried, *arguments) gives what the next one carries on, and what is its own.

        There may be several turns at the same time, of different parts: each order is one, which starts with its own of
        what is carried. Together they name every part once. Work may change what it carries, and its own arguments, in
        place.
        """
        ...

    def own(self, kept: PerPart[U]) -> Iterator[U]:
        """What `each`, `turns` or `given` has left with each part, here, one after the other."""
        ...

    def given(self, values: Iterable[U]) -> PerPart[U]:
        """What is to belong to each part, from here: the inverse of `own`."""
        ...


def added(sums: Iterable[S]) -> S:
    """The sums of parts, in their order: numbers, arrays, or tuples of these. A single one is left as it is.

    Examples
    --------
    >>> added([(1.0, np.array([1.0, 2.0])), (0.5, np.array([3.0, 4.0]))])
    (1.5, array([4., 6.]))
    """
    sums = iter(sums)
    total = next(sums)
    for number, own in enumerate(sums):
        # From the first addition on the total is nobody else's, and may change in place.
        total = _plus(total, own, in_place=number > 0)
    return total


def _plus(total: Any, own: Any, in_place: bool) -> Any:
    if isinstance(total, tuple):
        return tuple(_plus(*both, in_place) for both in zip(total, own, strict=True))
    if in_place and isinstance(total, np.ndarray) and total.dtype == own.dtype and total.shape == own.shape:
        total += own
        return total
    return total + own


def given_to(number: int, arguments: Iterable[object]) -> list[object]:
    """The arguments of one part's work: its own element of each `PerPart`."""
    return [each.elements[number] if isinstance(each, PerPart) else each for each in arguments]
