"""Gradient descent: batch, stochastic and minibatch (lecture 6c)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from vikt.errors import UsageError
from vikt.matrix.design import Rows
from vikt.model.functions import Floats
from vikt.model.objective import Objective
from vikt.model.penalties import L2
from vikt.solvers.certificate import Certificate, certificate_nearby, gradient_certificate
from vikt.solvers.solution import LossRecord, Progress, Solution
from vikt.solvers.stopping import EarlyStopping, check_divergence, convergence_epsilon


class Minimum(NamedTuple):
    """Where a descent came to rest, after how many steps, and whether |∇f| < ε there."""

    x: Floats
    steps: int
    converged: bool


def gradient_descent(
    gradient: Callable[[Floats], Any],
    x0: Any,
    *,
    learning_rate: float = 0.01,
    epsilon: float = 1e-6,
    max_steps: int = 1_000_000,
) -> Minimum:
    """Repeat x_{i+1} = x_i - α·∇f(x_i) until |∇f(x)| < ε, for any differentiable f.

    It finds a global minimum if f is convex, else a local one, which depends on x0.

    Examples
    --------
    >>> gradient_descent(lambda x: 2 * (x - 3), 0.0, learning_rate=0.1).x.round(4).item()
    3.0
    """
    x = np.array(x0, dtype=np.float64)
    for step in range(max_steps):
        slope = np.asarray(gradient(x))
        if np.linalg.norm(slope) < epsilon:
            return Minimum(x, step, True)
        simultaneous_update(x, slope, learning_rate)
    return Minimum(x, max_steps, False)


def simultaneous_update(
    theta: Floats,
    gradient: Floats,
    learning_rate: float,
    columns: Any = slice(None),
    penalty: L2 | None = None,
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
    if penalty is not None:
        theta[..., penalty.first :] *= 1 - 2 * penalty.strength * learning_rate
    theta[..., columns] -= learning_rate * gradient


def with_replacement(m: int, batch_size: int, random: np.random.Generator) -> Iterator[Rows]:
    """Select i randomly, 0 ≤ i < m, again and again: as many rows as there are, some twice, some never."""
    for first in range(0, m, batch_size):
        yield random.integers(m, size=min(batch_size, m - first))


def by_epochs(m: int, batch_size: int, random: np.random.Generator) -> Iterator[Rows]:
    """Shuffle the rows and take one group after another: every row once."""
    order = random.permutation(m)
    for first in range(0, m, batch_size):
        yield order[first : first + batch_size]


SAMPLINGS = {"replacement": with_replacement, "epochs": by_epochs}


def descend(
    objective: Objective,
    *,
    batch_size: int | None,
    sampling: str = "epochs",
    learning_rate: float | str = "auto",
    tol: float = 1e-4,
    epsilon: float = 1e-12,
    max_iter: int = 1000,
    random_state: int = 0,
    theta: Floats | None = None,
    validation: Objective | None = None,
    early_stopping: EarlyStopping | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Descend along the gradient of a few rows at a time, until convergence.

    Convergence = the sum of squares of gradient[k], over all the data, is smaller than ε (`convergence_epsilon`). It is
    measured before every pass, and so are the losses.

    Parameters
    ----------
    batch_size : int or None
        Data points a step: 1 is stochastic, None is all of them, batch gradient descent.
    sampling : str
        How rows are drawn: a name in `SAMPLINGS`.
    learning_rate : float or "auto"
        α. Automatic: one over a bound on the curvature, c·mean(‖x‖² + 1) + 2λ with c = 1/4 for the logistic function and
        1/2 for softmax, with which batch descent comes closer in every step; a smaller batch takes the largest
        row instead of the mean, and divides by the square root of the pass, so that its noise dies out.
    max_iter : int
        The most passes over the data.
    random_state : int
        Of the small random θ to begin with, and of the draws.
    validation : Objective, optional
        Rows kept apart, for `early_stopping` and the loss curve.

    Raises
    ------
    DivergenceError
        The loss grows: the learning rate is too large.
    """
    random = np.random.default_rng(random_state)
    theta = random.normal(0, 0.01, objective.shape) if theta is None else np.array(theta, dtype=np.float64)
    rate, decays = _learning_rate(objective, learning_rate, batch_size)
    curve: list[LossRecord] = []
    for passes in range(max_iter + 1):
        value, gradient = objective.value_and_gradient(theta)
        training_loss = value - objective.penalty.value(theta)
        curve.append(LossRecord(passes, training_loss, validation.value(theta) if validation else None))
        if progress:
            progress(curve[-1])
        check_divergence(curve, rate)
        if np.sum(gradient**2) < convergence_epsilon(objective.l2, value, tol, epsilon):
            proof = _certificate_as_it_stands(objective, theta)
            if not proof.relative > tol:
                reason = "converged: the sum of squares of the gradient fell below ε"
                return Solution(theta, proof, curve, True, reason)
        if early_stopping and _overfits(early_stopping, curve[-1], theta):
            best, reason = early_stopping.best_theta, early_stopping.reason
            return Solution(best, _certificate_as_it_stands(objective, best), curve, True, reason)
        if passes == max_iter:
            break
        step = rate / np.sqrt(passes + 1) if decays else rate
        if batch_size is None:
            simultaneous_update(theta, gradient, step)
        else:
            _one_pass(objective, theta, step, SAMPLINGS[sampling](objective.X.n_rows, batch_size, random))
    reason = f"max_iter = {max_iter} passes reached before convergence"
    return Solution(theta, _certificate_as_it_stands(objective, theta), curve, False, reason)


batch = partial(descend, batch_size=None)
stochastic = partial(descend, batch_size=1, sampling="replacement", max_iter=100)
minibatch = partial(descend, batch_size=100, sampling="epochs", max_iter=100)


def _one_pass(objective: Objective, theta: Floats, learning_rate: float, batches: Iterator[Rows]) -> None:
    for rows in batches:
        columns, gradient = objective.row_gradient(theta, rows)
        simultaneous_update(theta, gradient, learning_rate, columns, objective.penalty)


def _overfits(early_stopping: EarlyStopping, record: LossRecord, theta: Floats) -> bool:
    if record.validation_loss is None:
        return False
    return early_stopping.measure(record.training_loss, record.validation_loss, theta)


def _learning_rate(objective: Objective, given: float | str, batch_size: int | None) -> tuple[float, bool]:
    if given != "auto":
        rate = float(given)
        if not rate > 0:
            raise UsageError(f"learning_rate: expected a number above 0 or 'auto', found {given}")
        return rate, False
    weights = objective.weights * (objective.X.n_rows / objective.total_weight)
    sizes = weights * (objective.X.squared_norms() + objective.X.has_dummy)
    steepest = 0.25 if objective.n_classes == 2 else 0.5
    size = float(np.mean(sizes) if batch_size is None else np.max(sizes))
    return 1 / (steepest * size + 2 * objective.l2), batch_size is not None


def _certificate_as_it_stands(objective: Objective, theta: Floats) -> Certificate:
    """The proof for θ itself, whose intercepts need not be the best."""
    _, proof = gradient_certificate(objective, theta)
    return certificate_nearby(objective, theta, proof)
