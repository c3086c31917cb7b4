"""The learning rate α, fixed or automatic (lecture 6c: a hyperparameter, typically small)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vikt.model.objective import Objective
from vikt.parameters import FIT, checked_value
from vikt.parts import Part

Schedule = Callable[[int], float]


def learning_rates(objective: Objective, learning_rate: float | str, batch_size: int) -> Schedule:
    """α of each step: one number for every step, or "auto".

    Automatic: α_0 of `automatic_learning_rate`. Batch descent keeps it. A smaller batch has noise, which dies out only
    if α falls: α_t = α_0 / (1 + 2λ·α_0·t) for step t (Bottou 2012, for an objective as convex as its penalty), and
    α_0 / √(passes + 1) where λ = 0.

    Raises
    ------
    UsageError
        It is neither "auto" nor a number above 0.
    """
    given = checked_value("learning_rate", FIT["learning_rate"], learning_rate)
    if given != "auto":
        return _constant(given)
    m, l2 = objective.n_rows, objective.l2
    alpha = automatic_learning_rate(objective, batch_size)
    if batch_size == m:
        return _constant(alpha)
    if l2 > 0:
        return lambda step: alpha / (1 + 2 * l2 * alpha * step)
    steps = -(-m // batch_size)
    return lambda step: alpha / float(np.sqrt(step // steps + 1))


def automatic_learning_rate(objective: Objective, batch_size: int) -> float:
    """α_0 = 1 / (c·s + 2λ), one over how much the objective curves as a batch of b rows sees it.

    c is `Loss.steepest`, the most that the loss curves in a score. s is the size of a row, ‖x‖² + 1. For all m rows at
    once it is the mean size, which bounds the curvature, so that batch descent comes closer in every step. For one row
    it is the mean with each row counted by its size, as large rows move θ most; for b rows it lies between, by the
    share (m - b) / (b(m - 1)) of one row's variance that the mean of b rows keeps.

    Parameters
    ----------
    objective : Objective
    batch_size : int
        b, from 1 to m.

    Examples
    --------
    >>> from vikt.matrix import DenseMatrix
    >>> X = DenseMatrix(np.array([[1.0], [1.0]]))
    >>> automatic_learning_rate(Objective.of(X, np.array([0, 1]), n_classes=2, l2=0.0), 2)
    2.0
    """
    m = objective.n_rows
    total, squares = objective.parts.sums(_row_sizes, m / objective.total_weight)
    mean = total / m or 1.0
    noise = (m - batch_size) / (batch_size * max(m - 1, 1))
    size = (1 - noise) * mean + noise * (squares / m) / mean
    return float(1 / (objective.loss.steepest * size + 2 * np.max(objective.penalty.strengths)))


def _row_sizes(part: Part, scale: float) -> tuple[float, float]:
    """Σ s and Σ s² of the sizes s = w·m/W·(‖x‖² + 1) of one part's rows."""
    sizes = part.weights * scale * (part.X.squared_norms() + part.X.has_dummy)
    return float(np.sum(sizes)), float(np.sum(sizes**2))


def _constant(alpha: float) -> Schedule:
    return lambda step: alpha
