"""All that a page needs of a trained model, encoded."""

from __future__ import annotations

import numpy as np

from vikt.errors import UsageError
from vikt.export.html.characters import character_facts
from vikt.export.html.header import Header
from vikt.export.html.ngrams import ngram_facts
from vikt.export.html.payload import Payload
from vikt.fitting.model import FittedModel
from vikt.fitting.saved import SavedModel
from vikt.shrinking.contributions import by_part
from vikt.web.about import facts


def encoded_model(saved: SavedModel, name: str) -> str:
    """A model for the engine, compressed, in base64. Raises UsageError where the engine could not compute it."""
    model = saved.model
    _refuse_handmade(model)
    payload, parts = Payload(), model.features.parts
    weights = by_part(model.features, np.atleast_2d(model.theta)[:, 1:].T)
    specs = model.features.spec().ngrams
    header: Header = {
        "name": name,
        "targets": model.kind,
        "classes": model.labels,
        "facts": facts(saved),
        "thresholds": None if model.thresholds is None else list(model.thresholds.thresholds),
        "decision": None if model.thresholds is not None else model.decision.to_json(model.labels),
        "cuts": list(model.cuts),
        "characters": character_facts(payload),
        "parts": [
            ngram_facts(payload, spec, model.features.prefix(part), own)
            for part, spec, own in zip(parts, specs, weights, strict=True)
        ],
        "intercepts": np.atleast_2d(model.theta)[:, 0].tolist(),
    }
    return payload.encoded(header)


def _refuse_handmade(model: FittedModel) -> None:
    if model.features.settings.handmade:
        raise UsageError(
            f"the model has hand-made features, such as {model.features.settings.handmade[0].name!r:.60}, which a page "
            "does not compute; train a model on the text alone"
        )
