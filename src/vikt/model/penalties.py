"""Regularisation: what keeps the weights from becoming too large (lecture 6c)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vikt.errors import UsageError
from vikt.matrix import DesignMatrix
from vikt.model.functions import Floats

# C·mean‖x‖² of the penalty where nothing tells a better one.
DEFAULT_STRENGTH = 100.0
# With a weaker one 1/λ leaves the range of the solvers.
LEAST_L2 = 1e-100


class L2:
    """λ Σ_{j≥1} θ_j²: no factor 1/2, and the dummy feature's weight θ_0, the intercept, is free.

    Parameters
    ----------
    strength : float
        λ ≥ 0.
    has_dummy : bool
        Whether column 0 of θ belongs to the dummy feature.

    Raises
    ------
    UsageError
        λ is negative, or above 0 and below `LEAST_L2`.

    Examples
    --------
    >>> L2(0.5).value(np.array([9.0, 1.0, -2.0]))
    2.5
    """

    def __init__(self, strength: float, has_dummy: bool = True) -> None:
        if strength != 0 and not strength >= LEAST_L2:
            raise UsageError(
                f"l2: expected λ of 0, or of {LEAST_L2:g} or more, found {strength:.3g}; choose 0 for none"
            )
        self.strength = strength
        self.first = int(has_dummy)

    def value(self, theta: NDArray[Any]) -> float:
        penalised = theta[..., self.first :].astype(np.float64).ravel()
        return self.strength * float(np.sum(penalised * penalised))

    def gradient(self, theta: Floats) -> Floats:
        """2λθ_j, and 0 for the intercept: the shape of θ."""
        gradient = 2 * self.strength * theta
        gradient[..., : self.first] = 0.0
        return gradient


class ElasticNet(L2):
    """λ Σ_{j≥1} θ_j² + λ₁ Σ_{j≥1} |θ_j|: the second sum makes weights that say little exactly 0.

    |θ_j| has no derivative at 0, so `gradient` is that of the first sum alone; a solver must know of the second itself.

    Parameters
    ----------
    l2, l1 : float
        λ ≥ 0 and λ₁ ≥ 0.
    has_dummy : bool
        Whether column 0 of θ belongs to the dummy feature.

    Raises
    ------
    UsageError
        λ or λ₁ is negative, or λ is above 0 and below `LEAST_L2`.

    Examples
    --------
    >>> ElasticNet(0.5, 0.1).value(np.array([9.0, 1.0, -2.0]))
    2.8
    """

    def __init__(self, l2: float, l1: float, has_dummy: bool = True) -> None:
        if not 0 <= l1 < np.inf:
            raise UsageError(f"l1: expected λ₁ of 0 or more, found {l1:.3g}")
        super().__init__(l2, has_dummy)
        self.l1 = l1

    def value(self, theta: NDArray[Any]) -> float:
        return super().value(theta) + self.l1 * float(np.sum(np.abs(theta[..., self.first :]), dtype=np.float64))


def split_strength(strength: float, l1_ratio: float) -> tuple[float, float]:
    """λ and λ₁ of an elastic net, scikit-learn's at C = 1/(2W·strength): (1 - l1_ratio)·strength, 2·l1_ratio·strength.

    Raises
    ------
    UsageError
        `l1_ratio` is not from 0 to 1.

    Examples
    --------
    >>> split_strength(0.5, 0.25)
    (0.375, 0.25)
    """
    if not 0 <= l1_ratio <= 1:
        raise UsageError(f"l1_ratio: expected a number from 0 (L2 alone) to 1 (L1 alone), found {l1_ratio}")
    return (1 - l1_ratio) * strength, 2 * l1_ratio * strength


def mean_square_norm(X: DesignMatrix, weights: Floats) -> float:
    """The weighted mean of ‖x‖², the dummy not counted; 1 where all rows are empty."""
    return float(np.average(X.squared_norms(), weights=weights)) or 1.0


def default_strength_l2(X: DesignMatrix, weights: Floats) -> float:
    """The λ at which C·mean‖x‖² is `DEFAULT_STRENGTH`."""
    return max(mean_square_norm(X, weights) / (2 * DEFAULT_STRENGTH * float(np.sum(weights))), LEAST_L2)
