"""Why a linear model decided as it did: its score is a sum, and the contribution of each feature is exact."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats
from vikt.corpus.texts import Texts
from vikt.features.text import TextFeatures
from vikt.fitting.model import FittedModel, Inputs
from vikt.matrix import SparseMatrix
from vikt.model.linear import LinearModel


@dataclass(frozen=True)
class Contribution:
    """What one feature adds to a score: its weight θ_j times its value x_j."""

    feature: str
    weight: float
    value: float
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """A score as the sum of its contributions.

    Attributes
    ----------
    label : str
        The class predicted, whose score this is.
    probability : float
    score : float
        θ_k·x: the intercept and all contributions, summed. For two classes, the log-odds of `label`.
    intercept : float
        The contribution of the dummy feature.
    contributions : list of Contribution
        Of every feature of the text, the largest first.
    text : str
        The text as passed, or normalised where that changes its length.
    emphasis : list of float
        How much each character of `text` speaks for `label`.
    """

    label: str
    probability: float
    score: float
    intercept: float
    contributions: list[Contribution]
    text: str
    emphasis: list[float]

    def to_json(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "probability": self.probability,
            "score": self.score,
            "intercept": self.intercept,
            "contributions": [vars(part) for part in self.contributions],
        }


def explain(model: FittedModel, document: Inputs) -> Explanation:
    """Explain the class that a model gives one document."""
    features = model.features
    documents = model.measured(document)
    texts = documents.texts
    rows = features.transform(documents, np.float64)
    log_probabilities = LinearModel(model.theta).log_probabilities(SparseMatrix(*rows))[0]
    k = int(np.argmax(log_probabilities))
    theta = class_weights(model.theta, k)
    weights = theta[1 + rows.indices]
    parts = weights * rows.values.astype(np.float64)
    order = np.argsort(-np.abs(parts), kind="stable")
    names = features.names(rows.indices)
    spelled = {features.prefix(p) + n: f"{n} {s}" for p in features.parts for n, s in p.spellings(texts).items()}
    shown_as = [spelled.get(name, name) for name in names]
    # A hand-made feature can have the name of an n-gram, but has no place in the text.
    is_ngram = rows.indices < features.n_features - len(features.handmade_names)
    by_name = {names[j]: float(parts[j]) for j in np.flatnonzero(is_ngram)}
    shown, emphasis = _emphasis(texts, features, by_name)
    return Explanation(
        model.labels[k],
        float(np.exp(log_probabilities[k])),
        float(theta[0] + parts.sum()),
        float(theta[0]),
        [Contribution(shown_as[j], float(weights[j]), float(rows.values[j]), float(parts[j])) for j in order],
        shown,
        emphasis,
    )


def class_weights(theta: NDArray[np.floating[Any]], k: int) -> Floats:
    """The weights of class k in float64: of two classes, the first's are the other's negated."""
    own = theta[k] if theta.ndim == 2 else theta if k == 1 else -theta
    return np.asarray(own, dtype=np.float64)


def strongest_features(model: FittedModel, n: int = 10) -> dict[str, list[tuple[str, float]]]:
    """The n features with the largest weights for each class: {class: [(feature, θ_j), ...]}."""
    strongest = {}
    for k, label in enumerate(model.labels):
        theta = class_weights(model.theta, k)[1:]
        top = np.argpartition(-theta, min(n, len(theta) - 1))[:n]
        top = top[np.argsort(-theta[top], kind="stable")]
        strongest[label] = list(zip(model.features.names(top), theta[top].tolist(), strict=True))
    return strongest


def _emphasis(texts: Texts, features: TextFeatures, contributions: dict[str, float]) -> tuple[str, list[float]]:
    """The contribution of each n-gram, spread over the characters that it covers."""
    text = texts[0].decode("utf-8", "surrogatepass")
    if not features.parts:
        return text, [0.0] * len(text)
    normalised = features.parts[0].normalised(texts)[0].decode("utf-8", "surrogatepass")
    shown = text if len(text) == len(normalised) else normalised
    emphasis = [0.0] * len(shown)
    for part in features.parts:
        own = part.normalised(texts)[0]
        if len(own.decode("utf-8", "surrogatepass")) != len(shown):
            continue
        places = defaultdict(list)
        for name, spans in part.occurrences(texts):
            places[features.prefix(part) + name].append(spans)
        character_at = _characters(own)
        for name, occurrences in places.items():
            share = contributions.get(name, 0.0) / len(occurrences)
            for spans in occurrences:
                covered = [c for a, b in spans for c in range(character_at[a], character_at[b])]
                for c in covered:
                    emphasis[c] += share / len(covered)
    return shown, emphasis


def _characters(content: bytes) -> list[int]:
    """The index of the character that each byte belongs to, and one more for the end."""
    begins = np.frombuffer(content, dtype=np.uint8) & 0xC0 != 0x80
    return [*(np.cumsum(begins) - 1).tolist(), int(begins.sum())]
