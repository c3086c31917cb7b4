"""How a descent draws its rows: a pass over m data points, in batches (lecture 6c)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from vikt.arrays import RowIndices
from vikt.parameters import FIT, checked_value

# In quotes, since NumPy imports its random generators only when they are first used.
Sampling = Callable[[int, int, "np.random.Generator"], Iterator[RowIndices]]


def with_replacement(m: int, batch_size: int, random: np.random.Generator) -> Iterator[RowIndices]:
    """Select i randomly, 0 ≤ i < m, m times: some rows come twice, some never."""
    for first in range(0, m, batch_size):
        yield random.integers(m, size=min(batch_size, m - first))


def by_epochs(m: int, batch_size: int, random: np.random.Generator) -> Iterator[RowIndices]:
    """Shuffle the rows and take one group after another: every row once."""
    order = random.permutation(m)
    for first in range(0, m, batch_size):
        yield order[first : first + batch_size]


SAMPLINGS: dict[str, Sampling] = {"replacement": with_replacement, "epochs": by_epochs}


def batch_of(size: int | None, m: int) -> int:
    """Data points a step: `size`, but at most all m; all of them where it is None."""
    return m if size is None else min(checked_value("batch_size", FIT["batch_size"], size), m)
