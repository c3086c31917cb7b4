"""Rows in memory: as a rule one part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TypeVar

import numpy as np

from vikt.arrays import FloatType
from vikt.parts.part import Part, PerPart, added, given_to

S = TypeVar("S")
T = TypeVar("T")


class InMemory:
    """Parts held as they are.

    Parameters
    ----------
    *parts : Part
        One or more, of the same columns.
    n_turns : int
        Into how many turns a pass over the parts divides, as if these were taken at the same time.

    Examples
    --------
    >>> from vikt.matrix import DenseMatrix
    >>> X, y = DenseMatrix(np.array([[0.82], [0.5]])), np.array([1, 0])
    >>> parts = InMemory(Part(X, y, np.ones(2)), Part(X, y, np.array([3.0, 1.0])))
    >>> parts.sums(Part.weighted_rows).round(2).tolist()
    [6.0, 4.28]
    """

    def __init__(self, *parts: Part, n_turns: int = 1) -> None:
        self._parts, self.n_turns = parts, min(n_turns, len(parts))
        X = parts[0].X
        self.n_features, self.has_dummy = X.n_features, X.has_dummy
        self.by_library: bool = X.by_library
        self.quick_dtype: FloatType = X.quick_dtype
        self.n_parts = len(parts)
        self.n_rows = sum(part.X.n_rows for part in parts)
        self.has_offset = parts[0].offset is not None
        self.only = parts[0] if len(parts) == 1 else None

    @cached_property
    def total_weight(self) -> float:
        return added(float(np.sum(part.weights)) for part in self._parts)

    def sums(self, work: Callable[..., S], *arguments: object) -> S:
        return added(work(part, *given_to(number, arguments)) for number, part in enumerate(self._parts))

    def each(self, work: Callable[..., T], *arguments: object) -> PerPart[T]:
        return PerPart(tuple(work(part, *given_to(number, arguments)) for number, part in enumerate(self._parts)))

    def derived(self, work: Callable[..., T], *arguments: object) -> PerPart[T]:
        return self.each(work, *arguments)

    def turns(
        self,
        work: Callable[..., tuple[S, T]],
        carried: Sequence[S],
        orders: Sequence[Sequence[int]],
        *arguments: object,
    ) -> tuple[list[S], PerPart[T]]:
        made: dict[int, T] = {}
        after = list(carried)
        for turn, order in enumerate(orders):
            for number in order:
                own = given_to(number, arguments)
                after[turn], made[number] = work(self._parts[number], after[turn], *own)
        return after, PerPart(tuple(made[number] for number in range(self.n_parts)))

    def own(self, kept: PerPart[T]) -> Iterator[T]:
        return iter(kept.elements)

    def given(self, values: Iterable[T]) -> PerPart[T]:
        return PerPart(tuple(values))
