"""The labels of the training data in words: how many rows have each, and of which little or nothing can be learnt."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vikt.fitting.data_record import DataRecord
from vikt.fitting.model import FittedModel
from vikt.names import TargetKind
from vikt.tables import MOST_NAMED, counted, label_line, listed

_Facts = list[tuple[str, str]]


def label_facts(model: FittedModel, data: DataRecord) -> _Facts:
    """What is known of the labels, by the kind of the targets: a name and a sentence for each fact."""
    return [(name, fact) for name, fact in _FACTS[model.kind](model, data) if fact]


def _of_classes(model: FittedModel, data: DataRecord) -> _Facts:
    return [("classes", _counts(data.classes)), ("rare", _rare("class", data))]


def _of_sets(model: FittedModel, data: DataRecord) -> _Facts:
    rows = data.rows - data.rows_of_weight_0
    mean, without = sum(data.classes.values()) / rows, data.rows_without_labels
    none = f"; {counted(without, 'row')} {'has' if without == 1 else 'have'} none" if without else ""
    return [
        ("labels", _counts(data.classes)),
        ("per text", f"{mean:.2f} labels on average{none}"),
        ("rare", _rare("label", data)),
        ("constant", _having(data, rows, "label", "on every row, hence always answered")),
        ("absent", _having(data, 0, "label", "on no row, hence never answered")),
    ]


def _of_shares(model: FittedModel, data: DataRecord) -> _Facts:
    shares = sorted((data.mean_shares or {}).items(), key=lambda item: -item[1])
    named = listed([f"{label_line(label)} {share:.4f}" for label, share in shares])
    return [("classes", f"{len(shares):,}, by their mean share: {named}")]


def _of_levels(model: FittedModel, data: DataRecord) -> _Facts:
    # In their order, which a file does not keep.
    levels = listed([f"{label_line(level)} {data.classes.get(level, 0):,}" for level in model.labels])
    absent = _having(data, 0, "level", "that no row has, hence never answered")
    return [("classes", f"{len(model.labels):,} levels from the lowest: {levels}"), ("absent", absent)]


def _counts(classes: Mapping[str, int]) -> str:
    """The number of classes and their rows, the largest first."""
    counts = sorted(classes.items(), key=lambda item: -item[1])
    named = [f"{label_line(label)} {count:,}" for label, count in counts]
    rarest = f", the rarest {named[-1]}" if len(named) > MOST_NAMED else ""
    return f"{len(counts):,}: {listed(named)}{rarest}"


def _rare(noun: str, data: DataRecord) -> str:
    return _having(data, 1, noun, "with one row only, used for training and never for testing")


def _having(data: DataRecord, n_rows: int, noun: str, what: str) -> str:
    """The labels that `n_rows` rows have, counted and named; empty where there are none."""
    found = [label_line(label) for label, count in data.classes.items() if count == n_rows]
    return f"{counted(len(found), noun)} {what}: {listed(found)}" if found else ""


_FACTS: Mapping[TargetKind, Callable[[FittedModel, DataRecord], _Facts]] = {
    "classes": _of_classes,
    "several": _of_sets,
    "soft": _of_shares,
    "ordered": _of_levels,
}
