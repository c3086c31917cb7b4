"""What a worker keeps of the parts that lie there, and how it makes what is asked for.

Every value is that of a step for a part. An order names the steps by which the value wanted is made, back to those
whose values the store should have; what it does have is not made again.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from vikt.parts.part import added

# Sums up to this many bytes return with the answer; larger ones are added up from worker to worker.
_SMALL = 1 << 14


class Value(NamedTuple):
    """A value as its pickle, or as the place among those held where that is."""

    pickled: bytes | int


class Values(NamedTuple):
    """A value for each part."""

    by_part: Mapping[int, Value]


class Made(NamedTuple):
    """What a step makes of the part; a turn is given a copy where it may change it."""

    step: int
    changes: bool


class Task(NamedTuple):
    """work(*arguments), the arguments each a `Value`, `Values` or `Made`; `kept` in the store or only passed on."""

    work: Callable[..., Any]
    arguments: Sequence[Value | Values | Made]
    kept: bool


@dataclass(frozen=True)
class Order:
    """The values of one step, for some parts.

    Attributes
    ----------
    target : int
        The step.
    numbers : tuple of int
        The parts.
    tasks : mapping of int to Task
        The target's and those that it may need, by step.
    parts : tuple of int
        All parts that are this worker's; what is kept of others goes.
    dropped : tuple of int
        Steps whose values nobody wants any more.
    returns : bool
        Whether the values, if small, are part of the answer.
    """

    target: int
    numbers: tuple[int, ...]
    tasks: Mapping[int, Task]
    parts: tuple[int, ...]
    dropped: tuple[int, ...] = ()
    returns: bool = True


class Answer(NamedTuple):
    """What was made and kept, as (step, part); and the pickled values, in order, where these are small."""

    made: list[tuple[int, int]]
    values: list[bytes] | None


class Emptied(NamedTuple):
    """The answer of a store that no longer has what it should of a part: its worker was started anew, say."""

    part: int


class Store:
    """The values that a worker keeps, by step and part. A copy is empty: what it lacks is made anew."""

    def __init__(self) -> None:
        self._values: dict[tuple[int, int], Any] = {}
        self._lock = Lock()

    def __reduce__(self) -> tuple[type[Store], tuple[()]]:
        return Store, ()

    def fill(self, order: Order, held: Sequence[bytes]) -> Answer | Emptied:
        """Make what an order asks for."""
        with self._lock:
            self._drop(order)
            making = _Making(self._values, order.tasks, held)
            values = []
            for number in order.numbers:
                try:
                    values.append(making.value(order.target, number))
                except _LostError:
                    return Emptied(number)
            return Answer(making.made, _pickled_if_small(values) if order.returns else None)

    def turn(self, order: Order, carried: bytes, held: Sequence[bytes]) -> bytes | Emptied:
        """Do the target's work on one part after the other, from what is carried on; keep what it makes of each."""
        with self._lock:
            self._drop(order)
            making, state = _Making(self._values, order.tasks, held), pickle.loads(carried)
            task = order.tasks[order.target]
            for number in order.numbers:
                try:
                    part, *own = making.arguments(task, number)
                except _LostError:
                    return Emptied(number)
                state, self._values[order.target, number] = task.work(part, state, *own)
            return pickle.dumps(state, 5)

    def copies(self, step: int, numbers: Sequence[int]) -> list[bytes] | Emptied:
        """The pickled values of a step for some parts."""
        if lost := self._lost(step, numbers):
            return lost
        return [pickle.dumps(self._values[step, number], 5) for number in numbers]

    def added(self, step: int, numbers: Sequence[int], carried: bytes | None) -> bytes | Emptied:
        """The pickled sum of a step's values for some parts, added one by one to what is carried, and then dropped."""
        if lost := self._lost(step, numbers):
            return lost
        own = [self._values.pop((step, number)) for number in numbers]
        return pickle.dumps(added(own if carried is None else [pickle.loads(carried), *own]), 5)

    def _lost(self, step: int, numbers: Sequence[int]) -> Emptied | None:
        return next((Emptied(number) for number in numbers if (step, number) not in self._values), None)

    def _drop(self, order: Order) -> None:
        parts, dropped = set(order.parts), set(order.dropped)
        for key in [(step, part) for step, part in self._values if step in dropped or part not in parts]:
            del self._values[key]


