"""Linear systems A·x = b with a symmetric A ≥ 0: by products with A, or by elimination."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from vikt.arrays import Floats
from vikt.model.loss import EPSILON

# Told the residual b - A·x, its square by the preconditioner, and by how much the last step lowered xᵀAx/2 - bᵀx
# (inf before the first): whether x will do.
StopRule = Callable[[Floats, float, float], bool]
InnerProduct = Callable[[Floats, Floats], float]


class Solved(NamedTuple):
    """An x, and whether A was met to be flat in a direction that b needs, where the search ended."""

    x: Floats
    flat: bool


def inner_product(a: Floats, b: Floats) -> float:
    """Σ a·b."""
    return float(np.sum(a * b))


def conjugate_gradients(
    product: Callable[[Floats], Floats],
    right: Floats,
    precondition: Callable[[Floats], Floats],
    stops: StopRule,
    most: int,
    inner: InnerProduct = inner_product,
    square: InnerProduct | None = None,
) -> Solved:
    """The x of A·x = b, found one product with A at a time.

    Parameters
    ----------
    product : callable
        A·v.
    right : ndarray
        b; it is overwritten.
    precondition : callable
        About A⁻¹·v.
    stops : callable
        See `StopRule`.
    most : int
        The most products.
    inner : callable
        The inner product.
    square : callable, optional
        The same of a residual and its preconditioned self from the first step on, where it is rounded in its own way.

    Source: Hestenes and Stiefel 1952.
    """
    x, rest = np.zeros_like(right), right
    direction = precondition(rest)
    size, fell = inner(rest, direction), np.inf
    for _ in range(most):
        if stops(rest, size, fell):
            break
        bent = product(direction)
        curvature = inner(direction, bent)
        if not curvature > 0:
            return Solved(x, True)
        x += size / curvature * direction
        rest -= size / curvature * bent
        fell = size * size / curvature
        scaled = precondition(rest)
        last, size = size, (square or inner)(rest, scaled)
        direction *= size / last
        direction += scaled
    return Solved(x, False)


def solve_semidefinite(matrix: Floats, right: Floats) -> Floats:
    """The x with A·x = b for a symmetric A ≥ 0, by elimination, the largest pivot first.

    A direction in which A is flat, but for rounding, is left alone: its part of x is 0.

    Examples
    --------
    >>> solve_semidefinite(np.array([[4.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 1.0, 1.0]]), np.array([8.0, 3.0, 3.0]))
    array([2., 3., 0.])
    """
    size = len(right)
    scale = np.sqrt(np.diag(matrix))
    scale = np.divide(1.0, scale, out=np.zeros(size), where=scale > 0)
    system = np.column_stack([matrix * scale * scale[:, None], right * scale])
    left = np.diag(system).copy()
    solved = np.zeros(size, dtype=bool)
    while not solved.all():
        pivot = int(np.argmax(np.where(solved, -np.inf, left)))
        if left[pivot] <= size * EPSILON:
            break
        solved[pivot] = True
        system[pivot] /= system[pivot, pivot]
        column = system[:, pivot].copy()
        column[pivot] = 0.0
        system -= np.multiply.outer(column, system[pivot])
        left = system[np.arange(size), np.arange(size)]
    return np.asarray(np.where(solved, system[:, -1] * scale, 0.0))
