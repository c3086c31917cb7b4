"""The rows of a trained model, read again: their columns have the names that they had in training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vikt.cli.inputs import known_columns, read_others
from vikt.cli.options import InputOptions
from vikt.corpus.label_notes import unknown_label_notes
from vikt.corpus.label_reading import LabelReading, column_parts
from vikt.corpus.labelled import Labelled, labelled
from vikt.corpus.targets import names_of, spelled_targets
from vikt.errors import DataError
from vikt.fitting.saved import TESTED_ON_TRAINING, SavedModel


def notes_on_test(models: Sequence[SavedModel], rows: Sequence[Labelled]) -> tuple[str, ...]:
    """Notes on the rows that test some models, as each reads them: what makes their figures say little.

    Raises
    ------
    DataError
        No label is a class of any of the models, so that they could only be wrong.
    """
    unknown = list[str]()
    for saved, own in zip(models, rows, strict=True):
        found = saved.model.class_names.respelled(set(names_of(own.labels)))
        unknown += unknown_label_notes(own.documents.origin, found, saved.model.labels)
    read = set(names_of(rows[0].labels))
    if read and all(set(saved.model.class_names.respelled(read)).isdisjoint(saved.model.labels) for saved in models):
        raise DataError(unknown[0])
    learnt = [
        f"{own.documents.origin}: {TESTED_ON_TRAINING}; test it on other rows"
        for saved, own in zip(models, rows, strict=True)
        if saved.learnt_from(saved.model.measured(own.documents), *spelled_targets(own.labels))
    ]
    return (*dict.fromkeys([*unknown, *learnt]),)


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
