"""Parts that lie on the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from vikt.arrays import FloatType
from vikt.errors import UsageError
from vikt.parts.engine import Engine
from vikt.parts.part import Part, PerPart
from vikt.parts.spread import Spread

S = TypeVar("S")
T = TypeVar("T")


class OnCluster:
    """Parts held by the workers of an engine.

    Parameters
    ----------
    rows : Spread of Part
    n_turns : int
        How many turns a pass of dual ascent divides into, which are taken at the same time: the number of workers that
        are expected, say. The bits depend on it, but not on how many workers there are.

    Raises
    ------
    UsageError
        The parts do not have the same columns.
    """

    only = None

    def __init__(self, rows: Spread[Part], n_turns: int = 1) -> None:
        self._rows, self.n_parts, self.n_turns = rows, rows.n_parts, min(n_turns, rows.n_parts)
        facts = rows.sums(_facts)
        self.n_rows, self.total_weight, self.n_features = facts.n_rows, facts.total_weight, facts.n_features
        self.has_dummy, self.has_offset = facts.has_dummy, facts.has_offset
        self.by_library, self.quick_dtype = facts.by_library, facts.quick_dtype

    @classmethod
    def of_parts(cls, engine: Engine, parts: Sequence[Part], n_turns: int = 1) -> OnCluster:
        """Parts that this process keeps in memory, and sends to where they are to lie."""
        return cls(Spread.of(engine, parts), n_turns)

    def sums(self, work: Callable[..., S], *arguments: object) -> S:
        return self._rows.sums(work, *arguments)

    def each(self, work: Callable[..., T], *arguments: object) -> PerPart[T]:
        return self._rows.each(work, *arguments)

    def derived(self, work: Callable[..., T], *arguments: object) -> PerPart[T]:
        return self._rows.derived(work, *arguments)

    def turns(
        self,
        work: Callable[..., tuple[S, T]],
        carried: Sequence[S],
        orders: Sequence[Sequence[int]],
        *arguments: object,
    ) -> tuple[list[S], PerPart[T]]:
        return self._rows.turns(work, carried, orders, *arguments)

    def own(self, kept: PerPart[T]) -> Iterator[T]:
        return self._rows.own(kept)

    def given(self, values: Iterable[T]) -> PerPart[T]:
        return self._rows.given(values)


@dataclass(frozen=True)
class _Facts:
    """What is the same for all parts, and sums over them."""

    n_features: int
    has_dummy: bool
    by_library: bool
    quick_dtype: FloatType
    has_offset: bool
    n_rows: int
    total_weight: float

    def __add__(self, other: _Facts) -> _Facts:
        if self._common != other._common:
            raise UsageError(
                f"the parts do not have the same columns: found {self.n_features} and {other.n_features} features "
                f"(intercept: {self.has_dummy} and {other.has_dummy}; offset: {self.has_offset} and {other.has_offset})"
            )
        return _Facts(*self._common, self.n_rows + other.n_rows, self.total_weight + other.total_weight)

    @property
    def _common(self) -> tuple[int, bool, bool, FloatType, bool]:
        return self.n_features, self.has_dummy, self.by_library, self.quick_dtype, self.has_offset


# The work of one part.


def _facts(part: Part) -> _Facts:
    X, has_offset = part.X, part.offset is not None
    weight = float(np.sum(part.weights))
    return _Facts(X.n_features, X.has_dummy, X.by_library, X.quick_dtype, has_offset, X.n_rows, weight)
