"""What is not available for a kind of targets, and what to do instead; and the fit of one label of several."""

from __future__ import annotations

from vikt.arrays import Floats
from vikt.errors import UsageError
from vikt.model.objective import Objective
from vikt.names import KIND_NAMES, TargetKind
from vikt.selection.choices import PenaltyChoice
from vikt.solvers.labels import LabelObjectives, constant_labels


def refuse_kind(found: TargetKind, what: str, remedies: dict[TargetKind, str]) -> None:
    """Raise UsageError where `what` is not available for a kind of targets; `remedies` says what to do instead.

    Examples
    --------
    >>> refuse_kind("ordered", "influence", {"several": "explain a label"})
    """
    if found in remedies:
        raise UsageError(f"a model of {KIND_NAMES[found]} has no {what}; {remedies[found]}")


def fit_of_label(
    objective: Objective, penalty: PenaltyChoice, theta: Floats, k: int, name: str
) -> tuple[Objective, Floats]:
    """The objective of one of several labels, whose two classes are the rows with it and those without; and its θ.

    Raises
    ------
    UsageError
        The label is on every row or on none, so that its weights are no optimum.
    """
    if constant_labels(objective)[k]:
        raise UsageError(
            f"the label {name!r:.60} is on every training row or on none, so the rows say nothing about it; "
            "name another label"
        )
    return LabelObjectives(objective, penalty.of_labels(len(theta))).one(k), theta[k]
