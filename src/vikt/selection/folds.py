"""Validation rows, and the mean log loss of a fit on them with its standard error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vikt.arrays import Floats
from vikt.model.loss import Loss
from vikt.model.objective import Objective


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
    return weighted_mean(unit_losses(folds, fits), unit_weights(folds))


def unit_losses(folds: Sequence[Fold], fits: Sequence[RoughFit]) -> Floats:
    """The loss of each validation row of one fold, or the mean loss of each of several folds: (u,)."""
    held_out = [fold.validation.with_loss(fit.loss) for fold, fit in zip(folds, fits, strict=True)]
    losses = [rows.losses(rows.scores(fit.theta)).only for rows, fit in zip(held_out, fits, strict=True)]
    if len(folds) == 1:
        return losses[0]
    weights = [fold.validation.rows.weights for fold in folds]
    return np.array([weighted_mean(*of_fold).mean for of_fold in zip(losses, weights, strict=True)])


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
    total, n = float(np.sum(weights)), len(values)
    mean = float(np.sum(weights * values)) / total
    squares = float(np.sum((weights / total * (values - mean)) ** 2))
    return ValidationLoss(mean, float(np.sqrt(n / max(n - 1, 1) * squares)))
