"""Solvers: each minimises an objective and proves how near it came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from vikt.arrays import Floats
from vikt.errors import UsageError, check_known
from vikt.model.objective import Objective
from vikt.solvers.dual import dual
from vikt.solvers.elastic_net import elastic_net
from vikt.solvers.gradient_descent import batch, minibatch, stochastic
from vikt.solvers.newton import newton
from vikt.solvers.separable import said_if_separable
from vikt.solvers.solution import LossRecord, Progress, Solution
from vikt.solvers.stopping import EarlyStopping

DESCENTS: dict[str, Callable[..., Solution]] = {
    "batch": batch,
    "stochastic": stochastic,
    "minibatch": minibatch,
}
SOLVERS: dict[str, Callable[..., Solution]] = {
    "dual": dual,
    "newton": newton,
    "elastic_net": elastic_net,
    **DESCENTS,
}
_TAKE_L1 = ("elastic_net",)
_TAKE_OFFSETS = _TAKE_A_START = ("newton", "elastic_net", *DESCENTS)
# Newton's method costs from the ascent's θ about what so many passes of the ascent do, or more.
_MOST_AHEAD = 150.0


@dataclass(frozen=True)
class Settings:
    """How to solve; a descent alone asks for the last three.

    Attributes
    ----------
    solver : str
        A name in `SOLVERS`, or "auto", which chooses so:

        ======================  ===============================================================================
        λ₁ > 0                  "elastic_net"
        dense rows, or λ = 0    "newton"
        an offset               "newton", since "dual" takes none
        else                    "dual"; where more than 150 passes are to come yet, "newton" goes on from there
        ======================  ===============================================================================
    tol : float
        The relative distance from the optimum to be proven.
    max_iter : int, optional
        The most passes over the data; the solver's own habit if not given.
    random_state : int
    learning_rate : float or "auto"
    batch_size : int
        Data points a step of minibatch descent.
    patience : int, optional
        Stop early after so many rises of the validation loss.
    """

    solver: str = "auto"
    tol: float = 1e-4
    max_iter: int | None = None
    random_state: int = 0
    learning_rate: float | str = "auto"
    batch_size: int = 100
    patience: int | None = None

    @classmethod
    def of(cls, estimator: Any) -> Settings:
        """The settings that an estimator has among its parameters."""
        given = {setting.name: getattr(estimator, setting.name) for setting in fields(cls)}
        return cls(**given | {"random_state": int(given["random_state"] or 0)})

    def __post_init__(self) -> None:
        check_known("solver", self.solver, ("auto", *SOLVERS))
        if not self.tol > 0:
            raise UsageError(f"tol: expected a number above 0, found {self.tol}")
        if self.patience is not None and self.solver not in DESCENTS:
            raise UsageError(
                f"patience stops a descent early, and solver {self.solver!r} is none; "
                f"choose from {', '.join(map(repr, DESCENTS))}"
            )


def minimise(
    objective: Objective,
    settings: Settings,
    *,
    validation: Objective | None = None,
    start: Floats | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Minimise an objective.

    Parameters
    ----------
    objective : Objective
    settings : Settings
    validation : Objective, optional
        Rows kept apart for early stopping.
    start : ndarray, optional
        θ to begin with, of the solvers that can; dual ascent begins at 0 whatever it is.
    progress : callable, optional
        Called with each measurement.

    Raises
    ------
    UsageError
        The solver named knows nothing of λ₁, or of offsets.
    """
    if settings.solver == "auto":
        return _automatic(objective, settings, start, progress)
    _check_able(objective, settings.solver)
    options: dict[str, Any] = {"tol": settings.tol, "random_state": settings.random_state, "progress": progress}
    if settings.max_iter is not None:
        options["max_iter"] = settings.max_iter
    if start is not None and settings.solver in _TAKE_A_START:
        options["theta"] = start
    if settings.solver in DESCENTS:
        options |= {"learning_rate": settings.learning_rate, "validation": validation}
        if settings.patience is not None:
            options["early_stopping"] = EarlyStopping(settings.patience)
    if settings.solver == "minibatch":
        options["batch_size"] = settings.batch_size
    solution = SOLVERS[settings.solver](objective, **options)
    # Early stopping is a remedy of its own.
    penalised = objective.l2 > 0 or objective.l1 > 0
    return solution if penalised or validation is not None else said_if_separable(objective, solution)


def _check_able(objective: Objective, solver: str) -> None:
    for asked, able, what in (
        (objective.l1 > 0, _TAKE_L1, "L1 (l1_ratio above 0)"),
        (objective.offset is not None, _TAKE_OFFSETS, "an offset"),
    ):
        if asked and solver not in able:
            raise UsageError(f"solver {solver!r} cannot take {what}; choose 'auto' or {', '.join(map(repr, able))}")


def _automatic(objective: Objective, settings: Settings, start: Floats | None, progress: Progress | None) -> Solution:
    """As `Settings` says; where both were asked, the better of both."""
    if objective.l1 > 0:
        return minimise(objective, replace(settings, solver="elastic_net"), start=start, progress=progress)
    if objective.X.by_library or objective.l2 == 0 or objective.offset is not None:
        return minimise(objective, replace(settings, solver="newton"), start=start, progress=progress)
    options: dict[str, Any] = {"tol": settings.tol, "random_state": settings.random_state, "progress": progress}
    if settings.max_iter is not None:
        options["max_iter"] = settings.max_iter
    ascent = dual(objective, most_ahead=_MOST_AHEAD, **options)
    passes = len(ascent.loss_curve)
    if ascent.converged or passes == settings.max_iter:
        return ascent
    if settings.max_iter is not None:
        options["max_iter"] = settings.max_iter - passes
    steps = newton(objective, theta=ascent.theta, **options)
    best = ascent if not steps.converged and ascent.certificate.value < steps.certificate.value else steps
    ended = ascent.loss_curve[-1].seconds
    later = [
        record._replace(passes=record.passes + passes, seconds=record.seconds + ended) for record in steps.loss_curve
    ]
    return replace(steps, theta=best.theta, certificate=best.certificate, loss_curve=ascent.loss_curve + later)


__all__ = [
    "DESCENTS",
    "SOLVERS",
    "EarlyStopping",
    "LossRecord",
    "Progress",
    "Settings",
    "Solution",
    "minimise",
]
