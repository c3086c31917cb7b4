"""Separable classes: where λ = 0 and no row need be on a wrong side, the loss has no least value.

A row with shares of several classes is on no wrong side only where these lead the others and none leads another.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vikt.arrays import Floats
from vikt.model.loss import Loss
from vikt.model.objective import Objective
from vikt.model.ordered import ProportionalOdds
from vikt.model.penalties import DEFAULT_STRENGTH
from vikt.names import Reason
from vikt.parts import Part
from vikt.solvers.newton_steps import centred_rows
from vikt.solvers.solution import Solution

_MOST_NUMBERS = 500_000
_FEASIBLE = 1e-6


def checked_for_separability(objective: Objective, solution: Solution) -> Solution:
    """The solution of a fit with λ = 0; where the classes are found to be separable, as one that did not converge.

    The weights themselves show whether all rows are separated. Whether some can be, with none on a wrong side, is a
    linear program, which is solved if it is small (Albert and Anderson 1984; Konis 2007).
    """
    if objective.parts.sums(_rows_on_a_wrong_side, objective.loss, solution.theta) == 0:
        code = "separable"
    elif separable_in_part(objective):
        code = "separable_in_part"
    else:
        return solution
    reason = Reason(code, {"l2": objective.default_l2(), "strength": DEFAULT_STRENGTH})
    proof = solution.certificate._replace(reason=reason)
    return replace(solution, certificate=proof, converged=False, reason=reason, remedy="")


def separable_in_part(objective: Objective) -> bool:
    """Whether some weights put no row on a wrong side and some row clear of the boundary.

    False where the problem is too large to tell, or the rows are not in memory as one part.

    The most that Σ margins can be, each kept from 0 to 1, is 0 or at least 1: weights that make one positive can be
    scaled until the largest is 1.
    """
    if objective.parts.only is None:
        return False
    rows = centred_rows(objective).only
    rows = rows / np.maximum(np.abs(rows).max(axis=0), np.finfo(np.float64).tiny)
    of_levels = isinstance(objective.loss, ProportionalOdds)
    dense = _level_margins(objective, rows) if of_levels else _margins(objective, rows)
    if dense is None:
        return False
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix, vstack

    margins = csr_matrix(dense)
    size = margins.shape[0]
    found = linprog(
        -np.asarray(margins.sum(axis=0)).ravel(),
        A_ub=vstack([margins, -margins]),
        b_ub=np.repeat([1.0, 0.0], size),
        bounds=(None, None),
        method="highs",
    )
    if found.x is None:
        return False
    reached = margins @ found.x
    return bool(reached.max() > 0.5 and reached.min() > -_FEASIBLE)


def _margins(objective: Objective, rows: Floats) -> Floats | None:
    """One for each class that a row has a share of and each other class: the score of the first less the other's.

    None where there are too many numbers.
    """
    n_classes = objective.loss.n_classes
    others, (of_row, own) = n_classes - 1, np.nonzero(_shares(objective))
    if len(own) * rows.shape[1] * others**2 > _MOST_NUMBERS:
        return None
    rows, truth = rows[of_row], np.eye(n_classes)[own]
    signs = (truth[:, None, :] - np.eye(n_classes)[None, :, :])[truth == 0].reshape(len(rows), others, n_classes)
    signs = signs[..., 1:]  # only differences of scores matter
    return np.asarray(np.einsum("iok,ij->iokj", signs, rows).reshape(len(rows) * others, -1))


def _level_margins(objective: Objective, rows: Floats) -> Floats | None:
    """One for each threshold beside a row's level, by θ_1 to θ_n and t; None as above."""
    y, n_levels = objective.rows.y, objective.loss.n_classes
    if 2 * len(rows) * (rows.shape[1] + n_levels) > _MOST_NUMBERS:
        return None
    own, thresholds = rows[:, 1:], np.eye(n_levels)
    above = np.concatenate([-own, thresholds[y]], axis=1)[y < n_levels - 1]
    below = np.concatenate([own, -thresholds[y - 1]], axis=1)[y > 0]
    return np.concatenate([above, below])[:, :-1]


def _shares(objective: Objective) -> Floats:
    """The share of each class in each row: (m, K)."""
    m = objective.n_rows
    return objective.loss.totals_by_group(objective.rows.y, np.ones(m), np.arange(m), m)


def _rows_on_a_wrong_side(part: Part, loss: Loss, theta: Floats) -> int:
    return int(np.count_nonzero(~(loss.margins(part.X.scores(theta), part.y) > 0)))
