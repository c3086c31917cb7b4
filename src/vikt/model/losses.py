"""Likelihood and cross-entropy loss, for two classes and for more (lectures 6b and 6d).

The two losses are values that an objective takes; their protocol is in `vikt.model.loss`. The functions
below them are the slides' own ℓ(x, y, θ), on an array x of feature vectors whose column 0 is the dummy feature.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Classes, Floats, Weights
from vikt.errors import UsageError
from vikt.model.functions import log_logistic, softmax
from vikt.model.loss import Loss, OneClassPerRow, OneScore, ScorePerClass


class BinaryCrossEntropy(OneScore, OneClassPerRow):
    """Two classes, y in {0, 1}, one score per row: -y log σ(z) - (1 - y) log(1 - σ(z)).

    Examples
    --------
    >>> BinaryCrossEntropy().losses(np.array([-1000.0]), np.array([1])).tolist()
    [1000.0]
    """

    def losses(self, scores: Floats, y: Classes) -> Floats:
        # 1 - σ(z) = σ(-z), so the score of the true class is z or -z.
        return -log_logistic(self.margins(scores, y))

    def margins(self, scores: Floats, y: Classes) -> Floats:
        return np.where(y == 1, scores, -scores)


class MultinomialCrossEntropy(ScorePerClass, OneClassPerRow):
    """K classes, y in {0, ..., K-1}, one score per class: -log softmax(z)_y.

    Examples
    --------
    >>> MultinomialCrossEntropy(2).residuals(np.array([[0.0, 0.0]]), np.array([1])).tolist()
    [[0.5, -0.5]]
    """

    def losses(self, scores: Floats, y: Classes) -> Floats:
        # log Σ_k e^(z_k - z_y), whose own term is exactly 1: added to it, the others would be rounded away.
        own = np.arange(len(y)), y
        over = scores - scores[own][:, None]
        largest = over.max(axis=-1)
        over -= largest[:, None]
        others = np.exp(over, out=over)
        others[own] = 0.0
        return np.asarray(largest + np.log1p(others.sum(axis=-1) + np.expm1(-largest)))

    def residuals(self, scores: Floats, y: Classes) -> Floats:
        return self.residuals_at(softmax(scores), y)

    def residuals_at(self, p: Floats, y: Classes) -> Floats:
        residuals = p.copy(order="K")
        residuals[np.arange(len(y)), y] -= 1.0
        return residuals

    def margins(self, scores: Floats, y: Classes) -> Floats:
        own = np.arange(len(y)), y
        others = scores.copy()
        others[own] = -np.inf
        return np.asarray(scores[own] - others.max(axis=1))


def cross_entropy_for(n_classes: int) -> Loss:
    """The cross-entropy of K classes: of two, one score is enough."""
    return BinaryCrossEntropy() if n_classes == 2 else MultinomialCrossEntropy(n_classes)


def cross_entropy_of(theta: Weights) -> Loss:
    """The cross-entropy that weights θ, as the lecture writes them, belong to: (n+1,) or (K, n+1)."""
    *columns, _ = theta.shape
    return MultinomialCrossEntropy(*columns) if columns else BinaryCrossEntropy()


def likelihood(x: ArrayLike, y: ArrayLike, theta: ArrayLike) -> float:
    """L(x, y, θ) = Π_i P(y_i | x_i), the probability of all the classes given their data points (lecture 6b).

    A product of many numbers below 1: it underflows to 0 after some hundreds of rows. Use `log_likelihood` there.

    Parameters
    ----------
    x : array_like, (m, n+1)
        Feature vectors, column 0 the dummy feature.
    y : array_like, (m,)
        Classes: 0 or 1 for θ (n+1,), 0 to K-1 for θ (K, n+1).
    theta : array_like, (n+1,) or (K, n+1)

    Raises
    ------
    UsageError
        The shapes do not fit together, or y holds an unknown class.

    Examples
    --------
    >>> likelihood([[1, 0.82]], [1], [0.04, 0.5])
    0.61063...
    """
    return float(np.prod(np.exp(-_losses(x, y, theta))))


def log_likelihood(x: ArrayLike, y: ArrayLike, theta: ArrayLike) -> float:
    """log L(x, y, θ) = Σ_i log P(y_i | x_i); finite at any score. Parameters as for `likelihood`."""
    return float(-np.sum(_losses(x, y, theta)))


def cross_entropy(x: ArrayLike, y: ArrayLike, theta: ArrayLike) -> float:
    """The cross-entropy loss ℓ(x, y, θ) = -(1/m) log L(x, y, θ) (lectures 6b and 6d). Parameters as for `likelihood`.

    Examples
    --------
    >>> cross_entropy([[1, 1, 0], [1, 0, 1]], [1, 0], [-1, 2, -3])
    0.165705...
    """
    return float(np.mean(_losses(x, y, theta)))


def cross_entropy_gradient(x: ArrayLike, y: ArrayLike, theta: ArrayLike) -> Floats:
    """∂ℓ/∂θ: for two classes (1/m) Σ_i x_i (σ(θᵀx_i) - y_i); for more, the K × (n+1) matrix, one row per class.

    The slides of lecture 6d call that matrix the Jacobian. Parameters as for `likelihood`.

    Examples
    --------
    >>> cross_entropy_gradient([[1, 0.82]], [1], [0.04, 0.5]).round(6).tolist()
    [-0.389361, -0.319276]
    """
    x = np.asarray(x, dtype=np.float64)
    loss, scores, classes = _scored(x, y, theta)
    return np.asarray(loss.residuals(scores, classes).T @ x / len(x))


def add_dummy_feature(x: ArrayLike) -> Floats:
    """Put the dummy feature x_0 = 1 before the features (lecture 6a): (m, n) becomes (m, n+1).

    Examples
    --------
    >>> add_dummy_feature([[0, 1, 0, 0.02]]).tolist()
    [[1.0, 0.0, 1.0, 0.0, 0.02]]
    """
    x = np.atleast_2d(np.asarray(x, dtype=np.float64))
    return np.concatenate([np.ones((len(x), 1)), x], axis=1)


def _losses(x: ArrayLike, y: ArrayLike, theta: ArrayLike) -> Floats:
    loss, scores, classes = _scored(x, y, theta)
    return loss.losses(scores, classes)


def _scored(x: ArrayLike, y: ArrayLike, theta: ArrayLike) -> tuple[Loss, Floats, Classes]:
    """The loss, the scores θx and the classes of the slide's (x, y, θ)."""
    x, y, theta = np.asarray(x, dtype=np.float64), np.asarray(y), np.asarray(theta, dtype=np.float64)
    if x.ndim != 2 or theta.ndim not in (1, 2) or x.shape[1] != theta.shape[-1] or y.shape != x.shape[:1]:
        raise UsageError(
            f"expected x (m, n+1), y (m,) and θ (n+1,) or (K, n+1); found {x.shape}, {y.shape} and {theta.shape}; "
            "add_dummy_feature puts x_0 = 1 before the features"
        )
    loss = cross_entropy_of(theta)
    strange = y[~np.isin(y, np.arange(loss.n_classes))]
    if len(strange):
        raise UsageError(f"y: expected classes from 0 to {loss.n_classes - 1}, found {strange[0]}; number them from 0")
    return loss, x @ theta.T, y.astype(np.int64)
