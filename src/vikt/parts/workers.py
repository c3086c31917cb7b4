"""The workers of an engine, and what they keep of values that are made of each other.

Each value is made where it lies and stays there, with what is made of it. Sums are added in the order of the values,
from worker to worker where they are large, so that every bit is the same on any number of workers, and the same as in
memory. What a lost worker had is made anew on those that are left.
"""

from __future__ import annotations

import logging
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from threading import RLock
from time import monotonic
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from vikt.errors import ClusterError
from vikt.parts.engine import Engine, WorkersLostError
from vikt.parts.lineage import Kept, Place, Step, shared_out
from vikt.parts.orders import LARGE, Packing
from vikt.parts.part import added
from vikt.parts.store import Answer, Emptied, Store, add, copies, fill, turn

T = TypeVar("T")

_LOG = logging.getLogger("vikt")

_SECONDS_BETWEEN_LOOKS = 1.0
# Losses within one sum after which it is more likely that the work itself ends the workers.
_MOST_LOSSES = 5


class Workers:
    """The workers of an engine, with the values of steps.

    Parameters
    ----------
    engine : Engine
    n_values : int
        How many values each step makes.
    """

    def __init__(self, engine: Engine, n_values: int) -> None:
        self._engine, self.n_values = engine, n_values
        self._lock = RLock()
        self.places: list[Place] = []
        self._place_of: list[Place] = []
        self._dropped: deque[int] = deque()
        self._looked, self._losses = -np.inf, 0
        # Work whose values were too large to return.
        self._large = set[Callable[..., Any]]()

    def kept(self, step: Step) -> Kept:
        """What stands for a step's values, as long as they are wanted."""
        # The finalizers must not keep the workers themselves alive.
        return Kept(step, self._dropped.append)

    def make(self, step: Step) -> None:
        """Make a step's values now, where they lie."""
        with self._lock:
            self._persistently(partial(self._make, step))

    def sum(self, step: Step) -> Any:
        """The sum of a step's values, which need not be kept."""
        with self._lock:
            return self._persistently(partial(self._sum, step, {}))

    def copies(self, step: Step) -> Iterator[Any]:
        """A step's values, one by one."""
        for number in range(self.n_values):
            yield step.value_here(number) if step.is_here else self._copy_of(step, number)

    def _copy_of(self, step: Step, number: int) -> Any:
        with self._lock:
            return pickle.loads(self._persistently(partial(self._copy, step, number)))

    def turns(self, step: Step, carried: Sequence[T], orders: Sequence[Sequence[int]]) -> list[T]:
        """What is carried by a step's work in the end; its values are kept."""
        with self._lock:
            starts = [pickle.dumps(each, 5) for each in carried]
            after, own = self._persistently(partial(self._take_turns, step, starts, orders))
            # What a lost worker had of it cannot be made anew from other values, so it is kept here too.
            step.loaded_from(own)
            return list(map(pickle.loads, after))

    def _persistently(self, attempt: Callable[[], T]) -> T:
        """The result of an attempt, which is repeated until no worker is lost during it."""
        for _ in range(_MOST_LOSSES):
            try:
                self._settle()
                return attempt()
            except WorkersLostError as error:
                _LOG.warning("lost %s; its parts are made anew where there are workers left", error)
                # A worker that is still there, but without what it kept, is a new place.
                self.places = [place for place in self.places if place.worker not in error.workers]
                self._looked = -np.inf
                self._losses += 1
        raise ClusterError(
            f"workers were lost {_MOST_LOSSES} times during one sum; the parts may be too large for their memory: "
            "make more parts, or give the workers more memory"
        )

    def _settle(self) -> None:
        """Give the values of lost workers to those that are left, and their share to those that have joined."""
        if monotonic() - self._looked < _SECONDS_BETWEEN_LOOKS:
            return
        there = self._engine.workers()
        self._looked = monotonic()
        places = [place for place in self.places if place.worker in there]
        new = set(there).difference(place.worker for place in places)
        places += [Place(worker, self._engine.hold(Store(), worker)) for worker in there if worker in new]
        self.places, self._place_of = places, shared_out(places, self.n_values)

    def _make(self, step: Step) -> None:
        self._fill(step, range(self.n_values), returns=False)

    def _sum(self, step: Step, small: dict[int, bytes]) -> Any:
        """The sum of a step's values: here of those that are small, `small` being known; else from worker to worker."""
        if step.work not in self._large:
            small |= self._fill(step, [number for number in range(self.n_values) if number not in small])
            if len(small) == self.n_values:
                return added(pickle.loads(small[number]) for number in range(self.n_values))
            self._large.add(step.work)
        return self._large_sum(step)

    def _large_sum(self, step: Step) -> Any:
        filling = self._filling(step, range(self.n_values), returns=False)
        adding = self._adding(step, filling)
        *answers, total = self._results([*(own.started for own in filling.values()), adding])
        self._note(filling, answers)
        # They went as they were added.
        step.forget()
        return pickle.loads(total)

    def _copy(self, step: Step, number: int) -> bytes:
        """The pickle of a step's value, which is made if it is not there."""
        self._fill(step, [number], returns=False)
        ((copy,),) = self._results([self._copies(step, self._place_of[number], [number])])
        return cast(bytes, copy)

    def _fill(self, step: Step, numbers: Iterable[int], returns: bool = True) -> dict[int, bytes]:
        """Make some of a step's values where they lie: those that return, if that is wanted and all are small."""
        filling = self._filling(step, numbers, returns)
        answers = self._results([own.started for own in filling.values()])
        self._note(filling, answers)
        returned: dict[int, bytes] = {}
        for own, answer in zip(filling.values(), answers, strict=True):
            if answer.values is not None:
                returned.update(zip(own.numbers, answer.values, strict=True))
        return returned

    def _filling(self, step: Step, numbers: Iterable[int], returns: bool) -> dict[Place, _Filling]:
        """Start to make some of a step's values where they lie."""
        self._pass_on_dropped()
        wanted: dict[Place, list[int]] = {}
        for number in numbers:
            wanted.setdefault(self._place_of[number], []).append(number)
        filling = {}
        for place, own in wanted.items():
            packing = Packing(self._engine, self._losses, place)
            started = self._start(step.name, fill, place, packing.order(step, own, returns))
            filling[place] = _Filling(own, packing, started)
        return filling

    def _note(self, filling: Mapping[Place, _Filling], answers: Iterable[Answer]) -> None:
        """Note where values are, once they have been made."""
        for own, answer in zip(filling.values(), answers, strict=True):
            own.packing.note(answer.made)
        for made in {made for own in filling.values() for made in own.packing.steps.values()}:
            if made.is_done(self._place_of):
                made.end()

    def _adding(self, step: Step, filling: Mapping[Place, _Filling]) -> object:
        """Start to add a step's values, once they are there, from worker to worker in their order."""
        carried: object = None
        for place, numbers in groupby(range(self.n_values), self._place_of.__getitem__):
            own = place.store, step.number, [*numbers]
            carried = self._start(f"add-{step.name}", add, place, (carried, filling[place].started, *own))
        return carried

    def _take_turns(
        self, step: Step, starts: Sequence[bytes], orders: Sequence[Sequence[int]]
    ) -> tuple[list[bytes], list[bytes]]:
        """What is carried in the end, and what a step has made on the way, which stays there too."""
        self._pass_on_dropped()
        taken: dict[Place, list[object]] = {place: [] for place in self.places if place.parts}
        ends = [self._turn(step, *turn, taken) for turn in zip(starts, orders, strict=True)]
        copying = [self._copies(step, place, place.parts, *before) for place, before in taken.items()]
        answers = self._results([*ends, *copying])
        after, copied = answers[: len(ends)], answers[len(ends) :]
        own: dict[int, bytes] = {}
        for place, answer in zip(taken, copied, strict=True):
            own |= zip(place.parts, answer, strict=True)
        step.note(dict(enumerate(self._place_of)))
        return after, [own[number] for number in range(self.n_values)]

    def _turn(self, step: Step, start: bytes, order: Sequence[int], taken: Mapping[Place, list[object]]) -> object:
        """Start to carry a state from value to value; `taken` gets what each place does on the way."""
        state: object = start
        for place, numbers in groupby(order, self._place_of.__getitem__):
            if state is start and len(start) > LARGE:
                state = self._engine.hold(start, place.worker)
            packing = Packing(self._engine, self._losses, place)
            state = self._start(step.name, turn, place, (state, *packing.order(step, [*numbers])))
            taken[place].append(state)
        return state

    def _copies(self, step: Step, place: Place, numbers: Sequence[int], *before: object) -> object:
        """Start to copy some of a step's values, once the work before has been done."""
        return self._start(f"copy-{step.name}", copies, place, (place.store, step.number, numbers, *before))

    def _start(self, name: str, work: Callable[..., Any], place: Place, arguments: Sequence[object]) -> object:
        return self._engine.start(name, work, place.worker, arguments)

    def _results(self, started: Sequence[object]) -> list[Any]:
        """The answers of stores, all of which had what they should."""
        answers = self._engine.results(started)
        if lost := [self._place_of[answer.part].worker for answer in answers if isinstance(answer, Emptied)]:
            raise WorkersLostError(lost)
        return answers

    def _pass_on_dropped(self) -> None:
        while self._dropped:
            step = self._dropped.popleft()
            for place in self.places:
                place.dropped.append(step)


class _Filling(NamedTuple):
    """Some values, the order for them, and what stands for the answer."""

    numbers: list[int]
    packing: Packing
    started: object
