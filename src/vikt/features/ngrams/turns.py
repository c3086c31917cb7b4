"""What goes through texts that are too many for memory, shard by shard, whether they lie on a disk or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from vikt.corpus.texts import Texts

S = TypeVar("S")


class ShardTexts(NamedTuple):
    """The texts of a shard, and its number among all shards."""

    number: int
    texts: Texts


class Turns(Protocol):
    """Goes through all shards of the texts in one or several turns, which may be taken at the same time."""

    def __call__(self, stage: str, work: Callable[..., S], start: S, *arguments: object) -> list[S]:
        """Take each turn over its shards, one after the other.

        Parameters
        ----------
        stage : str
            What the work is called where progress is told.
        work : Callable
            state = work(shard, state, *arguments), for the `ShardTexts` of a shard. It may change the state that it is
            given. It can be pickled, and so can states and arguments.
        start : object
            The state in which every turn starts, as a copy of its own.

        Returns
        -------
        list
            The last state of each turn, in the order of their shards.
        """
        ...


@dataclass(frozen=True)
class OneTurn:
    """A single turn, in this process.

    Attributes
    ----------
    shards : Callable
        Gives one shard after the other, each time that it is called with the name of a stage.
    """

    shards: Callable[[str], Iterable[ShardTexts]]

    def __call__(self, stage: str, work: Callable[..., S], start: S, *arguments: object) -> list[S]:
        state = start
        for shard in self.shards(stage):
            state = work(shard, state, *arguments)
        return [state]
