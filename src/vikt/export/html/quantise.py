"""A model whose numbers take a byte each, small enough for a page of a chosen size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vikt.arrays import Floats
from vikt.export.html.page import page_of
from vikt.features.ngrams.ngrams import FittedNgrams
from vikt.features.text import TextFeatures
from vikt.fitting.record import FitRecord
from vikt.fitting.saved import SavedModel
from vikt.names import Reason
from vikt.shrinking.contributions import by_part
from vikt.shrinking.shrunk import shrunk_to_size

# A weight is a whole multiple of a step, from -127 to 127.
_LARGEST = 127
_STEPS = 255


def fitting_page(saved: SavedModel, name: str, n_bytes: int) -> SavedModel:
    """The model itself if its page takes at most `n_bytes`, or else one whose page does.

    That has weights of 8 bits, and as many features as fit.

    Raises
    ------
    UsageError
        Not even one n-gram fits, or the model has features that a page does not compute.
    """
    if len(page_of(saved, name)) <= n_bytes:
        return saved
    return quantised(shrunk_to_size(saved, n_bytes, lambda smaller: len(page_of(quantised(smaller), name))))


def quantised(saved: SavedModel) -> SavedModel:
    """The same model with weights of 8 bits, by a step of their own for each score and each part of the features.

    Inverse document frequencies have 8 bits too. Nothing is proven of the result, and it has no test figures.
    """
    model, features = saved.model, saved.model.features
    rows = np.atleast_2d(model.theta).astype(np.float64)
    rounded = [_rounded(features, row) for row in rows]
    smaller = replace(
        model,
        features=TextFeatures.fitted(features.settings, list(map(_with_steps, features.parts)), features.encoders),
        theta=np.array(rounded, dtype=np.float32).reshape(model.theta.shape),
    )
    return SavedModel(smaller, _recorded(saved.record))


def _rounded(features: TextFeatures, weights: Floats) -> Floats:
    """The weights of one score, its intercept and those of hand-made features as they are."""
    of_ngrams = map(_multiples, by_part(features, weights[1:]))
    return np.concatenate([weights[:1], *of_ngrams, weights[1 + features.n_ngrams :]])


def _multiples(weights: Floats) -> Floats:
    """The nearest whole multiples of a step."""
    step = float(np.abs(weights).max(initial=0.0)) / _LARGEST
    return np.rint(weights / step) * step if step > 0 else weights


def _with_steps(part: FittedNgrams) -> FittedNgrams:
    lowest = part.idf.min(initial=np.inf)
    step = (part.idf.max(initial=-np.inf) - lowest) / _STEPS
    return part.with_idf(lowest + np.rint((part.idf - lowest) / step) * step) if step > 0 else part


def _recorded(record: FitRecord) -> FitRecord:
    """The record of the fit, without what holds for the exact weights alone; that a model was shrunk stays."""
    n_before = record.shrunk_from
    reason = Reason("quantised") if n_before is None else Reason("shrunk_and_quantised", {"features": n_before})
    return replace(record, parts=tuple(part.unproven(reason) for part in record.parts), metrics={})
