"""The parts of a model, each fitted and proven by itself, and the model that their scores add up to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats
from vikt.features.settings import FeatureSettings
from vikt.features.text import TextFeatures
from vikt.fitting.prepare import Prepared
from vikt.model.linear import centred_intercepts
from vikt.model.objective import Objective
from vikt.model.penalties import split_strength
from vikt.selection.penalty import PenaltyChoice, default_penalty
from vikt.solvers import LossRecord, Settings, Solution, minimise
from vikt.solvers.certificate import Certificate, certificate_nearby


@dataclass(frozen=True)
class FittedPart:
    """One part of a model, fitted by itself: all of it, where there is only one.

    Attributes
    ----------
    name : str
        In `RECIPES`.
    share : float
        Of the score.
    penalty : PenaltyChoice
        λ.
    certificate : Certificate
        Of this part.
    solution : Solution
        As the solver gave it; its dual variables are there only where they were asked for.
    features : TextFeatures
    theta : (n+1,) or (K, n+1)
        In float32, for features as `features` makes them.
    present : (K,)
        The classes that the rows fitted have.
    objective : Objective or None
        What was minimised, where it was asked for.
    """

    name: str
    share: float
    penalty: PenaltyChoice
    certificate: Certificate
    solution: Solution
    features: TextFeatures
    theta: NDArray[np.float32]
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
) -> FittedPart:
    """Fit one part to rows; the rows kept apart, if there are any, stop a descent early.

    Parameters
    ----------
    prepared : Prepared
    part : tuple
        Its name in `RECIPES`, and its share of the score.
    penalty : PenaltyChoice or None
        λ chosen before; None for the default.
    solver : Settings
    l1_ratio : float
    on_pass : callable, optional
        Called with each record of the loss.
    keeps_objective : bool
        Keep the objective, and the dual variables where the solver has them.
    """
    fold = prepared.fold
    penalty = penalty or default_penalty(fold.training)
    objective = fold.training.with_l2(*split_strength(penalty.l2, l1_ratio))
    validation = fold.validation if fold.validation.n_rows else None
    solution = minimise(objective, solver, validation=validation, on_record=on_pass)
    # Weights are kept in float32, features × classes in memory; the certificate is that of the rounded model.
    theta = centred_intercepts(solution.theta).astype(np.float32)
    proof = certificate_nearby(objective, theta, solution.certificate)
    return FittedPart(
        *part,
        penalty,
        proof,
        solution if keeps_objective else replace(solution, state=None),
        prepared.features,
        theta,
        prepared.present,
        objective if keeps_objective else None,
    )


def blend(settings: FeatureSettings, parts: Sequence[FittedPart]) -> tuple[TextFeatures, NDArray[np.float32]]:
    """The features of all parts side by side, and the weights whose score is the parts' own, weighted by their shares.

    Columns of hand-made features, which every part has, are there once, as is the intercept.
    """
    if len(parts) == 1:
        return parts[0].features, parts[0].theta
    features = TextFeatures.beside(settings, [part.features for part in parts])
    weighted = [part.share * part.theta.astype(np.float64) for part in parts]
    end = -features.n_handmade or None
    intercept: Any = sum(theta[..., :1] for theta in weighted)
    handmade: list[Floats] = [np.asarray(sum(theta[..., end:] for theta in weighted))] if end else []
    theta = np.concatenate([intercept, *(theta[..., 1:end] for theta in weighted), *handmade], axis=-1)
    return features, theta.astype(np.float32)
