"""The rows of a trained model, read again: their columns have the names that they had in training."""

from __future__ import annotations

from collections.abc import Sequence

from vikt.cli.inputs import known_columns, read_others
from vikt.cli.options import InputOptions
from vikt.corpus.labelled import Labelled, labelled
from vikt.fitting.saved import SavedModel


def labelled_as_trained(
    saved: SavedModel,
    names: Sequence[str],
    options: InputOptions,
    weight: str | None = None,
    others: Sequence[str] = (),
) -> Labelled:
    """Labelled rows of some files, with the columns of the training data unless the options name others."""
    table = read_others(names, options).with_fields(saved.record.columns.values())
    there = known_columns(saved.record, table)
    text, label = options.text or there.get("text"), options.label or there.get("label")
    return labelled(table, saved.model.features, text, label, weight, others)
