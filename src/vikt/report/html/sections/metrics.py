"""The figures of the answers, with their intervals: in all, for each class, and by slice."""

from __future__ import annotations

from vikt.names import LABEL_NOUNS
from vikt.report.evaluation import class_rows, evaluation_notes, figure_rows
from vikt.report.html.blocks import Block, Column, Facts, Note, Section, Table, folded
from vikt.report.html.tested import Tested
from vikt.report.slices import has_slices, slice_rows, slice_warning
from vikt.tables import MOST_CLASSES_LISTED, label_line


def metrics_section(tested: Tested) -> Section:
    """The conditions on the figures, the figures in all, and those of each class."""
    found, weighted = tested.evaluation, tested.record.data.weighted
    notes = [Note(note, "warning") for note in (*tested.notes, *evaluation_notes(found, weighted))]
    tables = *_figures(tested), *notes, folded(_classes(tested, weighted))
    return Section("metrics", "Metrics", (*_requirements(tested), *tables))


def slices_section(tested: Tested) -> Section | None:
    """The figures by slice of each column, the worst slices first, and a warning against many comparisons."""
    if not tested.slices:
        return None
    blocks: list[Block] = []
    for slicing in tested.slices:
        if slicing.note:
            blocks.append(Note(f"By {label_line(slicing.column)}: {slicing.note}.", "warning"))
            continue
        header, *rows = slice_rows(slicing)
        headings: list[Column | str] = [*header[:-1], Column("finding", is_words=True)]
        blocks.append(Table.of(f"By {label_line(slicing.column)}", headings, rows))
    if has_slices(tested.slices):
        blocks.append(Note(" ".join(slice_warning(tested.slices))))
    return Section("slices", "Slices", tuple(blocks))


def _requirements(tested: Tested) -> list[Block]:
    """The conditions that were to be met: those that are missed stand out."""
    return [Note(f"{required}.", "info" if required.is_met else "error") for required in tested.requirements]


def _figures(tested: Tested) -> list[Block]:
    """The figures, and below them, where a phone has room, what they are of or why they are not."""
    rows = figure_rows(tested.evaluation)
    notes = tuple((name, note) for name, _, _, note in rows if note)
    table = Table.of("Figures of all rows", ["figure", "value", "95% interval"], [row[:3] for row in rows])
    return [table, *[Facts(notes)] * bool(notes)]


def _classes(tested: Tested, weighted: bool) -> Table:
    header, *rows = class_rows(tested.evaluation, weighted, has_intervals=True)
    more = len(tested.evaluation.labels) > MOST_CLASSES_LISTED
    noun = LABEL_NOUNS[tested.kind]
    caption = f"Figures of each {noun}" + f" (the first {len(rows)})" * more
    return Table.of(caption, [noun, *header[1:]], rows)
