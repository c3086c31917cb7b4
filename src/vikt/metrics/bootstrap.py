"""The bootstrap: a figure is computed again for test rows drawn with replacement, as many as there are.

Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 13.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, Ints
from vikt.metrics.averages import Counts

N_DRAWS = 1000
# Draws are made this many numbers at a time, so that many classes or rows do not need much memory.
_AT_ONCE = 1 << 21
_MOST_ROWS, _BINS = 10_000, 512

CountFigure = Callable[[Counts], Floats]


def drawn_figures(
    entries: Ints, size: int, figures: Mapping[str, CountFigure], draws: int = N_DRAWS, seed: int = 0
) -> dict[str, Floats]:
    """Figures of a confusion matrix of `size` classes in each of the draws: (draws,).

    The rows in a cell are alike, so a draw is one multinomial sample of the cells.

    Parameters
    ----------
    entries : ndarray of int, (N, 3)
        The cells above 0: row, column, count. A column below 0 stands for rows that no class was predicted for.
    figures : mapping of str to callable
        Each a function of the counts of many draws.
    """
    samples = [
        {name: value(counts) for name, value in figures.items()}
        for counts in _drawn_counts(entries, size, draws, np.random.default_rng(seed))
    ]
    return {name: np.concatenate([sample[name] for sample in samples]) for name in figures}


def drawn_means(values: Floats, draws: int = N_DRAWS, seed: int = 0) -> Floats:
    """The mean of (m,) values in each of the draws: (draws,), whatever the order of the values.

    Above 10,000 values, those in one of 512 bins of equal width are taken to be alike, so that the time is bounded. The
    mean stays what it is, and the values lose less than a thousandth of their variance, even with a long tail.
    """
    ordered, rng = np.sort(values), np.random.default_rng(seed)
    if len(values) > _MOST_ROWS:
        counts, bin_means = _in_bins(ordered)
        return np.asarray(
            (rng.multinomial(len(values), counts / len(values), size=draws) * bin_means).sum(axis=1) / len(values)
        )
    means = np.empty(draws)
    for start, stop in parts(draws, len(values)):
        rows = rng.integers(len(values), size=(stop - start, len(values)), dtype=np.int32)
        means[start:stop] = ordered[rows].mean(axis=1)
    return means


def _in_bins(ordered: Floats) -> tuple[Ints, Floats]:
    """How many of the values each bin holds, and their mean; bins without any are left out."""
    edges = np.linspace(ordered[0], ordered[-1], _BINS + 1)[:-1]
    starts = np.unique(np.searchsorted(ordered, edges))
    counts = np.diff(starts, append=len(ordered))
    return counts, np.add.reduceat(ordered, starts) / counts


def _drawn_counts(entries: Ints, size: int, draws: int, rng: np.random.Generator) -> Iterator[Counts]:
    rows, columns, cells = entries.T
    for start, stop in parts(draws, len(cells) + size):
        yield counts_of(rows, columns, rng.multinomial(cells.sum(), cells / cells.sum(), size=stop - start), size)


def cells_of(*columns: Ints) -> Ints:
    """The different rows of some columns, and how many there are of each: (N, columns + 1).

    Examples
    --------
    >>> cells_of(np.array([1, 0, 1]), np.array([0, 0, 0])).tolist()
    [[0, 0, 1], [1, 0, 2]]
    """
    rows, counts = np.unique(np.column_stack(columns), axis=0, return_counts=True)
    return np.column_stack([rows, counts]).astype(np.int64)


def counts_of(real: Ints, answers: Ints, cells: Ints, size: int) -> Counts:
    """The counts of each of `size` classes, in each draw.

    Parameters
    ----------
    real, answers : ndarray of int, (N,)
        The class and the answer of the rows of each cell; an answer below 0 stands for none.
    cells : ndarray of int, (draws, N)
        How many rows of each cell there are in a draw.
    """
    right, answered = real == answers, answers >= 0
    return Counts(
        summed_by(real[right], cells[:, right], size),
        summed_by(real, cells, size),
        summed_by(answers[answered], cells[:, answered], size),
    )


def parts(draws: int, numbers: int) -> Iterator[tuple[int, int]]:
    """The bounds of parts of the draws; a part is small enough for memory where a draw is `numbers` numbers."""
    at_once = max(1, _AT_ONCE // numbers)
    return ((start, min(start + at_once, draws)) for start in range(0, draws, at_once))


def summed_by(groups: Ints, counts: NDArray[np.int64], size: int) -> Ints:
    """Add up the columns of counts (draws, cells) that belong to one group: (draws, size)."""
    sums = np.zeros((len(counts), size), dtype=np.int64)
    if len(groups):
        order = np.argsort(groups, kind="stable")
        present, starts = np.unique(groups[order], return_index=True)
        sums[:, present] = np.add.reduceat(counts[:, order], starts, axis=1)
    return sums
