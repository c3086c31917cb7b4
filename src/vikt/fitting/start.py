"""Where a fit may start: at the weights of an earlier model, carried over by the names of features and classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats
from vikt.features.settings import RECIPES
from vikt.features.text import TextFeatures
from vikt.fitting.model import FittedModel
from vikt.selection.recipes import Shares


@dataclass(frozen=True)
class Start:
    """An earlier model, and the parts of its recipe with their shares of the score."""

    model: FittedModel
    shares: Shares

    def theta(self, part: int, features: TextFeatures, classes: NDArray[Any]) -> Floats:
        """The weights of one part for features and classes learnt anew: (n+1,) or (K, n+1), 0 for what is new.

        Of a blend only the sum of the parts' intercepts and hand-made weights is known, which is their start in each.
        """
        skipped = sum(len(RECIPES[name]) for name, _ in self.shares[:part])
        columns = features.columns_in(self.model.features, skipped)
        by_class = _by_class(self.model.theta)
        known = self.model.classes.tolist()
        theta = np.zeros((len(classes), 1 + features.n_features))
        for k, label in enumerate(classes.tolist()):
            if label in known:
                own = by_class[known.index(label)]
                theta[k, 0] = own[0]
                theta[k, 1:] = np.where(columns < 0, 0.0, own[1 + columns])
        theta[:, 1 : 1 + features.n_features - features.n_handmade] /= self.shares[part][1]
        return np.asarray(theta[1] - theta[0]) if len(classes) == 2 else theta


def _by_class(theta: NDArray[Any]) -> NDArray[Any]:
    """θ of every class, of which softmax makes the same probabilities."""
    return theta if theta.ndim == 2 else np.stack([-theta / 2, theta / 2])
