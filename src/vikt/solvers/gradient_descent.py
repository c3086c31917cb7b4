"""Gradient descent: batch, stochastic and minibatch (lecture 6c)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Columns, Floats, RowIndices
from vikt.errors import DivergenceError, check_known
from vikt.model.objective import Objective
from vikt.model.penalties import L2
from vikt.names import LOOSE_TOL
from vikt.solvers.learning_rate import Schedule, learning_rates
from vikt.solvers.sampling import SAMPLINGS, batch_of
from vikt.solvers.solution import OnRecord, Solution
from vikt.solvers.solver import Solver
from vikt.solvers.stopping import EarlyStopping, Watch


class Minimum(NamedTuple):
    """Where a descent ended, after how many steps, and whether |∇f| < ε there."""

    x: Floats
    steps: int
    converged: bool


@np.errstate(over="ignore", invalid="ignore")
def gradient_descent(
    gradient: Callable[[Floats], ArrayLike],
    x0: ArrayLike,
    *,
    learning_rate: float = 0.01,
    epsilon: float = 1e-6,
    max_steps: int = 1_000_000,
) -> Minimum:
    """Repeat x_{i+1} = x_i - α·∇f(x_i) until |∇f(x)| < ε, for any differentiable f.

    ∇f points in the direction of steepest ascent, so each step is one of steepest descent. It finds a global minimum if
    f is convex, else a local one, which depends on x0.

    Raises
    ------
    DivergenceError
        The steps diverge to infinity: α is too large, or f has no minimum.

    Examples
    --------
    >>> gradient_descent(lambda x: 2 * (x - 3), 0.0, learning_rate=0.1).x.round(4).item()
    3.0
    """
    x = np.array(x0, dtype=np.float64, order="C")
    for step in range(max_steps):
        slope = np.asarray(gradient(x))
        if np.linalg.norm(slope) < epsilon:
            return Minimum(x, step, True)
        if not np.isfinite(slope).all():
            raise DivergenceError(
                f"the descent diverged to infinity in {step} steps with learning_rate={learning_rate:g}; "
                f"try {learning_rate / 10:g}, or another x0"
            )
        # A flat view, so that a plain number is not a special case.
        simultaneous_update(x.reshape(-1), slope.reshape(-1), learning_rate)
    return Minimum(x, max_steps, False)


def simultaneous_update(
    theta: Floats, gradient: Floats, learning_rate: float, columns: Columns = slice(None), penalty: L2 | None = None
) -> None:
    """θ[k] ← θ[k] - α·gradient[k] for every k at once. Nothing else writes weights, so no gradient sees half a step.

    Parameters
    ----------
    theta : ndarray
        Changed in place.
    gradient : ndarray
        The whole gradient, or its part in `columns` where the rest is zero.
    learning_rate : float
        α.
    columns : index
        Of the last axis.
    penalty : L2, optional
        Whose gradient, at the θ before the step, is part of the step too.
    """
    if penalty is not None and penalty.strength > 0:
        theta[..., penalty.first :] *= 1 - 2 * penalty.strengths * learning_rate
    theta[..., columns] -= learning_rate * gradient


@np.errstate(over="ignore", invalid="ignore")
def descend(
    objective: Objective,
    *,
    batch_size: int | None,
    sampling: str = "epochs",
    learning_rate: float | str = "auto",
    tol: float = LOOSE_TOL,
    epsilon: float = 1e-12,
    max_iter: int = 1000,
    random_state: int = 0,
    theta: Floats | None = None,
    validation: Objective | None = None,
    early_stopping: EarlyStopping | None = None,
    on_record: OnRecord | None = None,
) -> Solution:
    """Descend along the gradient of a few rows at a time, until convergence.

    Convergence = the sum of squares of gradient[k], over all the data, is smaller than ε (`convergence_epsilon`). It is
    measured before every pass, and so are the losses.

    Parameters
    ----------
    objective : Objective
    batch_size : int or None
        The data points of a step: 1 is stochastic, None is all of them, batch gradient descent.
    sampling : str
        A name in `SAMPLINGS`.
    learning_rate : float or "auto"
        α; see `learning_rates`.
    tol, epsilon : float
        ε is made from `tol` with a penalty, from `epsilon` without.
    max_iter : int
        The most passes over the data.
    random_state : int
        The seed of the small random θ to start from, and of the draws.
    theta : ndarray, optional
        The start.
    validation : Objective, optional
        Held-out rows, for `early_stopping` and the loss curve.

    Raises
    ------
    DivergenceError
        The loss grows: the learning rate is too large.
    """
    check_known("sampling", sampling, SAMPLINGS)
    size, batches = batch_of(batch_size, objective.n_rows), SAMPLINGS[sampling]
    rate = learning_rates(objective, learning_rate, size)
    random = np.random.default_rng(random_state)
    start = random.normal(0, 0.01, objective.shape) if theta is None else theta
    # Features × classes in memory: a step then touches one run of numbers a feature, and nothing is copied.
    theta = np.array(start, dtype=np.float64, order="F")
    steady = batch_size is None
    watch = Watch(objective, validation, early_stopping, on_record, tol, epsilon, max_iter, rate(0), steady)
    step = 0
    while True:
        value, gradient = objective.value_and_gradient(theta)
        if watch.stops(theta, value, gradient):
            return watch.solution(theta)
        if steady:
            simultaneous_update(theta, gradient, rate(step))
            step += 1
        else:
            step = _one_pass(objective, theta, rate, step, batches(objective.n_rows, size, random))


batch = partial(descend, batch_size=None)
stochastic = partial(descend, batch_size=1, sampling="replacement", max_iter=100)
minibatch = partial(descend, batch_size=100, sampling="epochs", max_iter=100)

BATCH = Solver(
    batch, takes_offset=True, takes_start=True, takes_validation=True, takes_parts=True, settings=("learning_rate",)
)
STOCHASTIC = replace(BATCH, run=stochastic, takes_parts=False)
MINIBATCH = replace(BATCH, run=minibatch, takes_parts=False, settings=("learning_rate", "batch_size"))


def _one_pass(objective: Objective, theta: Floats, rate: Schedule, step: int, batches: Iterator[RowIndices]) -> int:
    for rows in batches:
        columns, gradient = objective.row_gradient(theta, rows)
        simultaneous_update(theta, gradient, rate(step), columns, objective.penalty)
        step += 1
    return step
