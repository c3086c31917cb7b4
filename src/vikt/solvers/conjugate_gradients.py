"""Newton's step where the weights are many: H·Δ = -∇L̂ solved by conjugate gradients, H never formed.

A product with H costs two passes over the rows: H·v = Xᵀ·(w/W)·J·(X·v) + 2λ·v, where J is p(1 - p) of each row, or
diag(p) - ppᵀ. The columns are centred on the way, without a copy: the scores lose mean·v, the sums mean·Σ. The step is
solved only as precisely as it is worth, which is more near the optimum (Eisenstat and Walker 1996). Each weight is
measured by its own curvature (Jacobi's preconditioner), so that no scale of a column matters.

Sources: Hestenes and Stiefel 1952; Lin, Weng and Keerthi 2008.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vikt.arrays import Floats, FloatType, Reals
from vikt.model.loss import EPSILON
from vikt.model.objective import Objective
from vikt.parts import Part, PerPart
from vikt.solvers.linear_systems import StopRule, conjugate_gradients

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
        self.first = int(objective.has_dummy)
        self.curvature = 2 * objective.penalty.strengths
        self.means = objective.column_means
        mean_squares = objective.parts.sums(_weighted_squares, objective.shares)
        spread = mean_squares - self.means**2
        # What is left of a constant column is rounding.
        constant = spread <= objective.n_rows * EPSILON * mean_squares
        self.constant = np.flatnonzero(constant) if self.first else np.zeros(0, dtype=np.intp)
        rough = len(self.constant) == 0 and np.all(mean_squares <= np.minimum(_FARTHEST * spread, _LARGEST))
        self.dtype: FloatType = objective.parts.quick_dtype if rough else np.dtype(np.float64)
        self.rounding = float(np.finfo(self.dtype).eps * np.sqrt(np.sum(mean_squares)))

    def gradient(self, theta: Floats, residuals: PerPart[Reals]) -> Floats:
        """∂L̂/∂θ by the centred columns' weights: the shape of θ."""
        return self._with_penalty(self._centred(self.objective.weighted_sum(residuals)), theta)

    def step(self, gradient: Floats, p: PerPart[Floats], goal: float, little: float) -> tuple[Floats, float]:
        """Newton's step, and how steeply the objective falls along it: -∇L̂ᵀΔ.

        Parameters
        ----------
        gradient : the shape of θ
        p : (m,) or (m, K) of each part
            The probabilities at the point to step from.
        goal : float
            The length of ∇L̂ + H·Δ below which no more is wanted.
        little : float
            A product that lowers the objective by less than this share of those before it, on average, is the last.
        """
        step = self._solved(-gradient, p, self.diagonal(p), WorthNoMore(goal, little))
        return self._uncentred(step), -dot(gradient, step)

    def solved(self, right: Floats, p: PerPart[Floats], diagonal: Floats, tol: float = 1e-4) -> Floats:
        """H⁻¹·b at the probabilities p, to a residual of tol·‖b‖, each weight measured by its curvature.

        Parameters
        ----------
        right : the shape of θ
            b, which lies where H is not flat.
        p : (m,) or (m, K) of each part
        diagonal : the shape of θ
            That of H at p.
        tol : float
        """
        return self._uncentred(self._solved(self._centred(right.copy()), p, diagonal, _Short(tol)))

    def _solved(self, right: Floats, p: PerPart[Floats], diagonal: Floats, stops: StopRule) -> Floats:
        """H⁻¹·b in terms of the centred columns."""
        inverse = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
        probabilities = self.objective.parts.each(_in_type, p, self.dtype)
        return conjugate_gradients(
            lambda v: self.product(probabilities, v), right, lambda rest: inverse * rest, stops, _MOST_PRODUCTS, dot
        ).x

    def product(self, p: PerPart[Reals], v: Floats) -> Floats:
        """H·v at the probabilities p: the shape of v."""
        weights = self._uncentred(v).astype(self.dtype, copy=False)
        sums = self.objective.parts.sums(_curvature_product, weights, p, self.objective.shares)
        return self._with_penalty(self._centred(sums), v)

    def diagonal(self, p: PerPart[Floats]) -> Floats:
        """The diagonal of H: the shape of θ."""
        parts = self.objective.parts
        weights = parts.each(_curvatures, p, self.objective.shares, self.dtype)
        squares = parts.sums(_weighted_squares, weights)
        if self.first:
            sums = parts.sums(_weighted_rows, weights)
            centred = squares + self.means * (self.means * sums[..., :1] - 2 * sums[..., 1:])
            squares = np.concatenate([sums[..., :1], np.maximum(centred, EPSILON * squares)], axis=-1)
        squares[..., self.constant + self.first] = 0.0
        squares[..., self.first :] += self.curvature
        return squares

    def _centred(self, sums: Floats) -> Floats:
        """Σ_i r_i·x_i, converted in place to that of the centred columns."""
        if self.first:
            sums[..., 1:] -= np.multiply.outer(self.means, sums[..., 0]).T
        sums[..., self.constant + self.first] = 0.0
        return sums

    def _uncentred(self, v: Floats) -> Floats:
        """The weights of the original columns that make the same scores as v does of the centred ones."""
        weights = v.copy(order="K")
        if self.first:
            weights[..., 0] -= np.einsum("j,j...->...", self.means, weights[..., 1:].T)
        return weights

    def _with_penalty(self, sums: Floats, theta: Floats) -> Floats:
        """The sums, with 2λθ/r² added in place."""
        sums[..., self.first :] += self.curvature * theta[..., self.first :]
        return sums


@dataclass
class WorthNoMore:
    """Stop where the residual is short enough, or where a product brings little beside those before it."""

    goal: float
    little: float
    products: int = 0
    fallen: float = 0.0

    def __call__(self, rest: Floats, size: float, fell: float) -> bool:
        slow = False
        if self.products:
            self.fallen += fell
            slow = self.products * fell <= self.little * self.fallen
        self.products += 1
        return slow or dot(rest, rest) <= self.goal * self.goal


@dataclass
class _Short:
    """Stop where the residual is short beside the first."""

    tol: float
    first: float | None = None

    def __call__(self, rest: Floats, size: float, fell: float) -> bool:
        self.first = size if self.first is None else self.first
        return size <= self.tol**2 * self.first


def dot(a: Floats, b: Floats) -> float:
    """Σ a·b, in one order whatever the threads."""
    return float(np.einsum("kj,kj->", np.atleast_2d(a), np.atleast_2d(b)))


# The work of one part.


def _weighted_squares(part: Part, weights: Reals) -> Floats:
    return part.X.weighted_squares(weights)


def _weighted_rows(part: Part, weights: Reals) -> Floats:
    return part.X.weighted_sum(weights)


def _in_type(part: Part, p: Floats, dtype: FloatType) -> Reals:
    # Kernels go from row to row.
    return np.ascontiguousarray(p, dtype=dtype)


def _curvatures(part: Part, p: Floats, shares: Floats, dtype: FloatType) -> Reals:
    return np.asarray(((p * (1 - p)).T * shares).T.astype(dtype, copy=False))


def _curvature_product(part: Part, weights: Reals, p: Reals, shares: Floats) -> Floats:
    return part.X.curvature_product(weights, p, shares)
