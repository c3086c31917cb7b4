"""Solvers: each minimises an objective and proves how near it came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from vikt.errors import UsageError, check_known
from vikt.model.objective import Objective
from vikt.solvers.dual import dual
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
SOLVERS: dict[str, Callable[..., Solution]] = {"dual": dual, "newton": newton, **DESCENTS}
# Newton's method costs from the ascent's θ about what so many passes of the ascent do, or more.
_MOST_AHEAD = 150.0


@dataclass(frozen=True)
class Settings:
    """How to solve; a descent alone asks for the last three.

    Attributes
    ----------
    solver : str
        A name in `SOLVERS`, or "auto", which chooses so:

        ============  =======  =====================================================================================
        rows          λ        solver
        ============  =======  =====================================================================================
        dense         any      Newton's method
        sparse, text  λ > 0    dual coordinate ascent; where, after ten passes or later, its pace promises more than
                               150 further ones, Newton's method from its θ
        sparse, text  λ = 0    Newton's method
        ============  =======  =====================================================================================

        Newton's steps are exact where the Hessian of the N weights is quick to form, (m + N)·N² ≤ 3e8 (dense: 2e7),
        and found by conjugate gradients elsewhere.
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
    progress: Progress | None = None,
) -> Solution:
    """Minimise an objective.

    Parameters
    ----------
    objective : Objective
    settings : Settings
    validation : Objective, optional
        Rows kept apart for early stopping.
    progress : callable, optional
        Called with each measurement.
    """
    if settings.solver == "auto":
        return _automatic(objective, settings, progress)
    options: dict[str, Any] = {"tol": settings.tol, "random_state": settings.random_state, "progress": progress}
    if settings.max_iter is not None:
        options["max_iter"] = settings.max_iter
    if settings.solver in DESCENTS:
        options |= {"learning_rate": settings.learning_rate, "validation": validation}
        if settings.patience is not None:
            options["early_stopping"] = EarlyStopping(settings.patience)
    if settings.solver == "minibatch":
        options["batch_size"] = settings.batch_size
    solution = SOLVERS[settings.solver](objective, **options)
    # Early stopping is a remedy of its own.
    return said_if_separable(objective, solution) if objective.l2 == 0 and validation is None else solution


def _automatic(objective: Objective, settings: Settings, progress: Progress | None) -> Solution:
    """As `Settings` says; where both were asked, the better of both."""
    if objective.X.by_library or objective.l2 == 0:
        return minimise(objective, replace(settings, solver="newton"), progress=progress)
    options: dict[str, Any] = {"tol": settings.tol, "random_state": settings.random_state, "progress": progress}
    if settings.max_iter is not None:
        options["max_iter"] = settings.max_iter
    ascent = dual(objective, most_ahead=_MOST_AHEAD, **options)
    passes = len(ascent.loss_curve)
    if ascent.converged or passes == settings.max_iter:
        return ascent
    if settings.max_iter is not None:
        options["max_iter"] = settings.max_iter - passes
    steps = newton(objective, start=ascent.theta, **options)
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
