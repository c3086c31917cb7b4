"""The data that the model was trained on."""

from __future__ import annotations

from vikt.fitting.model import FittedModel
from vikt.fitting.record import DataRecord, FitRecord
from vikt.report.fit import data_facts
from vikt.report.html.blocks import Cell, Content, Facts, Section, Table, folded
from vikt.tables import MOST_CLASSES_LISTED, label_line


def data_section(model: FittedModel, record: FitRecord) -> Section:
    """The rows, their use, and how many each class has."""
    facts = list[tuple[str, str]]()
    for name, sentence in data_facts(record, model):
        if name:
            facts.append((name, sentence))
        else:
            facts[-1] = (facts[-1][0], f"{facts[-1][1]}; {sentence}")
    shown = tuple(fact for fact in facts if fact[0] != "classes")
    return Section("data", "Training data", (Facts(shown), folded(_classes(record.data))))


def _classes(data: DataRecord) -> Table:
    counts = sorted(data.classes.items(), key=lambda item: (-item[1], item[0]))
    total = sum(data.classes.values())
    shown = counts[:MOST_CLASSES_LISTED]
    rows: list[list[Content]] = [
        [label_line(label), f"{count:,}", Cell(f"{100 * count / total:.1f}%", share=count / total)]
        for label, count in shown
    ]
    more = f" ({len(shown)} largest of {len(counts):,})" if len(counts) > len(shown) else ""
    return Table.of(f"Rows of each class{more}", ["class", "rows", "share"], rows)
