"""Orders to workers, made of steps."""

from __future__ import annotations

from collections.abc import Sequence

from vikt.parts.engine import Engine
from vikt.parts.lineage import Kept, Own, Place, Shared, Step
from vikt.parts.store import Made, Order, Task, Value, Values

# A pickle up to this size travels with each order; a larger one is sent once and held.
LARGE = 1 << 18


class Packing:
    """Makes an order to one place, and sends what is large ahead of it; `steps` has the steps that it names, by number.

    Parameters
    ----------
    engine : Engine
    losses : int
        How many losses there were: what was held before the last may be lost too.
    place : Place
    """

    def __init__(self, engine: Engine, losses: int, place: Place) -> None:
        self._engine, self._losses, self._place = engine, losses, place
        self.steps: dict[int, Step] = {}
        self._tasks: dict[int, Task] = {}
        self._held: list[object] = []
        self._n_dropped = len(place.dropped)

    def order(self, step: Step, numbers: Sequence[int], returns: bool = True) -> list[object]:
        """The arguments of `vikt.parts.store.fill`, for a step's values of some of the place's parts.

        These return if that is wanted and they are small.
        """
        self._add(step, numbers)
        dropped = tuple(self._place.dropped[: self._n_dropped])
        order = Order(step.number, tuple(numbers), self._tasks, tuple(self._place.parts), dropped, returns)
        return [self._place.store, order, *self._held]

    def note(self, made: Sequence[tuple[int, int]]) -> None:
        """Record what an order has led to."""
        self._place.told_to_forget(self._n_dropped)
        for number, part in made:
            self.steps[number].note({part: self._place})

    def _add(self, step: Step, numbers: Sequence[int]) -> None:
        if step.number in self._tasks or step.is_at(self._place, numbers):
            return
        self.steps[step.number] = step
        arguments = [self._packed(each, numbers) for each in step.arguments]
        self._tasks[step.number] = Task(step.work, arguments, step.kept)
        for source in step.sources:
            self._add(source, numbers)

    def _packed(self, argument: Shared | Own | Kept | Step, numbers: Sequence[int]) -> Value | Values | Made:
        if isinstance(argument, Shared):
            if len(argument.pickled) <= LARGE:
                return Value(argument.pickled)
            return self._sent_ahead(argument.held(self._losses, self._engine.hold))
        if isinstance(argument, Own):
            return Values({number: self._own(argument.pickled(number)) for number in numbers})
        made = argument.step if isinstance(argument, Kept) else argument
        return Made(made.number, made.changes)

    def _own(self, pickled: bytes) -> Value:
        if len(pickled) <= LARGE:
            return Value(pickled)
        return self._sent_ahead(self._engine.hold(pickled, self._place.worker))

    def _sent_ahead(self, held: object) -> Value:
        self._held.append(held)
        return Value(len(self._held) - 1)
