"""Solvers: each minimises an objective and proves how near the optimum its result is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial
from operator import attrgetter

import numpy as np

from vikt.arrays import Floats
from vikt.base import LossRecord
from vikt.errors import ParameterError, UsageError
from vikt.mappings import Parameters, Values
from vikt.model.label_losses import OneLossPerLabel
from vikt.model.objective import Objective
from vikt.model.ordered import ProportionalOdds
from vikt.solvers.by_label import by_label
from vikt.solvers.dual import DUAL, dual
from vikt.solvers.dual_checkpoint import Checkpoint
from vikt.solvers.elastic_net import ELASTIC_NET
from vikt.solvers.gradient_descent import BATCH, MINIBATCH, STOCHASTIC
from vikt.solvers.newton import NEWTON, newton
from vikt.solvers.ordered import ordered
from vikt.solvers.separable import checked_for_separability
from vikt.solvers.side_by_side import Limits
from vikt.solvers.solution import OnRecord, Solution, joined
from vikt.solvers.solver import Solver
from vikt.solvers.stopping import EarlyStopping

SOLVERS: dict[str, Solver] = {
    "dual": DUAL,
    "newton": NEWTON,
    "elastic_net": ELASTIC_NET,
    "batch": BATCH,
    "stochastic": STOCHASTIC,
    "minibatch": MINIBATCH,
}
DESCENTS = {name: solver for name, solver in SOLVERS.items() if solver.takes_validation}
# What only some solvers heed, and which; any other would leave the setting without effect.
_NEEDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "learning_rate": ("only gradient descent has a learning rate", tuple(DESCENTS)),
    "batch_size": ("only minibatch descent has batches", ("minibatch",)),
    "patience": ("early stopping needs gradient descent", tuple(DESCENTS)),
}
FIT_LEVELS = ("auto", "newton")
# Newton's method from the ascent's θ costs as much as about this many passes of the ascent, or more.
_MOST_AHEAD = 150.0
# Where turns are taken at the same time, a pass moves θ less far, and costs as much as a sum over the parts, of which
# Newton's method from there takes 20 to 120.
_MOST_AHEAD_IN_TURNS = 60


@dataclass(frozen=True)
class Settings:
    """The options of solvers; only a descent reads the last three.

    Attributes
    ----------
    solver : str
        A name in `SOLVERS`, or "auto", which chooses by the objective:

        ======================  ===============================================================================
        λ₁ > 0                  "elastic_net"
        dense rows, or λ = 0    "newton"
        an offset               "newton", since "dual" takes none
        else                    "dual"; where it would need more than 150 further passes, "newton" resumes from there
        ======================  ===============================================================================

        Where parts take several turns at the same time, "newton" resumes after 60 passes, or before 60 further ones.
    tol : float, optional
        The relative distance from the optimum to be proven; the solver's own default if None: 1e-7, or 1e-4 for
        the elastic net and gradient descent.
    max_iter : int, optional
        The most passes over the data; the solver's own default if None.
    random_state : int
    learning_rate : float or "auto"
    batch_size : int
        The number of data points in a step of minibatch descent.
    patience : int, optional
        Stop early after more than this many consecutive rises of the validation loss.
    """

    solver: str = "auto"
    tol: float | None = None
    max_iter: int | None = None
    random_state: int = 0
    learning_rate: float | str = "auto"
    batch_size: int = 100
    patience: int | None = None

    @classmethod
    def of(cls, parameters: Parameters) -> Settings:
        """The settings among the checked parameters of an estimator."""
        return cls(**{setting.name: parameters[setting.name] for setting in fields(cls)})

    def __post_init__(self) -> None:
        for setting in fields(self):
            need, able = _NEEDS.get(setting.name, ("", ()))
            if need and getattr(self, setting.name) != setting.default and self.solver not in able:
                choices = ", ".join(map(repr, able))
                raise ParameterError(setting.name, f"{need}, found solver {self.solver!r}; choose from {choices}")

    def check_fits_levels(self) -> None:
        """Raise ParameterError where the solver does not fit ordered labels."""
        if self.solver not in FIT_LEVELS:
            able = " or ".join(map(repr, FIT_LEVELS))
            raise ParameterError("solver", f"{self.solver!r} cannot fit ordered labels; choose {able}")


def minimise(
    objective: Objective,
    settings: Settings,
    *,
    validation: Objective | None = None,
    start: Floats | None = None,
    on_record: OnRecord | None = None,
    checkpoint: Checkpoint | None = None,
) -> Solution:
    """Minimise an objective; `validation` rows are for early stopping, `start` for the solvers that take a θ.

    An ascent keeps what it has reached in the checkpoint, and resumes from there if it was interrupted.

    Raises
    ------
    UsageError
        The objective has λ₁, an offset or rows in several parts, or a loss, that the solver does not take.
    """
    if type(objective.loss) in BY_LOSS:
        return BY_LOSS[type(objective.loss)](objective, settings, validation, start, on_record)
    if settings.solver == "auto":
        return _automatic(objective, settings, start, on_record, checkpoint)
    solver = SOLVERS[settings.solver]
    _check_able(objective, settings.solver)
    options = _common_options(settings, on_record) | {name: getattr(settings, name) for name in solver.settings}
    if start is not None and solver.takes_start:
        options["theta"] = start
    if checkpoint is not None and solver.takes_checkpoint:
        options["checkpoint"] = checkpoint
    if solver.takes_validation:
        stopping = None if settings.patience is None else EarlyStopping(settings.patience)
        options |= {"validation": validation, "early_stopping": stopping}
    solution = solver.run(objective, **options)
    # Early stopping is itself a remedy for separable classes.
    penalised = objective.l2 > 0 or objective.l1 > 0
    return solution if penalised or validation is not None else checked_for_separability(objective, solution)


def minimise_by_label(
    objective: Objective,
    settings: Settings,
    validation: Objective | None = None,
    start: Floats | None = None,
    on_record: OnRecord | None = None,
    l2: Floats | None = None,
) -> Solution:
    """Minimise the loss of several labels, each by the solver of the settings; `l2` (K,) is λ of each, if not the same.

    The solution is that of `vikt.solvers.by_label`.
    """
    most_ahead = _MOST_AHEAD if settings.solver == "auto" else np.inf
    return by_label(
        objective,
        partial(minimise, settings=settings),
        Limits(most_ahead=most_ahead, random_state=settings.random_state, **_given_limits(settings)),
        l2=l2,
        ascends=settings.solver in ("auto", "dual"),
        validation=validation,
        theta=start,
        on_record=on_record,
    )


def _ordered(
    objective: Objective,
    settings: Settings,
    validation: Objective | None,
    start: Floats | None,
    on_record: OnRecord | None,
) -> Solution:
    settings.check_fits_levels()
    return ordered(objective, theta=start, **_common_options(settings, on_record))


# How a loss is minimised that is not that of one class per row, or of shares, by its type.
BY_LOSS: dict[type, Callable[..., Solution]] = {OneLossPerLabel: minimise_by_label, ProportionalOdds: _ordered}


def _common_options(settings: Settings, on_record: OnRecord | None) -> Values:
    return {"random_state": settings.random_state, "on_record": on_record, **_given_limits(settings)}


def _given_limits(settings: Settings) -> Values:
    limits = {"tol": settings.tol, "max_iter": settings.max_iter}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _check_able(objective: Objective, name: str) -> None:
    """Raise UsageError where the objective has what the solver does not take."""
    parts = objective.parts
    for what, is_there, takes in (
        ("L1 (l1_ratio above 0)", objective.l1 > 0, attrgetter("takes_l1")),
        ("an offset", parts.has_offset, attrgetter("takes_offset")),
        ("rows in several parts", parts.only is None, attrgetter("takes_parts")),
    ):
        if is_there and not takes(SOLVERS[name]):
            able = ", ".join(repr(other) for other, solver in SOLVERS.items() if takes(solver))
            raise UsageError(f"solver {name!r} cannot take {what}; choose 'auto' or {able}")


def _automatic(
    objective: Objective,
    settings: Settings,
    start: Floats | None,
    on_record: OnRecord | None,
    checkpoint: Checkpoint | None,
) -> Solution:
    """Choose a solver as documented in `Settings`; of two solvers that ran, take the better result."""
    if objective.l1 > 0:
        return minimise(objective, replace(settings, solver="elastic_net"), start=start, on_record=on_record)
    parts = objective.parts
    if parts.by_library or objective.l2 == 0 or parts.has_offset:
        return minimise(objective, replace(settings, solver="newton"), start=start, on_record=on_record)
    options = _common_options(settings, on_record)
    limits = options | _limits_of_ascent(parts.n_turns, settings.max_iter)
    ascent = dual(objective, theta=start, checkpoint=checkpoint, **limits)
    passes = len(ascent.loss_curve)
    if ascent.converged or passes == settings.max_iter:
        return ascent
    if settings.max_iter is not None:
        options["max_iter"] = settings.max_iter - passes
    steps = newton(objective, theta=ascent.theta, **options)
    best = ascent if not steps.converged and ascent.certificate.value < steps.certificate.value else steps
    curve = joined(ascent.loss_curve, steps.loss_curve)
    return replace(steps, theta=best.theta, certificate=best.certificate, loss_curve=curve)


def _limits_of_ascent(n_turns: int, max_iter: int | None) -> Values:
    """How far an ascent may go before Newton's method is less work."""
    if n_turns == 1:
        return {"most_ahead": _MOST_AHEAD}
    most = _MOST_AHEAD_IN_TURNS
    return {"most_ahead": most, "max_iter": most if max_iter is None else min(most, max_iter)}


__all__ = [
    "DESCENTS",
    "SOLVERS",
    "Checkpoint",
    "EarlyStopping",
    "LossRecord",
    "OnRecord",
    "Settings",
    "Solution",
    "Solver",
    "minimise",
    "minimise_by_label",
]
