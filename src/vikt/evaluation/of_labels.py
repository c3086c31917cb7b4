"""What the evaluations of all kinds of targets have in common: figures by name, and those of each label."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vikt.arrays import Floats, Ints
from vikt.evaluation.figures import Figure
from vikt.mappings import Json
from vikt.metrics.averages import Counts
from vikt.metrics.classification import f1_of_counts, ratio
from vikt.metrics.intervals import f1_ends, wilson_ends
from vikt.names import finite


@dataclass(frozen=True)
class LabelEvaluation:
    """The figures of a model on labelled rows, whatever the kind of its targets.

    Attributes
    ----------
    labels : list of str
        The model's labels, then labels it never saw in training, sorted.
    n_rows : int
    figures : dict of str to Figure
        The figures by their names in JSON. Labels never seen in training, and rows without an answer, count as wrong;
        the figures of probabilities, such as log loss, leave the former out.
    counts : Counts
        For each label: correct answers, rows that have it, and rows answered with it.
    mean_probability : ndarray, (L,)
        The mean predicted P(label) over all rows; 0 for labels unseen in training.
    unseen : dict of str to int
        Labels never seen in training, and their rows.
    """

    # What a label is to the model, and the names of the figures of one.
    noun: ClassVar[str] = "class"
    rates: ClassVar[tuple[str, ...]] = ("precision", "recall", "f1")

    labels: list[str]
    n_rows: int
    figures: dict[str, Figure]
    counts: Counts
    mean_probability: Floats
    unseen: dict[str, int]

    @property
    def macro_f1(self) -> Figure:
        """The mean F1 of the labels that occur."""
        return self.figures["macro_f1"]

    @property
    def log_loss(self) -> Figure:
        """The mean over the rows whose label the model knows; of several labels, over rows and labels."""
        return self.figures["log_loss"]

    @property
    def every_figure(self) -> dict[str, Figure]:
        """The figures by name, those too that JSON tells once, since they equal another."""
        alike = {name: found for found in self.figures.values() for name in found.facts.get("equal_to", ())}
        return self.figures | alike

    @property
    def support(self) -> Ints:
        """Rows of each real label: (L,)."""
        return self.counts.real

    @property
    def predicted(self) -> Ints:
        """Predictions of each label: (L,)."""
        return self.counts.predicted

    @property
    def precision(self) -> Floats:
        """Of each label, nan where it is never predicted: (L,)."""
        return ratio(self.counts.correct, self.predicted)

    @property
    def recall(self) -> Floats:
        """Of each label, nan where no row has it: (L,)."""
        return ratio(self.counts.correct, self.support)

    @property
    def f1(self) -> Floats:
        """Of each label, nan where no row has it, of which F1 would be 0 whatever the model predicts: (L,)."""
        return np.where(self.support > 0, f1_of_counts(*self.counts), math.nan)

    @property
    def rate(self) -> Floats:
        """Each label's share of the rows: (L,). Without weights, the mean probability should be near it."""
        return np.asarray(self.support / self.n_rows)

    @property
    def absent(self) -> list[str]:
        """Labels of the model that no row has: their recall and F1 are undefined, and macro F1 leaves them out."""
        return [label for label, n in zip(self.labels, self.support, strict=True) if n == 0]

    @property
    def per_class(self) -> dict[str, Json]:
        """For each label: its rates with intervals, rows (support), predictions, shares of both, and what else it has.

        The intervals are Wilson's: of TP / (TP + FP), of TP / (TP + FN), and of J = TP / (TP + FP + FN), of which
        F1 = 2 J / (1 + J) is a rising function.
        """
        figures = {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "support": self.support,
            "predicted": self.predicted,
            "mean_probability": self.mean_probability,
            "rate": self.rate,
            **self._more_of_labels(),
            **self._ends(),
        }
        rows = zip(*(values.tolist() for values in figures.values()), strict=True)
        return {label: dict(zip(figures, row, strict=True)) for label, row in zip(self.labels, rows, strict=True)}

    def _more_of_labels(self) -> dict[str, Floats]:
        """What else is known of each label, by its name in JSON: (L,) each."""
        return {}

    def _ends(self) -> dict[str, Floats]:
        correct, real, predicted = self.counts
        ends = {
            "precision": wilson_ends(correct, predicted),
            "recall": wilson_ends(correct, real),
            "f1": f1_ends(correct, real, predicted),
        }
        return {
            f"{name}_{side}": np.where(np.isnan(getattr(self, name)), math.nan, end)
            for name, both in ends.items()
            for side, end in zip(("low", "high"), both, strict=True)
        }

    def to_json(self) -> Json:
        """The parts of `--json` that are figures: metrics, per_class, unseen_labels."""
        return {
            "metrics": {name: found.to_json() for name, found in self.figures.items()},
            "per_class": {
                label: _row_to_json(row, row["support"] == self.n_rows) for label, row in self.per_class.items()
            },
            "unseen_labels": self.unseen,
        }


def column_means(probabilities: Floats) -> Floats:
    """The mean of each column, from a sum of whole numbers, which does not depend on the order of the rows."""
    # The smallest unit whose sums fit in 64 bits.
    unit = 2.0 ** (60 - len(probabilities).bit_length())
    sums = np.rint(probabilities * unit).astype(np.int64).sum(axis=0)
    return np.asarray(sums / (unit * len(probabilities)))


def _row_to_json(row: Json, is_everything: bool) -> Json:
    found = {name: finite(value) for name, value in row.items()}
    if None not in found.values():
        return found
    notes = {
        "never predicted": not row["predicted"],
        "no such row": not row["support"],
        "every row has it": is_everything,
    }
    return found | {"reason": ", ".join(note for note, holds in notes.items() if holds)}
