"""The figures of a model by slice, as tables."""

from __future__ import annotations

from collections.abc import Sequence

from vikt.evaluation.slices import Slice, Slicing
from vikt.tables import columns, counted, figure, label_line

_FINDINGS = {"worse": "worse than the rest", "better": "better than the rest", "": "no difference shown"}


def slice_blocks(slicings: Sequence[Slicing]) -> list[str]:
    """A table for each column, the worst slices first, and a warning against many comparisons."""
    if not slicings:
        return []
    tables = [
        f"by {label_line(slicing.column)}\n" + (f"  {slicing.note}" if slicing.note else columns(slice_rows(slicing)))
        for slicing in slicings
    ]
    return [*tables, *["\n".join("  " + line for line in slice_warning(slicings))] * has_slices(slicings)]


def has_slices(slicings: Sequence[Slicing]) -> bool:
    """Whether some column has slices, rather than a note."""
    return any(slicing.slices for slicing in slicings)


def slice_warning(slicings: Sequence[Slicing]) -> tuple[str, str]:
    """A warning against many comparisons, in two sentences."""
    n_slices = sum(len(slicing.slices) for slicing in slicings)
    return (
        f"Of {counted(n_slices, 'slice')}, some look worse by chance. The intervals of the differences, and Fisher's "
        "exact test, are corrected for that:",
        "if no slice differs from the rest, the chance that any is called worse or better is at most 5%.",
    )


def slice_rows(slicing: Slicing) -> list[list[str]]:
    """The rows of a table of slices, the names of its columns first."""
    names = [
        label_line(slicing.column),
        "rows",
        "accuracy",
        "95%",
        "macro F1",
        "log loss",
        "accuracy minus the rest",
        "95%, corrected",
    ]
    return [[*names, ""], *map(_row, slicing.slices)]


def _row(part: Slice) -> list[str]:
    accuracy, difference = part.accuracy, part.difference
    is_alone = difference.value != difference.value
    return [
        label_line(part.name),
        f"{part.n_rows:,}",
        figure(accuracy.value),
        f"{figure(accuracy.low)} to {figure(accuracy.high)}",
        figure(part.macro_f1),
        figure(part.log_loss.value),
        "-" if is_alone else f"{difference.value:+.4f}",
        "-" if is_alone else f"{difference.low:+.4f} to {difference.high:+.4f}",
        difference.reason or _FINDINGS[part.finding],
    ]
