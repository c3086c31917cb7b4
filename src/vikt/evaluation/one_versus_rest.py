"""The curves of one class against the rest, and the areas below them; the mean over many classes."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from vikt.arrays import Bools, Floats, Ints
from vikt.metrics.areas import Area, precision_recall_area, roc_area
from vikt.metrics.curves import (
    PrecisionRecallCurve,
    RocCurve,
    mean_curve,
    precision_recall_of,
    ranking,
    roc_of,
)


class Curves(NamedTuple):
    """The curves of one class, or the means of many, and the areas below them."""

    roc: RocCurve
    precision_recall: PrecisionRecallCurve
    roc_area: Area
    precision_recall_area: Area


class OneVersusRest(NamedTuple):
    """Each class against the rest.

    Attributes
    ----------
    is_defined : ndarray of bool, (K,)
        Whether some rows are of the class and some are not.
    roc_auc, average_precision : ndarray, (K,)
        Its areas; nan where undefined.
    curves : Curves or None
        Those of the second of two classes, or the means over the classes that are defined; None where none is.
    """

    is_defined: Bools
    roc_auc: Floats
    average_precision: Floats
    curves: Curves | None


def one_versus_rest(y: Ints, probabilities: Floats) -> OneVersusRest:
    """The curves and areas of all classes, from each row's real class (m,) and P(class | text) (m, K)."""
    m, n_classes = probabilities.shape
    rows = np.bincount(y, minlength=n_classes)
    is_defined = (rows > 0) & (rows < m)
    areas, influences = np.full((2, n_classes), math.nan), np.zeros((2, m))
    rocs, precision_recalls = [], []
    for k in np.flatnonzero(is_defined).tolist():
        curves = _against_rest(y == k, probabilities[:, k])
        areas[:, k] = curves.roc_area.value, curves.precision_recall_area.value
        # Only sums and points of equal distance are kept: all of the curves would need more memory than the data.
        influences += curves.roc_area.influence, curves.precision_recall_area.influence
        rocs.append(curves.roc.resampled())
        precision_recalls.append(curves.precision_recall.resampled())
    if not rocs:
        return OneVersusRest(is_defined, areas[0], areas[1], None)
    if n_classes == 2:
        second = curves._replace(roc=curves.roc.thinned(), precision_recall=curves.precision_recall.thinned())
        return OneVersusRest(is_defined, areas[0], areas[1], second)
    means = (
        Area(math.fsum(values[is_defined].tolist()) / len(rocs), influence / len(rocs))
        for values, influence in zip(areas, influences, strict=True)
    )
    curves = Curves(mean_curve(rocs), mean_curve(precision_recalls), *means)
    return OneVersusRest(is_defined, areas[0], areas[1], curves)


def _against_rest(is_positive: Bools, scores: Floats) -> Curves:
    ranked = ranking(is_positive, scores)
    return Curves(
        roc_of(ranked),
        precision_recall_of(ranked),
        roc_area(is_positive, ranked),
        precision_recall_area(is_positive, ranked),
    )
