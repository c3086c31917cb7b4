"""Regularisation: what keeps the weights from becoming too large (lecture 6c)."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from vikt.arrays import Floats, Scales, Weights
from vikt.errors import ParameterError, UsageError
from vikt.parameters import FIT, checked_value

# C·mean‖x‖² of the default penalty, for a fit without validation.
DEFAULT_STRENGTH = 100.0
# With a weaker one 1/λ leaves the range of the solvers.
LEAST_L2 = 1e-100


class L2:
    """λ Σ_{j≥1} θ_j²/r_j²: no factor 1/2, and the dummy feature's weight θ_0, the intercept, is free.

    r is 1 as a rule. Otherwise it says how large a weight may become at the same price, which can differ by class: that
    is what multiplying a column by r_j does, if a column could be multiplied for each class separately.

    Parameters
    ----------
    strength : float
        λ ≥ 0.
    has_dummy : bool
        Whether column 0 of θ belongs to the dummy feature.
    scales : (n,) or (K, n), optional
        r > 0.

    Raises
    ------
    UsageError
        λ is negative, or above 0 and below `LEAST_L2`.

    Examples
    --------
    >>> L2(0.5).value(np.array([9.0, 1.0, -2.0]))
    2.5
    >>> L2(0.5, scales=np.array([1.0, 2.0])).value(np.array([9.0, 1.0, -2.0]))
    1.0
    """

    def __init__(self, strength: float, has_dummy: bool = True, scales: Scales | None = None) -> None:
        if strength != 0 and not strength >= LEAST_L2:
            raise ParameterError(
                "l2", f"expected λ of 0, or of {LEAST_L2:g} or more, found {strength:.3g}; choose 0 for none"
            )
        self.strength, self.l1 = strength, 0.0
        self.has_dummy, self.first = has_dummy, int(has_dummy)
        self.scales = scales
        self._r: Scales | float = 1.0 if scales is None else scales

    def with_strengths(self, l2: float, l1: float) -> L2:
        """The same penalty of another λ and λ₁."""
        return penalty_of(l2, l1, self.has_dummy, self.scales)

    @cached_property
    def strengths(self) -> Floats:
        """λ/r² of each weight but the intercept: a number, (n,) or (K, n)."""
        return self.strength / np.square(self._r, dtype=np.float64)

    @property
    def kinks(self) -> Floats:
        """λ₁/r of each weight but the intercept: a number, (n,) or (K, n)."""
        return np.asarray(0.0)

    @property
    def largest_scale(self) -> float:
        return float(np.max(self._r, initial=0.0))

    def value(self, theta: Weights) -> float:
        penalised = self.unscaled(theta)
        return self.strength * float(np.sum(penalised * penalised))

    def unscaled(self, theta: Weights) -> Floats:
        """θ_j/r_j, the intercept left out: the weights of columns multiplied by r."""
        return np.asarray(np.divide(theta[..., self.first :], self._r, dtype=np.float64))

    def scaled(self, slopes: Floats) -> Floats:
        """r_j·slope_j, the slopes by the weights of columns multiplied by r."""
        return np.asarray(self._r * slopes)

    def gradient(self, theta: Floats) -> Floats:
        """2λθ_j/r_j², and 0 for the intercept: the shape of θ."""
        gradient = 2 * theta
        gradient[..., : self.first] = 0.0
        gradient[..., self.first :] *= self.strengths
        return gradient


class ElasticNet(L2):
    """λ Σ_{j≥1} θ_j²/r_j² + λ₁ Σ_{j≥1} |θ_j|/r_j: the second sum makes weights that say little exactly 0.

    |θ_j| has no derivative at 0, so `gradient` is that of the first sum alone; a solver must see to the second itself.

    Parameters
    ----------
    l2, l1 : float
        λ ≥ 0 and λ₁ ≥ 0.
    has_dummy, scales
        As for `L2`.

    Raises
    ------
    UsageError
        λ or λ₁ is negative, or λ is above 0 and below `LEAST_L2`.

    Examples
    --------
    >>> ElasticNet(0.5, 0.1).value(np.array([9.0, 1.0, -2.0]))
    2.8
    """

    def __init__(self, l2: float, l1: float, has_dummy: bool = True, scales: Scales | None = None) -> None:
        if not 0 <= l1 < np.inf:
            raise UsageError(f"l1: expected λ₁ of 0 or more, found {l1:.3g}")
        super().__init__(l2, has_dummy, scales)
        self.l1 = l1

    @property
    def kinks(self) -> Floats:
        return self.l1 / np.asarray(self._r, dtype=np.float64)

    def value(self, theta: Weights) -> float:
        return super().value(theta) + self.l1 * float(np.sum(np.abs(self.unscaled(theta))))


def penalty_of(l2: float, l1: float, has_dummy: bool, scales: Scales | None = None) -> L2:
    """L2 alone, or an elastic net where λ₁ is not 0. Parameters as of `ElasticNet`."""
    return ElasticNet(l2, l1, has_dummy, scales) if l1 else L2(l2, has_dummy, scales)


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
    l1_ratio = checked_value("l1_ratio", FIT["l1_ratio"], l1_ratio)
    return (1 - l1_ratio) * strength, 2 * l1_ratio * strength
