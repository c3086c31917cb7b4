"""When a descent stops: converged, diverged, or about to learn the noise (lecture 6c)."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from vikt.arrays import Floats
from vikt.base import LossRecord
from vikt.errors import DivergenceError
from vikt.model.objective import Objective
from vikt.names import Reason
from vikt.parameters import checked_value, whole
from vikt.solvers.certificate import certificate_as_it_stands
from vikt.solvers.solution import OnRecord, Solution
from vikt.tables import counted

_RISES_IN_A_ROW = 5
_TIMES_THE_FIRST_VALUE = 10
_RISES_WORTH_SAYING = 0.25


def convergence_epsilon(l2: float, value: float, tol: float, epsilon: float) -> float:
    """The ε below which the sum of squares of gradient[k] means convergence.

    With λ > 0 it is 4·λ·L̂·tol/(1 + tol): the lecture's rule is then the proof that L̂ ≤ (1 + tol)·L̂*. With λ = 0 nothing
    is proven, and ε is `epsilon`.

    Examples
    --------
    >>> convergence_epsilon(0.0, 0.5, 1e-4, 1e-12)
    1e-12
    """
    return 4 * l2 * value * tol / (1 + tol) if l2 > 0 else epsilon


class EarlyStopping:
    """Early stopping: a rule that notices overfitting by the validation loss.

    It says stop when the validation loss has risen for more than `patience` consecutive measurements while the training
    loss fell. The weights with the least validation loss are kept.

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
        self.patience: int = checked_value("patience", whole(0), patience)
        self.best_loss = math.inf
        self.best_theta: Floats = np.empty(0)
        self._rises = 0
        self._last = (math.inf, math.inf)

    @property
    def reason(self) -> Reason:
        """Why a descent stops early."""
        return Reason("early_stopping", {"rises": self._rises, "patience": self.patience})

    def measure(self, training_loss: float, validation_loss: float, theta: Floats) -> bool:
        """Take one measurement; True says stop."""
        if validation_loss < self.best_loss:
            self.best_loss, self.best_theta = validation_loss, theta.copy()
        overfits = validation_loss > self._last[1] and training_loss < self._last[0]
        self._rises = self._rises + 1 if overfits else 0
        self._last = (training_loss, validation_loss)
        return self._rises > self.patience


@dataclass
class Watch:
    """The losses of a descent, measured at regular intervals, and the rules by which it stops.

    Parameters are those of `descend`; `learning_rate` is that of the first step, and `steady` means that each step sees
    all the data, so that the loss should fall in every one. `values` are those of the objective, penalty included.
    """

    objective: Objective
    validation: Objective | None
    early_stopping: EarlyStopping | None
    on_record: OnRecord | None
    tol: float
    epsilon: float
    max_iter: int
    learning_rate: float
    steady: bool
    curve: list[LossRecord] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    converged: bool = False
    reason: Reason | None = None
    begun: float = field(default_factory=perf_counter)

    def __post_init__(self) -> None:
        # Early stopping remembers one descent only; without validation rows there is nothing to remember.
        if self.early_stopping is not None:
            self.early_stopping = EarlyStopping(self.early_stopping.patience) if self.validation else None

    def stops(self, theta: Floats, value: float, gradient: Floats) -> bool:
        """Measure once more. True says stop: converged, overfitting or out of passes. Raises DivergenceError."""
        record = self._measure(theta, value)
        stopped_early = self._stopped_early(record, theta)
        epsilon = convergence_epsilon(self.objective.l2, value, self.tol, self.epsilon)
        squares = float(np.sum(gradient * gradient))
        if squares < epsilon and not certificate_as_it_stands(self.objective, theta).relative > self.tol:
            self.converged = True
            self.reason = Reason("small_gradient", {"squares": squares, "epsilon": epsilon})
        elif stopped_early:
            self.converged, self.reason = True, stopped_early
        elif record.passes >= self.max_iter:
            self.reason = self._too_late()
        return self.reason is not None

    def solution(self, theta: Floats) -> Solution:
        """The weights with the least validation loss under early stopping, else the last ones."""
        best = np.ascontiguousarray(self.early_stopping.best_theta if self.early_stopping else theta)
        proof = certificate_as_it_stands(self.objective, best)
        return Solution(best, proof, self.curve, self.converged, self.reason or self._too_late())

    def _measure(self, theta: Floats, value: float) -> LossRecord:
        self.values.append(value)
        check_divergence(self.values, self.learning_rate)
        training_loss = value - self.objective.penalty.value(theta)
        validation_loss = self.validation.value(theta) if self.validation else None
        self.curve.append(LossRecord(len(self.curve), training_loss, validation_loss, perf_counter() - self.begun))
        if self.on_record:
            self.on_record(self.curve[-1])
        return self.curve[-1]

    def _stopped_early(self, record: LossRecord, theta: Floats) -> Reason | None:
        rule = self.early_stopping
        if rule is None or record.validation_loss is None:
            return None
        return rule.reason if rule.measure(record.training_loss, record.validation_loss, theta) else None

    def _too_late(self) -> Reason:
        """A learning rate somewhat too large makes the loss of a classifier swing rather than grow."""
        losses = [record.training_loss for record in self.curve]
        rises = sum(after > before for before, after in itertools.pairwise(losses))
        facts: dict[str, float | None] = {"max_iter": self.max_iter}
        if not self.steady or rises <= _RISES_WORTH_SAYING * len(losses):
            return Reason("max_passes", facts)
        return Reason("max_passes_unsteady", facts | {"rises": rises, "learning_rate": self.learning_rate})


def check_divergence(values: list[float], learning_rate: float) -> None:
    """Raise DivergenceError where the objective is not finite, is many times its first value, or keeps rising.

    The loss alone could be small while weights grow without end, where the penalty is what the steps overshoot.
    """
    latest, first, last = values[-_RISES_IN_A_ROW - 1 :], values[0], values[-1]
    climbs = len(latest) > _RISES_IN_A_ROW and all(a < b for a, b in itertools.pairwise(latest))
    # A warm start may have a loss of almost 0: below 1, that of knowing little, no loss is called large.
    if not math.isfinite(last) or last > _TIMES_THE_FIRST_VALUE * max(first, 1.0) or (climbs and last > first):
        raise DivergenceError(
            f"the descent diverges: the loss with its penalty went from {first:.4g} to {last:.4g} "
            f"in {counted(len(values) - 1, 'pass')} with learning_rate={learning_rate:g}; "
            f"try {learning_rate / 10:g}, or 'auto'"
        )
