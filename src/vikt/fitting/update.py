"""A model updated: rows added and rows forgotten, everything learnt anew from what remains, λ and the recipe kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from vikt.arrays import Bools, Classes, Ints, LabelArray, RowIndices
from vikt.corpus.joined_labels import mark_between
from vikt.corpus.label_arrays import spelled_labels
from vikt.corpus.label_order import levels_of
from vikt.corpus.targets import TargetRows
from vikt.decisions.decision import Decision
from vikt.decisions.label_thresholds import LabelThresholds
from vikt.decisions.settings import DecisionSettings
from vikt.errors import DataError, UsageError
from vikt.fitting.examples import Examples
from vikt.fitting.fit import Fit, fit
from vikt.fitting.given_rows import GivenRows, joined, matching, refuse_forgotten, without_lost_labels
from vikt.fitting.model import FittedModel
from vikt.fitting.record import FitRecord, UpdateRecord
from vikt.fitting.refitted import group_keys, labelled_keys, plan_of, settings_of, used_by_keys, used_rows
from vikt.fitting.saved import SavedModel
from vikt.fitting.settings import FitSettings
from vikt.fitting.start import Start
from vikt.names import TargetKind
from vikt.progress import Progress, no_progress
from vikt.selection.plan import Plan
from vikt.tables import quoted

Number = TypeVar("Number", int, float)


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
        `old` are other rows; a row to forget is not among them, or is added as well; an added label joins several of
        the model, or is not in its order; what remains cannot be fitted, or has no row of a class or label that the
        answers were aimed at.
    UsageError
        The model was stopped early, so it has no optimum to update; or it reads running text, where a row added
        or forgotten would change those beside it.
    """
    record = saved.record
    _check_updatable(saved)
    before = old.examples(record)
    held_out_keys, unfitted_keys = _keys_kept_out(record, before)
    is_forgotten = matching(old, forget) if forget else np.zeros(len(old), dtype=bool)
    remaining = old.take(np.flatnonzero(~is_forgotten))
    if add:
        _check_added(record, saved.model, add)
    if add and forget:
        refuse_forgotten(add, forget)
    rows = without_lost_labels(old, joined(remaining, add) if add else remaining)
    examples = rows.examples(record)
    fitted, test = used_by_keys(record, examples, held_out_keys, unfitted_keys)
    classes = examples.classes[examples.targets.present(examples.y[fitted])]
    plan = _plan(record, saved.model, classes)
    settings = _known_classes_only(settings_of(record, examples), examples.classes)
    _check_aim(settings, examples)
    outcome = fit(
        examples,
        (fitted, fitted[:0]),
        _without_decision(settings, rows.kind),
        plan=plan,
        threads=threads,
        progress=progress,
        start=Start(saved.model, plan.recipe.shares),
    )
    is_added = examples.origin >= len(remaining)
    is_kept_out = is_added.copy()
    is_kept_out[fitted] = False
    own = UpdateRecord(len(rows) - len(remaining), int(is_forgotten.sum()), int(is_kept_out.sum()))
    keys = labelled_keys(record, examples)
    kept_out = np.sort(keys[test]), np.intersect1d(unfitted_keys, group_keys(record, examples))
    return Update(
        replace(
            outcome,
            model=replace(outcome.model, text_column=saved.model.text_column, decision=_decision(saved.model, classes)),
            record=_recorded(outcome.record, record, own, *kept_out),
        ),
        examples,
        test,
        _count_repeated(examples, is_added, fitted),
        _count_relabelled(remaining, forget) if forget else 0,
        int(np.sum(~np.isin(keys[is_kept_out], keys[~is_added]))),
    )


def _check_updatable(saved: SavedModel) -> None:
    saved.record.refuse_shrunk("an update")
    if saved.record.options["patience"] is not None:
        raise UsageError(
            "the model was stopped early, so it is not at an optimum and cannot be updated; train a new one"
        )
    if saved.model.features.is_running:
        raise UsageError(
            "the features read neighbouring rows, so adding or forgetting a row would change the features of others; "
            "train a new model"
        )


