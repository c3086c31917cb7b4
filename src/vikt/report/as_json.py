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
        **record.to_json(),
    }
