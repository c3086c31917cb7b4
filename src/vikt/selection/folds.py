"""Validation rows, and the mean log loss of a fit on them with its standard error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vikt.arrays import Floats
from vikt.model.loss import Loss
from vikt.model.objective import Objective
from vikt.parts import Part


class Fold(NamedTuple):
    """Training rows and validation rows, with features learnt from the former alone."""

    training: Objective
    validation: Objective


class RoughFit(NamedTuple):
    """θ of a fit that is near enough to be validated, and the loss that makes probabilities of its scores."""

    theta: Floats
    loss: Loss


class ValidationLoss(NamedTuple):
    """The mean log loss of validation rows, and its standard error."""

    mean: float
    standard_error: float


def validation_loss(folds: Sequence[Fold], fits: Sequence[RoughFit]) -> ValidationLoss:
    """The log loss of each fold's model on the fold's validation rows, over all folds.

    With several folds the standard error is that of the mean of the folds' means, since the rows of one fold share a
    model; with one fold it is that of the mean over its rows.
    """
    held_out = [fold.validation.with_loss(fit.loss) for fold, fit in zip(folds, fits, strict=True)]
    of_folds = [mean_loss(rows, fit.theta) for rows, fit in zip(held_out, fits, strict=True)]
    if len(folds) == 1:
        return of_folds[0]
    return weighted_mean(np.array([found.mean for found in of_folds]), unit_weights(folds))


def mean_loss(rows: Objective, theta: Floats) -> ValidationLoss:
    """The log loss of rows, without a penalty, by the weights θ; rows in several parts may lie anywhere."""
    losses, total = rows.losses(rows.scores(theta)), rows.total_weight
    mean = rows.mean_loss(losses)
    return _with_error(mean, rows.parts.sums(_spread_of_part, losses, total, mean), rows.n_rows)


def unit_weights(folds: Sequence[Fold]) -> Floats:
    """The weight of each of these: (u,)."""
    if len(folds) == 1:
        return folds[0].validation.rows.weights
    return np.array([fold.validation.total_weight for fold in folds])


def weighted_mean(values: Floats, weights: Floats) -> ValidationLoss:
    """x̄ = Σ w x / W, and its standard error √(n/(n-1) Σ (w/W)² (x - x̄)²), which is s/√n for equal weights.

    Examples
    --------
    >>> weighted_mean(np.array([1.0, 3.0]), np.ones(2))
    ValidationLoss(mean=2.0, standard_error=1.0)
    """
    total = float(np.sum(weights))
    mean = float(np.sum(weights * values)) / total
    return _with_error(mean, _spread(values, weights, total, mean), len(values))


def _with_error(mean: float, spread: float, n: int) -> ValidationLoss:
    return ValidationLoss(mean, float(np.sqrt(n / max(n - 1, 1) * spread)))


def _spread(values: Floats, weights: Floats, total: float, mean: float) -> float:
    return float(np.sum((weights / total * (values - mean)) ** 2))


def _spread_of_part(part: Part, values: Floats, total: float, mean: float) -> float:
    return _spread(values, part.weights, total, mean)
