"""A model updated: rows added and rows forgotten, everything learnt anew from what remains, λ and the recipe kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vikt.arrays import Bools, Classes, Floats, Ints, RowIndices, RowValues
from vikt.decisions.decision import Decision
from vikt.decisions.settings import DecisionSettings
from vikt.errors import DataError, UsageError
from vikt.features.measured import Measured
from vikt.fitting.examples import Examples, spelled_labels
from vikt.fitting.fit import Fit, fit
from vikt.fitting.model import FittedModel, Inputs
from vikt.fitting.record import FitRecord, UpdateRecord
from vikt.fitting.refitted import group_keys, labelled_keys, plan_of, settings_of, used_by_keys, used_rows
from vikt.fitting.saved import SavedModel
from vikt.fitting.settings import FitSettings
from vikt.fitting.start import Start
from vikt.model.classes import check_one_label_a_row, row_weights
from vikt.model.labels import checked_labels, label_array
from vikt.progress import Progress, no_progress
from vikt.tables import counted, cut, index_place, quoted


@dataclass(frozen=True)
class GivenRows:
    """Labelled documents as they are given, with the weight of each, if they have any, and its place for messages."""

    documents: Measured
    labels: NDArray[Any]
    weights: Floats | None = None
    place: Callable[[int], str] = index_place

    @classmethod
    def of(
        cls,
        model: FittedModel,
        inputs: Inputs,
        labels: ArrayLike,
        weights: RowValues = None,
        place: Callable[[int], str] = index_place,
    ) -> GivenRows:
        """Texts or columns as the features of a model read them; labels written as one of its classes are that class.

        Raises
        ------
        DataError
            The labels or weights are invalid, or of another length than the texts.
        """
        documents, given = model.measured(inputs), checked_labels(label_array(labels, warns=True))
        check_one_label_a_row(given, len(documents))
        own = None if weights is None else row_weights(weights, len(documents))
        return cls(documents, _as_classes(given, model), own, place)

    def __len__(self) -> int:
        return len(self.documents)

    def take(self, rows: RowIndices) -> GivenRows:
        weights = None if self.weights is None else self.weights[rows]
        return replace(self, documents=self.documents.take(rows), labels=self.labels[rows], weights=weights)


@dataclass(frozen=True)
class Update:
    """An updated model with its record, the rows that it now stands for, and which of them are held out for a test.

    `repeated` counts the added rows whose content and label were there already; `relabelled` counts the rows that stay
    with the text of a forgotten one, under another label; `kept_out_relabelled` counts the added rows that are kept out
    with a label that no earlier row of their content has.
    """

    fit: Fit
    examples: Examples
    held_out: RowIndices
    repeated: int
    relabelled: int
    kept_out_relabelled: int

    @property
    def record(self) -> UpdateRecord:
        return self.fit.record.updates[-1]


def update(
    saved: SavedModel,
    old: GivenRows,
    add: GivenRows | None = None,
    forget: GivenRows | None = None,
    *,
    threads: int = 1,
    progress: Progress = no_progress,
) -> Update:
    """Fit the rows that a model was fitted to, less those to forget, plus those to add.

    Features and their scales are learnt anew; λ, the recipe and the decision stay those of the model, whose weights the
    fit starts near. All rows equal to one that is to be forgotten are. Rows that were held out stay so, and added rows
    of the same text are neither fitted nor tested.

    Parameters
    ----------
    saved : SavedModel
    old : GivenRows
        All rows that the model was trained on, those held out included, in any order.
    add, forget : GivenRows, optional

    Raises
    ------
    DataError
        `old` are other rows; a row to forget is not among them, or is added as well; or what remains cannot be fitted.
    UsageError
        The model was stopped early, so it has no optimum to update; or it reads running text, where a row added
        or forgotten would change those beside it.
    """
    record = saved.record
    _check_updatable(saved)
    before = Examples.of(old.documents, old.labels, old.weights, record.options["random_state"])
    held_out_keys, unfitted_keys = _keys_kept_out(record, before)
    is_forgotten = _matching(old, forget) if forget else np.zeros(len(old), dtype=bool)
    remaining = old.take(np.flatnonzero(~is_forgotten))
    if add and forget:
        _refuse_forgotten(add, forget)
    rows = _joined(remaining, add) if add else remaining
    examples = Examples.of(rows.documents, rows.labels, rows.weights, record.options["random_state"])
    (fitted, test), plan = used_by_keys(record, examples, held_out_keys, unfitted_keys), plan_of(record)
    decision = _decision(saved.model, examples.classes[np.unique(examples.y[fitted])])
    outcome = fit(
        examples,
        (fitted, fitted[:0]),
        # The decision is kept, not made again.
        replace(_known_classes_only(settings_of(record, examples), examples.classes), decision=DecisionSettings()),
        plan=plan,
        threads=threads,
        progress=progress,
        start=Start(saved.model, plan.recipe.shares),
    )
    is_added = examples.origin >= len(remaining)
    n_added = len(rows) - len(remaining)
    own = UpdateRecord(n_added, int(is_forgotten.sum()), int(np.sum(is_added)) - int(np.sum(is_added[fitted])))
    keys = labelled_keys(record, examples)
    kept_out = np.sort(keys[test]), np.intersect1d(unfitted_keys, group_keys(record, examples))
    is_unfitted_copy = is_added.copy()
    is_unfitted_copy[fitted] = False
    return Update(
        replace(
            outcome,
            model=replace(outcome.model, text_column=saved.model.text_column, decision=decision),
            record=_recorded(outcome.record, record, own, *kept_out),
        ),
        examples,
        test,
        _count_repeated(examples, is_added, is_unfitted_copy),
        _count_relabelled(remaining, forget) if forget else 0,
        int(np.sum(~np.isin(keys[is_unfitted_copy], keys[~is_added]))),
    )


def _check_updatable(saved: SavedModel) -> None:
    if saved.record.options["patience"] is not None:
        raise UsageError(
            "the model was stopped early, so it is not at an optimum and cannot be updated; train a new one"
        )
    if saved.model.features.is_running:
        raise UsageError(
            "the features read neighbouring rows, so a row added or forgotten would change those of others; train a "
            "new model"
        )


def _decision(model: FittedModel, classes: NDArray[Any]) -> Decision:
    """The decision of a model, for the classes that remain. Raises DataError where it needs those that do not."""
    labels = spelled_labels(classes)
    try:
        return Decision.from_json(model.decision.to_json(model.labels), labels)
    except ValueError:
        raise DataError(
            f"the thresholds or costs of the model are for the classes {quoted(model.labels)}, but these rows leave "
            f"{quoted(labels)}; train a new model"
        ) from None


def _keys_kept_out(record: FitRecord, before: Examples) -> tuple[Ints, Ints]:
    """The key of each row that tests a model, and the keys of all groups that are not fitted."""
    used = used_rows(record, before)
    return labelled_keys(record, before)[used.test], np.unique(np.delete(group_keys(record, before), used.fitted))


def _recorded(fitted: FitRecord, old: FitRecord, own: UpdateRecord, held_out: Ints, unfitted: Ints) -> FitRecord:
    """The record of the fit, with the counts of rows that the choices were made on, and no figures yet."""
    chosen_on = {name: getattr(old.data, name) for name in ("training_rows", "validation_rows", "calibration_rows")}
    return replace(
        fitted,
        options=old.options,
        data=replace(fitted.data, **chosen_on),
        calibration=old.calibration,
        columns=old.columns,
        updates=(*old.updates, own),
        held_out=held_out,
        unfitted=unfitted,
    )


def _known_classes_only(settings: FitSettings, classes: NDArray[Any]) -> FitSettings:
    """The settings without the weights of classes that have lost all rows."""
    if not isinstance(settings.class_weight, Mapping):
        return settings
    known = set(classes.tolist())
    return replace(
        settings, class_weight={label: factor for label, factor in settings.class_weight.items() if label in known}
    )


def _matching(old: GivenRows, forget: GivenRows) -> Bools:
    """Which rows equal one that is to be forgotten. Raises DataError where one of these equals none."""
    found, wanted = list(_contents(old)), list(_contents(forget))
    known, to_forget = set(found), set(wanted)
    missing = [row for row, own in enumerate(wanted) if own not in known]
    if missing:
        content, label = wanted[missing[0]]
        others = sorted({other for of_row, other in known if of_row == content})
        why = f" under the label {label!r:.60}, but under {quoted(others)}" if others else ""
        text = cut(forget.documents.texts[missing[0]].decode("utf-8", "replace"), 60)
        raise DataError(
            f"{forget.place(missing[0])}: {text!r} is to be forgotten, but it is not among the rows that the model was "
            f"trained on{why} ({counted(len(missing), 'such row')}); nothing was changed: correct the row, or "
            "leave it out"
        )
    return np.fromiter((own in to_forget for own in found), dtype=bool, count=len(found))


def _refuse_forgotten(add: GivenRows, forget: GivenRows) -> None:
    wanted = set(_contents(forget))
    row = next((row for row, own in enumerate(_contents(add)) if own in wanted), None)
    if row is not None:
        raise DataError(f"{add.place(row)}: the row is to be added and to be forgotten; leave out one of them")


def _contents(rows: GivenRows) -> zip[tuple[bytes, str]]:
    """The content and the label of each row."""
    return zip(rows.documents.contents(), map(str, rows.labels.tolist()), strict=True)


def _joined(old: GivenRows, add: GivenRows) -> GivenRows:
    if (old.weights is None) != (add.weights is None):
        has, lacks = ("added", "trained on") if old.weights is None else ("trained on", "added")
        raise DataError(f"the rows {has} have weights, but those {lacks} have none; give weights for both, or for none")
    weights = None if old.weights is None or add.weights is None else np.concatenate([old.weights, add.weights])
    return GivenRows(Measured.joined([old.documents, add.documents]), _labels(old.labels, add.labels), weights)


def _as_classes(labels: NDArray[Any], model: FittedModel) -> NDArray[Any]:
    if labels.dtype.kind == model.classes.dtype.kind:
        return labels
    class_of = dict(zip(model.labels, model.classes.tolist(), strict=True))
    own = [class_of.get(str(label), label) for label in labels.tolist()]
    return np.fromiter(own, dtype=object, count=len(own)) if model.classes.dtype.kind == "O" else np.array(own)


def _labels(old: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
    """All labels; NumPy alone would make strings of numbers beside strings."""
    if old.dtype.kind == new.dtype.kind:
        return np.concatenate([old, new])
    return np.array([*old.tolist(), *new.tolist()], dtype=object)


def _count_repeated(examples: Examples, is_added: Bools, is_unfitted: Bools) -> int:
    """How many added rows that are fitted have the content and the label of an earlier one."""
    n_classes = len(examples.classes)
    cells: Classes = examples.contents * n_classes + examples.y
    return int(np.isin(cells[is_added & ~is_unfitted], cells[~is_added]).sum())


def _count_relabelled(remaining: GivenRows, forget: GivenRows) -> int:
    """How many of the rows that stay have the content of a forgotten row."""
    gone = set(forget.documents.contents())
    return sum(content in gone for content in remaining.documents.contents())
