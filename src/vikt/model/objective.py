"""What is minimised: L̂(θ) = (1/W) Σ_i w_i · loss_i(θ) + λ Σ_{j≥1} θ_j² + λ₁ Σ_{j≥1} |θ_j|, λ₁ being 0 as a rule.

With scales r each θ_j of the penalty is θ_j/r_j.

Conventions, here once for the whole package:

- The data matrix X is (m, n+1): column 0 is the dummy feature x_0 = 1. `fit_intercept=False` drops it.
- Weights θ are (n+1,) for two classes and (K, n+1) for more, as the lecture writes them.
- y holds class indices: 0 or 1 for two classes, 0 to K-1 for more.
- The loss is the mean, weighted by w with W = Σ w: weight 2 is the row twice, weight 0 is no row.
- L2 skips θ_0 and has no factor 1/2, so that scikit-learn's C is 1/(2λW).
- A fit stops by the distance that it can prove; see `vikt.solvers.certificate`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Classes, Floats, RowIndices, Scales
from vikt.matrix import DesignMatrix
from vikt.model.losses import loss_for
from vikt.model.penalties import DEFAULT_STRENGTH, L2, LEAST_L2, ElasticNet


class Objective:
    """The regularised cross-entropy of a data set, as a function of θ. It changes nothing.

    Parameters
    ----------
    X : DesignMatrix
        m rows.
    y : (m,) int
        Class indices.
    n_classes : int
        K.
    l2 : float
        λ.
    sample_weight : (m,), optional
        w; ones if not given.
    l1 : float
        λ₁.
    offset : (m,) or (m, K), optional
        Known scores, added to θᵀx.
    scales : (n,) or (K, n), optional
        r of the penalty, in the shape of θ without intercepts; ones if not given.

    Attributes
    ----------
    shape : tuple of int
        Of θ.
    weights, total_weight : (m,), float
        w and W.

    Examples
    --------
    >>> from vikt.matrix import DenseMatrix
    >>> objective = Objective(DenseMatrix(np.array([[0.82]])), np.array([1]), n_classes=2, l2=0.0)
    >>> objective.gradient(np.array([0.04, 0.5])).round(6).tolist()
    [-0.389361, -0.319276]
    """

    def __init__(
        self,
        X: DesignMatrix,
        y: Classes,
        *,
        n_classes: int,
        l2: float,
        sample_weight: Floats | None = None,
        l1: float = 0.0,
        offset: Floats | None = None,
        scales: Scales | None = None,
    ) -> None:
        self.X, self.y, self.n_classes, self.l2, self.l1, self.scales = X, y, n_classes, l2, l1, scales
        self.penalty = ElasticNet(l2, l1, X.has_dummy, scales) if l1 else L2(l2, X.has_dummy, scales)
        self.offset = offset
        n_weights = X.n_features + X.has_dummy
        self.shape: tuple[int, ...] = (n_weights,) if n_classes == 2 else (n_classes, n_weights)
        self.loss = loss_for(len(self.shape))
        self.weights = np.ones(X.n_rows) if sample_weight is None else sample_weight
        self.total_weight = float(np.sum(self.weights))

    def with_l2(self, l2: float, l1: float = 0.0) -> Objective:
        """The same data with another λ, and λ₁."""
        return self._changed(self.X, l2, l1, self.scales)

    def with_columns(self, X: DesignMatrix, scales: Scales | None) -> Objective:
        """The same rows, their columns and r in another order."""
        return self._changed(X, self.l2, self.l1, scales)

    def _changed(self, X: DesignMatrix, l2: float, l1: float, scales: Scales | None) -> Objective:
        known: dict[str, Any] = {"sample_weight": self.weights, "offset": self.offset, "scales": scales}
        return Objective(X, self.y, n_classes=self.n_classes, l2=l2, l1=l1, **known)

    @cached_property
    def column_means(self) -> Floats:
        """The weighted mean of each column where the intercept is free to take it up; else 0: (n,)."""
        if not self.X.has_dummy:
            return np.zeros(self.X.n_features)
        return self.X.weighted_sum(self.weights)[1:] / self.total_weight

    def squared_norms(self) -> Floats:
        """Σ_j r_j²·x_ij² of each row, the dummy not counted: (m,), or (m, K) where r differs by class."""
        return self.X.squared_norms(self.scales)

    def mean_square_norm(self) -> float:
        """The weighted mean of ‖r·x‖², of all classes; 1 where all rows are empty."""
        norms = self.squared_norms().reshape(self.X.n_rows, -1).mean(axis=1)
        return float(np.average(norms, weights=self.weights)) or 1.0

    def default_l2(self) -> float:
        """The λ at which C·mean‖r·x‖² is `DEFAULT_STRENGTH`."""
        return max(self.mean_square_norm() / (2 * DEFAULT_STRENGTH * self.total_weight), LEAST_L2)

    def scores(self, theta: NDArray[Any], rows: RowIndices | None = None) -> Floats:
        """θᵀx of the rows, and what is known beside it: (m,) or (m, K)."""
        scores = self.X.scores(theta, rows)
        if self.offset is None:
            return scores
        return np.asarray(scores + (self.offset if rows is None else self.offset[rows]))

    def value(self, theta: NDArray[Any]) -> float:
        """L̂(θ)."""
        return self.value_from_scores(self.scores(theta), theta)

    def value_from_scores(self, scores: Floats, theta: NDArray[Any]) -> float:
        return self.value_from_losses(self.loss.losses(scores, self.y), theta)

    def value_from_losses(self, losses: Floats, theta: NDArray[Any]) -> float:
        # Not a dot product: the library behind it sums in an order that hangs on its threads.
        return float(np.sum(self.weights * losses)) / self.total_weight + self.penalty.value(theta)

    def gradient(self, theta: Floats) -> Floats:
        """∂L̂/∂θ, of all but λ₁'s sum: the shape of θ."""
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """Both, for one pass over the scores."""
        scores = self.scores(theta)
        residuals = self.loss.residuals(scores, self.y)
        return self.value_from_scores(scores, theta), self.gradient_from_residuals(residuals, theta)

    def gradient_from_residuals(self, residuals: Floats, theta: Floats) -> Floats:
        weighted = (residuals.T * (self.weights / self.total_weight)).T
        return self.X.weighted_sum(weighted) + self.penalty.gradient(theta)

    def row_gradient(self, theta: Floats, rows: RowIndices) -> tuple[Any, Floats]:
        """The loss's gradient estimated from some rows, penalty left out, as (columns, values).

        It is (1/|rows|) Σ_i (w_i·m/W) x_i (p_i - y_i), whose expectation over rows is the gradient of the mean loss;
        on all rows at once it is that gradient. Text touches few columns: the rest are zero and not named.
        """
        residuals = self.loss.residuals(self.scores(theta, rows), self.y[rows])
        share = self.weights[rows] * (self.X.n_rows / (self.total_weight * len(rows)))
        return self.X.scatter((residuals.T * share).T, rows)


def midpoint_convex(f: Callable[[Any], float], a: Any, b: Any) -> bool:
    """The slide's test of convexity between two points: f((a + b)/2) ≤ (f(a) + f(b))/2 (lecture 6c).

    A convex function passes between any two points; one failure proves that f is not convex.

    Examples
    --------
    >>> midpoint_convex(lambda x: x * x, -1.0, 3.0), midpoint_convex(np.cos, -1.0, 1.0)
    (True, False)
    """
    rounding = 4 * np.finfo(float).eps * (abs(f(a)) + abs(f(b)))
    return bool(f((a + b) / 2) <= (f(a) + f(b)) / 2 + rounding)
