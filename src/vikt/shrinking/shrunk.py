"""A model of fewer features: the columns that move the scores most, and the vocabulary that these need."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Bools, Floats, Ints
from vikt.errors import ParameterError, UsageError
from vikt.features.ngrams.ngrams import FittedNgrams
from vikt.features.ngrams.pruning import pruned
from vikt.features.text import TextFeatures
from vikt.files.model_file import model_pieces
from vikt.fitting.model import FittedModel
from vikt.fitting.record import FitRecord
from vikt.fitting.saved import SavedModel
from vikt.model.targets import loss_of
from vikt.names import Reason
from vikt.parameters import checked_value, whole
from vikt.shrinking.contributions import TypicalRows, by_part, typical_rows
from vikt.shrinking.sizes import parsed_size
from vikt.tables import counted

# How close the search for a size comes to the most features that fit.
_PRECISION = 1.01


def shrunk_by(saved: SavedModel, features: int | None, size: str | None) -> SavedModel:
    """`shrunk_to` a number of features, or `shrunk_to_size` of a model file such as "3MB", whichever is given.

    Raises
    ------
    UsageError
        Both are given or neither, or as for the two.
    """
    if features is not None and size is None:
        return shrunk_to(saved, checked_value("features", whole(1), features))
    if size is not None and features is None:
        return shrunk_to_size(saved, parsed_size(size))
    raise UsageError("expected either a number of features or a size; give one of them")


def shrunk_to(saved: SavedModel, n_features: int) -> SavedModel:
    """The same model with fewer features: those that move the scores most, and all hand-made ones.

    Weights and intercepts make up for what is dropped, as far as the model alone tells: rows are normalised by the
    n-grams that stay, so weights become smaller, and what the others add on average moves into the intercepts. Nothing
    is proven of the result, and it has no test figures.

    Raises
    ------
    ParameterError
        The model has fewer features, or more hand-made ones.

    Examples
    --------
    >>> import vikt
    >>> texts = ["a great film", "great fun", "a bad film", "bad and dull"]
    >>> classifier = vikt.TextClassifier(min_df=1, l2=0.01).fit(texts, ["pos", "pos", "neg", "neg"])
    >>> small = shrunk_to(SavedModel(classifier.model_, classifier.record_), 2)
    >>> small.model.features.names(), small.model.predicted(["great", "bad"]).tolist()
    (['bad', 'great'], ['pos', 'neg'])
    """
    features = saved.model.features
    least, most = _fewest(features), features.n_features
    if not least <= n_features <= most:
        handmade = f" ({features.n_handmade:,} of them hand-made, which always stay)" * bool(features.n_handmade)
        raise ParameterError(
            "features", f"expected {least:,} to {most:,}, which the model has{handmade}, found {n_features:,}"
        )
    return kept_first(saved, most_telling(saved), n_features - features.n_handmade)


def shrunk_to_size(saved: SavedModel, n_bytes: int, size_of: Callable[[SavedModel], int] | None = None) -> SavedModel:
    """The same model with as many features as `n_bytes` hold, to within one in a hundred; see `shrunk_to`.

    `size_of` measures what the model is written as, by default a model file.

    Raises
    ------
    UsageError
        Not even one n-gram fits.
    """
    measure, order = size_of or file_size, most_telling(saved)
    if measure(saved) <= n_bytes:
        return saved
    features = saved.model.features
    n_handmade, low, high = features.n_handmade, _fewest(features), features.n_features
    found = kept_first(saved, order, low - n_handmade)
    if (fewest := measure(found)) > n_bytes:
        raise UsageError(
            f"with {low:,} of {counted(features.n_features, 'feature')} the file takes {fewest:,} bytes, more than the "
            f"{n_bytes:,} asked for; allow at least {math.ceil(fewest / 1000):,}kB"
        )
    while high > low + 1 and high > low * _PRECISION:
        n_features = round((low * high) ** 0.5)
        n_features = min(max(n_features, low + 1), high - 1)
        tried = kept_first(saved, order, n_features - n_handmade)
        if measure(tried) <= n_bytes:
            low, found = n_features, tried
        else:
            high = n_features
    return found


def file_size(saved: SavedModel) -> int:
    """The bytes of the model file."""
    return sum(piece.nbytes for piece in model_pieces(*saved.to_file()))


def _fewest(features: TextFeatures) -> int:
    """The fewest features that can be kept."""
    if not features.parts:
        raise UsageError("the model has hand-made features only, which always stay; there is nothing to shrink")
    return features.n_handmade + 1


def most_telling(saved: SavedModel) -> Ints:
    """The columns of n-grams, those that move the scores most first."""
    parts = zip(typical_rows(saved), by_part(saved.model.features, _by_feature(saved.model)[1:]), strict=True)
    return np.argsort(-np.concatenate([rows.spreads(theta) for rows, theta in parts]), kind="stable")


def _by_feature(model: FittedModel) -> Floats:
    """θ with a row for each feature, the intercepts first: (n+1, K)."""
    theta = model.theta.T.astype(np.float64)
    return np.asarray(model.loss.centred(theta)).reshape(len(theta), -1)


class _SmallerPart(NamedTuple):
    """The n-grams of a part that stay, their weights, and what the others add to the scores on average."""

    ngrams: FittedNgrams
    theta: Floats
    dropped: Floats

    @classmethod
    def of(cls, ngrams: FittedNgrams, rows: TypicalRows, theta: Floats, stays: Bools) -> _SmallerPart:
        columns = np.flatnonzero(stays)
        # Rows are divided by the length of what stays alone. Weights as much smaller would make up for that, if what
        # is dropped did not go along with what stays; the square root allows for it, and was best when measured.
        shorter = (rows.length(columns) / (rows.length() or 1.0)) ** 0.5
        return cls(pruned(ngrams, columns), theta[columns] * shorter, rows.means(theta, np.flatnonzero(~stays)))


def kept_first(saved: SavedModel, order: Ints, n: int) -> SavedModel:
    """The model with the first n columns of n-grams in an order, and the hand-made features."""
    model, features, by_feature = saved.model, saved.model.features, _by_feature(saved.model)
    if n == len(order):
        return saved
    stays = np.zeros(features.n_features, dtype=bool)
    stays[order[:n]] = True
    weights, of_handmade = by_part(features, by_feature[1:]), by_feature[1 + features.n_ngrams :]
    each = zip(features.parts, typical_rows(saved), weights, by_part(features, stays), strict=True)
    parts = [_SmallerPart.of(*own) for own in each]
    dropped = np.sum([part.dropped for part in parts], axis=0)
    # Ordered levels have cuts in place of an intercept.
    intercepts, cuts = (by_feature[0], model.cuts - dropped) if model.cuts else (by_feature[0] + dropped, ())
    theta = np.concatenate([intercepts[None], *(part.theta for part in parts), of_handmade])
    smaller = replace(
        model,
        features=TextFeatures.fitted(features.settings, [part.ngrams for part in parts], features.encoders),
        theta=_in_shape_of(model.theta, theta),
        loss=loss_of(model.kind, len(model.classes), tuple(map(float, cuts))),
    )
    return SavedModel(smaller, _recorded(saved.record, features.n_features))


def _in_shape_of(theta: NDArray[np.float32], by_feature: Floats) -> NDArray[np.float32]:
    own = by_feature.astype(np.float32)
    return np.ascontiguousarray(own[:, 0] if theta.ndim == 1 else own.T)


def _recorded(record: FitRecord, n_before: int) -> FitRecord:
    """The record of the fit, without what holds for the whole model alone: its proof and its test figures."""
    reason = Reason("shrunk", {"features": record.shrunk_from or n_before})
    return replace(record, parts=tuple(part.unproven(reason) for part in record.parts), metrics={})
