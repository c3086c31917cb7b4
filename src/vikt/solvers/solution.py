"""The result of every solver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from vikt.arrays import Floats
from vikt.base import LossRecord
from vikt.errors import ConvergenceWarning, known_to_sklearn, warn
from vikt.model.loss import Loss
from vikt.model.ordered import ProportionalOdds
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
    by_label : tuple of Certificate
        Of several labels, the certificate of each, of its weights as they are here, rounded to float32.
    remedy : str
        What to do without convergence, unless the reason says so.
    thresholds : (K-1,) or None
        Those of levels in an order, which stand in place of the intercept: θ_0 is 0.
    """

    theta: NDArray[Any]
    certificate: Certificate
    loss_curve: list[LossRecord]
    converged: bool
    reason: Reason
    state: object = None
    by_label: tuple[Certificate, ...] = ()
    remedy: str = "raise max_iter or tol, or strengthen the penalty"
    thresholds: Floats | None = None

    def fitted_loss(self, loss: Loss) -> Loss:
        """What makes probabilities of the scores: the loss that was minimised, with the thresholds found, if any."""
        return loss if self.thresholds is None else ProportionalOdds(self.thresholds)

    def warn_unless_converged(self) -> None:
        """Warn the user unless the solver converged."""
        if not self.converged:
            message = "; ".join(filter(None, [str(self.reason), self.remedy]))
            warn(message, known_to_sklearn(ConvergenceWarning, "ConvergenceWarning"))


def joined(first: Sequence[LossRecord], later: Sequence[LossRecord]) -> list[LossRecord]:
    """The loss curve of a solver and of another that resumed from its end."""
    passes, seconds = len(first), first[-1].seconds if first else 0.0
    more = [record._replace(passes=record.passes + passes, seconds=record.seconds + seconds) for record in later]
    return [*first, *more]
