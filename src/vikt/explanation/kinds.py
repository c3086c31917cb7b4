"""What is not available for a kind of targets, and what to do instead."""

from __future__ import annotations

from vikt.errors import UsageError
from vikt.names import TargetKind

_FOUND: dict[TargetKind, str] = {
    "classes": "classes",
    "several": "several labels per text",
    "soft": "soft labels",
    "ordered": "ordered levels",
}


def refuse_kind(found: TargetKind, what: str, remedies: dict[TargetKind, str]) -> None:
    """Raise UsageError where `what` is not available for a kind of targets; `remedies` says what to do instead.

    Examples
    --------
    >>> refuse_kind("ordered", "influence", {"several": "explain a label"})
    """
    if found in remedies:
        raise UsageError(f"{what}: not available for a model of {_FOUND[found]}; {remedies[found]}")
