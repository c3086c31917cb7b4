"""Where a fit may start: at the weights of an earlier model, carried over by the names of features and classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vikt.arrays import Floats, LabelArray
from vikt.features.settings import RECIPES
from vikt.features.text import TextFeatures
from vikt.fitting.model import FittedModel
from vikt.selection.recipes import Shares


@dataclass(frozen=True)
class Start:
    """An earlier model, and the parts of its recipe with their shares of the score."""

    model: FittedModel
    shares: Shares

    def theta(self, part: int, features: TextFeatures, classes: LabelArray) -> Floats:
        """The weights of one part for features and classes learnt anew, in the shape of the loss; 0 for what is new.

        Of a blend only the sum of the parts' intercepts and hand-made weights is known, which is their start in each.
        """
        own = self.model.theta.astype(np.float64)
        skipped = sum(len(RECIPES[name]) for name, _ in self.shares[:part])
        columns = features.columns_in(self.model.features, skipped)
        weights = np.where(columns < 0, 0.0, own[..., 1 + columns])
        weights[..., : features.n_features - features.n_handmade] /= self.shares[part][1]
        place_of = {label: k for k, label in enumerate(self.model.classes.tolist())}
        places = np.array([place_of.get(label, -1) for label in classes.tolist()])
        return self.model.loss.carried_over(np.concatenate([own[..., :1], weights], axis=-1), places)
