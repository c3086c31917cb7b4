"""Backtracking: how much of a step to go."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Point = TypeVar("Point")

# The part of the fall that the slope promises which a step must bring.
ENOUGH = 1e-4
_SHORTEST_STEP = 2.0**-40


def backtracked(point_at: Callable[[float], Point], lower: Callable[[float, Point], bool]) -> Point | None:
    """The point some way along a step, from all of it down by halves, that is low enough; None where no part is.

    Examples
    --------
    >>> backtracked(lambda length: 8 * length, lambda length, x: (x - 3) ** 2 < 9)
    4.0
    """
    length = 1.0
    while length > _SHORTEST_STEP:
        point = point_at(length)
        if lower(length, point):
            return point
        length /= 2
    return None
