"""Results as JSON: finite numbers or null, never NaN or Infinity."""

from __future__ import annotations

from typing import Any

from vikt.evaluation.evaluation import Evaluation, finite
from vikt.fitting.model import FittedModel
from vikt.fitting.record import FitRecord


def evaluation_json(evaluation: Evaluation, record: FitRecord) -> dict[str, Any]:
    return {**evaluation.to_json(), "certificate": certificate_json(record), "data": record.data.to_json()}


def path_json(record: FitRecord) -> list[dict[str, Any]]:
    """The curve that λ was chosen from; empty where it was given, or had no rows to be chosen on."""
    names = ("strength", "C", "l2", "log_loss", "standard_error")
    return [{name: getattr(point, name) for name in names} for point in record.least_proven.penalty.curve]


def certificate_json(record: FitRecord) -> dict[str, Any]:
    part = record.least_proven
    certificate: dict[str, Any] = {"relative": finite(part.relative), "bound": finite(part.bound)}
    return certificate | ({"reason": part.reason} if part.reason else {})


def fit_json(model: FittedModel, record: FitRecord) -> dict[str, Any]:
    """What `vikt train` says of the model."""
    parts = record.parts if len(record.parts) > 1 else ()
    return {
        "l2": record.least_proven.penalty.l2,
        "loss": record.least_proven.loss,
        "features": model.features.n_features,
        "told": model.features.said,
        "choice_of_features": record.features and record.features.to_json(),
        "parts": [part.to_json() for part in parts],
        "path_of_l2": path_json(record),
    }
