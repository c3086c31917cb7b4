"""The quadratic model of the mean loss that a step of the elastic net minimises, in some of the weights."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats
from vikt.compiled import compiled
from vikt.solvers import elastic_net_kernels
from vikt.solvers.linear_systems import conjugate_gradients, inner_product

_MOST_PRODUCTS = 50


class Coordinates(NamedTuple):
    """The data matrix by columns, and the features and classes of some weights, as the kernels read them."""

    indptr: NDArray[np.int64]
    rows: NDArray[np.uint32]
    values: Floats
    features: NDArray[np.int64]
    classes: NDArray[np.int64]


class QuadraticModel(NamedTuple):
    """The quadratic model of the mean loss about θ, in some coordinates and the intercepts."""

    held: Coordinates
    slopes: Floats
    curvatures: Floats
    intercept_slopes: Floats
    p: Floats
    share: Floats
    weights: Floats
    first: int
    l2: Floats
    l1: Floats

    def polished(
        self, step: Floats, intercept_step: Floats, moved: Floats, enough: float
    ) -> tuple[Floats, Floats, Floats]:
        """The step, continued by conjugate gradients in the weights that are not 0, as if each kept its sign.

        Coordinate descent finds out which weights are 0, but is slow with columns that resemble each other. A weight
        that would change its sign becomes 0. What does not lower the model is not taken.
        """
        weights = self.weights + step
        free = weights != 0
        if not free.any():
            return step, intercept_step, moved
        held = self.held._replace(features=self.held.features[free], classes=self.held.classes[free])
        restricted = self._replace(held=held)
        l2 = self.l2[free]
        kinks = self.l1[free] * np.sign(weights[free]) + 2 * l2 * weights[free] + self.slopes[free]
        gradient = restricted.bent(moved) + np.concatenate([kinks, self.intercept_slopes * self.first])
        by_weight = self.curvatures[free] + 2 * l2
        by_intercept = np.sum(self.share[:, None] * self.p * (1 - self.p), axis=0)
        diagonal = np.maximum(np.concatenate([by_weight, by_intercept]), np.finfo(np.float64).tiny)

        def product(direction: Floats) -> Floats:
            bent = restricted.bent(restricted.scores(direction))
            bent[: len(by_weight)] += 2 * l2 * direction[: len(by_weight)]
            return bent

        further, _ = conjugate_gradients(
            product,
            -gradient,
            lambda rest: rest / diagonal,
            lambda rest, size, fell: bool(np.abs(rest).max() <= enough),
            _MOST_PRODUCTS,
            inner_product,
            lambda rest, scaled: float(np.sum(rest * rest / diagonal)),
        )
        target = weights[free] + further[: len(by_weight)]
        target[np.sign(target) != np.sign(weights[free])] = 0.0
        polished, all_moved = step.copy(), moved.copy()
        polished[free] = np.where(target == 0, -self.weights[free], target - self.weights[free])
        further[: len(by_weight)] = target - weights[free]
        all_moved += restricted.scores(further)
        intercepts = intercept_step + further[len(by_weight) :] * self.first
        before = self.value(step, intercept_step, moved)
        if self.value(polished, intercepts, all_moved) < before:
            return polished, intercepts, all_moved
        return step, intercept_step, moved

    def value(self, step: Floats, intercept_step: Floats, moved: Floats) -> float:
        weights = self.weights + step
        linear = np.sum(self.slopes * step) + np.sum(self.intercept_slopes * intercept_step)
        quadratic = np.sum(self._curved(moved) * moved) / 2
        penalty = np.sum(self.l1 * np.abs(weights)) + np.sum(self.l2 * weights * weights)
        return float(linear + quadratic + penalty)

    def scores(self, direction: Floats) -> Floats:
        """The scores of a step in the coordinates and, last, the intercepts."""
        moved: Floats = np.zeros_like(self.p) + direction[-self.p.shape[1] :] * self.first
        compiled(elastic_net_kernels.__name__).add_scores(*self.held, direction, moved)
        return moved

    def bent(self, moved: Floats) -> Floats:
        """By how much the slopes change as scores move by `moved`."""
        curved = self._curved(moved)
        sums = np.empty(len(self.held.features))
        compiled(elastic_net_kernels.__name__).column_sums(*self.held, curved, sums)
        return np.concatenate([sums, curved.sum(axis=0) * self.first])

    def _curved(self, moved: Floats) -> Floats:
        mean = np.sum(self.p * moved, axis=1, keepdims=True)
        return np.asarray(self.share[:, None] * self.p * (moved - mean))
