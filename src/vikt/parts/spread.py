"""Values of any kind that are spread over the workers of a cluster: shards of text, say, or the rows made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Generic, TypeVar, cast

from vikt.parts.engine import Engine
from vikt.parts.lineage import Kept, Own, Step, as_argument, name_of
from vikt.parts.part import PerPart
from vikt.parts.workers import Workers

S = TypeVar("S")
T = TypeVar("T")
V = TypeVar("V")


class Spread(Generic[V]):
    """Values on workers, each with what belongs to it, and the sums and turns over them.

    Parameters
    ----------
    workers : Workers
    values : Kept
        What stands for the values of a step.

    Examples
    --------
    Shards of text, which are read anew at each use, and rows made of them, which stay where they are::

        shards = Spread.made_by(engine, [partial(read_shard, path) for path in paths], kept=False)
        vocabulary = shards.sums(count_words)
        rows = shards.over(shards.each(pack, vocabulary))
        rows.sums(count_rows)
    """

    def __init__(self, workers: Workers, values: Kept) -> None:
        self._workers, self._values = workers, values

    @classmethod
    def made_by(cls, engine: Engine, sources: Sequence[Callable[[], V]], kept: bool = True) -> Spread[V]:
        """Values that workers make, and make again where a worker is lost.

        Parameters
        ----------
        engine : Engine
        sources : sequence of callable
            What makes each value; called without arguments. As a rule a `functools.partial` of a function that stands
            at the top of a module.
        kept : bool
            Whether the workers keep the values, which are then made now, or make them anew at each use.
        """
        workers = Workers(engine, len(sources))
        step = Step(_made, [Own(sources)], changes=False, kept=kept, name=name_of(sources[0]))
        values = workers.kept(step)
        if kept:
            workers.make(step)
        return cls(workers, values)

    @classmethod
    def of(cls, engine: Engine, values: Iterable[V]) -> Spread[V]:
        """Values that this process keeps in memory, and sends to where they are to lie."""
        return cls.made_by(engine, [partial(_given_value, value) for value in values])

    @property
    def n_parts(self) -> int:
        return self._workers.n_values

    def over(self, values: PerPart[T]) -> Spread[T]:
        """What was made of each value, in its place; it is made now, and kept where it lies."""
        (made,) = {cast(Kept, value) for value in values.elements}
        self._workers.make(made.step)
        return Spread(self._workers, made)

    def sums(self, work: Callable[..., S], *arguments: object) -> S:
        """work(value, *arguments) of every value, added in their order. Arguments as for `Parts.sums`."""
        wanted = self._workers.kept(self._step(work, arguments))
        return cast(S, self._workers.sum(wanted.step))

    def each(self, work: Callable[..., T], *arguments: object) -> PerPart[T]:
        """work(value, *arguments) of every value, each left where its value lies, once it is needed."""
        return self._per_part(self._step(work, arguments))

    def derived(self, work: Callable[..., T], *arguments: object) -> PerPart[T]:
        """As `each`, for what is only ever an argument, which nothing changes in place."""
        return self._per_part(self._step(work, arguments, changes=False))

    def turns(
        self,
        work: Callable[..., tuple[S, T]],
        carried: Sequence[S],
        orders: Sequence[Sequence[int]],
        *arguments: object,
    ) -> tuple[list[S], PerPart[T]]:
        """Values in turn: work(value, carried, *arguments) gives what is carried on, and what belongs to the value.

        There may be several turns at the same time, as `Parts.turns` tells.
        """
        step = self._step(work, arguments)
        made = self._per_part(step)
        return self._workers.turns(step, carried, orders), made

    def own(self, kept: PerPart[T]) -> Iterator[T]:
        """What belongs to each value, here, one after the other."""
        first = as_argument(kept)
        return self._workers.copies(first.step) if isinstance(first, Kept) else iter(kept.elements)

    def given(self, values: Iterable[T]) -> PerPart[T]:
        """What is to belong to each value, from here."""
        return self._per_part(Step(_given_value, [Own([*values])]))

    def _per_part(self, step: Step) -> PerPart[Any]:
        return PerPart((self._workers.kept(step),) * self.n_parts)

    def _step(self, work: Callable[..., Any], arguments: Iterable[object], changes: bool = True) -> Step:
        return Step(work, [self._values, *map(as_argument, arguments)], changes)


# The work of one source.


def _made(source: Callable[[], V]) -> V:
    return source()


def _given_value(value: V) -> V:
    return value
