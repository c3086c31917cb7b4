"""The two functions that turn scores into probabilities: logistic and softmax (lectures 6a and 6d)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vikt.arrays import Floats


def logistic(z: ArrayLike) -> Floats:
    """The logistic function, a sigmoid: σ(z) = e^z / (e^z + 1) = 1 / (1 + e^(-z)).

    It makes scores z = θᵀx, of any shape, into probabilities P(y = 1 | x) (lecture 6a). Each side takes the form whose
    exponential cannot overflow.

    Examples
    --------
    >>> logistic(-2.0).round(4).item()
    0.1192
    """
    z = np.asarray(z, dtype=np.float64)
    e = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1.0, e) / (1.0 + e))


def log_logistic(z: ArrayLike) -> Floats:
    """log σ(z) = -log(1 + e^(-z)), exact where σ(z) itself is 0 or 1 in floating point.

    Examples
    --------
    >>> log_logistic(-1000.0).item()
    -1000.0
    """
    return -np.logaddexp(0.0, -np.asarray(z, dtype=np.float64))


def softmax(z: ArrayLike) -> Floats:
    """softmax(z)_k = e^(z_k) / Σ_i e^(z_i): numbers made into a probability distribution.

    z is (..., K), the classes along the last axis (lecture 6d). The largest score is subtracted first, which changes
    nothing and keeps every e^z in range.

    Examples
    --------
    >>> softmax([0.47, 0.88, -0.09]).round(4).tolist()
    [0.3249, 0.4895, 0.1856]
    """
    z = np.asarray(z, dtype=np.float64)
    e = z - z.max(axis=-1, keepdims=True)
    np.exp(e, out=e)
    e /= e.sum(axis=-1, keepdims=True)
    return np.asarray(e)


def log_softmax(z: ArrayLike) -> Floats:
    """log softmax(z) = z - log Σ_i e^(z_i), exact where softmax underflows, and where it is all but 1.

    Examples
    --------
    >>> log_softmax([1000.0, 0.0]).tolist()
    [0.0, -1000.0]
    >>> log_softmax([40.0, 0.0]).tolist()[0]
    -4.248...e-18
    """
    z = np.asarray(z, dtype=np.float64)
    largest = z.argmax(axis=-1, keepdims=True)
    z = z - np.take_along_axis(z, largest, axis=-1)
    others = np.exp(z)
    # The largest term is exactly 1; added to it, the others would be rounded away.
    np.put_along_axis(others, largest, 0.0, axis=-1)
    z -= np.log1p(others.sum(axis=-1, keepdims=True))
    return np.asarray(z)


def softmax_jacobian(z: ArrayLike) -> Floats:
    """The Jacobian of softmax, ∂softmax(z)_k / ∂z_j = diag(p) - p pᵀ with p = softmax(z): (K,) gives (K, K).

    Examples
    --------
    >>> softmax_jacobian([0.0, 0.0]).tolist()
    [[0.25, -0.25], [-0.25, 0.25]]
    """
    p = softmax(z)
    return np.diag(p) - np.outer(p, p)
