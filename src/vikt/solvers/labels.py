"""The objectives of several labels, one by one and in blocks, and what is found of each label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Bools, Floats, Ints
from vikt.base import LossRecord
from vikt.model.label_losses import OneLossPerLabel
from vikt.model.loss import Loss
from vikt.model.losses import BinaryCrossEntropy
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.names import Reason
from vikt.parts import InMemory, Part
from vikt.solvers.certificate import Certificate, no_certificate

CONSTANT = "constant_label"
# float32 numbers of two lines of memory, which an ascent adds to as fast as to one.
_SIDE_BY_SIDE = 32


class FittedLabel(NamedTuple):
    """The weights of one label, rounded to float32, their proof, and how the fit went."""

    theta: NDArray[np.float32]
    certificate: Certificate
    curve: Sequence[LossRecord]
    converged: bool
    reason: Reason
    remedy: str = "raise max_iter or tol, or strengthen the penalty"


@dataclass(frozen=True)
class LabelObjectives:
    """The objectives of labels, apart and some at a time; each has a λ of its own, `l2`: (K,)."""

    objective: Objective
    l2: Floats

    def one(self, k: int) -> Objective:
        """That of one label, as of two classes."""
        part = self.objective.rows
        own = replace(part, y=part.y[:, k].astype(np.int64), offset=None if part.offset is None else part.offset[:, k])
        return self._with(own, BinaryCrossEntropy(), k)

    def some(self, labels: list[int]) -> Objective:
        """That of several labels of the same scales, without an offset; its λ is that of the first."""
        part = self.objective.rows
        return self._with(replace(part, y=part.y[:, labels]), OneLossPerLabel(len(labels)), labels[0])

    def _with(self, part: Part, loss: Loss, k: int) -> Objective:
        penalty = self.objective.penalty
        scales = penalty.scales[k] if penalty.scales is not None and penalty.scales.ndim > 1 else penalty.scales
        return Objective(InMemory(part), loss, penalty_of(float(self.l2[k]), penalty.l1, penalty.has_dummy, scales))

    @property
    def can_lie_side_by_side(self) -> bool:
        """Whether one ascent can take several: sparse rows without an offset, a penalty alike for all but in λ."""
        parts, scales = self.objective.parts, self.objective.penalty.scales
        alike = scales is None or scales.ndim == 1
        return alike and not (parts.by_library or parts.has_offset or self.objective.l1) and bool(np.all(self.l2 > 0))

    def answered_as_constant(self, k: int) -> FittedLabel:
        objective, reason = self.one(k), Reason(CONSTANT)
        is_on_all = bool(objective.rows.y[objective.rows.weights > 0].all())
        theta = np.zeros(objective.shape, dtype=np.float32)
        theta[0] = np.log(2 * objective.total_weight + 1) * (1 if is_on_all else -1)
        return FittedLabel(theta, no_certificate(objective.value(theta), reason), [], True, reason)


def constant_labels(objective: Objective) -> Bools:
    """Whether each label is on every row that has weight, or on none, where the intercept is free: (K,)."""
    n_rows, n_with = objective.parts.sums(_counts)
    return np.asarray(((n_with == 0) | (n_with == n_rows)) & objective.has_dummy)


def blocks_of(labels: Ints) -> list[list[int]]:
    """The labels as they lie side by side, in blocks of about the same size."""
    n_blocks = -(-len(labels) // _SIDE_BY_SIDE)
    return [block.tolist() for block in np.array_split(labels, n_blocks)] if n_blocks else []


# The work of one part.


def _counts(part: Part) -> tuple[int, Ints]:
    """The rows that have weight, and how many of them have each label: (K,)."""
    rows = part.weights > 0
    return int(np.count_nonzero(rows)), np.count_nonzero(part.y[rows] if not rows.all() else part.y, axis=0)
