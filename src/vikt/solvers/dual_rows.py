"""The rows of a dual ascent: groups of equal rows, and rows as the kernels read them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vikt.arrays import Floats, Indices, Ints, Reals, Scales
from vikt.model.objective import Objective
from vikt.model.penalties import penalty_of
from vikt.parts import InMemory, Part, Parts, PerPart


@dataclass(frozen=True)
class EqualRows:
    """Equal rows of a part: `group_of` each row, and each group's first row, joint weight, and visits in a pass."""

    group_of: NDArray[np.int64]
    row_of: NDArray[np.int64]
    weights: Floats
    visits: NDArray[np.int64]

    @classmethod
    def of(cls, parts: Parts) -> PerPart[EqualRows]:
        """Found by a 64-bit hash: should two rows ever collide, the certificate, which ignores groups, shows it."""
        groups = parts.each(_equal_rows)
        weight, number = parts.sums(_weight_and_number, groups)
        return parts.each(_with_visits, groups, weight / number)


class Centre(NamedTuple):
    """The mean row μ, which rows r·x are taken relative to: (n,) or, where r is by class, (K, n); and μ·μ.

    `theta` are weights whose scores are x·μ. A single part in memory is not centred: μ is 0, and there are none.
    """

    mean: Floats
    square: Floats
    theta: Floats | None

    @classmethod
    def of(cls, objective: Objective) -> Centre:
        scales = objective.penalty.scales
        if objective.parts.only is not None:
            zeros = np.zeros(1 if scales is None else (*scales.shape[:-1], 1))
            return cls(zeros, zeros[..., 0], None)
        mean = objective.column_means if scales is None else scales * objective.column_means
        theta = mean if scales is None else scales * mean
        if objective.has_dummy:
            theta = np.concatenate([np.zeros((*theta.shape[:-1], 1)), theta], axis=-1)
        return cls(mean, np.sum(mean * mean, axis=-1), theta)


@dataclass(frozen=True)
class AscentRows:
    """A data set as the kernels read it, whatever λ: compressed rows, and `places`: x·μ and ‖x - μ‖² of each group.

    `parts` are the same rows for a proof; `rank` is the number of each column there, on which the model does not
    depend. `scales` are r of the penalty in this order; `by_class`, (n, K') or (0, K'), is r for the kernels where it
    differs by class. For two classes the values are multiplied by r instead.
    """

    parts: Parts
    rank: Indices
    groups: PerPart[EqualRows]
    entries: PerPart[tuple[Ints, Indices, Reals]]
    centre: Centre
    places: PerPart[tuple[Floats, Floats]]
    scales: Scales | None
    by_class: Scales

    @classmethod
    def of(cls, objective: Objective, padded: int) -> AscentRows:
        parts, scales, by_class = objective.parts, objective.penalty.scales, np.empty((0, padded), np.float32)
        rank: Indices = np.arange(objective.n_features)
        groups, centre = EqualRows.of(parts), Centre.of(objective)
        places = parts.each(_places, groups, scales, centre)
        if parts.only is not None:
            X, rank = parts.only.X.by_falling_frequency(padded)
            parts = InMemory(replace(parts.only, X=X))
        if scales is not None:
            scales = scales[..., np.argsort(rank)]
        if scales is not None and scales.ndim > 1:
            by_class = np.ones((len(rank), padded), np.float32)
            by_class[:, : len(scales)] = scales.T
        entries = parts.derived(_entries, scales if by_class.shape[0] == 0 else None)
        return cls(parts, rank, groups, entries, centre, places, scales, by_class)

    def objective(self, objective: Objective) -> Objective:
        """The same objective, its columns in the order that they have here."""
        penalty = penalty_of(objective.l2, objective.l1, objective.has_dummy, self.scales)
        parts = objective.parts
        if parts.only is not None and self.parts.only is not None:
            parts = InMemory(replace(parts.only, X=self.parts.only.X))
        return Objective(parts, objective.loss, penalty)


# The work of one part.


def _equal_rows(part: Part) -> EqualRows:
    _, row_of, group_of = np.unique(part.X.row_hashes(), return_index=True, return_inverse=True)
    weights = np.bincount(group_of, weights=part.weights).astype(np.float64)
    return EqualRows(group_of, row_of, weights, np.ones(len(row_of), np.int64))


def _weight_and_number(part: Part, groups: EqualRows) -> tuple[float, int]:
    return float(np.sum(groups.weights)), len(groups.weights)


def _with_visits(part: Part, groups: EqualRows, mean_weight: float) -> EqualRows:
    """As often as it counts: a heavy group takes more steps than a light one."""
    return replace(groups, visits=np.maximum(1, np.rint(groups.weights / mean_weight)).astype(np.int64))


def _places(part: Part, groups: EqualRows, scales: Scales | None, centre: Centre) -> tuple[Floats, Floats]:
    squares = part.X.squared_norms(scales)[groups.row_of]
    if centre.theta is None:
        return np.zeros_like(squares), squares
    along = part.X.scores(centre.theta)[groups.row_of]
    return along, np.maximum(squares - 2 * along + centre.square, 0)


def _entries(part: Part, scales: Scales | None) -> tuple[Ints, Indices, Reals]:
    indptr, indices, values = part.X.compressed_rows()
    # Unsigned, so that the kernels need not ask whether an index counts from the end.
    indices = indices.view(f"u{indices.itemsize}")
    # Half the memory to read; the proof, which reads the values as they are, makes up for the rounding.
    values = values.astype(np.float32, copy=False)
    return indptr, indices, values if scales is None else values * scales[indices]
