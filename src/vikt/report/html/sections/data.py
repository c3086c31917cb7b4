"""The data that the model was trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vikt.fitting.data_record import DataRecord
from vikt.fitting.model import FittedModel
from vikt.fitting.record import FitRecord
from vikt.names import TargetKind
from vikt.report.fit import data_facts
from vikt.report.html.blocks import Cell, Content, Facts, Section, Table, folded
from vikt.tables import MOST_CLASSES_LISTED, label_line

# What the table says better.
_COUNTS = ("classes", "labels")


def data_section(model: FittedModel, record: FitRecord) -> Section:
    """The rows, their use, and how many each class has."""
    facts = list[tuple[str, str]]()
    for name, sentence in data_facts(record, model):
        if name:
            facts.append((name, sentence))
        else:
            facts[-1] = (facts[-1][0], f"{facts[-1][1]}; {sentence}")
    shown = tuple(fact for fact in facts if fact[0] not in _COUNTS)
    return Section("data", "Training data", (Facts(shown), folded(_TABLES[model.kind](model, record.data))))


def _classes(model: FittedModel, data: DataRecord) -> Table:
    return _rows_of("class", sorted(data.classes.items(), key=_most_first), sum(data.classes.values()))


def _labels(model: FittedModel, data: DataRecord) -> Table:
    return _rows_of("label", sorted(data.classes.items(), key=_most_first), data.rows - data.rows_of_weight_0)


def _levels(model: FittedModel, data: DataRecord) -> Table:
    counts = [(level, data.classes.get(level, 0)) for level in model.labels]
    return _rows_of("level", counts, sum(data.classes.values()))


def _shares(model: FittedModel, data: DataRecord) -> Table:
    means = sorted((data.mean_shares or {}).items(), key=_most_first)[:MOST_CLASSES_LISTED]
    rows: list[list[Content]] = [
        [label_line(label), Cell(f"{100 * mean:.1f}%", share=mean), f"{data.classes[label]:,}"] for label, mean in means
    ]
    return Table.of("Mean share of each class", ["class", "mean share", "rows where it is the largest"], rows)


_TABLES: Mapping[TargetKind, Callable[[FittedModel, DataRecord], Table]] = {
    "classes": _classes,
    "several": _labels,
    "soft": _shares,
    "ordered": _levels,
}


def _most_first(item: tuple[str, float]) -> tuple[float, str]:
    return -item[1], item[0]


def _rows_of(noun: str, counts: list[tuple[str, int]], total: int) -> Table:
    shown = counts[:MOST_CLASSES_LISTED]
    rows: list[list[Content]] = [
        [label_line(label), f"{count:,}", Cell(f"{100 * count / total:.1f}%", share=count / total)]
        for label, count in shown
    ]
    more = f" ({len(shown)} of {len(counts):,})" if len(counts) > len(shown) else ""
    return Table.of(f"Rows of each {noun}{more}", [noun, "rows", "share"], rows)
