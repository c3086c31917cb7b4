"""What a solver declares of itself, so that it is handed what it takes and refuses what it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vikt.solvers.solution import Solution


@dataclass(frozen=True)
class Solver:
    """A solver and what it takes; each stands beside the function that it declares.

    Attributes
    ----------
    run : callable
        run(objective, *, tol, max_iter, random_state, on_record, ...) -> Solution.
    takes_l1, takes_offset : bool
        Whether the objective may have λ₁ > 0, and known scores.
    takes_start : bool
        Whether it can start from a given `theta`.
    takes_validation : bool
        Whether it takes `validation` rows, and `early_stopping` by them.
    takes_parts : bool
        Whether the rows may lie in several parts; if not, all must be in memory as one.
    settings : tuple of str
        The further settings that it takes, by their names in `Settings`.
    """

    run: Callable[..., Solution]
    takes_l1: bool = False
    takes_offset: bool = False
    takes_start: bool = False
    takes_validation: bool = False
    takes_parts: bool = False
    settings: tuple[str, ...] = ()
