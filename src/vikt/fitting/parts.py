"""The parts of a model, each fitted and proven by itself, and the one model of the sum of their scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats
from vikt.base import LossRecord
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.fitting.prepare import Prepared
from vikt.model.linear import centred_intercepts
from vikt.model.loss import Loss
from vikt.model.objective import Objective
from vikt.model.penalties import split_strength
from vikt.selection.choices import PenaltyChoice
from vikt.selection.penalty import default_penalty
from vikt.solvers import Checkpoint, Settings, Solution, minimise, minimise_by_label
from vikt.solvers.certificate import Certificate, certificate_nearby
from vikt.solvers.rounding import in_float32


@dataclass(frozen=True)
class FittedPart:
    """One part of a model, fitted by itself, with its name in `RECIPES` and its share of the score.

    The certificate is of `theta`, the solution rounded to float32. `loss` makes probabilities of scores, and `present`
    are the classes of the fitted rows. The objective, and the dual variables in the solution, are kept on demand.
    """

    name: str
    share: float
    penalty: PenaltyChoice
    certificate: Certificate
    solution: Solution
    features: TextFeatures
    theta: NDArray[np.float32]
    loss: Loss
    present: NDArray[np.int64]
    objective: Objective | None = None


def fit_part(
    prepared: Prepared,
    part: tuple[str, float],
    penalty: PenaltyChoice | None,
    solver: Settings,
    l1_ratio: float = 0.0,
    on_pass: Callable[[LossRecord], None] | None = None,
    keeps_objective: bool = False,
    start: Floats | None = None,
    checkpoint: Checkpoint | None = None,
) -> FittedPart:
    """Fit a part, a name in `RECIPES` and a share of the score; validation rows, if any, stop a descent early.

    Without a penalty, the default is taken. `start` holds the weights to start at, where the solver takes any;
    a fit that was interrupted resumes from its checkpoint, if there is one.
    """
    fold = prepared.fold
    penalty = penalty or default_penalty(fold.training)
    objective = fold.training.with_l2(*split_strength(penalty.l2, l1_ratio))
    validation = fold.validation if fold.validation.n_rows else None
    solve = solver_of(penalty, checkpoint)
    solution = solve(objective, solver, validation=validation, start=start, on_record=on_pass)
    theta, proof = _rounded(objective, solution)
    return FittedPart(
        *part,
        penalty,
        proof,
        solution if keeps_objective else replace(solution, state=None),
        prepared.features,
        theta,
        solution.fitted_loss(objective.loss),
        prepared.present,
        objective if keeps_objective else None,
    )


def solver_of(penalty: PenaltyChoice, checkpoint: Checkpoint | None = None) -> Callable[..., Solution]:
    """`minimise`, or the same with a λ for each label, where labels have their own, which knows no checkpoint."""
    if penalty.by_label:
        return partial(minimise_by_label, l2=np.array(penalty.by_label))
    return partial(minimise, checkpoint=checkpoint)


def _rounded(objective: Objective, solution: Solution) -> tuple[NDArray[np.float32], Certificate]:
    """The weights in float32, as the model keeps them, and the certificate of these."""
    if solution.by_label:
        return solution.theta.astype(np.float32, copy=False), solution.certificate  # rounded before it was proven
    objective = objective.with_loss(solution.fitted_loss(objective.loss))
    theta = in_float32(centred_intercepts(solution.theta, objective.loss))
    return theta, certificate_nearby(objective, theta, solution.certificate)


class BlendedPart(Protocol):
    """What a blend needs of its parts."""

    @property
    def share(self) -> float: ...

    @property
    def features(self) -> TextFeatures: ...

    @property
    def theta(self) -> NDArray[np.float32]: ...


def blend(settings: FeatureSettings, parts: Sequence[BlendedPart]) -> tuple[TextFeatures, NDArray[np.float32]]:
    """The features of all parts side by side, and the weights whose score is the sum of the parts' by their shares.

    The intercept and the columns of hand-made features, which every part has, are there once. The weights are features
    × classes in memory, as in a file.
    """
    if len(parts) == 1:
        return parts[0].features, np.ascontiguousarray(parts[0].theta.T).T
    features = TextFeatures.beside(settings, [part.features for part in parts])
    weighted = [part.share * part.theta.astype(np.float64) for part in parts]
    end = -features.n_handmade or None
    intercept = np.asarray(sum(theta[..., :1] for theta in weighted))
    handmade: list[Floats] = [np.asarray(sum(theta[..., end:] for theta in weighted))] if end else []
    theta = np.concatenate([intercept, *(theta[..., 1:end] for theta in weighted), *handmade], axis=-1)
    return features, np.ascontiguousarray(theta.astype(np.float32).T).T
