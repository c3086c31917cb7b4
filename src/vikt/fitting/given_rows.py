"""Labelled documents that a model is updated with, or trained on: read as the model reads them, matched and joined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from vikt.arrays import Bools, Floats, LabelArray, RowIndices, RowValues
from vikt.corpus.digests import DIGESTS
from vikt.corpus.given_targets import target_rows
from vikt.corpus.label_arrays import checked_labels, label_kind
from vikt.corpus.targets import Labels, TargetRows
from vikt.errors import DataError
from vikt.features.measured import Measured
from vikt.fitting.examples import Examples, Values
from vikt.fitting.model import FittedModel, Inputs
from vikt.fitting.record import FitRecord
from vikt.model.classes import check_one_label_per_row, row_weights
from vikt.names import TargetKind
from vikt.tables import counted, cut, index_place, quoted


@dataclass(frozen=True)
class GivenRows:
    """Labelled documents as they are given, for a model of targets of a kind.

    `labels` are an array of one label per row, ordered or not, or the targets of rows. `weights` are those of the rows,
    if they have any, and `place` says where one stands, for messages.
    """

    documents: Measured
    labels: LabelArray | TargetRows
    kind: TargetKind = "classes"
    weights: Floats | None = None
    place: Callable[[int], str] = index_place

    @classmethod
    def of(
        cls,
        model: FittedModel,
        inputs: Inputs,
        labels: Labels,
        weights: RowValues = None,
        place: Callable[[int], str] = index_place,
    ) -> GivenRows:
        """Texts or columns as the features of a model read them; labels written as one of its classes are that class.

        Raises
        ------
        DataError
            The labels or weights are invalid, or of another length than the texts.
        """
        documents, (given, votes) = model.measured(inputs), _labels_of(model, labels)
        check_one_label_per_row(given, len(documents))
        own = None if weights is None else row_weights(weights, len(documents))
        if votes is not None:
            own = votes if own is None else own * votes
        return cls(documents, given, model.kind, own, place)

    def __len__(self) -> int:
        return len(self.documents)

    def take(self, rows: RowIndices) -> GivenRows:
        weights = None if self.weights is None else self.weights[rows]
        return replace(self, documents=self.documents.take(rows), labels=self.labels[rows], weights=weights)

    def examples(self, record: FitRecord, groups: Values | None = None) -> Examples:
        """The rows as the fit of a record read them."""
        seed, order = record.options["random_state"], record.options.get("order")
        digest = DIGESTS[record.data.digest]
        return Examples.of(self.documents, self.labels, self.weights, seed, groups, self.kind, order, digest)

    def contents(self) -> list[tuple[bytes, str]]:
        """The content of each row, and what it is labelled with as a string."""
        return list(zip(self.documents.contents(), self._spelled(), strict=True))

    def _spelled(self) -> list[str]:
        if isinstance(self.labels, TargetRows):
            spelled = self.labels.table.spelled
            return [spelled[k] for k in self.labels.y.tolist()]
        return list(map(str, self.labels.tolist()))


def matching(old: GivenRows, forget: GivenRows) -> Bools:
    """Which rows equal one that is to be forgotten. Raises DataError where one of these equals none."""
    found, wanted = old.contents(), forget.contents()
    known, to_forget = set(found), set(wanted)
    missing = [row for row, own in enumerate(wanted) if own not in known]
    if missing:
        content, label = wanted[missing[0]]
        others = sorted({other for of_row, other in known if of_row == content})
        elsewhere = f" with the label {label!r:.60}, but the model was trained on it with {quoted(others)}"
        why = elsewhere if others else ", but the model was not trained on it"
        text = cut(forget.documents.texts[missing[0]].decode("utf-8", "replace"), 60)
        raise DataError(
            f"{forget.place(missing[0])}: {text!r} is to be forgotten{why} "
            f"({counted(len(missing), 'such row')}); nothing was changed: correct the row, or leave it out"
        )
    return np.fromiter((own in to_forget for own in found), dtype=bool, count=len(found))


def refuse_forgotten(add: GivenRows, forget: GivenRows) -> None:
    """Raise DataError where a row to add is also a row to forget."""
    wanted = set(forget.contents())
    row = next((row for row, own in enumerate(add.contents()) if own in wanted), None)
    if row is not None:
        raise DataError(f"{add.place(row)}: the row is to be added and to be forgotten; leave out one of them")


def joined(old: GivenRows, add: GivenRows) -> GivenRows:
    """The old rows and then the added ones. Raises DataError where only one of them has weights."""
    if (old.weights is None) != (add.weights is None):
        has, lacks = ("added", "trained on") if old.weights is None else ("trained on", "added")
        raise DataError(f"the rows {has} have weights, but those {lacks} have none; give weights for both, or for none")
    weights = None if old.weights is None or add.weights is None else np.concatenate([old.weights, add.weights])
    documents = Measured.joined([old.documents, add.documents])
    return replace(old, documents=documents, labels=_joined_labels(old.labels, add.labels), weights=weights)


def _labels_of(model: FittedModel, labels: Labels) -> tuple[LabelArray | TargetRows, Floats | None]:
    """Labels as a model knows them, and the votes of each row where its shares are counts."""
    if isinstance(labels, TargetRows) and labels.table.rows is None:
        labels = labels.table.labels[labels.y]
    # The columns of a matrix without names are the labels of the model, in their order.
    columns = model.classes if getattr(labels, "shape", ())[1:] == model.classes.shape else None
    targets, votes = target_rows(labels, "classes" if model.kind == "ordered" else model.kind, columns=columns)
    if not isinstance(targets, TargetRows):
        return _as_classes(checked_labels(targets), model), None
    own = _as_classes(targets.table.labels, model)
    everything = _united(own, model.classes) if model.kind == "several" else _united(own)
    return TargetRows.joined([replace(targets, table=targets.table.renamed(own))], everything), votes


def _as_classes(labels: LabelArray, model: FittedModel) -> LabelArray:
    """Labels as the classes of a model are written. Raises DataError where one is of another type than they are."""
    if labels.dtype.kind == model.classes.dtype.kind != "O":
        return labels
    class_of = dict(zip(model.labels, model.classes.tolist(), strict=True))
    own = [class_of.get(str(label), label) for label in labels.tolist()]
    kinds = {label: label_kind(np.array([label], dtype=object)) for label in set(own)}
    expected = label_kind(model.classes)
    other = next((label for label in own if kinds[label] != expected), None)
    if other is not None:
        raise DataError(
            f"labels: the labels of the model are {expected}s ({quoted(model.labels)}), but the {kinds[other]} "
            f"{other!r:.60} is not one; write labels as in training"
        )
    return np.fromiter(own, dtype=object, count=len(own)) if model.classes.dtype.kind == "O" else np.array(own)


def _joined_labels(old: LabelArray | TargetRows, new: LabelArray | TargetRows) -> LabelArray | TargetRows:
    if isinstance(old, TargetRows) and isinstance(new, TargetRows):
        return TargetRows.joined([old, new], _united(old.table.labels, new.table.labels))
    return _concatenated(np.asarray(old), np.asarray(new))


def _concatenated(old: LabelArray, new: LabelArray) -> LabelArray:
    """All labels; NumPy alone would make strings of numbers beside strings."""
    if old.dtype.kind == new.dtype.kind:
        return np.concatenate([old, new])
    return np.array([*old.tolist(), *new.tolist()], dtype=object)


def _united(first: LabelArray, *others: LabelArray) -> LabelArray:
    """The different labels, sorted. Raises DataError where some are numbers and others strings."""
    for other in others:
        first = _concatenated(first, other)
    return np.unique(checked_labels(first))


def without_lost_labels(old: GivenRows, rows: GivenRows) -> GivenRows:
    """Rows of several labels without those labels that no row has any more, since all that had one were forgotten."""
    before, after = old.labels, rows.labels
    if rows.kind != "several" or not (isinstance(before, TargetRows) and isinstance(after, TargetRows)):
        return rows
    lost = set(_labels_with_rows(before)) - set(_labels_with_rows(after))
    kept = [k for k, label in enumerate(after.table.labels.tolist()) if label not in lost]
    return replace(rows, labels=after.restricted(np.array(kept, dtype=np.int64))) if lost else rows


def _labels_with_rows(rows: TargetRows) -> list[object]:
    return list(rows.table.labels[rows.table.counts(rows.y) > 0].tolist())
