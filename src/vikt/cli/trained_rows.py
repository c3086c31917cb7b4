"""The rows of a trained model, read again: their columns have the names that they had in training."""

from __future__ import annotations

from collections.abc import Sequence

from vikt.cli.options import InputOptions
from vikt.corpus.formats import FORMATS
from vikt.corpus.labelled import Labelled, labelled, read_tables
from vikt.corpus.read_stream import suffix_of
from vikt.fitting.saved import SavedModel


def labelled_as_trained(
    saved: SavedModel,
    names: Sequence[str],
    options: InputOptions,
    weight: str | None = None,
    others: Sequence[str] = (),
) -> Labelled:
    """Labelled rows of some files, with the columns of the training data unless the options name others."""
    has_known_suffix = all(suffix_of(name) in FORMATS for name in names)
    known = saved.record.columns
    table = read_tables(names, None if has_known_suffix else options.format, options.dialect)
    table = table.with_fields(known.values())
    there = {role: name for role, name in known.items() if name in table.names}
    text, label = options.text or there.get("text"), options.label or there.get("label")
    return labelled(table, saved.model.features, text, label, weight, others)
