"""The loss of each kind of target, and how it reads the truth of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from vikt.arrays import Targets
from vikt.model.label_losses import OneLossPerLabel
from vikt.model.loss import Loss
from vikt.model.losses import cross_entropy_for
from vikt.model.ordered import ProportionalOdds
from vikt.model.soft_losses import soft_cross_entropy_for
from vikt.names import TargetKind

_LOSSES: dict[TargetKind, Callable[[int], Loss]] = {
    "classes": cross_entropy_for,
    "several": OneLossPerLabel,
    "soft": soft_cross_entropy_for,
}


def loss_of(kind: TargetKind, n_labels: int, cuts: Sequence[float] = ()) -> Loss:
    """The loss of targets of a kind, of K labels; of ordered ones with the K - 1 scores between levels, if known.

    Examples
    --------
    >>> loss_of("several", 3)
    OneLossPerLabel(n_labels=3)
    """
    if kind == "ordered":
        return ProportionalOdds(np.array(cuts or range(n_labels - 1), dtype=np.float64))
    return _LOSSES[kind](n_labels)


def loss_truth(kind: TargetKind, truth: Targets) -> Targets:
    """The truth of rows, as the loss of the kind reads it: of shares of two classes, the second's is enough.

    Parameters
    ----------
    kind : {"classes", "several", "soft", "ordered"}
    truth : (m,) or (m, K)
        As of `vikt.corpus.targets.TargetRows`.

    Examples
    --------
    >>> import numpy as np
    >>> loss_truth("soft", np.array([[0.25, 0.75]])).tolist()
    [0.75]
    """
    return truth[:, 1] if kind == "soft" and truth.shape[1] == 2 else truth
