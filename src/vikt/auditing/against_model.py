"""Checks of labelled texts against a model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vikt.auditing.finding import Found
from vikt.auditing.labels import unknown_labels
from vikt.auditing.subject import Subject, agreeing
from vikt.fitting.saved import TESTED_ON_TRAINING


def labels_unknown_to_model(subject: Subject) -> Iterator[Found]:
    """Labels that are not a class of the model."""
    if subject.model is not None:
        for side in subject.sides:
            yield from unknown_labels(side, subject.model.model.labels, "the model")


def trained_on(subject: Subject) -> Iterator[Found]:
    """The rows that the model was trained on."""
    if subject.model is not None:
        for side in subject.sides:
            measured, targets = subject.model.model.measured(side.documents), side.targets
            if subject.model.learnt_from(measured, targets.table.spelled, targets.y):
                yield side.found(TESTED_ON_TRAINING)


def unknown_features(subject: Subject) -> Iterator[Found]:
    """Texts of which the model knows no feature."""
    if subject.model is not None:
        features = subject.model.model.features
        for side in subject.sides:
            known = np.diff(features.transform(subject.model.model.measured(side.documents)).indptr)
            rows = np.flatnonzero((known == 0) & ~side.is_blank)
            if len(rows):
                yield side.found(
                    f"{side.counted(rows)} of {len(side):,} {agreeing(rows, 'contains', 'contain')} no feature that "
                    "the model knows, so all get the same answer",
                    rows,
                )
