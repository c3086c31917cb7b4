"""Parts that lie on the workers of a cluster.

Each part is made where it lies and stays there, with what belongs to its rows. Sums are added in the order of the
parts, from worker to worker where they are large, so that every bit is the same on any number of workers, and the same
as in memory. What a lost worker had is made anew on those that are left.
"""

from __future__ import annotations

import logging
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from threading import RLock
from time import monotonic
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from vikt.arrays import FloatType
from vikt.errors import ClusterError, UsageError
from vikt.parts.engine import Engine, WorkersLostError
from vikt.parts.lineage import Kept, Own, Place, Step, as_argument, shared_out
from vikt.parts.orders import LARGE, Packing
from vikt.parts.part import Part, PerPart, added
from vikt.parts.store import Emptied, Store, add, copies, fill, turn

S = TypeVar("S")
T = TypeVar("T")

_LOG = logging.getLogger("vikt")

_SECONDS_BETWEEN_LOOKS = 1.0
# Losses within one sum after which it is more likely that the work itself ends the workers.
_MOST_LOSSES = 5


class OnCluster:
    """Parts held by the workers of an engine.

    Parameters
    ----------
    engine : Engine
    sources : sequence of callable
        What makes each part, on a worker, and again where that worker is lost; called without arguments. As a rule a
        `functools.partial` of a function that stands at the top of a module.
    n_turns : int
        Into how many turns a pass of dual ascent divides, which are taken at the same time: the number of workers that
        one reckons with, say. The bits depend on it, and not on how many there are.

    Raises
    ------
    UsageError
        The parts do not have the same columns.
    """

    only = None

    def __init__(self, engine: Engine, sources: Sequence[Callable[[], Part]], n_turns: int = 1) -> None:
        self._engine, self.n_parts, self.n_turns = engine, len(sources), min(n_turns, len(sources))
        self._lock = RLock()
        self._places: list[Place] = []
        self._place_of: list[Place] = []
        self._dropped: deque[int] = deque()
        self._looked, self._losses = -np.inf, 0
        # Work whose values were too large to return.
        self._large = set[Callable[..., Any]]()
        self._part = self._kept(Step(_made, [Own(sources)], changes=False))
        facts = self.sums(_facts)
        self.n_rows, self.total_weight, self.n_features = facts.n_rows, facts.total_weight, facts.n_features
        self.has_dummy, self.has_offset = facts.has_dummy, facts.has_offset
        self.by_library, self.quick_dtype = facts.by_library, facts.quick_dtype

    @classmethod
    def of_parts(cls, engine: Engine, parts: Sequence[Part], n_turns: int = 1) -> OnCluster:
        """Parts that this process keeps in memory, and sends to where they are to lie."""
        return cls(engine, [partial(_itself, part) for part in parts], n_turns)

    def sums(self, work: Callable[..., S], *arguments: object) -> S:
        with self._lock:
            wanted = self._kept(self._step(work, arguments))
            return cast(S, self._persistently(partial(self._sum, wanted.step, {})))

    def each(self, work: Callable[..., T], *arguments: object) -> PerPart[T]:
        # Done when a sum needs it, in one go with all that the sum needs.
        return self._per_part(self._step(work, arguments))

    def derived(self, work: Callable[..., T], *arguments: object) -> PerPart[T]:
        return self._per_part(self._step(work, arguments, changes=False))

    def turns(
        self,
        work: Callable[..., tuple[S, T]],
        carried: Sequence[S],
        orders: Sequence[Sequence[int]],
        *arguments: object,
    ) -> tuple[list[S], PerPart[T]]:
        with self._lock:
            step = self._step(work, arguments)
            result = self._per_part(step)
            starts = [pickle.dumps(each, 5) for each in carried]
            after, own = self._persistently(partial(self._take_turns, step, starts, orders))
            # What a lost worker had of it cannot be made anew from the parts, so it is kept here too.
            step.work, step.arguments = pickle.loads, [Own(own)]
            return list(map(pickle.loads, after)), result

    def _per_part(self, step: Step) -> PerPart[Any]:
        return PerPart((self._kept(step),) * self.n_parts)

    def _step(self, work: Callable[..., Any], arguments: Iterable[object], changes: bool = True) -> Step:
        return Step(work, [self._part, *map(as_argument, arguments)], changes)

    def _kept(self, step: Step) -> Kept:
        # The finalizers must not keep the parts themselves alive.
        return Kept(step, self._dropped.append)

    def _persistently(self, attempt: Callable[[], T]) -> T:
        """What an attempt gives, once no loss of a worker spoils it any more."""
        for _ in range(_MOST_LOSSES):
            try:
                self._settle()
                return attempt()
            except WorkersLostError as error:
                _LOG.warning("lost %s; its parts are made anew where there are workers left", error)
                # A worker that is still there, but without what it kept, is a new place.
                self._places = [place for place in self._places if place.worker not in error.workers]
                self._looked = -np.inf
                self._losses += 1
        raise ClusterError(
            f"workers were lost {_MOST_LOSSES} times during one sum; the parts may be too large for their memory: "
            "make more parts, or give the workers more memory"
        )

    def _settle(self) -> None:
        """Give the parts of lost workers to those that are left, and their share to those that have joined."""
        if monotonic() - self._looked < _SECONDS_BETWEEN_LOOKS:
            return
        there = self._engine.workers()
        self._looked = monotonic()
        places = [place for place in self._places if place.worker in there]
        new = set(there).difference(place.worker for place in places)
        places += [Place(worker, self._engine.hold(Store(), worker)) for worker in there if worker in new]
        self._places, self._place_of = places, shared_out(places, self.n_parts)

    def _sum(self, step: Step, small: dict[int, bytes]) -> Any:
        """The sum of a step's values: here of those that are small, `small` being known; else from worker to worker."""
        filling = self._filling(step, [number for number in range(self.n_parts) if number not in small])
        # Both in one go, where it was like that before.
        adding = self._adding(step, filling) if step.work in self._large else None
        self._note(filling, small)
        if len(small) == self.n_parts:
            return added(pickle.loads(small[number]) for number in range(self.n_parts))
        self._large.add(step.work)
        small.clear()
        # They go as they are added.
        step.where = {}
        return pickle.loads(self._answer(adding or self._adding(step, filling)))

    def _filling(self, step: Step, numbers: Iterable[int]) -> dict[Place, _Filling]:
        """Start to make a step's values for some parts where these lie."""
        self._pass_on_dropped()
        wanted: dict[Place, list[int]] = {}
        for number in numbers:
            wanted.setdefault(self._place_of[number], []).append(number)
        filling = {}
        for place, own in wanted.items():
            packing = Packing(self._engine, self._losses, place)
            filling[place] = _Filling(own, packing, self._start(step.name, fill, place, packing.order(step, own)))
        return filling

    def _note(self, filling: Mapping[Place, _Filling], small: dict[int, bytes]) -> None:
        """Wait for values, and note where they are; those that are small come back."""
        answers = self._engine.results([own.started for own in filling.values()])
        self._check_full(answers)
        for own, answer in zip(filling.values(), answers, strict=True):
            own.packing.note(answer.made)
            if answer.values is not None:
                small.update(zip(own.numbers, answer.values, strict=True))
        for made in {made for own in filling.values() for made in own.packing.steps.values()}:
            if made.is_done(self._place_of):
                made.end()

    def _adding(self, step: Step, filling: Mapping[Place, _Filling]) -> object:
        """Start to add a step's values, once they are there, from worker to worker in the order of the parts."""
        carried: object = None
        for place, numbers in groupby(range(self.n_parts), self._place_of.__getitem__):
            filled = filling[place].started if place in filling else None
            own = place.store, step.number, [*numbers]
            carried = self._start(f"add-{step.name}", add, place, (carried, filled, *own))
        return carried

    def _take_turns(
        self, step: Step, starts: Sequence[bytes], orders: Sequence[Sequence[int]]
    ) -> tuple[list[bytes], list[bytes]]:
        """What is carried in the end, and what a step has made of each part on the way, which stays there too."""
        self._pass_on_dropped()
        taken = [self._turn(step, start, order) for start, order in zip(starts, orders, strict=True)]
        after = self._engine.results(taken)
        self._check_full(after)
        places = [place for place in self._places if place.parts]
        name = f"copy-{step.name}"
        started = [self._start(name, copies, place, (place.store, step.number, place.parts)) for place in places]
        answers = self._engine.results(started)
        self._check_full(answers)
        own: dict[int, bytes] = {}
        for place, answer in zip(places, answers, strict=True):
            own |= zip(place.parts, answer, strict=True)
        step.where = dict(enumerate(self._place_of))
        return after, [own[number] for number in range(self.n_parts)]

    def _turn(self, step: Step, start: bytes, order: Sequence[int]) -> object:
        """Start to carry a state from part to part."""
        state: object = start
        for place, numbers in groupby(order, self._place_of.__getitem__):
            if state is start and len(start) > LARGE:
                state = self._engine.hold(start, place.worker)
            packing = Packing(self._engine, self._losses, place)
            state = self._start(step.name, turn, place, (state, *packing.order(step, [*numbers])))
        return state

    def _start(self, name: str, work: Callable[..., Any], place: Place, arguments: Sequence[object]) -> object:
        return self._engine.start(name, work, place.worker, arguments)

    def _answer(self, started: object) -> bytes:
        answers = self._engine.results([started])
        self._check_full(answers)
        return cast(bytes, answers[0])

    def _check_full(self, answers: Iterable[object]) -> None:
        """Raise WorkersLostError where a store has not what it should."""
        if lost := [self._place_of[answer.part].worker for answer in answers if isinstance(answer, Emptied)]:
            raise WorkersLostError(lost)

    def _pass_on_dropped(self) -> None:
        while self._dropped:
            step = self._dropped.popleft()
            for place in self._places:
                place.dropped.append(step)


class _Filling(NamedTuple):
    """Some parts, the order for their values, and what stands for the answer."""

    numbers: list[int]
    packing: Packing
    started: object


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


def _made(source: Callable[[], Part]) -> Part:
    return source()


def _itself(part: Part) -> Part:
    return part


def _facts(part: Part) -> _Facts:
    X, has_offset = part.X, part.offset is not None
    weight = float(np.sum(part.weights))
    return _Facts(X.n_features, X.has_dummy, X.by_library, X.quick_dtype, has_offset, X.n_rows, weight)
