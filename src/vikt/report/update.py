"""What an update changed, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vikt.fitting.model import FittedModel
from vikt.fitting.record import FitRecord
from vikt.tables import counted, label_line, listed

if TYPE_CHECKING:
    from vikt.fitting.update import Update


def update_json(updated: Update, before: FittedModel) -> dict[str, object]:
    """The counts of an update, and the classes that it added and dropped."""
    added, dropped = _class_changes(before, updated.fit.model)
    return {
        **updated.record._asdict(),
        "repeated": updated.repeated,
        "relabelled": updated.relabelled,
        "kept_out_relabelled": updated.kept_out_relabelled,
        "held_out": len(updated.held_out),
        "classes_added": added,
        "classes_dropped": dropped,
    }


def update_lines(updated: Update, before: FittedModel) -> str:
    """The counts of an update, and what a user should know of them."""
    own = updated.record
    added, dropped = _class_changes(before, updated.fit.model)
    notes = [
        (
            own.kept_out,
            f"{_rows(own.kept_out)} added have the text of a held-out row, so they are neither fitted nor tested"
            + f"; {updated.kept_out_relabelled:,} of them under another label" * bool(updated.kept_out_relabelled),
        ),
        (updated.repeated, f"{_rows(updated.repeated)} added repeat existing rows and count again"),
        (
            updated.relabelled,
            f"{_rows(updated.relabelled)} remaining have the text of a forgotten row, with another label",
        ),
        (added, f"new classes: {_listed(added)}"),
        (dropped, f"classes dropped, with no fitted row left: {_listed(dropped)}"),
    ]
    lines = [f"update     {_rows(own.added)} added, {own.forgotten:,} forgotten"]
    return "\n".join(lines + [f"           {note}" for found, note in notes if found])


def updates_sentence(record: FitRecord) -> str:
    """How the rows have changed since λ and the features were chosen; empty where they have not."""
    if not record.updates:
        return ""
    n_added, n_forgotten = (sum(getattr(own, name) for own in record.updates) for name in ("added", "forgotten"))
    also = ", including those forgotten" if n_forgotten else ""
    return (
        f"{counted(len(record.updates), 'update')}: {_rows(n_added)} added, {n_forgotten:,} forgotten; features, λ and "
        f"thresholds were chosen on the rows before the {'update' if len(record.updates) == 1 else 'updates'}{also}"
    )


def _class_changes(before: FittedModel, after: FittedModel) -> tuple[list[str], list[str]]:
    old, new = before.labels, after.labels
    return [label for label in new if label not in old], [label for label in old if label not in new]


def _rows(n: int) -> str:
    return counted(n, "row")


def _listed(labels: Iterable[str]) -> str:
    return listed(list(map(label_line, labels)))
