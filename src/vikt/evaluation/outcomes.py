"""What a model answered to labelled rows: the value that every figure is computed from."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, Self

import numpy as np

from vikt.arrays import Bools, Floats, Ints, Targets
from vikt.corpus.targets import Labels, TargetRows
from vikt.decisions.decision import NO_ANSWER as NO_ANSWER
from vikt.decisions.decision import NO_CLASS as NO_CLASS
from vikt.decisions.decision import Answered
from vikt.errors import DataError
from vikt.fitting.model import FittedModel, Inputs
from vikt.metrics.averages import Counts
from vikt.metrics.classification import log_losses, positions
from vikt.model.classes import check_one_label_per_row
from vikt.names import TargetKind


class Answers(Protocol):
    """What a model answered to labelled rows, whatever the kind of its targets.

    Attributes
    ----------
    n_rows : int
    is_right : ndarray of bool, (m,)
        Whether the answer is what the row is labelled with, as a whole.
    losses : ndarray, (m,)
        The log loss of each row; nan where its label is unseen in training.
    """

    @property
    def n_rows(self) -> int: ...

    @property
    def is_right(self) -> Bools: ...

    @property
    def losses(self) -> Floats: ...

    @property
    def unseen(self) -> dict[str, int]:
        """The labels that training did not have, sorted, and their rows."""
        ...

    def counts(self, rows: Bools) -> Counts:
        """The counts of each label among some of the rows, those unseen in training too."""
        ...


@dataclass(frozen=True)
class Outcomes:
    """The real label of each row, and what the model says of it.

    Attributes
    ----------
    labels : list of str, (m,)
        The real labels; one that is a class of the model is spelled as that class is. Of soft labels the most probable;
        among equals the first of the model's classes, or else the first of the others, sorted.
    classes : list of str, (K,)
        The classes of the model.
    log_probabilities : ndarray, (m, K)
        log P(class | text).
    predicted : ndarray of int, (m,)
        The index of the class that is answered; NO_ANSWER where there is none.
    sets : ndarray of bool, (m, K), or None
        Which classes are in the set of labels, where the model makes sets.
    shares : ndarray, (m, K), or None
        Of soft labels the share of each class; nan in rows that have a share of a class unseen in training.
    kind : {"classes", "soft", "ordered"}
    """

    labels: list[str]
    classes: list[str]
    log_probabilities: Floats
    predicted: Ints
    sets: Bools | None = None
    shares: Floats | None = None
    kind: TargetKind = "classes"

    @property
    def n_rows(self) -> int:
        return len(self.labels)

    @cached_property
    def real(self) -> Ints:
        """The index of the class that is the real label; NO_CLASS where there is none: (m,)."""
        return np.where(self.places < len(self.classes), self.places, NO_CLASS)

    @property
    def is_known(self) -> Bools:
        """Whether training had the label of each row; of soft ones, every class that has a share: (m,)."""
        known = self.real != NO_CLASS
        return np.asarray(known if self.shares is None else known & ~np.isnan(self.shares).any(axis=1))

    @property
    def truth(self) -> Targets:
        """What probabilities are compared with: `real`, or the shares of soft labels."""
        return self.real if self.shares is None else self.shares

    @property
    def is_right(self) -> Bools:
        """Whether the class that is answered is the real label: (m,)."""
        return np.asarray(self.real == self.predicted)

    @property
    def is_wrong(self) -> Bools:
        """Whether another class than the real label is answered: (m,)."""
        return np.asarray(~self.is_right & (self.predicted != NO_ANSWER))

    @property
    def unseen(self) -> dict[str, int]:
        """The labels that training did not have, sorted, and their rows."""
        known = set(self.classes)
        return dict(sorted(Counter(label for label in self.labels if label not in known).items()))

    @property
    def losses(self) -> Floats:
        """-log P(label), or the cross-entropy of soft labels; nan where the label is not a class: (m,)."""
        return np.where(self.is_known, log_losses(self.truth, self.log_probabilities), math.nan)

    @cached_property
    def everything(self) -> list[str]:
        """The classes of the model, then the labels that it never saw, sorted."""
        return [*self.classes, *self.unseen]

    @cached_property
    def places(self) -> Ints:
        """The index of each row's label among all of them: (m,)."""
        return positions(self.labels, self.everything)

    def counts(self, rows: Bools) -> Counts:
        """The counts of each label among some of the rows, those unseen in training too."""
        answered = rows & (self.predicted != NO_ANSWER)
        sides = self.places[rows & self.is_right], self.places[rows], self.predicted[answered]
        return Counts(*(np.bincount(side, minlength=len(self.everything)) for side in sides))

    @classmethod
    def joined(cls, several: Sequence[Self]) -> Self:
        """The rows of several, one after the other, which one model has answered with one class each."""
        return replace(
            several[0],
            labels=[label for each in several for label in each.labels],
            log_probabilities=np.concatenate([each.log_probabilities for each in several]),
            predicted=np.concatenate([each.predicted for each in several]),
        )

    @classmethod
    def of_shares(
        cls, rows: TargetRows, names: Sequence[str], known: list[str], answered: Answered, sets: Bools | None = None
    ) -> Self:
        """Rows of soft labels, those of their table spelled as `names`, beside the answers of a model."""
        everything = [*known, *sorted(set(names) - set(known))]
        shares = np.zeros((len(rows), len(everything)))
        for name, of_name in zip(names, rows.truth.T, strict=True):
            shares[:, everything.index(name)] += of_name
        # The order of the columns of a test cannot matter: among equals it is that of the model's classes.
        modes = [everything[k] for k in shares.argmax(axis=1).tolist()]
        has_unseen = np.any(shares[:, len(known) :] > 0, axis=1)
        shares = np.where(has_unseen[:, None], math.nan, shares[:, : len(known)])
        return cls(modes, known, answered.log_probabilities, answered.predicted, sets, shares, kind="soft")


def outcomes(model: FittedModel, inputs: Inputs, labels: Labels, threads: int = 1) -> Outcomes:
    """The answers of a model of one label per text, compared with one label per text or with soft labels.

    Labels are compared as `FittedModel.spelled` has them.
    """
    if isinstance(labels, TargetRows) and labels.table.kind == "soft":
        names = model.spelled(labels.table.labels)
        answered, sets = _answered(model, inputs, len(labels), threads)
        return Outcomes.of_shares(labels, names, model.labels, answered, sets)
    names = model.spelled(labels)
    answered, sets = _answered(model, inputs, len(names), threads)
    return Outcomes(names, model.labels, answered.log_probabilities, answered.predicted, sets, kind=model.kind)


def check_some_rows(n_rows: int) -> None:
    """Raise DataError where there are no rows, of which no figure tells anything."""
    if not n_rows:
        raise DataError("expected labelled rows, found none; give at least one")


def _answered(model: FittedModel, inputs: Inputs, n_labels: int, threads: int) -> tuple[Answered, Bools | None]:
    """What a model answers to texts, of which there are as many as labels, and the sets that it makes, if any."""
    answered = model.answered(inputs, threads)
    check_one_label_per_row(range(n_labels), len(answered.choices))
    has_sets = model.decision.set_threshold is not None
    return answered, model.decision.sets(answered.log_probabilities) if has_sets else None
