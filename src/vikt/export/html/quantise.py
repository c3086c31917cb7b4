"""A model whose numbers take a byte each, small enough for a page of a chosen size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vikt.arrays import Floats
from vikt.features.ngrams.ngrams import FittedNgrams
from vikt.features.text import TextFeatures
from vikt.fitting.saved import SavedModel
from vikt.names import Reason
from vikt.shrinking.contributions import by_part

# Weights are whole multiples of a step, from -127 to 127.
_LARGEST = 127
_LEVELS = 255


def quantised(saved: SavedModel, largest: int = _LARGEST) -> SavedModel:
    """The same model with weights of 8 bits, by a step of their own for each score and part of the features.

    Inverse document frequencies have 8 bits too. Nothing is proven of the result, and it has no test figures.
    """
    model, features = saved.model, saved.model.features
    theta = np.atleast_2d(model.theta).astype(np.float64)
    rounded = [
        np.concatenate([row[:1], *(_multiples(own, largest) for own in by_part(features, row[1:]))]) for row in theta
    ]
    parts = [_with_rounded_idf(part) for part in features.parts]
    smaller = replace(
        model,
        features=TextFeatures.fitted(features.settings, parts, features.encoders),
        theta=np.array(rounded, dtype=np.float32).reshape(model.theta.shape),
    )
    reason = saved.record.parts[0].reason
    return SavedModel(smaller, saved.record)


def _multiples(weights: Floats, largest: int) -> Floats:
    """The nearest multiple of a step, of which the largest weight is 127."""
    step = float(np.abs(weights).max(initial=0.0)) / largest
    return np.rint(weights / step) * step if step > 0 else weights


def _with_rounded_idf(part: FittedNgrams) -> FittedNgrams:
    lowest, highest = part.idf.min(initial=1.0), part.idf.max(initial=1.0)
    step = (highest - lowest) / _LEVELS
    return part if step == 0 else part.with_idf(lowest + np.rint((part.idf - lowest) / step) * step)
