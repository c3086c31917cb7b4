"""What a dual ascent has reached after a pass, from which another process resumes, to the same last bit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple, Protocol, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, Reals
from vikt.files.snapshot import Snapshot
from vikt.mappings import Json
from vikt.model.objective import Objective
from vikt.parts import Part
from vikt.solvers.dual_layouts import PerLabel, Point


class Checkpoint(Protocol):
    """Where a solver keeps what it has reached."""

    def keep(self, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of the one before; or keep that one, if it is almost as recent."""
        ...

    def kept(self) -> Snapshot | None:
        """The last snapshot of a solver that was interrupted, if there is one."""
        ...


class Reached(NamedTuple):
    """What the passes to come depend on, besides the objective.

    Attributes
    ----------
    point : Point
    alpha_scores : iterable
        Those of each part, as in `DualState`.
    negligible, aim : float or (K',)
        As in `Ascent`.
    random : Generator
        That of the orders of visits.
    """

    point: Point
    alpha_scores: Iterable[Reals]
    negligible: PerLabel
    aim: Floats
    random: np.random.Generator

    def snapshot(self, facts: Json) -> Snapshot:
        """With further facts."""
        bits = self.random.bit_generator
        own = {"random": bits.state, "spawned": bits.seed_seq.n_children_spawned}  # type: ignore[attr-defined]
        return Snapshot({**facts, **own}, self._arrays())

    def _arrays(self) -> Iterator[NDArray[Any]]:
        yield from (*self.point, np.asarray(self.negligible), self.aim)
        yield from self.alpha_scores

    @classmethod
    def of(cls, snapshot: Snapshot, random_state: int) -> Self:
        """The inverse of `snapshot`; `random_state` is the seed."""
        arrays = iter(snapshot.arrays)
        theta, intercepts, negligible, aim = islice(arrays, 4)
        seed = np.random.SeedSequence(random_state, n_children_spawned=snapshot.facts["spawned"])
        random = np.random.default_rng(seed)
        random.bit_generator.state = snapshot.facts["random"]
        # Of one label, a number.
        return cls(Point(theta, intercepts), arrays, negligible[()], aim, random)


def fit_of(objective: Objective, tol: float, random_state: int) -> Json:
    """What tells one fit from another: a fit resumes only from a snapshot of its own."""
    parts = objective.parts
    return {
        "rows": parts.sums(_fingerprint),
        "parts": [parts.n_parts, parts.n_turns],
        "shape": list(objective.shape),
        "l2": objective.l2,
        "tol": tol,
        "random_state": random_state,
    }


# The work of one part.


def _fingerprint(part: Part) -> int:
    """A number that changes with the rows."""
    fingerprint = 0
    for array in (part.X.row_hashes(), part.y, part.weights):
        fingerprint = crc32(np.ascontiguousarray(array).data, fingerprint)
    return fingerprint
