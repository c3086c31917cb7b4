"""The linear model: scores, probabilities, decision boundary (lectures 6a and 6d)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vikt.arrays import Classes, Floats, Reals
from vikt.errors import UsageError
from vikt.matrix import DesignMatrix
from vikt.model.functions import logistic
from vikt.model.loss import Loss
from vikt.model.losses import cross_entropy_of

Real = TypeVar("Real", bound=np.floating)


@dataclass(frozen=True)
class LinearModel:
    """Weights θ: (n+1,) for two classes, (K, n+1) for more; column 0 belongs to the dummy feature.

    Examples
    --------
    >>> from vikt.matrix import DenseMatrix
    >>> model = LinearModel(np.array([-1.0, 2.0, -3.0]))
    >>> model.predict(DenseMatrix(np.array([[1, 0], [0, 1], [1, 1], [0, 0]]))).tolist()
    [1, 0, 0, 0]
    """

    theta: Reals

    def scores(self, X: DesignMatrix) -> Floats:
        """θᵀx of each row: (m,) or (m, K)."""
        return X.scores(self.theta)

    @property
    def loss(self) -> Loss:
        """What makes probabilities of scores."""
        return cross_entropy_of(self.theta)

    def log_probabilities(self, X: DesignMatrix) -> Floats:
        """log P(y = k | x): (m, K), finite at any score."""
        return self.loss.log_probabilities(self.scores(X))

    def predict_proba(self, X: DesignMatrix) -> Floats:
        """P(y = k | x): (m, K), rows summing to 1."""
        return np.exp(self.log_probabilities(X))

    def predict(self, X: DesignMatrix) -> Classes:
        """arg max_k P(y = k | x): (m,); a tie goes to the first class."""
        return self.loss.most_probable(self.scores(X))


def coef_and_intercept(theta: NDArray[Real], has_dummy: bool = True) -> tuple[NDArray[Real], NDArray[Real]]:
    """θ as scikit-learn has it: without the intercepts, (1, n) or (K, n); and these, (1,) or (K,), 0 without dummy."""
    by_class = np.atleast_2d(theta)
    return by_class[:, int(has_dummy) :], by_class[:, 0] if has_dummy else np.zeros(len(by_class), theta.dtype)


def h(x: ArrayLike, theta: ArrayLike) -> Floats:
    """h_θ(x) = P(y = 1 | x) = σ(θᵀx), the dummy feature being part of x (lecture 6a).

    Examples
    --------
    >>> h([1, 1, 1], [-1, 2, -3]).round(3).item()
    0.119
    """
    return logistic(np.asarray(x, dtype=np.float64) @ np.asarray(theta, dtype=np.float64))


def is_positive(x: ArrayLike, theta: ArrayLike) -> bool:
    """Whether x lies on the positive side of the decision boundary, θᵀx > 0; on it, the class is the first, 0.

    Examples
    --------
    >>> is_positive([1, 1, 0], [-1, 2, -3]), is_positive([1, 0.5, 0], [-1, 2, -3])
    (True, False)
    """
    return bool(np.asarray(x, dtype=np.float64) @ np.asarray(theta, dtype=np.float64) > 0)


def decision_line(theta: ArrayLike) -> str:
    """The decision boundary in two features, as the equation of a line (lecture 6a).

    Raises
    ------
    UsageError
        θ has not three weights.

    Examples
    --------
    >>> decision_line([-1, 2, -3])
    '-1 + 2·x1 - 3·x2 = 0'
    """
    weights = np.asarray(theta, dtype=np.float64)
    if weights.shape != (3,):
        raise UsageError(f"a line needs θ of 3 weights (dummy and two features), found shape {weights.shape}")
    terms = [f"{'-' if weight < 0 else '+'} {abs(weight):g}·x{j}" for j, weight in enumerate(weights[1:], start=1)]
    return f"{weights[0]:g} {' '.join(terms)} = 0"


def centred_intercepts(theta: Floats, loss: Loss) -> Floats:
    """The same model with intercepts that sum to zero, where moving all scores alike leaves the probabilities."""
    theta = theta.copy()
    theta[..., 0] = loss.centred(theta[..., 0])
    return theta
