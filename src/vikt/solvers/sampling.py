"""How a descent draws its rows: a pass over m data points, in batches (lecture 6c)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from vikt.arrays import RowIndices
from vikt.errors import UsageError, check_known

# Named in quotes, since NumPy imports what it draws with when first asked for it.
Sampling = Callable[[int, int, "np.random.Generator"], Iterator[RowIndices]]


def with_replacement(m: int, batch_size: int, random: np.random.Generator) -> Iterator[RowIndices]:
    """Select i randomly, 0 ≤ i < m, again and again: as many rows as there are, some twice, some never."""
    for first in range(0, m, batch_size):
        yield random.integers(m, size=min(batch_size, m - first))


def by_epochs(m: int, batch_size: int, random: np.random.Generator) -> Iterator[RowIndices]:
    """Shuffle the rows and take one group after another: every row once."""
    order = random.permutation(m)
    for first in range(0, m, batch_size):
        yield order[first : first + batch_size]


SAMPLINGS: dict[str, Sampling] = {"replacement": with_replacement, "epochs": by_epochs}


def batch_of(given: int | None, m: int) -> int:
    """Data points a step: those asked for, at most all m; all of them where none are asked for."""
    if given is not None and given < 1:
        raise UsageError(f"batch_size: expected 1 or more data points, found {given}")
    return m if given is None else min(given, m)


def sampling_named(name: str) -> Sampling:
    """The sampling of that name; a name that is not known raises UsageError."""
    check_known("sampling", name, SAMPLINGS)
    return SAMPLINGS[name]
