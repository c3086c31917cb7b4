"""What is minimised: L̂(θ) = (1/W) Σ_i w_i · loss_i(θ) + λ Σ_{j≥1} θ_j² + λ₁ Σ_{j≥1} |θ_j|, λ₁ being 0 as a rule.

With scales r each θ_j of the penalty is θ_j/r_j. The first term is a sum over parts of the rows (`vikt.parts`), and so
are its gradient and all that a solver or a proof asks of the rows.

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

from vikt.arrays import Classes, Columns, Floats, Reals, RowIndices, Scales, Weights
from vikt.errors import UsageError
from vikt.matrix import DesignMatrix
from vikt.model.loss import Loss
from vikt.model.losses import cross_entropy_for
from vikt.model.penalties import DEFAULT_STRENGTH, L2, LEAST_L2, penalty_of
from vikt.parts import InMemory, Part, Parts, PerPart


class Objective:
    """The regularised loss of a data set, as a function of θ. Nothing in it changes.

    Parameters
    ----------
    parts : Parts
        The rows.
    loss : Loss
    penalty : L2

    Attributes
    ----------
    shape : tuple of int
        The shape of θ.
    l2, l1, total_weight : float
        λ, λ₁ and W.

    Examples
    --------
    >>> from vikt.matrix import DenseMatrix
    >>> objective = Objective.of(DenseMatrix(np.array([[0.82]])), np.array([1]), n_classes=2, l2=0.0)
    >>> objective.gradient(np.array([0.04, 0.5])).round(6).tolist()
    [-0.389361, -0.319276]
    """

    def __init__(self, parts: Parts, loss: Loss, penalty: L2) -> None:
        self.parts, self.loss, self.penalty = parts, loss, penalty
        self.l2, self.l1, self.total_weight = penalty.strength, penalty.l1, parts.total_weight
        self.n_rows, self.n_features, self.has_dummy = parts.n_rows, parts.n_features, parts.has_dummy
        self.shape = (*loss.columns, parts.n_features + parts.has_dummy)

    @classmethod
    def of(
        cls,
        X: DesignMatrix,
        y: Classes,
        *,
        n_classes: int,
        l2: float,
        sample_weight: Floats | None = None,
        l1: float = 0.0,
        offset: Floats | None = None,
        scales: Scales | None = None,
    ) -> Objective:
        """The regularised cross-entropy of rows in memory.

        Parameters
        ----------
        X : DesignMatrix
            m rows.
        y : (m,) int
            Class indices.
        n_classes : int
            K.
        l2, l1 : float
            λ and λ₁.
        sample_weight : (m,), optional
            w; ones if not given.
        offset : (m,) or (m, K), optional
            Known scores, added to θᵀx.
        scales : (n,) or (K, n), optional
            r of the penalty, in the shape of θ without intercepts; ones if not given.
        """
        weights = np.ones(X.n_rows) if sample_weight is None else sample_weight
        parts = InMemory(Part(X, y, weights, offset))
        return cls(parts, cross_entropy_for(n_classes), penalty_of(l2, l1, X.has_dummy, scales))

    def with_l2(self, l2: float, l1: float = 0.0) -> Objective:
        """The same data with another λ, and λ₁."""
        return Objective(self.parts, self.loss, self.penalty.with_strengths(l2, l1))

    def with_loss(self, loss: Loss) -> Objective:
        """The same rows and penalty with another loss."""
        return Objective(self.parts, loss, self.penalty)

    @property
    def rows(self) -> Part:
        """All rows, for what needs them in memory as one part.

        Raises
        ------
        UsageError
            They are several parts, or not in memory.
        """
        if self.parts.only is None:
            raise UsageError(
                "the rows are not in memory as one part, which this solver needs; choose 'dual', 'newton' or 'batch'"
            )
        return self.parts.only

    @cached_property
    def shares(self) -> PerPart[Floats]:
        """w/W of each row."""
        return self.parts.each(Part.shares, self.total_weight)

    @cached_property
    def column_means(self) -> Floats:
        """The weighted mean of each column where the intercept is free to take it up; else 0: (n,)."""
        if not self.has_dummy:
            return np.zeros(self.n_features)
        return self.parts.sums(Part.weighted_rows)[1:] / self.total_weight

    def mean_square_norm(self) -> float:
        """The weighted mean of ‖r·x‖², of all classes; 1 where all rows are empty."""
        return self.parts.sums(Part.square_norms, self.penalty.scales) / self.total_weight or 1.0

    def default_l2(self) -> float:
        """The λ at which C·mean‖r·x‖² is `DEFAULT_STRENGTH`."""
        return max(self.mean_square_norm() / (2 * DEFAULT_STRENGTH * self.total_weight), LEAST_L2)

    def scores(self, theta: Weights) -> PerPart[Floats]:
        """θᵀx of each row, plus the offset if there is one: (m,) or (m, K)."""
        return self.parts.each(Part.scores, theta)

    def probabilities(self, scores: PerPart[Floats]) -> PerPart[Floats]:
        """The shape of the scores."""
        return self.parts.each(_probabilities, self.loss, scores)

    def residuals(self, scores: PerPart[Floats]) -> PerPart[Floats]:
        """Probability minus truth: the shape of the scores."""
        return self.parts.each(_residuals, self.loss, scores)

    def losses(self, scores: PerPart[Floats]) -> PerPart[Floats]:
        """The loss of each row: (m,)."""
        return self.parts.each(_losses, self.loss, scores)

    def value(self, theta: Weights) -> float:
        """L̂(θ)."""
        return self.value_from_scores(self.scores(theta), theta)

    def value_from_scores(self, scores: PerPart[Floats], theta: Weights) -> float:
        return self.mean_loss(self.losses(scores)) + self.penalty.value(theta)

    def mean_loss(self, losses: PerPart[Floats]) -> float:
        """(1/W) Σ_i w_i · loss_i."""
        return self.parts.sums(Part.weighted_total, losses) / self.total_weight

    def gradient(self, theta: Floats) -> Floats:
        """∂L̂/∂θ, but for the sum with λ₁: the shape of θ."""
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """Both, for one pass over the scores."""
        scores = self.scores(theta)
        return self.value_from_scores(scores, theta), self.gradient_from_residuals(self.residuals(scores), theta)

    def gradient_from_residuals(self, residuals: PerPart[Floats], theta: Floats) -> Floats:
        return self.weighted_sum(residuals) + self.penalty.gradient(theta)

    def weighted_sum(self, residuals: PerPart[Reals]) -> Floats:
        """Σ_i (w_i/W)·r_i·x_i: the shape of θ."""
        return self.parts.sums(Part.weighted_sum, residuals, self.shares)

    def row_gradient(self, theta: Floats, rows: RowIndices) -> tuple[Columns, Floats]:
        """The loss's gradient estimated from some rows, penalty left out, as (columns, values).

        It is (1/|rows|) Σ_i (w_i·m/W) x_i (p_i - y_i), whose expectation over rows is the gradient of the mean loss;
        on all rows at once it is that gradient. Text touches few columns: the rest are zero and not named.
        """
        part = self.rows
        residuals = self.loss.residuals(part.scores(theta, rows), part.y[rows])
        share = part.weights[rows] * (self.n_rows / (self.total_weight * len(rows)))
        return part.X.scatter((residuals.T * share).T, rows)


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


# The work of one part; more of it is the part's own.


def _probabilities(part: Part, loss: Loss, scores: Floats) -> Floats:
    return loss.probabilities(scores)


def _residuals(part: Part, loss: Loss, scores: Floats) -> Floats:
    return loss.residuals(scores, part.y)


def _losses(part: Part, loss: Loss, scores: Floats) -> Floats:
    return loss.losses(scores, part.y)
