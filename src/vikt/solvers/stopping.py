"""When a descent stops: converged, diverged, or about to learn the noise (lecture 6c)."""

from __future__ import annotations

import itertools
import math

import numpy as np

from vikt.errors import DivergenceError, UsageError
from vikt.model.functions import Floats
from vikt.solvers.solution import LossRecord

_RISES_IN_A_ROW = 5


def convergence_epsilon(l2: float, value: float, tol: float, epsilon: float) -> float:
    """The ε below which the sum of squares of gradient[k] means convergence.

    With λ > 0 it is 4·λ·L̂·tol/(1 + tol): the lecture's rule is then the proof that L̂ ≤ (1 + tol)·L̂*. With λ = 0 nothing
    is proven, and ε is as given.

    Examples
    --------
    >>> convergence_epsilon(0.0, 0.5, 1e-4, 1e-12)
    1e-12
    """
    return 4 * l2 * value * tol / (1 + tol) if l2 > 0 else epsilon


class EarlyStopping:
    """Stop when the validation loss has risen for more than `patience` consecutive measurements, the training loss
    falling meanwhile: overfitting. The weights with the least validation loss are kept.

    Parameters
    ----------
    patience : int
        P ≥ 0.

    Attributes
    ----------
    best_loss, best_theta : float, ndarray
        The least validation loss, and its weights.

    Examples
    --------
    >>> stopping = EarlyStopping(patience=1)
    >>> [stopping.measure(1 / t, loss, np.array([t])) for t, loss in enumerate([3.0, 2.0, 2.5, 2.6], start=1)]
    [False, False, False, True]
    >>> stopping.best_theta
    array([2])
    """

    def __init__(self, patience: int) -> None:
        if patience < 0:
            raise UsageError(f"patience: expected 0 or more measurements, found {patience}")
        self.patience = patience
        self.best_loss = math.inf
        self.best_theta: Floats = np.empty(0)
        self._rises = 0
        self._last = (math.inf, math.inf)

    @property
    def reason(self) -> str:
        return f"stopped early: the validation loss rose {self._rises} times in a row (patience {self.patience})"

    def measure(self, training_loss: float, validation_loss: float, theta: Floats) -> bool:
        """Take one measurement; True says stop."""
        if validation_loss < self.best_loss:
            self.best_loss, self.best_theta = validation_loss, theta.copy()
        overfits = validation_loss > self._last[1] and training_loss <= self._last[0]
        self._rises = self._rises + 1 if overfits else 0
        self._last = (training_loss, validation_loss)
        return self._rises > self.patience


def check_divergence(curve: list[LossRecord], learning_rate: float) -> None:
    """Notice a descent that climbs.

    Raises
    ------
    DivergenceError
        The training loss is not finite, or has risen time after time above where it began.
    """
    losses = [record.training_loss for record in curve[-_RISES_IN_A_ROW - 1 :]]
    climbs = len(losses) > _RISES_IN_A_ROW and all(a < b for a, b in itertools.pairwise(losses))
    if not math.isfinite(losses[-1]) or (climbs and losses[-1] > curve[0].training_loss):
        raise DivergenceError(
            f"the descent diverges: the training loss went from {curve[0].training_loss:.4g} to {losses[-1]:.4g} in "
            f"{len(curve) - 1} passes with learning_rate={learning_rate:g}; try {learning_rate / 10:g}, or 'auto'"
        )
