"""The rows of a trained model, read again: their columns have the names that they had in training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vikt.cli.inputs import known_columns, read_others
from vikt.cli.options import InputOptions
from vikt.corpus.label_reading import LabelReading, column_parts
from vikt.corpus.labelled import Labelled, labelled
from vikt.fitting.saved import SavedModel


def labelled_as_trained(
    saved: SavedModel,
    names: Sequence[str],
    options: InputOptions,
    weight: str | None = None,
    others: Sequence[str] = (),
    reading: LabelReading | None = None,
) -> Labelled:
    """Labelled rows of some files, with the columns of the training data unless the options name others.

    Labels are of the kind of the model, unless `reading` says otherwise.
    """
    trained = [name for name in saved.record.columns.values() if name]
    parts = [part for name in trained for part in column_parts(name)]
    table = read_others(names, options).with_fields([*trained, *parts])
    there = known_columns(saved, table)
    text, label = options.text or there.get("text"), options.label or there.get("label")
    as_trained = replace(saved.reading(options.labels_separator), or_one_class=False)
    return labelled(table, saved.model.features, text, label, weight, others, reading=reading or as_trained)
