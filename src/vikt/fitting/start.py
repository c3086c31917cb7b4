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
        """The weights of one part for features and classes learnt anew, in the shape of the loss; 0 for what is new.

        Of a blend only the sum of the parts' intercepts and hand-made weights is known, which is their start in each.
        """
        skipped = sum(len(RECIPES[name]) for name, _ in self.shares[:part])
        columns = features.columns_in(self.model.features, skipped)
        own = self._known(classes)
        theta = np.concatenate([own[:, :1], np.where(columns < 0, 0.0, own[:, 1 + columns])], axis=1)
        theta[:, 1 : 1 + features.n_features - features.n_handmade] /= self.shares[part][1]
        if self.model.kind == "ordered":
            return np.asarray(theta[0])
        return np.asarray(theta[1] - theta[0]) if self.model.kind != "several" and len(classes) == 2 else theta

    def _known(self, classes: NDArray[Any]) -> Floats:
        """The weights of the model for each class, 0 for a new one; or the one row that all levels share: (K, n+1)."""
        by_class = _by_class(self.model)
        if self.model.kind == "ordered":
            return by_class
        place_of = {label: k for k, label in enumerate(self.model.classes.tolist())}
        by_class = np.concatenate([by_class, np.zeros((1, by_class.shape[1]))])
        return np.asarray(by_class[[place_of.get(label, -1) for label in classes.tolist()]])


def _by_class(model: FittedModel) -> NDArray[Any]:
    """θ of every class, of which softmax makes the same probabilities; of ordered ones the θ of all: (K, n+1)."""
    theta = model.theta.astype(np.float64)
    if model.kind == "ordered":
        return theta[None]
    return theta if theta.ndim == 2 else np.stack([-theta / 2, theta / 2])