class _LostError(Exception):
    """The order has no task for a value that should be there."""


class _Making:
    """Makes values and what they are made of; `made` lists those that were kept, as (step, part)."""

    def __init__(self, kept: dict[tuple[int, int], Any], tasks: Mapping[int, Task], held: Sequence[bytes]) -> None:
        self._kept, self._tasks, self._held = kept, tasks, held
        self._shared: dict[Value, Any] = {}
        self.made: list[tuple[int, int]] = []

    def value(self, step: int, number: int) -> Any:
        return self._made(step, number, {})

    def arguments(self, task: Task, number: int) -> list[Any]:
        """Those of a task that may change all but the first, which is the part."""
        passing: dict[int, Any] = {}
        given = [self._given(argument, number, passing) for argument in task.arguments]
        changes = [isinstance(argument, Made) and argument.changes for argument in task.arguments]
        part, *own = zip(given, changes, strict=True)
        return [part[0], *(deepcopy(value) if may else value for value, may in own)]

    def _made(self, step: int, number: int, passing: dict[int, Any]) -> Any:
        """The value of a step; `passing` has those for this part that are not kept."""
        if (step, number) in self._kept:
            return self._kept[step, number]
        if step in passing:
            return passing[step]
        if step not in self._tasks:
            raise _LostError
        task = self._tasks[step]
        value = task.work(*[self._given(argument, number, passing) for argument in task.arguments])
        if task.kept:
            self._kept[step, number] = value
            self.made.append((step, number))
        else:
            passing[step] = value
        return value

    def _given(self, argument: Value | Values | Made, number: int, passing: dict[int, Any]) -> Any:
        if isinstance(argument, Made):
            return self._made(argument.step, number, passing)
        if isinstance(argument, Values):
            return self._loaded(argument.by_part[number])
        if argument not in self._shared:
            self._shared[argument] = self._loaded(argument)
        return self._shared[argument]

    def _loaded(self, value: Value) -> Any:
        return pickle.loads(self._held[value.pickled] if isinstance(value.pickled, int) else value.pickled)


def _pickled_if_small(values: Sequence[Any]) -> list[bytes] | None:
    if any(_n_bytes(value) > _SMALL for value in values):
        return None
    pickled = [pickle.dumps(value, 5) for value in values]
    return pickled if max(map(len, pickled)) <= _SMALL else None


def _n_bytes(value: Any) -> int:
    """The bytes of the arrays in it; the pickle has no fewer."""
    if isinstance(value, tuple):
        return sum(map(_n_bytes, value))
    return value.nbytes if isinstance(value, np.ndarray) else 0


def fill(store: Store, order: Order, *held: bytes) -> Answer | Emptied:
    """`Store.fill`, as the work of an engine."""
    return store.fill(order, held)


def add(
    carried: bytes | Emptied | None, filled: object, store: Store, step: int, numbers: Sequence[int]
) -> bytes | Emptied:
    """`Store.added`, as the work of an engine that carries the sum from worker to worker, once the store is filled."""
    return carried if isinstance(carried, Emptied) else store.added(step, numbers, carried)


def turn(carried: bytes | Emptied, store: Store, order: Order, *held: bytes) -> bytes | Emptied:
    """`Store.turn`, as the work of an engine that carries the state from worker to worker."""
    return carried if isinstance(carried, Emptied) else store.turn(order, carried, held)


def copies(store: Store, step: int, numbers: Sequence[int], *before: object) -> list[bytes] | Emptied:
    """`Store.copies`, as the work of an engine, once the work before is done."""
    return store.copies(step, numbers)
