"""What every solver hands back."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from vikt.arrays import Floats
from vikt.errors import ConvergenceWarning
from vikt.names import Reason
from vikt.solvers.certificate import Certificate


class LossRecord(NamedTuple):
    """One measurement on the way: the losses after a number of passes over the data.

    `validation_loss` is None where no rows are kept apart. `seconds` are those since the fit began, measuring included.
    """

    passes: int
    training_loss: float
    validation_loss: float | None = None
    seconds: float = 0.0


# Called with each measurement.
OnRecord = Callable[[LossRecord], None]


@dataclass
class Solution:
    """The outcome of a fit.

    Attributes
    ----------
    theta : (n+1,) or (K, n+1)
        The weights.
    certificate : Certificate
        How far they can be from the optimum.
    loss_curve : list of LossRecord
        The losses measured on the way, one record a pass.
    converged : bool
        Whether the solver's rule for stopping was met.
    reason : Reason
        Why it stopped.
    state : object
        What a dual ascent can resume from; None from other solvers.
    remedy : str
        What to do where the rule was not met, unless the reason says so.
    """

    theta: Floats
    certificate: Certificate
    loss_curve: list[LossRecord]
    converged: bool
    reason: Reason
    state: object = None
    remedy: str = "raise max_iter or tol, or strengthen the penalty"

    def warn_unless_converged(self, stacklevel: int) -> None:
        """Warn, at the caller that many frames up, where the rule for stopping was not met."""
        if not self.converged:
            message = "; ".join(filter(None, [str(self.reason), self.remedy]))
            warnings.warn(message, ConvergenceWarning, stacklevel=stacklevel)
