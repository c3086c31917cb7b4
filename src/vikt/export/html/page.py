"""A trained model as one HTML page that classifies and explains texts by itself."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from vikt.arrays import Ints
from vikt.errors import UsageError
from vikt.export.html.characters import character_facts
from vikt.export.html.ngrams import ngram_facts
from vikt.export.html.payload import Payload
from vikt.fitting.model import FittedModel
from vikt.fitting.saved import SavedModel
from vikt.report.fit import key_facts

KIND = "a page that vikt exported"
# What tells such a page from any other file, near its start.
_MARK = '<meta name="generator" content="vikt export">'
_FIRST_BYTES = 1024
# The engine, in the order in which its files build on each other.
_SCRIPTS = ("payload.js", "characters.js", "units.js", "ngrams.js", "model.js", "explanation.js", "local.js")


def is_classifier_page(path: Path) -> bool:
    """Whether a file is a page that vikt exported."""
    with path.open("rb") as file:
        return _MARK.encode() in file.read(_FIRST_BYTES)


def page_of(saved: SavedModel, name: str) -> bytes:
    """A page that classifies and explains texts by itself.

    Raises
    ------
    UsageError
        The model has features that no page can compute.
    """
    content = encoded_model(saved, name)
    return f'<!doctype html>\n<html lang="en">\n<head>\n{_MARK}\n</head>\n{content}\n</html>'.encode()


@cache
def engine() -> str:
    """The scripts that read an encoded model, classify and explain."""
    folder = files("vikt.export.html") / "engine"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in _SCRIPTS)


def encoded_model(saved: SavedModel, name: str) -> str:
    """All that the engine needs of a model, compressed, in base64. Raises UsageError where it cannot compute it."""
    model = saved.model
    _refuse_features(model)
    payload = Payload()
    spec, parts, order, first = model.features.spec(), [], [np.zeros(1, dtype=np.int64)], 1
    for part, own in zip(model.features.parts, spec.ngrams, strict=True):
        facts, columns = ngram_facts(payload, own, model.features.prefix(part))
        parts.append(facts)
        order.append(first + columns)
        first += part.n_columns
    header = {
        "name": name,
        "targets": model.kind,
        "classes": model.labels,
        "facts": [list(fact) for fact in key_facts(model, saved.record)],
        "thresholds": None if model.thresholds is None else list(model.thresholds.thresholds),
        "decision": None if model.thresholds is not None else model.decision.to_json(model.labels),
        "cuts": list(model.cuts),
        "characters": character_facts(payload),
        "parts": parts,
        **_weights(payload, model, np.concatenate(order)),
    }
    return payload.encoded(header)


def _weights(payload: Payload, model: FittedModel, order: Ints) -> dict[str, object]:
    """The intercept and the weights of each score; the columns as the engine counts them."""
    rows = np.atleast_2d(model.theta)
    return {"intercepts": rows[:, 0].tolist(), "weights": [payload.numbers(row[order[1:]]) for row in rows]}


def _refuse_features(model: FittedModel) -> None:
    if model.features.settings.handmade:
        raise UsageError(
            f"the model has hand-made features, such as {model.features.settings.handmade[0].name!r:.60}, which a page "
            "does not compute; train a model on the text alone, without --features"
        )
