"""Results as JSON: finite numbers or null, never NaN or Infinity."""

from __future__ import annotations

from pathlib import Path

from vikt.explanation.weights import strongest_features
from vikt.features.description import sentences
from vikt.fitting.model import FittedModel
from vikt.fitting.record import FitRecord
from vikt.fitting.saved import SavedModel
from vikt.mappings import Json
from vikt.names import finite


def certificate_json(record: FitRecord) -> dict[str, object]:
    """The certificate of the part proven least."""
    part = record.least_proven
    certificate: Json = {"relative": finite(part.relative), "bound": finite(part.bound)}
    return certificate | ({"reason": str(part.reason)} if part.reason else {})


def fit_json(record: FitRecord) -> Json:
    """What is known of a fit without figures of a test."""
    return {"metrics": {}, "certificate": certificate_json(record), "data": record.data.to_json()}


def inspected_json(path: Path, saved: SavedModel) -> dict[str, object]:
    """A model file: the model and the record of its fit, the proof and the strongest features."""
    strongest = {label: list(map(list, features)) for label, features in strongest_features(saved.model).items()}
    about = {"certificate": certificate_json(saved.record), "strongest": strongest}
    return model_json(path, saved.model, saved.record) | about


def _answers(model: FittedModel) -> dict[str, object]:
    """What is answered of which kind of targets: by a decision, with cuts between levels, or by labels' thresholds."""
    if model.thresholds is not None:
        return {"targets": model.kind, "thresholds": model.thresholds.to_json(model.labels)}
    cuts = {"cuts": list(model.cuts)} if model.cuts else {}
    return {"targets": model.kind, "decision": model.decision.to_json(model.labels), **cuts}


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
        **_answers(model),
        **record.to_json(),
    }
