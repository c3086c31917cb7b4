"""Figures of answers that have an order: how far they are from the truth, and how well they agree with it.

Levels are counted from 0, the lowest. Each figure is that of a table of levels and answers, which is what the
bootstrap draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Floats, Ints
from vikt.errors import UsageError
from vikt.metrics.bootstrap import N_DRAWS, cells_of, parts, summed_by
from vikt.metrics.classification import ratio


class Cells(NamedTuple):
    """The rows by level and answer, in one table or in many.

    Attributes
    ----------
    real, answers : ndarray of int, (N,)
        The level and the answer of the rows of each cell.
    rows : ndarray of int, (draws, N)
        How many rows of each cell there are.
    """

    real: Ints
    answers: Ints
    rows: Ints


LevelFigure = Callable[[Cells], Floats]


def mean_absolute_error(real: ArrayLike, answers: ArrayLike, numbers: ArrayLike | None = None) -> float:
    """The mean of |answer - level|, in levels or in the numbers that the levels stand for; nan without rows.

    Parameters
    ----------
    real, answers : array_like of int, (m,)
        The level of each row, and the level that is answered.
    numbers : array_like, (K,), optional
        The number of each level.

    Raises
    ------
    UsageError
        The two are not lists of levels of the same length.

    Examples
    --------
    >>> mean_absolute_error([0, 1, 2], [0, 2, 2], numbers=[1, 2, 5])
    1.0
    """
    return _figure(lambda cells: mean_absolute_error_of(cells, numbers), real, answers)


def quadratic_kappa(real: ArrayLike, answers: ArrayLike) -> float:
    """Cohen's kappa with squared distances d for weights: 1 - Σ d / (Σ d expected of independent answers).

    It is 1 where all answers are right, 0 where they agree with the levels by chance alone, and nan where all rows and
    all answers are of one level. Parameters and errors as for `mean_absolute_error`.

    Notes
    -----
    Cohen 1968, Weighted kappa, Psychological Bulletin 70.

    Examples
    --------
    >>> round(quadratic_kappa([0, 1, 2, 2], [0, 2, 2, 2]), 4)
    0.8333
    """
    return _figure(quadratic_kappa_of, real, answers)


def rank_correlation(real: ArrayLike, answers: ArrayLike) -> float:
    """Spearman's ρ: the correlation of ranks, equal levels having their mean rank; nan where a side is of one level.

    Parameters and errors as for `mean_absolute_error`.

    Notes
    -----
    Spearman 1904, The proof and measurement of association between two things, American Journal of Psychology 15.

    Examples
    --------
    >>> round(rank_correlation([0, 1, 2], [0, 2, 2]), 4)
    0.866
    """
    return _figure(rank_correlation_of, real, answers)


def mean_absolute_error_of(cells: Cells, numbers: ArrayLike | None = None) -> Floats:
    """`mean_absolute_error` of each table: (draws,)."""
    real, answers = (side if numbers is None else np.asarray(numbers)[side] for side in (cells.real, cells.answers))
    return ratio(_total(np.abs(answers - real), cells.rows), cells.rows.sum(axis=1))


def quadratic_kappa_of(cells: Cells) -> Floats:
    """`quadratic_kappa` of each table: (draws,)."""
    real, answers, rows = cells
    m = np.maximum(rows.sum(axis=1), 1)
    squares = _total(real**2 + answers**2, rows)
    expected = squares - 2 * _total(real, rows) * _total(answers, rows) / m
    return 1 - ratio(_total((real - answers) ** 2, rows), expected)


def rank_correlation_of(cells: Cells) -> Floats:
    """`rank_correlation` of each table: (draws,)."""
    rows = cells.rows
    real, answers = (_centred_ranks(side, rows) for side in (cells.real, cells.answers))
    return ratio(_total(real * answers, rows), np.sqrt(_total(real**2, rows)) * np.sqrt(_total(answers**2, rows)))


def drawn_level_figures(
    entries: Ints, figures: Mapping[str, LevelFigure], draws: int = N_DRAWS, seed: int = 0
) -> dict[str, Floats]:
    """Figures in draws of the rows with replacement: (draws,).

    The rows in a cell are alike, so a draw is one multinomial sample of the cells.

    Parameters
    ----------
    entries : ndarray of int, (N, 3)
        The cells above 0: level, answer, rows.
    figures : mapping of str to callable
        Each a function of many tables.
    """
    (real, answers, rows), rng = entries.T, np.random.default_rng(seed)
    shares = rows / rows.sum()
    tables = [
        Cells(real, answers, rng.multinomial(rows.sum(), shares, size=stop - start))
        for start, stop in parts(draws, len(rows))
    ]
    return {name: np.concatenate([figure(cells) for cells in tables]) for name, figure in figures.items()}


def _figure(figure: LevelFigure, real: ArrayLike, answers: ArrayLike) -> float:
    sides = [np.asarray(side) for side in (real, answers)]
    if sides[0].ndim != 1 or sides[0].shape != sides[1].shape:
        raise UsageError(
            f"levels: expected one level and one answer of each row, found shapes {sides[0].shape} and "
            f"{sides[1].shape}; give two lists of the same length"
        )
    if not sides[0].size:
        return math.nan
    levels, answered, rows = cells_of(*(side.astype(np.int64) for side in sides)).T
    return float(figure(Cells(levels, answered, rows[None]))[0])


def _total(values: Floats | Ints, rows: Ints) -> Floats:
    """Σ rows·value of each table, by the value of each cell, (N,) or (draws, N): (draws,)."""
    return np.asarray(np.sum(rows * values, axis=1))


def _centred_ranks(side: Ints, rows: Ints) -> Floats:
    """The mean rank of each cell's level among all rows, less the mean of all ranks: (draws, N)."""
    of_level = summed_by(side, rows, int(side.max(initial=0)) + 1)
    middles = np.cumsum(of_level, axis=1) - of_level / 2 - rows.sum(axis=1, keepdims=True) / 2
    return np.asarray(middles[:, side])
