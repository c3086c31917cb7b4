"""The rows and the plan of a fit, found again from its record: a model file holds no rows, so they are given anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from vikt.arrays import Ints, RowIndices
from vikt.corpus.label_arrays import spelled_labels
from vikt.errors import DataError
from vikt.fitting.division import Division
from vikt.fitting.examples import Examples
from vikt.fitting.record import FitRecord
from vikt.fitting.settings import FitSettings
from vikt.selection.plan import Plan
from vikt.selection.recipes import Recipe
from vikt.tables import counted


class UsedRows(NamedTuple):
    """The rows that the final fit learnt from, and those held out for a test; others made the decision, or stopped."""

    fitted: RowIndices
    test: RowIndices


def fitted_rows(record: FitRecord, examples: Examples) -> RowIndices:
    """The rows that the final fit learnt from; see `used_rows`."""
    return used_rows(record, examples).fitted


def used_rows(record: FitRecord, examples: Examples) -> UsedRows:
    """What each row was used for, among the examples that were read for a fit, in any order.

    The split depends on the content of the rows alone, so it is made again; the number of fitted rows says what was
    held out. The record of an updated model names what is held out by its keys.

    Raises
    ------
    DataError
        These are not the rows that were read for the fit.
    """
    check_same_rows(record, examples)
    if record.updates:
        return used_by_keys(record, examples, record.held_out, record.unfitted)
    wanted = record.data.fitted_rows
    if record.data.groups is not None and examples.grouping is None and wanted < len(examples):
        raise DataError(
            "the model was trained with groups of rows, and without these it is unknown which rows were held out; "
            "train it again"
        )
    found = next((used for used in _possible_uses(record, examples) if len(used.fitted) == wanted), None)
    if found is None:
        raise DataError(
            f"no split of these {counted(len(examples), 'row')} leaves the {wanted:,} that the model was fitted to; "
            "train it again with this version"
        )
    return found


def used_by_keys(record: FitRecord, examples: Examples, held_out: Ints, unfitted: Ints) -> UsedRows:
    """What rows are used for, by the keys of the rows that test, one for each, and of the groups that are not fitted.

    Of equal rows as many test as there are keys: those added later are neither fitted nor tested.
    """
    keys, held_out = labelled_keys(record, examples), np.sort(held_out)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    rank = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    n_testing = np.searchsorted(held_out, ordered, "right") - np.searchsorted(held_out, ordered)
    is_fitted = ~np.isin(group_keys(record, examples), unfitted)
    return UsedRows(np.flatnonzero(is_fitted), np.sort(order[rank < n_testing]))


def labelled_keys(record: FitRecord, examples: Examples) -> Ints:
    """The seeded hash of each row's content and of what it is labelled with: (m,)."""
    seed = record.options["random_state"]
    return examples.digests.labelled_keys(examples.targets.spelled, examples.y, seed).view(np.int64)


def group_keys(record: FitRecord, examples: Examples) -> Ints:
    """The seeded hash of each row's group, which splits keep together: (m,)."""
    of_groups = type(examples.digests).of(examples.documents.groups)
    return of_groups.keys(record.options["random_state"]).view(np.int64)


def check_same_rows(record: FitRecord, examples: Examples) -> None:
    """Raise DataError unless these are the rows, labels included, that were read for the fit."""
    data, remedy = record.data, "give all rows that the model was trained on, with the same columns, as they were then"
    if record.updates:
        remedy = (
            "the model was updated since, so give the rows that it was trained on, less all those forgotten, plus all "
            "those added"
        )
    if examples.n_input != data.rows:
        raise DataError(f"the model was trained on {data.rows:,} rows, found {examples.n_input:,}; {remedy}")
    if examples.fingerprint != data.fingerprint:
        raise DataError(
            f"these are not the rows that the model was trained on: expected the fingerprint {data.fingerprint}, "
            f"found {examples.fingerprint}; {remedy}"
        )
    if record.options["class_weight"] is None and examples.is_weighted != data.weighted:
        were, are = ("with" if weighted else "without" for weighted in (data.weighted, examples.is_weighted))
        raise DataError(f"the model was trained {were} row weights, but these rows come {are} weights; {remedy}")


def settings_of(record: FitRecord, examples: Examples) -> FitSettings:
    """The settings of the fit, with class weights by the labels of the examples."""
    labels = dict(zip(spelled_labels(examples.classes), examples.classes.tolist(), strict=True))
    return FitSettings.of(record.parameters(labels))


def plan_of(record: FitRecord) -> Plan:
    """The features and λ of the fit, which another fit can keep."""
    recipe = Recipe(record.analyzer, tuple((part.name, part.share) for part in record.parts))
    return Plan(recipe, tuple(part.penalty for part in record.parts), record.features)


def _possible_uses(record: FitRecord, examples: Examples) -> Iterator[UsedRows]:
    """What a fit may learn from: all rows, or all but a test tenth, as far as its settings hold nothing out of them."""
    settings, _ = settings_of(record, examples).without_label_aim(examples.targets.kind)
    for tenths in (1, 2):
        training, validation, *test = examples.split(tenths)
        fitted = Division.of(examples, (training, validation), settings).fitted
        yield UsedRows(fitted, test[0] if test else fitted[:0])
