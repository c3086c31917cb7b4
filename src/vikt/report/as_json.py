"""Results as JSON: finite numbers or null, never NaN or Infinity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vikt.features.description import sentences
from vikt.fitting.model import FittedModel
from vikt.fitting.record import FitRecord
from vikt.names import finite


def certificate_json(record: FitRecord) -> dict[str, object]:
    """The certificate of the part proven least."""
    part = record.least_proven
    certificate: dict[str, Any] = {"relative": finite(part.relative), "bound": finite(part.bound)}
    return certificate | ({"reason": str(part.reason)} if part.reason else {})


def _of_targets(model: FittedModel) -> dict[str, object]:
    """The kind of targets, and the thresholds of several labels or the cuts between ordered levels."""
    thresholds = {} if model.thresholds is None else {"thresholds": model.thresholds.to_json(model.labels)}
    return {"targets": model.kind, **thresholds, **({"cuts": list(model.cuts)} if model.cuts else {})}


def model_json(path: Path, model: FittedModel, record: FitRecord) -> dict[str, object]:
    """A model and the record of its fit."""
    return {
        "path": str(path),
        "bytes": path.stat().st_size if path.is_file() else None,
        "classes": model.labels,
        "features": model.features.n_features,
        "notes": sentences(model.features.facts()),
        "l2": record.least_proven.penalty.l2,
        "loss": record.least_proven.loss,
        "decision": model.decision.to_json(model.labels),
        **_of_targets(model),
        **record.to_json(),
    }
