"""The data that the model was learnt from."""

from __future__ import annotations

from vikt.fitting.record import DataRecord, FitRecord
from vikt.report.html.blocks import Block, Cell, Content, Facts, Section, Table
from vikt.tables import MOST_CLASSES_LISTED, counted, label_line


def data_section(record: FitRecord) -> Section:
    """The rows, their use, and how many each class has."""
    blocks: list[Block] = [Facts(tuple(_facts(record.data))), _classes(record.data)]
    return Section("data", "Training data", tuple(blocks))


def _facts(data: DataRecord) -> list[tuple[str, str]]:
    split = f"{data.training_rows:,} to learn from, {data.validation_rows:,} to choose features and λ"
    if data.test_rows:
        split += f", {data.test_rows:,} to test"
    facts = [
        ("rows read", f"{data.rows:,}"),
        ("use", f"{split}; {data.fitted_rows:,} fitted in the end"),
        ("empty texts", f"{data.empty_texts:,}"),
        ("duplicates", f"{counted(data.duplicate_texts, 'row')} with the content of an earlier row"),
    ]
    if data.rows_of_weight_0:
        facts.append(("weight 0", f"{counted(data.rows_of_weight_0, 'row')} left out"))
    return facts


def _classes(data: DataRecord) -> Table:
    counts = sorted(data.classes.items(), key=lambda item: (-item[1], item[0]))
    total = sum(data.classes.values())
    shown = counts[:MOST_CLASSES_LISTED]
    rows: list[list[Content]] = [
        [label_line(label), f"{count:,}", Cell(f"{100 * count / total:.1f}%", share=count / counts[0][1])]
        for label, count in shown
    ]
    more = f" ({len(shown)} largest of {len(counts):,})" if len(counts) > len(shown) else ""
    return Table.of(f"Rows of each class{more}", ["class", "rows", "share"], rows)
