"""All that a page needs of a trained model, encoded."""

from __future__ import annotations

import numpy as np

from vikt.arrays import Ints
from vikt.errors import UsageError
from vikt.export.html.characters import character_facts
from vikt.export.html.ngrams import ngram_facts
from vikt.export.html.payload import Payload
from vikt.fitting.model import FittedModel
from vikt.fitting.saved import SavedModel
from vikt.web.about import facts


def encoded_model(saved: SavedModel, name: str) -> str:
    """A model for the engine, compressed, in base64. Raises UsageError where the engine could not compute it."""
    model = saved.model
    _refuse_handmade(model)
    payload, parts, columns, first = Payload(), [], [], 1
    for part, spec in zip(model.features.parts, model.features.spec().ngrams, strict=True):
        about, own = ngram_facts(payload, spec, model.features.prefix(part))
        parts.append(about)
        columns.append(first + own)
        first += part.n_columns
    header = {
        "name": name,
        "targets": model.kind,
        "classes": model.labels,
        "facts": facts(saved),
        "thresholds": None if model.thresholds is None else list(model.thresholds.thresholds),
        "decision": None if model.thresholds is not None else model.decision.to_json(model.labels),
        "cuts": list(model.cuts),
        "characters": character_facts(payload),
        "parts": parts,
        **_weights(payload, model, np.concatenate(columns)),
    }
    return payload.encoded(header)


def _weights(payload: Payload, model: FittedModel, columns: Ints) -> dict[str, object]:
    """The intercept of each score, and its weights in the order in which the engine counts columns."""
    rows = np.atleast_2d(model.theta)
    return {"intercepts": rows[:, 0].tolist(), "weights": [payload.numbers(row[columns]) for row in rows]}


def _refuse_handmade(model: FittedModel) -> None:
    if model.features.settings.handmade:
        raise UsageError(
            f"the model has hand-made features, such as {model.features.settings.handmade[0].name!r:.60}, which a page "
            "does not compute; train a model on the text alone, without --features"
        )
