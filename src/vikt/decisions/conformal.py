"""Sets of labels that hold the real one with a given probability: split conformal prediction.

A set holds the classes whose probability is at least a threshold, the k-th largest probability of the real class among
n held-out rows, k = ⌈(n + 1)·coverage⌉. If these rows and a new one are exchangeable, the set of the new one holds its
class with probability `coverage` or more, over the draws of both. Sadinle, Lei and Wasserman 2019, Least ambiguous
set-valued classifiers; Vovk, Gammerman and Shafer 2005.
"""

from __future__ import annotations

import math

import numpy as np

from vikt.decisions.decision import NO_CLASS, Decision
from vikt.decisions.held_out import HeldOut
from vikt.decisions.record import SetsRecord
from vikt.errors import AimMissedError

_DECIMALS = 9


def least_rows(coverage: float) -> int:
    """How many held-out rows a coverage needs.

    Examples
    --------
    >>> least_rows(0.95), least_rows(0.9)
    (19, 9)
    """
    return math.ceil(round(coverage / (1 - coverage), _DECIMALS))


def check_rows(coverage: float, n_rows: int) -> None:
    """Raise AimMissedError where there are too few rows for a coverage."""
    if n_rows < least_rows(coverage):
        raise AimMissedError(
            f"coverage={coverage:g} needs {least_rows(coverage):,} held-out rows or more, found {n_rows:,}; "
            "ask for less, or give more labelled texts"
        )


def set_threshold(coverage: float, rows: HeldOut) -> float:
    """The probability from which on a class is in the set.

    Raises
    ------
    AimMissedError
        The rows are too few, or too many have a label that the model does not have.
    """
    check_rows(coverage, len(rows))
    own = np.where(rows.y != NO_CLASS, rows.probabilities[np.arange(len(rows)), rows.y], 0.0)
    k = math.ceil(round((len(rows) + 1) * coverage, _DECIMALS))
    threshold = float(np.sort(own)[::-1][k - 1])
    if threshold == 0:
        raise AimMissedError(
            f"coverage={coverage:g} cannot be met: {int((rows.y == NO_CLASS).sum()):,} of {len(rows):,} held-out rows "
            "have a label that the model does not have; give more texts of each class"
        )
    return threshold


def sets_record(coverage: float, decision: Decision, rows: HeldOut) -> SetsRecord:
    """What a decision's sets are on the held-out rows."""
    sizes = decision.sets(rows.log_probabilities).sum(axis=1)
    return SetsRecord(coverage, decision.set_threshold or 0.0, float(sizes.mean()), float((sizes == 1).mean()))
