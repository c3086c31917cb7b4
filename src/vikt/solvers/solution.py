"""The result of every solver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vikt.arrays import Floats
from vikt.base import LossRecord
from vikt.errors import ConvergenceWarning, known_to_sklearn, warn
from vikt.names import Reason
from vikt.solvers.certificate import Certificate

# Called with each record of the loss.
OnRecord = Callable[[LossRecord], None]


@dataclass
class Solution:
    """The outcome of a fit.

    Attributes
    ----------
    theta : (n+1,) or (K, n+1)
    certificate : Certificate
    loss_curve : list of LossRecord
    converged : bool
        Whether the solver's rule for stopping holds.
    reason : Reason
        Why the solver stopped.
    state : DualState or None
        The state of a dual ascent, to resume from.
    remedy : str
        What to do without convergence, unless the reason says so.
    thresholds : (K-1,) or None
        Those of levels in an order, which stand in place of the intercept: θ_0 is 0.
    """

    theta: Floats
    certificate: Certificate
    loss_curve: list[LossRecord]
    converged: bool
    reason: Reason
    state: object = None
    by_label: tuple[Certificate, ...] = ()
    remedy: str = "raise max_iter or tol, or strengthen the penalty"
    thresholds: Floats | None = None

    def warn_unless_converged(self) -> None:
        """Warn the user unless the solver converged."""
        if not self.converged:
            message = "; ".join(filter(None, [str(self.reason), self.remedy]))
            warn(message, known_to_sklearn(ConvergenceWarning, "ConvergenceWarning"))
