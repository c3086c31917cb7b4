"""The figures of answers that have an order, each a value with its interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Ints
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

_FIGURES: Mapping[str, LevelFigure] = {
    "mean_absolute_error": mean_absolute_error_of,
    "quadratic_kappa": quadratic_kappa_of,
    "spearman": rank_correlation_of,
}


def level_figures(entries: Ints, n_levels: int, numbers: ArrayLike | None = None) -> dict[str, Figure]:
    """The figures of a table of levels and answers, by their names in JSON.

    Parameters
    ----------
    entries : ndarray of int, (N, 3)
        Its cells above 0: level, answer, rows. Rows of levels from `n_levels` on, which training did not have, and rows
        that are not answered, whose answer is below 0, are left out.
    n_levels : int
        K.
    numbers : array_like, (K,), optional
        The numbers that the labels are, if all are numbers: the error is then told in these too.

    Examples
    --------
    >>> level_figures(np.array([[0, 0, 40], [0, 1, 10], [1, 1, 50]]), 2)["mean_absolute_error"].value
    0.1
    """
    figures = dict(_FIGURES)
    if numbers is not None:
        figures["mean_absolute_error_in_numbers"] = partial(mean_absolute_error_of, numbers=numbers)
    is_known = (entries[:, 0] < n_levels) & (entries[:, 1] >= 0)
    real, answers, rows = known = entries[is_known].T
    n_rows, left_out = int(rows.sum()), int(entries[~is_known, 2].sum())
    drawn = drawn_level_figures(known.T, figures) if n_rows else dict.fromkeys(figures, np.full(1, np.nan))
    notes = {
        "no row has both an answer and a level seen in training": not n_rows,
        f"leaves out {counted(left_out, 'row')} unanswered or of levels unseen in training": left_out > 0,
    }
    one_level = n_rows > 0 and len(np.unique(real)) == 1
    one_answer = n_rows > 0 and len(np.unique(answers)) == 1
    alike = {"all rows are of one level": one_level, "all answers are of one level": one_answer}
    facts, table = {"rows": n_rows, "left_out": left_out}, Cells(real, answers, rows[None])

    def figure(name: str, value: Callable[[Cells], object]) -> Figure:
        about = notes if name.startswith("mean_absolute_error") else notes | alike
        return bootstrapped(float(np.asarray(value(table))[0]), drawn[name], about, facts)

    return {name: figure(name, value) for name, value in figures.items()}
