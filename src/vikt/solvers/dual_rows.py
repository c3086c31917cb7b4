"""The rows of a dual ascent: groups of equal rows, and rows as the kernels read them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, Indices, Ints, Reals, Scales
from vikt.matrix import DesignMatrix
from vikt.model.loss import Loss
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.parts import InMemory, Part


@dataclass(frozen=True)
class EqualRows:
    """Equal rows of a data set: `group_of` each row; each group's first row, joint weight, and visits in a pass."""

    group_of: NDArray[np.int64]
    row_of: NDArray[np.int64]
    weights: Floats
    visits: NDArray[np.int64]

    @classmethod
    def of(cls, objective: Objective) -> EqualRows:
        """Found by a 64-bit hash: should two rows ever collide, the certificate, which ignores groups, shows it."""
        rows = objective.rows
        _, row_of, group_of = np.unique(rows.X.row_hashes(), return_index=True, return_inverse=True)
        weights = np.bincount(group_of, weights=rows.weights).astype(np.float64)
        # As often as it counts: a heavy group takes more steps than a light one.
        visits = np.maximum(1, np.rint(weights / np.mean(weights))).astype(np.int64)
        return cls(group_of, row_of, weights, visits)

    def class_shares(self, loss: Loss, part: Part) -> Floats:
        """The share of each class in each group's weight: (g, K)."""
        totals = loss.totals_by_group(part.y, part.weights, self.group_of, len(self.row_of))
        return np.asarray(totals / self.weights[:, None])


@dataclass(frozen=True)
class AscentRows:
    """A data set as the kernels read it, whatever λ: compressed rows, each group's first row and its ‖r·x‖².

    `X` is the same for a proof; `rank` is the number of each column here, on which the model does not depend. `scales`
    are r of the penalty in this order; `by_class`, (n, K') or (0, K'), is r for the kernels where it differs by class.
    For two classes the values are multiplied by r instead.
    """

    X: DesignMatrix
    rank: Indices
    arrays: tuple[Ints, Indices, Reals, Ints]
    squared_norms: Floats
    scales: Scales | None
    by_class: Scales

    @classmethod
    def of(cls, objective: Objective, groups: EqualRows, padded: int) -> AscentRows:
        X, rank = objective.rows.X.by_falling_frequency(padded)
        indptr, indices, values = X.compressed_rows()
        scales, by_class = objective.penalty.scales, np.empty((0, padded), np.float32)
        squared_norms = objective.rows.X.squared_norms(scales)[groups.row_of]
        if scales is not None:
            scales = scales[..., np.argsort(rank)]
        # Unsigned, so that the kernels need not ask whether an index counts from the end.
        indices = indices.view(f"u{indices.itemsize}")
        # Half the memory to read; the proof, which reads the values as they are, makes up for the rounding.
        values = values.astype(np.float32, copy=False)
        if scales is not None and scales.ndim == 1:
            values = values * scales[indices]
        elif scales is not None:
            by_class = np.ones((len(rank), padded), np.float32)
            by_class[:, : len(scales)] = scales.T
        return cls(X, rank, (indptr, indices, values, groups.row_of), squared_norms, scales, by_class)

    def objective(self, objective: Objective) -> Objective:
        """The same objective, its columns in the order that they have here."""
        penalty = penalty_of(objective.l2, objective.l1, objective.has_dummy, self.scales)
        return Objective(InMemory(replace(objective.rows, X=self.X)), objective.loss, penalty)
