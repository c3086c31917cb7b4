"""What can be told of a model, by the kind of its targets."""

from __future__ import annotations

from vikt.errors import UsageError
from vikt.names import TargetKind

_FOUND: dict[TargetKind, str] = {
    "classes": "classes",
    "several": "several labels a text",
    "soft": "soft labels",
    "ordered": "ordered levels",
}


def refuse_kind(found: TargetKind, what: str, remedies: dict[TargetKind, str]) -> None:
    """Raise UsageError where something cannot be told of a kind of targets; `remedies` says what else to do, by kind.

    Examples
    --------
    >>> refuse_kind("ordered", "influence", {"several": "explain a label"})
    """
    if found in remedies:
        raise UsageError(f"{what} cannot be told of a model of {_FOUND[found]}; {remedies[found]}")
