"""Newton's step where the weights are many: H·Δ = -∇L̂ solved by conjugate gradients, H never formed.

A product with H costs two passes over the rows: H·v = Xᵀ·(w/W)·J·(X·v) + 2λ·v, where J is p(1 - p) of each row, or
diag(p) - ppᵀ. The columns are centred on the way, without a copy: the scores lose mean·v, the sums mean·Σ. The step is
solved as well as is worth it: the nearer the optimum, the better (Eisenstat and Walker 1996). Each weight is measured
by its own curvature (Jacobi's preconditioner), so that no scale of a column matters.

Sources: Hestenes and Stiefel 1952; Lin, Weng and Keerthi 2008.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.model.functions import Floats
from vikt.model.objective import Objective

_EPSILON = float(np.finfo(np.float64).eps)
_MOST_PRODUCTS = 500
_ROUGHEST, _FIRST = 0.3, 0.1
# In float32 a product is worth having while no column is far from zero for its spread, and none is huge.
_FARTHEST, _LARGEST = 100.0, 1e12


class ConjugateGradients:
    """Newton's steps of an objective, by products with the Hessian.

    Parameters
    ----------
    objective : Objective
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        X = objective.X
        self.share = objective.weights / objective.total_weight
        self.first = int(X.has_dummy)
        self.curvature = 2 * objective.l2
        self.means = X.weighted_sum(self.share)[1:] if self.first else np.zeros(X.n_features)
        mean_squares = X.weighted_squares(self.share)
        spread = mean_squares - self.means**2
        # What is left of a constant column is rounding.
        constant = spread <= X.n_rows * _EPSILON * mean_squares
        self.constant = np.flatnonzero(constant) if self.first else np.zeros(0, dtype=np.intp)
        rough = len(self.constant) == 0 and np.all(mean_squares <= np.minimum(_FARTHEST * spread, _LARGEST))
        self.dtype = X.dtype if rough else np.dtype(np.float64)
        self.inverse: Floats | None = None
        self.last_size = 0.0

    def gradient(self, theta: Floats, residuals: Floats) -> Floats:
        """∂L̂/∂θ by the centred columns' weights: the shape of θ."""
        return self._sum((residuals.T * self.share).T) + self._penalised(theta)

    def step(self, gradient: Floats, scores: Floats, goal: float) -> tuple[Floats, float]:
        """Newton's step, and how steeply the objective falls along it: -∇L̂ᵀΔ.

        Parameters
        ----------
        gradient : the shape of θ
        scores : (m,) or (m, K)
            At the point to step from.
        goal : float
            The length of ∇L̂ + H·Δ below which no more is wanted.
        """
        p = self.objective.loss.probabilities(scores)
        if self.inverse is None:
            diagonal = self.diagonal(p)
            self.inverse = np.divide(1.0, diagonal, out=np.zeros(diagonal.shape), where=diagonal > 0)
        p = p.astype(self.dtype, copy=False)
        step, rest = np.zeros_like(gradient), -gradient
        direction = self.inverse * rest
        size = start = dot(rest, direction)
        enough = start * self._forcing(start) ** 2
        for _ in range(_MOST_PRODUCTS):
            if size <= enough or dot(rest, rest) <= goal * goal:
                break
            bent = self.product(p, direction)
            curvature = dot(direction, bent)
            if not curvature > 0:
                break
            step += (size / curvature) * direction
            rest -= (size / curvature) * bent
            scaled = self.inverse * rest
            last, size = size, dot(rest, scaled)
            direction *= size / last
            direction += scaled
        return self._uncentred(step), -dot(gradient, step)

    def product(self, p: NDArray[Any], v: Floats) -> Floats:
        """H·v at the probabilities p: the shape of v."""
        z = self.objective.X.scores(self._uncentred(v).astype(self.dtype, copy=False)).astype(self.dtype, copy=False)
        if p.ndim == 1:
            bent = p * (1 - p) * z
        else:
            bent = p * (z - np.einsum("ik,ik->i", p, z)[:, None])
        return self._sum((bent.T * self.share.astype(self.dtype, copy=False)).T) + self._penalised(v)

    def diagonal(self, p: Floats) -> Floats:
        """The diagonal of H: the shape of θ."""
        weights = ((p * (1 - p)).T * self.share).T.astype(self.dtype, copy=False)
        squares = self.objective.X.weighted_squares(weights)
        if self.first:
            sums = self.objective.X.weighted_sum(weights)
            centred = squares + self.means * (self.means * sums[..., :1] - 2 * sums[..., 1:])
            squares = np.concatenate([sums[..., :1], np.maximum(centred, _EPSILON * squares)], axis=-1)
        squares[..., self.constant + self.first] = 0.0
        squares[..., self.first :] += self.curvature
        return squares

    def _forcing(self, size: float) -> float:
        """How small a part of the gradient may be left, by how much the last step left."""
        part = min(_ROUGHEST, 0.9 * size / self.last_size) if self.last_size else _FIRST
        self.last_size = size
        return part

    def _sum(self, residuals: NDArray[Any]) -> Floats:
        """Σ_i r_i·x_i, the columns centred."""
        sums = self.objective.X.weighted_sum(residuals)
        if self.first:
            sums[..., 1:] -= np.multiply.outer(sums[..., 0], self.means)
        sums[..., self.constant + self.first] = 0.0
        return sums

    def _uncentred(self, v: Floats) -> Floats:
        """The weights of the columns as they are, that make the same scores as v of the centred ones."""
        weights = v.copy(order="K")
        if self.first:
            weights[..., 0] -= np.einsum("...j,j->...", weights[..., 1:], self.means)
        return weights

    def _penalised(self, theta: Floats) -> Floats:
        penalised = self.curvature * theta
        penalised[..., : self.first] = 0.0
        return np.asarray(penalised)


def dot(a: Floats, b: Floats) -> float:
    """Σ a·b, in one order whatever the threads."""
    return float(np.einsum("kj,kj->", np.atleast_2d(a), np.atleast_2d(b)))
