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


def mean_square_norm(X: DesignMatrix, weights: Floats) -> float:
    """The weighted mean of ‖x‖², the dummy not counted; 1 where all rows are empty."""
    return float(np.average(X.squared_norms(), weights=weights)) or 1.0


def default_strength_l2(X: DesignMatrix, weights: Floats) -> float:
    """The λ at which C·mean‖x‖² is `DEFAULT_STRENGTH`."""
    return max(mean_square_norm(X, weights) / (2 * DEFAULT_STRENGTH * float(np.sum(weights))), LEAST_L2)