def _check_added(record: FitRecord, model: FittedModel, add: GivenRows) -> None:
    """Raise DataError, with the row, where an added label is not in the order, or joins several labels of the model."""
    if add.kind == "ordered":
        levels_of(np.asarray(add.labels), record.options.get("order"), add.place)
    if add.kind != "several" or not isinstance(add.labels, TargetRows):
        return
    for k, label in enumerate(add.labels.names):
        mark = None if label in model.labels else mark_between(label, model.labels)
        rows = np.flatnonzero(add.labels.truth[:, k] & (mark is not None))
        if len(rows):
            raise DataError(
                f"{add.place(int(rows[0]))} has the label {label!r:.60}, of which each part is a label of the model; "
                f"separate them, or set labels_separator={mark!r}"
            )


def _decision(model: FittedModel, classes: LabelArray) -> Decision:
    """The decision of a model, for the classes that remain. Raises DataError where it needs those that do not."""
    labels, thresholds = spelled_labels(classes), model.thresholds
    if thresholds is not None:
        return Decision(_thresholds(thresholds, model, classes))
    try:
        return Decision.from_json(model.decision.to_json(model.labels), labels)
    except ValueError:
        raise DataError(
            f"the thresholds or costs of the model are for the classes {quoted(model.labels)}, but these rows leave "
            f"{quoted(labels)}; train a new model"
        ) from None


def _check_aim(settings: FitSettings, examples: Examples) -> None:
    """Raise DataError where the aim of several labels is for one that no row has any more."""
    aim, labels = settings.decision.aim, spelled_labels(examples.classes)
    if aim is None or examples.targets.kind != "several" or set(aim.classes) <= set(labels):
        return
    raise DataError(
        f"the aim of the model is {aim}, but these rows leave the labels {quoted(labels)}; train a new model"
    )


def _thresholds(own: LabelThresholds, model: FittedModel, classes: LabelArray) -> LabelThresholds:
    """The thresholds of the labels that remain; new ones have the common threshold, by no rows of their own."""
    thresholds = _carried(own.thresholds, own.common, model, classes)
    return replace(own, thresholds=thresholds, n_rows=_carried(own.n_rows, 0, model, classes))


def _plan(record: FitRecord, model: FittedModel, classes: LabelArray) -> Plan:
    """The features and λ of the fit; of new labels the common λ."""
    chosen = [part.penalty for part in record.parts]
    penalties = [replace(own, by_label=_carried(own.by_label, own.l2, model, classes)) for own in chosen]
    return replace(plan_of(record), penalties=tuple(penalties))


def _carried(values: tuple[Number, ...], usual: Number, model: FittedModel, classes: LabelArray) -> tuple[Number, ...]:
    """Values of the labels of a model, if there are any, for other labels: `usual` for those that it does not know."""
    known = dict(zip(model.labels, values, strict=True)) if values else {}
    return tuple(known.get(label, usual) for label in spelled_labels(classes)) if values else ()


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
        labels_separator=old.labels_separator,
        columns=old.columns,
        updates=(*old.updates, own),
        held_out=held_out,
        unfitted=unfitted,
    )


def _without_decision(settings: FitSettings, kind: TargetKind) -> FitSettings:
    """The settings of a fit that makes no decision, and chooses no thresholds: those of the model are kept."""
    targets = replace(settings.targets, thresholds=0.5) if kind == "several" else settings.targets
    return replace(settings, decision=DecisionSettings(), targets=targets)


def _known_classes_only(settings: FitSettings, classes: LabelArray) -> FitSettings:
    """The settings without the weights of classes that have lost all rows."""
    if not isinstance(settings.class_weight, Mapping):
        return settings
    known = set(classes.tolist())
    return replace(
        settings, class_weight={label: factor for label, factor in settings.class_weight.items() if label in known}
    )


def _count_repeated(examples: Examples, is_added: Bools, fitted: RowIndices) -> int:
    """How many added rows that are fitted have the content and the label of an earlier one."""
    cells: Classes = examples.contents * (examples.y.max() + 1) + examples.y
    return int(np.isin(cells[fitted[is_added[fitted]]], cells[~is_added]).sum())


def _count_relabelled(remaining: GivenRows, forget: GivenRows) -> int:
    """How many of the rows that stay have the content of a forgotten row."""
    gone = set(forget.documents.contents())
    return sum(content in gone for content in remaining.documents.contents())
