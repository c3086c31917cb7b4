"""Why a linear model decided as it did: its score is a sum, and the contribution of each feature is exact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

import numpy as np

from vikt.arrays import Floats
from vikt.corpus.texts import Texts
from vikt.errors import ParameterError
from vikt.explanation.explanation import Contribution, Explanation, Explanations
from vikt.explanation.scores import ClassScore, LabelScore, LevelScore, ScoreDifference
from vikt.features.text import TextFeatures
from vikt.fitting.model import FittedModel, Inputs
from vikt.matrix import SparseMatrix
from vikt.model.linear import LinearModel
from vikt.names import TargetKind

# The n-grams of a text by their columns: of each occurrence the byte spans of its units.
Occurrences = dict[int, list[list[tuple[int, int]]]]
# Why no score is above another.
_NO_RIVAL: dict[TargetKind, str] = {
    "several": "each of several labels is answered independently of the others; leave it out, and name one label",
    "ordered": "ordered levels share one score, so one level cannot be explained against another; leave it out",
}


def explain_answer(model: FittedModel, document: Inputs) -> Explanation | Explanations:
    """Explain what a model answers to one document; of several labels each that it answers, or the most probable."""
    if model.kind != "several":
        return explain(model, document)
    log_probabilities, members = model.answered_sets(document)
    order = np.argsort(-log_probabilities[0], kind="stable")
    answered = order[members[0][order]] if members.any() else order[:1]
    return Explanations(tuple(explain(model, document, int(k)) for k in answered))


def explain(model: FittedModel, document: Inputs, k: int | None = None, against: int | None = None) -> Explanation:
    """Explain the score of class k for one document: by default of the class that the model's decision chooses.

    With a class `against`, explain by how much the score of k is above that of the other: log(P(k)/P(against)), where
    the model has no temperature. Of several labels the score of k is that of its own logistic regression. Ordered
    levels share one score, which is explained whatever k is.

    Raises
    ------
    ParameterError
        Both are the same class, or the model's classes have no scores to compare.
    """
    if against is not None and model.kind in _NO_RIVAL:
        raise ParameterError("against", _NO_RIVAL[model.kind])
    features = model.features
    documents = model.measured(document)
    texts = documents.texts
    rows = features.transform(documents, np.float64)
    scores = LinearModel(model.theta).scores(SparseMatrix(*rows))
    log_probabilities = model.decision.log_probabilities(model.loss, scores)
    answered = model.decision.answered(log_probabilities, np.diff(rows.indptr) > 0)
    k = int(answered.choices[0]) if k is None else k
    if k == against:
        raise ParameterError("against", f"{model.labels[k]!r:.60} is the class that is explained; name another")
    about = _SCORES[model.kind](model, np.exp(log_probabilities[0]), k, against, bool(answered.is_answered[0]))
    theta = model.loss.class_weights(model.theta, len(model.classes) - 1 if about.is_shared else k, against)
    weights = theta[1 + rows.indices]
    parts = weights * rows.values.astype(np.float64)
    occurrences = _occurrences(texts, features, rows.indices.tolist())
    order = _largest_first(parts, rows.indices.tolist(), occurrences)
    names = features.names(rows.indices)
    spelled = {features.prefix(p) + n: f" {s}" for p in features.parts for n, s in p.spellings(texts).items()}
    shown_as = [name + spelled.get(name, "") for name in names]
    contributions = dict(zip(rows.indices.tolist(), parts.tolist(), strict=True))
    shown, emphasis = _emphasis(texts, features, occurrences, contributions)
    return Explanation(
        about,
        float(theta[0] + parts.sum()),
        float(theta[0]),
        [Contribution(shown_as[j], float(weights[j]), float(rows.values[j]), float(parts[j])) for j in order],
        shown,
        emphasis,
    )


def _of_class(model: FittedModel, p: Floats, k: int, against: int | None, is_answered: bool) -> ClassScore:
    own = model.labels[k], float(p[k]), is_answered
    return ClassScore(*own) if against is None else ScoreDifference(*own, model.labels[against], float(p[against]))


def _of_label(model: FittedModel, p: Floats, k: int, *_: object) -> ClassScore:
    threshold = model.label_thresholds.thresholds[k]
    return LabelScore(model.labels[k], float(p[k]), bool(p[k] >= threshold), threshold)


def _of_level(model: FittedModel, p: Floats, k: int, against: int | None, is_answered: bool) -> ClassScore:
    return LevelScore(model.labels[k], float(p[k]), is_answered, model.labels, list(model.cuts))


_SCORES: Mapping[TargetKind, Callable[[FittedModel, Floats, int, int | None, bool], ClassScore]] = {
    "classes": _of_class,
    "several": _of_label,
    "soft": _of_class,
    "ordered": _of_level,
}


def _occurrences(texts: Texts, features: TextFeatures, columns: Sequence[int]) -> list[Occurrences]:
    """For each part of the features the n-grams of the text, by column and in the order in which they first occur."""
    found, first = [], 0
    for part in features.parts:
        # Names are of one part: a word and a run of characters can have the same, and so can a hand-made feature.
        own = [column for column in columns if first <= column < first + part.n_columns]
        column_of = dict(zip(part.names([column - first for column in own]), own, strict=True))
        first += part.n_columns
        places: Occurrences = defaultdict(list)
        for name, spans in part.occurrences(texts):
            if name in column_of:
                places[column_of[name]].append(spans)
        found.append(places)
    return found


def _largest_first(parts: Floats, columns: Sequence[int], occurrences: Sequence[Occurrences]) -> list[int]:
    """The places of contributions, the largest first; of equal ones, the one that occurs first in the text."""
    order_in_text = {column: n for n, column in enumerate(chain.from_iterable(occurrences))}
    return sorted(
        range(len(columns)), key=lambda j: (-abs(parts[j]), order_in_text.get(columns[j], len(order_in_text)))
    )


def _emphasis(
    texts: Texts, features: TextFeatures, occurrences: Sequence[Occurrences], contributions: Mapping[int, float]
) -> tuple[str, list[float]]:
    """The contribution of each n-gram, by its column, spread over the characters that it covers."""
    text = texts[0].decode("utf-8", "surrogatepass")
    if not features.parts:
        return text, [0.0] * len(text)
    normalised = features.parts[0].normalised(texts)[0].decode("utf-8", "surrogatepass")
    shown = text if len(text) == len(normalised) else normalised
    emphasis = [0.0] * len(shown)
    for part, places in zip(features.parts, occurrences, strict=True):
        own = part.normalised(texts)[0]
        if len(own.decode("utf-8", "surrogatepass")) != len(shown):
            continue
        character_at = _characters(own)
        for column, all_spans in places.items():
            share = contributions[column] / len(all_spans)
            for spans in all_spans:
                covered = [c for a, b in spans for c in range(character_at[a], character_at[b])]
                for c in covered:
                    emphasis[c] += share / len(covered)
    return shown, emphasis


def _characters(content: bytes) -> list[int]:
    """The index of the character that each byte belongs to, and one more for the end."""
    begins = np.frombuffer(content, dtype=np.uint8) & 0xC0 != 0x80
    return [*(np.cumsum(begins) - 1).tolist(), int(begins.sum())]
