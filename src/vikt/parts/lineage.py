"""How the values of parts elsewhere are made, so that what a lost worker had can be made anew.

A step is work on what other steps made. It is done when its values are first needed. Until then it keeps what it is to
be made of; from then on it only knows how that was made.
"""

from __future__ import annotations

import pickle
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import count, islice
from typing import Any

from vikt.parts.part import PerPart

_numbers = count()


class Shared:
    """A value that is the same for every part, as it was when given."""

    def __init__(self, value: object) -> None:
        self.pickled = pickle.dumps(value, 5)
        self._held: tuple[int, object] | None = None

    def held(self, losses: int, hold: Callable[[bytes], object]) -> object:
        """What stands for it on the workers; it is held anew after each loss, since the copies may be lost too."""
        if self._held is None or self._held[0] != losses:
            self._held = losses, hold(self.pickled)
        return self._held[1]

    def release(self) -> None:
        """Let the workers forget it."""
        self._held = None


class Own:
    """A value for each part."""

    def __init__(self, values: Sequence[object]) -> None:
        self.values = values

    def pickled(self, number: int) -> bytes:
        return pickle.dumps(self.values[number], 5)


class Place:
    """A worker for as long as it has what it keeps.

    Attributes
    ----------
    worker : str
    store : object
        What stands for its store.
    parts : list of int
        Those that lie there.
    dropped : list of int
        Steps whose values it may forget, but has not been told to.
    """

    def __init__(self, worker: str, store: object = None) -> None:
        self.worker, self.store = worker, store
        self.parts: list[int] = []
        self.dropped: list[int] = []

    def keep_first(self, n: int) -> None:
        """Give away its parts but for the first n."""
        del self.parts[n:]

    def take(self, parts: Iterable[int]) -> None:
        """Let further parts lie here."""
        self.parts = sorted([*self.parts, *parts])

    def told_to_forget(self, n: int) -> None:
        """Note that it has been told of the first n of what it may forget."""
        del self.dropped[:n]


def shared_out(places: Sequence[Place], n_parts: int) -> list[Place]:
    """Give each place as many parts as the others, or one more, and move as few as that takes: the place of each.

    Examples
    --------
    >>> first, second = Place("first"), Place("second")
    >>> _ = shared_out([first], 5)
    >>> _ = shared_out([first, second], 5)
    >>> first.parts, second.parts
    ([0, 1, 2], [3, 4])
    """
    each, more = divmod(n_parts, len(places))
    by_size = sorted(places, key=lambda place: -len(place.parts))
    shares = {place: each + (rank < more) for rank, place in enumerate(by_size)}
    for place in places:
        place.keep_first(shares[place])
    taken = {number for place in places for number in place.parts}
    free = (number for number in range(n_parts) if number not in taken)
    for place in places:
        place.take(islice(free, shares[place] - len(place.parts)))
    place_of = {number: place for place in places for number in place.parts}
    return [place_of[number] for number in range(n_parts)]


class Step:
    """work(*arguments) for each part.

    Attributes
    ----------
    number : int
        Its name.
    arguments : sequence of Shared, Own, Kept or Step
        A `Kept` until it is done, then its step.
    kept : bool
        Whether the values are wanted, not only what is made of them.
    changes : bool
        Whether a turn may change the values in place.
    name : str
        What people see of it.
    where : dict of int to Place
        Where those are that have been made, by part.
    """

    def __init__(
        self,
        work: Callable[..., Any],
        arguments: Sequence[Shared | Own | Kept],
        changes: bool = True,
        kept: bool = True,
        name: str | None = None,
    ) -> None:
        self.number = next(_numbers)
        self.work = work
        self.arguments: Sequence[Shared | Own | Kept | Step] = arguments
        self.kept, self.changes, self.name = kept, changes, name or name_of(work)
        self.where: dict[int, Place] = {}

    @property
    def sources(self) -> list[Step]:
        """The steps whose values it takes."""
        found = (each.step if isinstance(each, Kept) else each for each in self.arguments)
        return [each for each in found if isinstance(each, Step)]

    @property
    def is_here(self) -> bool:
        """Whether all that it takes is here."""
        return all(isinstance(each, Own) for each in self.arguments)

    def value_here(self, number: int) -> Any:
        """The value of a part, made of what is here."""
        return self.work(*(each.values[number] for each in self.arguments if isinstance(each, Own)))

    def note(self, where: Mapping[int, Place]) -> None:
        """Note where the values of parts are."""
        self.where |= where

    def forget(self) -> None:
        """Note that no value is anywhere."""
        self.where = {}

    def unwanted(self) -> None:
        """Keep nothing that only the values need."""
        self.kept = False
        self.forget()
        self.end()

    def loaded_from(self, pickled: Sequence[bytes]) -> None:
        """Make the values of their pickles from now on, instead of other values."""
        self.work, self.arguments = pickle.loads, [Own(pickled)]

    def is_at(self, place: Place, parts: Sequence[int]) -> bool:
        return all(self.where.get(number) is place for number in parts)

    def is_done(self, place_of: Sequence[Place]) -> bool:
        return all(self.where.get(number) is place for number, place in enumerate(place_of))

    def end(self) -> None:
        """Drop what it was made of, here and on the workers, and keep only how that is made."""
        self.arguments = [each.step if isinstance(each, Kept) else each for each in self.arguments]
        for each in self.arguments:
            if isinstance(each, Shared):
                each.release()


class Kept:
    """What stands for a step's values for as long as somebody wants them."""

    def __init__(self, step: Step, dropped: Callable[[int], None]) -> None:
        self.step = step
        weakref.finalize(self, _let_go, step, dropped).atexit = False


def name_of(work: Callable[..., Any]) -> str:
    """The name of a function, or of the one that is partially applied, in words.

    Examples
    --------
    >>> name_of(as_argument)
    'as-argument'
    """
    while isinstance(work, partial):
        work = work.func
    return str(getattr(work, "__name__", type(work).__name__)).strip("_").replace("_", "-")


def _let_go(step: Step, dropped: Callable[[int], None]) -> None:
    step.unwanted()
    dropped(step.number)


def as_argument(value: object) -> Shared | Own | Kept:
    """What a caller gives to work."""
    if not isinstance(value, PerPart):
        return Shared(value)
    first = value.elements[0]
    return first if isinstance(first, Kept) else Own(value.elements)
