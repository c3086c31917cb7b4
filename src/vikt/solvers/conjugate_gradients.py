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

from vikt.arrays import Floats
from vikt.model.objective import Objective

_EPSILON = float(np.finfo(np.float64).eps)
_MOST_PRODUCTS = 500
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
        self.curvature = 2 * objective.penalty.strengths
        self.means = objective.column_means
        mean_squares = X.weighted_squares(self.share)
        spread = mean_squares - self.means**2
        # What is left of a constant column is rounding.
        constant = spread <= X.n_rows * _EPSILON * mean_squares
        self.constant = np.flatnonzero(constant) if self.first else np.zeros(0, dtype=np.intp)
        rough = len(self.constant) == 0 and np.all(mean_squares <= np.minimum(_FARTHEST * spread, _LARGEST))
        self.dtype = X.quick_dtype if rough else np.dtype(np.float64)
        self.rounding = float(np.finfo(self.dtype).eps * np.sqrt(np.sum(mean_squares)))

    def gradient(self, theta: Floats, residuals: NDArray[Any]) -> Floats:
        """∂L̂/∂θ by the centred columns' weights: the shape of θ."""
        return self._with_penalty(self._centred(self.objective.X.weighted_sum((residuals.T * self.share).T)), theta)

    def step(self, gradient: Floats, p: Floats, goal: float, little: float) -> tuple[Floats, float]:
        """Newton's step, and how steeply the objective falls along it: -∇L̂ᵀΔ.

        Parameters
        ----------
        gradient : the shape of θ
        p : (m,) or (m, K)
            The probabilities at the point to step from.
        goal : float
            The length of ∇L̂ + H·Δ below which no more is wanted.
        little : float
            A product that lowers the objective by less than this share of those before it, on average, is the last.
        """
        diagonal = self.diagonal(p)
        inverse = np.divide(1.0, diagonal, out=diagonal, where=diagonal > 0)
        p = p.astype(self.dtype, copy=False)
        step, rest = np.zeros_like(gradient), -gradient
        direction = inverse * rest
        size = dot(rest, direction)
        fallen = 0.0
        for number in range(1, _MOST_PRODUCTS + 1):
            if dot(rest, rest) <= goal * goal:
                break
            bent = self.product(p, direction)
            curvature = dot(direction, bent)
            if not curvature > 0:
                break
            step += (size / curvature) * direction
            rest -= (size / curvature) * bent
            falls = size * size / curvature
            fallen += falls
            if number * falls <= little * fallen:
                break
            scaled = inverse * rest
            last, size = size, dot(rest, scaled)
            direction *= size / last
            direction += scaled
        return self._uncentred(step), -dot(gradient, step)

    def product(self, p: NDArray[Any], v: Floats) -> Floats:
        """H·v at the probabilities p: the shape of v."""
        weights = self._uncentred(v).astype(self.dtype, copy=False)
        return self._with_penalty(self._centred(self.objective.X.curvature_product(weights, p, self.share)), v)

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

    def _centred(self, sums: Floats) -> Floats:
        """Σ_i r_i·x_i, made in place those of the columns centred."""
        if self.first:
            sums[..., 1:] -= np.multiply.outer(self.means, sums[..., 0]).T
        sums[..., self.constant + self.first] = 0.0
        return sums

    def _uncentred(self, v: Floats) -> Floats:
        """The weights of the columns as they are, that make the same scores as v of the centred ones."""
        weights = v.copy(order="K")
        if self.first:
            weights[..., 0] -= np.einsum("j,j...->...", self.means, weights[..., 1:].T)
        return weights

    def _with_penalty(self, sums: Floats, theta: Floats) -> Floats:
        """The sums and, added in place, 2λθ/r²."""
        sums[..., self.first :] += self.curvature * theta[..., self.first :]
        return sums


def dot(a: Floats, b: Floats) -> float:
    """Σ a·b, in one order whatever the threads."""
    return float(np.einsum("kj,kj->", np.atleast_2d(a), np.atleast_2d(b)))
