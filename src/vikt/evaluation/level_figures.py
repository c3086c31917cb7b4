"""The figures of answers that have an order, each a value with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Bools, Ints
from vikt.evaluation.figures import Figure, bootstrapped
from vikt.metrics.ordered import (
    Cells,
    LevelFigure,
    drawn_level_figures,
    mean_absolute_error_of,
    quadratic_kappa_of,
    rank_correlation_of,
)
from vikt.tables import counted

_OF_LEVELS: Mapping[str, LevelFigure] = {
    "mean_absolute_error": mean_absolute_error_of,
    "quadratic_kappa": quadratic_kappa_of,
}
# What one level on a side leaves undefined.
_OF_VARIATION = ("quadratic_kappa", "spearman")


def level_figures(entries: Ints, n_levels: int, numbers: ArrayLike | None = None) -> dict[str, Figure]:
    """The figures of a table of levels and answers, by their names in JSON.

    Rows that are not answered, and rows of levels that training did not have, are left out. Where levels are numbers, a
    level that is a number has a rank and a distance though training did not have it: the correlation and the error in
    numbers then count its rows.

    Parameters
    ----------
    entries : ndarray of int, (N, 3)
        Its cells above 0: level, answer, rows. Levels from `n_levels` on are those that training did not have; an
        answer below 0 is none.
    n_levels : int
        K.
    numbers : array_like, (L,), optional
        The number of each level, if those of training are numbers; nan for one that is not.

    Examples
    --------
    >>> entries = np.array([[0, 0, 40], [0, 1, 10], [1, 1, 50]])
    >>> level_figures(entries, 2)["mean_absolute_error"].value
    0.1
    >>> level_figures(entries, 1, numbers=[1, 5])["mean_absolute_error_in_numbers"].value
    0.4
    """
    seen = entries[:, 0] < n_levels
    if numbers is None:
        return _figures(entries, seen, {**_OF_LEVELS, "spearman": rank_correlation_of})
    values = np.asarray(numbers, dtype=np.float64)
    distinct, rank = np.unique(values, return_inverse=True)
    ranked = np.column_stack([rank[entries[:, 0]], np.where(entries[:, 1] < 0, -1, rank[entries[:, 1]]), entries[:, 2]])
    of_numbers: Mapping[str, LevelFigure] = {
        "spearman": rank_correlation_of,
        "mean_absolute_error_in_numbers": partial(mean_absolute_error_of, numbers=distinct),
    }
    return _figures(entries, seen, _OF_LEVELS) | _figures(ranked, ~np.isnan(values)[entries[:, 0]], of_numbers)


def _figures(entries: Ints, is_comparable: Bools, figures: Mapping[str, LevelFigure]) -> dict[str, Figure]:
    """Figures of the cells whose level can be compared with an answer, and that are answered."""
    used = is_comparable & (entries[:, 1] >= 0)
    real, answers, rows = entries[used].T
    n_rows, left_out = int(rows.sum()), int(entries[~used, 2].sum())
    drawn = drawn_level_figures(entries[used], figures) if n_rows else dict.fromkeys(figures, np.full(1, np.nan))
    notes = {
        "no row has both an answer and a level seen in training": not n_rows,
        f"leaves out {counted(left_out, 'row')} unanswered or of levels unseen in training": left_out > 0,
    }
    one_level = n_rows > 0 and len(np.unique(real)) == 1
    one_answer = n_rows > 0 and len(np.unique(answers)) == 1
    alike = {"all rows are of one level": one_level, "all answers are of one level": one_answer}
    facts, table = {"rows": n_rows, "left_out": left_out}, Cells(real, answers, rows[None])
    return {
        name: bootstrapped(
            float(np.asarray(value(table))[0]), drawn[name], notes | alike if name in _OF_VARIATION else notes, facts
        )
        for name, value in figures.items()
    }
