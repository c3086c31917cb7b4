"""The declaration of a solver: what it can take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vikt.solvers.solution import Solution


@dataclass(frozen=True)
class Solver:
    """A solver, run(objective, *, tol, max_iter, random_state, on_record, ...) -> Solution, and what else it takes.

    These are objectives with λ₁ > 0, with an offset, or with rows in several parts; a `theta` to start from; a
    `checkpoint` to resume from; `validation` rows, with `early_stopping` by these; and further settings, by their
    names in `Settings`.
    """

    run: Callable[..., Solution]
    takes_l1: bool = False
    takes_offset: bool = False
    takes_start: bool = False
    takes_validation: bool = False
    takes_parts: bool = False
    takes_checkpoint: bool = False
    settings: tuple[str, ...] = ()
